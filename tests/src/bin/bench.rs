//! `cargo xtask bench`: speed and memory, as ratios against a peer in the same run.
//!
//! Every measurement first asserts that the work is done, then times it, and prints one line a figure. The
//! cluster runs with the shipped defaults: deadlines, limits and metrics on, every write fsynced, REST over TLS.

#![expect(clippy::print_stdout, reason = "a program that reports to people")]

use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::{Value, json};
use tests::client::{Api, ready};
use tests::{Cluster, load, paths, raw, until};

type Bench = fn() -> BoxFuture<'static, ()>;

const BENCHES: [(&str, Bench); 4] = [
    ("idle", || Box::pin(idle())),
    ("apply", || Box::pin(apply())),
    ("replicas", || Box::pin(replicas())),
    ("hello", || Box::pin(hello())),
];

#[tokio::main]
async fn main() {
    let only = std::env::args().nth(1);
    for (name, bench) in BENCHES {
        if only.as_deref().is_none_or(|only| name.contains(only)) {
            println!("== {name}");
            bench().await;
        }
    }
}

/// Memory of an idle `insula up`, proportional set size.
async fn idle() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    until("the Node is Ready", || async { (!api.items("/api/v1/nodes").await.is_empty()).then_some(()) }).await;
    println!("idle `insula up`: {} KiB PSS", pss_kib(cluster.server.pid()));
}

/// From the REST call to the first 200 on the NodePort, with the component's code in the cache.
async fn apply() {
    const ROUNDS: u16 = 60;
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
            tokio::task::yield_now().await;
        }
        // The first round compiles.
        if round > 0 {
            times.push(begin.elapsed());
        }
        drop(api.delete(&format!("/apis/apps/v1/namespaces/default/deployments/{name}")).await);
    }
    times.sort();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    println!("apply to first 200, cached component, {ROUNDS} rounds: p50 {:.1?}, p99 {:.1?}", at(50), at(99));
}

/// A thousand replicas on one host; each answers once on its own address.
async fn replicas() {
    const REPLICAS: u32 = 1_000;
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    let api = cluster.api().await;
    create(&api, "hello", 1, &json!({}), 30_100).await;
    until("one replica is Ready", || async { (ready_pods(&api).await.len() == 1).then_some(()) }).await;
    let before = pss_kib(cluster.server.pid());
    let begin = Instant::now();
    let path = "/apis/apps/v1/namespaces/default/deployments/hello";
    api.merge(path, &json!({ "spec": { "replicas": REPLICAS } })).await.expect("scales");
    until("every replica is Ready", || async {
        let object = api.get(path).await.ok()?;
        (object["status"]["readyReplicas"].as_u64()? == u64::from(REPLICAS)).then_some(())
    })
    .await;
    let ready_after = begin.elapsed();
    let pods = ready_pods(&api).await;
    assert_eq!(pods.len(), 1_000);
    for pod in &pods {
        let ip: IpAddr = pod["status"]["podIP"].as_str().and_then(|ip| ip.parse().ok()).expect("an address");
        let (status, ..) = load::get(SocketAddr::new(ip, 8080), "/").await.expect("an answer");
        assert_eq!(status, StatusCode::OK);
    }
    let after = pss_kib(cluster.server.pid());
    println!(
        "{REPLICAS} replicas Ready after {ready_after:.2?}, each answered on its own address after {:.2?}",
        begin.elapsed()
    );
    println!(
        "memory per replica, API objects included: {} KiB PSS",
        (after.saturating_sub(before)) / u64::from(REPLICAS - 1)
    );
}

