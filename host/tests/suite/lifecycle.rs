//! A Pod from its assignment to its end.

use std::collections::HashMap;
use std::time::Instant;

use bytes::Bytes;
use protocol::v1::{Artifact, PodAssignment, Source, source};
use serde_json::json;

use super::harness::{Bench, ask, is_ready, text, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_answers_on_its_own_address_with_its_environment() {
    let bench = Bench::start(200).await;
    let mut pod = bench
        .pod_with("u1", "echo", |pod| {
            pod["spec"]["containers"][0]["env"] = json!([
                {"name": "MODE", "value": "fast"},
                {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
                {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            ]);
            pod["spec"]["containers"][0]["args"] = json!(["--mode=$(MODE)"]);
        })
        .await;
    let data = HashMap::from([("token".to_owned(), Bytes::from_static(b"s3cret"))]);
    pod.sources = vec![Source { kind: source::Kind::Secret.into(), name: "keys".to_owned(), data }];
    bench.tell(vec![pod], &[], true).await;
    let ip = bench.ready("u1").await;
    assert!(ip.to_string().starts_with("127.200.0."));
    let resolved = format!("MODE=fast\nTOKEN=s3cret\nWHERE={ip}\n");
    assert_eq!(text(ip, "/env").await, resolved);
    let mut config: Vec<String> = text(ip, "/config").await.lines().map(|line| format!("{line}\n")).collect();
    config.sort();
    assert_eq!(config.concat(), resolved, "wasi:config holds the same");
    assert!(text(ip, "/args").await.ends_with("--mode=fast\n"));

    let status = bench.status("u1", "a status", |_| true).await;
    assert_eq!((&status["phase"], &status["hostIP"]), (&json!("Running"), &json!("127.0.0.1")));
    let container = &status["containerStatuses"][0];
    assert!(container["imageID"].as_str().is_some_and(|id| id.starts_with("echo@sha256:")));
    assert_eq!((&container["ready"], &container["restartCount"]), (&json!(true), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_says_why_and_runs_once_it_can() {
    let bench = Bench::start(201).await;
    let broken = bench
        .pod_with("u1", "echo", |pod| {
            pod["spec"]["containers"][0]["env"] =
                json!([{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "mode"}}}]);
        })
        .await;
    let image = PodAssignment {
        artifacts: vec![Artifact {
            container: "main".to_owned(),
            reason: "ErrImagePull".to_owned(),
            message: "no such image".to_owned(),
            ..Artifact::default()
        }],
        ..bench.pod("u2", "hello02").await
    };
    let probed = bench
        .pod_with("u3", "hello02", |pod| {
            pod["spec"]["containers"][0]["livenessProbe"] = json!({"exec": {"command": ["true"]}});
        })
        .await;
    bench.tell(vec![broken.clone(), image.clone(), probed], &[], true).await;
    for (uid, reason, message) in [
        ("u1", "CreateContainerConfigError", "configmap \"conf\" not found"),
        ("u2", "ErrImagePull", "no such image"),
        ("u3", "UnsupportedProbe", "livenessProbe: a probe of kind exec cannot ask a Wasm container"),
    ] {
        let status =
            bench.status(uid, reason, |s| s["containerStatuses"][0]["state"]["waiting"]["reason"] == reason).await;
        let said = &status["containerStatuses"][0]["state"]["waiting"]["message"];
        assert!(said.as_str().is_some_and(|said| said.starts_with(message)), "{said}");
        assert_eq!(status["phase"], "Pending");
    }
    let data = HashMap::from([("mode".to_owned(), Bytes::from_static(b"slow"))]);
    let conf = Source { kind: source::Kind::ConfigMap.into(), name: "conf".to_owned(), data };
    let mended = PodAssignment { sources: vec![conf], ..broken };
    let found = bench.pod("u2", "hello02").await;
    bench.tell(vec![mended, found], &[], false).await;
    let ip = bench.ready("u1").await;
    assert_eq!(text(ip, "/env").await, "MODE=slow\n");
    let ip = bench.ready("u2").await;
    assert_eq!(text(ip, "/").await, "hello\n");
}

// C44, C45
#[tokio::test(flavor = "multi_thread")]
async fn stopping_lets_requests_end_and_refuses_new_ones() {
    let bench = Bench::start(202).await;
    let pod = bench.pod("u1", "slow").await;
    bench.tell(vec![pod.clone()], &[], true).await;
    let ip = bench.ready("u1").await;
    assert_eq!(text(ip, "/").await, "at last\n");
    let running = tokio::spawn(async move { ask(ip, "/?ms=1000").await });
    // The request is inside once a second one has been answered after it on the same two threads.
    until("the slow request is inside", async || ask(ip, "/?ms=1").await.is_ok()).await;
    let began = Instant::now();
    bench.tell(vec![PodAssignment { stop: true, ..pod.clone() }], &[], false).await;
    until("new requests are refused", async || !matches!(ask(ip, "/").await, Ok((200, _)))).await;
    let stopped = bench.plane.until("stopped", |seen| seen.statuses.get("u1").filter(|(_, stopped)| *stopped).cloned());
    let (status, _) = stopped.await;
    assert_eq!(running.await.unwrap().unwrap(), (200, "at last\n".to_owned()));
    assert!(began.elapsed().as_millis() > 200, "it waited for the request");
    assert_eq!(status["phase"], "Succeeded");
    assert_eq!(status["containerStatuses"][0]["state"]["terminated"]["exitCode"], 0);

    // Told to stop what it does not run, it says that it has stopped.
    bench.tell(vec![PodAssignment { stop: true, ..bench.pod("u2", "slow").await }], &["u1"], false).await;
    bench.plane.until("u2 stopped", |seen| seen.statuses.get("u2").filter(|(_, stopped)| *stopped).map(drop)).await;
}

// C44
#[tokio::test(flavor = "multi_thread")]
async fn grace_ends_and_removal_is_at_once() {
    let bench = Bench::start(203).await;
    let change = |pod: &mut serde_json::Value| pod["spec"]["terminationGracePeriodSeconds"] = json!(1);
    let pods = [bench.pod_with("u1", "slow", change).await, bench.pod("u2", "slow").await];
    bench.tell(pods.to_vec(), &[], true).await;
    let (first, second) = (bench.ready("u1").await, bench.ready("u2").await);
    let mut inside = Vec::new();
    for ip in [first, second] {
        inside.push(tokio::spawn(async move { ask(ip, "/?ms=20000").await }));
        until("the slow request is inside", async || ask(ip, "/?ms=1").await.is_ok()).await;
    }
    let began = Instant::now();
    bench.tell(vec![PodAssignment { stop: true, ..pods[0].clone() }], &["u2"], false).await;
    until("the removed Pod is gone", async || ask(second, "/").await.is_err()).await;
    bench.plane.until("stopped", |seen| seen.statuses.get("u1").filter(|(_, stopped)| *stopped).map(drop)).await;
    for request in inside {
        let answer = request.await.unwrap();
        assert!(!matches!(answer, Ok((200, _))), "what was inside has ended with the Pod: {answer:?}");
    }
    assert!(began.elapsed().as_secs() < 10, "it did not wait for the request");
}

// C8
#[tokio::test(flavor = "multi_thread")]
async fn a_recreated_name_is_a_new_pod() {
    let bench = Bench::start(204).await;
    let rename = |pod: &mut serde_json::Value| pod["metadata"]["name"] = json!("same");
    bench.tell(vec![bench.pod_with("u1", "hello02", rename).await], &[], true).await;
    let first = bench.ready("u1").await;
    bench.tell(vec![bench.pod_with("u2", "hello02", rename).await], &["u1"], false).await;
    let second = bench.ready("u2").await;
    // C47: the address of the first rests.
    assert_ne!(first, second);
    assert!(ask(first, "/").await.is_err());
    assert_eq!(text(second, "/").await, "hello\n");
}

// C38, F30, F51
#[tokio::test(flavor = "multi_thread")]
async fn traps_cost_their_request_only_and_are_told_without_a_flood() {
    let bench = Bench::start(205).await;
    bench.tell(vec![bench.pod("u1", "trap").await], &[], true).await;
    let ip = bench.ready("u1").await;
    for _ in 0..50 {
        let (status, body) = ask(ip, "/trap?boom").await.unwrap();
        assert_eq!(status, 500);
        assert!(body.starts_with("pod test/pod-u1: the guest trapped:"), "{body}");
        assert_eq!(text(ip, "/").await, "hello\n");
    }
    assert_eq!(bench.agent().guest_failures().traps, 50);
    let trapped = |seen: &super::plane::Seen| {
        let events: Vec<_> = seen.events.iter().filter(|e| e.reason == "GuestTrapped").cloned().collect();
        (!events.is_empty()).then_some(events)
    };
    let events = bench.plane.until("an Event", trapped).await;
    assert_eq!((events.len(), events[0].pod_uid.as_str()), (1, "u1"), "{events:?}");
    assert!(events[0].message.contains("container main"), "{}", events[0].message);
    let status = bench.status("u1", "ready", is_ready).await;
    assert_eq!(status["containerStatuses"][0]["restartCount"], 0);
}

// C44
#[tokio::test(flavor = "multi_thread")]
async fn another_image_lets_requests_end_within_the_grace_of_the_pod() {
    let bench = Bench::start(206).await;
    let grace = |pod: &mut serde_json::Value| pod["spec"]["terminationGracePeriodSeconds"] = json!(2);
    let pod = bench.pod_with("u1", "slow", grace).await;
    bench.tell(vec![pod.clone()], &[], true).await;
    let ip = bench.ready("u1").await;
    let ask_for = |ms: u32| tokio::spawn(async move { ask(ip, &format!("/?ms={ms}")).await });
    let (short, long) = (ask_for(1000), ask_for(20_000));
    for _ in 0..4 {
        until("the slow requests are inside", async || ask(ip, "/?ms=1").await.is_ok()).await;
    }
    let began = Instant::now();
    let other = PodAssignment { artifacts: bench.pod("u1", "hello02").await.artifacts, ..pod };
    bench.tell(vec![other], &[], false).await;
    until("the new image answers", async || ask(ip, "/").await.is_ok_and(|(_, body)| body == "hello\n")).await;
    assert_eq!(short.await.unwrap().unwrap(), (200, "at last\n".to_owned()));
    let cut_off = long.await.unwrap();
    assert!(!matches!(cut_off, Ok((200, _))), "{cut_off:?}");
    assert!(began.elapsed().as_secs() < 10, "it was not kept until its own deadline");
}

fn reuse(pod: &mut serde_json::Value) {
    pod["metadata"]["annotations"] = json!({"insula.dev/reuse": "requests=1000,concurrent=50,idle=60s"});
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_answers_as_many_requests_at_once_as_its_pod_says() {
    let bench = Bench::start(207).await;
    bench.tell(vec![bench.pod_with("u1", "many03", reuse).await], &[], true).await;
    let ip = bench.ready("u1").await;
    let asked = futures::future::join_all((0..20).map(|_| text(ip, "/?ms=300"))).await;
    let instances = asked.iter().filter(|said| said.as_str() == "served 1\n").count();
    // One for each of the two threads that answer requests, and some where others computed just then.
    assert!((1..15).contains(&instances), "{asked:?}");
    // One of them traps, and takes along those of its own instance alone.
    let inside = futures::future::join_all((0..20).map(|_| ask(ip, "/?ms=500")));
    let (inside, (status, said)) = tokio::join!(inside, async { ask(ip, "/trap").await.unwrap() });
    assert_eq!((status, said.starts_with("pod test/pod-u1: the guest trapped:")), (500, true), "{said}");
    for answer in inside {
        assert!(matches!(answer.unwrap().0, 200 | 500));
    }
    assert!(text(ip, "/").await.starts_with("served "));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_answer_several_at_once_is_told_so() {
    let bench = Bench::start(208).await;
    bench.tell(vec![bench.pod_with("u1", "slow", reuse).await], &[], true).await;
    let ip = bench.ready("u1").await;
    let told = |seen: &super::plane::Seen| seen.events.iter().find(|event| event.reason == "ReusedOneAtATime").cloned();
    let event = bench.plane.until("an Event", told).await;
    assert!(event.message.starts_with("container main: its component is of WASI 0.2"), "{}", event.message);
    let asked = futures::future::join_all((0..4).map(|_| text(ip, "/?ms=20"))).await;
    assert_eq!(asked, ["at last\n"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_ends_while_its_pod_drains_has_its_own_exit_code() {
    let bench = Bench::start(209).await;
    let mut pod = bench
        .pod_with("u1", "slow", |pod| {
            let job = json!({"name": "job", "image": "job:v1", "args": ["sleep", "1500"]});
            pod["spec"]["containers"].as_array_mut().unwrap().push(job);
            pod["spec"]["restartPolicy"] = json!("Never");
        })
        .await;
    let job = bench.pod("other", "job").await.artifacts.remove(0);
    pod.artifacts.push(Artifact { container: "job".to_owned(), ..job });
    bench.tell(vec![pod.clone()], &[], true).await;
    let ip = bench.ready("u1").await;
    let inside = tokio::spawn(async move { ask(ip, "/?ms=4000").await });
    until("the slow request is inside", async || ask(ip, "/?ms=1").await.is_ok()).await;
    bench.tell(vec![PodAssignment { stop: true, ..pod }], &[], false).await;
    let stopped = bench.plane.until("stopped", |seen| seen.statuses.get("u1").filter(|(_, stopped)| *stopped).cloned());
    let (status, _) = stopped.await;
    assert_eq!(inside.await.unwrap().unwrap().0, 200);
    let ended = &status["containerStatuses"][1];
    assert_eq!((&ended["name"], &ended["state"]["terminated"]["exitCode"]), (&json!("job"), &json!(0)), "{status}");
}
