//! Fifty thousand Pods: what each costs the control plane, and how long a page and a whole list take.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::Cluster;
use tests::client::Api;

use crate::goal::{Side, goal, millis};
use crate::memory::pss_kib;

const PODS: u32 = 50_000;
const CLIENTS: usize = 64;
/// What kubectl asks for.
const PAGE: u32 = 500;
const PATH: &str = "/api/v1/namespaces/default/pods";

/// Lists of 50,000 Pods that nobody schedules, in pages and whole.
pub(crate) async fn lists() {
    let cluster = Cluster::server();
    let api = cluster.api().await;
    let before = pss_kib(cluster.server.pid());
    let begin = Instant::now();
    fill(&api).await;
    println!("{PODS} Pods created after {:.1?}", begin.elapsed());
    let grown = pss_kib(cluster.server.pid()).saturating_sub(before);
    println!("each costs {:.1} KiB PSS", f64::from(u32::try_from(grown).unwrap_or(u32::MAX)) / f64::from(PODS));

    let (mut times, mut seen, mut token) = (Vec::new(), 0, String::new());
    loop {
        let begin = Instant::now();
        let page = api.get(&format!("{PATH}?limit={PAGE}&continue={token}")).await.expect("a page");
        times.push(begin.elapsed());
        seen += page["items"].as_array().map_or(0, Vec::len);
        page["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut token);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, PODS as usize, "every Pod is on one page");
    goal("a page of 500 of 50,000 Pods, p99, ms", &p99(&mut times), Side::Below, &1_000.0);
    let begin = Instant::now();
    let whole = api.get(PATH).await.expect("a list");
    assert_eq!(whole["items"].as_array().map_or(0, Vec::len), PODS as usize);
    println!("the whole list in one answer, read by the client too: {:.2?}", begin.elapsed());
}

async fn fill(api: &Api) {
    let mut running = tokio::task::JoinSet::new();
    for number in 0..PODS {
        if running.len() >= CLIENTS {
            running.join_next().await.expect("one runs").expect("no create fails");
        }
        let api = api.clone();
        running.spawn(async move { api.create(PATH, &pod(number)).await.expect("is created") });
    }
    while let Some(done) = running.join_next().await {
        done.expect("no create fails");
    }
}

fn pod(number: u32) -> Value {
    let container = json!({
        "name": "web", "image": "registry.example.com/shop/web:v1", "ports": [{"containerPort": 8080}],
        "env": [{"name": "COLOUR", "value": "red"}, {"name": "LEVEL", "value": "info"}],
        "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}},
    });
    let labels = json!({"app": "web", "pod-template-hash": "68df5fd8dd"});
    let name = format!("web-68df5fd8dd-{number:05}");
    json!({"metadata": {"name": name, "labels": labels}, "spec": {"schedulerName": "nobody", "containers": [container]}})
}

fn p99(times: &mut [Duration]) -> f64 {
    times.sort();
    millis(times[(times.len() * 99 / 100).min(times.len() - 1)])
}
