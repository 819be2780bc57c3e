//! Watches over HTTP: events, bookmarks, the first events.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use http::Request;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt;

use super::harness::{Cluster, SHOP, config_map, pod};
use super::returned;

/// Long for a machine, short for a person.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Watching {
    stream: BodyDataStream,
    buffer: Vec<u8>,
}

impl Watching {
    pub(super) async fn open(cluster: &Cluster, path: &str, accept: &str) -> Self {
        let request = Request::get(path).header("authorization", "Bearer master").header("accept", accept);
        let request = request.body(Body::empty()).expect("a request");
        let response = cluster.app.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        assert_eq!(response.status(), 200, "{path}");
        Self { stream: response.into_body().into_data_stream(), buffer: Vec::new() }
    }

    /// The next event; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(at) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=at).collect();
                returned::note("an event", &String::from_utf8_lossy(&line));
                return Some(serde_json::from_slice(&line).expect("a line of JSON"));
            }
            let chunk = timeout(PATIENCE, self.stream.next()).await.expect("something in time")?;
            self.buffer.extend_from_slice(&chunk.expect("no broken stream"));
        }
    }

    pub(super) async fn told(&mut self) -> (String, String) {
        let event = self.next().await.expect("an event");
        let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
        (event["type"].as_str().unwrap_or_default().to_owned(), name.to_owned())
    }
}

fn told(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}

async fn label(cluster: &Cluster, name: &str, value: Value) {
    let patch = json!({"metadata": {"labels": {"app": value}}});
    cluster.merge(&format!("{SHOP}/configmaps/{name}"), &patch).await.expect(200);
}

// C3
#[tokio::test]
async fn a_watch_continues_where_a_list_ended() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/configmaps");
    cluster.post(&list, &config_map("a", &json!({}))).await.expect(201);
    let version = cluster.get(&list).await.expect(200)["metadata"]["resourceVersion"].as_str().expect("one").to_owned();
    cluster.post(&list, &config_map("b", &json!({}))).await.expect(201);
    let mut watch = Watching::open(&cluster, &format!("{list}?watch=true&resourceVersion={version}"), "*/*").await;
    assert_eq!(watch.told().await, told("ADDED", "b"));
    cluster.merge(&format!("{list}/a"), &json!({"data": {"x": "y"}})).await.expect(200);
    let event = watch.next().await.expect("an event");
    assert_eq!((&event["type"], &event["object"]["data"]["x"]), (&json!("MODIFIED"), &json!("y")));
    assert_eq!(event["object"], cluster.get(&format!("{list}/a")).await.expect(200));
    cluster.delete(&format!("{list}/a")).await.expect(200);
    let event = watch.next().await.expect("an event");
    assert_eq!((&event["type"], &event["object"]["data"]["x"]), (&json!("DELETED"), &json!("y")));
    let at = |value: &Value| value["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse::<u64>().ok());
    assert!(at(&event["object"]) > version.parse().ok(), "a deletion has the version it happened at");
}

#[tokio::test]
async fn selectors_turn_changes_into_comings_and_goings() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/configmaps");
    cluster.post(&list, &config_map("a", &json!({}))).await.expect(201);
    let mut watch = Watching::open(&cluster, &format!("{list}?watch=1&labelSelector=app%3Dx"), "*/*").await;
    label(&cluster, "a", json!("y")).await;
    label(&cluster, "a", json!("x")).await;
    assert_eq!(watch.told().await, told("ADDED", "a"));
    cluster.merge(&format!("{list}/a"), &json!({"data": {"x": "y"}})).await.expect(200);
    assert_eq!(watch.told().await, told("MODIFIED", "a"));
    label(&cluster, "a", Value::Null).await;
    assert_eq!(watch.told().await, told("DELETED", "a"));
}

