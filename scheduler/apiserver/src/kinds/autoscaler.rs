//! HorizontalPodAutoscalers: `autoscaling/v2`.

use api::Quantity;
use api::autoscaling::{CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec};
use api::quantity::parse_millis;
use api::resource::HORIZONTAL_POD_AUTOSCALERS;
use serde_json::{Value, json};

use super::decode;
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

mod behavior;
mod metric;
mod v1;

pub(super) use v1::ALSO;

/// Fills in what an autoscaler leaves out.
pub(super) fn defaults(autoscaler: &mut Value) {
    let Some(spec) = autoscaler.get_mut("spec") else { return };
    value::default(spec, "minReplicas", 1);
    if spec.is_object() && spec.get("metrics").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        let target = json!({"type": "Utilization", "averageUtilization": 80});
        spec["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]);
    }
    if let Some(behavior) = spec.get_mut("behavior").filter(|behavior| behavior.is_object()) {
        behavior::defaults(behavior);
    }
}

/// Decodes and checks an autoscaler.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let autoscaler: HorizontalPodAutoscaler = decode(&HORIZONTAL_POD_AUTOSCALERS, object)?;
    let path = Path::new("spec");
    let spec = &autoscaler.spec;
    check_bounds(&path, spec, problems);
    check_reference(&path.child("scaleTargetRef"), &spec.scale_target_ref, problems);
    for (at, found) in spec.metrics.iter().flatten().enumerate() {
        metric::check(&path.child("metrics").index(at), found, problems);
    }
    if let Some(found) = &spec.behavior {
        behavior::check(&path.child("behavior"), found, problems);
    }
    Ok(())
}

fn check_bounds(path: &Path, spec: &HorizontalPodAutoscalerSpec, problems: &mut Problems) {
    let (least, most) = (spec.min_replicas.unwrap_or(1), spec.max_replicas);
    if least < 1 {
        problems.invalid(&path.child("minReplicas"), least, "must be greater than or equal to 1");
    }
    if most < 1 {
        problems.invalid(&path.child("maxReplicas"), most, "must be greater than 0");
    }
    if most < least {
        problems.invalid(&path.child("maxReplicas"), most, "must be greater than or equal to `minReplicas`");
    }
}

fn check_reference(path: &Path, reference: &CrossVersionObjectReference, problems: &mut Problems) {
    for (field, found) in [("kind", &reference.kind), ("name", &reference.name)] {
        if found.is_empty() {
            problems.required(&path.child(field), "");
        } else {
            check_segment(&path.child(field), found, problems);
        }
    }
}

/// What stands in a URL between two slashes.
fn check_segment(path: &Path, found: &str, problems: &mut Problems) {
    if matches!(found, "." | "..") {
        problems.invalid(path, found, format!("may not be '{found}'"));
    }
    for forbidden in ["/", "%"] {
        if found.contains(forbidden) {
            problems.invalid(path, found, format!("may not contain '{forbidden}'"));
        }
    }
}

/// Whether a quantity is more than nothing; what does not parse is not.
fn is_positive(quantity: &Quantity) -> bool {
    parse_millis(&quantity.0).is_ok_and(|millis| millis > 0)
}

#[cfg(test)]
mod tests;
