//! Custom resources from their definition to their end.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::Cluster;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS: &str = "/apis/example.com/v1/namespaces/shop/widgets";
const PATIENCE: Duration = Duration::from_secs(20);

fn version(name: &str, storage: bool) -> Value {
    let rules = json!([
        {"rule": "self.replicas <= 10", "message": "at most ten"},
        {
            "rule": "!has(oldSelf.size) || self.size >= oldSelf.size",
            "messageExpression": "'size may not shrink from ' + string(oldSelf.size)",
        },
    ]);
    json!({
        "name": name, "served": true, "storage": storage,
        "subresources": {"status": {}, "scale": {
            "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        }},
        "additionalPrinterColumns": [
            {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"},
            {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas", "priority": 1},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
        "selectableFields": [{"jsonPath": ".spec.colour"}],
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "required": ["colour"], "x-kubernetes-validations": rules, "properties": {
                "colour": {"type": "string", "enum": ["red", "green"], "description": "What it looks like."},
                "replicas": {"type": "integer", "minimum": 0.0, "default": 1},
                "size": {"type": "integer"},
            }},
            "status": {"type": "object", "properties": {
                "replicas": {"type": "integer"}, "selector": {"type": "string"}, "phase": {"type": "string"},
            }},
        }}},
    })
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]},
            "versions": [version("v1", true), version("v1beta1", false)],
        },
    })
}

fn widget(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec})
}

