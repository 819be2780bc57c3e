//! Rules between Pods: near to, far from, evenly among. Each keeps counts per domain, so that one
//! more Pod costs one addition, not another look at all Pods.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use api::core::{Pod, PodAffinityTerm, TopologySpreadConstraint};
use api::meta::{LabelSelector, LabelSelectorRequirement};
use api::selector::Selector;

use super::topology::Topology;
use crate::Snapshot;
use crate::object;
use crate::pod::{self, Named};

/// Which Pods a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    namespaces: BTreeSet<String>,
    /// `None` selects no Pod.
    selector: Option<Selector>,
}

impl About {
    pub(super) fn includes(&self, named: Named<'_>) -> bool {
        let (name, pod) = named;
        self.namespaces.contains(&name.namespace)
            && self.selector.as_ref().is_some_and(|selector| selector.matches(pod.metadata.labels.as_ref()))
    }

    /// The Pods of an affinity term, as seen from the Pod that states it.
    pub(super) fn of_term(snapshot: &Snapshot, from: Named<'_>, term: &PodAffinityTerm) -> Self {
        let mut namespaces: BTreeSet<String> = term.namespaces.iter().flatten().cloned().collect();
        if let Some(selector) = &term.namespace_selector {
            let selector = Selector::from_spec(selector).ok();
            let selected = snapshot.namespaces.iter().filter(|(_, namespace)| {
                selector.as_ref().is_some_and(|selector| selector.matches(namespace.metadata.labels.as_ref()))
            });
            namespaces.extend(selected.map(|(name, _)| name.name.clone()));
        } else if namespaces.is_empty() {
            namespaces.insert(from.0.namespace.clone());
        }
        let same = term.match_label_keys.as_deref().unwrap_or_default();
        let other = term.mismatch_label_keys.as_deref().unwrap_or_default();
        Self { namespaces, selector: narrowed(term.label_selector.as_ref(), from.1, same, other) }
    }

    /// The Pods of a spread constraint (C22: `matchLabelKeys` counts per revision).
    fn of_spread(from: Named<'_>, constraint: &TopologySpreadConstraint) -> Self {
        let same = constraint.match_label_keys.as_deref().unwrap_or_default();
        let selector = narrowed(constraint.label_selector.as_ref(), from.1, same, &[]);
        Self { namespaces: BTreeSet::from([from.0.namespace.clone()]), selector }
    }
}

/// A selector, narrowed to the values that some labels have on the Pod that states the rule.
fn narrowed(stated: Option<&LabelSelector>, from: &Pod, same: &[String], other: &[String]) -> Option<Selector> {
    let mut spec = stated?.clone();
    let expressions = spec.match_expressions.get_or_insert_default();
    for (keys, operator) in [(same, "In"), (other, "NotIn")] {
        for key in keys {
            let Some(value) = object::label(&from.metadata, key) else { continue };
            let values = Some(vec![value.to_owned()]);
            expressions.push(LabelSelectorRequirement { key: key.clone(), operator: operator.to_owned(), values });
        }
    }
    Selector::from_spec(&spec).ok()
}

/// Counts by domain.
#[derive(Debug)]
pub(super) struct Counts {
    pub topology: Rc<Topology>,
    counts: Vec<u32>,
}

impl Counts {
    pub(super) fn new(topology: Rc<Topology>) -> Self {
        let counts = vec![0; topology.domains];
        Self { topology, counts }
    }

    pub(super) fn add(&mut self, slot: usize) {
        if let Some(domain) = self.topology.domain_of[slot] {
            self.counts[domain] += 1;
        }
    }

    /// The count in the domain of a Node; `None` if it is in none.
    pub(super) fn at(&self, slot: usize) -> Option<u32> {
        self.topology.domain_of[slot].map(|domain| self.counts[domain])
    }
}

/// A rule with its counts: how many Pods it is about are in each domain.
#[derive(Debug)]
pub(super) struct Relation {
    pub about: About,
    pub counts: Counts,
}

impl Relation {
    pub(super) fn new(about: About, topology: Rc<Topology>) -> Self {
        Self { about, counts: Counts::new(topology) }
    }

    /// Counts a Pod on a Node.
    pub(super) fn observe(&mut self, named: Named<'_>, slot: usize) {
        if self.about.includes(named) {
            self.counts.add(slot);
        }
    }

    pub(super) fn is_unmet(&self) -> bool {
        self.counts.counts.iter().all(|count| *count == 0)
    }
}

/// A spread constraint with its counts.
#[derive(Debug)]
pub(super) struct Spread {
    pub relation: Relation,
    /// Nodes whose Pods count, by index.
    eligible: Vec<bool>,
    /// Domains that must stay even.
    domains: Vec<bool>,
    max_skew: u32,
    min_domains: usize,
    /// 1 if the new Pod counts itself.
    own: u32,
    pub is_hard: bool,
}

impl Spread {
    pub(super) fn new(
        from: Named<'_>,
        constraint: &TopologySpreadConstraint,
        topology: Rc<Topology>,
        eligible: Vec<bool>,
    ) -> Self {
        let relation = Relation::new(About::of_spread(from, constraint), topology);
        let mut domains = vec![false; relation.counts.counts.len()];
        let domain_of = relation.counts.topology.domain_of.iter();
        for domain in domain_of.zip(&eligible).filter_map(|(domain, eligible)| domain.filter(|_| *eligible)) {
            domains[domain] = true;
        }
        Self {
            own: u32::from(relation.about.includes(from)),
            relation,
            eligible,
            domains,
            max_skew: u32::try_from(constraint.max_skew).unwrap_or(1).max(1),
            min_domains: usize::try_from(constraint.min_domains.unwrap_or(1)).unwrap_or(1),
            is_hard: constraint.when_unsatisfiable != "ScheduleAnyway",
        }
    }

    /// Pods that are leaving do not count towards evenness, as in Kubernetes.
    pub(super) fn observe(&mut self, named: Named<'_>, slot: usize) {
        if self.eligible[slot] && !pod::is_terminating(named.1) {
            self.relation.observe(named, slot);
        }
    }

    /// The smallest count of any domain; none if there are fewer domains than asked for.
    pub(super) fn least(&self) -> u32 {
        let counted = self.relation.counts.counts.iter().zip(&self.domains).filter(|(_, eligible)| **eligible);
        if counted.clone().count() < self.min_domains {
            return 0;
        }
        counted.map(|(count, _)| *count).min().unwrap_or(0)
    }

    /// Whether one more Pod on a Node would be too uneven; `None` if the Node is in no domain.
    pub(super) fn is_skewed(&self, slot: usize, least: u32) -> Option<bool> {
        let count = self.relation.counts.at(slot)?;
        Some(count + self.own > least + self.max_skew)
    }
}

/// Topologies by label, made once per plan.
#[derive(Debug, Default)]
pub(super) struct Topologies(BTreeMap<String, Rc<Topology>>);

impl Topologies {
    pub(super) fn of(&mut self, key: &str, slots: &[super::slot::Slot<'_>]) -> Rc<Topology> {
        if let Some(known) = self.0.get(key) {
            return Rc::clone(known);
        }
        let topology = Rc::new(Topology::of(key, slots));
        self.0.insert(key.to_owned(), Rc::clone(&topology));
        topology
    }
}
