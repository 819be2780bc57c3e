//! A Node as placement sees it: what it offers, what is taken, and whether it may be used.

use std::collections::BTreeMap;

use api::core::{Container, Node, PodSpec, Taint};
use api::label;

use super::amounts::Amounts;
use super::refusal::Refusal;
use super::selector;
use crate::{Snapshot, node, object, pod};

/// A Node with room to fill.
#[derive(Debug, Clone)]
pub(super) struct Slot<'a> {
    pub name: &'a str,
    pub node: &'a Node,
    pub allocatable: Amounts<'a>,
    pub used: Amounts<'a>,
    ports: Vec<HostPort<'a>>,
    is_heard: bool,
}

/// A port of the Node that a Pod occupies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HostPort<'a> {
    ip: &'a str,
    protocol: &'a str,
    port: i32,
}

impl HostPort<'_> {
    fn collides(self, other: HostPort<'_>) -> bool {
        let is_any = |ip: &str| matches!(ip, "" | "0.0.0.0" | "::");
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || is_any(self.ip) || is_any(other.ip))
    }
}

/// What a Pod takes of its Node.
#[derive(Debug, Clone)]
pub(super) struct Demand<'a> {
    pub amounts: Amounts<'a>,
    pub ports: Vec<HostPort<'a>>,
}

impl<'a> Demand<'a> {
    pub(super) fn of(spec: &'a PodSpec) -> Self {
        Self { amounts: Amounts::of_pod(spec), ports: host_ports(spec) }
    }
}

/// The ports of the Node that a Pod asks for.
fn host_ports(spec: &PodSpec) -> Vec<HostPort<'_>> {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let ports = containers.flat_map(|container| container.ports.iter().flatten());
    let taken = ports.filter_map(|port| {
        let number = port.host_port.filter(|number| *number > 0)?;
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        Some(HostPort { ip: port.host_ip.as_deref().unwrap_or_default(), protocol, port: number })
    });
    taken.collect()
}

impl<'a> Slot<'a> {
    pub(super) fn new(snapshot: &Snapshot, name: &'a str, node: &'a Node) -> Self {
        Self {
            name,
            node,
            allocatable: Amounts::allocatable(node),
            used: Amounts::default(),
            ports: Vec::new(),
            is_heard: snapshot.is_connected(name),
        }
    }

    /// Counts a Pod that is on the Node, or is about to be. Terminating ones count (C21).
    pub(super) fn take(&mut self, demand: &Demand<'a>) {
        self.used.add(&demand.amounts);
        self.ports.extend(&demand.ports);
    }

    /// What no other Pod can change: state, taints and labels of the Node.
    pub(super) fn refuses_for_good(&self, spec: &'a PodSpec) -> Option<Refusal<'a>>
    where
        Self: 'a,
    {
        if !self.is_heard {
            return Some(Refusal::Silent);
        }
        let tolerations = spec.tolerations.as_deref().unwrap_or_default();
        let is_tolerated = |taint: &Taint| node::toleration(tolerations, taint).is_some();
        if node::is_unschedulable(self.node) && !is_tolerated(&unschedulable_taint()) {
            return Some(Refusal::Unschedulable);
        }
        let repels = |taint: &&Taint| matches!(taint.effect.as_str(), node::NO_SCHEDULE | node::NO_EXECUTE);
        let node: &'a Node = self.node;
        if let Some(taint) = node::taints(node).iter().filter(repels).find(|taint| !is_tolerated(taint)) {
            return Some(Refusal::Taint { key: &taint.key, value: node::value(taint) });
        }
        (!selector::is_required(spec, self.node)).then_some(Refusal::NodeAffinity)
    }

    /// What is taken already. Several resources may be lacking at once.
    pub(super) fn refuses_for_now(&self, demand: &Demand<'a>) -> Vec<Refusal<'a>> {
        if demand.ports.iter().any(|port| self.ports.iter().any(|taken| taken.collides(*port))) {
            return vec![Refusal::Ports];
        }
        let lacking = self.allocatable.lacks(&self.used, &demand.amounts);
        let why = |resource| if resource == "pods" { Refusal::TooManyPods } else { Refusal::Insufficient(resource) };
        lacking.into_iter().map(why).collect()
    }

    /// Taints that only ask to stay away.
    pub(super) fn soft_taints(&self, spec: &PodSpec) -> usize {
        let tolerations = spec.tolerations.as_deref().unwrap_or_default();
        let soft = node::taints(self.node).iter().filter(|taint| taint.effect == node::PREFER_NO_SCHEDULE);
        soft.filter(|taint| node::toleration(tolerations, taint).is_none()).count()
    }
}

fn unschedulable_taint() -> Taint {
    Taint {
        key: label::TAINT_UNSCHEDULABLE.to_owned(),
        effect: node::NO_SCHEDULE.to_owned(),
        value: None,
        time_added: None,
    }
}

/// All Nodes with the Pods that are on them, in order of name.
pub(super) fn slots(snapshot: &Snapshot) -> Vec<Slot<'_>> {
    let mut slots: Vec<_> = snapshot.nodes.iter().map(|(name, node)| Slot::new(snapshot, &name.name, node)).collect();
    let at: BTreeMap<&str, usize> = slots.iter().enumerate().map(|(at, slot)| (slot.name, at)).collect();
    // Replicas of one owner demand the same; reading quantities sixteen thousand times would show.
    let mut known: BTreeMap<&str, (&PodSpec, Demand<'_>)> = BTreeMap::new();
    for pod in snapshot.pods.values().filter(|pod| !pod::is_finished(pod) && !pod::is_gone(pod)) {
        let Some(at) = pod::node(pod).and_then(|name| at.get(name)) else { continue };
        let Some(spec) = pod::spec(pod) else { continue };
        let owner = object::controller_uid(&pod.metadata).unwrap_or_default();
        let (sample, demand) = known.entry(owner).or_insert_with(|| (spec, Demand::of(spec)));
        if !demands_the_same(sample, spec) {
            *sample = spec;
            *demand = Demand::of(spec);
        }
        slots[*at].take(demand);
    }
    slots
}

fn demands_the_same(a: &PodSpec, b: &PodSpec) -> bool {
    fn parts(spec: &PodSpec) -> impl Iterator<Item = (bool, &Container)> {
        let starting = spec.init_containers.iter().flatten().map(|container| (true, container));
        spec.containers.iter().map(|container| (false, container)).chain(starting)
    }
    let same = |((at, a), (bt, b)): ((bool, &Container), (bool, &Container))| {
        at == bt && a.resources == b.resources && a.ports == b.ports && a.restart_policy == b.restart_policy
    };
    parts(a).count() == parts(b).count()
        && parts(a).zip(parts(b)).all(same)
        && a.resources == b.resources
        && a.overhead == b.overhead
}
