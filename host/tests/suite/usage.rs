//! What is used is told while it is used, and then once more.

use std::time::{Duration, Instant};

use serde_json::json;

use super::harness::{Bench, text};
use super::plane::Seen;

fn cpu(seen: &Seen, uid: &str) -> Vec<u64> {
    let told = seen.usage.get(uid).map_or(&[][..], Vec::as_slice);
    told.iter().map(|usage| usage.containers.iter().map(|container| container.cpu_nanos).sum()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_is_told_of_while_it_computes_and_once_when_it_rests() {
    let bench = Bench::start(253).await;
    bench.tell(vec![bench.pod("burner", "spin").await, bench.pod("idle", "hello02").await], &[], true).await;
    let ip = bench.ready("burner").await;
    bench.ready("idle").await;
    let burn = text(ip, "/burn?ms=900");
    let told = bench.plane.until("both are told", |seen| seen.usage.get("idle").and_then(|idle| idle.first().cloned()));
    let (burnt, idle) = tokio::join!(burn, told);
    assert_eq!((burnt.as_str(), idle.containers.len(), idle.requests_milli), ("burnt\n", 1, 0));
    // Of 0.9 s in 5, that is 180 thousandths of a core, perhaps in two parts; less where the machine has other work, and
    // then it goes on.
    let much = |seen: &Seen| cpu(seen, "burner").iter().sum::<u64>() > 100_000_000;
    while !bench.plane.look(much) {
        assert_eq!(text(ip, "/burn?ms=900").await, "burnt\n");
    }
    bench.plane.until("it rests", |seen| cpu(seen, "burner").last().filter(|nanos| **nanos == 0).map(|_| ())).await;
    bench
        .plane
        .until("the machine is told", |seen| seen.node_usage.as_ref().filter(|node| node.cpu_nanos > 0).map(drop))
        .await;
    let requests = bench.plane.look(|seen| seen.usage["burner"].iter().map(|usage| usage.requests_milli).sum::<u64>());
    assert!(requests > 100, "a request of 0.9 s was inside: {requests}");
    assert_eq!(bench.plane.look(|seen| seen.usage["idle"].len()), 1, "one that does nothing is told once");
}

// C70
#[tokio::test(flavor = "multi_thread")]
async fn a_pod_has_its_limit_of_cpu_and_no_more() {
    let bench = Bench::start(254).await;
    let pod = bench
        .pod_with("burner", "spin", |pod| {
            pod["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "200m"}});
        })
        .await;
    bench.tell(vec![pod], &[], true).await;
    let ip = bench.ready("burner").await;
    // It counts by the clock of the guest, which goes on while the guest is held back: so it gets a fifth of this done.
    let begin = Instant::now();
    assert_eq!(text(ip, "/burn?ms=2000").await, "burnt\n");
    let took = begin.elapsed();
    bench.plane.until("it rests", |seen| cpu(seen, "burner").last().filter(|nanos| **nanos == 0).map(drop)).await;
    let computed = Duration::from_nanos(bench.plane.look(|seen| cpu(seen, "burner").iter().sum()));
    // A fifth, what it may have in one piece at first, and a turn.
    assert!(computed <= took / 5 + Duration::from_millis(40), "{computed:?} of {took:?}");
    assert!(computed >= Duration::from_millis(50), "it computes: {computed:?}");
}
