//! Job → Pods that end: as many successes as asked for, each end counted exactly once (C60).
//!
//! A Pod carries the finalizer `batch.kubernetes.io/job-tracking` until its end is counted, so it cannot go
//! uncounted. Kubernetes counts in three writes with a list of UIDs in between (`uncountedTerminatedPods`,
//! always empty here). The store takes several objects in one transaction, so here the status that counts
//! an end and the removal of the finalizer are one write, guarded by the versions of all: there is no moment
//! in between in which a leader could die, and nothing to repair after one that did.
//!
//! A Pod that goes because it is not wanted any more (fewer wanted, suspended, another was enough) counts
//! for nothing. It loses its finalizer first and is deleted after that: whoever has no finalizer has been
//! judged, and is only cleared away.
//!
//! One plan takes one kind of step per Job: it counts, or writes the status, or makes and clears away Pods.
//! A Pod is made only while its Job is as the decision saw it, so `backoffLimit: N` means N.

mod backoff;
mod count;
mod failure_policy;
mod indexes;
mod look;
mod manifest;
mod status;
mod steps;
mod verdict;

use std::collections::BTreeSet;

use api::batch::{Job, JobSpec};
use api::core::Pod;
use api::resource::{JOBS, PODS};
use api::selector::Selector;
use api::{NamespacedName, label};
use jiff::Timestamp;
use serde_json::json;

use crate::claim::Claim;
use crate::name::PodNames;
use crate::pod::Named;
use crate::replicas::Replicas;
use crate::{Action, Part, Plan, Snapshot, creation, namespaces, object, pod};
use look::Look;

/// Who looks after Jobs that name nobody else.
const MANAGED_BY: &str = "kubernetes.io/job-controller";

