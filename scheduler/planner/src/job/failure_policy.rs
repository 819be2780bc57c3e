//! `podFailurePolicy`: what the failure of a Pod means for its Job.

use api::batch::{PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule};
use api::core::{ContainerStatus, Pod};

use crate::pod;

/// What a failure means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It counts towards the limit.
    Failure,
    /// It does not count.
    Nothing,
    /// The index has failed.
    IndexFailed,
    /// The Job has failed, for this reason.
    JobFailed(String),
}

/// The meaning of the first rule that matches; without any the failure counts.
pub(super) fn meaning(policy: Option<&PodFailurePolicy>, pod: &Pod) -> Meaning {
    let rules = policy.map(|policy| policy.rules.as_slice()).unwrap_or_default();
    for (at, rule) in rules.iter().enumerate() {
        let Some(why) = matches(rule, pod) else { continue };
        return match rule.action.as_str() {
            "Ignore" => Meaning::Nothing,
            "FailIndex" => Meaning::IndexFailed,
            "FailJob" => Meaning::JobFailed(format!("{why} matching FailJob rule at index {at}")),
            _ => Meaning::Failure,
        };
    }
    Meaning::Failure
}

/// Why a rule matches, if it does.
fn matches(rule: &PodFailurePolicyRule, pod: &Pod) -> Option<String> {
    let name = api::NamespacedName::of(&pod.metadata);
    if let Some(codes) = &rule.on_exit_codes {
        let (container, code) = exit_code(codes, pod)?;
        return Some(format!("Container {container} for pod {name} failed with exit code {code}"));
    }
    let wanted = rule.on_pod_conditions.as_deref().unwrap_or_default();
    let found = wanted.iter().find(|pattern| {
        let status = pattern.status.as_deref().unwrap_or("True");
        pod::condition(pod, &pattern.type_).is_some_and(|condition| condition.status == status)
    })?;
    Some(format!("Pod {name} has condition {}", found.type_))
}

/// The first container that ended with a code the rule is about. Success is never a failure.
fn exit_code<'a>(codes: &PodFailurePolicyOnExitCodesRequirement, pod: &'a Pod) -> Option<(&'a str, i32)> {
    let status = pod.status.as_ref()?;
    let all = status.container_statuses.iter().chain(&status.init_container_statuses).flatten();
    let code = |container: &ContainerStatus| container.state.as_ref()?.terminated.as_ref().map(|end| end.exit_code);
    let is_meant = |container: &&ContainerStatus| codes.container_name.as_ref().is_none_or(|n| *n == container.name);
    let ended = all.filter(is_meant).filter_map(|container| Some((container.name.as_str(), code(container)?)));
    ended.filter(|(_, code)| *code != 0).find(|(_, code)| codes.values.contains(code) == (codes.operator == "In"))
}
