//! Many Pods on one host: statuses travel in batches, and idle Pods do nothing.

use super::harness::{Bench, is_ready, text};

const PODS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_pods_become_ready_and_stay_quiet() {
    let bench = Bench::start(252).await;
    let pod = bench.pod("u", "hello02").await;
    let pods = (0..PODS).map(|n| {
        let json = String::from_utf8(pod.pod_json.to_vec()).unwrap().replace("\"u\"", &format!("\"u{n}\""));
        protocol::v1::PodAssignment { uid: format!("u{n}"), pod_json: json.into_bytes().into(), ..pod.clone() }
    });
    bench.tell(pods.collect(), &[], true).await;
    let all = |seen: &super::plane::Seen| {
        let ready = seen.statuses.values().filter(|(status, _)| is_ready(status)).count();
        (ready == PODS).then_some(seen.status_count)
    };
    let told = bench.plane.until("all are ready", all).await;
    assert!(told <= PODS * 3, "{told} statuses were told for {PODS} Pods");
    for n in [0, PODS - 1] {
        assert_eq!(text(bench.ready(&format!("u{n}")).await, "/").await, "hello\n");
    }
    assert_eq!(bench.plane.look(|seen| seen.status_count), told, "an answer changes no status");
}