/// Decides for every Job which Pods to make, to count and to clear away.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let replicas = Replicas::of(snapshot);
    let mut planner = Planner {
        snapshot,
        replicas: &replicas,
        names: PodNames::default(),
        claimed: BTreeSet::new(),
        plan: Plan::default(),
    };
    for (name, job) in creation::in_turn(&snapshot.jobs, snapshot.seed) {
        if planner.is_full() {
            break;
        }
        planner.plan_one(name, job);
    }
    planner.release_orphans();
    planner.plan.wake_at_end_of_grace(snapshot);
    planner.plan
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    replicas: &'a Replicas<'a>,
    names: PodNames,
    /// UIDs of orphans adopted in this plan.
    claimed: BTreeSet<&'a str>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn is_full(&self) -> bool {
        self.plan.actions.len() >= self.snapshot.config.actions_max
    }

    fn plan_one(&mut self, name: &'a NamespacedName, job: &'a Job) {
        let Some(spec) = &job.spec else { return };
        if spec.managed_by.as_deref().is_some_and(|by| by != MANAGED_BY) {
            return;
        }
        let owned = self.replicas.of_owner(object::uid(&job.metadata));
        let is_leaving =
            object::is_terminating(&job.metadata) || namespaces::is_terminating(self.snapshot, &name.namespace);
        let finished_at = finished_at(job);
        if is_leaving || finished_at.is_some() {
            owned.iter().for_each(|(_, pod)| self.unpin(pod));
        }
        if let Some(at) = finished_at.filter(|_| !is_leaving) {
            self.expire(job, spec, at);
        }
        if is_leaving || finished_at.is_some() {
            return;
        }
        let before = self.plan.actions.len();
        let pods = self.claim(job, spec, owned);
        if self.plan.actions.len() > before {
            // Whose Pods there are is settled first.
            return;
        }
        let look = Look::of(self.snapshot, self.replicas, name, job, spec, &pods);
        let count = look.count();
        if self.write(&look, &count) {
            return;
        }
        self.step(&look);
    }

    /// Counts, or writes what else has changed; returns whether there was anything to write.
    fn write(&mut self, look: &Look<'a>, count: &count::Count<'a>) -> bool {
        let (status, told) = look.status(count, &mut self.plan);
        let patch = object::status_change(look.job.status.as_ref(), &status);
        let meta = &look.job.metadata;
        if count.pods.is_empty() {
            let Some(patch) = patch else { return false };
            self.plan.actions.push(object::guarded_patch(&JOBS, meta, Part::Status, patch));
        } else {
            let patch = patch.unwrap_or_else(|| json!({}));
            let mut changes = vec![object::change(&JOBS, meta, Part::Status, patch)];
            changes.extend(count.pods.iter().map(count::Counted::change));
            self.plan.actions.push(Action::Together { changes });
        }
        self.plan.actions.extend(told);
        true
    }

    /// The Pods of a Job after release and adoption.
    fn claim(&mut self, job: &'a Job, spec: &'a JobSpec, owned: &[Named<'a>]) -> Vec<Named<'a>> {
        let Some(by) = &spec.selector else { return owned.to_vec() };
        let selector = match Selector::from_spec(by) {
            Ok(selector) if !selector.is_empty() => selector,
            Ok(_) | Err(_) => return owned.to_vec(),
        };
        let claim = Claim { resource: &PODS, by: &JOBS, owner: &job.metadata, selector: &selector };
        let mut pods = Vec::with_capacity(owned.len());
        for named in owned {
            match claim.release(&named.1.metadata) {
                Some(action) => self.plan.actions.push(action),
                None => pods.push(*named),
            }
        }
        if spec.manual_selector != Some(true) {
            // The selector holds the UID of this very Job: nobody else's Pods match.
            return pods;
        }
        let namespace = job.metadata.namespace.as_deref().unwrap_or_default();
        for named in self.replicas.orphans_for(namespace, by) {
            let (_, pod) = *named;
            let uid = object::uid(&pod.metadata);
            if !pod::is_active(pod) || self.claimed.contains(uid) {
                continue;
            }
            if let Some(mut action) = claim.adopt(&pod.metadata) {
                track(&mut action, pod);
                self.plan.actions.push(action);
                self.claimed.insert(uid);
            }
        }
        pods
    }

    /// Deletes a Job whose time after its end is over.
    fn expire(&mut self, job: &Job, spec: &JobSpec, finished_at: Timestamp) {
        let Some(seconds) = spec.ttl_seconds_after_finished else { return };
        let at = object::after_seconds(finished_at, seconds.into());
        if at <= self.snapshot.now {
            self.plan.actions.push(object::delete_with_dependents(&JOBS, &job.metadata));
        } else {
            self.plan.wake(at);
        }
    }

    /// Lets go of Pods whose Job is no more: nobody is left to count them.
    fn release_orphans(&mut self) {
        let tracked = |pod: &Pod| object::has_finalizer(&pod.metadata, label::JOB_TRACKING);
        for (name, pod) in self.snapshot.pods.iter().filter(|(_, pod)| tracked(pod)) {
            let is_of_a_job = match object::controller(&pod.metadata) {
                Some(owner) if owner.kind != JOBS.kind || owner.api_version != JOBS.api_version() => true,
                Some(owner) => {
                    let job = NamespacedName::new(name.namespace.as_str(), owner.name.as_str());
                    let found = self.snapshot.jobs.get(&job);
                    self.snapshot.is_unreadable(&JOBS, &job)
                        || found.is_some_and(|job| object::uid(&job.metadata) == owner.uid)
                }
                None => false,
            };
            if !is_of_a_job && !self.claimed.contains(object::uid(&pod.metadata)) {
                self.unpin(pod);
            }
        }
    }

    /// Takes the finalizer off a Pod, if it has it.
    fn unpin(&mut self, pod: &Pod) {
        if !self.is_full() && object::has_finalizer(&pod.metadata, label::JOB_TRACKING) {
            let patch = object::without_finalizer(&pod.metadata, label::JOB_TRACKING);
            self.plan.actions.push(object::guarded_patch(&PODS, &pod.metadata, Part::Main, patch));
        }
    }
}

/// When a Job ended for good, if it has.
pub(crate) fn finished_at(job: &Job) -> Option<Timestamp> {
    let conditions = job.status.as_ref()?.conditions.as_deref()?;
    let is_end = |type_: &str| matches!(type_, status::COMPLETE | status::FAILED);
    let end = conditions.iter().find(|condition| is_end(&condition.type_) && condition.status == "True")?;
    Some(end.last_transition_time.as_ref().map_or_else(|| object::created(&job.metadata), |time| time.0))
}

/// Whether a Job ended well; meaningless before it has ended.
pub(crate) fn has_succeeded(job: &Job) -> bool {
    let conditions = job.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == status::COMPLETE && condition.status == "True")
}

/// Adds the finalizer to the adoption of a Pod.
fn track(adoption: &mut Action, pod: &Pod) {
    let Action::Patch { patch, .. } = adoption else { return };
    let mut finalizers = pod.metadata.finalizers.clone().unwrap_or_default();
    if !finalizers.iter().any(|one| one == label::JOB_TRACKING) {
        finalizers.push(label::JOB_TRACKING.to_owned());
    }
    patch["metadata"]["finalizers"] = json!(finalizers);
}

#[cfg(test)]
mod tests;
