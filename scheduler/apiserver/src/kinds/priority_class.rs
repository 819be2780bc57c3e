//! PriorityClasses: what a name is worth. `objects::admission` gives Pods the number, placement acts on it.

use api::resource::PRIORITY_CLASSES;
use api::scheduling::PriorityClass;
use serde_json::Value;

use super::container::supported;
use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Largest value a user may give; above it are the cluster's own.
const VALUE_MAX: i32 = 1_000_000_000;
/// Names with this prefix are the cluster's own.
const SYSTEM: &str = "system-";
/// The classes every cluster has, and their values.
pub(crate) const SYSTEM_CLASSES: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// Fills in what a PriorityClass leaves out.
pub(super) fn defaults(class: &mut Value) {
    value::default(class, "preemptionPolicy", "PreemptLowerPriority");
    // Kubernetes writes the number also where it is zero.
    value::default(class, "value", 0);
}

/// Decodes and checks a PriorityClass.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let class: PriorityClass = decode(&PRIORITY_CLASSES, object)?;
    let name = class.metadata.name.as_deref().unwrap_or_default();
    let found = class.value.unwrap_or(0);
    if name.starts_with(SYSTEM) {
        check_system(name, &class, problems);
    } else if found > VALUE_MAX {
        let why = format!("maximum allowed value of a user defined priority is {VALUE_MAX}");
        problems.forbidden(&Path::new("value"), why);
    }
    if let Some(policy) = &class.preemption_policy {
        supported(&Path::new("preemptionPolicy"), policy, &["Never", "PreemptLowerPriority"], problems);
    }
    Ok(())
}

fn check_system(name: &str, class: &PriorityClass, problems: &mut Problems) {
    let why = match SYSTEM_CLASSES.iter().find(|(known, _)| *known == name) {
        None => format!("{name} is not a known system priority class"),
        Some((_, value)) if class.value != Some(*value) => format!("value of {name} PriorityClass must be {value}"),
        Some(_) if class.global_default == Some(true) => format!("globalDefault of {name} PriorityClass must be false"),
        Some(_) => return,
    };
    let why = format!("priority class names with '{SYSTEM}' prefix are reserved for system use only. error: {why}");
    problems.forbidden(&Path::new("metadata").child("name"), why);
}

/// A value is for life: Pods carry it.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    if old.get("value") != new.get("value") {
        problems.forbidden(&Path::new("value"), "may not be changed in an update.");
    }
    meta::check_immutable("preemptionPolicy", old, new, problems);
}
