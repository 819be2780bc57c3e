//! What clients notice of rollouts by kubectl, of a killed host, of a killed control plane, and of a bad neighbour.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Cluster, Load, load, paths, until, within};

use crate::cluster::{create, ready_pods, settled};
use crate::goal::{Side, goal, millis};

fn load(addrs: Vec<SocketAddr>) -> Load {
    Load { addrs, path: "/".to_owned(), keep_alive: 24, fresh: 8 }
}

/// Three image changes, undo and scaling by an unmodified kubectl, under load on kept and new connections.
pub(crate) async fn rollout() {
    let cluster = Cluster::up();
    for (guest, image) in [("hello02", "hello:v1"), ("hello03", "hello:v2"), ("echo", "hello:v3"), ("log", "hello:v4")]
    {
        cluster.push(guest, image);
    }
    let api = cluster.api().await;
    let addr = SocketAddr::new(cluster.slice.node_ip(1), 30_100);
    create(&api, "hello", 4, &json!({}), addr.port()).await;
    settled(&api, "hello").await;
    let kubectls = paths::kubectls();
    let kubectl = |args: &[&str]| cluster.kubectl_ok(&kubectls[0], args);
    let running = load(vec![addr]).start();
    until("load flows", || async { (running.ok() > 1_000).then_some(()) }).await;
    for image in ["hello:v2", "hello:v3", "hello:v4"] {
        kubectl(&["set", "image", "deployment/hello", &format!("hello={image}")]);
        kubectl(&["rollout", "status", "deployment/hello"]);
    }
    for args in [["rollout", "undo", "deployment/hello"], ["scale", "deployment/hello", "--replicas=2"]] {
        kubectl(&args);
        kubectl(&["rollout", "status", "deployment/hello"]);
    }
    let report = running.finish().await;
    println!("{} requests under three rollouts, undo and scaling in, p99 {:?}", report.ok, report.quantile(99));
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    goal("requests a second while rolling, none failed", &report.rate(), Side::AtLeast, &2_000.0);
}

/// `kill -9` of one of two hosts, then of the control plane.
pub(crate) async fn failover() {
    let mut cluster = Cluster::server();
    cluster.join();
    cluster.join();
    cluster.push("hello02", "hello:v1");
    let api = cluster.api().await;
    let addr = SocketAddr::new(cluster.slice.node_ip(2), 30_100);
    create(&api, "hello", 4, &json!({}), addr.port()).await;
    settled(&api, "hello").await;

    let running = load(vec![addr]).start();
    until("load flows", || async { (running.ok() > 1_000).then_some(()) }).await;
    let killed = Instant::now();
    cluster.hosts[1].kill();
    let (_, moved) = within(Duration::from_secs(30), "four Pods are Ready on the host that lives", || async {
        let pods = ready_pods(&api).await;
        (pods.len() == 4 && pods.iter().all(|pod| pod["spec"]["nodeName"] == "node-2")).then_some(())
    })
    .await;
    let report = running.finish().await;
    let troubled = report.last_failure.map_or(Duration::ZERO, |at| at.saturating_duration_since(killed));
    println!("host killed: {} requests served, failed: {:?}", report.ok, report.failed);
    goal("host killed, last failed request after, ms", &millis(troubled), Side::Below, &2_000.0);
    goal("host killed, its Pods Ready elsewhere after, ms", &millis(moved), Side::Below, &12_000.0);

    let running = load(vec![addr]).start();
    until("load flows", || async { (running.ok() > 1_000).then_some(()) }).await;
    cluster.server.kill();
    let seen = running.ok();
    until("load flows without a control plane", || async { (running.ok() > seen + 5_000).then_some(()) }).await;
    cluster.restart_server();
    until("the control plane is back", || async { (ready_pods(&api).await.len() == 4).then_some(()) }).await;
    let report = running.finish().await;
    println!("control plane killed and restarted: {} requests served", report.ok);
    assert!(report.failed.is_empty(), "nobody noticed: {:?}", report.failed);
}

/// F38: a neighbour that spins on every core.
pub(crate) async fn neighbours() {
    const DURATION: Duration = Duration::from_secs(5);
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    cluster.push("spin", "spin:v1");
    let api = cluster.api().await;
    let at = |port| SocketAddr::new(cluster.slice.node_ip(1), port);
    create(&api, "hello", 2, &json!({}), 30_100).await;
    create(&api, "spin", 1, &json!({ "insula.dev/timeout": "2s" }), 30_101).await;
    let image: Value =
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "hello", "image": "spin:v1" }] } } } });
    let path = format!("{}/spin", crate::cluster::DEPLOYMENTS);
    api.call(http::Method::PATCH, &path, "application/strategic-merge-patch+json", &image).await.expect("patches");
    for name in ["hello", "spin"] {
        settled(&api, name).await;
    }
    // Half of what two cores can do, so that a share is left to be taken.
    let few = || Load { addrs: vec![at(30_100)], path: "/".to_owned(), keep_alive: 2, fresh: 0 };
    let alone = few().run(DURATION).await;
    let spinning: Vec<_> = (0..4)
        .map(|_| {
            let addr = at(30_101);
            tokio::spawn(async move { while load::get(addr, "/spin").await.is_ok() {} })
        })
        .collect();
    let beside = few().run(DURATION).await;
    spinning.iter().for_each(tokio::task::JoinHandle::abort);
    assert!(alone.failed.is_empty() && beside.failed.is_empty(), "{:?} {:?}", alone.failed, beside.failed);
    for (name, report) in [("alone", &alone), ("beside four that spin", &beside)] {
        println!(
            "hello {name}: {:.0} requests/s, p50 {:?}, p99 {:?}",
            report.rate(),
            report.quantile(50),
            report.quantile(99)
        );
    }
    let ratio = millis(beside.quantile(99)) / millis(alone.quantile(99));
    goal("p99 beside spinning neighbours, times alone", &ratio, Side::Below, &2.0);
}
