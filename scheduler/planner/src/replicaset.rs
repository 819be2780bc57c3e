//! ReplicaSet → Pods: as many as asked for, never one more (C5).
//!
//! There are no expectations as in Kubernetes: the shell plans on nothing older than its own last
//! write, so a Pod that was created is in the snapshot. Creation is guarded by the ReplicaSet's
//! version, so a wish that was taken back creates nothing; only where the same plan writes the
//! status, which moves that version, a late surplus is stopped a round later instead.

mod victims;

use std::collections::BTreeSet;
use std::time::Duration;

use api::NamespacedName;
use api::apps::{ReplicaSet, ReplicaSetCondition, ReplicaSetSpec, ReplicaSetStatus};
use api::meta::Time;
use api::resource::{PODS, REPLICA_SETS};
use api::selector::Selector;

use crate::claim::Claim;
use crate::name::PodNames;
use crate::pod::Named;
use crate::replicas::{Replicas, Tally};
use crate::{Action, EventKind, Guard, Part, Plan, Snapshot, creation, namespaces, object, pod, template};

/// Wait before a Pod that keeps failing is replaced again (C40's numbers: 10 s, doubled, to 300 s).
const BACKOFF_FIRST: Duration = Duration::from_secs(10);
const BACKOFF_DOUBLINGS_MAX: u32 = 5;
const BACKOFF_MAX: Duration = Duration::from_secs(300);
/// A failure is forgiven after this time.
const BACKOFF_FORGIVEN_AFTER: Duration = Duration::from_secs(600);

