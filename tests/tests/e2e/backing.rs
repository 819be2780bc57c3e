//! What guests keep and say: the same for all replicas on all hosts, still there after kill -9, and nobody else's.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tests::client::Api;
use tests::load::{self, Answer};
use tests::{Cluster, until};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn deployment(name: &str, replicas: u32, grants: &Value) -> Value {
    json!({
        "metadata": { "name": name },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name }, "annotations": grants },
                "spec": { "containers": [{ "name": "main", "image": format!("{name}:v1") }] },
            },
        },
    })
}

/// Deploys a guest of this name behind a Node port of the same name, and returns the port.
async fn deploy(cluster: &Cluster, api: &Api, name: &str, replicas: u32, grants: &Value) -> u16 {
    cluster.push(name, &format!("{name}:v1"));
    api.create(DEPLOYMENTS, &deployment(name, replicas, grants)).await.expect("is created");
    let service = json!({
        "metadata": { "name": name },
        "spec": { "type": "NodePort", "selector": { "app": name }, "ports": [{ "port": 80 }] },
    });
    let made = api.create("/api/v1/namespaces/default/services", &service).await.expect("is created");
    until("all replicas are available", || async {
        let found = api.get(&format!("{DEPLOYMENTS}/{name}")).await.ok()?;
        (found["status"]["availableReplicas"] == replicas).then_some(())
    })
    .await;
    u16::try_from(made["spec"]["ports"][0]["nodePort"].as_u64().expect("has a port")).expect("is a port")
}

async fn ask(method: http::Method, at: SocketAddr, path: &str, body: &str) -> Result<Answer, String> {
    load::ask(method, at, path, body).await
}

/// An answer with a status of 2xx, as soon as there is one: routes may be a moment behind.
async fn well(method: http::Method, at: SocketAddr, path: &str, body: &str) -> String {
    until("it is answered", || async {
        let (status, _, text) = ask(method.clone(), at, path, body).await.ok()?;
        status.is_success().then_some(text)
    })
    .await
}

/// Two replicas on two hosts count in one bucket; the server is killed, and nothing that was answered is lost.
#[tokio::test]
async fn replicas_share_a_bucket_and_what_was_answered_outlives_kill_9() {
    let mut cluster = Cluster::server();
    cluster.join();
    cluster.join();
    let api = cluster.api().await;
    let port = deploy(&cluster, &api, "keyvalue", 4, &json!({ "insula.dev/keyvalue": "default" })).await;
    let [a, b] = [2, 3].map(|n| SocketAddr::new(cluster.slice.node_ip(n), port));
    well(http::Method::PUT, a, "/greeting", "hello").await;
    for at in [a, b, a, b] {
        assert_eq!(well(http::Method::GET, at, "/greeting", "").await, "hello");
    }
    // Every increment that was answered counts once, whoever did it.
    let mut counting = Vec::new();
    for n in 0..40 {
        let at = if n % 2 == 0 { a } else { b };
        counting.push(tokio::spawn(async move { ask(http::Method::POST, at, "/n/increment?by=1", "").await }));
    }
    let mut answered = 0_u64;
    for counted in counting {
        let answer = counted.await.expect("ends");
        answered += u64::from(answer.is_ok_and(|(status, _, _)| status.is_success()));
    }
    assert_eq!(answered, 40, "none failed");
    assert_eq!(well(http::Method::GET, a, "/n", "").await, "40");
    cluster.server.kill();
    let (status, _, text) =
        ask(http::Method::GET, a, "/greeting", "").await.expect("the host answers without a server");
    assert!(status.is_server_error() && !text.is_empty(), "and says what is missing: {status} {text}");
    cluster.restart_server();
    assert_eq!(well(http::Method::GET, b, "/greeting", "").await, "hello");
    assert_eq!(well(http::Method::GET, b, "/n", "").await, "40");
}

/// F50: a bucket that is not named is denied, and one namespace's is not another's.
#[tokio::test]
async fn a_bucket_is_granted_by_name_and_its_namespaces_own() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    let port = deploy(&cluster, &api, "keyvalue", 1, &json!({ "insula.dev/keyvalue": "other" })).await;
    let at = SocketAddr::new(cluster.slice.node_ip(1), port);
    let denied = until("it is denied", || async {
        let (status, _, text) = ask(http::Method::GET, at, "/x", "").await.ok()?;
        (status == 403).then_some(text)
    })
    .await;
    assert!(denied.contains("denied"), "{denied}");
    let bad = deployment("bad", 1, &json!({ "insula.dev/keyvalue": "../etc" }));
    let refused = api.create(DEPLOYMENTS, &bad).await.expect_err("is refused");
    assert!(format!("{refused:?}").contains("../etc"), "{refused:?}");
}

/// Blobs stream through both ways, also those larger than a message of the protocol.
#[tokio::test]
async fn blobs_are_kept_and_found_again() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    let port = deploy(&cluster, &api, "blobs", 2, &json!({ "insula.dev/blobs": "pictures" })).await;
    let at = SocketAddr::new(cluster.slice.node_ip(1), port);
    well(http::Method::PUT, at, "/pictures", "").await;
    let large = "0123456789abcdef".repeat(300_000);
    well(http::Method::PUT, at, "/pictures/large", &large).await;
    assert!(well(http::Method::GET, at, "/pictures/large", "").await == large, "whole and unchanged");
    assert_eq!(well(http::Method::GET, at, "/pictures", "").await, "large\n");
    let (status, _, _) = ask(http::Method::PUT, at, "/secrets", "").await.expect("is answered");
    assert!(!status.is_success(), "a container that is not granted");
}

/// A message goes to one replica of each workload that listens, and its answer comes back.
#[tokio::test]
async fn messages_reach_one_replica_and_are_answered() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    let grants = json!({ "insula.dev/publish": "orders.>", "insula.dev/subscribe": "orders.>" });
    let port = deploy(&cluster, &api, "messages", 3, &grants).await;
    let at = SocketAddr::new(cluster.slice.node_ip(1), port);
    // Subscriptions follow readiness; a request tells when there is one.
    assert_eq!(well(http::Method::POST, at, "/orders.ask?reply=1", "there?").await, "re: there?");
    for n in 0..10 {
        well(http::Method::POST, at, "/orders.created", &format!("order-{n}")).await;
    }
    let logs = until("all have come", || async {
        let pods = api.items("/api/v1/namespaces/default/pods").await;
        let logs: Vec<String> = pods
            .iter()
            .filter_map(|pod| pod["metadata"]["name"].as_str())
            .map(|name| cluster.insula_ok(&["logs", name]))
            .collect();
        let all = logs.concat();
        (0..10).all(|n| all.contains(&format!("orders.created order-{n}\n"))).then_some(all)
    })
    .await;
    assert_eq!(logs.matches("orders.created").count(), 10, "each once: {logs}");
    let (status, _, _) = ask(http::Method::POST, at, "/payments", "x").await.expect("is answered");
    assert_eq!(status, 403, "a topic that is not granted");
}
