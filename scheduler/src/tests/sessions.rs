//! What a host is told, what it may say, and when a Pod may stop.

use std::time::Duration;

use protocol::v1::{HostEvent, HostEvents, from_host};
use serde_json::{Value, json};
use tonic::Code;

use super::host::{FakeHost, hello};
use super::{eventually, start};

const PODS: &str = "/api/v1/namespaces/default/pods";

fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().expect("has a uid").to_owned()
}

fn secret(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"key": value}})
}

// F83
#[tokio::test]
async fn a_host_is_told_its_pods_with_what_they_refer_to_and_nothing_else() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let secrets = "/api/v1/namespaces/default/secrets";
    api.create(secrets, &secret("mine", "one")).await;
    api.create(secrets, &secret("other", "two")).await;
    let mut a = FakeHost::dial(server.pipe("a"), "a").await;
    let b = FakeHost::dial(server.pipe("b"), "b").await;
    assert_ne!(a.welcome.pod_cidr, b.welcome.pod_cidr, "every node has a range of its own");
    let refer = |pod: &mut Value| pod["spec"]["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "mine"}}]);
    let first = api.pod("first", "a", refer).await;
    let foreign = api.pod("foreign", "b", |_| {}).await;
    a.until("the snapshot", |host| host.is_complete && host.pods.contains_key(&uid(&first))).await;
    let sources = |host: &FakeHost| {
        let told = &host.pods[&uid(&first)].sources;
        told.iter().map(|s| (s.name.clone(), String::from_utf8_lossy(&s.data["key"]).into_owned())).collect::<Vec<_>>()
    };
    assert_eq!(sources(&a), [("mine".to_owned(), "one".to_owned())]);
    assert_eq!(a.pods[&uid(&first)].artifacts[0].reason, "ErrImagePull", "nothing was pushed");
    api.patch(&format!("{secrets}/mine"), &json!({"stringData": {"key": "new"}})).await;
    a.until("the new content", |host| sources(host)[0].1 == "new").await;
    let second = api.pod("second", "a", |_| {}).await;
    a.until("a delta", |host| host.pods.contains_key(&uid(&second))).await;
    assert!(!a.pods.contains_key(&uid(&foreign)));
    api.json("DELETE", &format!("{PODS}/second"), &json!({"gracePeriodSeconds": 0})).await;
    a.until("a removal", |host| host.removed.contains(&uid(&second))).await;
    server.shutdown().await;
}

// C8, F83
#[tokio::test]
async fn a_status_is_acknowledged_once_it_is_kept_and_only_its_own_host_may_report_it() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut a = FakeHost::dial(server.pipe("a"), "a").await;
    let mut b = FakeHost::dial(server.pipe("b"), "b").await;
    let old = api.pod("web", "a", |_| {}).await;
    a.until("the pod", |host| host.pods.contains_key(&uid(&old))).await;
    a.report_ready(&old, "127.64.0.2").await;
    let kept = api.get(&format!("{PODS}/web")).await.expect("exists");
    assert_eq!(kept["status"]["phase"], "Running", "acknowledged is kept");
    assert_eq!(kept["status"]["podIPs"][0]["ip"], "127.64.0.2");

    api.json("DELETE", &format!("{PODS}/web"), &json!({"gracePeriodSeconds": 0})).await;
    let new = api.pod("web", "a", |_| {}).await;
    a.until("the new pod", |host| host.pods.contains_key(&uid(&new))).await;
    let sequence = a.report(&old, &json!({"phase": "Failed"}), false).await;
    a.until("a late report is acknowledged", |host| host.committed >= sequence).await;
    let kept = api.get(&format!("{PODS}/web")).await.expect("exists");
    assert_ne!(kept["status"]["phase"], "Failed", "and dropped: it is about another pod of that name");

    b.report(&new, &json!({"phase": "Failed"}), false).await;
    assert_eq!(b.until_end().await.code(), Code::PermissionDenied);
    let kept = api.get(&format!("{PODS}/web")).await.expect("exists");
    assert_ne!(kept["status"]["phase"], "Failed");
    server.shutdown().await;
}

