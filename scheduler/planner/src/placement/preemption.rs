//! Preemption: which Pods go so that a more important one can run.
//!
//! Only what lower-priority Pods take can be had this way, never what a Node is or lacks. On each Node all of them are
//! thought away; if the Pod fits then, as many as possible are thought back, the most important first and those that a
//! PodDisruptionBudget protects before the others. So no Pod goes that need not, and none of equal or higher priority
//! ever does. Of all Nodes the one is taken where least is lost, in Kubernetes' order. Pods that are leaving anyway cost
//! nothing: if their room is enough, the Pod waits for it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use api::core::Pod;
use api::selector::Selector;
use jiff::Timestamp;

use super::class::Class;
use super::field::Field;
use super::slot::{Demand, Slot};
use crate::pod::{self, Named};
use crate::{Snapshot, object};

/// Nodes on which relations between Pods are tried out: each trial looks at all Pods of the cluster.
const RELATED_NODES_MAX: usize = 16;

/// What preemption can do for a Pod.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict<'a> {
    /// Nothing.
    Hopeless,
    /// Enough room of this Node is being given up already.
    Wait(usize),
    /// These Pods of this Node make room.
    Evict(usize, Vec<Named<'a>>),
}

pub(super) fn priority(pod: &Pod) -> i32 {
    pod::spec(pod).and_then(|spec| spec.priority).unwrap_or(0)
}

/// Whether a Pod may evict others.
pub(super) fn may_preempt(pod: &Pod) -> bool {
    pod::spec(pod).is_some_and(|spec| spec.preemption_policy.as_deref() != Some("Never"))
}

/// Looks for the Node where the least has to go.
pub(super) fn judge<'a>(field: &Field<'a>, class: &Class<'a>, named: Named<'a>) -> Verdict<'a> {
    let mine = priority(named.1);
    if field.placed.iter().all(|(_, (_, pod))| priority(pod) >= mine) {
        return Verdict::Hopeless;
    }
    let mut by_slot: BTreeMap<usize, Vec<Named<'a>>> = BTreeMap::new();
    for (at, placed) in &field.placed {
        by_slot.entry(*at).or_default().push(*placed);
    }
    let budgets = Budgets::of(field.snapshot);
    let mut related_left = RELATED_NODES_MAX;
    let mut best: Option<(Loss, usize, Vec<Named<'a>>)> = None;
    for (at, placed) in &by_slot {
        if class.is_out_of_the_question(*at) {
            continue;
        }
        if class.is_related(*at) {
            if related_left == 0 {
                continue;
            }
            related_left -= 1;
        }
        let trial = Trial { field, class, named, at: *at };
        let Some(victims) = trial.victims(placed, &budgets) else { continue };
        if victims.is_empty() {
            return Verdict::Wait(*at);
        }
        let loss = Loss::of(&victims, &budgets);
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, *at, victims));
        }
    }
    best.map_or(Verdict::Hopeless, |(_, at, victims)| Verdict::Evict(at, victims))
}

/// What the victims of one Node amount to; less is better, in this order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Loss {
    violations: usize,
    highest: i32,
    sum: i64,
    count: usize,
    /// Of the most important, those that started late have lost the least.
    started: Reverse<Timestamp>,
}

