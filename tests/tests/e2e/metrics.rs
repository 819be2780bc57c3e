//! What is used, and what follows from it: `kubectl top`, and autoscalers.

use std::path::Path;

use tests::{Cluster, load, paths, until};

use crate::deploy::{answer, deploy};

/// What a line of `top` says: CPU in thousandths of a core, memory in MiB.
fn numbers(top: &str, name: &str) -> Option<(u64, u64)> {
    let line = top.lines().find(|line| line.split_whitespace().any(|word| word.starts_with(name)))?;
    let number = |unit: &str| line.split_whitespace().find_map(|word| word.strip_suffix(unit)?.parse().ok());
    Some((number("m")?, number("Mi")?))
}

/// Keeps guests of `addr` computing, one request at a time, until it is dropped.
struct Burner(tokio::task::JoinHandle<()>);

impl Burner {
    fn start(addr: std::net::SocketAddr) -> Self {
        Self(tokio::spawn(async move {
            loop {
                drop(load::get(addr, "/burn?ms=500").await);
            }
        }))
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn top_shows_who_burns() {
    let cluster = Cluster::up();
    let burner = deploy(&cluster, "burner", "spin", &[]);
    let idle = deploy(&cluster, "idle", "hello02", &[]);
    answer(burner, "/").await;
    answer(idle, "/").await;
    let burning = Burner::start(burner);
    let newest = &paths::kubectls()[0];
    until("the burner is above the idle Pod", || async {
        let top = cluster.kubectl(newest, &["top", "pods"]);
        let top = String::from_utf8_lossy(&top.stdout).into_owned();
        let (burner, idle) = (numbers(&top, "burner-")?, numbers(&top, "idle-")?);
        (burner.0 >= 50 && idle.0 < burner.0 / 2).then_some(())
    })
    .await;
    for kubectl in paths::kubectls() {
        println!("{}", kubectl.display());
        top(&cluster, &kubectl);
    }
    drop(burning);
    until("the burner rests", || async {
        let top = cluster.kubectl_ok(newest, &["top", "pods"]);
        (numbers(&top, "burner-")?.0 == 0).then_some(())
    })
    .await;
}

fn top(cluster: &Cluster, kubectl: &Path) {
    let run = |args: &[&str]| cluster.kubectl_ok(kubectl, args);
    let nodes = run(&["top", "nodes"]);
    assert!(numbers(&nodes, "node-1").is_some_and(|(cpu, memory)| cpu > 0 && memory > 0), "{nodes}");
    assert!(nodes.contains('%'), "of what the node has: {nodes}");
    let by_cpu = run(&["top", "pods", "-A", "--sort-by=cpu", "--no-headers"]);
    assert!(by_cpu.lines().next().is_some_and(|line| line.contains("burner-")), "{by_cpu}");
    let containers = run(&["top", "pods", "--containers", "-l", "app=burner"]);
    assert!(containers.contains("burner") && !containers.contains("idle"), "{containers}");
    let sum = run(&["top", "pods", "--sum"]);
    assert!(numbers(&sum, "burner-").is_some() && sum.lines().count() == 5, "{sum}");
    let table = run(&["get", "pods.metrics.k8s.io"]);
    assert!(table.to_lowercase().contains("window"), "{table}");
    assert!(run(&["get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes/node-1"]).contains("NodeMetrics"));
}