// C44, C49
#[tokio::test]
async fn a_pod_stops_after_every_host_has_acknowledged_routes_without_it() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut a = FakeHost::dial(server.pipe("a"), "a").await;
    let mut b = FakeHost::dial(server.pipe("b"), "b").await;
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    });
    api.create("/api/v1/namespaces/default/services", &service).await;
    let (leaving, staying) = (api.pod("leaving", "a", |_| {}).await, api.pod("staying", "a", |_| {}).await);
    a.until("both", |host| host.pods.len() == 2).await;
    a.report_ready(&leaving, "127.64.0.2").await;
    a.report_ready(&staying, "127.64.0.3").await;
    let picks = |host: &FakeHost, pod: &Value| host.services.get("web").is_some_and(|uids| uids.contains(&uid(pod)));
    let both = |host: &FakeHost| picks(host, &leaving) && picks(host, &staying);
    a.until("routes", both).await;
    b.until("routes", both).await;
    a.acknowledge().await;
    b.acknowledge().await;

    api.delete(&format!("{PODS}/leaving")).await;
    let one = |host: &FakeHost| !picks(host, &leaving) && picks(host, &staying);
    a.until("routes without it", one).await;
    b.until("routes without it", one).await;
    a.acknowledge().await;
    let stops = |host: &FakeHost| host.pods[&uid(&leaving)].stop;
    a.throughout(Duration::from_millis(300), "it serves while b may still send", |host| !stops(host)).await;
    b.acknowledge().await;
    a.until("the word to stop", stops).await;
    a.report(&leaving, &json!({"phase": "Succeeded"}), true).await;
    a.until("it is gone", |host| host.removed.contains(&uid(&leaving))).await;
    assert!(api.get(&format!("{PODS}/leaving")).await.is_none());
    server.shutdown().await;
}

#[tokio::test]
async fn a_silent_host_and_one_that_hung_up_are_not_waited_for() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut a = FakeHost::dial(server.pipe("a"), "a").await;
    let silent = FakeHost::dial(server.pipe("b"), "b").await;
    let connected = async |name: &str| {
        let status = api.get("/insula.dev/v1/status").await.expect("answers");
        let hosts = status["hosts"].as_array().expect("is a list").clone();
        hosts.iter().find(|h| h["name"] == name).map(|h| h["connected"] == true)
    };
    assert_eq!(connected("b").await, Some(true));
    let heard = a.throughout(Duration::from_secs(3), "a is heard", |_| true);
    let lost = eventually("b is lost", || async { (connected("b").await == Some(false)).then_some(()) });
    tokio::join!(heard, lost);
    assert_eq!(connected("a").await, Some(true));
    drop(silent);
    drop(a);
    eventually("a is lost", || async { (connected("a").await == Some(false)).then_some(()) }).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_newer_session_replaces_an_older_one() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, _api) = start(dir.path()).await;
    let mut old = FakeHost::dial(server.pipe("a"), "a").await;
    let mut new = FakeHost::dial(server.pipe("a"), "a").await;
    assert_eq!(old.welcome.node_uid, new.welcome.node_uid);
    assert_eq!(old.welcome.pod_cidr, new.welcome.pod_cidr);
    old.until_end().await;
    new.until("it goes on", |host| host.is_complete && host.routes.is_some()).await;
    server.shutdown().await;
}

// C8
#[tokio::test]
async fn a_status_that_turns_and_turns_back_is_kept_each_time() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut host = FakeHost::dial(server.pipe("a"), "a").await;
    let pod = api.pod("web", "a", |_| {}).await;
    host.until("the pod", |host| host.pods.contains_key(&uid(&pod))).await;
    for turn in 0..40 {
        let ready = if turn % 2 == 0 { "True" } else { "False" };
        let status = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]});
        let sequence = host.report(&pod, &status, false).await;
        host.until("the status is committed", |host| host.committed >= sequence).await;
        let kept = api.get(&format!("{PODS}/web")).await.expect("exists");
        let conditions = kept["status"]["conditions"].as_array().expect("has conditions").clone();
        assert!(conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == ready), "turn {turn}: {conditions:?}");
    }
    server.shutdown().await;
}

