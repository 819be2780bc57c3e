//! Probes: calls into the sandbox, and what follows from their answers.

use serde_json::{Value, json};

use super::harness::{Bench, ask, is_ready, text};

fn probe(kind: &'static str, path: &'static str) -> impl Fn(&mut Value) {
    move |pod| {
        pod["spec"]["containers"][0][format!("{kind}Probe")] =
            json!({"httpGet": {"path": path, "port": 8080}, "periodSeconds": 1, "failureThreshold": 1});
    }
}

// C43
#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_reported_and_never_restarts() {
    let bench = Bench::start(210).await;
    let good = bench.pod_with("good", "trap", probe("readiness", "/")).await;
    let bad = bench.pod_with("bad", "trap", probe("readiness", "/trap")).await;
    bench.tell(vec![good, bad], &[], true).await;
    bench.ready("good").await;
    let unhealthy = |seen: &super::plane::Seen| seen.events.iter().find(|e| e.reason == "Unhealthy").cloned();
    let event = bench.plane.until("an Event", unhealthy).await;
    assert_eq!(event.pod_uid, "bad");
    assert!(event.message.contains("Readiness probe of container main failed: http://127.210.0."), "{}", event.message);
    let status = bench.status("bad", "running", |s| s["phase"] == "Running").await;
    assert!(!is_ready(&status));
    assert_eq!(status["containerStatuses"][0]["restartCount"], 0);
    let ip = status["podIP"].as_str().unwrap().parse().unwrap();
    assert_eq!(text(ip, "/").await, "hello\n", "an unready Pod still answers whoever asks it");
}

// C40, C42, C48
#[tokio::test(flavor = "multi_thread")]
async fn liveness_restarts_with_back_off() {
    let bench = Bench::start(211).await;
    bench.tell(vec![bench.pod_with("u1", "trap", probe("liveness", "/trap")).await], &[], true).await;
    let looping = |s: &Value| s["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff";
    let backs_off = |s: &Value| looping(s) && s["containerStatuses"][0]["restartCount"] == 1;
    let status = bench.status("u1", "backs off", backs_off).await;
    let container = &status["containerStatuses"][0];
    let waits = container["state"]["waiting"]["message"].as_str().unwrap();
    assert!(waits.starts_with("back-off 10s restarting failed container=main pod=pod-u1_test"), "{waits}");
    let last = &container["lastState"]["terminated"];
    assert_eq!((&last["exitCode"], &last["reason"]), (&json!(137), &json!("Error")));
    assert!(last["message"].as_str().unwrap().starts_with("Liveness probe failed: "), "{last}");
    assert!(!is_ready(&status));
    let ip = status["podIP"].as_str().unwrap().parse().unwrap();
    let (code, _) = ask(ip, "/").await.unwrap();
    assert_eq!(code, 503, "nothing runs while it backs off");
    bench.plane.until("Killing", |seen| seen.events.iter().find(|e| e.reason == "Killing").map(drop)).await;
}

// C42
#[tokio::test(flavor = "multi_thread")]
async fn a_hung_probe_is_one_failure_and_startup_suspends_the_others() {
    let bench = Bench::start(212).await;
    let pod = bench
        .pod_with("u1", "spin", |pod| {
            let container = &mut pod["spec"]["containers"][0];
            container["startupProbe"] =
                json!({"httpGet": {"path": "/spin", "port": 8080}, "periodSeconds": 1, "failureThreshold": 60});
            container["livenessProbe"] =
                json!({"httpGet": {"path": "/spin", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1});
        })
        .await;
    bench.tell(vec![pod], &[], true).await;
    let unhealthy = |seen: &super::plane::Seen| seen.events.iter().find(|e| e.reason == "Unhealthy").cloned();
    let event = bench.plane.until("an Event", unhealthy).await;
    assert!(event.message.starts_with("Startup probe of container main failed"), "{}", event.message);
    assert!(event.message.contains("no answer within 1s"), "{}", event.message);
    assert_eq!(event.count, 1);
    let status = bench.status("u1", "running", |s| s["phase"] == "Running").await;
    let container = &status["containerStatuses"][0];
    assert_eq!((&container["started"], &container["restartCount"]), (&json!(false), &json!(0)));
}
