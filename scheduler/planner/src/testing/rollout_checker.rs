//! The bounds of a rolling update, written down a second time: looked at before and after each
//! step, without a word about how the step was decided.

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
    active: i32,
    available: i32,
    /// By UID of the ReplicaSet: Pods, and how many it asks for.
    sets: BTreeMap<String, (i32, i32)>,
}

impl Look {
    pub(crate) fn at(snapshot: &Snapshot) -> Self {
        let deployment = snapshot.deployments.values().next().unwrap();
        let min_ready = i64::from(deployment.spec.min_ready_seconds.unwrap_or(0));
        let mut look =
            Self { replicas: deployment.spec.replicas.unwrap_or(1), active: 0, available: 0, sets: BTreeMap::new() };
        for set in snapshot.replica_sets.values() {
            let uid = set.metadata.uid.clone().unwrap();
            look.sets.insert(uid, (0, set.spec.replicas.unwrap_or(1)));
        }
        for pod in snapshot.pods.values().filter(|pod| is_active(pod)) {
            look.active += 1;
            let owner = pod.metadata.owner_references.as_ref().unwrap()[0].uid.clone();
            look.sets.entry(owner).or_default().0 += 1;
            let node = pod.spec.as_ref().unwrap().node_name.clone().unwrap_or_default();
            look.available += i32::from(is_node_ready(snapshot, &node) && is_available(pod, snapshot.now, min_ready));
        }
        look
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
        if after.active > before.active && after.active > most {
            problems.push(format!("{} replicas are above the surge, {most} are allowed", after.active));
        }
        let floor = after.replicas - unavailable;
        if after.available < before.available && after.available < floor {
            problems.push(format!("{} available replicas are below the floor of {floor}", after.available));
        }
        for (uid, (pods, wanted)) in &after.sets {
            let grew = before.sets.get(uid).is_none_or(|(earlier, _)| pods > earlier);
            if grew && pods > wanted {
                problems.push(format!("{uid} has {pods} Pods and asks for {wanted}"));
            }
        }
        problems
    }
}
