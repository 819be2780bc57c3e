//! StatefulSets, DaemonSets, their revisions, and budgets, as clients make and change them.

use serde_json::{Value, json};

use super::harness::{APPS, Cluster, SHOP, pod};
use crate::kinds::Subresource;
use crate::objects::{Patch, WriteOptions};

const POLICY: &str = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets";

fn set(kind: &str, name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "hello:1"}]},
            },
        },
    })
}

fn budget(spec: &Value) -> Value {
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": spec})
}

/// Field, space, message of every cause.
fn causes(answer: &Value) -> Vec<String> {
    let causes = answer["details"]["causes"].as_array().expect("causes");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> =
        causes.iter().map(|cause| format!("{} {}", text(&cause["field"]), text(&cause["message"]))).collect();
    all.sort();
    all
}

#[tokio::test]
async fn what_is_left_out_is_filled_in() {
    let cluster = Cluster::new().await;
    let stateful = cluster.post(&format!("{APPS}/statefulsets"), &set("StatefulSet", "db")).await;
    assert_eq!(stateful.warnings(), [""; 0]);
    let spec = &stateful.expect(201)["spec"];
    for (field, wanted) in [
        ("replicas", json!(1)),
        ("revisionHistoryLimit", json!(10)),
        ("podManagementPolicy", json!("OrderedReady")),
        ("persistentVolumeClaimRetentionPolicy", json!({"whenDeleted": "Retain", "whenScaled": "Retain"})),
        ("updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}})),
    ] {
        assert_eq!(spec[field], wanted, "{field}");
    }
    let daemon = cluster.post(&format!("{APPS}/daemonsets"), &set("DaemonSet", "log")).await;
    assert_eq!(daemon.warnings(), [""; 0]);
    let spec = &daemon.expect(201)["spec"];
    assert_eq!(
        spec["updateStrategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}})
    );
    assert_eq!(spec["template"]["spec"]["restartPolicy"], "Always");
    let made = cluster.post(POLICY, &budget(&json!({"minAvailable": "50%", "selector": {}}))).await;
    assert_eq!(made.warnings(), [""; 0]);
    assert_eq!(made.expect(201)["status"]["disruptionsAllowed"], 0);
}

#[tokio::test]
async fn all_mistakes_of_a_set_are_told_at_once_in_kubernetes_words() {
    let cluster = Cluster::new().await;
    let mut bad = set("StatefulSet", "db");
    bad["spec"]["replicas"] = json!(-1);
    bad["spec"]["ordinals"] = json!({"start": -2});
    bad["spec"]["podManagementPolicy"] = json!("Random");
    bad["spec"]["updateStrategy"] = json!({"rollingUpdate": {"partition": -3, "maxUnavailable": "0%"}});
    bad["spec"]["persistentVolumeClaimRetentionPolicy"] = json!({"whenScaled": "Burn"});
    bad["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    bad["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    bad["spec"]["template"]["spec"]["activeDeadlineSeconds"] = json!(5);
    let refused = cluster.post(&format!("{APPS}/statefulsets"), &bad).await.expect(422);
    expect_test::expect![[r#"
        spec.ordinals.start Invalid value: -2: must be greater than or equal to 0
        spec.persistentVolumeClaimRetentionPolicy.whenScaled Unsupported value: "Burn": supported values: "Delete", "Retain"
        spec.podManagementPolicy Invalid value: "Random": must be 'OrderedReady' or 'Parallel'
        spec.replicas Invalid value: -1: must be greater than or equal to 0
        spec.template.metadata.labels Invalid value: {"app":"other"}: `selector` does not match template `labels`
        spec.template.spec.activeDeadlineSeconds Forbidden: activeDeadlineSeconds in StatefulSet is not Supported
        spec.template.spec.restartPolicy Unsupported value: "Never": supported values: "Always"
        spec.updateStrategy.rollingUpdate.maxUnavailable Invalid value: "0%": cannot be 0
        spec.updateStrategy.rollingUpdate.partition Invalid value: -3: must be greater than or equal to 0"#]]
    .assert_eq(&causes(&refused).join("\n"));

    let mut bad = set("DaemonSet", "log");
    bad["spec"]["selector"] = json!({});
    bad["spec"]["minReadySeconds"] = json!(-1);
    bad["spec"]["updateStrategy"] = json!({"rollingUpdate": {"maxUnavailable": 1, "maxSurge": "101%"}});
    let refused = cluster.post(&format!("{APPS}/daemonsets"), &bad).await.expect(422);
    expect_test::expect![[r#"
        spec.minReadySeconds Invalid value: -1: must be greater than or equal to 0
        spec.selector Invalid value: {}: empty selector is invalid for daemonset
        spec.updateStrategy.rollingUpdate.maxSurge Invalid value: "101%": may not be set when maxUnavailable is non-zero
        spec.updateStrategy.rollingUpdate.maxSurge Invalid value: "101%": must not be greater than 100%"#]]
    .assert_eq(&causes(&refused).join("\n"));
    bad["spec"] = set("DaemonSet", "log")["spec"].clone();
    bad["spec"]["updateStrategy"] = json!({"rollingUpdate": {"maxUnavailable": 0}});
    let refused = cluster.post(&format!("{APPS}/daemonsets"), &bad).await.expect(422);
    assert_eq!(
        causes(&refused),
        ["spec.updateStrategy.rollingUpdate.maxUnavailable Required value: cannot be 0 when maxSurge is 0"]
    );
    let spec = json!({"minAvailable": "150%", "maxUnavailable": -1, "unhealthyPodEvictionPolicy": "Never"});
    let refused = cluster.post(POLICY, &budget(&spec)).await.expect(422);
    assert_eq!(causes(&refused).len(), 4, "{refused}");
}

#[tokio::test]
async fn what_pods_were_promised_may_not_change() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{APPS}/statefulsets"), &set("StatefulSet", "db")).await.expect(201);
    let path = format!("{APPS}/statefulsets/db");
    let refused = cluster.merge(&path, &json!({"spec": {"podManagementPolicy": "Parallel", "serviceName": "x"}})).await;
    assert!(
        causes(&refused.expect(422))[0].starts_with("spec Forbidden: updates to statefulset spec for fields other")
    );
    let fine = json!({"spec": {"replicas": 3, "minReadySeconds": 5, "ordinals": {"start": 1}}});
    assert_eq!(cluster.merge(&path, &fine).await.expect(200)["metadata"]["generation"], 2);
    let scale = cluster.get(&format!("{path}/scale")).await.expect(200);
    assert_eq!((&scale["spec"]["replicas"], &scale["status"]["selector"]), (&json!(3), &json!("app=db")));
    cluster.post(&format!("{APPS}/daemonsets"), &set("DaemonSet", "log")).await.expect(201);
    let moved = json!({"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}}}}});
    cluster.merge(&format!("{APPS}/daemonsets/log"), &moved).await.expect(422);
    let revision = json!({"metadata": {"name": "r"}, "data": {"a": 1}, "revision": 1});
    cluster.post(&format!("{APPS}/controllerrevisions"), &revision).await.expect(201);
    let path = format!("{APPS}/controllerrevisions/r");
    cluster.merge(&path, &json!({"revision": 4})).await.expect(200);
    cluster.merge(&path, &json!({"data": {"a": 2}})).await.expect(422);
    let bare = json!({"metadata": {"name": "bare"}, "revision": 1});
    cluster.post(&format!("{APPS}/controllerrevisions"), &bare).await.expect(422);
}

#[tokio::test]
async fn volumes_of_claims_may_be_mounted_and_are_warned_about() {
    let cluster = Cluster::new().await;
    let mut with = set("StatefulSet", "db");
    with["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    cluster.post(&format!("{APPS}/statefulsets"), &with).await.expect(422);
    with["spec"]["volumeClaimTemplates"] =
        json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}]);
    let answer = cluster.post(&format!("{APPS}/statefulsets"), &with).await;
    assert!(
        answer.warnings()[0].contains("spec.volumeClaimTemplates: stored, but not acted on yet"),
        "{:?}",
        answer.warnings()
    );
    answer.expect(201);
}

async fn running(cluster: &Cluster, name: &str, ready: &str) {
    let mut object = pod(name);
    object["metadata"]["labels"] = json!({"app": "web"});
    cluster.post(&format!("{SHOP}/pods"), &object).await.expect(201);
    cluster.objects.bind("shop", name, "n1", WriteOptions::default()).await.expect("bound");
    let status = json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}});
    cluster.merge(&format!("{SHOP}/pods/{name}/status"), &status).await.expect(200);
}

async fn allow(cluster: &Cluster, disruptions: i64) {
    let status = json!({"status": {"disruptionsAllowed": disruptions, "currentHealthy": 3, "desiredHealthy": 2,
        "expectedPods": 3, "observedGeneration": 1}});
    let options = WriteOptions::default();
    let resource = &api::resource::POD_DISRUPTION_BUDGETS;
    cluster
        .objects
        .patch(resource, "shop", "web", Subresource::Status, Patch::Merge(status), options)
        .await
        .expect("patched");
}

fn eviction(name: &str) -> Value {
    json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}})
}

