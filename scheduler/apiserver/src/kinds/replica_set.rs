//! ReplicaSets, and what they share with Deployments.

use api::apps::ReplicaSet;
use api::core::PodTemplateSpec;
use api::meta::LabelSelector;
use api::resource::REPLICA_SETS;
use serde_json::Value;

use super::{decode, meta, pod_spec};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Fills in what a ReplicaSet leaves out.
pub(super) fn defaults(set: &mut Value) {
    if let Some(spec) = set.get_mut("spec") {
        value::default(spec, "replicas", 1);
    }
    pod_spec::template_defaults(set, &["spec", "template", "spec"]);
}

/// Decodes and checks a ReplicaSet.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let set: ReplicaSet = decode(&REPLICA_SETS, object)?;
    let path = Path::new("spec");
    let spec = &set.spec;
    let template = spec.template.clone().unwrap_or_default();
    check_selector(&path, object, &spec.selector, &template, "replicaset", problems);
    pod_spec::check_template(&path.child("template"), &template, problems);
    for (field, found) in [("replicas", spec.replicas), ("minReadySeconds", spec.min_ready_seconds)] {
        if let Some(found) = found.filter(|found| *found < 0) {
            problems.invalid(&path.child(field), found, "must be greater than or equal to 0");
        }
    }
    Ok(())
}

/// Checks that the selector is there, selects something, and selects the template's Pods.
pub(super) fn check_selector(
    path: &Path,
    object: &Value,
    spec: &LabelSelector,
    template: &PodTemplateSpec,
    word: &str,
    problems: &mut Problems,
) {
    let selector_path = path.child("selector");
    if value::at(object, &["spec", "selector"]).is_none() {
        problems.required(&selector_path, "");
        return;
    }
    let Some(selector) = meta::check_selector(&selector_path, spec, problems) else { return };
    if selector.is_empty() {
        problems.invalid(&selector_path, spec, format!("empty selector is invalid for {word}"));
        return;
    }
    let labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    if !selector.matches(labels) {
        let path = path.child("template").child("metadata").child("labels");
        problems.invalid(&path, labels, "`selector` does not match template `labels`");
    }
}

/// The selector is for life: Pods that no longer match would be left behind.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    meta::check_immutable("spec.selector", old, new, problems);
}
