//! Reading and mending untyped JSON objects without trusting their shape.

use serde_json::{Map, Value};

/// A field of nested objects, `at(pod, &["spec", "nodeName"])`.
pub(crate) fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

/// A string field; absent and other types are empty.
pub(crate) fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}

/// An object field, made if it is absent. `None` if something else is in its place.
pub(crate) fn map<'a>(object: &'a mut Value, path: &[&str]) -> Option<&'a mut Map<String, Value>> {
    let mut value = object;
    for key in path {
        value = value.as_object_mut()?.entry(*key).or_insert_with(|| Value::Object(Map::new()));
    }
    value.as_object_mut()
}

/// An object field, if it is there.
pub(crate) fn existing<'a>(object: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(object, |value, key| value.get_mut(key))
}

/// The elements of a list field, if it is there.
pub(crate) fn elements<'a>(object: &'a mut Value, path: &[&str]) -> &'a mut [Value] {
    existing(object, path).and_then(Value::as_array_mut).map(Vec::as_mut_slice).unwrap_or_default()
}

/// Sets a field that is absent.
pub(crate) fn default(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(map) = object.as_object_mut() {
        map.entry(key).or_insert_with(|| value.into());
    }
}

/// Sets a field of the metadata; an empty value removes it.
pub(crate) fn set_meta(object: &mut Value, key: &str, value: Value) {
    if let Some(meta) = map(object, &["metadata"]) {
        if value.is_null() {
            meta.shift_remove(key);
        } else {
            meta.insert(key.to_owned(), value);
        }
    }
}

/// The finalizers an object carries.
pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    at(object, &["metadata", "finalizers"])
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// Whether its deletion has begun.
pub(crate) fn is_deleting(object: &Value) -> bool {
    at(object, &["metadata", "deletionTimestamp"]).is_some()
}

/// Drops every null: in Kubernetes' JSON an absent field and a null one are the same.
pub(crate) fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// Puts `apiVersion`, `kind` and `metadata` first, as people expect and as the stamping of versions
/// relies on (`objects::stamp`).
pub(crate) fn in_order(object: Value) -> Value {
    let Value::Object(mut map) = object else { return object };
    let mut ordered = Map::with_capacity(map.len());
    for key in ["apiVersion", "kind", "metadata"] {
        if let Some(value) = map.shift_remove(key) {
            ordered.insert(key.to_owned(), value);
        }
    }
    ordered.extend(map);
    Value::Object(ordered)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nulls_go_and_order_is_set() {
        let mut value =
            json!({"status": null, "kind": "A", "spec": {"a": null, "b": [{"c": null}]}, "apiVersion": "v1"});
        strip_nulls(&mut value);
        let text = in_order(value).to_string();
        assert_eq!(text, r#"{"apiVersion":"v1","kind":"A","spec":{"b":[{}]}}"#);
    }

    #[test]
    fn wrong_shapes_are_left_alone() {
        let mut value = json!({"spec": [1]});
        assert!(map(&mut value, &["spec", "ports"]).is_none());
        assert!(elements(&mut value, &["spec", "ports"]).is_empty());
        assert_eq!(text(&value, &["spec", "a"]), "");
        default(&mut Value::Null, "a", 1);
    }
}