// C63
#[tokio::test]
async fn an_eviction_takes_a_disruption_or_is_asked_to_wait() {
    let cluster = Cluster::new().await;
    cluster
        .post(POLICY, &budget(&json!({"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}})))
        .await
        .expect(201);
    for (name, ready) in [("a", "True"), ("b", "True"), ("c", "False")] {
        running(&cluster, name, ready).await;
    }
    let path = |name: &str| format!("{SHOP}/pods/{name}/eviction");
    let early = cluster.post(&path("a"), &eviction("a")).await;
    assert_eq!(early.headers["retry-after"], "10");
    assert_eq!(early.expect(429)["details"]["causes"][0]["reason"], "DisruptionBudget");
    allow(&cluster, 1).await;
    cluster.post(&format!("{}?dryRun=All", path("a")), &eviction("a")).await.expect(201);
    assert!(cluster.get(&format!("{SHOP}/pods/a")).await.expect(200)["metadata"]["deletionTimestamp"].is_null());
    cluster.post(&path("a"), &eviction("a")).await.expect(201);
    assert_eq!(cluster.get(&format!("{POLICY}/web")).await.expect(200)["status"]["disruptionsAllowed"], 0);
    let refused = cluster.post(&path("b"), &eviction("b")).await.expect(429);
    assert_eq!(refused["message"], "Cannot evict pod as it would violate the pod's disruption budget.");
    assert_eq!(
        refused["details"]["causes"][0]["message"],
        "The disruption budget web needs 2 healthy pods and has 3 currently"
    );
    cluster.post(&path("c"), &eviction("c")).await.expect(201);
    cluster.post(&path("a"), &eviction("a")).await.expect(201);
    let more = json!({"metadata": {"name": "more"}, "spec": {"maxUnavailable": 1, "selector": {}}});
    cluster.post(POLICY, &more).await.expect(201);
    let refused = cluster.post(&path("b"), &eviction("b")).await.expect(500);
    assert!(refused["message"].as_str().is_some_and(|text| text.contains("more than one PodDisruptionBudget")));
}

// C63
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_evictions_at_once_as_many_pass_as_are_allowed() {
    let cluster = Cluster::new().await;
    cluster
        .post(POLICY, &budget(&json!({"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}})))
        .await
        .expect(201);
    for n in 0..12 {
        running(&cluster, &format!("p{n}"), "True").await;
    }
    allow(&cluster, 3).await;
    let evictions = (0..12).map(|n| {
        let objects = cluster.objects.clone();
        tokio::spawn(async move { objects.evict("shop", &format!("p{n}"), crate::DeleteOptions::default()).await })
    });
    let evictions: Vec<_> = evictions.collect();
    let mut passed = 0;
    for answer in futures::future::join_all(evictions).await {
        match answer.expect("no panic") {
            Ok(()) => passed += 1,
            Err(status) => assert!(status.code == 429 || status.is_conflict(), "{status}"),
        }
    }
    assert_eq!(passed, 3);
    let pods = cluster.get(&format!("{SHOP}/pods")).await.expect(200);
    let leaving =
        pods["items"].as_array().expect("items").iter().filter(|pod| !pod["metadata"]["deletionTimestamp"].is_null());
    assert_eq!(leaving.count(), 3);
}
