//! What one connects to: which Pods, by whom, and what is said to those who cannot.

use http::Request;
use serde_json::{Value, json};

use super::harness::{Cluster, SHOP};

async fn cluster() -> Cluster {
    let cluster = Cluster::new().await;
    let pod = json!({
        "metadata": {"name": "web"},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "web:v1"}]},
    });
    cluster.post(&format!("{SHOP}/pods"), &pod).await.expect(201);
    cluster
}

async fn asked(cluster: &Cluster, method: &str, part: &str, token: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let uri = format!("{SHOP}/pods/web/{part}");
    let mut request = Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = cluster.send(request.body(axum::body::Body::empty()).expect("a request")).await;
    (answer.code, answer.body)
}

const SOCKET: [(&str, &str); 5] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-protocol", "v5.channel.k8s.io"),
];
const SPDY: [(&str, &str); 2] = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")];

#[tokio::test]
async fn nothing_runs_in_a_component_and_both_protocols_are_told_so() {
    let cluster = cluster().await;
    for (method, headers) in [("GET", &SOCKET[..]), ("POST", &SPDY)] {
        for (part, words) in
            [("exec?command=sh", "cannot run commands in pod web"), ("attach", "cannot attach to pod web")]
        {
            let (code, body) = asked(&cluster, method, part, "master", headers).await;
            let message = body["message"].as_str().unwrap_or_default();
            assert_eq!((code, body["reason"].as_str()), (400, Some("BadRequest")), "{body}");
            assert!(message.contains(words) && message.contains("kubectl logs web"), "{message}");
        }
    }
    let (code, body) = asked(&cluster, "DELETE", "exec", "master", &[]).await;
    assert_eq!((code, body["reason"].as_str()), (405, Some("MethodNotAllowed")));
}

#[tokio::test]
async fn a_forward_needs_an_upgrade_and_a_pod_that_runs() {
    let cluster = cluster().await;
    let (code, body) = asked(&cluster, "GET", "portforward", "master", &[]).await;
    assert_eq!((code, &body["message"]), (400, &json!("Upgrade request required")));
    let (code, body) = asked(&cluster, "POST", "portforward", "master", &SPDY).await;
    assert_eq!(code, 400);
    let message = body["message"].as_str().unwrap_or_default();
    assert!(message.contains("pod web is not running. Current status=Pending"), "{message}");
    cluster.get(&format!("{SHOP}/pods/absent/portforward")).await.expect(404);
}

/// A WebSocket begins with a GET, but who may only look may not enter.
#[tokio::test]
async fn connecting_is_creating_whatever_the_method() {
    let cluster = cluster().await;
    for method in ["GET", "POST"] {
        let (code, body) = asked(&cluster, method, "portforward", "stranger", &SPDY).await;
        let message = body["message"].as_str().unwrap_or_default();
        assert_eq!(code, 403);
        assert!(message.contains("cannot create resource \"pods/portforward\""), "{message}");
    }
}
