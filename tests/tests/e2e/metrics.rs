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

// C62
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_autoscaler_follows_the_load_up_and_down() {
    let cluster = Cluster::up();
    let newest = paths::kubectls()[0].clone();
    let run = |args: &[&str]| cluster.kubectl_ok(&newest, args);
    let addr = deploy(&cluster, "burner", "spin", &[]);
    assert!(run(&["set", "resources", "deployment/burner", "--requests=cpu=100m,memory=16Mi"]).contains("updated"));
    answer(addr, "/").await;
    assert!(run(&["autoscale", "deployment", "burner", "--cpu=50%", "--min=1", "--max=3"]).contains("autoscaled"));
    let at_once = r#"{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":0}}}}"#;
    assert!(run(&["patch", "hpa", "burner", "--type=merge", "-p", at_once]).contains("patched"));
    let replicas = |wanted: &'static str| {
        let of = ["get", "deployment", "burner", "-o", "jsonpath={.spec.replicas}"];
        let found = cluster.kubectl_ok(&newest, &of);
        async move { (found == wanted).then_some(()) }
    };
    let burning = Burner::start(addr);
    until("there are more", || replicas("3")).await;
    let shown = run(&["get", "hpa", "burner"]);
    assert!(shown.contains("Deployment/burner") && shown.contains("/50%") && !shown.contains("<unknown>"), "{shown}");
    let told = run(&["describe", "hpa", "burner"]);
    for word in
        ["SuccessfulRescale", "ValidMetricFound", "cpu resource utilization (percentage of request) above target"]
    {
        assert!(told.contains(word), "{word} in {told}");
    }
    let older = run(&["get", "horizontalpodautoscalers.v1.autoscaling", "burner", "-o", "yaml"]);
    assert!(
        older.contains("targetCPUUtilizationPercentage: 50") && older.contains("apiVersion: autoscaling/v1"),
        "{older}"
    );
    drop(burning);
    until("there is one again", || replicas("1")).await;
    assert!(run(&["describe", "hpa", "burner"]).contains("All metrics below target"));
    for kubectl in paths::kubectls().iter().skip(1) {
        let run = |args: &[&str]| cluster.kubectl_ok(kubectl, args);
        let _ = run(&["delete", "hpa", "burner"]);
        assert!(run(&["autoscale", "deployment", "burner", "--cpu-percent=70", "--max=2"]).contains("autoscaled"));
        assert!(run(&["get", "hpa", "burner"]).contains("/70%"));
        let _ = run(&["describe", "hpa", "burner"]);
    }
}
