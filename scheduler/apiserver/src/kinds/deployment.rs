//! Deployments.

use api::apps::{Deployment, DeploymentStrategy};
use api::resource::DEPLOYMENTS;
use serde_json::{Value, json};

use super::container::supported;
use super::{bound, decode, meta, pod_spec, replica_set};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// How far a rollout may go over and under the wanted number unless it says otherwise.
const STEP_DEFAULT: &str = "25%";

/// Fills in what a Deployment leaves out.
pub(super) fn defaults(deployment: &mut Value) {
    let Some(spec) = deployment.get_mut("spec") else { return };
    value::default(spec, "replicas", 1);
    value::default(spec, "revisionHistoryLimit", 10);
    value::default(spec, "progressDeadlineSeconds", 600);
    value::default(spec, "strategy", json!({}));
    if let Some(strategy) = spec.get_mut("strategy") {
        if value::text(strategy, &["type"]).is_empty() && strategy.is_object() {
            strategy["type"] = json!("RollingUpdate");
        }
        if value::text(strategy, &["type"]) == "RollingUpdate" {
            value::default(strategy, "rollingUpdate", json!({}));
            if let Some(rolling) = strategy.get_mut("rollingUpdate") {
                value::default(rolling, "maxUnavailable", STEP_DEFAULT);
                value::default(rolling, "maxSurge", STEP_DEFAULT);
            }
        }
    }
    pod_spec::template_defaults(deployment, &["spec", "template", "spec"]);
}

/// Decodes and checks a Deployment.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let deployment: Deployment = decode(&DEPLOYMENTS, object)?;
    let path = Path::new("spec");
    let spec = &deployment.spec;
    replica_set::check_selector(&path, object, &spec.selector, &spec.template, "deployment", problems);
    pod_spec::check_template(&path.child("template"), &spec.template, problems);
    let numbers = [
        ("replicas", spec.replicas),
        ("minReadySeconds", spec.min_ready_seconds),
        ("revisionHistoryLimit", spec.revision_history_limit),
        ("progressDeadlineSeconds", spec.progress_deadline_seconds),
    ];
    for (field, found) in numbers {
        if let Some(found) = found.filter(|found| *found < 0) {
            problems.invalid(&path.child(field), found, "must be greater than or equal to 0");
        }
    }
    let (deadline, ready) = (spec.progress_deadline_seconds, spec.min_ready_seconds.unwrap_or(0));
    if let Some(deadline) = deadline.filter(|deadline| *deadline >= 0 && *deadline <= ready) {
        problems.invalid(&path.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
    }
    if let Some(strategy) = &spec.strategy {
        check_strategy(&path.child("strategy"), strategy, problems);
    }
    Ok(())
}

fn check_strategy(path: &Path, strategy: &DeploymentStrategy, problems: &mut Problems) {
    let word = strategy.type_.as_deref().unwrap_or_default();
    supported(&path.child("type"), word, &["Recreate", "RollingUpdate"], problems);
    let path = path.child("rollingUpdate");
    let Some(rolling) = &strategy.rolling_update else { return };
    if word == "Recreate" {
        problems.forbidden(&path, "may not be specified when strategy `type` is 'Recreate'");
        return;
    }
    let unavailable = bound::check_share(&path.child("maxUnavailable"), rolling.max_unavailable.as_ref(), problems);
    let surge = bound::check(&path.child("maxSurge"), rolling.max_surge.as_ref(), problems);
    if unavailable == Some(0) && surge == Some(0) {
        let found = rolling.max_unavailable.as_ref();
        problems.invalid(&path.child("maxUnavailable"), found, "may not be 0 when `maxSurge` is 0");
    }
}

/// The selector is for life: Pods that no longer match would be left behind.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    meta::check_immutable("spec.selector", old, new, problems);
}
