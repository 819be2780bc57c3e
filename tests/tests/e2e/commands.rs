//! Containers that run to an end, the files they see, the servers they are, and what is told when they crash.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tests::client::Api;
use tests::{Cluster, paths, until};

const PODS: &str = "/api/v1/namespaces/default/pods";

fn pod(name: &str, policy: &str, args: &[&str]) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name },
        "spec": {
            "restartPolicy": policy,
            "containers": [{ "name": "main", "image": "job:v1", "args": args }],
        },
    })
}

async fn status(api: &Api, name: &str) -> Value {
    api.get(&format!("{PODS}/{name}")).await.map(|pod| pod["status"].clone()).unwrap_or_default()
}

async fn over(api: &Api, name: &str) -> Value {
    until("the Pod is over", || async {
        let status = status(api, name).await;
        matches!(status["phase"].as_str(), Some("Succeeded" | "Failed")).then_some(status)
    })
    .await
}

fn exit_code(status: &Value) -> &Value {
    &status["containerStatuses"][0]["state"]["terminated"]["exitCode"]
}

/// A command's exit is its Pod's phase; what it printed is its log.
#[tokio::test]
async fn a_command_ends_its_pod_with_its_status() {
    let cluster = Cluster::up();
    cluster.push("job", "job:v1");
    let api = cluster.api().await;
    for (name, args, phase, code) in [
        ("prints", &["one", "two"][..], "Succeeded", 0),
        ("fails", &["exit", "3"], "Failed", 3),
        ("traps", &["trap"], "Failed", 134),
    ] {
        api.create(PODS, &pod(name, "Never", args)).await.expect("is created");
        let status = over(&api, name).await;
        assert_eq!((status["phase"].as_str(), exit_code(&status)), (Some(phase), &json!(code)), "{name}: {status}");
    }
    assert_eq!(cluster.insula_ok(&["logs", "prints"]), "one\ntwo\n");
    let log = cluster.insula_ok(&["logs", "traps"]);
    assert!(log.contains("as asked") && log.contains("the guest trapped") && log.contains("  at "), "{log}");
    let events = until("the crash is an Event", || async {
        let events = api.items("/api/v1/namespaces/default/events").await;
        events.into_iter().find(|event| event["reason"] == "GuestTrapped")
    })
    .await;
    assert_eq!(events["involvedObject"]["name"], "traps");
}

/// C40: a command that fails is restarted with back-off, and its last words can be read.
#[tokio::test]
async fn a_command_that_fails_is_restarted_and_told_of() {
    let cluster = Cluster::up();
    cluster.push("job", "job:v1");
    let api = cluster.api().await;
    api.create(PODS, &pod("again", "OnFailure", &["cat", "/none"])).await.expect("is created");
    let restarted = until("it was restarted", || async {
        let status = status(&api, "again").await;
        let main = status["containerStatuses"][0].clone();
        (main["restartCount"].as_u64() >= Some(1)).then_some(main)
    })
    .await;
    assert_eq!(restarted["lastState"]["terminated"]["exitCode"], 1, "{restarted}");
    let before = cluster.insula_ok(&["logs", "again", "--previous"]);
    assert!(before.contains("NotFound") || before.contains("No such file"), "{before}");
    // C44: one that does not end by itself ends with its Pod, and is not taken for one that has come to its end.
    api.create(PODS, &pod("spins", "Always", &["spin"])).await.expect("is created");
    until("it runs", || async { (status(&api, "spins").await["phase"] == "Running").then_some(()) }).await;
    api.delete(&format!("{PODS}/spins")).await.expect("is deleted");
    until("it is gone", || async { api.get(&format!("{PODS}/spins")).await.err() }).await;
}

/// C33: a command does not survive its host, and its Pod says so; one that had ended stays ended.
#[tokio::test]
async fn a_command_is_lost_with_its_host_and_what_had_ended_stays_so() {
    let mut cluster = Cluster::server();
    let host = cluster.join();
    cluster.push("job", "job:v1");
    let api = cluster.api().await;
    api.create(PODS, &pod("done", "Never", &["one"])).await.expect("is created");
    over(&api, "done").await;
    api.create(PODS, &pod("lost", "Never", &["spin"])).await.expect("is created");
    api.create(PODS, &pod("again", "OnFailure", &["spin"])).await.expect("is created");
    for name in ["lost", "again"] {
        until("it runs", || async { (status(&api, name).await["phase"] == "Running").then_some(()) }).await;
    }
    cluster.hosts[host].kill();
    cluster.restart_host(host);
    let lost = over(&api, "lost").await;
    assert_eq!((lost["phase"].as_str(), exit_code(&lost)), (Some("Failed"), &json!(255)), "{lost}");
    until("it runs again", || async {
        let status = status(&api, "again").await;
        let main = &status["containerStatuses"][0];
        (main["restartCount"] == 1 && !main["state"]["running"].is_null()).then_some(())
    })
    .await;
    assert_eq!(status(&api, "done").await["phase"], "Succeeded");
}

