//! How fast an autoscaler may act: `spec.behavior`.

use api::autoscaling::{HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscalerBehavior};
use api::quantity::parse_millis;
use serde_json::{Value, json};

use crate::field::{Path, Problems};
use crate::value;

/// Longest window, in seconds.
const WINDOW_MAX: i32 = 3600;
/// Longest period of a policy, in seconds.
const PERIOD_MAX: i32 = 1800;

/// Fills in what a behavior leaves out, in both directions.
pub(super) fn defaults(behavior: &mut Value) {
    let quick = json!([
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ]);
    let whole = json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]);
    for (direction, policies) in [("scaleUp", quick), ("scaleDown", whole)] {
        value::default(behavior, direction, json!({}));
        let Some(rules) = behavior.get_mut(direction) else { continue };
        if direction == "scaleUp" {
            value::default(rules, "stabilizationWindowSeconds", 0);
        }
        value::default(rules, "selectPolicy", "Max");
        value::default(rules, "policies", policies);
    }
}

pub(super) fn check(path: &Path, behavior: &HorizontalPodAutoscalerBehavior, problems: &mut Problems) {
    for (direction, rules) in [("scaleUp", &behavior.scale_up), ("scaleDown", &behavior.scale_down)] {
        if let Some(rules) = rules {
            check_rules(&path.child(direction), rules, problems);
        }
    }
}

fn check_rules(path: &Path, rules: &HPAScalingRules, problems: &mut Problems) {
    let at = path.child("stabilizationWindowSeconds");
    match rules.stabilization_window_seconds {
        Some(seconds) if seconds < 0 => problems.invalid(&at, seconds, "must be greater than or equal to zero"),
        Some(seconds) if seconds > WINDOW_MAX => {
            problems.invalid(&at, seconds, format!("must be less than or equal to {WINDOW_MAX}"));
        }
        _ => {}
    }
    if let Some(word) = rules.select_policy.as_deref().filter(|word| !matches!(*word, "Disabled" | "Max" | "Min")) {
        problems.not_supported(&path.child("selectPolicy"), word, &["Disabled", "Max", "Min"]);
    }
    if let Some(tolerance) = &rules.tolerance {
        match parse_millis(&tolerance.0) {
            Ok(millis) if millis < 0 => {
                problems.invalid(&path.child("tolerance"), tolerance, "must be greater or equal to zero");
            }
            checked => problems.check(&path.child("tolerance"), tolerance, checked.map(drop)),
        }
    }
    let at = path.child("policies");
    let policies = rules.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        problems.required(&at, "must specify at least one Policy");
    }
    for (index, policy) in policies.iter().enumerate() {
        check_policy(&at.index(index), policy, problems);
    }
}

fn check_policy(path: &Path, policy: &HPAScalingPolicy, problems: &mut Problems) {
    if !matches!(policy.type_.as_str(), "Percent" | "Pods") {
        problems.not_supported(&path.child("type"), &policy.type_, &["Percent", "Pods"]);
    }
    for (field, found) in [("value", policy.value), ("periodSeconds", policy.period_seconds)] {
        if found <= 0 {
            problems.invalid(&path.child(field), found, "must be greater than zero");
        }
    }
    if policy.period_seconds > PERIOD_MAX {
        let why = format!("must be less than or equal to {PERIOD_MAX}");
        problems.invalid(&path.child("periodSeconds"), policy.period_seconds, why);
    }
}
