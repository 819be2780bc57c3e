//! Two hosts in processes of their own: spreading, the death of one, the death of the control plane.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::client::{Api, ready};
use tests::{Cluster, Load, within};

use crate::deploy::{answer, deploy};

const PODS: &str = "/api/v1/namespaces/default/pods";

/// Nodes that hold Ready Pods, and how many there are.
async fn spread(api: &Api) -> (BTreeSet<String>, usize) {
    let pods = api.items(PODS).await;
    let ready = ready(&pods);
    (ready.iter().filter_map(|pod| pod["spec"]["nodeName"].as_str().map(str::to_owned)).collect(), ready.len())
}

/// What should outlive any restart: kind, name, UID, and for a Pod its address.
async fn objects(api: &Api) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for path in [
        "/api/v1/nodes",
        "/api/v1/namespaces",
        "/api/v1/services",
        "/api/v1/pods",
        "/apis/apps/v1/deployments",
        "/apis/apps/v1/replicasets",
        "/apis/discovery.k8s.io/v1/endpointslices",
    ] {
        let items = api.items(path).await;
        assert!(!items.is_empty(), "{path} lists something");
        let text = |item: &Value, pointer: &str| item.pointer(pointer).map(Value::to_string).unwrap_or_default();
        all.extend(items.iter().map(|item| {
            let parts = ["/metadata/name", "/metadata/uid", "/status/podIP"].map(|pointer| text(item, pointer));
            format!("{path} {}", parts.join(" "))
        }));
    }
    all
}

async fn cluster_of_two(replicas: &str) -> (Cluster, SocketAddr) {
    let mut cluster = Cluster::server();
    cluster.join();
    cluster.join();
    let api = cluster.api().await;
    tests::until("two Nodes are Ready", || async { (api.items("/api/v1/nodes").await.len() == 2).then_some(()) }).await;
    let addr = deploy(&cluster, "hello", "hello02", &["--replicas", replicas]);
    (cluster, addr)
}

/// C29, F22: `kill -9` of a host moves its traffic within 2 s and its Pods within 12 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_host_loses_its_traffic_in_2_s_and_its_pods_in_12() {
    let (mut cluster, _) = cluster_of_two("4").await;
    let api = cluster.api().await;
    let (nodes, pods) = spread(&api).await;
    assert_eq!((nodes.len(), pods), (2, 4), "Pods spread over both hosts");
    let service = api.get("/api/v1/namespaces/default/services/hello").await.expect("the Service");
    let port = service.pointer("/spec/ports/0/nodePort").and_then(Value::as_u64).expect("a port");
    let alive = SocketAddr::new(cluster.slice.node_ip(2), u16::try_from(port).expect("a port"));
    answer(alive, "/").await;

    let load = Load { addrs: vec![alive], path: "/".to_owned(), keep_alive: 4, fresh: 2 }.start();
    tests::until("load flows", || async { (load.ok() > 200).then_some(()) }).await;
    let killed = Instant::now();
    cluster.hosts[1].kill();
    tokio::time::timeout(Duration::from_secs(2), std::future::pending::<()>()).await.expect_err("two seconds pass");
    let after_two_seconds = load.ok();
    let (_, moved) = within(Duration::from_secs(12), "four Pods are Ready on the host that lives", || async {
        let (nodes, pods) = spread(&api).await;
        (nodes == BTreeSet::from(["node-2".to_owned()]) && pods == 4).then_some(())
    })
    .await;
    let report = load.finish().await;
    let since = report.ok - after_two_seconds;
    assert!(since > 500, "traffic flows from two seconds after the kill: {since} of {}", report.ok);
    let troubled = report.last_failure.map_or(Duration::ZERO, |at| at.saturating_duration_since(killed));
    println!(
        "Pods moved after {moved:?}; {} requests failed, the last {troubled:?} after the kill",
        report.failed.len()
    );
    assert!(troubled <= Duration::from_secs(2), "failures until {troubled:?} after the kill: {:?}", report.failed);
    assert!(moved <= Duration::from_secs(12));
}

/// C12 (one server), F28: losing the control plane stops changes, not traffic.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_does_not_notice_the_death_of_the_control_plane_nor_a_host_its_own() {
    let (mut cluster, addr) = cluster_of_two("4").await;
    answer(addr, "/").await;
    let before = objects(&cluster.api().await).await;
    let load = Load { addrs: vec![addr], path: "/".to_owned(), keep_alive: 4, fresh: 2 }.start();
    tests::until("load flows", || async { (load.ok() > 200).then_some(()) }).await;
    cluster.server.kill();
    let seen = load.ok();
    tests::until("load flows without a control plane", || async { (load.ok() > seen + 500).then_some(()) }).await;
    let report = load.finish().await;
    assert!(report.failed.is_empty(), "{:?}", report.failed);

    // A host that dies and starts while there is no control plane serves what it was told last.
    cluster.hosts[0].kill();
    cluster.restart_host(0);
    let restarted = SocketAddr::new(cluster.slice.node_ip(2), addr.port());
    answer(restarted, "/").await;

    cluster.restart_server();
    let api = cluster.api().await;
    tests::until("every Pod is Ready", || async { (spread(&api).await.1 == 4).then_some(()) }).await;
    assert_eq!(objects(&api).await, before, "every object is there, none was made anew");
    for pod in api.items(PODS).await {
        assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0, "no component was restarted: {pod}");
    }
    let scaled = cluster.insula_ok(&[
        "deploy",
        "hello",
        &tests::paths::guest("hello02").display().to_string(),
        "--replicas",
        "6",
    ]);
    assert!(scaled.contains("available"), "changes work again: {scaled}");
}
