//! The status of a Job: counters, times, and the conditions that `kubectl wait` looks at.
//!
//! A verdict shows at once (`SuccessCriteriaMet`, `FailureTarget`) and is followed by the end (`Complete`,
//! `Failed`) when no Pod runs any more and all are counted: who waits for the end may trust the counters.

use api::batch::{JobCondition, JobStatus, UncountedTerminatedPods};
use api::meta::Time;
use api::resource::JOBS;
use jiff::Timestamp;

use super::count::Count;
use super::indexes;
use super::look::{Look, State};
use super::verdict::Verdict;
use crate::{Action, EventKind, Plan, object, pod};

pub(super) const COMPLETE: &str = "Complete";
pub(super) const FAILED: &str = "Failed";
pub(super) const SUCCESS_CRITERIA_MET: &str = "SuccessCriteriaMet";
pub(super) const FAILURE_TARGET: &str = "FailureTarget";
const SUSPENDED: &str = "Suspended";

pub(super) fn find<'a>(conditions: &'a [JobCondition], type_: &str) -> Option<&'a JobCondition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Sets a condition unless it has that status already.
fn set(conditions: &mut Vec<JobCondition>, type_: &str, status: &str, why: (&str, &str), now: Timestamp) -> bool {
    if find(conditions, type_).is_some_and(|condition| condition.status == status) {
        return false;
    }
    let (reason, message) = why;
    let condition = JobCondition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_probe_time: Some(Time(now)),
        last_transition_time: Some(Time(now)),
    };
    match conditions.iter().position(|condition| condition.type_ == type_) {
        Some(at) => conditions[at] = condition,
        None => conditions.push(condition),
    }
    true
}

impl Look<'_> {
    /// Whether the Job was suspended when it was last looked at.
    pub(super) fn was_suspended(&self) -> bool {
        let conditions = self.job.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
        find(conditions, SUSPENDED).is_some_and(|condition| condition.status == "True")
    }

    /// The status after a count, and what to tell the users of it.
    pub(super) fn status(&self, count: &Count<'_>, plan: &mut Plan) -> (JobStatus, Vec<Action>) {
        let mut status = self.counters(count);
        let mut told = Vec::new();
        match self.verdict(count, plan) {
            Some(verdict) => self.judge(&verdict, count, &mut status, &mut told),
            None => self.go_on(&mut status, &mut told),
        }
        (status, told)
    }

    fn counters(&self, count: &Count<'_>) -> JobStatus {
        // Zero is written as absence where Kubernetes does so.
        let nonzero = |count: i32| (count != 0).then_some(count);
        let active = object::count(self.in_state(State::Active).count());
        let ready = self.in_state(State::Active).filter(|worker| worker.is_ready).count();
        let old = self.job.status.clone().unwrap_or_default();
        JobStatus {
            active: nonzero(active),
            ready: Some(object::count(ready)),
            terminating: Some(object::count(self.stopping(count))),
            succeeded: nonzero(count.succeeded),
            failed: nonzero(count.failed),
            completed_indexes: indexes::text(&count.completed),
            failed_indexes: match (self.spec.backoff_limit_per_index, indexes::text(&count.failed_indexes)) {
                (Some(_), text) => Some(text.unwrap_or_default()),
                (None, _) => None,
            },
            uncounted_terminated_pods: Some(UncountedTerminatedPods::default()),
            ..old
        }
    }

    /// Pods that were told to stop and have not ended. One that is gone but for the finalizer goes with this count.
    fn stopping(&self, count: &Count<'_>) -> usize {
        let is_gone = |pod: &api::core::Pod| pod.metadata.deletion_grace_period_seconds == Some(0) && !count.has_more;
        let stopping = self.workers.iter().filter(|worker| pod::is_terminating(worker.pod));
        stopping.filter(|worker| !pod::is_finished(worker.pod) && !is_gone(worker.pod)).count()
    }

    fn judge(&self, verdict: &Verdict, count: &Count<'_>, status: &mut JobStatus, told: &mut Vec<Action>) {
        let now = self.snapshot.now;
        let (target, end) =
            if verdict.is_success { (SUCCESS_CRITERIA_MET, COMPLETE) } else { (FAILURE_TARGET, FAILED) };
        let why = (verdict.reason.as_str(), verdict.message.as_str());
        let conditions = status.conditions.get_or_insert_default();
        set(conditions, target, "True", why, now);
        if status.start_time.is_none() && !self.is_suspended() {
            status.start_time = Some(Time(now));
        }
        let is_over = status.active.is_none() && status.terminating == Some(0) && !count.has_more;
        if !is_over || !set(conditions, end, "True", why, now) {
            return;
        }
        if verdict.is_success {
            status.completion_time = Some(Time(now));
            told.push(self.event(EventKind::Normal, "Completed", "Job completed"));
        } else {
            told.push(self.event(EventKind::Warning, reason_of(&verdict.reason), &verdict.message));
        }
    }

    fn go_on(&self, status: &mut JobStatus, told: &mut Vec<Action>) {
        let now = self.snapshot.now;
        if self.is_suspended() {
            let conditions = status.conditions.get_or_insert_default();
            if set(conditions, SUSPENDED, "True", ("JobSuspended", "Job suspended"), now) {
                told.push(self.event(EventKind::Normal, "Suspended", "Job suspended"));
            }
            return;
        }
        if self.was_suspended() {
            let conditions = status.conditions.get_or_insert_default();
            set(conditions, SUSPENDED, "False", ("JobResumed", "Job resumed"), now);
            // The deadline counts from here.
            status.start_time = Some(Time(now));
            told.push(self.event(EventKind::Normal, "Resumed", "Job resumed"));
        }
        status.start_time.get_or_insert(Time(now));
    }

    fn event(&self, kind: EventKind, reason: &'static str, message: &str) -> Action {
        object::event(&JOBS, &self.job.metadata, kind, reason, message.to_owned())
    }
}

/// Reasons of events are known words; those of conditions come back from the store.
fn reason_of(reason: &str) -> &'static str {
    let known =
        ["BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy", "MaxFailedIndexesExceeded", "FailedIndexes"];
    known.into_iter().find(|known| *known == reason).unwrap_or("JobFailed")
}
