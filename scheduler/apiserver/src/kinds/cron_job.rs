//! CronJobs.

use api::batch::{CronJob, JobTemplateSpec};
use api::resource::CRON_JOBS;
use api::schedule;
use serde_json::Value;

use super::container::supported;
use super::{decode, job, meta, pod_spec};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Longest name: its Jobs are called by it and eleven characters more, and their Pods by them.
const NAME_LEN_MAX: usize = 52;

/// Fills in what a CronJob leaves out.
pub(super) fn defaults(cron: &mut Value) {
    let Some(spec) = cron.get_mut("spec") else { return };
    value::default(spec, "concurrencyPolicy", "Allow");
    value::default(spec, "suspend", false);
    value::default(spec, "successfulJobsHistoryLimit", 3);
    value::default(spec, "failedJobsHistoryLimit", 1);
    pod_spec::template_defaults(cron, &["spec", "jobTemplate", "spec", "template", "spec"]);
}

/// Decodes and checks a CronJob.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let cron: CronJob = decode(&CRON_JOBS, object)?;
    let name = cron.metadata.name.as_deref().unwrap_or_default();
    if name.len() > NAME_LEN_MAX {
        let why = format!("must be no more than {NAME_LEN_MAX} characters");
        problems.invalid(&Path::new("metadata").child("name"), name, why);
    }
    let path = Path::new("spec");
    let spec = &cron.spec;
    match spec.schedule.as_str() {
        "" => problems.required(&path.child("schedule"), ""),
        pattern => problems.check(&path.child("schedule"), pattern, schedule::check_pattern(pattern)),
    }
    if let Some(zone) = &spec.time_zone {
        problems.check(&path.child("timeZone"), zone, schedule::check_zone(zone));
    }
    if let Some(found) = &spec.concurrency_policy {
        supported(&path.child("concurrencyPolicy"), found, &["Allow", "Forbid", "Replace"], problems);
    }
    let numbers = [
        ("startingDeadlineSeconds", spec.starting_deadline_seconds),
        ("successfulJobsHistoryLimit", spec.successful_jobs_history_limit.map(i64::from)),
        ("failedJobsHistoryLimit", spec.failed_jobs_history_limit.map(i64::from)),
    ];
    for (field, found) in numbers {
        if let Some(found) = found.filter(|found| *found < 0) {
            problems.invalid(&path.child(field), found, "must be greater than or equal to 0");
        }
    }
    check_template(&path.child("jobTemplate"), &spec.job_template, problems);
    Ok(())
}

fn check_template(path: &Path, template: &JobTemplateSpec, problems: &mut Problems) {
    if let Some(metadata) = &template.metadata {
        let path = path.child("metadata");
        meta::check_labels(&path.child("labels"), metadata.labels.as_ref(), problems);
        meta::check_annotations(&path.child("annotations"), metadata.annotations.as_ref(), problems);
    }
    let path = path.child("spec");
    let Some(spec) = &template.spec else {
        problems.required(&path, "");
        return;
    };
    if spec.selector.is_some() {
        problems.invalid(&path.child("selector"), &spec.selector, "`selector` will be auto-generated");
    }
    if spec.manual_selector == Some(true) {
        problems.not_supported(&path.child("manualSelector"), "true", &["nil", "false"]);
    }
    job::check_spec(&path, spec, problems);
}
