//! A Pod's priority: the number its class stands for. Pure.

use api::scheduling::PriorityClass;
use serde_json::{Value, json};

use crate::value;

/// What Pods of no class may do.
const POLICY_DEFAULT: &str = "PreemptLowerPriority";

/// The class that a Pod without one is given: of several defaults, the least.
pub(super) fn default_of(defaults: &[PriorityClass]) -> Option<PriorityClass> {
    let is_default = |class: &&PriorityClass| class.global_default == Some(true);
    defaults.iter().filter(is_default).min_by_key(|class| (class.value, class.metadata.name.clone())).cloned()
}

/// Writes the class, its number and its policy into a Pod that does not contradict them.
pub(super) fn resolve(class: Option<&PriorityClass>, pod: &mut Value) -> Result<(), String> {
    let number = class.and_then(|class| class.value).unwrap_or(0);
    let policy = class.map_or(Some(POLICY_DEFAULT), |class| class.preemption_policy.as_deref());
    if let Some(found) = value::at(pod, &["spec", "priority"]).filter(|found| **found != json!(number)) {
        return Err(format!(
            "the integer value of priority ({found}) must not be provided in pod spec; priority admission controller \
             computed {number} from the given PriorityClass name"
        ));
    }
    let found = value::text(pod, &["spec", "preemptionPolicy"]);
    if let Some(wanted) = policy.filter(|wanted| !found.is_empty() && *wanted != found) {
        return Err(format!(
            "the string value of PreemptionPolicy ({found}) must not be provided in pod spec; priority admission \
             controller computed {wanted} from the given PriorityClass name"
        ));
    }
    let Some(spec) = value::map(pod, &["spec"]) else { return Ok(()) };
    if let Some(name) = class.and_then(|class| class.metadata.name.as_deref()) {
        spec.insert("priorityClassName".to_owned(), json!(name));
    }
    spec.insert("priority".to_owned(), json!(number));
    if let Some(policy) = policy {
        spec.insert("preemptionPolicy".to_owned(), json!(policy));
    }
    Ok(())
}
