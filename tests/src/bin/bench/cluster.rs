//! Deployments to measure.

use serde_json::{Value, json};
use tests::client::{Api, ready};
use tests::until;

pub(crate) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

/// A Deployment of hello with its NodePort Service.
pub(crate) async fn create(api: &Api, name: &str, replicas: u32, annotations: &Value, port: u16) {
    create_of(api, name, "hello:v1", replicas, annotations, port).await;
}

/// The same of another image.
pub(crate) async fn create_of(api: &Api, name: &str, image: &str, replicas: u32, annotations: &Value, port: u16) {
    let labels = json!({ "app": name });
    let service = json!({
        "metadata": { "name": name },
        "spec": { "type": "NodePort", "selector": labels, "ports": [{ "port": 80, "targetPort": 8080, "nodePort": port }] },
    });
    let container = json!({ "name": "hello", "image": image, "ports": [{ "containerPort": 8080 }],
        "resources": { "requests": { "memory": "1Mi" }, "limits": { "memory": "64Mi" } } });
    let deployment = json!({
        "metadata": { "name": name },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels, "annotations": annotations }, "spec": { "containers": [container] } },
        },
    });
    api.create("/api/v1/namespaces/default/services", &service).await.expect("creates the Service");
    api.create(DEPLOYMENTS, &deployment).await.expect("creates the Deployment");
}

/// Waits until a Deployment is as it should be, all of its Pods Ready.
pub(crate) async fn settled(api: &Api, name: &str) {
    until("every replica is Ready", || async {
        let object = api.get(&format!("{DEPLOYMENTS}/{name}")).await.ok()?;
        let count = |name: &str| object["status"][name].as_u64().unwrap_or(0);
        let wanted = object["spec"]["replicas"].as_u64()?;
        let seen = object["status"]["observedGeneration"] == object["metadata"]["generation"];
        (seen && count("readyReplicas") == wanted && count("updatedReplicas") == wanted && count("replicas") == wanted)
            .then_some(())
    })
    .await;
}

pub(crate) async fn ready_pods(api: &Api) -> Vec<Value> {
    let pods = api.items("/api/v1/namespaces/default/pods").await;
    ready(&pods).into_iter().cloned().collect()
}
