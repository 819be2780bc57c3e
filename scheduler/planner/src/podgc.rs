//! Pods nobody else will remove: on Nodes that no longer exist, told to stop before they were
//! placed, or finished long ago.

use std::collections::BTreeSet;

use api::resource::{NODES, PODS};

use crate::{Plan, Snapshot, disruption, object, pod};

/// Decides which Pods are removed.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let unreadable = snapshot.unreadable.iter().filter(|(resource, _)| **resource == NODES).map(|(_, name)| name);
    let nodes: BTreeSet<&str> = snapshot.nodes.keys().chain(unreadable).map(|name| name.name.as_str()).collect();
    let mut plan = Plan::default();
    let mut finished = Vec::new();
    for (name, pod) in snapshot.pods.iter() {
        if plan.actions.len() >= snapshot.config.actions_max {
            return plan;
        }
        if pod.metadata.deletion_grace_period_seconds == Some(0) && pod::is_terminating(pod) {
            continue;
        }
        let is_on_lost_node = pod::node(pod).is_some_and(|node| !nodes.contains(node));
        let has_nobody = is_on_lost_node || pod::node(pod).is_none() && pod::is_terminating(pod);
        let told = "PodGC: the Node of the Pod no longer exists";
        let notice = disruption::notice(snapshot, pod, "DeletionByPodGC", told).filter(|_| is_on_lost_node);
        if let Some(notice) = notice {
            plan.actions.push(notice);
        } else if has_nobody {
            plan.actions.push(object::delete_at_once(&PODS, &pod.metadata));
        } else if pod::is_finished(pod) && !pod::is_terminating(pod) {
            finished.push((object::created(&pod.metadata), name, pod));
        }
    }
    let surplus = finished.len().saturating_sub(snapshot.config.finished_pods_max);
    let room = snapshot.config.actions_max.saturating_sub(plan.actions.len());
    if surplus > 0 {
        finished.sort_by_key(|(created, name, _)| (*created, *name));
        let oldest = finished.into_iter().take(surplus.min(room));
        plan.actions.extend(oldest.map(|(_, _, pod)| object::delete_at_once(&PODS, &pod.metadata)));
    }
    plan
}

#[cfg(test)]
mod tests;
