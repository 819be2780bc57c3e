//! Reading JSON objects whose shape is somebody else's: what is absent is empty, never an error.

use serde_json::Value;

/// The text at a pointer (RFC 6901); empty if there is none.
#[must_use]
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a pointer; 0 if there is none.
#[must_use]
pub fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// Whether the value at a pointer is `true`.
#[must_use]
pub fn flag(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// The elements of the list at a pointer; none if there is no list.
pub fn items<'a>(object: &'a Value, pointer: &str) -> impl DoubleEndedIterator<Item = &'a Value> + use<'a> {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter()
}

/// The members of the map at a pointer, in the order the server sent them.
pub fn members<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    object.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

/// A scalar as people read it; structures as JSON.
#[must_use]
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// `metadata.name`.
#[must_use]
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// The condition of a type, from `status.conditions`.
#[must_use]
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(object, "/status/conditions").find(|condition| condition["type"].as_str() == Some(kind))
}

/// The object without what only the server's bookkeeping needs: who owns which field.
#[must_use]
pub fn without_managed_fields(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        // Not `remove`, which puts the last member into the gap.
        metadata.shift_remove("managedFields");
    }
    object
}
