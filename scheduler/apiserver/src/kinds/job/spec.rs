//! The spec of a Job, alone or in the template of a CronJob.

use api::batch::JobSpec;
use serde_json::{Value, json};

use super::failure_policy;
use crate::field::{Path, Problems};
use crate::kinds::container::supported;
use crate::kinds::pod_spec;
use crate::value;

/// Failures a Job outlives unless it says otherwise.
const BACKOFF_LIMIT_DEFAULT: i32 = 6;
/// Most Pods of an Indexed Job at once, and most indexes whose failures are counted one by one, as in Kubernetes.
const INDEXES_MAX: i32 = 100_000;
/// Longest name of a controller that a Job may be left to, as in Kubernetes.
const MANAGED_BY_LEN_MAX: usize = 63;

/// Fills in what a spec leaves out.
pub(super) fn defaults(spec: &mut Value) {
    if spec.get("parallelism").is_none() && spec.get("completions").is_none() {
        value::default(spec, "completions", 1);
    }
    value::default(spec, "parallelism", 1);
    let is_per_index = spec.get("backoffLimitPerIndex").is_some();
    value::default(spec, "backoffLimit", if is_per_index { i32::MAX } else { BACKOFF_LIMIT_DEFAULT });
    value::default(spec, "completionMode", "NonIndexed");
    value::default(spec, "suspend", false);
    value::default(spec, "manualSelector", false);
    let replacement = if spec.get("podFailurePolicy").is_some() { "Failed" } else { "TerminatingOrFailed" };
    value::default(spec, "podReplacementPolicy", replacement);
    for rule in value::elements(spec, &["podFailurePolicy", "rules"]) {
        for pattern in value::elements(rule, &["onPodConditions"]) {
            value::default(pattern, "status", json!("True"));
        }
    }
}

/// Checks a spec, all but its selector.
pub(in crate::kinds) fn check(path: &Path, spec: &JobSpec, problems: &mut Problems) {
    check_numbers(path, spec, problems);
    check_words(path, spec, problems);
    check_indexes(path, spec, problems);
    if let Some(policy) = &spec.pod_failure_policy {
        failure_policy::check(&path.child("podFailurePolicy"), policy, spec, problems);
    }
    let template = path.child("template");
    pod_spec::check_any_template(&template, &spec.template, problems);
    let restart = spec.template.spec.as_ref().and_then(|pod| pod.restart_policy.as_deref()).unwrap_or_default();
    if restart == "Always" {
        // Others that are not words of Kubernetes are told by the check of every template.
        let path = template.child("spec").child("restartPolicy");
        problems.not_supported(&path, restart, &["OnFailure", "Never"]);
    }
}

fn check_numbers(path: &Path, spec: &JobSpec, problems: &mut Problems) {
    let numbers = [
        ("parallelism", spec.parallelism.map(i64::from)),
        ("completions", spec.completions.map(i64::from)),
        ("activeDeadlineSeconds", spec.active_deadline_seconds),
        ("backoffLimit", spec.backoff_limit.map(i64::from)),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index.map(i64::from)),
        ("maxFailedIndexes", spec.max_failed_indexes.map(i64::from)),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished.map(i64::from)),
    ];
    for (field, found) in numbers {
        if let Some(found) = found.filter(|found| *found < 0) {
            problems.invalid(&path.child(field), found, "must be greater than or equal to 0");
        }
    }
}

fn check_words(path: &Path, spec: &JobSpec, problems: &mut Problems) {
    if let Some(found) = &spec.completion_mode {
        supported(&path.child("completionMode"), found, &["Indexed", "NonIndexed"], problems);
    }
    if let Some(found) = &spec.pod_replacement_policy {
        let path = path.child("podReplacementPolicy");
        // What a policy says of failures is known only when a Pod has really ended.
        let known: &[&str] =
            if spec.pod_failure_policy.is_some() { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
        supported(&path, found, known, problems);
    }
    if let Some(found) = &spec.managed_by {
        let path = path.child("managedBy");
        if found.len() > MANAGED_BY_LEN_MAX {
            problems.too_long(&path, MANAGED_BY_LEN_MAX);
        }
        if !found.contains('/') {
            problems.invalid(&path, found, "must be a domain-prefixed path (such as \"acme.io/foo\")");
        }
    }
}

fn check_indexes(path: &Path, spec: &JobSpec, problems: &mut Problems) {
    if spec.completion_mode.as_deref() != Some("Indexed") {
        for (field, is_set) in [
            ("backoffLimitPerIndex", spec.backoff_limit_per_index.is_some()),
            ("successPolicy", spec.success_policy.is_some()),
        ] {
            if is_set {
                problems.invalid(&path.child(field), "", "requires indexed completion mode");
            }
        }
        if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
            problems.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
        }
        return;
    }
    let Some(completions) = spec.completions else {
        problems.required(&path.child("completions"), "when completion mode is Indexed");
        return;
    };
    let parallelism = spec.parallelism.unwrap_or(1);
    if parallelism > INDEXES_MAX {
        let why = format!("must be less than or equal to {INDEXES_MAX} when completion mode is Indexed");
        problems.invalid(&path.child("parallelism"), parallelism, why);
    }
    if completions > INDEXES_MAX {
        // Kubernetes allows more without the failures of each; the status here names every index.
        let why = format!("must be less than or equal to {INDEXES_MAX} when completion mode is Indexed");
        problems.invalid(&path.child("completions"), completions, why);
    }
    match (spec.max_failed_indexes, spec.backoff_limit_per_index) {
        (Some(_), None) => problems.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"),
        (Some(failed), Some(_)) if failed > completions => {
            problems.invalid(&path.child("maxFailedIndexes"), failed, "must be less than or equal to completions");
        }
        _ => {}
    }
}
