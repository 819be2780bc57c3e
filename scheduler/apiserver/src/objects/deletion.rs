//! What a deletion does to an object, before anything is done. Pure.
//!
//! Deletion has two phases (C6): a mark, which everyone who must clean up sees, and the removal.
//! A Pod that runs on a Node is removed when its host says so (grace 0), an object with finalizers
//! when the last of them is gone, a Namespace when its contents are.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::delete::{DeleteOptions, Propagation};
use super::draft;
use crate::custom::{self, CLEANUP};
use crate::value;

/// Finalizer of an object that goes after its dependents.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer of an object that leaves its dependents behind.
pub(crate) const ORPHAN: &str = "orphan";

/// What to do with an object that is to be deleted.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Remove it.
    Remove,
    /// Store it like this: marked.
    Mark(Value),
    /// Leave it: it is marked already.
    Wait,
}

/// Decides how a deletion goes on.
pub(super) fn step(object: &Value, options: &DeleteOptions, now: Timestamp) -> Step {
    let mut marked = object.clone();
    set_finalizers(&mut marked, options.propagation);
    if is_definition(object) && !value::is_deleting(object) {
        hold_definition(&mut marked, now);
    }
    let grace = grace_seconds(object, options);
    if value::is_deleting(object) {
        shorten(&mut marked, options, grace);
    } else {
        mark(&mut marked, grace, now);
    }
    if is_finished(&marked) {
        Step::Remove
    } else if marked == *object {
        Step::Wait
    } else {
        Step::Mark(marked)
    }
}

