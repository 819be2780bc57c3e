//! What an idle cluster and a replica cost.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use http::StatusCode;
use serde_json::json;
use tests::{Cluster, load, until};

use crate::cluster::{DEPLOYMENTS, create, ready_pods, settled};
use crate::goal::{Side, goal};

/// Memory of an idle `insula up`, proportional set size.
pub(crate) async fn idle() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    until("the Node is Ready", || async {
        let nodes = api.items("/api/v1/nodes").await;
        let conditions = nodes.first()?["status"]["conditions"].as_array()?.clone();
        conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True").then_some(())
    })
    .await;
    goal("idle `insula up`, MiB PSS", &mebibytes(pss_kib(cluster.server.pid())), Side::Below, &60.0);
}

/// A thousand replicas on one host; each answers once on its own address.
pub(crate) async fn replicas() {
    const REPLICAS: u32 = 1_000;
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    let api = cluster.api().await;
    create(&api, "hello", 1, &json!({}), 30_100).await;
    settled(&api, "hello").await;
    let before = pss_kib(cluster.server.pid());
    let begin = Instant::now();
    api.merge(&format!("{DEPLOYMENTS}/hello"), &json!({ "spec": { "replicas": REPLICAS } })).await.expect("scales");
    settled(&api, "hello").await;
    let ready_after = begin.elapsed();
    let pods = ready_pods(&api).await;
    assert_eq!(pods.len(), 1_000);
    for pod in &pods {
        let ip: IpAddr = pod["status"]["podIP"].as_str().and_then(|ip| ip.parse().ok()).expect("an address");
        let (status, ..) = load::get(SocketAddr::new(ip, 8080), "/").await.expect("an answer");
        assert_eq!(status, StatusCode::OK);
    }
    println!(
        "{REPLICAS} replicas Ready after {ready_after:.2?}, each has answered on its own address after {:.2?}",
        begin.elapsed()
    );
    let grown = pss_kib(cluster.server.pid()).saturating_sub(before);
    let each = f64::from(u32::try_from(grown).unwrap_or(u32::MAX)) / f64::from(REPLICAS - 1);
    goal("a replica, API objects included, KiB PSS", &each, Side::Below, &100.0);
}

/// MiB of so many KiB.
pub(crate) fn mebibytes(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0
}

/// Proportional set size of a process; while it idles it has no children.
pub(crate) fn pss_kib(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("the process lives");
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a Pss line");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}
