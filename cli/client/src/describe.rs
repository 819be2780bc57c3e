//! Pages about one object: what people look at first when something is wrong. Pure.
//!
//! Any kind has a page, made of what the object holds. Pods, what runs Pods, Services and Nodes have better ones, which
//! leave out what says nothing and explain what says too little. Every page ends with the object's Events.

mod events;
mod generic;
mod node;
mod page;
mod pod;
mod service;
mod workload;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::Value;

use crate::selector::labels;
use crate::time::since;
use crate::value::{members, plain, text};

pub(crate) use events::last;
use page::Page;

/// An object and what is told beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) object: &'a Value,
    /// Events about it, oldest first.
    pub(crate) events: &'a [Value],
    /// What it selects or runs: Pods of a workload or node, EndpointSlices of a Service.
    pub(crate) related: &'a [Value],
    pub(crate) now: Timestamp,
}

/// The page of an object.
pub(crate) fn page(kind: &str, subject: &Subject<'_>) -> String {
    let mut page = Page::default();
    match kind {
        "Pod" => pod::write(&mut page, subject),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => workload::write(&mut page, kind, subject),
        "Service" => service::write(&mut page, subject),
        "Node" => node::write(&mut page, subject),
        _ => generic::write(&mut page, subject.object),
    }
    events::write(&mut page, subject);
    page.text()
}

/// What every special page begins with.
fn heading(page: &mut Page, object: &Value, now: Timestamp) {
    page.field(0, "Name", text(object, "/metadata/name"));
    page.some(0, "Namespace", text(object, "/metadata/namespace"));
    page.list(0, "Labels", pairs(object, "/metadata/labels"));
    page.list(0, "Annotations", pairs(object, "/metadata/annotations"));
    let created = text(object, "/metadata/creationTimestamp");
    page.field(0, "Created", format!("{created} ({} ago)", since(created, now)));
    let deleted = text(object, "/metadata/deletionTimestamp");
    if !deleted.is_empty() {
        page.field(0, "Deleted", format!("{deleted}; it ends within its grace period, or waits for finalizers"));
    }
}

/// `key=value` of each member.
fn pairs(object: &Value, pointer: &str) -> Vec<String> {
    members(object, pointer).map(|(key, value)| format!("{key}={}", plain(value))).collect()
}

/// Conditions as a table.
fn conditions(page: &mut Page, object: &Value) {
    let all: Vec<&Value> = crate::value::items(object, "/status/conditions").collect();
    if all.is_empty() {
        return;
    }
    page.heading(0, "Conditions");
    let rows = all
        .iter()
        .map(|condition| ["/type", "/status", "/reason", "/message"].map(|at| text(condition, at).to_owned()).to_vec());
    page.table(["Type", "Status", "Reason", "Message"], rows.collect());
}

/// A selector as a page shows it.
fn selector(object: &Value, pointer: &str) -> String {
    match object.pointer(pointer) {
        Some(selector) if selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some() => {
            crate::selector::as_text(selector)
        }
        Some(selector) => labels(selector),
        None => "<none>".to_owned(),
    }
}
