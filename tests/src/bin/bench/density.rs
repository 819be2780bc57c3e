//! Ten thousand idle Pods of a hundred components: what they cost, and what a call between two of them does.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::json;
use tests::{Cluster, load, paths, until, within};

use crate::cluster::{DEPLOYMENTS, create_of, settled};
use crate::goal::{Side, goal};
use crate::memory::pss_kib;

const COMPONENTS: u16 = 100;
const REPLICAS: u16 = 100;
/// First Node port of the components, one each.
const PORTS: u16 = 30_100;

/// Ten thousand Pods on one host: how soon they are Ready, how much memory each takes, what they do while idle.
pub(crate) async fn density() {
    const PATIENCE: Duration = Duration::from_secs(300);
    let cluster = Cluster::up();
    let api = cluster.api().await;
    let hello = std::fs::read(paths::guest("hello02")).expect("reads");
    for number in 0..COMPONENTS {
        let file = cluster.path("variant.wasm");
        std::fs::write(&file, variant(&hello, number)).expect("writes");
        drop(cluster.insula_ok(&["push", &file.display().to_string(), &format!("hello{number}:v1")]));
        create_of(&api, &format!("hello{number}"), &format!("hello{number}:v1"), 1, &json!({}), PORTS + number).await;
    }
    for number in 0..COMPONENTS {
        settled(&api, &format!("hello{number}")).await;
    }
    let before = pss_kib(cluster.server.pid());
    let begin = Instant::now();
    let scale = json!({ "spec": { "replicas": REPLICAS } });
    for number in 0..COMPONENTS {
        api.merge(&format!("{DEPLOYMENTS}/hello{number}"), &scale).await.expect("scales");
    }
    within(PATIENCE, "all Pods are Ready", || async {
        let all = api.items(DEPLOYMENTS).await;
        let ready: u64 = all.iter().filter_map(|object| object["status"]["readyReplicas"].as_u64()).sum();
        (ready == u64::from(COMPONENTS) * u64::from(REPLICAS)).then_some(())
    })
    .await;
    goal("10,000 Pods of 100 components Ready after, s", &begin.elapsed().as_secs_f64(), Side::Below, &30.0);
    for number in 0..COMPONENTS {
        let at = SocketAddr::new(cluster.slice.node_ip(1), PORTS + number);
        let answer = load::get(at, "/").await.expect("an answer");
        assert_eq!((answer.0, answer.2.as_str()), (StatusCode::OK, "hello\n"));
    }
    let grown = pss_kib(cluster.server.pid()).saturating_sub(before);
    let each = f64::from(u32::try_from(grown).unwrap_or(u32::MAX)) / f64::from(COMPONENTS * (REPLICAS - 1));
    goal("each, API objects included, KiB PSS", &each, Side::Below, &100.0);
    goal("CPU of all of it while idle, % of a core", &idle_percent(cluster.server.pid()).await, Side::Below, &2.0);
}

/// A different component that does the same: its digest is another one, and so its code.
pub(crate) fn variant(wasm: &[u8], number: u16) -> Vec<u8> {
    let name = b"variant";
    let content = number.to_le_bytes();
    let length = u8::try_from(1 + name.len() + content.len()).expect("is short");
    let name_length = u8::try_from(name.len()).expect("is short");
    [wasm, &[0, length, name_length], name, &content].concat()
}

/// How busy a process is over ten quiet seconds.
async fn idle_percent(pid: u32) -> f64 {
    const WATCHED: Duration = Duration::from_secs(10);
    // What the last change has set off ends first.
    until("it is quiet", || async {
        let before = cpu_ticks(pid);
        tokio::time::sleep(Duration::from_secs(1)).await;
        (cpu_ticks(pid) - before < 10).then_some(())
    })
    .await;
    let before = cpu_ticks(pid);
    tokio::time::sleep(WATCHED).await;
    // A tick is a hundredth of a second.
    f64::from(cpu_ticks(pid) - before) / WATCHED.as_secs_f64()
}

/// User and system time of a process: fields 14 and 15 of its `stat`, of which the name may have spaces.
fn cpu_ticks(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process lives");
    let (_, fields) = stat.rsplit_once(") ").expect("has a name");
    fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum()
}

/// A guest that asks another on the same host, a hundred times for each request it answers.
pub(crate) async fn calls() {
    const CALLS: u32 = 100;
    const ROUNDS: usize = 200;
    let cluster = Cluster::up();
    cluster.push("hello02", "hello:v1");
    cluster.push("fetch", "fetch:v1");
    let api = cluster.api().await;
    let reused = json!({ "insula.dev/reuse": "requests=100000" });
    for (name, annotations, port) in [("fresh", &json!({}), PORTS), ("reused", &reused, PORTS + 1)] {
        create_of(&api, name, "hello:v1", 1, annotations, port).await;
    }
    create_of(&api, "fetch", "fetch:v1", 1, &reused, PORTS + 2).await;
    for name in ["fresh", "reused", "fetch"] {
        settled(&api, name).await;
    }
    let at = SocketAddr::new(cluster.slice.node_ip(1), PORTS + 2);
    let median = async |path: &str, expected: &str| {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            let (status, _, text) = load::get(at, path).await.expect("an answer");
            times.push(begin.elapsed());
            assert_eq!((status, text.as_str()), (StatusCode::OK, expected));
        }
        times.sort();
        times[ROUNDS / 2]
    };
    let none = median("/many?count=0&url=http://reused/", "answered 0, refused 0\n").await;
    let mut times = Vec::new();
    for callee in ["reused", "fresh"] {
        let path = format!("/many?count={CALLS}&url=http://{callee}/");
        let many = median(&path, &format!("answered {CALLS}, refused 0\n")).await;
        let each = many.saturating_sub(none) / CALLS;
        println!("a call from a component to another on its host, callee {callee}, its own time included: {each:?}");
        times.push(each);
    }
    let instance = times[1].saturating_sub(times[0]).as_secs_f64() * 1e6;
    goal("a fresh instance, made, entered and dropped, beside a reused one, us", &instance, Side::Below, &50.0);
}
