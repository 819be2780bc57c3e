//! Server-side apply and managed fields, over HTTP.

use http::Request;
use serde_json::{Value, json};

use super::harness::*;

const APPLY: &str = "application/apply-patch+yaml";

/// Applies as a manager.
async fn apply(cluster: &Cluster, path: &str, manager: &str, object: &Value) -> Answer {
    cluster.call("PATCH", &with(path, manager), APPLY, object.to_string()).await
}

fn with(path: &str, manager: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}fieldManager={manager}")
}

/// Manager, operation and subresource of every entry, and how many there are.
fn managers(object: &Value) -> Vec<String> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let shown = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("manager"), text("operation"), text("subresource")).trim_end().to_owned()
    };
    entries.iter().map(shown).collect()
}

fn fields(object: &Value, at: usize) -> &Value {
    &object["metadata"]["managedFields"][at]["fieldsV1"]
}

#[tokio::test]
async fn applying_creates_changes_and_does_nothing() {
    let cluster = Cluster::new().await;
    let path = format!("{SHOP}/configmaps/a");
    let first = apply(&cluster, &path, "one", &config_map("a", &json!({"x": "1", "y": "1"}))).await.expect(201);
    assert_eq!(managers(&first), ["one Apply"]);
    assert_eq!(fields(&first, 0), &json!({"f:data": {"f:x": {}, "f:y": {}}}));
    let again = apply(&cluster, &path, "one", &config_map("a", &json!({"x": "1", "y": "1"}))).await.expect(200);
    assert_eq!(again, first, "no revision, no new time");
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: \"2\"\n";
    let dry = cluster.call("PATCH", &with(&format!("{path}?dryRun=All"), "one"), APPLY, yaml).await.expect(200);
    assert_eq!(dry["data"], json!({"x": "2"}));
    assert_eq!(cluster.get(&path).await.expect(200), first);
    let changed = cluster.call("PATCH", &with(&path, "one"), APPLY, yaml).await.expect(200);
    assert_eq!((&changed["data"], fields(&changed, 0)), (&json!({"x": "2"}), &json!({"f:data": {"f:x": {}}})));
    let dry = format!("{SHOP}/configmaps/b?dryRun=All");
    apply(&cluster, &dry, "one", &config_map("b", &json!({}))).await.expect(201);
    cluster.get(&format!("{SHOP}/configmaps/b")).await.expect(404);
}

#[tokio::test]
async fn conflicts_name_the_manager_and_the_field() {
    let cluster = Cluster::new().await;
    let path = format!("{APPS}/deployments/web");
    let mut web = deployment("web");
    web["spec"]["replicas"] = json!(2);
    apply(&cluster, &path, "one", &web).await.expect(201);
    web["spec"]["replicas"] = json!(3);
    let refused = apply(&cluster, &path, "two", &web).await.expect(409);
    assert_eq!(
        refused,
        json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "Apply failed with 1 conflict: conflict with \"one\": .spec.replicas",
            "reason": "Conflict",
            "details": {"causes": [{
                "reason": "FieldManagerConflict",
                "message": "conflict with \"one\"",
                "field": ".spec.replicas",
            }]},
            "code": 409,
        })
    );
    web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("hello:2");
    let refused = apply(&cluster, &path, "two", &web).await.expect(409);
    assert_eq!(
        refused["message"],
        "Apply failed with 2 conflicts: conflicts with \"one\":\n- .spec.replicas\n- \
         .spec.template.spec.containers[name=\"main\"].image"
    );
    let forced = apply(&cluster, &format!("{path}?force=true"), "two", &web).await.expect(200);
    assert_eq!((&forced["spec"]["replicas"], managers(&forced).len()), (&json!(3), 2));
}

