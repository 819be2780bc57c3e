//! Why a Pod had to go: the condition `DisruptionTarget`.
//!
//! A Job may forgive its Pods what the cluster did to them (`podFailurePolicy`), so the cluster says so
//! before it does it. Only a Pod that its Job has still to count is told: nobody asks of others, and
//! thousands of evictions must not cost a write each.

use api::core::{Pod, PodCondition};
use api::label;
use api::meta::Time;
use api::resource::PODS;
use serde_json::json;

use crate::{Action, Part, Snapshot, object, pod};

const DISRUPTION_TARGET: &str = "DisruptionTarget";

/// The step that must come before `pod` is removed for `reason`; `None` if it may go now.
pub(crate) fn notice(snapshot: &Snapshot, pod: &Pod, reason: &str, message: &str) -> Option<Action> {
    let is_told = pod::condition(pod, DISRUPTION_TARGET).is_some_and(|told| told.status == "True");
    if is_told || pod::is_finished(pod) || !object::has_finalizer(&pod.metadata, label::JOB_TRACKING) {
        return None;
    }
    let told = PodCondition {
        type_: DISRUPTION_TARGET.to_owned(),
        status: "True".to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_transition_time: Some(Time(snapshot.now)),
        ..PodCondition::default()
    };
    let others = pod::conditions(pod).iter().filter(|condition| condition.type_ != DISRUPTION_TARGET);
    let conditions: Vec<_> = others.chain([&told]).collect();
    let patch = json!({"status": {"conditions": conditions}});
    Some(object::guarded_patch(&PODS, &pod.metadata, Part::Status, patch))
}
