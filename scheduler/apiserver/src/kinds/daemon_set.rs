//! DaemonSets.

use api::apps::{DaemonSet, DaemonSetUpdateStrategy};
use api::resource::DAEMON_SETS;
use serde_json::{Value, json};

use super::container::supported;
use super::stateful_set::not_negative;
use super::{bound, decode, meta, pod_spec, replica_set};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Fills in what a DaemonSet leaves out.
pub(super) fn defaults(set: &mut Value) {
    let Some(spec) = set.get_mut("spec") else { return };
    value::default(spec, "revisionHistoryLimit", 10);
    value::default(spec, "updateStrategy", json!({}));
    if let Some(strategy) = spec.get_mut("updateStrategy") {
        if value::text(strategy, &["type"]).is_empty() && strategy.is_object() {
            strategy["type"] = json!("RollingUpdate");
        }
        if value::text(strategy, &["type"]) == "RollingUpdate" {
            value::default(strategy, "rollingUpdate", json!({}));
            if let Some(rolling) = strategy.get_mut("rollingUpdate") {
                value::default(rolling, "maxUnavailable", 1);
                value::default(rolling, "maxSurge", 0);
            }
        }
    }
    pod_spec::template_defaults(set, &["spec", "template", "spec"]);
}

/// Decodes and checks a DaemonSet.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let set: DaemonSet = decode(&DAEMON_SETS, object)?;
    let path = Path::new("spec");
    let spec = &set.spec;
    replica_set::check_selector(&path, object, &spec.selector, &spec.template, "daemonset", problems);
    pod_spec::check_template_of(&path.child("template"), &spec.template, [].into_iter(), "DaemonSet", problems);
    not_negative(&path.child("minReadySeconds"), spec.min_ready_seconds, problems);
    not_negative(&path.child("revisionHistoryLimit"), spec.revision_history_limit, problems);
    match &spec.update_strategy {
        Some(strategy) => check_strategy(&path.child("updateStrategy"), strategy, problems),
        None => problems.required(&path.child("updateStrategy"), ""),
    }
    Ok(())
}

fn check_strategy(path: &Path, strategy: &DaemonSetUpdateStrategy, problems: &mut Problems) {
    let word = strategy.type_.as_deref().unwrap_or_default();
    supported(&path.child("type"), word, &["RollingUpdate", "OnDelete"], problems);
    if word != "RollingUpdate" {
        return;
    }
    let path = path.child("rollingUpdate");
    let Some(rolling) = &strategy.rolling_update else { return problems.required(&path, "") };
    let unavailable = bound::check_share(&path.child("maxUnavailable"), rolling.max_unavailable.as_ref(), problems);
    let surge = bound::check_share(&path.child("maxSurge"), rolling.max_surge.as_ref(), problems);
    match (unavailable.unwrap_or(0), surge.unwrap_or(0)) {
        (0, 0) if surge.is_some() && unavailable.is_some() => {
            problems.required(&path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0");
        }
        (1.., 1..) => {
            let why = "may not be set when maxUnavailable is non-zero";
            problems.invalid(&path.child("maxSurge"), rolling.max_surge.as_ref(), why);
        }
        _ => {}
    }
}

/// The selector is for life: Pods that no longer match would be left behind.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    meta::check_immutable("spec.selector", old, new, problems);
}
