//! The control plane goes, comes back, or comes back as someone else: traffic goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use host::{Agent, Config};
use protocol::v1::PodAssignment;
use serde_json::json;
use tokio::sync::mpsc;

use super::harness::{Bench, is_ready, text, until};
use super::plane::{Plane, Seen};

// F28
#[tokio::test(flavor = "multi_thread")]
async fn losing_the_control_plane_stops_nothing() {
    let bench = Bench::start(220).await;
    bench.tell(vec![bench.pod("u1", "hello02").await, bench.pod("u2", "hello02").await], &[], true).await;
    let (first, second) = (bench.ready("u1").await, bench.ready("u2").await);
    bench.plane.away();
    bench.plane.until("the host has noticed", |seen| (seen.dialled_in_vain > 0).then_some(())).await;
    for _ in 0..20 {
        assert_eq!(text(first, "/").await, "hello\n");
    }
    bench.plane.up();
    // C29: until the snapshot is complete, silence about a Pod means nothing; then it means that it is gone.
    bench.tell(vec![bench.pod("u3", "hello02").await], &[], false).await;
    bench.ready("u3").await;
    assert_eq!(text(first, "/").await, "hello\n");
    assert_eq!(bench.plane.look(|seen| seen.hello.as_ref().map(|h| h.last_revision)), Some(7));
    bench.tell(vec![bench.pod("u2", "hello02").await], &[], true).await;
    until("the Pod that was not named is gone", async || super::harness::ask(first, "/").await.is_err()).await;
    assert_eq!(text(second, "/").await, "hello\n");
}

// C14
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_cluster_or_an_old_leader_changes_nothing() {
    let bench = Bench::start(221).await;
    bench.plane.back_as("cluster-one", 5);
    bench.tell(vec![bench.pod("u1", "hello02").await], &[], true).await;
    let ip = bench.ready("u1").await;
    for (cluster, term) in [("cluster-two", 9), ("cluster-one", 4)] {
        let sessions = bench.plane.look(|seen| seen.sessions);
        bench.plane.back_as(cluster, term);
        bench.plane.until("another session", |seen| (seen.sessions > sessions).then_some(())).await;
        bench.tell(Vec::new(), &["u1"], true).await;
        // It has heard it all when it has turned away.
        let turned_away =
            |seen: &Seen| seen.down.as_ref().is_some_and(mpsc::Sender::is_closed) || seen.sessions > sessions + 1;
        until("the host has turned away", async || bench.plane.look(turned_away)).await;
        for _ in 0..10 {
            assert_eq!(text(ip, "/").await, "hello\n");
        }
    }
    bench.plane.back_as("cluster-one", 6);
    bench.tell(Vec::new(), &["u1"], true).await;
    until("its own leader is obeyed", async || super::harness::ask(ip, "/").await.is_err()).await;
}

