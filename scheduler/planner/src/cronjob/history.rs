//! Which finished Jobs of a CronJob are kept: the newest, so many that succeeded and so many that failed.

use std::cmp::Reverse;

use api::resource::JOBS;

use super::Look;
use crate::{Plan, job, object};

/// Kubernetes' defaults.
const SUCCESSFUL_KEPT: i32 = 3;
const FAILED_KEPT: i32 = 1;

impl Look<'_> {
    pub(super) fn clear_history(&self, plan: &mut Plan) {
        let spec = &self.cron.spec;
        self.clear(true, spec.successful_jobs_history_limit.unwrap_or(SUCCESSFUL_KEPT), plan);
        self.clear(false, spec.failed_jobs_history_limit.unwrap_or(FAILED_KEPT), plan);
    }

    fn clear(&self, has_succeeded: bool, kept: i32, plan: &mut Plan) {
        let finished = self.jobs.iter().filter(|job| job::finished_at(job).is_some());
        let mut finished: Vec<_> = finished.filter(|job| job::has_succeeded(job) == has_succeeded).collect();
        finished.sort_by_key(|job| Reverse((object::created(&job.metadata), job.metadata.name.as_deref())));
        let surplus = finished.into_iter().skip(usize::try_from(kept).unwrap_or(0));
        let room = self.snapshot.config.actions_max.saturating_sub(plan.actions.len());
        let going = surplus.filter(|job| !object::is_terminating(&job.metadata)).take(room);
        plan.actions.extend(going.map(|job| object::delete_with_dependents(&JOBS, &job.metadata)));
    }
}
