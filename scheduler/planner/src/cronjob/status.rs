//! The status of a CronJob, read off its Jobs.

use api::batch::CronJobStatus;
use api::core::ObjectReference;
use api::meta::Time;
use api::resource::JOBS;

use super::{Look, scheduled_at};
use crate::{job, object};

impl Look<'_> {
    pub(super) fn status(&self) -> CronJobStatus {
        let old = self.cron.status.clone().unwrap_or_default();
        let running = self.jobs.iter().filter(|job| job::finished_at(job).is_none());
        let active: Vec<_> = running
            .map(|job| ObjectReference {
                api_version: Some(JOBS.api_version()),
                kind: Some(JOBS.kind.to_owned()),
                namespace: job.metadata.namespace.clone(),
                name: job.metadata.name.clone(),
                uid: Some(object::uid(&job.metadata).to_owned()),
                ..ObjectReference::default()
            })
            .collect();
        let ends = self.jobs.iter().filter(|job| job::has_succeeded(job));
        let ends = ends.filter_map(|job| job.status.as_ref()?.completion_time.clone());
        CronJobStatus {
            active: (!active.is_empty()).then_some(active),
            last_schedule_time: self.last_schedule(old.last_schedule_time.as_ref()),
            last_successful_time: ends.chain(old.last_successful_time).max(),
        }
    }

    /// A time ahead of now was written under a clock that was wrong. Waiting for it to come would stop the
    /// CronJob for as long, so counting begins anew.
    fn last_schedule(&self, old: Option<&Time>) -> Option<Time> {
        let now = self.snapshot.now;
        let old = old.map(|time| time.0.min(now));
        let made = self.jobs.iter().filter_map(|job| scheduled_at(job)).filter(|time| *time <= now);
        made.chain(old).max().map(Time)
    }
}
