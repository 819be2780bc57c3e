//! Reading a Pod: where it is in its life, and whether it serves.

use api::NamespacedName;
use api::core::{Pod, PodCondition, PodSpec};
use jiff::Timestamp;

use crate::object;

/// A Pod with its key.
pub(crate) type Named<'a> = (&'a NamespacedName, &'a Pod);

pub(crate) fn spec(pod: &Pod) -> Option<&PodSpec> {
    pod.spec.as_ref()
}

pub(crate) fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}

/// The Node it is bound to.
pub(crate) fn node(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref().filter(|name| !name.is_empty())
}

/// The Node whose room it waits for.
pub(crate) fn nominated_node(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.nominated_node_name.as_deref().filter(|name| !name.is_empty())
}

/// Whether every container has ended for good.
pub(crate) fn is_finished(pod: &Pod) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether it is gone but for a finalizer: no host runs it, or none is waited for, and nobody will report its end.
pub(crate) fn is_gone(pod: &Pod) -> bool {
    is_terminating(pod) && pod.metadata.deletion_grace_period_seconds == Some(0)
}

pub(crate) fn is_terminating(pod: &Pod) -> bool {
    object::is_terminating(&pod.metadata)
}

/// Whether it counts as a replica: neither finished nor on its way out.
pub(crate) fn is_active(pod: &Pod) -> bool {
    !is_finished(pod) && !is_terminating(pod)
}

pub(crate) fn conditions(pod: &Pod) -> &[PodCondition] {
    pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default()
}

pub(crate) fn condition<'a>(pod: &'a Pod, type_: &str) -> Option<&'a PodCondition> {
    conditions(pod).iter().find(|condition| condition.type_ == type_)
}

/// What its host last said of its readiness.
pub(crate) fn is_ready(pod: &Pod) -> bool {
    condition(pod, "Ready").is_some_and(|ready| ready.status == "True")
}

/// Since when it has been ready, if it is and the time is known.
pub(crate) fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let ready = condition(pod, "Ready").filter(|ready| ready.status == "True")?;
    ready.last_transition_time.as_ref().map(|time| time.0)
}

/// Whether its death needs a confirmation because it holds something only one may hold.
pub(crate) fn has_claims(pod: &Pod) -> bool {
    let volumes = spec(pod).and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
    volumes.iter().any(|volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some())
}

/// When a failed Pod failed, as well as its status tells.
pub(crate) fn failed_at(pod: &Pod) -> Timestamp {
    let changes = conditions(pod).iter().filter_map(|condition| condition.last_transition_time.as_ref());
    changes.map(|time| time.0).max().unwrap_or_else(|| object::created(&pod.metadata))
}
