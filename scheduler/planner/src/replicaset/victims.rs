//! Which Pods a shrinking ReplicaSet stops (C59).
//!
//! Unbound before bound, pending before running, not ready before ready, ready for too short before
//! available, cheap before dear, on the most crowded Node, and of equals the newest. Kubernetes
//! looks at availability last; first is what keeps a rolling update above its floor.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use api::label;

use crate::pod::Named;
use crate::replicas::{Readiness, Replicas};
use crate::{object, pod};

/// How much a Pod is worth; victims have the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Worth {
    is_bound: bool,
    phase: u8,
    readiness: Rank,
    cost: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    NotReady,
    Ready,
    Available,
}

/// Returns `surplus` of the active `pods`, worst first.
pub(super) fn choose<'a>(
    replicas: &Replicas<'_>,
    pods: &[Named<'a>],
    siblings: &[Named<'_>],
    min_ready_seconds: i32,
    surplus: usize,
) -> Vec<Named<'a>> {
    let active = pods.iter().filter(|(_, pod)| pod::is_active(pod));
    let mut ranked: Vec<_> = active.map(|named| (worth(replicas, *named, min_ready_seconds), *named)).collect();
    // Best first, oldest first: the n-th Pod kept on a Node crowds it n-fold.
    ranked.sort_by_key(|(worth, (name, pod))| (Reverse(*worth), object::created(&pod.metadata), *name));
    let mut crowd: BTreeMap<&str, usize> = BTreeMap::new();
    for node in siblings.iter().filter(|(_, pod)| pod::is_active(pod)).filter_map(|(_, pod)| pod::node(pod)) {
        *crowd.entry(node).or_default() += 1;
    }
    let mut crowded: Vec<_> = ranked
        .into_iter()
        .enumerate()
        .map(|(age, (worth, named))| {
            let on_node = crowd.entry(pod::node(named.1).unwrap_or_default()).or_default();
            *on_node += 1;
            (worth, Reverse(*on_node), Reverse(age), named)
        })
        .collect();
    crowded.sort_by_key(|(worth, on_node, age, _)| (*worth, *on_node, *age));
    crowded.into_iter().take(surplus).map(|(_, _, _, named)| named).collect()
}

fn worth(replicas: &Replicas<'_>, named: Named<'_>, min_ready_seconds: i32) -> Worth {
    let (_, pod) = named;
    Worth {
        is_bound: pod::node(pod).is_some(),
        phase: match pod::phase(pod) {
            "Pending" => 0,
            "Unknown" => 1,
            _ => 2,
        },
        readiness: match replicas.readiness(named, min_ready_seconds) {
            Readiness::NotReady => Rank::NotReady,
            Readiness::ReadyUntilAvailable(_) => Rank::Ready,
            Readiness::Available => Rank::Available,
        },
        cost: object::annotation(&pod.metadata, label::POD_DELETION_COST)
            .and_then(|cost| cost.parse().ok())
            .unwrap_or(0),
    }
}
