//! PersistentVolumeClaims of a StatefulSet: one for each template and ordinal, made before the Pod and kept after it.
//!
//! Nothing serves claims yet, so a Pod that mounts one waits and its container says why. The claims are made
//! all the same, as in Kubernetes: whoever will serve them finds them. They are never removed here:
//! `persistentVolumeClaimRetentionPolicy` is not acted on.

use api::NamespacedName;
use api::apps::StatefulSet;
use api::core::PersistentVolumeClaim;
use api::resource::PERSISTENT_VOLUME_CLAIMS;
use serde_json::{Value, json};

use crate::{Action, Guard, Snapshot};

fn templates(set: &StatefulSet) -> &[PersistentVolumeClaim] {
    set.spec.volume_claim_templates.as_deref().unwrap_or_default()
}

/// `data-web-0`
fn claim_name(set: &StatefulSet, volume: &str, ordinal: i32) -> String {
    format!("{volume}-{}-{ordinal}", set.metadata.name.as_deref().unwrap_or_default())
}

/// Creates the claims of an ordinal that do not exist.
pub(super) fn missing(snapshot: &Snapshot, set: &StatefulSet, ordinal: i32, guard: Option<&Guard>) -> Vec<Action> {
    let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
    let mut missing = Vec::new();
    for template in templates(set) {
        let volume = template.metadata.name.as_deref().unwrap_or_default();
        let name = NamespacedName::new(namespace, claim_name(set, volume, ordinal));
        let is_there = snapshot.meta(&PERSISTENT_VOLUME_CLAIMS, &name).is_some()
            || snapshot.is_unreadable(&PERSISTENT_VOLUME_CLAIMS, &name);
        if is_there {
            continue;
        }
        let mut labels = template.metadata.labels.clone().unwrap_or_default();
        labels.extend(set.spec.selector.match_labels.clone().unwrap_or_default());
        let object = json!({
            "apiVersion": PERSISTENT_VOLUME_CLAIMS.api_version(),
            "kind": PERSISTENT_VOLUME_CLAIMS.kind,
            "metadata": {
                "name": name.name,
                "namespace": namespace,
                "labels": labels,
                "annotations": template.metadata.annotations.clone().unwrap_or_default(),
            },
            "spec": template.spec,
        });
        let resource = &PERSISTENT_VOLUME_CLAIMS;
        missing.push(Action::Create { resource, namespace: namespace.to_owned(), object, guard: guard.cloned() });
    }
    missing
}

/// Lets a Pod mount its claims; a volume of the template with the name of one gives way.
pub(super) fn mount(set: &StatefulSet, ordinal: i32, spec: &mut Value) {
    let templates = templates(set);
    if templates.is_empty() {
        return;
    }
    let names: Vec<&str> = templates.iter().filter_map(|template| template.metadata.name.as_deref()).collect();
    let claim =
        |name: &&str| json!({"name": name, "persistentVolumeClaim": {"claimName": claim_name(set, name, ordinal)}});
    let mut volumes: Vec<Value> = names.iter().map(claim).collect();
    let own = spec["volumes"].as_array().cloned().unwrap_or_default();
    volumes.extend(own.into_iter().filter(|volume| volume["name"].as_str().is_none_or(|name| !names.contains(&name))));
    spec["volumes"] = json!(volumes);
}
