//! ResourceQuotas: what a namespace may hold and use. `objects::admission` enforces them, `planner` counts anew.

use api::core::{ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement};
use api::resource::RESOURCE_QUOTAS;
use api::{Quantity, name, quota};
use serde_json::Value;

use super::container::supported;
use super::{decode, resources};
use crate::field::{Path, Problems};
use crate::status::Status;

/// Names a quota may bound besides `count/...` and qualified ones.
const STANDARD: [&str; 19] = [
    "configmaps",
    "cpu",
    "ephemeral-storage",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
/// What is counted in pieces.
const WHOLE: [&str; 9] = [
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
const SCOPES: [&str; 7] = [
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];

/// Fills in what a ResourceQuota leaves out.
pub(super) fn defaults(quota: &mut Value) {
    resources::normalize_list(quota, &["spec", "hard"]);
}

/// Decodes and checks a ResourceQuota.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let quota: ResourceQuota = decode(&RESOURCE_QUOTAS, object)?;
    let spec = quota.spec.unwrap_or_default();
    let path = Path::new("spec");
    for (found, Quantity(amount)) in spec.hard.iter().flatten() {
        check_bound(&path.child("hard").key(found), found, amount, problems);
    }
    check_scopes(&path, &spec, problems);
    for (at, expression) in spec.scope_selector.iter().flat_map(|s| s.match_expressions.iter().flatten()).enumerate() {
        check_expression(&path.child("scopeSelector").child("matchExpressions").index(at), expression, problems);
    }
    Ok(())
}

fn check_bound(path: &Path, found: &str, amount: &str, problems: &mut Problems) {
    problems.check(path, found, name::check_qualified(found));
    let is_known =
        STANDARD.contains(&found) || found.starts_with("hugepages-") || found.starts_with("requests.hugepages-");
    if !found.contains('/') && !is_known {
        problems.invalid(path, found, "must be a standard resource for quotas");
    }
    match quota::parse(found, amount) {
        Err(why) => problems.invalid(path, amount, why),
        Ok(number) if number < 0 => problems.invalid(path, amount, "must be greater than or equal to 0"),
        Ok(_) => {}
    }
    let is_whole = !WHOLE.contains(&found) || !amount.ends_with('m');
    if !is_whole {
        problems.invalid(path, amount, "must be an integer");
    }
}

/// Whether a scope can be said of what a bound is about.
fn speaks_of(scope: &str, bound: &str) -> bool {
    match scope {
        "BestEffort" | "CrossNamespacePodAffinity" => matches!(bound, "pods" | "count/pods"),
        "VolumeAttributesClass" => bound.contains("persistentvolumeclaims") || bound.ends_with("requests.storage"),
        _ => {
            matches!(bound, "pods" | "count/pods" | "cpu" | "memory" | "ephemeral-storage")
                || ((bound.starts_with("requests.") || bound.starts_with("limits.")) && bound != "requests.storage")
                || bound.starts_with("hugepages-")
        }
    }
}

fn check_scopes(path: &Path, spec: &ResourceQuotaSpec, problems: &mut Problems) {
    let scopes = spec.scopes.as_deref().unwrap_or_default();
    let path = path.child("scopes");
    for scope in scopes {
        if !SCOPES.contains(&scope.as_str()) {
            problems.invalid(&path, scopes, "unsupported scope");
        }
        let mut bounds = spec.hard.iter().flat_map(|hard| hard.keys());
        if SCOPES.contains(&scope.as_str()) && bounds.any(|bound| !speaks_of(scope, bound)) {
            problems.invalid(&path, scopes, "unsupported scope applied to resource");
        }
    }
    for (one, other) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        let has = |scope: &str| scopes.iter().any(|found| found == scope);
        if has(one) && has(other) {
            problems.invalid(&path, scopes, "conflicting scopes");
        }
    }
}

fn check_expression(path: &Path, expression: &ScopedResourceSelectorRequirement, problems: &mut Problems) {
    let scope = expression.scope_name.as_str();
    let values = expression.values.as_deref().unwrap_or_default();
    if !SCOPES.contains(&scope) {
        problems.invalid(&path.child("scopeName"), scope, "unsupported scope");
    }
    let named = matches!(scope, "PriorityClass" | "VolumeAttributesClass");
    if !named && expression.operator != "Exists" {
        let why = "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, \
                   ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or \
                   ResourceQuotaScopeCrossNamespacePodAffinity";
        problems.invalid(&path.child("operator"), &expression.operator, why);
    }
    match expression.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => {
            let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
            problems.required(&path.child("values"), why);
        }
        "In" | "NotIn" => {}
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
            problems.invalid(&path.child("values"), values, why);
        }
        found => supported(&path.child("operator"), found, &["DoesNotExist", "Exists", "In", "NotIn"], problems),
    }
}

/// Scopes are for life.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    super::meta::check_immutable("spec.scopes", old, new, problems);
    super::meta::check_immutable("spec.scopeSelector", old, new, problems);
}
