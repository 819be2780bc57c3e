//! What runs to completion: Jobs and CronJobs.

use jiff::Timestamp;
use serde_json::Value;

use super::read::NONE;
use super::workload::{CONTAINERS, IMAGES, SELECTOR, template};
use super::{AGE, NAME, Printer, age, integer, read, text};

pub(super) static JOB: Printer = Printer {
    columns: &[
        NAME,
        text("Status", "Status of the job."),
        text("Completions", "Pods that have succeeded, of all that must."),
        text("Duration", "Time required to complete the job."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: job,
};

pub(super) static CRON_JOB: Printer = Printer {
    columns: &[
        NAME,
        text("Schedule", "When it runs, as a cron pattern."),
        text("Timezone", "The time zone of the schedule."),
        text("Suspend", "Whether it makes no Jobs."),
        integer("Active", "Jobs of it that have not finished."),
        text("Last Schedule", "The time since a Job was last scheduled."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ],
    cells: cron_job,
};

fn job(object: &Value, now: Timestamp) -> Vec<Value> {
    let cells = [
        read::name(object),
        status(object).into(),
        completions(object).into(),
        duration(object, now).into(),
        age::of(object, now),
    ];
    cells.into_iter().chain(template(&object["spec"])).collect()
}

/// The most telling condition, as kubectl says it.
fn status(job: &Value) -> &'static str {
    let holds = |kind| read::holds(job, kind);
    match () {
        () if holds("Complete") => "Complete",
        () if holds("Failed") => "Failed",
        () if !read::text(job, "/metadata/deletionTimestamp").is_empty() => "Terminating",
        () if holds("Suspended") => "Suspended",
        () if holds("FailureTarget") => "FailureTarget",
        () if holds("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn completions(job: &Value) -> String {
    let succeeded = read::number(job, "/status/succeeded");
    match (job.pointer("/spec/completions").and_then(Value::as_i64), read::number(job, "/spec/parallelism")) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism @ 2..) => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

fn duration(job: &Value, now: Timestamp) -> String {
    let start = read::text(job, "/status/startTime");
    if start.is_empty() {
        return String::new();
    }
    let end = read::text(job, "/status/completionTime").parse().unwrap_or(now);
    age::since(start, end)
}

fn cron_job(object: &Value, now: Timestamp) -> Vec<Value> {
    let suspend = match object.pointer("/spec/suspend").and_then(Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let last = Some(read::text(object, "/status/lastScheduleTime")).filter(|time| !time.is_empty());
    let cells = [
        read::name(object),
        read::text(object, "/spec/schedule").into(),
        read::text_or(object, "/spec/timeZone", NONE).into(),
        suspend.into(),
        read::count(object, "/status/active").into(),
        last.map_or_else(|| NONE.to_owned(), |time| age::since(time, now)).into(),
        age::of(object, now),
    ];
    cells.into_iter().chain(template(&object["spec"]["jobTemplate"]["spec"])).collect()
}
