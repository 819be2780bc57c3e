//! The policies of the cluster as clients meet them: quotas, limit ranges, classes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::harness::{Cluster, SHOP, config_map, deployment, pod, service};

const SCHEDULING: &str = "/apis/scheduling.k8s.io/v1/priorityclasses";
const NODE: &str = "/apis/node.k8s.io/v1/runtimeclasses";

fn quota(name: &str, hard: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": hard}})
}

fn sized(name: &str, cpu: &str) -> Value {
    let mut pod = pod(name);
    pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": cpu}});
    pod
}

async fn used(cluster: &Cluster, name: &str) -> Value {
    cluster.get(&format!("{SHOP}/resourcequotas/{name}")).await.expect(200)["status"]["used"].clone()
}

// C64
#[tokio::test]
async fn a_quota_is_charged_with_the_create_and_says_what_it_lacks() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/pods"), &sized("before", "500m")).await.expect(201);
    let hard = json!({"pods": "2", "requests.cpu": "1", "count/deployments.apps": "1", "configmaps": 1});
    cluster.post(&format!("{SHOP}/resourcequotas"), &quota("q", &hard)).await.expect(201);
    let refused = cluster.post(&format!("{SHOP}/pods"), &sized("large", "600m")).await.expect(403);
    assert_eq!(
        refused["message"],
        "pods \"large\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=500m, \
         limited: requests.cpu=1"
    );
    assert_eq!(used(&cluster, "q").await, Value::Null, "a refusal writes nothing");
    cluster.post(&format!("{SHOP}/pods"), &sized("fits", "500m")).await.expect(201);
    let expected = json!({"pods": "2", "requests.cpu": "1", "count/deployments.apps": "0", "configmaps": "0"});
    assert_eq!(used(&cluster, "q").await, expected, "what was there before counts");
    let unsaid = cluster.post(&format!("{SHOP}/pods"), &pod("unsaid")).await.expect(403);
    assert_eq!(unsaid["message"], "pods \"unsaid\" is forbidden: failed quota: q: must specify requests.cpu for: main");
    let apps = "/apis/apps/v1/namespaces/shop/deployments";
    cluster.post(apps, &deployment("a")).await.expect(201);
    assert_eq!(cluster.post(apps, &deployment("b")).await.code, 403);
    cluster.post(&format!("{SHOP}/configmaps"), &config_map("a", &json!({}))).await.expect(201);
    let dry = cluster.post(&format!("{SHOP}/configmaps?dryRun=All"), &config_map("b", &json!({}))).await.expect(403);
    assert!(
        dry["message"].as_str().is_some_and(|why| why.ends_with("used: configmaps=1, limited: configmaps=1")),
        "{dry}"
    );
}

// C64
#[tokio::test]
async fn creates_side_by_side_never_exceed_a_quota() {
    let cluster = Cluster::new().await;
    cluster
        .post(&format!("{SHOP}/resourcequotas"), &quota("q", &json!({"pods": "7", "requests.cpu": "900m"})))
        .await
        .expect(201);
    let path = format!("{SHOP}/pods");
    let creates = (0..40).map(|n| {
        let body = sized(&format!("p{n}"), "100m");
        let (cluster, path) = (&cluster, &path);
        async move { cluster.post(path, &body).await.code }
    });
    let codes = futures::future::join_all(creates).await;
    assert_eq!(codes.iter().filter(|code| **code == 201).count(), 7, "{codes:?}");
    assert!(codes.iter().all(|code| [201, 403].contains(code)), "{codes:?}");
    assert_eq!(used(&cluster, "q").await, json!({"pods": "7", "requests.cpu": "700m"}));
}

#[tokio::test]
async fn a_change_that_asks_for_more_is_charged_too() {
    let cluster = Cluster::new().await;
    cluster.post(&format!("{SHOP}/resourcequotas"), &quota("q", &json!({"services.nodeports": "0"}))).await.expect(201);
    let made = service("web", "ClusterIP");
    cluster.post(&format!("{SHOP}/services"), &made).await.expect(201);
    let path = format!("{SHOP}/services/web");
    let refused = cluster.merge(&path, &json!({"spec": {"type": "NodePort"}})).await.expect(403);
    assert_eq!(
        refused["message"],
        "services \"web\" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: \
         services.nodeports=0, limited: services.nodeports=0"
    );
    cluster.merge(&path, &json!({"metadata": {"labels": {"a": "b"}}})).await.expect(200);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is created in whatever order: the record is the sum of what was taken, and never above the bound.
    #[test]
    fn the_record_is_the_sum_of_what_was_taken(sizes in prop::collection::vec(1_u32..400, 1..12), bound in 1_u32..1500) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let cluster = Cluster::new().await;
            let hard = json!({"requests.cpu": format!("{bound}m"), "pods": "8"});
            cluster.post(&format!("{SHOP}/resourcequotas"), &quota("q", &hard)).await.expect(201);
            let (mut sum, mut count) = (0, 0);
            for (at, size) in sizes.into_iter().enumerate() {
                let answer = cluster.post(&format!("{SHOP}/pods"), &sized(&format!("p{at}"), &format!("{size}m"))).await;
                let fits = sum + size <= bound && count < 8;
                assert_eq!(answer.code, if fits { 201 } else { 403 }, "{}", answer.text);
                if fits {
                    (sum, count) = (sum + size, count + 1);
                }
            }
            if count > 0 {
                let shown = json!({"requests.cpu": api::quantity::of_millis(sum.into()), "pods": count.to_string()});
                assert_eq!(used(&cluster, "q").await, shown);
            }
        });
    }
}