/// C9
#[tokio::test]
async fn scaled_replicas_are_not_reset() {
    let cluster = Cluster::new().await;
    let path = format!("{APPS}/deployments/web");
    let mut web = deployment("web");
    web["spec"]["replicas"] = json!(2);
    apply(&cluster, &path, "kubectl", &web).await.expect(201);
    cluster.merge(&with(&format!("{path}/scale"), "scaler"), &json!({"spec": {"replicas": 5}})).await.expect(200);
    let scaled = cluster.get(&path).await.expect(200);
    assert_eq!(managers(&scaled), ["kubectl Apply", "scaler Update scale"]);
    assert_eq!(fields(&scaled, 1), &json!({"f:spec": {"f:replicas": {}}}));
    let refused = apply(&cluster, &path, "kubectl", &web).await.expect(409);
    assert_eq!(
        refused["message"],
        "Apply failed with 1 conflict: conflict with \"scaler\" with subresource \"scale\" using apps/v1: .spec.replicas"
    );
    let silent = apply(&cluster, &path, "kubectl", &deployment("web")).await.expect(200);
    assert_eq!(silent["spec"]["replicas"], 5);
    // The Scale can be applied, too.
    let scale =
        json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"}, "spec": {"replicas": 4}});
    let refused = apply(&cluster, &format!("{path}/scale"), "other", &scale).await.expect(409);
    assert_eq!(refused["details"]["causes"][0]["field"], ".spec.replicas");
    let forced = apply(&cluster, &format!("{path}/scale?force=true"), "other", &scale).await.expect(200);
    assert_eq!((&forced["kind"], &forced["spec"]["replicas"]), (&json!("Scale"), &json!(4)));
    assert_eq!(managers(&cluster.get(&path).await.expect(200)), ["kubectl Apply", "other Apply scale"]);
}

#[tokio::test]
async fn every_write_is_remembered_with_its_writer() {
    let cluster = Cluster::new().await;
    let path = format!("{APPS}/deployments");
    let request = Request::builder()
        .method("POST")
        .uri(&path)
        .header("authorization", "Bearer master")
        .header("content-type", "application/json")
        .header("user-agent", "kubectl/v1.37.1 (linux/amd64) kubernetes/abc");
    let created =
        cluster.send(request.body(deployment("web").to_string().into()).expect("a request")).await.expect(201);
    assert_eq!(managers(&created), ["kubectl Update"]);
    let spec = &fields(&created, 0)["f:spec"];
    assert_eq!(spec["f:strategy"]["f:rollingUpdate"], json!({".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}));
    assert_eq!(
        spec["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"main\"}"]["."],
        json!({}),
        "defaults are the creator's, too"
    );
    let path = format!("{path}/web");
    cluster.merge(&with(&path, "labels"), &json!({"metadata": {"labels": {"a": "b"}}})).await.expect(200);
    cluster.merge(&with(&format!("{path}/status"), "status"), &json!({"status": {"replicas": 1}})).await.expect(200);
    let mut replaced = cluster.get(&path).await.expect(200);
    replaced["spec"]["replicas"] = json!(4);
    let replaced = cluster.put(&with(&path, "replace"), &replaced).await.expect(200);
    let mut found = managers(&replaced);
    found.sort();
    assert_eq!(found, ["kubectl Update", "labels Update", "replace Update", "status Update status"]);
    // A loop takes what it changes, and leaves no name.
    let patch = crate::Patch::Merge(json!({"spec": {"replicas": 1}, "metadata": {"labels": null}}));
    let objects = &cluster.objects;
    let options = crate::WriteOptions::default();
    let main = crate::Subresource::Main;
    objects.patch(&api::resource::DEPLOYMENTS, "shop", "web", main, patch, options).await.expect("patches");
    let left = cluster.get(&path).await.expect(200);
    assert_eq!(managers(&left).len(), 2, "{:?}", managers(&left));
}

#[tokio::test]
async fn what_only_loops_write_carries_no_managers() {
    let cluster = Cluster::new().await;
    let options = crate::WriteOptions::default;
    let objects = &cluster.objects;
    let created = objects.create(&api::resource::PODS, "shop", pod("a"), options()).await.expect("creates");
    assert!(created["metadata"]["managedFields"].is_null());
    let path = format!("{SHOP}/pods/a");
    let labelled = cluster.merge(&path, &json!({"metadata": {"labels": {"a": "b"}}})).await.expect(200);
    assert!(labelled["metadata"]["managedFields"].is_null(), "as in Kubernetes, until it is applied");
    let applied = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"a": "b"}}});
    let applied = apply(&cluster, &path, "kubectl", &applied).await.expect(200);
    assert_eq!(managers(&applied), ["kubectl Apply", "before-first-apply Update"]);
}

