//! Creates, updates and patches as clients send them.

use serde_json::{Value, json};

use super::harness::{APPS, Cluster, SHOP, config_map, deployment, pod};

#[tokio::test]
async fn a_created_object_is_complete() {
    let cluster = Cluster::new().await;
    let created = cluster.post(&format!("{SHOP}/pods"), &pod("a")).await.expect(201);
    let meta = &created["metadata"];
    assert_eq!((meta["namespace"].as_str(), meta["generation"].as_i64()), (Some("shop"), Some(1)));
    assert!(meta["uid"].is_string() && meta["creationTimestamp"].is_string() && meta["resourceVersion"].is_string());
    assert_eq!(created["spec"]["restartPolicy"], "Always");
    assert_eq!(created["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
    assert_eq!(created["status"], json!({"phase": "Pending", "qosClass": "BestEffort"}));
    assert_eq!(cluster.get(&format!("{SHOP}/pods/a")).await.expect(200), created);
    assert_eq!(cluster.post(&format!("{SHOP}/pods"), &pod("a")).await.expect(409)["reason"], "AlreadyExists");
}

#[tokio::test]
async fn unknown_fields_are_kept_and_told() {
    let cluster = Cluster::new().await;
    let mut object = deployment("web");
    object["spec"]["replicaz"] = json!(3);
    let path = format!("{APPS}/deployments");
    let answer = cluster.post(&format!("{path}?fieldValidation=Warn"), &object).await;
    assert_eq!(answer.warnings(), ["299 - \"unknown field \\\"spec.replicaz\\\"\""]);
    assert_eq!(answer.expect(201)["spec"]["replicaz"], 3);
    let strict = cluster.post(&format!("{path}?fieldValidation=Strict"), &object).await.expect(400);
    assert_eq!(strict["details"]["causes"][0]["field"], "spec.replicaz");
    object["metadata"]["name"] = json!("quiet");
    let quiet = cluster.post(&format!("{path}?fieldValidation=Ignore"), &object).await;
    assert!(quiet.warnings().is_empty());
    let patch = json!({"spec": {"replicas": 2}});
    // What was unknown before does not stand in the way of other changes.
    cluster.merge(&format!("{path}/web?fieldValidation=Strict"), &patch).await.expect(200);
    let patch = json!({"spec": {"colour": "red"}});
    cluster.merge(&format!("{path}/web?fieldValidation=Strict"), &patch).await.expect(400);
}

#[tokio::test]
async fn duplicate_keys_follow_field_validation() {
    let cluster = Cluster::new().await;
    let body = r#"{"metadata": {"name": "a"}, "data": {"x": "1", "x": "2"}}"#;
    let path = format!("{SHOP}/configmaps");
    cluster.call("POST", &format!("{path}?fieldValidation=Strict"), "application/json", body).await.expect(400);
    let answer = cluster.call("POST", &path, "application/json", body).await;
    assert_eq!(answer.warnings(), ["299 - \"duplicate field \\\"data.x\\\"\""]);
    assert_eq!(answer.expect(201)["data"]["x"], "2");
}

#[tokio::test]
async fn fields_without_effect_are_never_silent() {
    let cluster = Cluster::new().await;
    let mut object = pod("a");
    object["spec"]["hostNetwork"] = json!(true);
    let answer = cluster.post(&format!("{SHOP}/pods"), &object).await;
    assert!(answer.warnings()[0].contains("spec.hostNetwork: stored, but not acted on yet"), "{:?}", answer.warnings());
    answer.expect(201);
}

/// What Go's types make of an object: zeros and empty lists are left out.
fn as_go_sends_it(object: &Value, left_out: &[&str]) -> Value {
    let mut sent = object.clone();
    for path in left_out {
        let (parent, key) = path.rsplit_once('/').expect("a path");
        sent.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").shift_remove(key);
    }
    sent
}

#[tokio::test]
async fn a_typed_clients_round_trip_changes_nothing() {
    let cluster = Cluster::new().await;
    let mut object = deployment("web");
    object["spec"]["selector"]["matchExpressions"] = json!([]);
    let spec = &mut object["spec"]["template"]["spec"];
    spec["volumes"] = json!([]);
    spec["imagePullSecrets"] = json!([]);
    spec["restartPolicy"] = json!("");
    spec["containers"][0]["imagePullPolicy"] = json!("");
    spec["containers"][0]["ports"] = json!([{"containerPort": 80, "protocol": "", "hostPort": 0}]);
    spec["containers"][0]["readinessProbe"] = json!({"httpGet": {"port": 80}, "initialDelaySeconds": 0});
    let created = cluster.post(&format!("{APPS}/deployments"), &object).await.expect(201);
    let container = &created["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        (&container["imagePullPolicy"], &container["ports"][0]["protocol"]),
        (&json!("IfNotPresent"), &json!("TCP"))
    );
    let pod_spec = "/spec/template/spec";
    let left_out = [
        "/spec/selector/matchExpressions".to_owned(),
        format!("{pod_spec}/volumes"),
        format!("{pod_spec}/imagePullSecrets"),
        format!("{pod_spec}/containers/0/readinessProbe/initialDelaySeconds"),
    ];
    let sent = as_go_sends_it(&created, &left_out.each_ref().map(String::as_str));
    let updated = cluster.put(&format!("{APPS}/deployments/web"), &sent).await.expect(200);
    assert_eq!(updated, created, "no new version, no new generation, no rollout");

    let mut lone = pod("lone");
    lone["spec"]["volumes"] = json!([]);
    lone["spec"]["containers"][0]["tty"] = json!(false);
    let created = cluster.post(&format!("{SHOP}/pods"), &lone).await.expect(201);
    let sent = as_go_sends_it(&created, &["/spec/volumes", "/spec/containers/0/tty"]);
    assert_eq!(cluster.put(&format!("{SHOP}/pods/lone"), &sent).await.expect(200), created);
}

#[tokio::test]
async fn bodies_may_be_yaml() {
    let cluster = Cluster::new().await;
    let body = "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: a\ndata: {x: 'y'}\n";
    cluster.call("POST", &format!("{SHOP}/configmaps"), "application/yaml", body).await.expect(201);
    let answer = cluster.call("POST", &format!("{SHOP}/configmaps"), "application/xml", "<a/>").await.expect(415);
    assert_eq!(answer["reason"], "UnsupportedMediaType");
}

#[tokio::test]
async fn generated_names_differ() {
    let cluster = Cluster::new().await;
    let object = json!({"metadata": {"generateName": "job-"}});
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let created = cluster.post(&format!("{SHOP}/configmaps"), &object).await.expect(201);
        names.insert(created["metadata"]["name"].as_str().expect("a name").to_owned());
    }
    assert!(names.len() == 20 && names.iter().all(|name| name.starts_with("job-") && name.len() == 9));
}

// C2
#[tokio::test]
async fn generation_rises_only_with_the_spec() {
    let cluster = Cluster::new().await;
    let path = format!("{APPS}/deployments");
    cluster.post(&path, &deployment("web")).await.expect(201);
    let path = format!("{path}/web");
    let generation = |object: Value| object["metadata"]["generation"].as_i64();
    let labelled = cluster.merge(&path, &json!({"metadata": {"labels": {"a": "b"}}})).await.expect(200);
    assert_eq!(generation(labelled), Some(1));
    let scaled = cluster.merge(&path, &json!({"spec": {"replicas": 3}})).await.expect(200);
    assert_eq!(generation(scaled.clone()), Some(2));
    let same = cluster.merge(&path, &json!({"spec": {"replicas": 3}})).await.expect(200);
    assert_eq!(same, scaled, "a change that changes nothing makes no revision");
    let status = json!({"status": {"observedGeneration": 2, "replicas": 3}});
    let observed = cluster.merge(&format!("{path}/status"), &status).await.expect(200);
    assert_eq!(generation(observed), Some(2));
}

// C1
#[tokio::test]
async fn spec_and_status_have_separate_writers() {
    let cluster = Cluster::new().await;
    let path = format!("{APPS}/deployments/web");
    cluster.post(&format!("{APPS}/deployments"), &deployment("web")).await.expect(201);
    let both = json!({"spec": {"replicas": 7}, "status": {"replicas": 7}, "metadata": {"labels": {"x": "y"}}});
    let main = cluster.merge(&path, &both).await.expect(200);
    assert_eq!((&main["spec"]["replicas"], &main["status"]), (&json!(7), &json!({})));
    let both = json!({"spec": {"replicas": 9}, "status": {"replicas": 5}});
    let status = cluster.merge(&format!("{path}/status"), &both).await.expect(200);
    assert_eq!((&status["spec"]["replicas"], &status["status"]["replicas"]), (&json!(7), &json!(5)));
    cluster.merge(&format!("{SHOP}/configmaps/x/status"), &json!({})).await.expect(404);
}

#[tokio::test]
async fn a_dry_run_does_everything_but_store() {
    let cluster = Cluster::new().await;
    let path = format!("{APPS}/deployments");
    let dry = cluster.post(&format!("{path}?dryRun=All"), &deployment("web")).await.expect(201);
    assert!(dry["metadata"]["uid"].is_string() && dry["metadata"]["resourceVersion"].is_null());
    cluster.get(&format!("{path}/web")).await.expect(404);
    let stored = cluster.post(&path, &deployment("web")).await.expect(201);
    cluster.post(&format!("{path}?dryRun=All"), &deployment("web")).await.expect(409);
    let patched = cluster.merge(&format!("{path}/web?dryRun=All"), &json!({"spec": {"replicas": 5}})).await.expect(200);
    assert_eq!(patched["spec"]["replicas"], 5);
    cluster.delete(&format!("{path}/web?dryRun=All")).await.expect(200);
    assert_eq!(cluster.get(&format!("{path}/web")).await.expect(200), stored);
}

#[tokio::test]
async fn scale_reads_and_writes_one_number() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{APPS}/deployments"), &deployment("web")).await.expect(201);
    let path = format!("{APPS}/deployments/web/scale");
    let scale = cluster.get(&path).await.expect(200);
    assert_eq!((&scale["kind"], &scale["spec"]["replicas"]), (&json!("Scale"), &json!(1)));
    assert_eq!(scale["status"]["selector"], "app=web");
    let mut wanted = scale.clone();
    wanted["spec"]["replicas"] = json!(4);
    let answer = cluster.put(&path, &wanted).await.expect(200);
    assert_eq!((&answer["kind"], &answer["spec"]["replicas"]), (&json!("Scale"), &json!(4)));
    // The version the Scale was read at is stale now.
    wanted["spec"]["replicas"] = json!(5);
    cluster.put(&path, &wanted).await.expect(409);
    let patched = cluster.merge(&path, &json!({"spec": {"replicas": 2}})).await.expect(200);
    assert_eq!(patched["spec"]["replicas"], 2);
    cluster.merge(&path, &json!({"spec": {"replicas": -2}})).await.expect(422);
    assert_eq!(cluster.get(&format!("{APPS}/deployments/web")).await.expect(200)["metadata"]["generation"], 3);
}

