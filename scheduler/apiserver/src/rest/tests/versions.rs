//! One stored object in two versions: Events as `v1` and as `events.k8s.io/v1`.

use serde_json::{Value, json};

use super::harness::{Cluster, SHOP};
use super::watches::Watching;

const NEWER: &str = "/apis/events.k8s.io/v1/namespaces/shop/events";

fn older(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name},
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": "shop"},
        "reason": "Started",
        "message": "it runs",
        "type": "Normal",
        "source": {"component": "host"},
    })
}

fn newer(name: &str) -> Value {
    json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "regarding": {"kind": "Pod", "name": "api", "namespace": "shop"},
        "reportingController": "example.com/tester",
        "reportingInstance": "one",
        "action": "Testing",
        "reason": "Tested",
        "note": "it was tested",
        "type": "Normal",
    })
}

#[tokio::test]
async fn an_event_is_the_same_in_both_groups() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/events"), &older("a")).await.expect(201);
    let created = cluster.post(NEWER, &newer("b")).await.expect(201);
    assert_eq!((&created["apiVersion"], &created["note"]), (&json!("events.k8s.io/v1"), &json!("it was tested")));

    let list = cluster.get(NEWER).await.expect(200);
    assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("EventList"), &json!("events.k8s.io/v1")));
    let notes: Vec<&str> =
        list["items"].as_array().expect("a list").iter().filter_map(|e| e["note"].as_str()).collect();
    assert_eq!(notes, ["it runs", "it was tested"]);
    let stored = cluster.get(&format!("{SHOP}/events/b")).await.expect(200);
    assert_eq!((&stored["message"], &stored["involvedObject"]["name"]), (&json!("it was tested"), &json!("api")));
    assert_eq!((&stored["reportingComponent"], &stored["note"]), (&json!("example.com/tester"), &Value::Null));

    let selected = cluster.get(&format!("{NEWER}?fieldSelector=regarding.name=api")).await.expect(200);
    assert_eq!(selected["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(cluster.get(&format!("{NEWER}?fieldSelector=involvedObject.name=api")).await.code, 400);
    assert_eq!(cluster.get(&format!("{SHOP}/events?fieldSelector=involvedObject.name=api")).await.code, 200);
}

#[tokio::test]
async fn writes_speak_the_version_of_their_path() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/events"), &older("a")).await.expect(201);
    let (path, patch) = (format!("{NEWER}/a"), json!({"note": "changed", "deprecatedCount": 3}));
    assert_eq!(cluster.merge(&path, &patch).await.expect(200)["note"], "changed");
    let strategic = json!({"regarding": {"fieldPath": "spec"}}).to_string();
    let patched = cluster.call("PATCH", &path, "application/strategic-merge-patch+json", strategic).await.expect(200);
    assert_eq!(patched["regarding"], json!({"kind": "Pod", "name": "web", "namespace": "shop", "fieldPath": "spec"}));
    let mut read = cluster.get(&path).await.expect(200);
    read["note"] = json!("put");
    assert_eq!(cluster.put(&path, &read).await.expect(200)["note"], "put");
    let stored = cluster.get(&format!("{SHOP}/events/a")).await.expect(200);
    assert_eq!((&stored["message"], &stored["count"]), (&json!("put"), &json!(3)));

    for (path, body, code) in [
        (NEWER, older("c"), 400),
        (&*format!("{SHOP}/events"), newer("c"), 400),
        (NEWER, json!({"metadata": {"name": "c"}, "regarding": {"kind": "Pod"}}), 422),
    ] {
        assert_eq!(cluster.post(path, &body).await.code, code, "{body}");
    }
    let missing = cluster.get(&format!("{NEWER}/none")).await.expect(404);
    assert_eq!(missing["message"], "events.events.k8s.io \"none\" not found");
    assert_eq!(missing["details"]["group"], "events.k8s.io");
    assert_eq!(cluster.delete(&path).await.expect(200)["details"]["group"], "events.k8s.io");
    assert_eq!(cluster.get(&format!("{SHOP}/events/a")).await.code, 404);
}

#[tokio::test]
async fn watches_and_tables_follow() {
    let cluster = Cluster::new().await;
    let mut watch = Watching::open(&cluster, &format!("{NEWER}?watch=true&allowWatchBookmarks=true"), "*/*").await;
    cluster.post(&format!("{SHOP}/events"), &older("a")).await.expect(201);
    let event = watch.next().await.expect("an event");
    assert_eq!((&event["type"], &event["object"]["note"]), (&json!("ADDED"), &json!("it runs")));
    assert_eq!(event["object"]["apiVersion"], "events.k8s.io/v1");
    assert!(event["object"]["metadata"]["resourceVersion"].is_string());
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    let shown = cluster.get_as(&format!("{NEWER}?includeObject=Object"), table).await.expect(200);
    assert_eq!(shown["rows"][0]["object"]["regarding"]["name"], "web");
    assert_eq!(shown["rows"][0]["cells"][3], "pod/web");

    let group = cluster.get("/apis/events.k8s.io/v1").await.expect(200);
    assert_eq!(group["resources"][0]["kind"], "Event");
    let document = cluster.get("/openapi/v3/apis/events.k8s.io/v1").await.expect(200);
    assert!(document["components"]["schemas"]["io.k8s.api.events.v1.Event"]["properties"]["note"].is_object());
}
