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

/// A Service `web` whose one port, `http`, is served by the Pod `web`.
async fn serve(cluster: &Cluster) {
    let port = json!({"name": "http", "port": 80});
    let service = json!({"metadata": {"name": "web"}, "spec": {"ports": [port]}});
    cluster.post(&format!("{SHOP}/services"), &service).await.expect(201);
    let slice = json!({
        "metadata": {"name": "web-x", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "web"}}],
    });
    cluster.post("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", &slice).await.expect(201);
}

#[tokio::test]
async fn a_request_is_passed_on_without_what_concerns_us() {
    let cluster = cluster().await;
    serve(&cluster).await;
    for of in ["pods/web:8080", "pods/http:web:8080", "services/web", "services/http:web:http", "services/web:80"] {
        let prefix = format!("{SHOP}/{of}/proxy");
        let answer = cluster.get(&format!("{prefix}/a%20b/?watch=1&x=y")).await;
        assert_eq!(answer.code, 302, "{of}: {}", answer.text);
        assert!(answer.text.starts_with("GET /a%20b/?watch=1&x=y HTTP/1.1\r\n"), "{of}: {}", answer.text);
        assert!(answer.text.contains("host: :8080") && !answer.text.contains("master"), "{of}: {}", answer.text);
        assert_eq!(answer.headers["location"], format!("{prefix}/next"), "it is led back, and not followed");
        assert!(!answer.headers.contains_key("keep-alive"));
        let bare = cluster.get(&format!("{prefix}?x=y")).await;
        assert_eq!((bare.code, &bare.headers["location"]), (301, &format!("{prefix}/?x=y").parse().expect("a value")));
    }
    let posted = cluster.post(&format!("{SHOP}/pods/web:8080/proxy/"), &json!({})).await;
    assert!(
        posted.text.starts_with("POST / HTTP/1.1\r\n") && posted.text.contains("content-length: 2"),
        "{}",
        posted.text
    );
}

#[tokio::test]
async fn what_cannot_be_passed_on_is_told_why() {
    let cluster = cluster().await;
    serve(&cluster).await;
    for (of, code, words) in [
        ("pods/absent", 404, "not found"),
        ("pods/web:81", 503, "error trying to reach service: nobody listens"),
        ("pods/web:http", 400, "must be a number"),
        ("pods/https:web:8080", 400, "https is not spoken"),
        ("services/web:81", 503, "no service port \"81\" found"),
    ] {
        let answer = cluster.get(&format!("{SHOP}/{of}/proxy/")).await;
        let message = answer.body["message"].as_str().unwrap_or_default();
        assert!(answer.code == code && message.contains(words), "{of}: {}", answer.text);
    }
    let gone = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-x";
    cluster.delete(gone).await.expect(200);
    let nobody = cluster.get(&format!("{SHOP}/services/web/proxy/")).await.expect(503);
    assert_eq!(nobody["message"], "no endpoints available for service \"web\"");
}

#[tokio::test]
async fn passing_on_has_a_right_of_its_own_by_its_method() {
    let cluster = cluster().await;
    for (method, verb) in [("GET", "get"), ("POST", "create"), ("DELETE", "delete")] {
        let (code, body) = asked(&cluster, method, "proxy/x", "stranger", &[]).await;
        let message = body["message"].as_str().unwrap_or_default();
        assert_eq!(code, 403);
        assert!(message.contains(&format!("cannot {verb} resource \"pods/proxy\"")), "{message}");
    }
}

#[tokio::test]
async fn the_old_endpoints_are_derived_from_slices() {
    let cluster = cluster().await;
    serve(&cluster).await;
    let answer = cluster.get(&format!("{SHOP}/endpoints/web")).await;
    assert!(answer.warnings().iter().any(|warning| warning.contains("Endpoints is deprecated")), "{answer:?}");
    let address = json!({"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": "web"}});
    let ports = json!([{"name": "http", "port": 8080, "protocol": "TCP"}]);
    assert_eq!(answer.expect(200)["subsets"], json!([{"addresses": [address], "ports": ports}]));
    let list = cluster.get("/api/v1/endpoints?fieldSelector=metadata.name%3Dweb").await.expect(200);
    assert_eq!((&list["kind"], list["items"].as_array().map(Vec::len)), (&json!("EndpointsList"), Some(1)));
    cluster.get(&format!("{SHOP}/endpoints/absent")).await.expect(404);
    for refused in [
        cluster.post(&format!("{SHOP}/endpoints"), &json!({"metadata": {"name": "x"}})).await,
        cluster.get(&format!("{SHOP}/endpoints?watch=1")).await,
    ] {
        assert!(refused.expect(405)["message"].as_str().is_some_and(|why| why.contains("EndpointSlice")));
    }
}