/// Whether nothing holds a marked object any more.
pub(super) fn is_finished(object: &Value) -> bool {
    let held_by_spec = is_namespace(object)
        && value::at(object, &["spec", "finalizers"]).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let grace = value::at(object, &["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_i64).unwrap_or(0);
    value::is_deleting(object) && value::finalizers(object).is_empty() && !held_by_spec && grace == 0
}

fn is_namespace(object: &Value) -> bool {
    object.get("kind").is_some_and(|kind| kind == "Namespace")
}

fn is_definition(object: &Value) -> bool {
    object.get("kind").is_some_and(|kind| kind == "CustomResourceDefinition")
}

/// A definition waits until its objects are gone.
fn hold_definition(object: &mut Value, now: Timestamp) {
    let mut finalizers: Vec<String> = value::finalizers(object).into_iter().map(str::to_owned).collect();
    if !finalizers.iter().any(|finalizer| finalizer == CLEANUP) {
        finalizers.push(CLEANUP.to_owned());
    }
    value::set_meta(object, "finalizers", json!(finalizers));
    if let Some(status) = object.get_mut("status") {
        custom::tell_terminating(status, &draft::at_second(now));
    }
}

/// Only a Pod that a host has taken gets time to end.
fn grace_seconds(object: &Value, options: &DeleteOptions) -> i64 {
    let is_pod = object.get("kind").is_some_and(|kind| kind == "Pod");
    let phase = value::text(object, &["status", "phase"]);
    let runs = !value::text(object, &["spec", "nodeName"]).is_empty() && phase != "Succeeded" && phase != "Failed";
    if !is_pod || !runs {
        return 0;
    }
    let own = value::at(object, &["spec", "terminationGracePeriodSeconds"]).and_then(Value::as_i64).unwrap_or(0);
    let wanted = options.grace_seconds.unwrap_or(own);
    // A negative grace means the least one, as in Kubernetes.
    if wanted < 0 { 1 } else { wanted }
}

fn mark(object: &mut Value, grace: i64, now: Timestamp) {
    let end = now.checked_add(SignedDuration::from_secs(grace)).unwrap_or(Timestamp::MAX);
    value::set_meta(object, "deletionTimestamp", json!(draft::at_second(end)));
    value::set_meta(object, "deletionGracePeriodSeconds", json!(grace));
    if is_namespace(object)
        && let Some(status) = value::map(object, &["status"])
    {
        status.insert("phase".to_owned(), json!("Terminating"));
    }
}

/// A second deletion may shorten the grace, never lengthen it.
fn shorten(object: &mut Value, options: &DeleteOptions, grace: i64) {
    let found = value::at(object, &["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_i64).unwrap_or(0);
    if options.grace_seconds.is_none() || grace >= found {
        return;
    }
    let end = value::text(object, &["metadata", "deletionTimestamp"]).parse::<Timestamp>().ok();
    let end = end.and_then(|end| end.checked_sub(SignedDuration::from_secs(found - grace)).ok());
    if let Some(end) = end {
        value::set_meta(object, "deletionTimestamp", json!(draft::at_second(end)));
    }
    value::set_meta(object, "deletionGracePeriodSeconds", json!(grace));
}

fn set_finalizers(object: &mut Value, propagation: Option<Propagation>) {
    let Some(propagation) = propagation else { return };
    let mut wanted: Vec<String> = value::finalizers(object)
        .into_iter()
        .filter(|name| *name != FOREGROUND && *name != ORPHAN)
        .map(str::to_owned)
        .collect();
    match propagation {
        Propagation::Background => {}
        Propagation::Foreground => wanted.push(FOREGROUND.to_owned()),
        Propagation::Orphan => wanted.push(ORPHAN.to_owned()),
    }
    let list = if wanted.is_empty() { Value::Null } else { json!(wanted) };
    value::set_meta(object, "finalizers", list);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().expect("a time")
    }

    fn pod(node: &str) -> Value {
        json!({
            "kind": "Pod",
            "metadata": {"name": "a"},
            "spec": {"nodeName": node, "terminationGracePeriodSeconds": 30},
        })
    }

    fn marked(step: Step) -> Value {
        match step {
            Step::Mark(object) => object,
            other => panic!("expected a mark, got {other:?}"),
        }
    }

    #[test]
    fn a_bound_pod_ends_in_two_steps() {
        // C6
        let first = marked(step(&pod("n"), &DeleteOptions::default(), now()));
        assert_eq!(first["metadata"]["deletionTimestamp"], "2026-01-01T00:00:30Z");
        assert_eq!(first["metadata"]["deletionGracePeriodSeconds"], 30);
        assert_eq!(step(&first, &DeleteOptions::default(), now()), Step::Wait);
        let shorter = DeleteOptions { grace_seconds: Some(5), ..DeleteOptions::default() };
        let second = marked(step(&first, &shorter, now()));
        assert_eq!(second["metadata"]["deletionTimestamp"], "2026-01-01T00:00:05Z");
        let force = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        assert_eq!(step(&second, &force, now()), Step::Remove);
        assert_eq!(step(&pod(""), &DeleteOptions::default(), now()), Step::Remove);
    }

    #[test]
    fn finalizers_hold_an_object() {
        let object = json!({"kind": "ConfigMap", "metadata": {"finalizers": ["a/b"]}});
        let held = marked(step(&object, &DeleteOptions::default(), now()));
        assert!(!is_finished(&held));
        let foreground = DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
        let plain = json!({"kind": "Deployment", "metadata": {}});
        assert_eq!(value::finalizers(&marked(step(&plain, &foreground, now()))), [FOREGROUND]);
        let background = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        let waiting = marked(step(&plain, &foreground, now()));
        assert_eq!(step(&waiting, &background, now()), Step::Remove);
    }

    #[test]
    fn a_namespace_waits_for_its_contents() {
        let namespace = json!({"kind": "Namespace", "metadata": {}, "spec": {"finalizers": ["kubernetes"]}});
        let held = marked(step(&namespace, &DeleteOptions::default(), now()));
        assert_eq!(held["status"]["phase"], "Terminating");
        let mut empty = held;
        empty["spec"]["finalizers"] = json!([]);
        assert!(is_finished(&empty));
    }
}
