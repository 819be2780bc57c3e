//! The pages of what runs Pods: Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs.

use serde_json::Value;

use super::{Page, Subject, conditions, heading, pairs, pod, selector};
use crate::rollout::status::{self, Stand};
use crate::value::{flag, items, name, number, plain, text};

/// Pods that are listed; more are counted.
const PODS_MAX: usize = 20;

pub(super) fn write(page: &mut Page, kind: &str, subject: &Subject<'_>) {
    let object = subject.object;
    heading(page, object, subject.now);
    page.field(0, "Selector", selector(object, "/spec/selector"));
    page.some(0, "Controlled By", pod::controller(object));
    match kind {
        "Job" => job(page, object),
        "DaemonSet" => daemons(page, object),
        _ => replicas(page, object),
    }
    strategy(page, object);
    if let Some(stand) = status::of(kind, object) {
        let (Stand::Done(text) | Stand::Waiting(text) | Stand::Failed(text)) = stand;
        page.field(0, "Rollout", text);
    }
    page.heading(0, "Pod Template");
    page.list(1, "Labels", pairs(object, "/spec/template/metadata/labels"));
    let annotations = pairs(object, "/spec/template/metadata/annotations");
    if !annotations.is_empty() {
        page.list(1, "Annotations", annotations);
    }
    page.some(1, "Runtime Class", text(object, "/spec/template/spec/runtimeClassName"));
    for container in items(object, "/spec/template/spec/containers") {
        page.heading(1, &format!("Container {}", text(container, "/name")));
        pod::template(page, 2, container);
    }
    conditions(page, object);
    pods(page, subject.related);
}

fn replicas(page: &mut Page, object: &Value) {
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let wanted = object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    let (ready, available, all) = (count("readyReplicas"), count("availableReplicas"), count("replicas"));
    let updated =
        object.pointer("/status/updatedReplicas").map(|n| format!("{} updated | ", plain(n))).unwrap_or_default();
    let text = format!("{wanted} desired | {updated}{all} total | {ready} ready | {available} available");
    page.field(0, "Replicas", text);
    if flag(object, "/spec/paused") {
        page.field(0, "Paused", "True; `insula rollout resume` rolls out what has gathered");
    }
}

fn daemons(page: &mut Page, object: &Value) {
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let text = format!(
        "{} desired | {} current | {} updated | {} ready | {} available | {} misscheduled",
        count("desiredNumberScheduled"),
        count("currentNumberScheduled"),
        count("updatedNumberScheduled"),
        count("numberReady"),
        count("numberAvailable"),
        count("numberMisscheduled")
    );
    page.field(0, "Nodes", text);
}

fn job(page: &mut Page, object: &Value) {
    let or_one = |at: &str| object.pointer(at).map_or_else(|| "1".to_owned(), plain);
    page.field(0, "Completions", or_one("/spec/completions"));
    page.field(0, "Parallelism", or_one("/spec/parallelism"));
    page.some(0, "Completion Mode", text(object, "/spec/completionMode"));
    for (title, at) in [
        ("Backoff Limit", "/spec/backoffLimit"),
        ("Active Deadline", "/spec/activeDeadlineSeconds"),
        ("TTL", "/spec/ttlSecondsAfterFinished"),
        ("Suspend", "/spec/suspend"),
        ("Started", "/status/startTime"),
        ("Completed", "/status/completionTime"),
    ] {
        page.some(0, title, object.pointer(at).map(plain).unwrap_or_default());
    }
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let text = format!("{} active | {} succeeded | {} failed", count("active"), count("succeeded"), count("failed"));
    page.field(0, "Pods Statuses", text);
}

fn strategy(page: &mut Page, object: &Value) {
    let places = ["/spec/strategy", "/spec/updateStrategy"];
    let Some(strategy) = places.into_iter().find_map(|at| object.pointer(at)) else { return };
    let parameters = pairs(strategy, "/rollingUpdate").join(", ");
    let parameters = if parameters.is_empty() { parameters } else { format!(" ({parameters})") };
    page.field(0, "Strategy", format!("{}{parameters}", text(strategy, "/type")));
}

/// The Pods themselves, as they are what one looks for next.
pub(super) fn pods(page: &mut Page, pods: &[Value]) {
    if pods.is_empty() {
        return page.field(0, "Pods", "<none>");
    }
    page.heading(0, "Pods");
    let mut all: Vec<&Value> = pods.iter().collect();
    all.sort_by_key(|pod| name(pod));
    let rows = all.iter().take(PODS_MAX).map(|pod| pod::line(pod)).collect();
    page.table(["Name", "Ready", "Status", "Restarts", "Node"], rows);
    if all.len() > PODS_MAX {
        page.field(1, "And", format!("{} more", all.len() - PODS_MAX));
    }
}
