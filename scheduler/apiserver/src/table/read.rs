//! Reading what may be absent: objects come from users and from the store, and no table may fail on one.

use serde_json::Value;

/// What stands where there is nothing.
pub(super) const NONE: &str = "<none>";
/// What stands where something should be known and is not.
pub(super) const UNKNOWN: &str = "<unknown>";

/// The text at a JSON pointer, or nothing.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The text at a JSON pointer, or what stands for nothing.
pub(super) fn text_or<'v>(value: &'v Value, pointer: &str, otherwise: &'v str) -> &'v str {
    Some(text(value, pointer)).filter(|text| !text.is_empty()).unwrap_or(otherwise)
}

/// The number at a JSON pointer, or 0.
pub(super) fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// Whether `true` stands at a JSON pointer.
pub(super) fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
}

/// The list at a JSON pointer, or an empty one.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// How many entries the map or list at a JSON pointer has.
pub(super) fn count(value: &Value, pointer: &str) -> usize {
    match value.pointer(pointer) {
        Some(Value::Object(map)) => map.len(),
        Some(Value::Array(list)) => list.len(),
        _ => 0,
    }
}

/// The object's name.
pub(super) fn name(object: &Value) -> Value {
    text(object, "/metadata/name").into()
}

/// The condition of a type, from `status.conditions`.
pub(super) fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v Value> {
    list(object, "/status/conditions").iter().find(|condition| text(condition, "/type") == kind)
}

/// Whether a condition of a type is `True`.
pub(super) fn holds(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| text(condition, "/status") == "True")
}

/// One member of every element, joined by commas.
pub(super) fn joined(elements: &[Value], pointer: &str) -> String {
    elements.iter().map(|element| text(element, pointer)).collect::<Vec<_>>().join(",")
}
