//! The state of one placement run: Nodes, the Pods on them, and who wants to be far from whom.

use std::collections::BTreeMap;
use std::rc::Rc;

use api::core::{Pod, PodAffinityTerm};

use super::relation::{About, Topologies};
use super::slot::{self, Demand, Slot};
use super::topology::Topology;
use crate::pod::{self, Named};
use crate::{Snapshot, object};

/// Nodes, the Pods on them, and what follows from both.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub snapshot: &'a Snapshot,
    pub slots: Vec<Slot<'a>>,
    /// Pods on Nodes, also those bound in this plan: index of the Node, Pod.
    pub placed: Vec<(usize, Named<'a>)>,
    /// Bindings made so far in this plan.
    pub bindings: usize,
    topologies: Topologies,
    /// Required anti-affinity of Pods on Nodes.
    repellers: Vec<Repeller>,
    /// The rules of one Pod per owner: its replicas have the same.
    known_rules: BTreeMap<&'a str, (&'a Pod, Vec<Rule>)>,
    /// Room that more important Pods wait for, by index of the Node.
    reserved: Vec<(usize, Demand<'a>)>,
}

type Rule = (Rc<About>, Rc<Topology>);

/// A Pod on a Node that wants to be far from others.
#[derive(Debug, Clone)]
pub(super) struct Repeller {
    pub about: Rc<About>,
    topology: Rc<Topology>,
    at: usize,
}

impl Repeller {
    /// Marks all Nodes that share its domain.
    pub(super) fn mark(&self, marks: &mut [bool]) {
        let Some(domain) = self.topology.domain_of[self.at] else { return };
        for (mark, own) in marks.iter_mut().zip(&self.topology.domain_of) {
            *mark |= *own == Some(domain);
        }
    }
}

impl<'a> Field<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let mut field = Self {
            snapshot,
            slots: slot::slots(snapshot),
            placed: Vec::new(),
            bindings: 0,
            topologies: Topologies::default(),
            repellers: Vec::new(),
            known_rules: BTreeMap::new(),
            reserved: Vec::new(),
        };
        for (name, pod) in snapshot.pods.iter().filter(|(_, pod)| !pod::is_finished(pod) && !pod::is_gone(pod)) {
            let Some(node) = pod::node(pod) else { continue };
            if let Ok(at) = field.slots.binary_search_by_key(&node, |slot| slot.name) {
                field.place((name, pod), at);
            }
        }
        field
    }

    pub(super) fn topology(&mut self, key: &str) -> Rc<Topology> {
        self.topologies.of(key, &self.slots)
    }

    /// Puts a Pod on a Node; returns whom it wants to be far from.
    pub(super) fn bind(&mut self, demand: &Demand<'a>, named: Named<'a>, at: usize) -> &[Repeller] {
        self.slots[at].take(demand);
        self.bindings += 1;
        let before = self.repellers.len();
        self.place(named, at);
        &self.repellers[before..]
    }

    /// Keeps room of a Node for a Pod that waits for it, so that no lesser one takes it bit by bit.
    pub(super) fn reserve(&mut self, demand: &Demand<'a>, at: usize) {
        self.slots[at].take(demand);
        self.reserved.push((at, demand.clone()));
        // What fitted a moment ago may not any more.
        self.bindings += 1;
    }

    /// What is kept of a Node.
    pub(super) fn reserved_on(&self, at: usize) -> impl Iterator<Item = &Demand<'a>> {
        self.reserved.iter().filter(move |(on, _)| *on == at).map(|(_, demand)| demand)
    }

    fn place(&mut self, named: Named<'a>, at: usize) {
        self.placed.push((at, named));
        if far_terms(named.1).is_empty() {
            return;
        }
        let owner = object::controller_uid(&named.1.metadata).unwrap_or_default();
        let is_known = |(known, _): &&(&Pod, _)| {
            known.metadata.labels == named.1.metadata.labels
                && known.metadata.namespace == named.1.metadata.namespace
                && far_terms(known) == far_terms(named.1)
        };
        if self.known_rules.get(owner).filter(is_known).is_none() {
            let rules = far_terms(named.1).iter().map(|term| {
                let about = Rc::new(About::of_term(self.snapshot, named, term));
                (about, self.topologies.of(&term.topology_key, &self.slots))
            });
            let rules = rules.collect();
            self.known_rules.insert(owner, (named.1, rules));
        }
        let rules = self.known_rules.get(owner).map_or(&[][..], |(_, rules)| rules);
        let repellers = rules.iter().map(|(about, topology)| Repeller {
            about: Rc::clone(about),
            topology: Rc::clone(topology),
            at,
        });
        self.repellers.extend(repellers);
    }

    /// Nodes where someone wants to be far from a Pod, by index.
    pub(super) fn repelled(&self, named: Named<'_>) -> Vec<bool> {
        let mut repelled = vec![false; self.slots.len()];
        for repeller in self.repellers.iter().filter(|repeller| repeller.about.includes(named)) {
            repeller.mark(&mut repelled);
        }
        repelled
    }
}

fn far_terms(pod: &Pod) -> &[PodAffinityTerm] {
    let far = pod::spec(pod).and_then(|spec| spec.affinity.as_ref()?.pod_anti_affinity.as_ref());
    far.and_then(|far| far.required_during_scheduling_ignored_during_execution.as_deref()).unwrap_or_default()
}
