//! What is written down of requests, and what never is.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::harness::{Cluster, SHOP};
use crate::server::Peer;
use crate::{AuditEvent, AuditSink};

/// What must never be written down.
const CANARY: &str = "canary-4f1d";

struct Recorded {
    cluster: Cluster,
    events: mpsc::Receiver<AuditEvent>,
}

impl Recorded {
    async fn new() -> Self {
        let (sink, events) = AuditSink::new();
        Self { cluster: Cluster::recorded(sink).await, events }
    }

    /// Sends a request and returns its event.
    async fn event(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Value {
        let mut request = Request::builder().method(method).uri(path).header("user-agent", "kubectl/v1.37");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_string())).expect("a request");
        request.extensions_mut().insert(Peer(([10, 1, 2, 3], 999).into()));
        let answer = self.cluster.send(request).await;
        let event = self.events.try_recv().expect("an event").to_value();
        assert_eq!(event["auditID"], answer.headers["audit-id"].to_str().expect("text"));
        assert_eq!(event["responseStatus"]["code"], answer.code);
        event
    }
}

const MASTER: (&str, &str) = ("authorization", "Bearer master");
const JSON: (&str, &str) = ("content-type", "application/json");

// C67, F85
#[tokio::test]
async fn an_event_tells_who_did_what_and_no_secret() {
    let mut recorded = Recorded::new().await;
    let secret = json!({"metadata": {"name": "s"}, "stringData": {"password": CANARY}});
    let created = recorded.event("POST", &format!("{SHOP}/secrets"), &[MASTER, JSON], &secret).await;
    for (pointer, wanted) in [
        ("/level", json!("Metadata")),
        ("/stage", json!("ResponseComplete")),
        ("/verb", json!("create")),
        ("/user/username", json!("master")),
        ("/sourceIPs", json!(["10.1.2.3"])),
        ("/userAgent", json!("kubectl/v1.37")),
        ("/objectRef/resource", json!("secrets")),
        ("/objectRef/namespace", json!("shop")),
        ("/objectRef/name", json!("s")),
        ("/responseStatus/code", json!(201)),
        ("/annotations/authorization.k8s.io~1decision", json!("allow")),
    ] {
        assert_eq!(created.pointer(pointer), Some(&wanted), "{pointer}: {created}");
    }
    assert!(created["annotations"]["apiserver.latency.k8s.io/total"].as_str().is_some_and(|l| l.ends_with("ms")));
    let bad = json!({"metadata": {"name": "t"}, "data": {"password": CANARY}});
    let invalid = recorded.event("POST", &format!("{SHOP}/secrets"), &[MASTER, JSON], &bad).await;
    let watch = format!("{SHOP}/secrets?watch=1&timeoutSeconds=1");
    let watched = recorded.event("GET", &watch, &[MASTER], &Value::Null).await;
    assert_eq!((&watched["stage"], &watched["verb"]), (&json!("ResponseStarted"), &json!("watch")));
    let bearer = format!("Bearer {CANARY}");
    let wrong = recorded.event("GET", &format!("{SHOP}/pods"), &[("authorization", &bearer)], &Value::Null).await;
    assert_eq!((&wrong["user"], &wrong["responseStatus"]["reason"]), (&json!({}), &json!("Unauthorized")));
    let in_url = format!("{SHOP}/pods?access_token={CANARY}");
    let refused = recorded.event("GET", &in_url, &[], &Value::Null).await;
    let acted = [MASTER, ("impersonate-user", "bob")];
    let forbidden = recorded.event("DELETE", &format!("{SHOP}/secrets/s"), &acted, &Value::Null).await;
    assert_eq!(forbidden["impersonatedUser"]["username"], "bob");
    assert_eq!(forbidden["annotations"]["authorization.k8s.io/decision"], "forbid");
    for event in [created, invalid, watched, wrong, refused, forbidden] {
        assert!(!event.to_string().contains(CANARY), "{event}");
    }
}

#[tokio::test]
async fn events_that_find_no_room_are_counted_and_nobody_waits() {
    let (sink, events) = AuditSink::new();
    let cluster = Cluster::recorded(sink.clone()).await;
    for _ in 0..crate::limits::AUDIT_QUEUE + 10 {
        let request = Request::get("/version").body(Body::empty()).expect("a request");
        assert_eq!(cluster.send(request).await.code, 200);
    }
    assert_eq!(sink.dropped().load(std::sync::atomic::Ordering::Relaxed), 10);
    assert_eq!(events.len(), crate::limits::AUDIT_QUEUE);
    let health = Request::get("/livez").body(Body::empty()).expect("a request");
    assert!(!cluster.send(health).await.headers.contains_key("audit-id"), "health is asked every second");
}