/// A hello through a NodePort against `wasmtime serve` 48, fresh instances and reused ones.
async fn hello() {
    const ROUNDS: usize = 3;
    const DURATION: Duration = Duration::from_secs(5);
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    let api = cluster.api().await;
    let ip = cluster.slice.node_ip(1);
    let (fresh, reused) = (SocketAddr::new(ip, 30_100), SocketAddr::new(ip, 30_101));
    create(&api, "fresh", 2, &json!({}), fresh.port()).await;
    create(&api, "reused", 2, &json!({ "insula.dev/reuse": "requests=100000" }), reused.port()).await;
    let defaults = Peer::start(SocketAddr::new(ip, 9_001), &[]);
    let best = Peer::start(SocketAddr::new(ip, 9_002), &Peer::BEST);
    let targets = [
        ("insula, fresh instance", fresh),
        ("insula, reused instance", reused),
        ("wasmtime serve", defaults.addr),
        ("wasmtime serve, best flags", best.addr),
    ];
    let mut best_rates = [0.0_f64; 4];
    for (_, addr) in targets {
        until("the target answers", || async {
            matches!(load::get(addr, "/").await, Ok((StatusCode::OK, ..))).then_some(())
        })
        .await;
    }
    for _ in 0..ROUNDS {
        for (at, (name, addr)) in targets.iter().enumerate() {
            let report = raw::run(*addr, 32, DURATION).await;
            assert_eq!(report.failed, 0, "{name}: every request is answered with 200");
            assert!(report.ok > 1_000, "{name}: the work was done");
            println!(
                "{name}: {:.0} requests/s, p50 {:?}, p99 {:?}",
                report.rate(),
                report.quantile(50),
                report.quantile(99)
            );
            best_rates[at] = best_rates[at].max(report.rate());
        }
    }
    let [fresh, reused, peer, peer_best] = best_rates;
    println!("best of {ROUNDS}: fresh {:.2}x and reused {:.2}x of `wasmtime serve`", fresh / peer, reused / peer);
    println!(
        "best of {ROUNDS}: fresh {:.2}x and reused {:.2}x of its best flags",
        fresh / peer_best,
        reused / peer_best
    );
}

/// `wasmtime serve`, the peer.
struct Peer {
    addr: SocketAddr,
    process: Child,
}

impl Peer {
    /// Pagemap scan with pages kept resident is what helps most here.
    const BEST: [&'static str; 3] =
        ["-Opooling-allocator=y", "-Opooling-pagemap-scan=y", "-Opooling-memory-keep-resident=1048576"];

    fn start(addr: SocketAddr, flags: &[&str]) -> Self {
        let program = std::env::var_os("INSULA_PEER_WASMTIME").expect("INSULA_PEER_WASMTIME names the peer");
        let mut command = Command::new(program);
        command.args(["serve", "-Scli"]).args(flags).arg("--addr").arg(addr.to_string()).arg(paths::guest("hello02"));
        println!("peer: {command:?}");
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the peer starts");
        Self { addr, process }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A Deployment of hello with its NodePort Service.
async fn create(api: &Api, name: &str, replicas: u32, annotations: &Value, port: u16) {
    let labels = json!({ "app": name });
    let service = json!({
        "metadata": { "name": name },
        "spec": { "type": "NodePort", "selector": labels, "ports": [{ "port": 80, "targetPort": 8080, "nodePort": port }] },
    });
    let container = json!({ "name": "hello", "image": "hello:v1", "ports": [{ "containerPort": 8080 }],
        "resources": { "requests": { "cpu": "1m", "memory": "1Mi" }, "limits": { "memory": "64Mi" } } });
    let deployment = json!({
        "metadata": { "name": name },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels, "annotations": annotations }, "spec": { "containers": [container] } },
        },
    });
    api.create("/api/v1/namespaces/default/services", &service).await.expect("creates the Service");
    api.create("/apis/apps/v1/namespaces/default/deployments", &deployment).await.expect("creates the Deployment");
}

async fn ready_pods(api: &Api) -> Vec<Value> {
    let pods = api.items("/api/v1/namespaces/default/pods").await;
    ready(&pods).into_iter().cloned().collect()
}

/// Proportional set size of a process and its children's share of nothing: it has none while it idles.
fn pss_kib(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("the process lives");
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a Pss line");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}
