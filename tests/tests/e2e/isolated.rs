//! Pods of class `wasm-isolated`: each a process, whose end is nobody else's.

use std::collections::BTreeSet;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tests::{Cluster, Load, client, until};

use crate::deploy::{answer, deploy};

const PODS: &str = "/api/v1/namespaces/default/pods";
const WALLED: &str = "/apis/apps/v1/namespaces/default/deployments/walled";

/// The isolated workers of a host.
fn workers(host: u32) -> BTreeSet<u32> {
    let processes = std::fs::read_dir("/proc")
        .expect("lists")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let is_worker = |pid: &u32| {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
        // After the name in parentheses: the state, and the parent.
        let stat = read("stat");
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        parent == Some(host) && read("cmdline").split('\0').nth(1) == Some("worker")
    };
    processes.filter(is_worker).collect()
}

fn of_class(pod: &Value) -> bool {
    pod["spec"]["runtimeClassName"] == "wasm-isolated"
}

/// F55
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_an_isolated_pods_process_is_nobody_elses() {
    let cluster = Cluster::up();
    let neighbour = deploy(&cluster, "hello", "hello02", &[]);
    let walled = deploy(&cluster, "walled", "hello02", &[]);
    answer(neighbour, "/").await;
    assert_eq!(workers(cluster.server.pid()), BTreeSet::new(), "ordinary Pods are no processes");
    let api = cluster.api().await;
    let patch = json!({"spec": {"template": {"spec": {"runtimeClassName": "wasm-isolated"}}}});
    api.merge(WALLED, &patch).await.expect("patches");
    until("the Pod of before is gone, and the new one Ready", || async {
        let pods = api.items(&format!("{PODS}?labelSelector=app%3Dwalled")).await;
        let ready = client::ready(&pods);
        (pods.len() == 1 && ready.len() == 1 && of_class(ready[0])).then_some(())
    })
    .await;
    assert!(answer(walled, "/").await.to_lowercase().contains("hello"));
    let before = workers(cluster.server.pid());
    assert_eq!(before.len(), 1, "one container, one process");

    let running = Load { addrs: vec![neighbour], path: "/".to_owned(), keep_alive: 4, fresh: 2 }.start();
    until("the neighbour is served", || async { (running.ok() > 100).then_some(()) }).await;
    for pid in &before {
        let pid = Pid::from_raw(i32::try_from(*pid).expect("is a process")).expect("is a process");
        kill_process(pid, Signal::KILL).expect("is killed");
    }
    let begin = std::time::Instant::now();
    answer(walled, "/").await;
    println!("an isolated Pod answered {:?} after its process was killed", begin.elapsed());
    let after = workers(cluster.server.pid());
    assert!(after.len() == 1 && after.is_disjoint(&before), "{before:?}, {after:?}");
    let served = running.ok();
    until("the neighbour is still served", || async { (running.ok() > served + 100).then_some(()) }).await;
    let report = running.finish().await;
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    until("the crash is an Event", || async {
        let events = api.items("/api/v1/namespaces/default/events").await;
        let crash = |event: &&Value| event["reason"] == "WorkerCrashed";
        let message = events.iter().find(crash)?["message"].as_str()?.to_owned();
        message.contains("SIGKILL").then_some(())
    })
    .await;

    api.delete(WALLED).await.expect("is deleted");
    until("its process has ended", || async { workers(cluster.server.pid()).is_empty().then_some(()) }).await;
}

#[tokio::test]
async fn a_class_that_cannot_be_had_is_a_reason_to_wait() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    let class = json!({
        "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "gvisor"}, "handler": "runsc",
    });
    api.create("/apis/node.k8s.io/v1/runtimeclasses", &class).await.expect("is a class that no host has");
    let mount = json!([{"name": "v", "mountPath": "/v"}]);
    for (name, class, mounts, reason) in [
        ("unknown", "gvisor", json!([]), "UnsupportedRuntimeClass"),
        ("mounts", "wasm-isolated", mount, "NotInRuntimeClass"),
    ] {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {
                "runtimeClassName": class,
                "volumes": [{"name": "v", "emptyDir": {}}],
                "containers": [{"name": "main", "image": "hello:none", "volumeMounts": mounts}],
            },
        });
        api.create(PODS, &pod).await.expect("is accepted");
        until(&format!("{name} waits with {reason}"), || async {
            let pod = api.get(&format!("{PODS}/{name}")).await.ok()?;
            let waiting = pod.pointer("/status/containerStatuses/0/state/waiting/reason")?.as_str()?.to_owned();
            (waiting == reason).then_some(())
        })
        .await;
    }
}
