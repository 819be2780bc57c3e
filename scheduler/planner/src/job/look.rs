//! One Job and its Pods, sorted by what became of each.

use std::collections::BTreeMap;

use api::batch::{Job, JobSpec};
use api::core::Pod;
use api::{NamespacedName, label};

use super::failure_policy::{self, Meaning};
use crate::pod::Named;
use crate::replicas::{Readiness, Replicas};
use crate::{Snapshot, object, pod};

/// What all decisions about one Job look at.
pub(super) struct Look<'a> {
    pub snapshot: &'a Snapshot,
    pub name: &'a NamespacedName,
    pub job: &'a Job,
    pub spec: &'a JobSpec,
    pub workers: Vec<Worker<'a>>,
    /// Places in `workers`, by index: an Indexed Job may have as many indexes as Pods, and each is asked for its own.
    by_index: BTreeMap<i32, Vec<usize>>,
}

/// One Pod of the Job.
#[derive(Debug, Clone)]
pub(super) struct Worker<'a> {
    pub name: &'a NamespacedName,
    pub pod: &'a Pod,
    pub state: State,
    /// Whether its end is still to be counted: it has the finalizer, and no mark.
    pub is_uncounted: bool,
    /// Whether it is kept although it was counted, until its index has a new Pod.
    pub is_kept: bool,
    pub is_ready: bool,
    /// Which index it works on; `None` unless the Job is Indexed.
    pub index: Option<i32>,
}

/// What became of a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It runs, or will.
    Active,
    /// It was told to stop, and how it ends is still open.
    Leaving,
    Succeeded,
    Failed,
}

impl<'a> Look<'a> {
    pub(super) fn of(
        snapshot: &'a Snapshot,
        replicas: &Replicas<'_>,
        name: &'a NamespacedName,
        job: &'a Job,
        spec: &'a JobSpec,
        pods: &[Named<'a>],
    ) -> Self {
        let mut look =
            Self { snapshot, name, job, spec, workers: Vec::with_capacity(pods.len()), by_index: BTreeMap::new() };
        for (name, pod) in pods {
            let has_finalizer = object::has_finalizer(&pod.metadata, label::JOB_TRACKING);
            let has_mark = object::annotation(&pod.metadata, label::JOB_COUNTED).is_some();
            let index = look.index_of(pod);
            if let Some(index) = index {
                look.by_index.entry(index).or_default().push(look.workers.len());
            }
            look.workers.push(Worker {
                name,
                pod,
                state: look.state(pod),
                is_uncounted: has_finalizer && !has_mark,
                is_kept: has_finalizer && has_mark,
                is_ready: replicas.readiness((name, pod), 0) == Readiness::Available,
                index,
            });
        }
        look
    }

    /// Kubernetes' rule: a Pod that was told to stop has failed, unless replacements wait for its real end.
    /// That has come when nobody is left to report it.
    fn state(&self, pod: &Pod) -> State {
        let is_over = !self.replaces_failed_only() || pod::is_gone(pod);
        match (pod::phase(pod), pod::is_terminating(pod)) {
            ("Succeeded", _) => State::Succeeded,
            ("Failed", _) => State::Failed,
            (_, true) if is_over => State::Failed,
            (_, true) => State::Leaving,
            _ => State::Active,
        }
    }

    fn index_of(&self, pod: &Pod) -> Option<i32> {
        let annotated = object::annotation(&pod.metadata, label::JOB_COMPLETION_INDEX);
        self.is_indexed().then_some(annotated)?.and_then(|text| text.parse().ok()).filter(|index| *index >= 0)
    }

    pub(super) fn is_indexed(&self) -> bool {
        self.spec.completion_mode.as_deref() == Some("Indexed")
    }

    pub(super) fn replaces_failed_only(&self) -> bool {
        self.spec.pod_replacement_policy.as_deref() == Some("Failed")
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.spec.suspend == Some(true)
    }

    pub(super) fn parallelism(&self) -> i32 {
        self.spec.parallelism.unwrap_or(1).max(0)
    }

    /// Successes that are wanted; `None` if the workers decide themselves when the work is done.
    pub(super) fn completions(&self) -> Option<i32> {
        self.spec.completions.map(|completions| completions.max(0))
    }

    pub(super) fn in_state(&self, state: State) -> impl Iterator<Item = &Worker<'a>> {
        self.workers.iter().filter(move |worker| worker.state == state)
    }

    /// The Pods of an index.
    pub(super) fn of_index(&self, index: i32) -> impl Iterator<Item = &Worker<'a>> {
        self.by_index.get(&index).into_iter().flatten().filter_map(|at| self.workers.get(*at))
    }

    /// Pods that run and whose end will count.
    pub(super) fn active(&self) -> impl Iterator<Item = &Worker<'a>> {
        self.in_state(State::Active).filter(|worker| worker.is_uncounted)
    }

    /// What the failure of a Pod means.
    pub(super) fn meaning(&self, pod: &Pod) -> Meaning {
        failure_policy::meaning(self.spec.pod_failure_policy.as_ref(), pod)
    }

    /// How many Pods of an index have failed, as its Pods tell.
    pub(super) fn failures_of(&self, index: i32) -> i32 {
        self.of_index(index).map(|worker| self.failures_up_to(worker)).max().unwrap_or(0)
    }

    /// How many Pods of an index have failed up to the end of this one.
    pub(super) fn failures_up_to(&self, worker: &Worker<'_>) -> i32 {
        let has_failed = worker.state == State::Failed && self.meaning(worker.pod) != Meaning::Nothing;
        failures_before(worker.pod).saturating_add(i32::from(has_failed))
    }
}

/// How many Pods of the same index failed before this one was made.
pub(super) fn failures_before(pod: &Pod) -> i32 {
    object::annotation(&pod.metadata, label::JOB_INDEX_FAILURES).and_then(|text| text.parse().ok()).unwrap_or(0)
}