/// Volumes: a ConfigMap's files change while the guest runs, a Secret's are there, an emptyDir is written.
#[tokio::test]
async fn guests_see_volumes_and_what_becomes_of_their_sources() {
    let cluster = Cluster::up();
    cluster.push("files", "files:v1");
    let api = cluster.api().await;
    let core = "/api/v1/namespaces/default";
    let map = json!({ "metadata": { "name": "settings" }, "data": { "greeting": "hello", "colour": "red" } });
    let secret = json!({ "metadata": { "name": "keys" }, "stringData": { "token": "s3cret" } });
    let service = json!({
        "metadata": { "name": "files" },
        "spec": { "type": "NodePort", "selector": { "app": "files" }, "ports": [{ "port": 80 }] },
    });
    let pod = json!({
        "metadata": { "name": "files", "labels": { "app": "files" } },
        "spec": {
            "containers": [{
                "name": "main", "image": "files:v1",
                "volumeMounts": [
                    { "name": "settings", "mountPath": "/settings" },
                    { "name": "keys", "mountPath": "/keys" },
                    { "name": "scratch", "mountPath": "/scratch" },
                ],
            }],
            "volumes": [
                { "name": "settings", "configMap": { "name": "settings" } },
                { "name": "keys", "secret": { "secretName": "keys", "items": [{ "key": "token", "path": "a/token" }] } },
                { "name": "scratch", "emptyDir": {} },
            ],
        },
    });
    api.create(&format!("{core}/services"), &service).await.expect("is created");
    api.create(PODS, &pod).await.expect("is created");
    until("it waits for its sources", || async {
        let reason = status(&api, "files").await["containerStatuses"][0]["state"]["waiting"]["reason"].clone();
        (reason == "FailedMount").then_some(())
    })
    .await;
    api.create(&format!("{core}/configmaps"), &map).await.expect("is created");
    api.create(&format!("{core}/secrets"), &secret).await.expect("is created");
    let port =
        api.get(&format!("{core}/services/files")).await.expect("is there")["spec"]["ports"][0]["nodePort"].clone();
    let port = u16::try_from(port.as_u64().expect("has a port")).expect("is a port");
    let at = SocketAddr::new(cluster.slice.node_ip(1), port);
    let body = async |path: &str| {
        let (status, _, body) = tests::load::get(at, path).await.ok()?;
        (status == 200).then_some(body)
    };
    until("its files are there", || async { body("/settings/greeting").await.filter(|text| text == "hello") }).await;
    assert_eq!(body("/keys/a/token").await.as_deref(), Some("s3cret"));
    assert_eq!(body("/scratch/").await.as_deref(), Some(""));
    let change = json!({ "data": { "greeting": "good day", "colour": null } });
    api.merge(&format!("{core}/configmaps/settings"), &change).await.expect("is changed");
    until("the change is seen", || async { body("/settings/greeting").await.filter(|text| text == "good day") }).await;
    assert!(body("/settings/colour").await.is_none(), "what is gone from the source is gone from the volume");
    assert_eq!(status(&api, "files").await["containerStatuses"][0]["restartCount"], 0);
}

/// A server over `wasi:sockets` stands behind a Service like anything else.
#[tokio::test]
async fn a_guests_server_listens_on_its_pods_address() {
    let cluster = Cluster::up();
    cluster.push("tcp", "tcp:v1");
    let api = cluster.api().await;
    let pod = json!({
        "metadata": { "name": "tcp", "labels": { "app": "tcp" } },
        "spec": { "containers": [{
            "name": "main", "image": "tcp:v1",
            "env": [{ "name": "PORT", "value": "7000" }, { "name": "HOSTNAME", "value": "me" }],
            "ports": [{ "containerPort": 7000 }],
        }] },
    });
    api.create(PODS, &pod).await.expect("is created");
    let ip = until("it runs", || async {
        let status = status(&api, "tcp").await;
        (status["phase"] == "Running").then(|| status["podIP"].as_str().map(str::to_owned)).flatten()
    })
    .await;
    let line = until("it answers", || async {
        use std::io::{BufRead, BufReader, Write};
        let mut stream = std::net::TcpStream::connect((ip.as_str(), 7000)).ok()?;
        stream.write_all(b"hello\n").ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        Some(line)
    })
    .await;
    assert_eq!(line, "me hello\n");
    // Another guest reaches it by that address, and nothing else of the machine.
    cluster.push("job", "job:v1");
    for (name, target, phase) in
        [("reaches", format!("{ip}:7000"), "Succeeded"), ("strays", format!("{ip}:22"), "Failed")]
    {
        let mut client = pod_of("tcp:v1", name, &["connect", &target, "hi"]);
        client["spec"]["restartPolicy"] = json!("Never");
        api.create(PODS, &client).await.expect("is created");
        assert_eq!(over(&api, name).await["phase"], phase, "{name}");
    }
    assert_eq!(cluster.insula_ok(&["logs", "reaches"]), "me hi\n");
}

fn pod_of(image: &str, name: &str, args: &[&str]) -> Value {
    json!({ "metadata": { "name": name }, "spec": { "containers": [{ "name": "main", "image": image, "args": args }] } })
}

/// A preview 1 module, a kubectl that waits: what most people will try first.
#[tokio::test]
async fn kubectl_waits_for_a_command_and_reads_its_log() {
    let cluster = Cluster::up();
    cluster.push("job", "job:v1");
    let Some(kubectl) = paths::kubectls().into_iter().next() else { panic!("there is a kubectl") };
    let run = ["run", "once", "--image=job:v1", "--restart=Never", "--", "hello", "there"];
    drop(cluster.kubectl_ok(&kubectl, &run));
    let succeeded = "--for=jsonpath={.status.phase}=Succeeded";
    drop(cluster.kubectl_ok(&kubectl, &["wait", "pod/once", succeeded, "--timeout=20s"]));
    assert_eq!(cluster.kubectl_ok(&kubectl, &["logs", "once"]), "hello\nthere\n");
    let table = cluster.kubectl_ok(&kubectl, &["get", "pod", "once"]);
    assert!(table.contains("Completed") && table.contains("0/1"), "{table}");
}
