//! Events.

use api::core::Event;
use api::resource::EVENTS;
use serde_json::Value;

use super::decode;
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