#[tokio::test]
async fn strategic_patches_merge_containers_by_name() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{APPS}/deployments"), &deployment("web")).await.expect(201);
    let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "hello:2"}]}}}});
    let media = "application/strategic-merge-patch+json";
    let answer = cluster.call("PATCH", &format!("{APPS}/deployments/web"), media, patch.to_string()).await.expect(200);
    let containers = &answer["spec"]["template"]["spec"]["containers"];
    assert_eq!((&containers[0]["image"], containers.as_array().map(Vec::len)), (&json!("hello:2"), Some(1)));
}

#[tokio::test]
async fn binding_happens_once() {
    let cluster = Cluster::new().await;
    let created = cluster.post(&format!("{SHOP}/pods"), &pod("a")).await.expect(201);
    let path = format!("{SHOP}/pods/a/binding");
    let mut binding =
        json!({"kind": "Binding", "metadata": {"name": "a", "uid": "other"}, "target": {"kind": "Node", "name": "n1"}});
    cluster.post(&path, &binding).await.expect(409);
    binding["metadata"]["uid"] = created["metadata"]["uid"].clone();
    cluster.post(&path, &binding).await.expect(201);
    cluster.post(&path, &binding).await.expect(409);
    let bound = cluster.get(&format!("{SHOP}/pods/a")).await.expect(200);
    assert_eq!(bound["spec"]["nodeName"], "n1");
    assert_eq!(bound["status"]["conditions"][0]["type"], "PodScheduled");
    let moved = json!({"spec": {"nodeName": "n2"}});
    cluster.merge(&format!("{SHOP}/pods/a"), &moved).await.expect(422);
}