#[tokio::test]
async fn pods_are_of_a_class_that_exists() {
    let cluster = Cluster::new().await;
    let plain = cluster.post(&format!("{SHOP}/pods"), &pod("plain")).await.expect(201);
    assert_eq!(
        (&plain["spec"]["priority"], &plain["spec"]["preemptionPolicy"]),
        (&json!(0), &json!("PreemptLowerPriority"))
    );
    let class = |name: &str, value: i32, default: bool| {
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
            "value": value, "globalDefault": default})
    };
    cluster.post(SCHEDULING, &class("usual", 5, true)).await.expect(201);
    let second = cluster.post(SCHEDULING, &class("other", 6, true)).await.expect(403);
    assert!(
        second["message"].as_str().is_some_and(|why| why.contains("usual is already marked as default")),
        "{second}"
    );
    let given = cluster.post(&format!("{SHOP}/pods"), &pod("given")).await.expect(201);
    assert_eq!((&given["spec"]["priority"], &given["spec"]["priorityClassName"]), (&json!(5), &json!("usual")));
    let mut unknown = pod("unknown");
    unknown["spec"]["priorityClassName"] = json!("none");
    let refused = cluster.post(&format!("{SHOP}/pods"), &unknown).await.expect(403);
    assert_eq!(refused["message"], "pods \"unknown\" is forbidden: no PriorityClass with name none was found");
    // A client that knows nothing of admission may send its Pod again.
    let mut again = pod("given");
    again["metadata"]["labels"] = json!({"b": "c"});
    again["spec"]["priorityClassName"] = json!("usual");
    cluster.put(&format!("{SHOP}/pods/given"), &again).await.expect(200);
}

#[tokio::test]
async fn a_runtime_class_must_exist_and_is_merged_in() {
    let cluster = Cluster::new().await;
    let mut walled = pod("walled");
    walled["spec"]["runtimeClassName"] = json!("walled");
    let refused = cluster.post(&format!("{SHOP}/pods"), &walled).await.expect(403);
    assert_eq!(refused["message"], "pods \"walled\" is forbidden: pod rejected: RuntimeClass \"walled\" not found");
    let class = json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "walled"},
        "handler": "wasm-isolated", "overhead": {"podFixed": {"memory": "8Mi"}}});
    cluster.post(NODE, &class).await.expect(201);
    let made = cluster.post(&format!("{SHOP}/pods"), &walled).await.expect(201);
    assert_eq!(made["spec"]["overhead"], json!({"memory": "8Mi"}));
    let forged = json!({"metadata": {"annotations": {"insula.dev/runtime-handler": "wasm"}}});
    let patched = cluster.merge(&format!("{SHOP}/pods/walled"), &forged).await.expect(200);
    assert_eq!(patched["metadata"]["annotations"]["insula.dev/runtime-handler"], "wasm-isolated");
    assert_eq!(cluster.merge(&format!("{NODE}/walled"), &json!({"handler": "wasm"})).await.code, 422);
}

#[tokio::test]
async fn limit_ranges_give_and_bound() {
    let cluster = Cluster::new().await;
    let item = json!({"type": "Container", "max": {"memory": "1Gi"}, "default": {"memory": "64Mi"}});
    let range =
        json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": [item]}});
    let made = cluster.post(&format!("{SHOP}/limitranges"), &range).await.expect(201);
    assert_eq!(made["spec"]["limits"][0]["defaultRequest"], json!({"memory": "64Mi"}));
    let given = cluster.post(&format!("{SHOP}/pods"), &pod("given")).await.expect(201);
    let both = json!({"requests": {"memory": "64Mi"}, "limits": {"memory": "64Mi"}});
    assert_eq!(given["spec"]["containers"][0]["resources"], both);
    assert_eq!(given["status"]["qosClass"], "Burstable", "what was given counts for the class of service");
    let mut large = pod("large");
    large["spec"]["containers"][0]["resources"] = json!({"limits": {"memory": "2Gi"}});
    let refused = cluster.post(&format!("{SHOP}/pods"), &large).await.expect(403);
    assert_eq!(
        refused["message"],
        "pods \"large\" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi"
    );
}

#[tokio::test]
async fn claims_and_ingresses_are_given_the_default_class() {
    let cluster = Cluster::new().await;
    let storage = "/apis/storage.k8s.io/v1/storageclasses";
    let class = json!({"metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "example.com/disk"});
    cluster.post(storage, &class).await.expect(201);
    let claim = |name: &str| {
        json!({"metadata": {"name": name}, "spec": {"accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}}}})
    };
    let made = cluster.post(&format!("{SHOP}/persistentvolumeclaims"), &claim("a")).await.expect(201);
    assert_eq!((&made["spec"]["storageClassName"], &made["status"]["phase"]), (&json!("fast"), &json!("Pending")));
    let mut none = claim("b");
    none["spec"]["storageClassName"] = json!("");
    let made = cluster.post(&format!("{SHOP}/persistentvolumeclaims"), &none).await.expect(201);
    assert_eq!(made["spec"]["storageClassName"], "");
    let classes = "/apis/networking.k8s.io/v1/ingressclasses";
    let class = json!({"metadata": {"name": "usual", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
        "spec": {"controller": "example.com/ingress"}});
    cluster.post(classes, &class).await.expect(201);
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let ingress = json!({"metadata": {"name": "web"}, "spec": {"defaultBackend": backend}});
    let made = cluster.post("/apis/networking.k8s.io/v1/namespaces/shop/ingresses", &ingress).await.expect(201);
    assert_eq!(made["spec"]["ingressClassName"], "usual");
}
