//! The bounds of a rolling update, written down a second time: looked at before and after each
//! step, without a word about how the step was decided.
//!
//! A ReplicaSet that asks for five and has seven Pods occupies seven; one that asks for two and has
//! four available Pods promises two. What is occupied must stay below the ceiling and what is
//! promised above the floor. As no ReplicaSet may have more Pods than it asks for, or stop an
//! available one for an unavailable one, the same then holds for the Pods, also if the leader dies
//! between two loops.

use std::collections::BTreeMap;

use api::core::Pod;
use jiff::Timestamp;

use crate::Snapshot;

/// What the only Deployment allows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub surge: i32,
    pub unavailable: i32,
}

/// What can be seen of the only Deployment from outside.
#[derive(Debug)]
pub(crate) struct Look {
    replicas: i32,
    /// By UID.
    sets: BTreeMap<String, Set>,
}

#[derive(Debug, Default)]
struct Set {
    wanted: i32,
    active: i32,
    available: i32,
}

impl Look {
    pub(crate) fn at(snapshot: &Snapshot) -> Self {
        let deployment = snapshot.deployments.values().next().unwrap();
        let min_ready = i64::from(deployment.spec.min_ready_seconds.unwrap_or(0));
        let mut look = Self { replicas: deployment.spec.replicas.unwrap_or(1), sets: BTreeMap::new() };
        for set in snapshot.replica_sets.values() {
            let uid = set.metadata.uid.clone().unwrap();
            look.sets.insert(uid, Set { wanted: set.spec.replicas.unwrap_or(1), ..Set::default() });
        }
        for pod in snapshot.pods.values().filter(|pod| is_active(pod)) {
            let owner = pod.metadata.owner_references.as_ref().unwrap()[0].uid.clone();
            let set = look.sets.entry(owner).or_default();
            set.active += 1;
            let node = pod.spec.as_ref().unwrap().node_name.clone().unwrap_or_default();
            let serves = is_node_ready(snapshot, &node) && !is_silent(snapshot, &node);
            set.available += i32::from(serves && is_available(pod, snapshot.now, min_ready));
        }
        look
    }

    fn occupied(&self) -> i32 {
        self.sets.values().map(|set| set.wanted.max(set.active)).sum()
    }

    fn promised(&self) -> i32 {
        self.sets.values().map(|set| set.wanted.min(set.available)).sum()
    }
}

fn is_active(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default();
    pod.metadata.deletion_timestamp.is_none() && phase != "Failed" && phase != "Succeeded"
}

fn is_node_ready(snapshot: &Snapshot, name: &str) -> bool {
    let node = snapshot.nodes.values().find(|node| node.metadata.name.as_deref() == Some(name));
    let conditions = node.and_then(|node| node.status.as_ref()?.conditions.clone()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// No request goes to a host that has lost its session, long before its Node is not ready.
fn is_silent(snapshot: &Snapshot, node: &str) -> bool {
    snapshot.sessions.get(node).is_some_and(|session| !session.connected)
}

fn is_available(pod: &Pod, now: Timestamp, min_ready: i64) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.clone()).unwrap_or_default();
    conditions.iter().any(|condition| {
        let since = condition.last_transition_time.as_ref().map_or(now, |time| time.0);
        condition.type_ == "Ready" && condition.status == "True" && now.duration_since(since).as_secs() >= min_ready
    })
}

impl Bounds {
    /// What a step must not have done.
    pub(crate) fn problems(self, before: &Look, after: &Look) -> Vec<String> {
        let (surge, unavailable) = match (self.surge, self.unavailable.min(after.replicas)) {
            (0, 0) if after.replicas > 0 => (0, 1),
            bounds => bounds,
        };
        let mut problems = Vec::new();
        let most = after.replicas + surge;
        let (occupied, promised) = (after.occupied(), after.promised());
        if occupied > before.occupied() && occupied > most {
            problems.push(format!("{occupied} replicas are above the surge, {most} are allowed"));
        }
        let floor = after.replicas - unavailable;
        if promised < before.promised() && promised < floor {
            problems.push(format!("{promised} available replicas are below the floor of {floor}"));
        }
        for (uid, Set { wanted, active, .. }) in &after.sets {
            let grew = before.sets.get(uid).is_none_or(|earlier| *active > earlier.active);
            if grew && active > wanted {
                problems.push(format!("{uid} has {active} Pods and asks for {wanted}"));
            }
        }
        problems
    }
}
