//! Which objects a quota is about.

use super::{Subject, parse};
use crate::Quantity;
use crate::core::{Pod, PodAffinityTerm, PodSpec, ResourceQuotaSpec, ScopedResourceSelectorRequirement};

/// Whether a quota's scopes cover an object. A quota without scopes covers everything; one with scopes speaks of Pods,
/// or of claims if it names classes of volume attributes.
#[must_use]
pub fn covers(spec: &ResourceQuotaSpec, subject: Subject<'_>) -> bool {
    let plain = spec.scopes.iter().flatten().map(|scope| (scope.as_str(), "Exists", &[][..]));
    let selector = spec.scope_selector.as_ref().and_then(|selector| selector.match_expressions.as_deref());
    let expressions = selector.unwrap_or_default().iter().map(|expression: &ScopedResourceSelectorRequirement| {
        let values = expression.values.as_deref().unwrap_or_default();
        (expression.scope_name.as_str(), expression.operator.as_str(), values)
    });
    plain.chain(expressions).all(|(scope, operator, values)| match subject {
        Subject::Pod(pod) => covers_pod(pod, scope, operator, values),
        Subject::Claim(claim) if scope == "VolumeAttributesClass" => {
            let class = claim.spec.as_ref().and_then(|spec| spec.volume_attributes_class_name.as_deref());
            matches(class, operator, values)
        }
        Subject::Claim(_) | Subject::Service(_) | Subject::Other(_) => false,
    })
}

fn covers_pod(pod: &Pod, scope: &str, operator: &str, values: &[String]) -> bool {
    let Some(spec) = &pod.spec else { return false };
    match scope {
        "Terminating" => spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0),
        "NotTerminating" => spec.active_deadline_seconds.is_none(),
        "BestEffort" => is_best_effort(spec),
        "NotBestEffort" => !is_best_effort(spec),
        "PriorityClass" => {
            matches(spec.priority_class_name.as_deref().filter(|name| !name.is_empty()), operator, values)
        }
        "CrossNamespacePodAffinity" => looks_into_other_namespaces(spec),
        _ => false,
    }
}

fn matches(found: Option<&str>, operator: &str, values: &[String]) -> bool {
    let is_listed = found.is_some_and(|found| values.iter().any(|value| value == found));
    match operator {
        "In" => is_listed,
        "NotIn" => !is_listed,
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        _ => false,
    }
}

/// Whether no container requests or is limited to any processor or memory. Overhead of a runtime does not count.
fn is_best_effort(spec: &PodSpec) -> bool {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let stated = containers.map(|container| container.resources.as_ref()).chain([spec.resources.as_ref()]);
    let lists = stated.flatten().flat_map(|resources| [resources.requests.as_ref(), resources.limits.as_ref()]);
    let is_some = |name: &str, Quantity(text): &Quantity| {
        matches!(name, "cpu" | "memory") && parse(name, text).is_ok_and(|amount| amount > 0)
    };
    !lists.flatten().flatten().any(|(name, quantity)| is_some(name, quantity))
}

fn looks_into_other_namespaces(spec: &PodSpec) -> bool {
    let Some(affinity) = &spec.affinity else { return false };
    let is_wide = |term: &PodAffinityTerm| {
        term.namespaces.as_ref().is_some_and(|names| !names.is_empty()) || term.namespace_selector.is_some()
    };
    let near = affinity.pod_affinity.as_ref().is_some_and(|near| {
        let required = near.required_during_scheduling_ignored_during_execution.iter().flatten();
        let preferred = near.preferred_during_scheduling_ignored_during_execution.iter().flatten();
        required.chain(preferred.map(|wish| &wish.pod_affinity_term)).any(is_wide)
    });
    let far = affinity.pod_anti_affinity.as_ref().is_some_and(|far| {
        let required = far.required_during_scheduling_ignored_during_execution.iter().flatten();
        let preferred = far.preferred_during_scheduling_ignored_during_execution.iter().flatten();
        required.chain(preferred.map(|wish| &wish.pod_affinity_term)).any(is_wide)
    });
    near || far
}
