//! Whether a Job has succeeded or failed, and why: decided once, and kept in its conditions.

use super::count::Count;
use super::look::{Look, State};
use super::status::{FAILURE_TARGET, SUCCESS_CRITERIA_MET, find};
use crate::{Plan, object};

/// How a Job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub is_success: bool,
    pub reason: String,
    pub message: String,
}

fn failure(reason: &str, message: impl Into<String>) -> Option<Verdict> {
    Some(Verdict { is_success: false, reason: reason.to_owned(), message: message.into() })
}

fn success() -> Option<Verdict> {
    let message = "Reached expected number of succeeded pods".to_owned();
    Some(Verdict { is_success: true, reason: "CompletionsReached".to_owned(), message })
}

impl Look<'_> {
    /// The verdict that stands already.
    pub(super) fn standing_verdict(&self) -> Option<Verdict> {
        let conditions = self.job.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
        let standing = |type_| find(conditions, type_).filter(|condition| condition.status == "True");
        if standing(SUCCESS_CRITERIA_MET).is_some() {
            return success();
        }
        let failed = standing(FAILURE_TARGET)?;
        failure(failed.reason.as_deref().unwrap_or_default(), failed.message.clone().unwrap_or_default())
    }

    /// The verdict after a count, in Kubernetes' order; `None` while the Job goes on.
    pub(super) fn verdict(&self, count: &Count<'_>, plan: &mut Plan) -> Option<Verdict> {
        self.standing_verdict()
            .or_else(|| failure("PodFailurePolicy", count.job_failed.clone()?))
            .or_else(|| self.beyond_limit(count))
            .or_else(|| self.beyond_deadline(plan))
            .or_else(|| self.failed_indexes(count))
            .or_else(|| self.has_completed(count).then(success)?)
    }

    fn beyond_limit(&self, count: &Count<'_>) -> Option<Verdict> {
        let limit = self.spec.backoff_limit.unwrap_or(6);
        if count.failed <= limit && !self.restarts_beyond(limit) {
            return None;
        }
        failure("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    }

    /// Containers that are started anew in their Pods have failed too.
    fn restarts_beyond(&self, limit: i32) -> bool {
        let pod = self.spec.template.spec.as_ref();
        if pod.and_then(|pod| pod.restart_policy.as_deref()) != Some("OnFailure") {
            return false;
        }
        let statuses = self.active().filter_map(|worker| worker.pod.status.as_ref());
        let containers =
            statuses.flat_map(|status| status.container_statuses.iter().chain(&status.init_container_statuses));
        let restarts: i64 = containers.flatten().map(|container| i64::from(container.restart_count)).sum();
        restarts > 0 && restarts >= i64::from(limit)
    }

    fn beyond_deadline(&self, plan: &mut Plan) -> Option<Verdict> {
        let started = self.job.status.as_ref()?.start_time.as_ref()?.0;
        let end = object::after_seconds(started, self.spec.active_deadline_seconds?);
        if self.is_suspended() || self.was_suspended() {
            return None;
        }
        if end > self.snapshot.now {
            plan.wake(end);
            return None;
        }
        failure("DeadlineExceeded", "Job was active longer than specified deadline")
    }

    fn failed_indexes(&self, count: &Count<'_>) -> Option<Verdict> {
        let failed = object::count(count.failed_indexes.len());
        if self.spec.max_failed_indexes.is_some_and(|limit| failed > limit) {
            return failure(
                "MaxFailedIndexesExceeded",
                "Job has exceeded the specified maximal number of failed indexes",
            );
        }
        let all = failed.saturating_add(object::count(count.completed.len()));
        if failed > 0 && Some(all) >= self.completions() {
            return failure("FailedIndexes", "Job has failed indexes");
        }
        None
    }

    fn has_completed(&self, count: &Count<'_>) -> bool {
        match self.completions() {
            Some(completions) => count.succeeded >= completions,
            // A queue: one that ended well says that the work is done, and the others may finish theirs.
            None => {
                let is_idle =
                    [State::Active, State::Leaving].iter().all(|state| self.in_state(*state).next().is_none());
                count.succeeded > 0 && is_idle && !count.has_more
            }
        }
    }
}
