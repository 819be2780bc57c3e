//! Pods → Nodes: filters, then scores, as Kubernetes' scheduler, for many Pods in one pass.
//!
//! Each Pod sees the bindings made before it in the same plan, so capacity, ports, spread and
//! anti-affinity hold however many are bound at once (C16). A Pod that fits nowhere is passed over
//! and told why; it holds up nobody (C19). There is no preemption here.
//!
//! Retrying needs no queue or timer: the plan is made again whenever Pods, Nodes or sessions
//! change, and a Pod is told again only what it has not been told (C18).

mod amounts;
mod class;
mod field;
mod refusal;
mod relation;
mod score;
mod selector;
mod slot;
mod topology;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use api::core::{PodCondition, PodSpec};
use api::meta::Time;
use api::resource::PODS;
use serde_json::json;

pub(crate) use selector::is_required;

use crate::pod::{self, Named};
use crate::{Action, EventKind, Part, Plan, Snapshot, object};
use class::Class;
use field::Field;

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
    waiting.sort_by_key(|(name, pod)| {
        let priority = pod::spec(pod).and_then(|spec| spec.priority).unwrap_or(0);
        (Reverse(priority), object::created(&pod.metadata), *name)
    });
    waiting
}

fn is_waiting(pod: &api::core::Pod) -> bool {
    let Some(spec) = pod::spec(pod) else { return false };
    let scheduler = spec.scheduler_name.as_deref().unwrap_or(SCHEDULER_NAME);
    pod::node(pod).is_none() && pod::is_active(pod) && matches!(scheduler, SCHEDULER_NAME | "")
}

struct Placement<'a> {
    field: Field<'a>,
    classes: Vec<Class<'a>>,
    /// Classes by the UID of the Pods' controller; empty for Pods without one.
    by_owner: BTreeMap<&'a str, Vec<usize>>,
    plan: Plan,
}

impl<'a> Placement<'a> {
    fn place(&mut self, named: Named<'a>) {
        let Some(spec) = pod::spec(named.1) else { return };
        if spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty()) {
            let message = "Scheduling is blocked due to non-empty scheduling gates";
            self.refuse(named, "SchedulingGated", message.to_owned());
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
            Err(refusals) => self.refuse(named, "Unschedulable", refusals.to_string()),
        }
        if !is_shared {
            self.classes.pop();
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

    fn bind(&mut self, class: usize, named: Named<'a>, at: usize) {
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
    fn refuse(&mut self, named: Named<'a>, reason: &'static str, message: String) {
        let (_, pod) = named;
        let told = pod::condition(pod, POD_SCHEDULED);
        let is_told = told.is_some_and(|told| {
            told.status == "False"
                && told.reason.as_deref() == Some(reason)
                && told.message.as_deref() == Some(message.as_str())
        });
        if is_told {
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
        let patch = json!({"status": {"conditions": conditions}});
        self.plan.actions.push(object::guarded_patch(&PODS, &pod.metadata, Part::Status, patch));
        if reason == "Unschedulable" {
            let event = object::event(&PODS, &pod.metadata, EventKind::Warning, "FailedScheduling", message);
            self.plan.actions.push(event);
        }
    }
}

#[cfg(test)]
mod tests;
