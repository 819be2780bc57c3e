//! `podFailurePolicy`: what the failure of a Pod means for its Job.

use std::collections::BTreeSet;

use api::batch::{JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule};
use api::name;

use crate::field::{Path, Problems};
use crate::kinds::container::supported;

/// Most rules, and most patterns of a rule, as in Kubernetes.
const RULES_MAX: usize = 20;
/// Most exit codes of a rule, as in Kubernetes.
const EXIT_CODES_MAX: usize = 255;

pub(super) fn check(path: &Path, policy: &PodFailurePolicy, spec: &JobSpec, problems: &mut Problems) {
    let restart = spec.template.spec.as_ref().and_then(|pod| pod.restart_policy.as_deref());
    if restart != Some("Never") {
        let restart = restart.unwrap_or_default();
        problems.invalid(
            path,
            restart,
            "only \"Never\" is supported for restartPolicy when podFailurePolicy is specified",
        );
    }
    let path = path.child("rules");
    if policy.rules.len() > RULES_MAX {
        problems.too_many(&path, policy.rules.len(), RULES_MAX);
        return;
    }
    for (at, rule) in policy.rules.iter().enumerate() {
        check_rule(&path.index(at), rule, spec, problems);
    }
}

fn check_rule(path: &Path, rule: &PodFailurePolicyRule, spec: &JobSpec, problems: &mut Problems) {
    let all = ["Count", "FailIndex", "FailJob", "Ignore"];
    match rule.action.as_str() {
        "" => problems.required(&path.child("action"), &format!("valid values: {all:?}")),
        "FailIndex" if spec.backoff_limit_per_index.is_none() => {
            problems.invalid(&path.child("action"), "FailIndex", "requires the backoffLimitPerIndex to be set");
        }
        found => supported(&path.child("action"), found, &all, problems),
    }
    let patterns = rule.on_pod_conditions.as_deref().unwrap_or_default();
    let odd = match (&rule.on_exit_codes, patterns.is_empty()) {
        (Some(_), false) => Some("specifying both OnExitCodes and OnPodConditions is not supported"),
        (None, true) => Some("specifying one of OnExitCodes and OnPodConditions is required"),
        _ => None,
    };
    if let Some(why) = odd {
        problems.invalid(path, "", why);
    }
    if let Some(codes) = &rule.on_exit_codes {
        check_codes(&path.child("onExitCodes"), codes, spec, problems);
    }
    let path = path.child("onPodConditions");
    if patterns.len() > RULES_MAX {
        problems.too_many(&path, patterns.len(), RULES_MAX);
        return;
    }
    for (at, pattern) in patterns.iter().enumerate() {
        let path = path.index(at);
        problems.check(&path.child("type"), &pattern.type_, name::check_qualified(&pattern.type_));
        let status = pattern.status.as_deref().unwrap_or("True");
        supported(&path.child("status"), status, &["False", "True", "Unknown"], problems);
    }
}

fn check_codes(path: &Path, codes: &PodFailurePolicyOnExitCodesRequirement, spec: &JobSpec, problems: &mut Problems) {
    supported(&path.child("operator"), &codes.operator, &["In", "NotIn"], problems);
    if let Some(wanted) = &codes.container_name {
        let pod = spec.template.spec.as_ref();
        let mut names = pod.into_iter().flat_map(|pod| pod.init_containers.iter().flatten().chain(&pod.containers));
        if !names.any(|container| container.name == *wanted) {
            let why = "must be one of the container or initContainer names in the pod template";
            problems.invalid(&path.child("containerName"), wanted, why);
        }
    }
    let path = path.child("values");
    if codes.values.is_empty() {
        problems.invalid(&path, &codes.values, "at least one value is required");
    }
    if codes.values.len() > EXIT_CODES_MAX {
        problems.too_many(&path, codes.values.len(), EXIT_CODES_MAX);
        return;
    }
    let mut seen = BTreeSet::new();
    for (at, code) in codes.values.iter().enumerate() {
        let path = path.index(at);
        if codes.operator == "In" && *code == 0 {
            problems.invalid(&path, code, "must not be 0 for the In operator");
        }
        if !seen.insert(code) {
            problems.duplicate(&path, code);
        }
    }
    if !codes.values.is_sorted() {
        problems.invalid(&path, &codes.values, "must be ordered");
    }
}