#[tokio::test]
async fn managers_can_be_renamed_and_cleared() {
    let cluster = Cluster::new().await;
    let path = format!("{SHOP}/configmaps/a");
    let post = with(&format!("{SHOP}/configmaps"), "kubectl-client-side-apply");
    let created = cluster.post(&post, &config_map("a", &json!({"x": "1"}))).await.expect(201);
    // As kubectl does on its first server-side apply.
    let mut entries = created["metadata"]["managedFields"].clone();
    (entries[0]["manager"], entries[0]["operation"]) = (json!("kubectl"), json!("Apply"));
    let patch = json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": created["metadata"]["resourceVersion"]},
    ]);
    let json_patch = "application/json-patch+json";
    let renamed = cluster.call("PATCH", &path, json_patch, patch.to_string()).await.expect(200);
    assert_eq!(renamed["metadata"]["managedFields"], entries);
    let bad = json!([{"op": "replace", "path": "/metadata/managedFields/0/operation", "value": "Eat"}]);
    let same = cluster.call("PATCH", &path, json_patch, bad.to_string()).await.expect(200);
    assert_eq!(managers(&same), ["kubectl Apply"], "what is not understood changes nothing");
    for empty in [json!([{}]), json!([])] {
        let cleared = cluster.merge(&path, &json!({"metadata": {"managedFields": empty}})).await.expect(200);
        assert!(cleared["metadata"]["managedFields"].is_null());
        apply(&cluster, &path, "one", &config_map("a", &json!({"x": "1"}))).await.expect(200);
    }
    let mut put = cluster.get(&path).await.expect(200);
    put["metadata"].as_object_mut().expect("metadata").remove("managedFields");
    let kept = cluster.put(&path, &put).await.expect(200);
    assert!(!managers(&kept).is_empty(), "who does not know managers does not clear them");
}

#[tokio::test]
async fn status_is_applied_apart() {
    let cluster = Cluster::new().await;
    let path = format!("{APPS}/deployments/web");
    let mut web = deployment("web");
    web["status"] = json!({"replicas": 9});
    let created = apply(&cluster, &path, "one", &web).await.expect(201);
    assert!(created["status"]["replicas"].is_null() && fields(&created, 0)["f:status"].is_null());
    web["metadata"]["labels"] = json!({"a": "b"});
    let answered = apply(&cluster, &format!("{path}/status"), "two", &web).await.expect(200);
    assert_eq!((&answered["status"]["replicas"], &answered["metadata"]["labels"]), (&json!(9), &Value::Null));
    assert_eq!(managers(&answered), ["one Apply", "two Apply status"]);
    assert_eq!(fields(&answered, 1), &json!({"f:status": {"f:replicas": {}}}));
    apply(&cluster, &format!("{APPS}/deployments/none/status"), "two", &deployment("none")).await.expect(404);
}

