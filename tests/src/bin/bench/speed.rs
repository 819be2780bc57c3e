//! How fast a hello is through a NodePort, against peers in the same run; and how fast an apply is served.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::json;
use tests::{Cluster, load, paths};

use crate::cluster::{DEPLOYMENTS, create, create_of, settled};
use crate::goal::{Side, goal, millis};
use crate::memory::{mebibytes, pss_kib};
use crate::peer::{Peer, WASMTIME_BEST};
use crate::race::race;

/// From the REST call to the first 200 on the NodePort, with the component's code in the cache.
pub(crate) async fn apply() {
    const ROUNDS: u16 = 200;
    /// Between two looks at an address that does not answer yet; the figure is that much too high at most.
    const LOOK_EVERY: Duration = Duration::from_millis(1);
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    let api = cluster.api().await;
    let mut times = Vec::new();
    for round in 0..=ROUNDS {
        let name = format!("hello-{round}");
        let addr = SocketAddr::new(cluster.slice.node_ip(1), 30_100 + round);
        let begin = Instant::now();
        create(&api, &name, 1, &json!({}), addr.port()).await;
        while !matches!(load::get(addr, "/").await, Ok((StatusCode::OK, ..))) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        // The first round compiles.
        if round > 0 {
            times.push(begin.elapsed());
        }
        drop(api.delete(&format!("{DEPLOYMENTS}/{name}")).await);
        drop(api.delete(&format!("/api/v1/namespaces/default/services/{name}")).await);
    }
    times.sort();
    let at = |percent: usize| millis(times[(times.len() * percent / 100).min(times.len() - 1)]);
    println!("apply to first 200, cached component, {ROUNDS} rounds, one after another");
    goal("apply to first 200, p50, ms", &at(50), Side::Below, &50.0);
    goal("apply to first 200, p99, ms", &at(99), Side::Below, &250.0);
}

/// Serves an image as `fresh` and as `reused`, at the ports after `FIRST`.
async fn both_ways(cluster: &Cluster, image: &str) -> [(&'static str, SocketAddr); 2] {
    const FIRST: u16 = 30_100;
    let api = cluster.api().await;
    let ip = cluster.slice.node_ip(1);
    create_of(&api, "fresh", image, 2, &json!({}), FIRST).await;
    create_of(&api, "reused", image, 2, &json!({ "insula.dev/reuse": "requests=100000" }), FIRST + 1).await;
    for name in ["fresh", "reused"] {
        settled(&api, name).await;
    }
    let at = |port| SocketAddr::new(ip, port);
    [("insula, fresh instance", at(FIRST)), ("insula, reused instance", at(FIRST + 1))]
}

/// A hello through a NodePort against `wasmtime serve` 48, fresh instances and reused ones.
pub(crate) async fn hello() {
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    let [ours, ours_reused] = both_ways(&cluster, "hello:v1").await;
    let ip = cluster.slice.node_ip(1);
    let defaults = Peer::wasmtime(SocketAddr::new(ip, 9_001), &[]);
    let best = Peer::wasmtime(SocketAddr::new(ip, 9_002), &WASMTIME_BEST);
    let servers = [ours, ours_reused, ("wasmtime serve", defaults.addr), ("wasmtime serve, best flags", best.addr)];
    let [fresh, reused, peer, peer_best] = race(servers).await;
    goal("fresh instance, times `wasmtime serve`", &(fresh / peer), Side::AtLeast, &2.0);
    goal("fresh instance, times its best flags", &(fresh / peer_best), Side::AtLeast, &1.2);
    goal("reused instance, times its best flags", &(reused / peer_best), Side::AtLeast, &1.3);
}

/// The same against nginx, which answers from memory and runs nobody's code.
pub(crate) async fn nginx() {
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    let [ours, ours_reused] = both_ways(&cluster, "hello:v1").await;
    let dir = tempfile::tempdir().expect("a folder");
    let peer = Peer::nginx(SocketAddr::new(cluster.slice.node_ip(1), 9_001), dir.path());
    let [fresh, reused, nginx] = race([ours, ours_reused, ("nginx", peer.addr)]).await;
    goal("fresh instance, of nginx `return 200`", &(fresh / nginx), Side::AtLeast, &0.25);
    goal("reused instance, of nginx `return 200`", &(reused / nginx), Side::AtLeast, &0.5);
}

/// A hello in JavaScript against workerd, which keeps its isolate between requests. Ours has a fresh instance for each:
/// components of componentize-js answer one request and no second.
pub(crate) async fn javascript() {
    let cluster = Cluster::up();
    let component = paths::language("javascript").display().to_string();
    drop(cluster.insula_ok(&["push", &component, "javascript:v1"]));
    let [ours, _] = both_ways(&cluster, "javascript:v1").await;
    let dir = tempfile::tempdir().expect("a folder");
    let peer = Peer::workerd(SocketAddr::new(cluster.slice.node_ip(1), 9_001), dir.path());
    let [fresh, workerd] = race([ours, ("workerd", peer.addr)]).await;
    println!("fresh {:.3}x of workerd", fresh / workerd);
}

/// A hello in a worker process of its own against one in the shared process, and what a worker costs.
pub(crate) async fn isolated() {
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    let [ours, ours_reused] = both_ways(&cluster, "hello:v1").await;
    let api = cluster.api().await;
    let port = 30_110;
    create(&api, "isolated", 1, &json!({}), port).await;
    let class = json!({"spec": {"template": {"spec": {"runtimeClassName": "wasm-isolated"}}}});
    api.merge(&format!("{DEPLOYMENTS}/isolated"), &class).await.expect("is isolated");
    settled(&api, "isolated").await;
    let isolated = SocketAddr::new(cluster.slice.node_ip(1), port);
    let [fresh, _, apart] = race([ours, ours_reused, ("insula, isolated, fresh instance", isolated)]).await;
    println!("isolated {:.2}x of a fresh instance in the shared process", apart / fresh);
    let workers = children(cluster.server.pid());
    assert!(!workers.is_empty(), "a worker runs");
    for pid in workers {
        println!("a worker after the load: {:.1} MiB PSS", mebibytes(pss_kib(pid)));
    }
}

/// The processes that a process has started and that live.
fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process lives");
    let lists =
        tasks.filter_map(Result::ok).filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()).collect()
}
