//! The conditions of a Deployment and how they change.

use api::apps::DeploymentCondition;
use api::meta::Time;
use jiff::Timestamp;

pub(super) const PROGRESSING: &str = "Progressing";
pub(super) const AVAILABLE: &str = "Available";

/// What a condition says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Says<'a> {
    pub type_: &'static str,
    pub status: &'static str,
    pub reason: &'static str,
    pub message: &'a str,
}

pub(super) fn find<'a>(conditions: &'a [DeploymentCondition], type_: &str) -> Option<&'a DeploymentCondition> {
    conditions.iter().find(|condition| condition.type_.as_deref() == Some(type_))
}

pub(super) fn reason(condition: Option<&DeploymentCondition>) -> &str {
    condition.and_then(|condition| condition.reason.as_deref()).unwrap_or_default()
}

/// Sets a condition unless it says the same already; then its times stay.
pub(super) fn set(conditions: &mut Vec<DeploymentCondition>, says: Says<'_>, now: Timestamp) {
    let current = find(conditions, says.type_);
    let is_same = current.is_some_and(|c| c.status.as_deref() == Some(says.status)) && reason(current) == says.reason;
    if !is_same {
        renew(conditions, says, now);
    }
}

/// Sets a condition and the time of its last update, even if it says the same.
pub(super) fn renew(conditions: &mut Vec<DeploymentCondition>, says: Says<'_>, now: Timestamp) {
    let at = conditions.iter().position(|condition| condition.type_.as_deref() == Some(says.type_));
    let earlier = at.map(|at| conditions.remove(at));
    let same_status = earlier.filter(|condition| condition.status.as_deref() == Some(says.status));
    let since = same_status.and_then(|condition| condition.last_transition_time).unwrap_or(Time(now));
    let condition = DeploymentCondition {
        type_: Some(says.type_.to_owned()),
        status: Some(says.status.to_owned()),
        reason: Some(says.reason.to_owned()),
        message: Some(says.message.to_owned()),
        last_transition_time: Some(since),
        last_update_time: Some(Time(now)),
    };
    conditions.insert(at.unwrap_or(conditions.len()), condition);
}
