//! From client-side apply to server-side apply without conflicts.
//!
//! `kubectl apply` without `--server-side` keeps what it applied in an annotation. When kubectl later applies on the
//! server, the fields that still are as it applied them are its own, whoever's name they carry. The annotation is kept
//! true, so that there is a way back. Only the field manager `kubectl` is treated so, as in Kubernetes.

use serde_json::Value;

use super::compare::compare;
use super::entries::Manager;
use super::place::Place;
use super::set::Set;
use crate::value;

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
const KUBECTL: &str = "kubectl";

/// The fields of `live` that are as `kubectl apply` left them; none for other managers.
pub(super) fn unchanged(place: Place<'_>, live: &Value, manager: &Manager) -> Set {
    let text = value::text(live, &["metadata", "annotations", ANNOTATION]);
    if manager.name != KUBECTL || text.is_empty() {
        return Set::default();
    }
    let Ok(applied) = serde_json::from_str::<Value>(text) else { return Set::default() };
    let mut fields = compare(place, None, Some(&applied)).added;
    let changes = compare(place, Some(&applied), Some(live));
    fields.subtract(&changes.modified);
    fields.subtract(&changes.removed);
    fields
}

/// Keeps the annotation true, where there is one.
pub(super) fn renew(object: &mut Value, applied: &Value, manager: &Manager) {
    if manager.name != KUBECTL || value::text(object, &["metadata", "annotations", ANNOTATION]).is_empty() {
        return;
    }
    let mut applied = applied.clone();
    if let Some(annotations) =
        value::existing(&mut applied, &["metadata", "annotations"]).and_then(Value::as_object_mut)
    {
        annotations.shift_remove(ANNOTATION);
    }
    if let Some(annotations) = value::existing(object, &["metadata", "annotations"]).and_then(Value::as_object_mut) {
        annotations.insert(ANNOTATION.to_owned(), Value::String(format!("{applied}\n")));
    }
}
