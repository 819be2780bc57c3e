//! What hosts say is used: kept in memory, as last told, and shown to whoever asks.
//!
//! A host is a stranger here: it may only speak of Pods that are bound to it and of containers they have, and so what
//! it can make this server keep is bounded by what the API holds.

mod answers;
mod gauges;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::core::Pod;
use jiff::Timestamp;
use planner::{Amounts, MachineUsage, PodUsage, Span, Usage, UsageOfNode};
use protocol::v1;
use tokio::sync::watch;

pub(crate) use answers::Measurements;
pub(crate) use gauges::Gauges;

use crate::cache::PodsOfNode;

/// Largest number that is believed: sums over all Pods of a cluster stay far from any overflow.
const AMOUNT_MAX: u64 = 1 << 50;

/// Where sessions tell what their hosts said. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Usages {
    shown: Arc<watch::Sender<Usage>>,
}

impl Usages {
    pub(crate) fn new() -> Self {
        Self { shown: Arc::new(watch::Sender::new(Usage::default())) }
    }

    /// Wakes on every report.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Usage> {
        self.shown.subscribe()
    }

    /// Everything that is known.
    pub(crate) fn now(&self) -> Usage {
        self.shown.borrow().clone()
    }

    /// A Node's host has said what is used. `own` are its Pods.
    pub(crate) fn told(&self, node: &str, said: v1::Usage, own: &PodsOfNode, now: Timestamp) {
        self.shown.send_modify(|usage| {
            usage.revision += 1;
            let nodes = Arc::make_mut(&mut usage.nodes);
            let of = Arc::make_mut(nodes.entry(node.to_owned()).or_default());
            take(of, said, own, now);
        });
    }

    /// Nodes that are no more use nothing.
    pub(crate) fn forget(&self, exists: impl Fn(&str) -> bool) {
        self.shown.send_if_modified(|usage| {
            let gone = usage.nodes.keys().any(|node| !exists(node));
            if gone {
                usage.revision += 1;
                Arc::make_mut(&mut usage.nodes).retain(|node, _| exists(node));
            }
            gone
        });
    }
}

/// Takes over what a host said.
fn take(of: &mut UsageOfNode, said: v1::Usage, own: &BTreeMap<String, Arc<Pod>>, now: Timestamp) {
    if let Some(node) = said.node {
        of.machine = Some(MachineUsage {
            span: span(node.window_millis, now),
            machine: amounts(node.cpu_nanos, node.memory_bytes),
            process: amounts(node.process_cpu_nanos, node.process_memory_bytes),
        });
    }
    for pod in said.pods {
        if let Some(known) = own.get(&pod.uid) {
            let usage = pod_usage(&pod, known, now);
            of.pods.insert(pod.uid, usage);
        }
    }
    // Those that have gone are found when there are more than there can be.
    if of.pods.len() > own.len() {
        of.pods.retain(|uid, _| own.contains_key(uid));
    }
}

fn pod_usage(said: &v1::PodUsage, known: &Pod, now: Timestamp) -> PodUsage {
    let names = known.spec.iter().flat_map(|spec| spec.containers.iter().map(|container| &container.name));
    let of = |name: &String| {
        let container = said.containers.iter().find(|container| container.name == *name)?;
        Some((name.clone(), amounts(container.cpu_nanos, container.memory_bytes)))
    };
    PodUsage {
        span: span(said.window_millis, now),
        containers: names.filter_map(of).collect(),
        requests_milli: said.requests_milli.min(AMOUNT_MAX),
    }
}

fn span(window_millis: u32, now: Timestamp) -> Span {
    Span { at: now, window: Duration::from_millis(window_millis.into()) }
}

fn amounts(cpu_nanos: u64, memory_bytes: u64) -> Amounts {
    Amounts { cpu_nanos: cpu_nanos.min(AMOUNT_MAX), memory_bytes: memory_bytes.min(AMOUNT_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn own(uids: &[&str]) -> PodsOfNode {
        let pod = |uid: &&str| {
            let pod = json!({"metadata": {"uid": uid}, "spec": {"containers": [{"name": "c"}]}});
            ((*uid).to_owned(), Arc::new(serde_json::from_value(pod).expect("a Pod")))
        };
        Arc::new(uids.iter().map(pod).collect())
    }

    fn said(uids: &[&str]) -> v1::Usage {
        let container = |name: &str| v1::ContainerUsage { name: name.to_owned(), cpu_nanos: u64::MAX, memory_bytes: 7 };
        let pod = |uid: &&str| v1::PodUsage {
            uid: (*uid).to_owned(),
            containers: vec![container("c"), container("invented")],
            ..v1::PodUsage::default()
        };
        v1::Usage { node: None, pods: uids.iter().map(pod).collect() }
    }

    fn known(usages: &Usages) -> Vec<String> {
        usages.now().nodes.values().flat_map(|of| of.pods.keys().cloned().collect::<Vec<_>>()).collect()
    }

    // F83
    #[test]
    fn a_host_speaks_of_its_own_pods_and_of_containers_they_have() {
        let usages = Usages::new();
        usages.told("a", said(&["u", "another's"]), &own(&["u"]), Timestamp::UNIX_EPOCH);
        let usage = usages.now();
        assert_eq!(known(&usages), ["u"]);
        let containers = &usage.nodes["a"].pods["u"].containers;
        assert_eq!(*containers, [("c".to_owned(), amounts(u64::MAX, 7))].into_iter().collect());
        assert!(containers["c"].cpu_nanos < u64::MAX / 1000);
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let usages = Usages::new();
        usages.told("a", said(&["u", "v"]), &own(&["u", "v"]), Timestamp::UNIX_EPOCH);
        usages.told("a", said(&["w"]), &own(&["w"]), Timestamp::UNIX_EPOCH);
        assert_eq!(known(&usages), ["w"]);
        let mut wakes = usages.subscribe();
        wakes.mark_unchanged();
        usages.forget(|_| true);
        assert!(!wakes.has_changed().expect("open"));
        usages.forget(|_| false);
        assert!(wakes.has_changed().expect("open") && known(&usages).is_empty());
    }
}
