//! A new Pod's ServiceAccount: it must be there, and the Pod gets its token mounted if it asks.
//!
//! Kubernetes mounts a token into every Pod unless one says no. Here a Pod is a few kilobytes and most never speak to
//! the API, so a token is mounted if the Pod, or else its account, says `automountServiceAccountToken: true`.

use api::resource::{PODS, SERVICE_ACCOUNTS};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Objects, name, stamp};
use crate::kinds::Kind;
use crate::status::Status;
use crate::value;

/// The account every namespace has; its controller may be a moment behind a new namespace.
const DEFAULT: &str = "default";
/// Where clients' libraries look for their token.
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Life of a mounted token, as in Kubernetes: an hour, and a few seconds that tell it apart.
const LIFE_SECONDS: i64 = 3_607;

/// Gives a new Pod its account. Does nothing to objects of other kinds.
pub(super) async fn give(objects: &Objects, kind: &Kind, namespace: &str, pod: &mut Value) -> Result<(), Status> {
    if kind.resource != &PODS || !pod["spec"].is_object() {
        return Ok(());
    }
    let wanted = value::text(pod, &["spec", "serviceAccountName"]).to_owned();
    let account = if wanted.is_empty() { DEFAULT } else { wanted.as_str() };
    let (entry, _) = objects.store.get(&SERVICE_ACCOUNTS.key(namespace, account)).await?;
    let found = entry.as_ref().map(stamp::decode_entry).transpose()?;
    if found.is_none() && account != DEFAULT {
        let why =
            format!("error looking up service account {namespace}/{account}: serviceaccount {account:?} not found");
        return Err(Status::forbidden(&PODS, value::text(pod, &["metadata", "name"]), &why));
    }
    pod["spec"]["serviceAccountName"] = json!(account);
    pod["spec"]["serviceAccount"] = json!(account);
    let says = |object: &Value| object.get("automountServiceAccountToken").and_then(Value::as_bool);
    if says(&pod["spec"]).or_else(|| found.as_ref().and_then(says)) == Some(true) {
        mount(pod);
    }
    Ok(())
}

/// Mounts a token into every container that has nothing in its place.
fn mount(pod: &mut Value) {
    let volume = name::generate("kube-api-access-", Uuid::new_v4().as_u128());
    let mut is_used = false;
    for list in ["initContainers", "containers"] {
        for container in value::elements(pod, &["spec", list]) {
            let mounts = container.get("volumeMounts").and_then(Value::as_array).cloned().unwrap_or_default();
            if mounts.iter().any(|mount| mount["mountPath"] == MOUNT_PATH) || !container.is_object() {
                continue;
            }
            is_used = true;
            let own = json!({"name": volume, "mountPath": MOUNT_PATH, "readOnly": true});
            container["volumeMounts"] = mounts.into_iter().chain([own]).collect();
        }
    }
    if !is_used {
        return;
    }
    let sources = json!([
        {"serviceAccountToken": {"expirationSeconds": LIFE_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [
            {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
        ]}},
    ]);
    let volumes = pod["spec"].get("volumes").and_then(Value::as_array).cloned().unwrap_or_default();
    let own = json!({"name": volume, "projected": {"defaultMode": 0o644, "sources": sources}});
    pod["spec"]["volumes"] = volumes.into_iter().chain([own]).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_mounted_where_nothing_else_is() {
        let mut pod = json!({"spec": {
            "volumes": [{"name": "own"}],
            "containers": [
                {"name": "a", "volumeMounts": [{"name": "own", "mountPath": MOUNT_PATH}]},
                {"name": "b", "volumeMounts": [{"name": "own", "mountPath": "/own"}]},
            ],
        }});
        mount(&mut pod);
        let spec = &pod["spec"];
        assert_eq!(spec["containers"][0]["volumeMounts"].as_array().map(Vec::len), Some(1));
        assert_eq!(spec["containers"][1]["volumeMounts"][1]["mountPath"], MOUNT_PATH);
        assert_eq!(spec["volumes"][1]["name"], spec["containers"][1]["volumeMounts"][1]["name"]);
        let before = json!({"spec": {"containers": [{"name": "a", "volumeMounts": [{"mountPath": MOUNT_PATH}]}]}});
        let mut after = before.clone();
        mount(&mut after);
        assert_eq!(after, before);
    }
}
