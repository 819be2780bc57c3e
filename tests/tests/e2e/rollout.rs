//! Rolling updates and scaling under load: zero failed requests.

use serde_json::json;
use tests::{Cluster, Load};

use crate::deploy::{answer, deploy};

/// Far below what the machine can do: the point is that there always is a request under way.
const REQUESTS_MIN: u64 = 1_000;

/// C44, C45, F74: keep-alive and new connections, three image changes, scaling in, and undo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_updates_scaling_and_undo_fail_no_request() {
    let cluster = Cluster::up();
    let addr = deploy(&cluster, "hello", "hello02", &["--replicas", "3"]);
    answer(addr, "/").await;
    cluster.push("hello03", "hello:p3");
    cluster.push("echo", "hello:echo");
    let api = cluster.api().await;
    let path = "/apis/apps/v1/namespaces/default/deployments/hello";
    let first = api.get(path).await.expect("the Deployment").pointer("/spec/template/spec/containers/0/image").cloned();
    let first = first.expect("an image");

    let load = Load { addr, path: "/".to_owned(), keep_alive: 8, fresh: 4 }.start();
    tests::until("load flows", || async { (load.ok() > 100).then_some(()) }).await;
    for image in [json!("hello:p3"), json!("hello:echo"), first] {
        let container = json!({ "name": "hello", "image": image });
        set(&api, path, json!({ "spec": { "template": { "spec": { "containers": [container] } } } })).await;
    }
    set(&api, path, json!({ "spec": { "replicas": 1 } })).await;
    set(&api, path, json!({ "spec": { "replicas": 4 } })).await;
    let report = load.finish().await;
    assert!(report.failed.is_empty(), "{:?} of {}", report.failed, report.ok);
    assert!(report.ok >= REQUESTS_MIN, "too little traffic to show anything: {}", report.ok);
}

/// Changes the Deployment as `kubectl patch` does, and waits until it has rolled out.
async fn set(api: &tests::client::Api, path: &str, patch: serde_json::Value) {
    let strategic = "application/strategic-merge-patch+json";
    let changed = api.call(http::Method::PATCH, path, strategic, &patch).await.expect("patches");
    let generation = changed["metadata"]["generation"].as_i64().expect("a generation");
    tests::until("the rollout completes", || async {
        let object = api.get(path).await.ok()?;
        let (spec, status) = (&object["spec"], &object["status"]);
        let count = |name: &str| status[name].as_i64().unwrap_or(0);
        let wanted = spec["replicas"].as_i64()?;
        let done = count("observedGeneration") >= generation
            && count("updatedReplicas") == wanted
            && count("replicas") == wanted
            && count("availableReplicas") == wanted;
        done.then_some(())
    })
    .await;
}
