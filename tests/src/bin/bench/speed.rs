//! How fast a hello is through a NodePort, against the peer in the same run; and how fast an apply is served.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::json;
use tests::{Cluster, load, raw, until};

use crate::cluster::{DEPLOYMENTS, create, settled};
use crate::goal::{Side, goal, millis};
use crate::peer::Peer;

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

/// A hello through a NodePort against `wasmtime serve` 48, fresh instances and reused ones.
pub(crate) async fn hello() {
    const ROUNDS: usize = 3;
    const DURATION: Duration = Duration::from_secs(5);
    const CONNECTIONS: usize = 32;
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    let api = cluster.api().await;
    let ip = cluster.slice.node_ip(1);
    let (fresh, reused) = (SocketAddr::new(ip, 30_100), SocketAddr::new(ip, 30_101));
    create(&api, "fresh", 2, &json!({}), fresh.port()).await;
    create(&api, "reused", 2, &json!({ "insula.dev/reuse": "requests=100000" }), reused.port()).await;
    for name in ["fresh", "reused"] {
        settled(&api, name).await;
    }
    let defaults = Peer::start(SocketAddr::new(ip, 9_001), &[]);
    let best = Peer::start(SocketAddr::new(ip, 9_002), &Peer::BEST);
    let targets = [
        ("insula, fresh instance", fresh),
        ("insula, reused instance", reused),
        ("wasmtime serve", defaults.addr),
        ("wasmtime serve, best flags", best.addr),
    ];
    let mut rates = [0.0_f64; 4];
    for (_, addr) in targets {
        until("the target answers", || async {
            matches!(load::get(addr, "/").await, Ok((StatusCode::OK, ..))).then_some(())
        })
        .await;
    }
    for _ in 0..ROUNDS {
        for (rate, (name, addr)) in rates.iter_mut().zip(&targets) {
            let report = raw::run(*addr, CONNECTIONS, DURATION).await;
            assert_eq!(report.failed, 0, "{name}: every request is answered with 200");
            assert!(report.ok > 1_000, "{name}: the work was done");
            println!(
                "{name}: {:.0} requests/s, p50 {:?}, p99 {:?}",
                report.rate(),
                report.quantile(50),
                report.quantile(99)
            );
            *rate = rate.max(report.rate());
        }
    }
    let [fresh, reused, peer, peer_best] = rates;
    println!("the best of {ROUNDS} rounds each, {CONNECTIONS} connections:");
    goal("fresh instance, times `wasmtime serve`", &(fresh / peer), Side::AtLeast, &1.2);
    goal("reused instance, times `wasmtime serve`", &(reused / peer), Side::AtLeast, &1.0);
    println!("fresh {:.2}x and reused {:.2}x of its best flags", fresh / peer_best, reused / peer_best);
}
