//! The host's certificate is renewed while it serves, and a restart finds one that fits its key.

use super::harness::{Bench, text, until};
use super::plane::Plane;

// C66, F81
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_while_the_host_serves_and_restarts() {
    let plane = Plane::new(233);
    // The one it starts with and the first renewal are nearly over; the second renewal lasts.
    plane.let_expire(2);
    let mut bench = Bench::start_with(plane).await;
    let pod = bench.pod("u1", "hello02").await;
    bench.tell(vec![pod.clone()], &[], true).await;
    let ip = bench.ready("u1").await;
    until("it is renewed twice", async || {
        assert_eq!(text(ip, "/").await, "hello\n");
        let kept = std::fs::read_to_string(bench.dir.path().join("host/host.pem")).unwrap();
        bench.plane.certificates().get(2).is_some_and(|third| kept.contains(third))
    })
    .await;
    bench.stop_host().await;
    bench.start_host().await;
    assert_eq!(text(ip, "/").await, "hello\n");
    bench.plane.forget_statuses();
    bench.tell(vec![pod], &[], true).await;
    bench.ready("u1").await;
    assert_eq!(bench.plane.certificates().len(), 3, "it starts with the one it had last");
}
