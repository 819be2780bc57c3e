//! Eviction by taint: Pods leave Nodes whose `NoExecute` taints they do not tolerate, or no longer (C23).
//!
//! A Pod that says nothing about unreachable Nodes tolerates them for `unreachable_after`. On a lost
//! Node nobody can confirm an end, so a Pod is removed at once and its host stops it when it comes
//! back (C29, F22). A Pod with claims, or with the name of a StatefulSet's ordinal, is left alone there: two
//! holders would be worse than none (C30); it moves when its host answers or its Node is deleted.

use api::core::{Node, Pod, Taint, Toleration};
use api::label;
use api::resource::PODS;
use jiff::Timestamp;

use crate::brake::{self, Brake};
use crate::{EventKind, Plan, Snapshot, disruption, node, object, pod, statefulset};

/// Decides which Pods leave their Nodes now.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    let brake = Brake::of(snapshot);
    let is_tainted = |node: &Node| node::taints(node).iter().any(|taint| taint.effect == node::NO_EXECUTE);
    let tainted: Vec<_> = snapshot
        .nodes
        .iter()
        .filter(|(_, node)| is_tainted(node))
        .map(|(name, node)| Evicting::new(snapshot, &name.name, node, brake))
        .collect();
    if tainted.is_empty() {
        return plan;
    }
    for pod in snapshot.pods.values() {
        if plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        let Some(name) = pod::node(pod) else { continue };
        let Ok(at) = tainted.binary_search_by_key(&name, |node| node.name) else { continue };
        tainted[at].plan_pod(snapshot, pod, &mut plan);
    }
    plan
}

/// Whether nobody may take a Pod's place while it may still run.
fn is_one_of_a_kind(pod: &Pod) -> bool {
    pod::has_claims(pod) || statefulset::manages(pod)
}

/// A Node that Pods may have to leave.
struct Evicting<'a> {
    name: &'a str,
    taints: Vec<&'a Taint>,
    is_lost: bool,
}

impl<'a> Evicting<'a> {
    fn new(snapshot: &Snapshot, name: &'a str, node: &'a Node, brake: Brake) -> Self {
        let is_lost = brake::lost_at(snapshot, name).is_some();
        // Of a Node that is heard again, or while the brake is pulled, silence means nothing.
        let means_something = is_lost && !matches!(brake, Brake::Pulled { .. });
        let taints = node::taints(node).iter().filter(|taint| taint.effect == node::NO_EXECUTE);
        let taints = taints.filter(|taint| means_something || !is_of_silence(taint)).collect();
        Self { name, taints, is_lost }
    }

    fn plan_pod(&self, snapshot: &Snapshot, pod: &Pod, plan: &mut Plan) {
        if pod::is_finished(pod) || self.is_lost && is_one_of_a_kind(pod) {
            return;
        }
        let is_being_removed = pod.metadata.deletion_grace_period_seconds == Some(0);
        if pod::is_terminating(pod) && (!self.is_lost || is_being_removed) {
            return;
        }
        let Some(at) = self.leaves_at(snapshot, pod) else { return };
        if at > snapshot.now {
            plan.wake(at);
            return;
        }
        let told = "Taint manager: deleting due to NoExecute taint";
        if let Some(notice) = disruption::notice(snapshot, pod, "DeletionByTaintManager", told) {
            plan.actions.push(notice);
            return;
        }
        let delete = if self.is_lost { object::delete_at_once } else { object::delete };
        plan.actions.push(delete(&PODS, &pod.metadata));
        let message = format!("Marking for deletion Pod {}", api::NamespacedName::of(&pod.metadata));
        plan.actions.push(object::event(&PODS, &pod.metadata, EventKind::Normal, "TaintManagerEviction", message));
    }

    /// When a Pod has to leave; `None` if it may stay for ever.
    fn leaves_at(&self, snapshot: &Snapshot, pod: &Pod) -> Option<Timestamp> {
        let tolerations = pod::spec(pod).and_then(|spec| spec.tolerations.as_deref()).unwrap_or_default();
        self.taints.iter().filter_map(|taint| leaves_for(snapshot, taint, tolerations)).min()
    }
}

fn leaves_for(snapshot: &Snapshot, taint: &Taint, tolerations: &[Toleration]) -> Option<Timestamp> {
    let since = taint.time_added.as_ref().map_or(snapshot.now, |time| time.0);
    match node::toleration(tolerations, taint) {
        Some(toleration) => Some(object::after_seconds(since, toleration.toleration_seconds?)),
        None if is_of_silence(taint) => Some(object::after(since, snapshot.config.unreachable_after)),
        None => Some(since.min(snapshot.now)),
    }
}

fn is_of_silence(taint: &Taint) -> bool {
    matches!(taint.key.as_str(), label::TAINT_UNREACHABLE | label::TAINT_NOT_READY)
}

#[cfg(test)]
mod tests;