async fn established(cluster: &Cluster, name: &str) -> Value {
    wait(cluster, &format!("{CRDS}/{name}"), |found| {
        let conditions = found["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|c| c["type"] == "Established" && c["status"] == "True")
    })
    .await
}

async fn wait(cluster: &Cluster, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        loop {
            let found = cluster.get(path).await.body;
            if holds(&found) {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("in time")
}

async fn with_widgets() -> Cluster {
    let cluster = Cluster::new().await;
    cluster.post(CRDS, &definition()).await.expect(201);
    established(&cluster, "widgets.example.com").await;
    cluster
}

#[tokio::test]
async fn a_definition_that_is_established_serves_at_once() {
    let cluster = with_widgets().await;
    let made = cluster.post(WIDGETS, &widget("a", &json!({"colour": "red", "junk": 1}))).await;
    assert!(made.warnings().iter().any(|warning| warning.contains("spec.junk")), "{:?}", made.warnings());
    let made = made.expect(201);
    assert_eq!(made["spec"], json!({"colour": "red", "replicas": 1}), "pruned and filled in");
    assert_eq!(made["metadata"]["generation"], 1);
    let strict = format!("{WIDGETS}?fieldValidation=Strict");
    assert_eq!(cluster.post(&strict, &widget("b", &json!({"colour": "red", "junk": 1}))).await.code, 400);
    let crd = cluster.get(&format!("{CRDS}/widgets.example.com")).await.expect(200);
    assert_eq!(crd["status"]["storedVersions"], json!(["v1"]));
    assert_eq!(crd["status"]["acceptedNames"]["listKind"], "WidgetList");
}

#[tokio::test]
async fn objects_are_held_against_schema_and_rules() {
    let cluster = with_widgets().await;
    let refused = cluster.post(WIDGETS, &widget("a", &json!({"replicas": -1, "colour": "blue"}))).await;
    assert_eq!(refused.code, 422);
    let causes = refused.body["details"]["causes"].as_array().expect("causes");
    let fields: Vec<_> = causes.iter().map(|cause| cause["field"].as_str().unwrap_or_default()).collect();
    assert_eq!(fields, ["spec.replicas", "spec.colour"]);
    let refused = cluster.post(WIDGETS, &widget("a", &json!({"replicas": 11, "colour": "red"}))).await;
    let message = refused.body["message"].as_str().unwrap_or_default();
    assert!(message.contains("spec: Invalid value: \"object\": at most ten"), "{message}");
    cluster.post(WIDGETS, &widget("a", &json!({"colour": "red", "size": 5}))).await.expect(201);
    let shrunk = cluster.merge(&format!("{WIDGETS}/a"), &json!({"spec": {"size": 4}})).await;
    assert!(shrunk.text.contains("size may not shrink from 5"), "{}", shrunk.text);
    let grown = cluster.merge(&format!("{WIDGETS}/a"), &json!({"spec": {"size": 6}})).await.expect(200);
    assert_eq!(grown["metadata"]["generation"], 2);
    let media = "application/strategic-merge-patch+json";
    assert_eq!(cluster.call("PATCH", &format!("{WIDGETS}/a"), media, "{}").await.code, 415);
}

#[tokio::test]
async fn versions_status_scale_columns_and_selectors_are_served() {
    let cluster = with_widgets().await;
    cluster.post(WIDGETS, &widget("a", &json!({"colour": "red"}))).await.expect(201);
    let beta = cluster.get("/apis/example.com/v1beta1/namespaces/shop/widgets/a").await.expect(200);
    assert_eq!(beta["apiVersion"], "example.com/v1beta1");
    let list = cluster.get("/apis/example.com/v1beta1/widgets").await.expect(200);
    assert_eq!((&list["kind"], &list["items"][0]["apiVersion"]), (&json!("WidgetList"), &beta["apiVersion"]));
    let patch = json!({"spec": {"size": 3}, "status": {"replicas": 1, "phase": "Up"}});
    let status = cluster.merge(&format!("{WIDGETS}/a/status"), &patch).await.expect(200);
    assert_eq!((&status["status"]["phase"], &status["spec"]["size"]), (&json!("Up"), &Value::Null));
    assert_eq!(status["metadata"]["generation"], 1);
    let scale = cluster.merge(&format!("{WIDGETS}/a/scale"), &json!({"spec": {"replicas": 3}})).await.expect(200);
    assert_eq!((&scale["spec"]["replicas"], &scale["status"]["replicas"]), (&json!(3), &json!(1)));
    let table = cluster.get_as(WIDGETS, "application/json;as=Table;v=v1;g=meta.k8s.io").await.expect(200);
    let columns = table["columnDefinitions"].as_array().expect("columns");
    let names: Vec<_> = columns.iter().map(|column| column["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["Name", "Colour", "Replicas", "Age"]);
    assert_eq!(
        table["rows"][0]["cells"].as_array().map(|c| c[..3].to_vec()),
        Some(vec![json!("a"), json!("red"), json!(3)])
    );
    let selected = |colour: &str| format!("{WIDGETS}?fieldSelector=spec.colour%3D{colour}");
    assert_eq!(cluster.get(&selected("red")).await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(cluster.get(&selected("green")).await.expect(200)["items"].as_array().map(Vec::len), Some(0));
    assert_eq!(cluster.get(&format!("{WIDGETS}?fieldSelector=spec.size%3D1")).await.code, 400);
    let documents = cluster.get("/openapi/v3/apis/example.com/v1").await.expect(200);
    let schema = &documents["components"]["schemas"]["com.example.v1.Widget"];
    assert_eq!(schema["properties"]["spec"]["properties"]["colour"]["description"], "What it looks like.");
    let path = "/apis/example.com/v1/namespaces/{namespace}/widgets/{name}";
    let forms = documents["paths"][path]["patch"]["requestBody"]["content"].as_object().expect("forms");
    assert!(forms.contains_key("application/merge-patch+json"), "{forms:?}");
    assert!(!forms.contains_key("application/strategic-merge-patch+json"), "kubectl sends what it finds here");
}

#[tokio::test]
async fn a_definition_goes_after_its_objects_and_can_come_again() {
    let cluster = with_widgets().await;
    let mut held = widget("a", &json!({"colour": "red"}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.post(WIDGETS, &held).await.expect(201);
    let crd = format!("{CRDS}/widgets.example.com");
    cluster.delete(&crd).await.expect(200);
    wait(&cluster, &format!("{WIDGETS}/a"), |a| a["metadata"]["deletionTimestamp"].is_string()).await;
    let late = cluster.post(WIDGETS, &widget("b", &json!({"colour": "red"}))).await;
    assert_eq!(late.code, 405, "nothing new: {}", late.text);
    let version = cluster.get(WIDGETS).await.expect(200)["metadata"]["resourceVersion"].clone();
    let version = version.as_str().unwrap_or_default();
    let (app, path) = (&cluster, format!("{WIDGETS}?watch=1&allowWatchBookmarks=true&resourceVersion={version}"));
    let release =
        async { cluster.merge(&format!("{WIDGETS}/a"), &json!({"metadata": {"finalizers": null}})).await.expect(200) };
    let both = async { tokio::join!(app.get(&path), release) };
    let (watched, _) = tokio::time::timeout(PATIENCE, both).await.expect("the watch ends");
    assert!(watched.text.contains("DELETED"), "{}", watched.text);
    wait(&cluster, &crd, |found| found["reason"] == "NotFound").await;
    wait(&cluster, WIDGETS, |found| found["reason"] == "NotFound").await;
    cluster.post(CRDS, &definition()).await.expect(201);
    established(&cluster, "widgets.example.com").await;
    assert_eq!(cluster.get(WIDGETS).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn names_that_are_taken_are_not_given_twice() {
    let cluster = with_widgets().await;
    let mut other = definition();
    other["metadata"]["name"] = json!("gadgets.example.com");
    other["spec"]["names"] = json!({"plural": "gadgets", "kind": "Gadget", "shortNames": ["wd"]});
    cluster.post(CRDS, &other).await.expect(201);
    let crd = format!("{CRDS}/gadgets.example.com");
    let judged = |found: &Value| found["status"]["conditions"].as_array().is_some_and(|c| !c.is_empty());
    let refused = wait(&cluster, &crd, judged).await;
    let names = &refused["status"]["conditions"][0];
    assert_eq!((&names["type"], &names["status"]), (&json!("NamesAccepted"), &json!("False")));
    assert_eq!(cluster.get("/apis/example.com/v1/gadgets").await.code, 404);
    cluster.merge(&crd, &json!({"spec": {"names": {"shortNames": ["gd"]}}})).await.expect(200);
    established(&cluster, "gadgets.example.com").await;
    assert_eq!(cluster.get("/apis/example.com/v1/gadgets").await.code, 200);
}

#[tokio::test]
async fn bad_definitions_are_refused_with_every_reason() {
    let cluster = Cluster::new().await;
    let mut bad = definition();
    bad["metadata"]["name"] = json!("other.example.com");
    bad["spec"]["conversion"] = json!({"strategy": "Webhook"});
    bad["spec"]["versions"][0]["storage"] = json!(false);
    bad["spec"]["versions"][1]["schema"]["openAPIV3Schema"]["properties"]["spec"]["x-kubernetes-validations"] =
        json!([{"rule": "self.nothing == 1"}]);
    let refused = cluster.post(CRDS, &bad).await;
    assert_eq!(refused.code, 422);
    for part in [
        "must be spec.names.plural",
        "conversion by webhook is not served",
        "must have exactly one version marked as storage version",
        "undefined field 'nothing'",
    ] {
        assert!(refused.text.contains(part), "{part} in {}", refused.text);
    }
    let mut bomb = definition();
    bomb["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"] =
        json!({"type": "string", "pattern": "((a{100}){100}){100}"});
    assert_eq!(cluster.post(CRDS, &bomb).await.code, 422);
}
