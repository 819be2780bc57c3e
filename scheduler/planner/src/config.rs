//! What an operator may tune, and the bounds that keep one plan small.

use std::sync::Arc;
use std::time::Duration;

/// Tunables of the decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How long a session may be lost before its Node is `NotReady`. Long enough to survive a
    /// restart of the host program, short enough that an outage is noticed by people.
    pub not_ready_after: Duration,
    /// How long after `NotReady` the Pods of a Node are replaced, unless they tolerate longer.
    pub unreachable_after: Duration,
    /// How long after `Snapshot::started` a Node that has not dialled yet keeps the benefit of the
    /// doubt: thousands of hosts reconnect with jitter after a restart of the control plane.
    pub restart_grace: Duration,
    /// Smallest time between two Nodes whose Pods are evicted for being unreachable (Kubernetes:
    /// 0.1 per second).
    pub eviction_interval: Duration,
    /// The same while most Nodes of a large cluster are lost (Kubernetes: 0.01 per second).
    pub eviction_interval_braked: Duration,
    /// Most steps in one plan; the next plan continues. Bounds a stampede, and what is lost when
    /// the leader changes in the middle.
    pub actions_max: usize,
    /// Finished Pods that are kept for their logs and exit codes (Kubernetes: 12,500).
    pub finished_pods_max: usize,
    /// The cluster's certificate authority, for `kube-root-ca.crt` in every Namespace.
    pub ca_pem: Arc<str>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            not_ready_after: Duration::from_secs(5),
            unreachable_after: Duration::from_secs(5),
            restart_grace: Duration::from_secs(10),
            eviction_interval: Duration::from_secs(10),
            eviction_interval_braked: Duration::from_secs(100),
            actions_max: 500,
            finished_pods_max: 12_500,
            ca_pem: Arc::from(""),
        }
    }
}
