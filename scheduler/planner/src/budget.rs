//! PodDisruptionBudgets: how many more Pods may be evicted now (C63).
//!
//! The status is what the eviction API acts on: it takes one from `disruptionsAllowed` in the same transaction
//! that marks the Pod, and this plan writes the status only over the version it was computed from. So two
//! evictions never both pass on one permission, and no stale count gives a permission back. A Pod on a Node
//! that is not heard is not healthy: the loss of a Node counts.
//!
//! What is expected is what the owners of the Pods ask for, as their `scale` says: several Deployments and
//! StatefulSets may stand behind one budget. Owners without a scale (DaemonSets, Jobs, bare custom resources)
//! cannot be budgeted by percentage or by `maxUnavailable`; the condition says so, and nothing may be evicted.

mod expected;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::core::Pod;
use api::meta::{Condition, Time};
use api::policy::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use api::resource::POD_DISRUPTION_BUDGETS;
use api::selector::Selector;

use crate::pod::Named;
use crate::{EventKind, Part, Plan, Snapshot, node, object, pod};

/// The one condition there is.
const DISRUPTION_ALLOWED: &str = "DisruptionAllowed";
/// How long an announced eviction is believed in while its Pod is not told to stop, as in Kubernetes.
const DISRUPTION_TIMEOUT: Duration = Duration::from_secs(120);

/// Decides the status of every budget.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    if snapshot.pod_disruption_budgets.is_empty() {
        return plan;
    }
    let world = World::of(snapshot);
    for (name, budget) in snapshot.pod_disruption_budgets.iter() {
        if plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        let pods = world.pods_of(&name.namespace, budget);
        plan_one(&world, budget, &pods, &mut plan);
    }
    plan.wake_at_end_of_grace(snapshot);
    plan
}

/// What all budgets look at.
struct World<'a> {
    snapshot: &'a Snapshot,
    by_namespace: BTreeMap<&'a str, Vec<Named<'a>>>,
    unheard: BTreeSet<&'a str>,
}

impl<'a> World<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut by_namespace: BTreeMap<&str, Vec<Named<'_>>> = BTreeMap::new();
        for name in snapshot.pod_disruption_budgets.keys() {
            by_namespace.entry(&name.namespace).or_default();
        }
        for (name, pod) in snapshot.pods.iter() {
            if let Some(pods) = by_namespace.get_mut(name.namespace.as_str()) {
                pods.push((name, &**pod));
            }
        }
        Self { snapshot, by_namespace, unheard: node::unheard(snapshot) }
    }

    /// The Pods a budget is about. No selector is none, an empty one is all of the namespace.
    fn pods_of(&self, namespace: &str, budget: &PodDisruptionBudget) -> Vec<Named<'a>> {
        let spec = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        let Some(Ok(selector)) = spec.map(Selector::from_spec) else { return Vec::new() };
        let pods = self.by_namespace.get(namespace).into_iter().flatten();
        pods.filter(|(_, pod)| selector.matches(pod.metadata.labels.as_ref())).copied().collect()
    }

    fn is_healthy(&self, pod: &Pod) -> bool {
        pod::is_ready(pod) && pod::node(pod).is_none_or(|node| !self.unheard.contains(node))
    }
}

fn plan_one(world: &World<'_>, budget: &PodDisruptionBudget, pods: &[Named<'_>], plan: &mut Plan) {
    let old = budget.status.as_ref();
    let mut status = old.cloned().unwrap_or_default();
    status.observed_generation = budget.metadata.generation;
    let before = says(old).map(|condition| condition.reason.clone());
    match expected::of(world.snapshot, budget, pods) {
        Ok(expected) => {
            let announced = announced(world.snapshot, &status, pods, plan);
            let healthy = pods.iter().filter(|(name, pod)| {
                world.is_healthy(pod) && !pod::is_terminating(pod) && !announced.contains_key(&name.name)
            });
            let healthy = object::count(healthy.count());
            let allowed = if expected.pods > 0 { healthy.saturating_sub(expected.healthy).max(0) } else { 0 };
            status.current_healthy = Some(healthy);
            status.desired_healthy = Some(expected.healthy);
            status.expected_pods = Some(expected.pods);
            status.disruptions_allowed = Some(allowed);
            status.disrupted_pods = Some(announced).filter(|announced| !announced.is_empty());
            let (yes, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
            set(&mut status, world.snapshot, yes, reason, String::new());
        }
        Err(why) => {
            status.disruptions_allowed = Some(0);
            status.current_healthy.get_or_insert_default();
            status.desired_healthy.get_or_insert_default();
            status.expected_pods.get_or_insert_default();
            set(&mut status, world.snapshot, "False", SYNC_FAILED, why);
        }
    }
    let Some(patch) = object::status_change(old, &status) else { return };
    let meta = &budget.metadata;
    plan.actions.push(object::guarded_patch(&POD_DISRUPTION_BUDGETS, meta, Part::Status, patch));
    let failed = says(Some(&status)).filter(|condition| condition.reason == SYNC_FAILED);
    if let Some(condition) = failed.filter(|condition| before.as_ref() != Some(&condition.reason)) {
        let message = format!("Failed to calculate the number of expected pods: {}", condition.message);
        let reason = "CalculateExpectedPodCountFailed";
        plan.actions.push(object::event(&POD_DISRUPTION_BUDGETS, meta, EventKind::Warning, reason, message));
    }
}

/// The reason of a budget whose Pods cannot be counted.
const SYNC_FAILED: &str = "SyncFailed";

/// Evictions that were announced, and that are still believed in: by whoever takes several steps for one.
fn announced(
    snapshot: &Snapshot,
    status: &PodDisruptionBudgetStatus,
    pods: &[Named<'_>],
    plan: &mut Plan,
) -> BTreeMap<String, Time> {
    let mut believed = BTreeMap::new();
    for (name, at) in status.disrupted_pods.iter().flatten() {
        let end = object::after(at.0, DISRUPTION_TIMEOUT);
        let is_open = pods.iter().any(|(pod, found)| pod.name == *name && !pod::is_terminating(found));
        if is_open && end > snapshot.now {
            plan.wake(end);
            believed.insert(name.clone(), at.clone());
        }
    }
    believed
}

fn says(status: Option<&PodDisruptionBudgetStatus>) -> Option<&Condition> {
    status?.conditions.as_ref()?.iter().find(|condition| condition.type_ == DISRUPTION_ALLOWED)
}

fn set(status: &mut PodDisruptionBudgetStatus, snapshot: &Snapshot, yes: &str, reason: &str, message: String) {
    let earlier = says(Some(status)).filter(|condition| condition.status == yes);
    let since = earlier.map_or(Time(snapshot.now), |condition| condition.last_transition_time.clone());
    let condition = Condition {
        type_: DISRUPTION_ALLOWED.to_owned(),
        status: yes.to_owned(),
        reason: reason.to_owned(),
        message,
        last_transition_time: since,
        observed_generation: status.observed_generation,
    };
    let conditions = status.conditions.get_or_insert_default();
    match conditions.iter_mut().find(|condition| condition.type_ == DISRUPTION_ALLOWED) {
        Some(own) => *own = condition,
        None => conditions.push(condition),
    }
}

#[cfg(test)]
mod tests;
