//! PodDisruptionBudgets.

use api::policy::PodDisruptionBudget;
use api::resource::POD_DISRUPTION_BUDGETS;
use serde_json::{Value, json};

use super::container::supported;
use super::{bound, decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;

/// A new budget allows nothing until its Pods have been counted.
pub(super) fn prepare(budget: &mut Value) {
    if let Some(map) = budget.as_object_mut() {
        let nothing = json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0});
        map.insert("status".to_owned(), nothing);
    }
}

/// Decodes and checks a PodDisruptionBudget.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let budget: PodDisruptionBudget = decode(&POD_DISRUPTION_BUDGETS, object)?;
    let path = Path::new("spec");
    let Some(spec) = &budget.spec else { return Ok(()) };
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        problems.invalid(&path, spec, "minAvailable and maxUnavailable cannot be both set");
    }
    bound::check_share(&path.child("minAvailable"), spec.min_available.as_ref(), problems);
    bound::check_share(&path.child("maxUnavailable"), spec.max_unavailable.as_ref(), problems);
    if let Some(selector) = &spec.selector {
        meta::check_selector(&path.child("selector"), selector, problems);
    }
    if let Some(found) = &spec.unhealthy_pod_eviction_policy {
        let path = path.child("unhealthyPodEvictionPolicy");
        supported(&path, found, &["IfHealthyBudget", "AlwaysAllow"], problems);
    }
    Ok(())
}
