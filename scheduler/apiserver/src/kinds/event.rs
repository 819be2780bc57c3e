//! Events: stored as `v1`, and served as `events.k8s.io/v1` too, which gives the same fields other names.

use api::core::Event;
use api::resource::{EVENTS, Scope};
use api::{Resource, name};
use serde_json::{Value, json};

use super::decode;
use super::served::{Served, rename_fields};
use crate::field::{Path, Problems};
use crate::status::Status;

/// Field selectors of Events.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("involvedObject.kind", ""),
    ("involvedObject.namespace", ""),
    ("involvedObject.name", ""),
    ("involvedObject.uid", ""),
    ("involvedObject.apiVersion", ""),
    ("involvedObject.resourceVersion", ""),
    ("involvedObject.fieldPath", ""),
    ("reason", ""),
    ("reportingComponent", ""),
    ("source", ""),
    ("type", ""),
];

/// `events.k8s.io/v1 Event`
static EVENTS_V1: Resource =
    Resource { group: "events.k8s.io", version: "v1", kind: "Event", plural: "events", scope: Scope::Namespaced };

/// The other version of Events.
pub(super) static ALSO: &[Served] = &[Served {
    resource: &EVENTS_V1,
    fields: &[
        ("regarding.kind", "involvedObject.kind"),
        ("regarding.namespace", "involvedObject.namespace"),
        ("regarding.name", "involvedObject.name"),
        ("regarding.uid", "involvedObject.uid"),
        ("regarding.apiVersion", "involvedObject.apiVersion"),
        ("regarding.resourceVersion", "involvedObject.resourceVersion"),
        ("regarding.fieldPath", "involvedObject.fieldPath"),
        ("reason", "reason"),
        ("reportingController", "reportingComponent"),
        ("type", "type"),
    ],
    from_stored,
    to_stored,
    check: check_new,
}];

/// What a field is called in `v1` and in `events.k8s.io/v1`.
const NAMES: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn from_stored(event: &mut Value) {
    rename_fields(event, NAMES.into_iter());
    // Required there, and unknown of Events of the older kind: Kubernetes says null.
    crate::value::default(event, "eventTime", Value::Null);
}

fn to_stored(event: &mut Value) {
    rename_fields(event, NAMES.into_iter().map(|(stored, own)| (own, stored)));
}

/// Longest `note` of a new Event, as in Kubernetes.
const NOTE_BYTES_MAX: usize = 1024;
/// Longest name of who reports, of an action and of a reason, as in Kubernetes.
const WORD_BYTES_MAX: usize = 128;

/// A new Event of the newer kind says when, who and what, and leaves the older fields alone.
fn check_new(event: &Value, problems: &mut Problems) {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let path = Path::new;
    if text("eventTime").is_empty() {
        problems.required(&path("eventTime"), "");
    }
    for key in ["reportingController", "reportingInstance", "action", "reason"] {
        match text(key) {
            "" => problems.required(&path(key), ""),
            long if long.len() > WORD_BYTES_MAX => problems.too_long(&path(key), WORD_BYTES_MAX),
            found if key == "reportingController" => {
                problems.check(&path(key), found, name::check_qualified(found));
            }
            _ => {}
        }
    }
    match text("type") {
        "" => problems.required(&path("type"), ""),
        found => super::container::supported(&path("type"), found, &["Normal", "Warning"], problems),
    }
    if text("note").len() > NOTE_BYTES_MAX {
        problems.too_long(&path("note"), NOTE_BYTES_MAX);
    }
    for key in ["deprecatedSource", "deprecatedFirstTimestamp", "deprecatedLastTimestamp", "deprecatedCount"] {
        let is_set = event.get(key).is_some_and(|found| *found != json!({}) && *found != json!(0));
        if is_set {
            problems.invalid(&path(key), &event[key], "must be unset");
        }
    }
}

/// Decodes and checks an Event.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let event: Event = decode(&EVENTS, object)?;
    let about = event.involved_object.namespace.as_deref().unwrap_or_default();
    let place = event.metadata.namespace.as_deref().unwrap_or_default();
    if !about.is_empty() && about != place {
        let path = Path::new("involvedObject").child("namespace");
        problems.invalid(&path, about, "does not match event.namespace");
    }
    Ok(())
}
