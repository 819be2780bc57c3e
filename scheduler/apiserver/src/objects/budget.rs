//! What a PodDisruptionBudget says to the eviction of a Pod. Pure.
//!
//! The rules and words are Kubernetes': Pods that serve nobody are not budgeted, an unready one may go while
//! enough others are healthy, and every other takes one of the disruptions that are allowed.

use api::meta::LabelSelector;
use api::selector::Selector;
use serde_json::{Value, json};

use crate::status::Status;
use crate::value;

/// When to ask again about a budget that has not been looked at since it changed.
const UNOBSERVED_RETRY_SECONDS: u32 = 10;

/// What a budget says.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// The Pod may go while the budget is as it is.
    Free,
    /// The Pod may go, and the budget becomes this.
    Spent(Value),
}

/// Whether a Pod goes without asking: it has ended, is leaving, or does not run yet.
pub(super) fn is_exempt(pod: &Value) -> bool {
    value::is_deleting(pod) || matches!(value::text(pod, &["status", "phase"]), "Succeeded" | "Failed" | "Pending")
}

/// Whether a budget is about a Pod. One without a selector is about none, and no Pod without labels has a budget.
pub(super) fn covers(budget: &Value, pod: &Value) -> bool {
    let Some(spec) = value::at(budget, &["spec", "selector"]) else { return false };
    let labels = value::at(pod, &["metadata", "labels"]).cloned().unwrap_or_default();
    let labels: std::collections::BTreeMap<String, String> = serde_json::from_value(labels).unwrap_or_default();
    let selector = serde_json::from_value::<LabelSelector>(spec.clone()).ok();
    let selector = selector.and_then(|spec| Selector::from_spec(&spec).ok());
    !labels.is_empty() && selector.is_some_and(|selector| selector.matches(Some(&labels)))
}

/// Asks the one budget of a Pod.
///
/// # Errors
/// 429 with the cause `DisruptionBudget`: not now.
pub(super) fn ask(budget: &Value, pod: &Value) -> Result<Answer, Status> {
    let number = |path: &[&str]| value::at(budget, path).and_then(Value::as_i64).unwrap_or(0);
    let (healthy, desired) = (number(&["status", "currentHealthy"]), number(&["status", "desiredHealthy"]));
    if !is_ready(pod) {
        let policy = value::text(budget, &["spec", "unhealthyPodEvictionPolicy"]);
        if policy == "AlwaysAllow" || healthy >= desired && desired > 0 {
            return Ok(Answer::Free);
        }
    }
    let name = value::text(budget, &["metadata", "name"]);
    if number(&["status", "observedGeneration"]) < number(&["metadata", "generation"]) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(Status::over_budget(why, Some(UNOBSERVED_RETRY_SECONDS)));
    }
    let allowed = number(&["status", "disruptionsAllowed"]);
    if allowed > 0 {
        return Ok(Answer::Spent(spend(budget, allowed)));
    }
    let failed = condition(budget).filter(|condition| value::text(condition, &["reason"]) == "SyncFailed");
    let why = match failed {
        Some(condition) => {
            let message = value::text(condition, &["message"]);
            format!(
                "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
            )
        }
        None => format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"),
    };
    Err(Status::over_budget(why, None))
}

fn is_ready(pod: &Value) -> bool {
    let conditions = value::at(pod, &["status", "conditions"]).and_then(Value::as_array);
    let is_true = |condition: &Value| value::text(condition, &["status"]) == "True";
    conditions.is_some_and(|all| all.iter().any(|one| value::text(one, &["type"]) == "Ready" && is_true(one)))
}

fn condition(budget: &Value) -> Option<&Value> {
    let conditions = value::at(budget, &["status", "conditions"])?.as_array()?;
    conditions.iter().find(|condition| value::text(condition, &["type"]) == "DisruptionAllowed")
}

/// One disruption less. Nothing is noted of the Pod in `disruptedPods`: it is marked in the same transaction.
fn spend(budget: &Value, allowed: i64) -> Value {
    let mut spent = budget.clone();
    spent["status"]["disruptionsAllowed"] = json!(allowed - 1);
    if allowed == 1 {
        for condition in value::elements(&mut spent, &["status", "conditions"]) {
            if value::text(condition, &["type"]) == "DisruptionAllowed" {
                condition["status"] = json!("False");
                condition["reason"] = json!("InsufficientPods");
            }
        }
    }
    spent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(status: &Value) -> Value {
        json!({
            "metadata": {"name": "web", "generation": 2},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
            "status": status,
        })
    }

    fn pod(ready: &str) -> Value {
        json!({
            "metadata": {"labels": {"app": "web"}},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
        })
    }

    fn refusal(budget: &Value, ready: &str) -> String {
        let status = ask(budget, &pod(ready)).expect_err("refused");
        assert_eq!((status.code, status.reason), (429, "TooManyRequests"));
        status.details.expect("details").causes[0].message.clone()
    }

    // C63
    #[test]
    fn a_ready_pod_takes_one_of_the_disruptions_that_are_allowed() {
        let status = json!({"observedGeneration": 2, "disruptionsAllowed": 1, "currentHealthy": 3, "desiredHealthy": 2,
            "conditions": [{"type": "DisruptionAllowed", "status": "True", "reason": "SufficientPods"}]});
        let Ok(Answer::Spent(spent)) = ask(&budget(&status), &pod("True")) else { panic!("allowed") };
        assert_eq!(spent["status"]["disruptionsAllowed"], 0);
        assert_eq!(spent["status"]["conditions"][0]["reason"], "InsufficientPods");
        assert_eq!(refusal(&spent, "True"), "The disruption budget web needs 2 healthy pods and has 3 currently");
    }

    #[test]
    fn a_budget_that_was_not_looked_at_or_cannot_tell_says_so() {
        let stale = json!({"observedGeneration": 1, "disruptionsAllowed": 9});
        assert_eq!(
            refusal(&budget(&stale), "True"),
            "The disruption budget web is still being processed by the server."
        );
        let failed = json!({"observedGeneration": 2, "disruptionsAllowed": 0,
            "conditions": [{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": "no scale"}]});
        assert!(refusal(&budget(&failed), "True").ends_with("because it failed sync: no scale"));
    }

    #[test]
    fn an_unready_pod_may_go_while_enough_others_are_healthy() {
        let status = |healthy: i64| {
            json!({"observedGeneration": 2, "disruptionsAllowed": 0, "currentHealthy": healthy,
            "desiredHealthy": 2})
        };
        assert_eq!(ask(&budget(&status(2)), &pod("False")), Ok(Answer::Free));
        refusal(&budget(&status(1)), "False");
        let mut always = budget(&status(1));
        always["spec"]["unhealthyPodEvictionPolicy"] = json!("AlwaysAllow");
        assert_eq!(ask(&always, &pod("False")), Ok(Answer::Free));
        refusal(&always, "True");
    }

    #[test]
    fn a_budget_covers_what_it_selects() {
        let mut own = budget(&json!({}));
        assert!(covers(&own, &pod("True")));
        own["spec"]["selector"] = json!({});
        assert!(covers(&own, &pod("True")) && !covers(&own, &json!({"metadata": {}})));
        own["spec"] = json!({});
        assert!(!covers(&own, &pod("True")));
    }
}