impl Loss {
    fn of(victims: &[Named<'_>], budgets: &Budgets) -> Self {
        let highest = victims.iter().map(|(_, pod)| priority(pod)).max().unwrap_or(i32::MIN);
        let top = victims.iter().filter(|(_, pod)| priority(pod) == highest);
        Self {
            violations: budgets.violated_by(victims).iter().filter(|violates| **violates).count(),
            highest,
            sum: victims.iter().map(|(_, pod)| i64::from(priority(pod)) - i64::from(i32::MIN)).sum(),
            count: victims.len(),
            started: Reverse(top.map(|(_, pod)| object::created(&pod.metadata)).min().unwrap_or(Timestamp::MIN)),
        }
    }
}

/// One Node, tried for one Pod.
struct Trial<'t, 'a> {
    field: &'t Field<'a>,
    class: &'t Class<'a>,
    named: Named<'a>,
    at: usize,
}

impl<'a> Trial<'_, 'a> {
    /// The fewest Pods that must go from the Node; `None` if that would not help.
    fn victims(&self, placed: &[Named<'a>], budgets: &Budgets) -> Option<Vec<Named<'a>>> {
        let mine = priority(self.named.1);
        let staying = placed.iter().filter(|(_, pod)| !pod::is_terminating(pod));
        let (mut lower, kept): (Vec<_>, Vec<_>) = staying.copied().partition(|(_, pod)| priority(pod) < mine);
        let origin = &self.field.slots[self.at];
        let mut slot = Slot::new(self.field.snapshot, origin.name, origin.node);
        kept.iter().filter_map(|(_, pod)| pod::spec(pod)).for_each(|spec| slot.take(&Demand::of(spec)));
        self.field.reserved_on(self.at).for_each(|demand| slot.take(demand));
        let leaving = placed.iter().filter(|(_, pod)| pod::is_terminating(pod)).copied();
        let mut gone: BTreeSet<&str> = leaving.chain(lower.iter().copied()).map(uid).collect();
        if !self.fits(&slot, &gone) {
            return None;
        }
        lower.sort_by_key(|(name, pod)| (Reverse(priority(pod)), object::created(&pod.metadata), *name));
        let violates = budgets.violated_by(&lower);
        let (protected, others): (Vec<_>, Vec<_>) =
            lower.into_iter().zip(violates).partition(|(_, violates)| *violates);
        let mut victims = Vec::new();
        for (pod, _) in protected.into_iter().chain(others) {
            let Some(spec) = pod::spec(pod.1) else { continue };
            let mut with = slot.clone();
            with.take(&Demand::of(spec));
            gone.remove(uid(pod));
            if self.fits(&with, &gone) {
                slot = with;
            } else {
                gone.insert(uid(pod));
                victims.push(pod);
            }
        }
        Some(victims)
    }

    /// Whether the Pod fits on the Node as `slot` has it, with these Pods gone.
    fn fits(&self, slot: &Slot<'a>, gone: &BTreeSet<&str>) -> bool {
        slot.refuses_for_now(&self.class.demand).is_empty()
            && (!self.class.is_related(self.at) || self.relations_allow(gone))
    }

    /// Affinity and spread as if these Pods were gone. Their counts cannot be taken back, so they are made anew.
    fn relations_allow(&self, gone: &BTreeSet<&str>) -> bool {
        let mut without: Snapshot = self.field.snapshot.clone();
        let leaves: Vec<_> = without
            .pods
            .iter()
            .filter(|(_, pod)| gone.contains(object::uid(&pod.metadata)))
            .map(|(n, _)| n.clone())
            .collect();
        leaves.iter().for_each(|name| drop(without.pods.remove(name)));
        let mut field = Field::new(&without);
        let mut class = Class::new(&mut field, self.named, self.class.spec);
        class.candidates(&field).is_ok_and(|candidates| candidates.contains(&self.at))
    }
}

fn uid(named: Named<'_>) -> &str {
    object::uid(&named.1.metadata)
}

/// How many more Pods each PodDisruptionBudget can lose, as its controller last said.
#[derive(Debug, Default)]
struct Budgets(Vec<Budget>);

#[derive(Debug)]
struct Budget {
    namespace: String,
    selector: Selector,
    allowed: i32,
}

impl Budgets {
    fn of(snapshot: &Snapshot) -> Self {
        let budgets = snapshot.pod_disruption_budgets.iter().filter_map(|(name, budget)| {
            let selector = Selector::from_spec(budget.spec.as_ref()?.selector.as_ref()?).ok()?;
            let allowed = budget.status.as_ref().and_then(|status| status.disruptions_allowed).unwrap_or(0);
            Some(Budget { namespace: name.namespace.clone(), selector, allowed })
        });
        Self(budgets.collect())
    }

    /// Which of these Pods could not all go, in their order, without breaking a budget.
    fn violated_by(&self, pods: &[Named<'_>]) -> Vec<bool> {
        let mut left: Vec<i32> = self.0.iter().map(|budget| budget.allowed).collect();
        let mut violates = |(name, pod): &Named<'_>| {
            let mut is_broken = false;
            for (budget, left) in self.0.iter().zip(&mut left) {
                let labels = pod.metadata.labels.as_ref();
                let is_covered = budget.namespace == name.namespace
                    && !budget.selector.is_empty()
                    && budget.selector.matches_by(|key| labels?.get(key).map(String::as_str));
                if is_covered {
                    *left = left.saturating_sub(1);
                    is_broken |= *left < 0;
                }
            }
            is_broken
        };
        pods.iter().map(&mut violates).collect()
    }
}

#[cfg(test)]
mod tests;