#[tokio::test]
async fn only_some_fields_of_a_pod_may_change() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/pods"), &pod("a")).await.expect(201);
    let path = format!("{SHOP}/pods/a");
    let image = json!([{"op": "replace", "path": "/spec/containers/0/image", "value": "hello:2"}]);
    let media = "application/json-patch+json";
    let changed = cluster.call("PATCH", &path, media, image.to_string()).await.expect(200);
    assert_eq!(
        (&changed["spec"]["containers"][0]["image"], &changed["metadata"]["generation"]),
        (&json!("hello:2"), &json!(2))
    );
    let refused = cluster.merge(&path, &json!({"spec": {"restartPolicy": "Never"}})).await.expect(422);
    assert_eq!(refused["details"]["causes"][0]["reason"], "FieldValueForbidden");
}

#[tokio::test]
async fn immutable_data_stays() {
    let cluster = Cluster::new().await;
    let mut map = config_map("a", &json!({"x": "1"}));
    map["immutable"] = json!(true);
    cluster.post(&format!("{SHOP}/configmaps"), &map).await.expect(201);
    let path = format!("{SHOP}/configmaps/a");
    cluster.merge(&path, &json!({"data": {"x": "2"}})).await.expect(422);
    cluster.merge(&path, &json!({"immutable": false})).await.expect(422);
    cluster.merge(&path, &json!({"metadata": {"labels": {"a": "b"}}})).await.expect(200);
}

#[tokio::test]
async fn string_data_of_secrets_becomes_data() {
    let cluster = Cluster::new().await;
    let secret = json!({"metadata": {"name": "s"}, "stringData": {"password": "x"}});
    let created = cluster.post(&format!("{SHOP}/secrets"), &secret).await.expect(201);
    assert_eq!((&created["data"]["password"], &created["type"]), (&json!("eA=="), &json!("Opaque")));
    assert!(created["stringData"].is_null());
}