// F83
#[tokio::test]
async fn what_a_host_sees_becomes_events_that_count() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut host = FakeHost::dial(server.pipe("a"), "a").await;
    let pod = api.pod("web", "a", |_| {}).await;
    host.until("the pod", |host| host.pods.contains_key(&uid(&pod))).await;
    let event = |pod_uid: String| HostEvent {
        pod_uid,
        namespace: "default".to_owned(),
        name: "web".to_owned(),
        r#type: "Warning".to_owned(),
        reason: "Trap".to_owned(),
        message: "unreachable executed".to_owned(),
        count: 2,
    };
    for namespace in ["default", "kube-system", "default"] {
        // Whatever it says of the name: the UID tells whom it is about.
        let of_pod = HostEvent { namespace: namespace.to_owned(), ..event(uid(&pod)) };
        let events = vec![of_pod, event("another".to_owned())];
        host.say(from_host::Message::Events(HostEvents { events })).await;
    }
    let found = eventually("an event", || async {
        let events = api.get("/api/v1/namespaces/default/events").await?;
        let traps = events["items"].as_array()?.iter().filter(|e| e["reason"] == "Trap");
        let traps: Vec<Value> = traps.cloned().collect();
        (traps.iter().any(|e| e["count"] == 6)).then_some(traps)
    })
    .await;
    assert_eq!(found.len(), 1, "one object, counted; none about a pod that is no more");
    assert_eq!(found[0]["involvedObject"]["uid"], pod["metadata"]["uid"]);
    let planted = api.get("/api/v1/namespaces/kube-system/events").await.expect("answers");
    assert!(planted["items"].as_array().is_some_and(Vec::is_empty), "a namespace is not the host's to choose");
    let lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a";
    eventually("a lease", || api.get(lease)).await;
    api.delete("/api/v1/nodes/a").await;
    eventually("no lease", || async { api.get(lease).await.is_none().then_some(()) }).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_host_that_makes_no_sense_is_told_why() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, _api) = start(dir.path()).await;
    let refused = async |bend: fn(&mut protocol::v1::Hello)| {
        let mut said = hello("a");
        bend(&mut said);
        FakeHost::try_dial(server.pipe("a"), said).await.err().expect("is refused")
    };
    let status = refused(|h| h.cluster_id = "another".to_owned()).await;
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    let status = refused(|h| (h.protocol_min, h.protocol_max) = (99, 99)).await;
    assert!(status.message().contains("99"), "{status}");
    let status = refused(|h| h.node_ip = String::new()).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let mut host = FakeHost::dial(server.pipe("a"), "a").await;
    host.say(from_host::Message::Hello(hello("a"))).await;
    assert_eq!(host.until_end().await.code(), Code::InvalidArgument);
    server.shutdown().await;
}

// C65, F83
#[tokio::test]
async fn a_pod_that_mounts_a_token_gets_its_own_which_the_api_knows_while_the_pod_is_there() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut a = FakeHost::dial(server.pipe("a"), "a").await;
    let mut b = FakeHost::dial(server.pipe("b"), "b").await;
    let asks = |pod: &mut Value| pod["spec"]["automountServiceAccountToken"] = json!(true);
    let (first, other) = (api.pod("first", "a", asks).await, api.pod("other", "b", asks).await);
    let plain = api.pod("plain", "a", |_| {}).await;
    assert_eq!(plain["spec"]["serviceAccountName"], "default");
    assert!(plain["spec"].get("volumes").is_none(), "nothing is mounted unless asked for");
    let token = |host: &FakeHost, pod: &Value| {
        let sources = host.pods.get(&uid(pod)).map(|pod| pod.sources.clone()).unwrap_or_default();
        sources.iter().find_map(|source| source.data.get(protocol::TOKEN_KEY).cloned())
    };
    a.until("a token", |host| token(host, &first).is_some() && host.pods.contains_key(&uid(&plain))).await;
    b.until("a token", |host| token(host, &other).is_some()).await;
    assert_eq!(a.pods[&uid(&plain)].sources, []);
    let review = async |token: &[u8]| {
        let spec = json!({"token": String::from_utf8_lossy(token)});
        let path = "/apis/authentication.k8s.io/v1/tokenreviews";
        api.json("POST", path, &json!({"spec": spec})).await.1["status"].clone()
    };
    let (of_first, of_other) = (token(&a, &first).expect("is there"), token(&b, &other).expect("is there"));
    let status = review(&of_first).await;
    assert_eq!(status["user"]["username"], "system:serviceaccount:default:default");
    assert_eq!(status["user"]["extra"]["authentication.kubernetes.io/pod-name"], json!(["first"]));
    let status = review(&of_other).await;
    assert_eq!(status["user"]["extra"]["authentication.kubernetes.io/pod-uid"], json!([other["metadata"]["uid"]]));
    api.json("DELETE", &format!("{PODS}/first"), &json!({"gracePeriodSeconds": 0})).await;
    assert_eq!(review(&of_first).await["authenticated"], false, "it died with its Pod");
    let (code, refused) = api
        .json(
            "POST",
            PODS,
            &json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
                "spec": {"serviceAccountName": "none", "containers": [{"name": "c", "image": "web:1"}]},
            }),
        )
        .await;
    assert_eq!(code, 403);
    assert_eq!(
        refused["message"],
        "pods \"x\" is forbidden: error looking up service account default/none: serviceaccount \"none\" not found"
    );
    server.shutdown().await;
}
