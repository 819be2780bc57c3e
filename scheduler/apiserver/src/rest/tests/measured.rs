//! What is measured: read like anything else, and nothing more.

use serde_json::{Value, json};

use super::harness::Cluster;

const PODS: &str = "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods";

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().into_iter().flatten().filter_map(|item| item["metadata"]["name"].as_str()).collect()
}

#[tokio::test]
async fn what_is_measured_is_listed_selected_and_shown() {
    let cluster = Cluster::new().await;
    let list = cluster.get(PODS).await.expect(200);
    assert_eq!((&list["kind"], &list["metadata"]), (&json!("PodMetricsList"), &json!({})));
    assert_eq!(names(&list), ["burner", "idle"]);
    let all = cluster.get("/apis/metrics.k8s.io/v1beta1/pods?labelSelector=app%3Didle").await.expect(200);
    assert_eq!(names(&all), ["idle"]);
    let one = cluster.get(&format!("{PODS}?fieldSelector=metadata.name%3Dburner")).await.expect(200);
    assert_eq!(names(&one), ["burner"]);
    assert_eq!(cluster.get(&format!("{PODS}/idle")).await.expect(200)["window"], "5s");
    let absent = cluster.get(&format!("{PODS}/absent")).await.expect(404);
    assert_eq!(absent["message"], "pods.metrics.k8s.io \"absent\" not found");
    let table = cluster.get_as(PODS, "application/json;as=Table;v=v1;g=meta.k8s.io").await.expect(200);
    assert_eq!(table["rows"][0]["cells"], json!(["burner", "251500u", "2Mi", "5s"]));
    let nodes = cluster.get("/apis/metrics.k8s.io/v1beta1/nodes").await.expect(200);
    assert_eq!((&nodes["kind"], names(&nodes).len()), (&json!("NodeMetricsList"), 0));
}

#[tokio::test]
async fn what_is_measured_is_neither_written_nor_watched() {
    let cluster = Cluster::new().await;
    cluster.post(PODS, &json!({"metadata": {"name": "x"}})).await.expect(405);
    cluster.merge(&format!("{PODS}/idle"), &json!({})).await.expect(405);
    cluster.delete(&format!("{PODS}/idle")).await.expect(405);
    cluster.get(&format!("{PODS}?watch=true")).await.expect(405);
    let resources = cluster.get("/apis/metrics.k8s.io/v1beta1").await.expect(200);
    assert_eq!(resources["resources"][1]["verbs"], json!(["get", "list"]));
    let document = cluster.get("/openapi/v3/apis/metrics.k8s.io/v1beta1").await.expect(200);
    let path = &document["paths"]["/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods/{name}"];
    assert!(path["get"].is_object() && path["put"].is_null() && path["delete"].is_null());
}
