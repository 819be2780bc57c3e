//! Pods that are alike: what is true of one is true of all, so it is worked out once.
//!
//! A Deployment of a thousand replicas is one class. What depends on the Node alone is kept per
//! Node; what depends on other Pods is kept as counts that each new binding updates.

use api::core::{Node, PodAffinityTerm, PodSpec, TopologySpreadConstraint};
use api::label;

use super::field::{Field, Repeller};
use super::refusal::{Refusal, Refusals};
use super::relation::{About, Counts, Relation, Spread};
use super::selector;
use super::slot::Demand;
use crate::node;
use crate::object;
use crate::pod::{self, Named};

/// Pods of one owner.
#[derive(Debug)]
pub(super) struct Kin<'a> {
    owner: &'a str,
    /// By index of the Node.
    pub by_node: Vec<u32>,
    pub by_zone: Counts,
}

/// Pods that are alike, and what is known about every Node for them.
#[derive(Debug)]
pub(super) struct Class<'a> {
    pub example: Named<'a>,
    pub spec: &'a PodSpec,
    pub demand: Demand<'a>,
    /// Why a Node is out of the question, by index.
    fixed: Vec<Option<Refusal<'a>>>,
    pub near: Vec<Relation>,
    is_first_of_its_kind_welcome: bool,
    pub far: Vec<Relation>,
    pub spread: Vec<Spread>,
    /// Preferences between Pods with their weights; negative keeps apart.
    pub preferred: Vec<(i32, Relation)>,
    /// Nodes where a Pod wants to be far from these, by index (C21: anti-affinity is symmetric).
    repelled: Vec<bool>,
    /// Pods of the same owner, by Node and by zone: replicas spread by default.
    pub kin: Option<Kin<'a>>,
    pub node_preference: Vec<i32>,
    pub soft_taints: Vec<usize>,
    /// What the last Pod was refused for, and after how many bindings.
    refused: Option<(usize, Refusals<'a>)>,
}

impl<'a> Class<'a> {
    pub(super) fn new(field: &mut Field<'a>, example: Named<'a>, spec: &'a PodSpec) -> Self {
        let slots = &field.slots;
        let fixed: Vec<_> = slots.iter().map(|slot| slot.refuses_for_good(spec)).collect();
        let node_preference = slots.iter().map(|slot| selector::preference(spec, slot.node)).collect();
        let soft_taints = slots.iter().map(|slot| slot.soft_taints(spec)).collect();
        let owner = object::controller_uid(&example.1.metadata);
        let by_node = vec![0; slots.len()];
        let kin = owner.map(|owner| Kin { owner, by_node, by_zone: Counts::new(field.topology(label::ZONE)) });
        let constraints = spec.topology_spread_constraints.as_deref().unwrap_or_default();
        let spread = constraints.iter().map(|constraint| spread(field, example, spec, constraint)).collect();
        let mut class = Self {
            example,
            spec,
            demand: Demand::of(spec),
            fixed,
            near: Vec::new(),
            is_first_of_its_kind_welcome: false,
            far: Vec::new(),
            spread,
            preferred: Vec::new(),
            repelled: Vec::new(),
            kin,
            node_preference,
            soft_taints,
            refused: None,
        };
        class.read_affinity(field);
        class.repelled = field.repelled(example);
        for (slot, named) in &field.placed {
            class.observe(*named, *slot);
        }
        class
    }

    fn read_affinity(&mut self, field: &mut Field<'a>) {
        let Some(affinity) = &self.spec.affinity else { return };
        let from = self.example;
        let mut relation = |term: &PodAffinityTerm| {
            Relation::new(About::of_term(field.snapshot, from, term), field.topology(&term.topology_key))
        };
        if let Some(near) = &affinity.pod_affinity {
            let required = near.required_during_scheduling_ignored_during_execution.iter().flatten();
            self.near = required.map(&mut relation).collect();
            self.is_first_of_its_kind_welcome = self.near.iter().all(|relation| relation.about.includes(from));
            let preferred = near.preferred_during_scheduling_ignored_during_execution.iter().flatten();
            self.preferred.extend(preferred.map(|wish| (wish.weight, relation(&wish.pod_affinity_term))));
        }
        if let Some(far) = &affinity.pod_anti_affinity {
            let required = far.required_during_scheduling_ignored_during_execution.iter().flatten();
            self.far = required.map(&mut relation).collect();
            let preferred = far.preferred_during_scheduling_ignored_during_execution.iter().flatten();
            self.preferred.extend(preferred.map(|wish| (-wish.weight, relation(&wish.pod_affinity_term))));
        }
    }

    /// Whether a Pod is of this class.
    pub(super) fn includes(&self, named: Named<'_>, spec: &PodSpec) -> bool {
        let (own, other) = (&self.example.1.metadata, &named.1.metadata);
        own.labels == other.labels && self.example.0.namespace == named.0.namespace && self.spec == spec
    }