// C32, F28
#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_host_serves_before_and_without_the_control_plane() {
    let mut bench = Bench::start(222).await;
    let pod = bench
        .pod_with("u1", "hello02", |pod| {
            pod["spec"]["containers"][0]["readinessProbe"] =
                json!({"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1});
        })
        .await;
    bench.tell(vec![pod.clone()], &[], true).await;
    let ip = bench.ready("u1").await;
    let peer = bench.agent().peer_addr();
    bench.plane.away();
    bench.stop_host().await;
    assert!(super::harness::ask(ip, "/").await.is_err());
    bench.start_host().await;
    assert_eq!(text(ip, "/").await, "hello\n", "it answers as soon as it has started, at its old address");
    assert_eq!(bench.agent().peer_addr(), peer, "other hosts find it where it was");

    bench.plane.forget_statuses();
    bench.plane.up();
    let sessions = bench.plane.look(|seen| seen.sessions);
    bench.tell(vec![pod], &[], true).await;
    bench.plane.until("a session", |seen| (seen.sessions >= sessions).then_some(())).await;
    assert_eq!(bench.ready("u1").await, ip);
    let flipped = bench.plane.look(|seen| seen.statuses.values().any(|(status, _)| !is_ready(status)));
    assert!(!flipped, "readiness does not flip");
    assert_eq!(bench.plane.fetched(), 1, "code comes from disk");
}

// F28
#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_host_dials_at_once_whatever_cannot_or_need_not_run() {
    let mut bench = Bench::start(225).await;
    let over = |pod: &mut serde_json::Value| pod["status"] = json!({"phase": "Failed", "reason": "Evicted"});
    let refused = |pod: &mut serde_json::Value| {
        pod["spec"]["containers"][0]["livenessProbe"] = json!({"exec": {"command": ["true"]}});
    };
    let stopped = PodAssignment { stop: true, ..bench.pod("stopped", "hello03").await };
    let pods = vec![
        bench.pod("serves", "hello02").await,
        bench.pod_with("over", "trap", over).await,
        bench.pod_with("refused", "slow", refused).await,
        stopped,
    ];
    bench.tell(pods, &[], true).await;
    let ip = bench.ready("serves").await;
    let has_stopped =
        |seen: &super::plane::Seen| seen.statuses.get("stopped").filter(|(_, stopped)| *stopped).map(drop);
    bench.plane.until("stopped", has_stopped).await;
    let waits = |s: &serde_json::Value| s["containerStatuses"][0]["state"]["waiting"]["reason"] == "UnsupportedProbe";
    bench.status("refused", "refused", waits).await;
    bench.stop_host().await;
    let began = Instant::now();
    bench.start_host().await;
    assert!(began.elapsed() < Duration::from_secs(5), "it waited for code that nobody asked for");
    assert_eq!(text(ip, "/").await, "hello\n");
    assert_eq!(bench.plane.fetched(), 1, "no code of Pods that do not run was fetched");
}

// C47
#[tokio::test(flavor = "multi_thread")]
async fn pods_that_have_ended_leave_their_addresses_to_others_after_a_restart() {
    // A range of two addresses.
    let mut bench = Bench::start_with(Plane::with_range("127.226.0.0/30".to_owned())).await;
    let pod = bench.pod("ended", "hello02").await;
    bench.tell(vec![pod.clone()], &[], true).await;
    bench.ready("ended").await;
    let ended = PodAssignment { stop: true, ..pod };
    bench.tell(vec![ended.clone()], &[], false).await;
    let has_stopped = |seen: &super::plane::Seen| seen.statuses.get("ended").filter(|(_, stopped)| *stopped).map(drop);
    bench.plane.until("stopped", has_stopped).await;
    bench.stop_host().await;
    bench.start_host().await;
    bench.tell(vec![ended, bench.pod("u1", "hello02").await, bench.pod("u2", "hello02").await], &[], true).await;
    let (first, second) = (bench.ready("u1").await, bench.ready("u2").await);
    bench.tell(Vec::new(), &["ended"], false).await;
    for ip in [first, second] {
        assert_eq!(text(ip, "/").await, "hello\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_state_is_set_aside_and_told() {
    let mut bench = Bench::start(223).await;
    bench.tell(vec![bench.pod("u1", "hello02").await], &[], true).await;
    let ip = bench.ready("u1").await;
    bench.stop_host().await;
    let file = bench.dir.path().join("host/desired");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    bench.start_host().await;
    assert!(bench.dir.path().join("host/desired.aside").exists());
    let event = |seen: &super::plane::Seen| seen.events.iter().find(|e| e.reason == "StateSetAside").cloned();
    assert!(bench.plane.until("an Event", event).await.message.contains("does not open"));
    bench.plane.forget_statuses();
    bench.tell(vec![bench.pod("u1", "hello02").await], &[], true).await;
    bench.ready("u1").await;
    assert!(text(ip, "/").await == "hello\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_belongs_to_one_node() {
    let mut bench = Bench::start(224).await;
    let plane = bench.plane.clone();
    let link = Arc::new(move || plane.channel());
    let config = Config::new(bench.dir.path().to_owned(), "another", [127, 0, 0, 1].into(), link);
    // F9
    let error = Agent::start(config.clone()).await.err().unwrap().to_string();
    assert!(error.contains("in use by another insula process"), "{error}");
    bench.stop_host().await;
    let error = Agent::start(config).await.err().unwrap().to_string();
    assert!(error.contains("belongs to node \"n1\", not to \"another\""), "{error}");
}
