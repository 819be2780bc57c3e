//! Compiled code: only what the control plane signed, and only once.

use super::harness::{Bench, text};

// F54
#[tokio::test(flavor = "multi_thread")]
async fn code_with_a_bad_signature_never_runs() {
    let bench = Bench::start(230).await;
    bench.plane.sign_badly("hello02");
    bench.tell(vec![bench.pod("u1", "hello02").await], &[], true).await;
    let refused = |s: &serde_json::Value| s["containerStatuses"][0]["state"]["waiting"]["reason"] == "InvalidCode";
    let status = bench.status("u1", "refused", refused).await;
    let why = status["containerStatuses"][0]["state"]["waiting"]["message"].as_str().unwrap();
    assert!(why.contains("carries no valid signature of this cluster; it was not loaded"), "{why}");
    let kept = std::fs::read_dir(bench.dir.path().join("host/code")).unwrap().count();
    assert_eq!(kept, 0, "nothing of it is kept");
}

// F54
#[tokio::test(flavor = "multi_thread")]
async fn code_changed_on_disk_is_fetched_again() {
    let mut bench = Bench::start(231).await;
    let pod = bench.pod("u1", "hello02").await;
    bench.tell(vec![pod.clone()], &[], true).await;
    bench.ready("u1").await;
    bench.stop_host().await;
    let file = bench.dir.path().join("host/code").join(&pod.artifacts[0].code_key);
    let mut code = std::fs::read(&file).unwrap();
    let middle = code.len() / 2;
    code[middle] ^= 1;
    std::fs::write(&file, code).unwrap();
    bench.start_host().await;
    bench.tell(vec![pod], &[], true).await;
    let ip = bench.ready("u1").await;
    super::harness::until("it runs again", async || super::harness::ask(ip, "/").await.is_ok_and(|(s, _)| s == 200))
        .await;
    assert_eq!((text(ip, "/").await.as_str(), bench.plane.fetched()), ("hello\n", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_of_one_image_share_its_code() {
    let bench = Bench::start(232).await;
    bench.plane.sign_well();
    let mut pods = Vec::new();
    for n in 0..10 {
        pods.push(bench.pod(&format!("u{n}"), "hello03").await);
    }
    bench.tell(pods, &[], true).await;
    for n in 0..10 {
        assert_eq!(text(bench.ready(&format!("u{n}")).await, "/").await, "hello\n");
    }
    assert_eq!(bench.plane.fetched(), 1);
}
