//! Pods → Nodes: filters, then scores, as Kubernetes' scheduler, for many Pods in one pass.
//!
//! Each Pod sees the bindings made before it in the same plan, so capacity, ports, spread and
//! anti-affinity hold however many are bound at once (C16). A Pod that fits nowhere is passed over
//! and told why; it holds up nobody (C19). Where lesser Pods are in its way they are asked to go
//! ([`preemption`]), one Pod's victims in a plan, and the room they leave is kept for it.
//!
//! Retrying needs no queue or timer: the plan is made again whenever Pods, Nodes or sessions
//! change, and a Pod is told again only what it has not been told (C18).

mod amounts;
mod class;
mod field;
mod preemption;
mod refusal;
mod relation;
mod score;
mod selector;
mod slot;
mod topology;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use api::core::{PodCondition, PodSpec};
use api::meta::Time;
use api::resource::PODS;
use serde_json::json;

pub(crate) use selector::is_required;

use crate::pod::{self, Named};
use crate::{Action, EventKind, Part, Plan, Snapshot, disruption, object};
use class::Class;
use field::Field;
use preemption::Verdict;

/// The scheduler's name in `schedulerName`; Pods that ask for another are left to it.
const SCHEDULER_NAME: &str = "default-scheduler";
const POD_SCHEDULED: &str = "PodScheduled";
/// Classes of Pods without a controller that are kept: those made by a loop are alike and share one, and
/// those that are all different must not be compared with each other.
const BARE_CLASSES_MAX: usize = 64;

/// Binds every Pod that waits for a Node and fits on one.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let waiting = waiting(snapshot);
    if waiting.is_empty() {
        return Plan::default();
    }
    let mut placement = Placement {
        field: Field::new(snapshot),
        classes: Vec::new(),
        by_owner: BTreeMap::new(),
        is_bound: false,
        is_preempted: false,
        hopeless: BTreeSet::new(),
        plan: Plan::default(),
    };
    for named in waiting {
        if placement.plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        placement.place(named);
    }
    placement.plan
}

/// Pods that wait for a Node: highest priority first, then longest waiting.
fn waiting(snapshot: &Snapshot) -> Vec<Named<'_>> {
    let pods = snapshot.pods.iter().map(|(name, pod)| (name, &**pod));
    let mut waiting: Vec<_> = pods.filter(|(_, pod)| is_waiting(pod)).collect();
    waiting.sort_by_key(|(name, pod)| (Reverse(preemption::priority(pod)), object::created(&pod.metadata), *name));
    waiting
}

fn is_waiting(pod: &api::core::Pod) -> bool {
    let Some(spec) = pod::spec(pod) else { return false };
    let scheduler = spec.scheduler_name.as_deref().unwrap_or(SCHEDULER_NAME);
    pod::node(pod).is_none() && pod::is_active(pod) && matches!(scheduler, SCHEDULER_NAME | "")
}

/// What becomes of the Node that a Pod waits for.
#[derive(Debug, Clone, Copy)]
enum Nomination<'a> {
    Keep,
    Set(&'a str),
    Clear,
}

struct Placement<'a> {
    field: Field<'a>,
    classes: Vec<Class<'a>>,
    /// Classes by the UID of the Pods' controller; empty for Pods without one.
    by_owner: BTreeMap<&'a str, Vec<usize>>,
    /// Whether this plan bound a Pod: then who is in whose way is asked again once that is done.
    is_bound: bool,
    /// Whether this plan asks Pods to go.
    is_preempted: bool,
    /// Classes that preemption cannot help in this plan: what is taken only grows.
    hopeless: BTreeSet<usize>,
    plan: Plan,
}

