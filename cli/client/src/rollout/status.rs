//! How far a rollout is, as `kubectl rollout status` decides and words it.

use serde_json::Value;

use crate::value::{condition, name, number, text};

/// Where a rollout stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It is done.
    Done(String),
    /// It goes on.
    Waiting(String),
    /// It will not be done.
    Failed(String),
}

/// Of an object of a kind; none if the kind has no rollouts.
#[must_use]
pub fn of(kind: &str, object: &Value) -> Option<Stand> {
    let judge = match kind {
        "Deployment" => deployment,
        "DaemonSet" => daemon_set,
        "StatefulSet" => stateful_set,
        _ => return None,
    };
    let seen = number(object, "/status/observedGeneration") >= number(object, "/metadata/generation")
        && object.pointer("/status/observedGeneration").is_some();
    let unseen = || format!("Waiting for {} spec update to be observed...", what(kind));
    Some(if seen { judge(object) } else { Stand::Waiting(unseen()) })
}

fn what(kind: &str) -> &'static str {
    match kind {
        "DaemonSet" => "daemon set",
        "StatefulSet" => "statefulset",
        _ => "deployment",
    }
}

fn deployment(object: &Value) -> Stand {
    let name = name(object);
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let wanted = object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    let (updated, all, available) = (count("updatedReplicas"), count("replicas"), count("availableReplicas"));
    let waiting =
        |text: String| Stand::Waiting(format!("Waiting for deployment {name:?} rollout to finish: {text}..."));
    if condition(object, "Progressing").is_some_and(|c| text(c, "/reason") == "ProgressDeadlineExceeded") {
        return Stand::Failed(format!("deployment {name:?} exceeded its progress deadline"));
    }
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new replicas have been updated"));
    }
    if all > updated {
        return waiting(format!("{} old replicas are pending termination", all - updated));
    }
    if available < updated {
        return waiting(format!("{available} of {updated} updated replicas are available"));
    }
    Stand::Done(format!("deployment {name:?} successfully rolled out"))
}

fn daemon_set(object: &Value) -> Stand {
    let name = name(object);
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Stand::Failed("rollout status is only available for RollingUpdate strategy type".to_owned());
    }
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let (wanted, updated) = (count("desiredNumberScheduled"), count("updatedNumberScheduled"));
    let available = count("numberAvailable");
    let waiting =
        |text: String| Stand::Waiting(format!("Waiting for daemon set {name:?} rollout to finish: {text}..."));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new pods have been updated"));
    }
    if available < wanted {
        return waiting(format!("{available} of {wanted} updated pods are available"));
    }
    Stand::Done(format!("daemon set {name:?} successfully rolled out"))
}

fn stateful_set(object: &Value) -> Stand {
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Stand::Failed("rollout status is only available for RollingUpdate strategy type".to_owned());
    }
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let wanted = object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    let (ready, updated) = (count("readyReplicas"), count("updatedReplicas"));
    if ready < wanted {
        return Stand::Waiting(format!("Waiting for {} pods to be ready...", wanted - ready));
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    if partition > 0 {
        let goal = (wanted - partition).max(0);
        return match updated < goal {
            true => Stand::Waiting(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {goal} new pods have been updated..."
            )),
            false => Stand::Done(format!("partitioned roll out complete: {updated} new pods have been updated...")),
        };
    }
    let (current, update) = (text(object, "/status/currentRevision"), text(object, "/status/updateRevision"));
    if current != update {
        return Stand::Waiting(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        ));
    }
    Stand::Done(format!(
        "statefulset rolling update complete {} pods at revision {current}...",
        count("currentReplicas")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deployment_is_done_when_its_controller_has_seen_it_and_all_are_available() {
        let object = |seen: i64, updated: i64, all: i64, available: i64| {
            json!({
                "metadata": { "name": "web", "generation": 2 },
                "spec": { "replicas": 2 },
                "status": { "observedGeneration": seen, "updatedReplicas": updated, "replicas": all, "availableReplicas": available },
            })
        };
        for (object, wanted) in [
            (object(1, 2, 2, 2), "Waiting for deployment spec update to be observed..."),
            (
                object(2, 1, 2, 2),
                "Waiting for deployment \"web\" rollout to finish: 1 out of 2 new replicas have been updated...",
            ),
            (
                object(2, 2, 3, 2),
                "Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...",
            ),
            (
                object(2, 2, 2, 1),
                "Waiting for deployment \"web\" rollout to finish: 1 of 2 updated replicas are available...",
            ),
        ] {
            assert_eq!(of("Deployment", &object), Some(Stand::Waiting(wanted.to_owned())));
        }
        let done = Stand::Done("deployment \"web\" successfully rolled out".to_owned());
        assert_eq!(of("Deployment", &object(2, 2, 2, 2)), Some(done));
        assert!(matches!(of("Deployment", &json!({ "spec": { "replicas": 0 } })), Some(Stand::Waiting(_))));
    }

    #[test]
    fn a_deadline_that_passed_ends_the_wait() {
        let object = json!({
            "metadata": { "name": "web" },
            "status": { "observedGeneration": 1, "conditions": [{ "type": "Progressing", "reason": "ProgressDeadlineExceeded" }] },
        });
        assert!(matches!(of("Deployment", &object), Some(Stand::Failed(_))));
    }

    #[test]
    fn sets_have_words_of_their_own() {
        let daemons = json!({ "metadata": { "name": "d" }, "status": {
            "observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1 } });
        assert!(
            matches!(of("DaemonSet", &daemons), Some(Stand::Waiting(text)) if text.contains("1 of 2 updated pods"))
        );
        let state = |updated: &str| {
            json!({ "spec": { "replicas": 1 }, "status": { "observedGeneration": 1,
            "readyReplicas": 1, "currentReplicas": 1, "currentRevision": "a", "updateRevision": updated } })
        };
        assert!(matches!(of("StatefulSet", &state("a")), Some(Stand::Done(_))));
        assert!(matches!(of("StatefulSet", &state("b")), Some(Stand::Waiting(_))));
        assert_eq!(of("Pod", &json!({})), None);
    }
}
