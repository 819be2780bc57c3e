//! What a host reports of a Pod, merged into what the API has. Pure.
//!
//! The host owns phase, containers and addresses; conditions have several owners and are merged by
//! type. What has ended stays ended: a report that was under way when the Pod was given up does not
//! bring it back.

use api::core::{PodCondition, PodStatus};
use jiff::Timestamp;

/// Reads a report.
///
/// # Errors
/// A sentence for the log.
pub(crate) fn parse(status_json: &[u8]) -> Result<PodStatus, String> {
    serde_json::from_slice(status_json).map_err(|e| format!("not a v1 PodStatus: {e}"))
}

fn has_ended(status: &PodStatus) -> bool {
    matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"))
}

/// The status after a report; `None` if it says nothing new.
pub(crate) fn merge(current: &PodStatus, reported: PodStatus, now: Timestamp) -> Option<PodStatus> {
    if has_ended(current) && !has_ended(&reported) {
        return None;
    }
    let mut next = current.clone();
    next.phase = reported.phase.or(next.phase);
    next.conditions = merge_conditions(current.conditions.as_deref().unwrap_or_default(), reported.conditions, now);
    next.container_statuses = reported.container_statuses.or(next.container_statuses);
    next.init_container_statuses = reported.init_container_statuses.or(next.init_container_statuses);
    next.start_time = next.start_time.or(reported.start_time);
    next.host_ip = reported.host_ip.or(next.host_ip);
    next.host_ips = reported.host_ips.or(next.host_ips);
    next.message = reported.message;
    next.reason = reported.reason;
    if let Some(ip) = reported.pod_ip {
        next.pod_ips = reported.pod_ips.or_else(|| Some(vec![api::core::PodIP { ip: ip.clone() }]));
        next.pod_ip = Some(ip);
    }
    (next != *current).then_some(next)
}

/// Keeps the conditions the host does not report, and the time of those that did not turn.
fn merge_conditions(
    current: &[PodCondition],
    reported: Option<Vec<PodCondition>>,
    now: Timestamp,
) -> Option<Vec<PodCondition>> {
    let mut merged = current.to_vec();
    for mut condition in reported.unwrap_or_default() {
        match merged.iter_mut().find(|c| c.type_ == condition.type_) {
            Some(known) => {
                if known.status == condition.status {
                    condition.last_transition_time.clone_from(&known.last_transition_time);
                }
                *known = stamped(condition, now);
            }
            None => merged.push(stamped(condition, now)),
        }
    }
    (!merged.is_empty()).then_some(merged)
}

fn stamped(mut condition: PodCondition, now: Timestamp) -> PodCondition {
    let second = Timestamp::from_second(now.as_second()).unwrap_or(now);
    condition.last_transition_time.get_or_insert(api::meta::Time(second));
    condition
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(current: Value, reported: &Value, wanted: Option<&Value>) {
        let now = "2026-01-01T00:01:00.5Z".parse().expect("a time");
        let current: PodStatus = serde_json::from_value(current).expect("a status");
        let reported = parse(reported.to_string().as_bytes()).expect("a status");
        let merged = merge(&current, reported, now).map(|s| serde_json::to_value(s).expect("encodes"));
        assert_eq!(merged.as_ref(), wanted);
    }

    fn ready(status: &str, at: &str) -> Value {
        json!({"type": "Ready", "status": status, "lastTransitionTime": at})
    }

    #[test]
    fn conditions_of_other_owners_and_times_of_what_did_not_turn_are_kept() {
        let scheduled = json!({"type": "PodScheduled", "status": "True"});
        let before = "2026-01-01T00:00:00Z";
        check(
            json!({"phase": "Pending", "conditions": [scheduled, ready("False", before)]}),
            &json!({"phase": "Running", "podIP": "127.64.0.2", "conditions": [{"type": "Ready", "status": "True"}]}),
            Some(&json!({
                "phase": "Running",
                "podIP": "127.64.0.2",
                "podIPs": [{"ip": "127.64.0.2"}],
                "conditions": [scheduled, ready("True", "2026-01-01T00:01:00Z")],
            })),
        );
        check(
            json!({"phase": "Running", "conditions": [ready("True", before)]}),
            &json!({"phase": "Running", "conditions": [ready("True", "2026-01-01T00:00:30Z")]}),
            None,
        );
    }

    #[test]
    fn what_has_ended_stays_ended() {
        check(json!({"phase": "Failed"}), &json!({"phase": "Running"}), None);
        check(json!({"phase": "Failed"}), &json!({"phase": "Failed"}), None);
        check(json!({"phase": "Running"}), &json!({"phase": "Succeeded"}), Some(&json!({"phase": "Succeeded"})));
    }

    #[test]
    fn garbage_is_refused() {
        assert!(parse(b"{").is_err());
        assert!(parse(br#"{"phase": 3}"#).is_err());
    }
}
