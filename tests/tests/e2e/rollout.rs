//! Rolling updates and scaling by kubectl, under load: zero failed requests.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tests::{Cluster, Load, paths};

use crate::deploy::{answer, deploy};

/// Far below what the machine can do (`cargo xtask bench rollout` says what that is): the point is that there always
/// is a request under way.
const REQUESTS_MIN: u64 = 1_000;

/// C44, C45, F74: keep-alive and new connections, with and without bodies, three image changes, scaling out and in,
/// and undo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_updates_scaling_and_undo_fail_no_request() {
    let cluster = Cluster::up();
    let addr = deploy(&cluster, "hello", "hello02", &["--replicas", "3"]);
    roll(&cluster, vec![addr]).await;
}

/// The same where routes are acknowledged by two hosts, and half of the requests take the path between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_updates_over_two_hosts_fail_no_request() {
    let mut cluster = Cluster::server();
    cluster.join();
    cluster.join();
    let addr = deploy(&cluster, "hello", "hello02", &["--replicas", "4"]);
    let both = [2, 3].map(|n| SocketAddr::new(cluster.slice.node_ip(n), addr.port()));
    roll(&cluster, both.to_vec()).await;
}

async fn roll(cluster: &Cluster, addrs: Vec<SocketAddr>) {
    for addr in &addrs {
        answer(*addr, "/").await;
    }
    cluster.push("hello03", "hello:p3");
    cluster.push("echo", "hello:echo");
    cluster.push("log", "hello:log");
    let kubectls = paths::kubectls();
    let kubectl = |args: &[&str]| cluster.kubectl_ok(&kubectls[0], args);
    let settled = || kubectl(&["rollout", "status", "deployment/hello", "--timeout=60s"]);

    let load = Load { addrs: addrs.clone(), path: "/".to_owned(), keep_alive: 8, fresh: 4 }.start();
    tests::until("load flows", || async { (load.ok() > 100).then_some(()) }).await;
    for image in ["hello:p3", "hello:echo", "hello:log"] {
        kubectl(&["set", "image", "deployment/hello", &format!("hello={image}")]);
        settled();
    }
    assert!(!kubectl(&["logs", "deployment/hello", "--tail=3"]).is_empty(), "the guest logs every request");
    kubectl(&["rollout", "undo", "deployment/hello"]);
    settled();
    kubectl(&["scale", "deployment/hello", "--replicas=1"]);
    settled();
    kubectl(&["scale", "deployment/hello", "--replicas=5"]);
    settled();
    let report = load.finish().await;
    assert!(report.failed.is_empty(), "{:?} of {}", report.failed, report.ok);
    assert!(report.ok >= REQUESTS_MIN, "too little traffic to show anything: {}", report.ok);
    let pods = cluster.api().await.items("/api/v1/namespaces/default/pods").await;
    let images: Vec<&Value> = pods.iter().map(|pod| &pod["spec"]["containers"][0]["image"]).collect();
    assert!(images.iter().all(|image| **image == json!("hello:echo")), "undo went back by one: {images:?}");
}
