//! Node lifecycle: what the sessions of hosts say becomes the Ready condition and taints.
//!
//! A Node is `NotReady` once its host has been silent for `not_ready_after`. It then takes no new
//! Pods at once, and one Node after another, as the [`brake`] allows, is given up: the taint that
//! evicts. A host that is heard again is ready and untainted in the same breath, which cancels
//! what has not happened yet (F25).
//!
//! Other conditions, addresses and capacity are written by the session; this leaves them alone.

use api::core::{Node, NodeCondition, Taint};
use api::label;
use api::meta::Time;
use api::resource::NODES;
use jiff::Timestamp;
use serde_json::json;

use crate::brake::{self, Brake};
use crate::{Action, EventKind, Part, Plan, Snapshot, node, object};

const READY: &str = "Ready";

/// Decides the Ready condition and the taints of every Node.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    let brake = Brake::of(snapshot);
    let given_up = next_given_up(snapshot, brake, &mut plan);
    for (name, node) in snapshot.nodes.iter().filter(|(_, node)| !object::is_terminating(&node.metadata)) {
        if plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        let lost_at = brake::lost_at(snapshot, &name.name);
        if lost_at.is_none() {
            plan_wake(snapshot, &name.name, &mut plan);
        }
        // One write per Node and plan: the second would meet a version that the first has changed.
        if !plan_condition(snapshot, node, lost_at.is_some(), brake, &mut plan) {
            let is_given_up = given_up == Some(name.name.as_str());
            plan_taints(snapshot, node, lost_at.is_some(), is_given_up, &mut plan);
        }
    }
    plan
}

/// The Node that is given up now: the one that has been lost longest, if enough time has passed since the last.
fn next_given_up<'a>(snapshot: &'a Snapshot, brake: Brake, plan: &mut Plan) -> Option<&'a str> {
    let Brake::Open(interval) = brake else { return None };
    // One that is being deleted gets no taints any more: waiting for it would hold up all others.
    let is_candidate = |node: &Node| !brake::is_given_up(node) && !object::is_terminating(&node.metadata);
    let candidates = snapshot.nodes.iter().filter(|(_, node)| is_candidate(node));
    let lost = candidates.filter_map(|(name, _)| Some((brake::lost_at(snapshot, &name.name)?, name.name.as_str())));
    let (_, name) = lost.min()?;
    let free_at = brake::last_given_up(snapshot).map_or(Timestamp::MIN, |last| object::after(last, interval));
    if free_at > snapshot.now {
        plan.wake(free_at);
        return None;
    }
    Some(name)
}

/// A silent host becomes lost by time alone.
fn plan_wake(snapshot: &Snapshot, name: &str, plan: &mut Plan) {
    if let Some(since) = snapshot.silent_since(name) {
        plan.wake(object::after(since, snapshot.config.not_ready_after));
    } else if !snapshot.sessions.contains_key(name) {
        plan.wake(snapshot.grace_ends(name));
    }
}

/// Writes the Ready condition; returns whether it had to.
fn plan_condition(snapshot: &Snapshot, node: &Node, is_lost: bool, brake: Brake, plan: &mut Plan) -> bool {
    let Some(name) = node.metadata.name.as_deref() else { return false };
    let (status, reason, message) = if is_lost {
        ("Unknown", "NodeStatusUnknown", lost_message(brake))
    } else if snapshot.is_connected(name) {
        ("True", "HostReady", "host is connected".to_owned())
    } else {
        return false;
    };
    let current = node::condition(node, READY);
    let has_status = current.is_some_and(|current| current.status == status);
    let has_message = current.is_some_and(|current| current.message.as_deref() == Some(&message));
    if has_status && (has_message || !is_lost) {
        return false;
    }
    let since = current.filter(|_| has_status).and_then(|current| current.last_transition_time.clone());
    let heard = if is_lost { snapshot.silent_since(name).unwrap_or(snapshot.now) } else { snapshot.now };
    let condition = NodeCondition {
        type_: READY.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.clone()),
        last_heartbeat_time: Some(Time(heard)),
        last_transition_time: Some(since.unwrap_or(Time(snapshot.now))),
    };
    let stored = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let others = stored.iter().filter(|condition| condition.type_ != READY);
    let conditions: Vec<_> = others.chain([&condition]).collect();
    let patch = json!({"status": {"conditions": conditions}});
    plan.actions.push(object::guarded_patch(&NODES, &node.metadata, Part::Status, patch));
    if !has_status {
        plan.actions.push(tell(node, name, is_lost));
    }
    if is_lost && matches!(brake, Brake::Pulled { .. }) {
        let reason = "EvictionsHeld";
        plan.actions.push(object::event(&NODES, &node.metadata, EventKind::Warning, reason, message));
    }
    true
}

fn lost_message(brake: Brake) -> String {
    match brake {
        Brake::Open(_) => "host stopped answering".to_owned(),
        Brake::Pulled { lost, total } if lost == total => {
            "host stopped answering; its Pods stay: no node answers, so there is nowhere to go".to_owned()
        }
        Brake::Pulled { .. } => {
            "host stopped answering; its Pods stay: most nodes do not answer, which looks like a network fault"
                .to_owned()
        }
    }
}

fn tell(node: &Node, name: &str, is_lost: bool) -> Action {
    let (kind, reason) = if is_lost { (EventKind::Warning, "NodeNotReady") } else { (EventKind::Normal, "NodeReady") };
    object::event(&NODES, &node.metadata, kind, reason, format!("Node {name} status is now: {reason}"))
}

fn plan_taints(snapshot: &Snapshot, node: &Node, is_lost: bool, is_given_up: bool, plan: &mut Plan) {
    let is_connected = node.metadata.name.as_deref().is_some_and(|name| snapshot.is_connected(name));
    let mut taints = node::taints(node).to_vec();
    let mut want = |key: &str, effect: &str, is_wanted: bool| {
        let at = taints.iter().position(|taint| taint.key == key && taint.effect == effect);
        match (at, is_wanted) {
            (None, true) => taints.push(Taint {
                key: key.to_owned(),
                effect: effect.to_owned(),
                value: None,
                time_added: Some(Time(snapshot.now)),
            }),
            (Some(at), false) => {
                taints.remove(at);
            }
            (Some(_), true) | (None, false) => {}
        }
    };
    want(label::TAINT_UNSCHEDULABLE, node::NO_SCHEDULE, node::is_unschedulable(node));
    if is_lost {
        want(label::TAINT_UNREACHABLE, node::NO_SCHEDULE, true);
        let is_given_up = is_given_up || brake::is_given_up(node);
        want(label::TAINT_UNREACHABLE, node::NO_EXECUTE, is_given_up);
    } else if is_connected {
        for key in [label::TAINT_UNREACHABLE, label::TAINT_NOT_READY] {
            want(key, node::NO_SCHEDULE, false);
            want(key, node::NO_EXECUTE, false);
        }
    }
    // `kubectl taint` sets no time, and tolerations count from one.
    for taint in taints.iter_mut().filter(|taint| taint.effect == node::NO_EXECUTE) {
        taint.time_added.get_or_insert(Time(snapshot.now));
    }
    if taints != node::taints(node) {
        let patch = json!({"spec": {"taints": taints}});
        plan.actions.push(object::guarded_patch(&NODES, &node.metadata, Part::Main, patch));
    }
}

#[cfg(test)]
mod tests;
