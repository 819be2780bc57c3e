//! The eviction brake (C28, F26): when most of a cluster seems lost, the network is the likelier culprit.
//!
//! Kubernetes' rule, for the whole cluster: more than two Nodes lost and at least 55 % of all is a
//! partial disruption. Evicting then would throw the Pods of the many onto the few, so large
//! clusters go on very slowly and small ones stop. If every Node is lost nothing is evicted, for
//! there is nowhere to go. One or two lost Nodes never pull the brake: with two hosts the loss of
//! one is half of the cluster and must still be repaired in seconds.
//!
//! A Node that was given up and has no Pods left counts neither as lost nor at all: nothing remains to be
//! decided of it, and machines that were thrown away without a word must not pull the brake for good.

use std::collections::BTreeSet;
use std::time::Duration;

use api::core::{Node, Taint};
use api::label;
use jiff::Timestamp;

use crate::{Snapshot, node, object, pod};

/// Share of lost Nodes, in percent, from which on the brake is pulled.
const LOST_PERCENT_MAX: usize = 55;
/// So many lost Nodes never pull the brake.
const LOST_ALWAYS_EVICTED: usize = 2;
/// Clusters up to this size stop instead of slowing down.
const SMALL_CLUSTER_MAX: usize = 50;

/// Whether Nodes may be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brake {
    /// One Node per interval.
    Open(Duration),
    /// None: `lost` of `total` do not answer.
    Pulled { lost: usize, total: usize },
}

impl Brake {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let lost: Vec<_> = snapshot.nodes.iter().filter(|(name, _)| lost_at(snapshot, &name.name).is_some()).collect();
        let mut stale: BTreeSet<&str> =
            lost.iter().filter(|(_, node)| is_given_up(node)).map(|(name, _)| name.name.as_str()).collect();
        if !stale.is_empty() {
            let alive = snapshot.pods.values().filter(|pod| !pod::is_finished(pod));
            let held: BTreeSet<&str> = alive.filter_map(|pod| pod::node(pod)).collect();
            stale.retain(|node| !held.contains(node));
        }
        Self::judge(lost.len() - stale.len(), snapshot.nodes.len() - stale.len(), snapshot)
    }

    fn judge(lost: usize, total: usize, snapshot: &Snapshot) -> Self {
        let config = &snapshot.config;
        let is_disrupted = lost > LOST_ALWAYS_EVICTED && lost * 100 >= total * LOST_PERCENT_MAX;
        if lost == total && total > 0 || is_disrupted && total <= SMALL_CLUSTER_MAX {
            Self::Pulled { lost, total }
        } else if is_disrupted {
            Self::Open(config.eviction_interval_braked)
        } else {
            Self::Open(config.eviction_interval)
        }
    }
}

/// When a Node became lost, if it is: its host has been silent for `not_ready_after`.
pub(crate) fn lost_at(snapshot: &Snapshot, node: &str) -> Option<Timestamp> {
    let at = object::after(snapshot.silent_since(node)?, snapshot.config.not_ready_after);
    (at <= snapshot.now).then_some(at)
}

/// Whether a Node carries the taint that evicts.
pub(crate) fn is_given_up(node: &Node) -> bool {
    eviction(node).is_some()
}

/// When a Node was last given up: the youngest of the taints that evict.
pub(crate) fn last_given_up(snapshot: &Snapshot) -> Option<Timestamp> {
    let times = snapshot.nodes.values().filter_map(|node| eviction(node)?.time_added.as_ref());
    times.map(|time| time.0).max()
}

fn eviction(node: &Node) -> Option<&Taint> {
    node::taints(node).iter().find(|taint| taint.key == label::TAINT_UNREACHABLE && taint.effect == node::NO_EXECUTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn the_brake_knows_small_large_and_total_loss() {
        let snapshot = Snapshot::empty(Timestamp::UNIX_EPOCH, Config::default());
        let judge = |lost, total| Brake::judge(lost, total, &snapshot);
        let open = Brake::Open(Duration::from_secs(10));
        let slow = Brake::Open(Duration::from_secs(100));
        assert_eq!(judge(0, 0), open);
        assert_eq!(judge(1, 2), open);
        assert_eq!(judge(2, 3), open);
        assert_eq!(judge(3, 5), Brake::Pulled { lost: 3, total: 5 });
        assert_eq!(judge(3, 6), open);
        assert_eq!(judge(1, 1), Brake::Pulled { lost: 1, total: 1 });
        assert_eq!(judge(60, 100), slow);
        assert_eq!(judge(54, 100), open);
        assert_eq!(judge(100, 100), Brake::Pulled { lost: 100, total: 100 });
    }
}