    /// Counts a Pod on a Node.
    pub(super) fn observe(&mut self, named: Named<'_>, slot: usize) {
        let relations = self.near.iter_mut().chain(&mut self.far);
        relations.chain(self.preferred.iter_mut().map(|(_, relation)| relation)).for_each(|r| r.observe(named, slot));
        self.spread.iter_mut().for_each(|spread| spread.observe(named, slot));
        if let Some(kin) = &mut self.kin
            && object::controller_uid(&named.1.metadata) == Some(kin.owner)
            && pod::is_active(named.1)
        {
            kin.by_node[slot] += 1;
            kin.by_zone.add(slot);
        }
    }

    /// Notes that a Pod was bound which wants to be far from some.
    pub(super) fn repel(&mut self, repeller: &Repeller) {
        if repeller.about.includes(self.example) {
            repeller.mark(&mut self.repelled);
        }
    }

    /// Whether nothing that other Pods do makes a Node fit.
    pub(super) fn is_out_of_the_question(&self, at: usize) -> bool {
        self.fixed[at].is_some()
    }

    /// Whether other Pods matter to this class on a Node by more than what they take.
    pub(super) fn is_related(&self, at: usize) -> bool {
        !self.near.is_empty()
            || !self.far.is_empty()
            || self.repelled[at]
            || self.spread.iter().any(|spread| spread.is_hard)
    }

    /// The Nodes that take one more Pod of this class, or why none does.
    pub(super) fn candidates(&mut self, field: &Field<'a>) -> Result<Vec<usize>, Refusals<'a>> {
        if let Some((bindings, refusals)) = &self.refused
            && *bindings == field.bindings
        {
            return Err(refusals.clone());
        }
        let least: Vec<u32> = self.spread.iter().map(Spread::least).collect();
        let is_first = self.is_first_of_its_kind_welcome && self.near.iter().all(Relation::is_unmet);
        let mut refusals = Refusals { nodes: field.slots.len(), ..Refusals::default() };
        let mut candidates = Vec::new();
        for at in 0..field.slots.len() {
            let refused = self.refusals_of(field, at, &least, is_first);
            if refused.is_empty() {
                candidates.push(at);
            }
            refused.into_iter().for_each(|refusal| refusals.add(refusal));
        }
        if candidates.is_empty() {
            self.refused = Some((field.bindings, refusals.clone()));
            return Err(refusals);
        }
        Ok(candidates)
    }

    /// In Kubernetes' order of filters; the first that refuses speaks for the Node.
    fn refusals_of(&self, field: &Field<'a>, at: usize, least: &[u32], is_first: bool) -> Vec<Refusal<'a>> {
        if let Some(refusal) = &self.fixed[at] {
            return vec![refusal.clone()];
        }
        let lacking = field.slots[at].refuses_for_now(&self.demand);
        if !lacking.is_empty() {
            return lacking;
        }
        self.relations_refuse(at, least, is_first).into_iter().collect()
    }

    fn relations_refuse(&self, at: usize, least: &[u32], is_first: bool) -> Option<Refusal<'a>> {
        for (spread, least) in self.spread.iter().zip(least).filter(|(spread, _)| spread.is_hard) {
            match spread.is_skewed(at, *least) {
                None => return Some(Refusal::SpreadLabel),
                Some(true) => return Some(Refusal::Spread),
                Some(false) => {}
            }
        }
        if self.repelled[at] {
            return Some(Refusal::ExistingAntiAffinity);
        }
        for near in &self.near {
            match near.counts.at(at) {
                None => return Some(Refusal::Affinity),
                Some(0) if !is_first => return Some(Refusal::Affinity),
                Some(_) => {}
            }
        }
        let is_too_near = self.far.iter().any(|far| far.counts.at(at).is_some_and(|count| count > 0));
        is_too_near.then_some(Refusal::AntiAffinity)
    }
}

/// A spread constraint, with the Nodes whose Pods it counts.
fn spread<'a>(
    field: &mut Field<'a>,
    from: Named<'a>,
    spec: &'a PodSpec,
    constraint: &TopologySpreadConstraint,
) -> Spread {
    let topology = field.topology(&constraint.topology_key);
    let honours =
        |policy: &Option<String>, default: bool| policy.as_deref().map_or(default, |policy| policy == "Honor");
    let by_affinity = honours(&constraint.node_affinity_policy, true);
    let by_taints = honours(&constraint.node_taints_policy, false);
    let tolerations = spec.tolerations.as_deref().unwrap_or_default();
    let is_tolerated = |node: &Node| {
        let mut hard = node::taints(node).iter().filter(|taint| taint.effect != node::PREFER_NO_SCHEDULE);
        hard.all(|taint| node::toleration(tolerations, taint).is_some())
    };
    let is_eligible = |slot: &super::slot::Slot<'a>| {
        (!by_affinity || selector::is_required(spec, slot.node)) && (!by_taints || is_tolerated(slot.node))
    };
    let eligible = field.slots.iter().map(is_eligible).collect();
    Spread::new(from, constraint, topology, eligible)
}
