//! Counting ends: which Pods are counted by the next write, and what the counters say after it.

use api::label;
use api::resource::PODS;
use serde_json::json;

use super::failure_policy::Meaning;
use super::indexes::{self, Indexes};
use super::look::{Look, State, Worker};
use crate::{Change, Part, object};

/// Most Pods counted by one write, well within what a transaction of the store holds.
const AT_ONCE: usize = 50;

/// The counters of a Job, and who was counted to get there.
#[derive(Debug, Default)]
pub(super) struct Count<'a> {
    pub succeeded: i32,
    pub failed: i32,
    pub completed: Indexes,
    pub failed_indexes: Indexes,
    pub pods: Vec<Counted<'a>>,
    /// Whether more ends wait for the next write.
    pub has_more: bool,
    /// Why the Job fails at once, if a rule of its policy says so.
    pub job_failed: Option<String>,
}

/// A Pod that is being counted.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    worker: Worker<'a>,
    /// Its index needs a new Pod, which must know of this failure: it stays until then.
    stays: bool,
}

impl Counted<'_> {
    /// What marks the Pod as counted.
    pub(super) fn change(&self) -> Change {
        let meta = &self.worker.pod.metadata;
        let patch = if self.stays {
            json!({"metadata": {"annotations": {label::JOB_COUNTED: "true"}}})
        } else {
            object::without_finalizer(meta, label::JOB_TRACKING)
        };
        object::change(&PODS, meta, Part::Main, patch)
    }
}

impl<'a> Look<'a> {
    /// The counters after the next write.
    pub(super) fn count(&self) -> Count<'a> {
        let status = self.job.status.as_ref();
        let end = if self.is_indexed() { self.completions().unwrap_or(0) } else { 0 };
        let mut count = Count {
            succeeded: status.and_then(|status| status.succeeded).unwrap_or(0),
            failed: status.and_then(|status| status.failed).unwrap_or(0),
            completed: indexes::parse(status.and_then(|status| status.completed_indexes.as_deref()), end),
            failed_indexes: indexes::parse(status.and_then(|status| status.failed_indexes.as_deref()), end),
            ..Count::default()
        };
        let is_ended = |worker: &&Worker<'_>| matches!(worker.state, State::Succeeded | State::Failed);
        for worker in self.workers.iter().filter(|worker| worker.is_uncounted).filter(is_ended) {
            if count.pods.len() >= AT_ONCE {
                count.has_more = true;
                break;
            }
            let stays = match worker.state {
                State::Succeeded => self.count_success(worker, &mut count),
                _ => self.count_failure(worker, &mut count),
            };
            count.pods.push(Counted { worker: worker.clone(), stays });
        }
        if self.is_indexed() {
            count.succeeded = object::count(count.completed.len());
        }
        count
    }

    fn count_success(&self, worker: &Worker<'_>, count: &mut Count<'_>) -> bool {
        match worker.index {
            Some(index) if Some(index) < self.completions() && !count.failed_indexes.contains(&index) => {
                count.completed.insert(index);
            }
            // Beyond the end of a Job that was made smaller, or without an index although it needs one.
            _ if self.is_indexed() => {}
            _ => count.succeeded = count.succeeded.saturating_add(1),
        }
        false
    }

    /// Returns whether the Pod has to stay, to tell its successor.
    fn count_failure(&self, worker: &Worker<'_>, count: &mut Count<'_>) -> bool {
        let meaning = self.meaning(worker.pod);
        if meaning != Meaning::Nothing {
            count.failed = count.failed.saturating_add(1);
        }
        if let Meaning::JobFailed(why) = &meaning {
            count.job_failed.get_or_insert_with(|| why.clone());
        }
        let (Some(limit), Some(index)) = (self.spec.backoff_limit_per_index, worker.index) else { return false };
        if count.completed.contains(&index) || Some(index) >= self.completions() {
            return false;
        }
        if meaning == Meaning::IndexFailed || self.failures_up_to(worker) > limit {
            count.failed_indexes.insert(index);
        }
        !count.failed_indexes.contains(&index)
    }
}