impl<'a> Placement<'a> {
    fn place(&mut self, named: Named<'a>) {
        let Some(spec) = pod::spec(named.1) else { return };
        if spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty()) {
            let message = "Scheduling is blocked due to non-empty scheduling gates";
            self.refuse(named, "SchedulingGated", message.to_owned(), Nomination::Keep);
            return;
        }
        let (at, is_shared) = self.class_of(named, spec);
        let class = &mut self.classes[at];
        match class.candidates(&self.field) {
            Ok(candidates) => {
                if let Some(node) = score::best(&self.field, class, &candidates) {
                    self.bind(at, named, node);
                }
            }
            Err(refusals) => {
                let nomination = self.preempt(at, named);
                self.refuse(named, "Unschedulable", refusals.to_string(), nomination);
            }
        }
        if !is_shared {
            self.classes.pop();
            self.hopeless.remove(&at);
        }
    }

    /// The class of a Pod, and whether it may be used again.
    fn class_of(&mut self, named: Named<'a>, spec: &'a PodSpec) -> (usize, bool) {
        let owner = object::controller_uid(&named.1.metadata);
        let known = self.by_owner.entry(owner.unwrap_or_default()).or_default();
        if let Some(at) = known.iter().copied().find(|at| self.classes[*at].includes(named, spec)) {
            return (at, true);
        }
        let at = self.classes.len();
        let is_shared = owner.is_some() || known.len() < BARE_CLASSES_MAX;
        if is_shared {
            known.push(at);
        }
        self.classes.push(Class::new(&mut self.field, named, spec));
        (at, is_shared)
    }

    /// Asks lesser Pods to go for one that fits nowhere, and keeps the room that it waits for.
    fn preempt(&mut self, class: usize, named: Named<'a>) -> Nomination<'a> {
        let nominated = pod::nominated_node(named.1);
        let may_judge = !self.is_bound && !self.is_preempted && preemption::may_preempt(named.1);
        let verdict = may_judge.then(|| match self.hopeless.contains(&class) {
            true => Verdict::Hopeless,
            false => preemption::judge(&self.field, &self.classes[class], named),
        });
        if verdict == Some(Verdict::Hopeless) {
            self.hopeless.insert(class);
        }
        let (at, nomination) = match verdict {
            Some(Verdict::Hopeless) => (None, if nominated.is_some() { Nomination::Clear } else { Nomination::Keep }),
            Some(Verdict::Wait(at)) => (Some(at), Nomination::Set(self.field.slots[at].name)),
            Some(Verdict::Evict(at, victims)) => {
                self.is_preempted = true;
                victims.into_iter().for_each(|victim| self.evict(victim, named, at));
                (Some(at), Nomination::Set(self.field.slots[at].name))
            }
            None => {
                let at = nominated.and_then(|name| self.field.slots.iter().position(|slot| slot.name == name));
                (at.filter(|at| !self.classes[class].is_out_of_the_question(*at)), Nomination::Keep)
            }
        };
        if let Some(at) = at {
            self.field.reserve(&self.classes[class].demand, at);
        }
        nomination
    }

    fn evict(&mut self, victim: Named<'a>, by: Named<'a>, at: usize) {
        let (_, pod) = victim;
        let told = "default-scheduler: preempting to accommodate a higher priority pod";
        if let Some(notice) = disruption::notice(self.field.snapshot, pod, "PreemptionByScheduler", told) {
            self.plan.actions.push(notice);
            return;
        }
        self.plan.actions.push(object::delete(&PODS, &pod.metadata));
        let (uid, node) = (object::uid(&by.1.metadata), self.field.slots[at].name);
        let message = format!("Preempted by pod {uid} on node {node}");
        self.plan.actions.push(object::event(&PODS, &pod.metadata, EventKind::Normal, "Preempted", message));
    }

    fn bind(&mut self, class: usize, named: Named<'a>, at: usize) {
        self.is_bound = true;
        let demand = self.classes[class].demand.clone();
        let repellers = self.field.bind(&demand, named, at).to_vec();
        for class in &mut self.classes {
            class.observe(named, at);
            repellers.iter().for_each(|repeller| class.repel(repeller));
        }
        let (name, pod) = named;
        let node = self.field.slots[at].name;
        self.plan.actions.push(Action::Bind {
            pod: name.clone(),
            uid: object::uid(&pod.metadata).to_owned(),
            node: node.to_owned(),
            resource_version: object::version(&pod.metadata).to_owned(),
        });
        let message = format!("Successfully assigned {name} to {node}");
        self.plan.actions.push(object::event(&PODS, &pod.metadata, EventKind::Normal, "Scheduled", message));
    }

    /// Tells a Pod why it waits, unless it has been told the same (C18).
    fn refuse(&mut self, named: Named<'a>, reason: &'static str, message: String, nomination: Nomination<'a>) {
        let (_, pod) = named;
        let told = pod::condition(pod, POD_SCHEDULED);
        let is_told = told.is_some_and(|told| {
            told.status == "False"
                && told.reason.as_deref() == Some(reason)
                && told.message.as_deref() == Some(message.as_str())
        });
        let nominated = match nomination {
            Nomination::Set(node) if pod::nominated_node(pod) != Some(node) => Some(json!(node)),
            Nomination::Clear => Some(json!(null)),
            Nomination::Set(_) | Nomination::Keep => None,
        };
        if is_told && nominated.is_none() {
            return;
        }
        let since = told.filter(|told| told.status == "False").and_then(|told| told.last_transition_time.clone());
        let condition = PodCondition {
            type_: POD_SCHEDULED.to_owned(),
            status: "False".to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message.clone()),
            last_transition_time: Some(since.unwrap_or(Time(self.field.snapshot.now))),
            ..PodCondition::default()
        };
        let others = pod::conditions(pod).iter().filter(|condition| condition.type_ != POD_SCHEDULED);
        let conditions: Vec<_> = others.chain([&condition]).collect();
        let mut patch = json!({"status": {"conditions": conditions}});
        if let Some(nominated) = nominated {
            patch["status"]["nominatedNodeName"] = nominated;
        }
        self.plan.actions.push(object::guarded_patch(&PODS, &pod.metadata, Part::Status, patch));
        if reason == "Unschedulable" && !is_told {
            let event = object::event(&PODS, &pod.metadata, EventKind::Warning, "FailedScheduling", message);
            self.plan.actions.push(event);
        }
    }
}

#[cfg(test)]
mod tests;