#[tokio::test]
async fn a_watch_of_one_name_sees_no_namesakes() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/configmaps");
    let mut watch = Watching::open(&cluster, &format!("{list}?watch=1&fieldSelector=metadata.name%3Dweb"), "*/*").await;
    for name in ["web-1", "we", "web"] {
        cluster.post(&list, &config_map(name, &json!({}))).await.expect(201);
    }
    assert_eq!(watch.told().await, told("ADDED", "web"));
}

#[tokio::test]
async fn initial_events_end_with_a_mark() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/configmaps");
    for name in ["a", "b"] {
        cluster.post(&list, &config_map(name, &json!({}))).await.expect(201);
    }
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut watch = Watching::open(&cluster, &format!("{list}?{query}"), "*/*").await;
    assert_eq!(watch.told().await, told("ADDED", "a"));
    assert_eq!(watch.told().await, told("ADDED", "b"));
    let mark = watch.next().await.expect("a bookmark");
    assert_eq!(mark["type"], "BOOKMARK");
    assert_eq!(mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    cluster.post(&list, &config_map("c", &json!({}))).await.expect(201);
    assert_eq!(watch.told().await, told("ADDED", "c"));
    cluster.get(&format!("{list}?watch=1&sendInitialEvents=true")).await.expect(400);
}

#[tokio::test]
async fn a_watch_ends_in_time_with_a_bookmark() {
    let cluster = Cluster::new().await;
    let query = "watch=1&timeoutSeconds=1&allowWatchBookmarks=true";
    let mut watch = Watching::open(&cluster, &format!("{SHOP}/configmaps?{query}"), "*/*").await;
    assert_eq!(watch.told().await.0, "BOOKMARK");
    assert_eq!(watch.next().await, None);
}

// C3
#[tokio::test]
async fn a_compacted_version_is_expired() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/configmaps");
    for n in 0..5 {
        cluster.post(&list, &config_map(&format!("m{n}"), &json!({}))).await.expect(201);
    }
    let now = cluster.objects.store().revision().await;
    cluster.objects.store().compact(now - 1).await.expect("compacted");
    for version in [1, now + 1_000] {
        let mut watch = Watching::open(&cluster, &format!("{list}?watch=1&resourceVersion={version}"), "*/*").await;
        let event = watch.next().await.expect("an event");
        assert_eq!((&event["type"], &event["object"]["reason"]), (&json!("ERROR"), &json!("Expired")), "{version}");
        assert_eq!((&event["object"]["code"], watch.next().await), (&json!(410), None));
    }
}

#[tokio::test]
async fn tables_and_metadata_can_be_watched() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/pods");
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    let mut tables = Watching::open(&cluster, &format!("{list}?watch=1"), table).await;
    let partial = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    let mut partials = Watching::open(&cluster, &format!("{list}?watch=1"), partial).await;
    for name in ["a", "b"] {
        cluster.post(&list, &pod(name)).await.expect(201);
    }
    let first = tables.next().await.expect("an event");
    assert!(first["object"]["columnDefinitions"].as_array().is_some_and(|columns| !columns.is_empty()));
    assert_eq!(first["object"]["rows"][0]["cells"][0], "a");
    let second = tables.next().await.expect("an event");
    assert_eq!(second["object"]["columnDefinitions"], json!([]));
    let partial = partials.next().await.expect("an event");
    assert_eq!(
        (&partial["object"]["kind"], partial["object"]["spec"].is_null()),
        (&json!("PartialObjectMetadata"), true)
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_nothing_when_it_returns() {
    let cluster = Cluster::new().await;
    let list = format!("{SHOP}/configmaps");
    let mut watch = Watching::open(&cluster, &format!("{list}?watch=1"), "*/*").await;
    for n in 0..200 {
        cluster.post(&list, &config_map(&format!("m{n:03}"), &json!({}))).await.expect(201);
    }
    for n in 0..200 {
        assert_eq!(watch.told().await, told("ADDED", &format!("m{n:03}")));
    }
}