#[tokio::test]
async fn what_cannot_be_applied_is_refused() {
    let cluster = Cluster::new().await;
    let path = format!("{SHOP}/configmaps/a");
    let map = config_map("a", &json!({"x": "1"}));
    let without = cluster.call("PATCH", &path, APPLY, map.to_string()).await.expect(422);
    assert_eq!(
        without["message"],
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
    );
    cluster.merge(&format!("{path}?force=true"), &json!({})).await.expect(422);
    for (changed, code, words) in [
        (json!({"apiVersion": "v2"}), 400, "Incorrect version specified in apply patch"),
        (json!({"kind": "Secret"}), 400, "invalid object type"),
        (json!({"metadata": {"name": "b"}}), 400, "does not match the name on the URL"),
        (json!({"metadata": {"name": "a", "managedFields": []}}), 400, "metadata.managedFields must be nil"),
        (json!({"metadata": {"name": "a", "resourceVersion": "1"}}), 409, "the object has been modified"),
        (json!({"metadata": {"name": "a", "uid": "x"}}), 409, "UID in precondition"),
        (json!({"spec": {}}), 400, "(shop/a; /v1, Kind=ConfigMap): .spec: field not declared in schema"),
        (json!({"data": {"x": 1}}), 400, "data.x"),
    ] {
        let mut object = map.clone();
        json_patch::merge(&mut object, &changed);
        let refused = apply(&cluster, &path, "one", &object).await.expect(code);
        assert!(refused["message"].as_str().is_some_and(|text| text.contains(words)), "{refused}");
    }
    let duplicate = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: a, x: b}}";
    let strict = with(&format!("{path}?fieldValidation=Strict"), "one");
    cluster.call("PATCH", &strict, APPLY, duplicate).await.expect(400);
    let warned = cluster.call("PATCH", &with(&path, "one"), APPLY, duplicate).await;
    assert_eq!(warned.warnings(), ["299 - \"duplicate field \\\"data.x\\\"\""]);
    let mut stale = warned.expect(201);
    stale["metadata"] = json!({"name": "a", "resourceVersion": "1"});
    apply(&cluster, &path, "one", &stale).await.expect(409);
}

#[tokio::test]
async fn managers_of_other_versions_are_asked_in_their_own() {
    let cluster = Cluster::new().await;
    let newer = "/apis/events.k8s.io/v1/namespaces/shop/events/e";
    let event = json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "regarding": {"kind": "Pod", "name": "a", "namespace": "shop"},
        "reason": "Started",
        "action": "Starting",
        "type": "Normal",
        "note": "one",
        "reportingController": "example.com/c",
        "reportingInstance": "i",
    });
    let created = apply(&cluster, newer, "one", &event).await.expect(201);
    assert_eq!(created["note"], "one");
    apply(&cluster, newer, "one", &event).await.expect(200);
    let core = format!("{SHOP}/events/e");
    let other = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "message": "two"});
    let refused = apply(&cluster, &core, "two", &other).await.expect(409);
    assert_eq!(refused["details"]["causes"][0]["field"], ".note");
    let forced = apply(&cluster, &format!("{core}?force=true"), "two", &other).await.expect(200);
    assert_eq!((&forced["message"], managers(&forced).len()), (&json!("two"), 2));
}

#[tokio::test]
async fn who_may_only_patch_does_not_create() {
    let cluster = Cluster::new().await;
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop";
    let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"]}]);
    let role = json!({"metadata": {"name": "patcher"}, "rules": rules});
    cluster.post(&format!("{rbac}/roles"), &role).await.expect(201);
    let binding = json!({
        "metadata": {"name": "patcher"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "patcher"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "stranger"}],
    });
    cluster.post(&format!("{rbac}/rolebindings"), &binding).await.expect(201);
    let path = format!("{SHOP}/configmaps/a");
    let as_stranger = || async {
        let request = Request::builder()
            .method("PATCH")
            .uri(with(&path, "one"))
            .header("authorization", "Bearer stranger")
            .header("content-type", APPLY);
        let body = config_map("a", &json!({"x": "1"})).to_string();
        cluster.send(request.body(body.into()).expect("a request")).await
    };
    let refused = as_stranger().await.expect(403);
    assert_eq!(
        refused["message"],
        "configmaps \"a\" is forbidden: User \"stranger\" cannot create resource \"configmaps\" in API group \"\" in \
         the namespace \"shop\""
    );
    cluster.post(&format!("{SHOP}/configmaps"), &config_map("a", &json!({}))).await.expect(201);
    as_stranger().await.expect(200);
}
