//! Jobs, and what they share with the templates of CronJobs.

mod failure_policy;
mod spec;

use api::batch::Job;
use api::label;
use api::resource::JOBS;
use serde_json::{Value, json};

use super::{decode, meta, pod_spec, replica_set};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

pub(super) use spec::check as check_spec;

/// What a template of Pods carries of its scheduling, which may change until the first Pod is made.
const SCHEDULING: [&[&str]; 7] = [
    &["metadata", "labels"],
    &["metadata", "annotations"],
    &["spec", "affinity"],
    &["spec", "nodeSelector"],
    &["spec", "tolerations"],
    &["spec", "topologySpreadConstraints"],
    &["spec", "schedulingGates"],
];

/// A new Job gets a selector of its own, and Pods with the labels that it selects; unless the user
/// brings them and says so.
pub(super) fn prepare(job: &mut Value) {
    super::without_status(job);
    if value::at(job, &["spec", "manualSelector"]) == Some(&Value::Bool(true)) {
        return;
    }
    let uid = value::text(job, &["metadata", "uid"]).to_owned();
    let name = value::text(job, &["metadata", "name"]).to_owned();
    if let Some(labels) = value::map(job, &["spec", "template", "metadata", "labels"]) {
        for (key, wanted) in own_labels(&uid, &name) {
            labels.entry(key).or_insert_with(|| json!(wanted));
        }
    }
    if let Some(labels) = value::map(job, &["spec", "selector", "matchLabels"]) {
        labels.entry(label::JOB_UID).or_insert_with(|| json!(uid));
    }
}

/// The labels of a Job's Pods, in the form with a prefix and in the older one.
fn own_labels<'a>(uid: &'a str, name: &'a str) -> [(&'static str, &'a str); 4] {
    [(label::JOB_UID, uid), (label::JOB_UID_LEGACY, uid), (label::JOB_NAME, name), (label::JOB_NAME_LEGACY, name)]
}

/// Fills in what a Job leaves out.
pub(super) fn defaults(job: &mut Value) {
    if let Some(found) = job.get_mut("spec") {
        spec::defaults(found);
    }
    pod_spec::template_defaults(job, &["spec", "template", "spec"]);
}

/// Decodes and checks a Job.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let job: Job = decode(&JOBS, object)?;
    let path = Path::new("spec");
    let Some(found) = &job.spec else {
        problems.required(&path, "");
        return Ok(());
    };
    let selector = found.selector.clone().unwrap_or_default();
    replica_set::check_selector(&path, object, &selector, &found.template, "job", problems);
    if found.manual_selector != Some(true) {
        check_generated(&path, &job, problems);
    }
    check_spec(&path, found, problems);
    if found.completion_mode.as_deref() == Some("Indexed") {
        check_host_names(&job, problems);
    }
    Ok(())
}

/// Labels that stand for this Job may not say something else.
fn check_generated(path: &Path, job: &Job, problems: &mut Problems) {
    let uid = job.metadata.uid.as_deref().unwrap_or_default();
    let name = job.metadata.name.as_deref().unwrap_or_default();
    let Some(found) = &job.spec else { return };
    let selected = found.selector.as_ref().and_then(|selector| selector.match_labels.as_ref());
    let is_own = |key| selected.and_then(|labels| labels.get(key)).is_some_and(|value| value == uid);
    if !is_own(label::JOB_UID) && !is_own(label::JOB_UID_LEGACY) {
        problems.invalid(&path.child("selector"), &found.selector, "`selector` not auto-generated");
    }
    let labels = found.template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
    let path = path.child("template").child("labels");
    for (key, wanted) in own_labels(uid, name) {
        match labels.and_then(|labels| labels.get(key)) {
            Some(found) if found == wanted => {}
            Some(found) => problems.invalid(&path.key(key), found, format!("must be '{wanted}'")),
            None => problems.required(&path.key(key), &format!("must be '{wanted}'")),
        }
    }
}

/// A Pod of an Indexed Job is called by its index, so the longest such name must be a name.
fn check_host_names(job: &Job, problems: &mut Problems) {
    let name = job.metadata.name.as_deref().unwrap_or_default();
    let completions = job.spec.as_ref().and_then(|spec| spec.completions).unwrap_or(1);
    let longest = format!("{name}-{}", completions.saturating_sub(1).max(0));
    if let Err(why) = api::name::check_label(&longest) {
        let why = format!("will not able to create pod with invalid DNS hostname {longest:?}: {why}");
        problems.invalid(&Path::new("metadata").child("name"), name, why);
    }
}

/// A Job is for life what it was born as, but for how much of it runs at once and how long it may take.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    for field in [
        "spec.selector",
        "spec.completionMode",
        "spec.podFailurePolicy",
        "spec.backoffLimitPerIndex",
        "spec.managedBy",
        "spec.successPolicy",
    ] {
        meta::check_immutable(field, old, new, problems);
    }
    if !is_elastic(new) {
        meta::check_immutable("spec.completions", old, new, problems);
    }
    let mut wanted = new.clone();
    if has_never_run(old) {
        SCHEDULING.iter().for_each(|field| copy(old, &mut wanted, field));
    }
    let (before, after) = (value::at(old, &["spec", "template"]), value::at(&wanted, &["spec", "template"]));
    if before != after {
        let template = value::at(new, &["spec", "template"]);
        problems.invalid(&Path::new("spec").child("template"), template, "field is immutable");
    }
}

/// Whether an Indexed Job grows and shrinks: all of its indexes run at once.
fn is_elastic(job: &Value) -> bool {
    let number = |field| value::at(job, &["spec", field]).and_then(Value::as_i64);
    value::text(job, &["spec", "completionMode"]) == "Indexed" && number("completions") == number("parallelism")
}

fn has_never_run(job: &Value) -> bool {
    value::at(job, &["spec", "suspend"]) == Some(&Value::Bool(true))
        && value::at(job, &["status", "startTime"]).is_none()
}

/// Makes a field of the template what it is in another object, also absent.
fn copy(from: &Value, to: &mut Value, field: &[&str]) {
    let Some((last, parents)) = field.split_last() else { return };
    let within: Vec<&str> = ["spec", "template"].iter().chain(parents).copied().collect();
    let found = value::at(from, &within).and_then(|parent| parent.get(last)).cloned();
    let Some(parent) = value::map(to, &within) else { return };
    match found {
        Some(value) => parent.insert((*last).to_owned(), value),
        None => parent.shift_remove(*last),
    };
}
