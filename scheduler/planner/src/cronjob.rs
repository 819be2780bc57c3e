//! CronJob → Jobs at the times of a schedule (C61).
//!
//! What is due is the *last* time of the schedule that is not after now, if it is later than the last time
//! a Job was made for. It is found by looking back once, not by walking through what was missed: after a
//! year of downtime there is one catch-up run, and no number of missed runs stops a CronJob for good, as
//! more than a hundred did in Kubernetes.
//!
//! A Job is called by its time, so that one time makes one Job whatever dies in between. The status follows
//! in the next plan, from the Job that is then there; a Job is cleared away only after that.

mod history;
mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use api::batch::{CronJob, Job};
use api::resource::{CRON_JOBS, JOBS};
use api::schedule::Schedule;
use api::{NamespacedName, label};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Action, EventKind, Part, Plan, Snapshot, job, namespaces, object};

/// Decides for every CronJob which Jobs to make and which to clear away.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut children: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
    for job in snapshot.jobs.values() {
        if let Some(owner) = object::controller_uid(&job.metadata) {
            children.entry(owner).or_default().push(job);
        }
    }
    let mut plan = Plan::default();
    let crons = &snapshot.cron_jobs;
    // Each decision begins elsewhere, so that refused Jobs of one CronJob never starve the others.
    let start = usize::try_from(snapshot.seed % (crons.len().max(1) as u64)).unwrap_or(0);
    for (name, cron) in crons.iter().skip(start).chain(crons.iter().take(start)) {
        if plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        let is_leaving =
            object::is_terminating(&cron.metadata) || namespaces::is_terminating(snapshot, &name.namespace);
        let jobs = children.get(object::uid(&cron.metadata)).map_or(&[][..], Vec::as_slice);
        if !is_leaving {
            Look { snapshot, name, cron, jobs }.plan(&mut plan);
        }
    }
    plan
}

/// One CronJob and its Jobs.
struct Look<'a> {
    snapshot: &'a Snapshot,
    name: &'a NamespacedName,
    cron: &'a CronJob,
    jobs: &'a [&'a Job],
}

impl Look<'_> {
    fn plan(&self, plan: &mut Plan) {
        let status = self.status();
        if let Some(patch) = object::status_change(self.cron.status.as_ref(), &status) {
            // A change of the status moves what a new Job is guarded by, so that one waits for the next plan.
            plan.actions.push(object::guarded_patch(&CRON_JOBS, &self.cron.metadata, Part::Status, patch));
        } else {
            self.clear_history(plan);
            self.make_due(plan);
        }
        self.wake(plan);
    }

    fn schedule(&self) -> Option<Schedule> {
        // The API has checked both; what cannot be read any more makes no Jobs.
        Schedule::parse(&self.cron.spec.schedule, self.cron.spec.time_zone.as_deref()).ok()
    }

    fn is_suspended(&self) -> bool {
        self.cron.spec.suspend == Some(true)
    }

    fn wake(&self, plan: &mut Plan) {
        let next = self.schedule().filter(|_| !self.is_suspended()).and_then(|s| s.next_after(self.snapshot.now));
        if let Some(at) = next {
            plan.wake(at);
        }
    }

    /// The time a Job is due for, if one is.
    fn due(&self, schedule: &Schedule) -> Option<Timestamp> {
        let now = self.snapshot.now;
        let status = self.cron.status.as_ref();
        let last = status.and_then(|status| status.last_schedule_time.as_ref()).map(|time| time.0);
        let since = last.unwrap_or_else(|| object::created(&self.cron.metadata));
        let due = schedule.last_until(now).filter(|due| *due > since)?;
        let is_in_time = |seconds: i64| {
            object::after_seconds(due, seconds) >= Timestamp::from_second(now.as_second()).unwrap_or(now)
        };
        self.cron.spec.starting_deadline_seconds.is_none_or(is_in_time).then_some(due)
    }

    fn make_due(&self, plan: &mut Plan) {
        let Some(schedule) = self.schedule().filter(|_| !self.is_suspended()) else { return };
        let Some(due) = self.due(&schedule) else { return };
        let job = NamespacedName::new(self.name.namespace.as_str(), job_name(&self.name.name, due));
        if self.snapshot.jobs.contains_key(&job) || self.snapshot.is_unreadable(&JOBS, &job) {
            // Somebody else's by that name: nothing can be made for this time.
            return;
        }
        let running: Vec<_> = self.jobs.iter().filter(|job| job::finished_at(job).is_none()).collect();
        match self.cron.spec.concurrency_policy.as_deref() {
            // It stays due until it is too late or the other one ends.
            Some("Forbid") if !running.is_empty() => return,
            Some("Replace") => {
                for job in running.into_iter().filter(|job| !object::is_terminating(&job.metadata)) {
                    plan.actions.push(object::delete_with_dependents(&JOBS, &job.metadata));
                    let name = job.metadata.name.as_deref().unwrap_or_default();
                    plan.actions.push(self.event("SuccessfulDelete", format!("Deleted job {name}")));
                }
            }
            _ => {}
        }
        plan.actions.push(Action::Create {
            resource: &JOBS,
            namespace: self.name.namespace.clone(),
            object: self.manifest(&job.name, &schedule.shown(due)),
            guard: Some(object::guard(&CRON_JOBS, &self.cron.metadata)),
        });
        plan.actions.push(self.event("SuccessfulCreate", format!("Created job {}", job.name)));
    }

    fn manifest(&self, name: &str, scheduled: &str) -> Value {
        let template = &self.cron.spec.job_template;
        let meta = template.metadata.clone().unwrap_or_default();
        let mut annotations = meta.annotations.unwrap_or_default();
        annotations.insert(label::SCHEDULED_AT.to_owned(), scheduled.to_owned());
        json!({
            "apiVersion": JOBS.api_version(),
            "kind": JOBS.kind,
            "metadata": {
                "name": name,
                "namespace": self.name.namespace,
                "labels": meta.labels,
                "annotations": annotations,
                "ownerReferences": [object::owner_reference(&CRON_JOBS, &self.cron.metadata)],
            },
            "spec": template.spec,
        })
    }

    fn event(&self, reason: &'static str, message: String) -> Action {
        object::event(&CRON_JOBS, &self.cron.metadata, EventKind::Normal, reason, message)
    }
}

/// As Kubernetes calls it: by the minute of its time.
fn job_name(cron: &str, due: Timestamp) -> String {
    format!("{cron}-{}", due.as_second().div_euclid(60))
}

/// The time a CronJob made this Job for; `None` if a person made it.
fn scheduled_at(job: &Job) -> Option<Timestamp> {
    object::annotation(&job.metadata, label::SCHEDULED_AT)?.parse().ok()
}