/// Decides for every ReplicaSet which Pods to create and which to stop.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let replicas = Replicas::of(snapshot);
    let mut planner = Planner {
        snapshot,
        replicas: &replicas,
        names: PodNames::default(),
        claimed: BTreeSet::new(),
        plan: Plan::default(),
    };
    for (name, set) in creation::in_turn(&snapshot.replica_sets, snapshot.seed) {
        if planner.plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        planner.plan_one(name, set);
    }
    planner.plan.wake_at_end_of_grace(snapshot);
    planner.plan
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    replicas: &'a Replicas<'a>,
    /// Names given in this plan.
    names: PodNames,
    /// UIDs of orphans adopted in this plan.
    claimed: BTreeSet<&'a str>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn plan_one(&mut self, name: &'a NamespacedName, set: &'a ReplicaSet) {
        let spec = &set.spec;
        let selector = match Selector::from_spec(&spec.selector) {
            Ok(selector) if !selector.is_empty() => selector,
            Ok(_) | Err(_) => return,
        };
        let is_leaving =
            object::is_terminating(&set.metadata) || namespaces::is_terminating(self.snapshot, &name.namespace);
        let owned = self.replicas.of_owner(object::uid(&set.metadata));
        let pods = if is_leaving { owned.to_vec() } else { self.claim(set, &selector, owned) };
        let tally = self.replicas.tally(&pods, spec.min_ready_seconds.unwrap_or(0));
        let refused = self.snapshot.refusals.get(object::uid(&set.metadata));
        let refused = refused.filter(|_| !is_leaving && wanted(spec) > tally.active);
        let report = status_of(self.snapshot, set, &pods, tally, refused);
        // A ReplicaSet that has nothing yet has nothing to report: its Pods come first.
        let is_fresh = refused.is_none() && set.status.is_none() && tally == Tally::default() && wanted(spec) > 0;
        let report = report.filter(|_| !is_fresh || is_leaving);
        if !is_leaving {
            let guard = report.is_none().then(|| object::guard(&REPLICA_SETS, &set.metadata));
            self.resize(name, set, &pods, tally, guard.as_ref());
        }
        self.plan.actions.extend(report);
        if let Some(at) = tally.next_available {
            self.plan.wake(at);
        }
    }

    /// The Pods of a ReplicaSet after adoption and release.
    fn claim(&mut self, set: &'a ReplicaSet, selector: &Selector, owned: &[Named<'a>]) -> Vec<Named<'a>> {
        let claim = Claim { resource: &PODS, by: &REPLICA_SETS, owner: &set.metadata, selector };
        let mut pods = Vec::with_capacity(owned.len());
        for named in owned {
            match claim.release(&named.1.metadata) {
                Some(action) => self.plan.actions.push(action),
                None => pods.push(*named),
            }
        }
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        for named in self.replicas.orphans_for(namespace, &set.spec.selector) {
            let (_, pod) = *named;
            let uid = object::uid(&pod.metadata);
            if !pod::is_active(pod) || self.claimed.contains(uid) {
                continue;
            }
            if let Some(action) = claim.adopt(&pod.metadata) {
                self.plan.actions.push(action);
                self.claimed.insert(uid);
                pods.push(*named);
            }
        }
        pods
    }

    fn resize(
        &mut self,
        name: &NamespacedName,
        set: &'a ReplicaSet,
        pods: &[Named<'a>],
        tally: Tally,
        guard: Option<&Guard>,
    ) {
        let missing = wanted(&set.spec) - tally.active;
        if missing > 0 {
            self.create(name, set, pods, creation::batch(missing, tally.active), guard);
        } else if missing < 0 {
            let surplus = usize::try_from(missing.unsigned_abs()).unwrap_or(0);
            self.stop(set, pods, surplus);
        }
    }

    fn create(
        &mut self,
        name: &NamespacedName,
        set: &ReplicaSet,
        pods: &[Named<'a>],
        missing: i32,
        guard: Option<&Guard>,
    ) {
        let spec = &set.spec;
        if let Some(at) = retry_at(self.snapshot, spec, pods) {
            self.plan.wake(at);
            return;
        }
        let Some(template) = &spec.template else { return };
        let manifest = template::pod(&REPLICA_SETS, &set.metadata, template);
        for _ in 0..missing {
            if self.plan.actions.len() >= self.snapshot.config.actions_max {
                break;
            }
            let base = format!("{}-", name.name);
            let pod = self.names.draw(self.snapshot, &name.namespace, &base, object::uid(&set.metadata));
            self.plan.actions.push(creation::pod(&name.namespace, &pod, manifest.clone(), guard.cloned()));
            let message = format!("Created pod: {pod}");
            self.tell(set, "SuccessfulCreate", message);
        }
    }

    fn stop(&mut self, set: &'a ReplicaSet, pods: &[Named<'a>], surplus: usize) {
        let siblings = self.siblings(set);
        let room = self.snapshot.config.actions_max.saturating_sub(self.plan.actions.len());
        let min_ready_seconds = set.spec.min_ready_seconds.unwrap_or(0);
        let victims = victims::choose(self.replicas, pods, &siblings, min_ready_seconds, surplus.min(room));
        for (name, pod) in victims {
            self.plan.actions.push(object::delete(&PODS, &pod.metadata));
            self.tell(set, "SuccessfulDelete", format!("Deleted pod: {}", name.name));
        }
    }

    /// The Pods of the other ReplicaSets of the same owner: they crowd a Node too.
    fn siblings(&self, set: &'a ReplicaSet) -> Vec<Named<'a>> {
        let Some(owner) = object::controller_uid(&set.metadata) else { return Vec::new() };
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        let from = NamespacedName::new(namespace, "");
        let in_namespace = self.snapshot.replica_sets.range(from..).take_while(|(name, _)| name.namespace == namespace);
        let others = in_namespace.filter(|(_, other)| {
            object::controller_uid(&other.metadata) == Some(owner) && other.metadata.uid != set.metadata.uid
        });
        others.flat_map(|(_, other)| self.replicas.of_owner(object::uid(&other.metadata))).copied().collect()
    }

    fn tell(&mut self, set: &ReplicaSet, reason: &'static str, message: String) {
        self.plan.actions.push(object::event(&REPLICA_SETS, &set.metadata, EventKind::Normal, reason, message));
    }
}

fn wanted(spec: &ReplicaSetSpec) -> i32 {
    spec.replicas.unwrap_or(1).max(0)
}

/// The change of the status, if there is one.
fn status_of(
    snapshot: &Snapshot,
    set: &ReplicaSet,
    pods: &[Named<'_>],
    tally: Tally,
    refused: Option<&String>,
) -> Option<Action> {
    let spec = &set.spec;
    let nonzero = |count: i32| (count != 0).then_some(count);
    let labelled = pods.iter().filter(|(_, pod)| pod::is_active(pod) && has_template_labels(pod, spec)).count();
    let status = ReplicaSetStatus {
        replicas: tally.active,
        fully_labeled_replicas: nonzero(object::count(labelled)),
        ready_replicas: nonzero(tally.ready),
        available_replicas: nonzero(tally.available),
        terminating_replicas: nonzero(tally.terminating),
        observed_generation: set.metadata.generation,
        conditions: conditions(snapshot, set, refused),
    };
    let patch = object::status_change(set.status.as_ref(), &status)?;
    Some(object::patch(&REPLICA_SETS, &set.metadata, Part::Status, patch))
}

/// The condition of a ReplicaSet whose Pods are refused.
pub(crate) const REPLICA_FAILURE: &str = "ReplicaFailure";

/// The conditions, with the one that says that Pods are refused while they are. What it said first it goes on saying,
/// as in Kubernetes: every try names another Pod.
fn conditions(snapshot: &Snapshot, set: &ReplicaSet, refused: Option<&String>) -> Option<Vec<ReplicaSetCondition>> {
    let found = set.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let (own, mut others): (Vec<_>, Vec<_>) =
        found.iter().cloned().partition(|condition| condition.type_.as_deref() == Some(REPLICA_FAILURE));
    if let Some(why) = refused {
        others.push(own.into_iter().next().unwrap_or_else(|| ReplicaSetCondition {
            type_: Some(REPLICA_FAILURE.to_owned()),
            status: Some("True".to_owned()),
            reason: Some("FailedCreate".to_owned()),
            message: Some(why.clone()),
            last_transition_time: Some(Time(snapshot.now)),
        }));
    }
    (!others.is_empty()).then_some(others)
}

fn has_template_labels(pod: &api::core::Pod, spec: &ReplicaSetSpec) -> bool {
    let template = spec.template.as_ref().and_then(|template| template.metadata.as_ref());
    let wanted = template.and_then(|meta| meta.labels.as_ref()).into_iter().flatten();
    wanted.into_iter().all(|(key, value)| object::label(&pod.metadata, key) == Some(value))
}

/// When failed Pods may be replaced again; `None` for now.
///
/// Kubernetes replaces at once, for ever: a Node that rejects a Pod then gets thousands of them (F30).
/// Here the first failure of every replica is free, then each round of failures doubles the wait.
fn retry_at(snapshot: &Snapshot, spec: &ReplicaSetSpec, pods: &[Named<'_>]) -> Option<jiff::Timestamp> {
    let failures = pods.iter().filter(|(_, pod)| pod::phase(pod) == "Failed").map(|(_, pod)| pod::failed_at(pod));
    let recent: Vec<_> = failures.filter(|at| object::after(*at, BACKOFF_FORGIVEN_AFTER) > snapshot.now).collect();
    let replicas = usize::try_from(wanted(spec)).unwrap_or(0).max(1);
    let rounds = u32::try_from(recent.len().saturating_sub(1) / replicas).unwrap_or(u32::MAX);
    if rounds == 0 {
        return None;
    }
    let wait = BACKOFF_FIRST.saturating_mul(1 << (rounds - 1).min(BACKOFF_DOUBLINGS_MAX)).min(BACKOFF_MAX);
    let at = object::after(recent.into_iter().max()?, wait);
    (at > snapshot.now).then_some(at)
}

#[cfg(test)]
mod tests;
