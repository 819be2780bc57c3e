//! What an object becomes by its schema: unknown fields go, absent ones are filled in. Pure.
//!
//! Both are idempotent, and filling in brings nothing that pruning would take away.

use serde_json::{Map, Value};

use super::schema::Schema;

/// Fields of every object, whatever its schema says.
const ENVELOPE: [&str; 3] = ["apiVersion", "kind", "metadata"];
/// Fields of metadata; others are dropped, as a typed server would.
const METADATA: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// Removes fields that the schema does not know; returns their paths.
pub(super) fn prune(schema: &Schema, object: &mut Value) -> Vec<String> {
    prune_part(schema, object)
}

/// As [`prune`], for a value within an object.
pub(super) fn prune_part(schema: &Schema, value: &mut Value) -> Vec<String> {
    let mut removed = Vec::new();
    walk(schema, value, "", &mut removed);
    removed
}

fn walk(schema: &Schema, value: &mut Value, path: &str, removed: &mut Vec<String>) {
    match value {
        Value::Object(members) => object(schema, members, path, removed),
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for (at, element) in elements.iter_mut().enumerate() {
                    walk(items, element, &format!("{path}[{at}]"), removed);
                }
            }
        }
        _ => {}
    }
}

fn object(schema: &Schema, members: &mut Map<String, Value>, path: &str, removed: &mut Vec<String>) {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    members.retain(|name, value| {
        if let Some(property) = schema.properties.get(name) {
            walk(property, value, &at(name), removed);
            return true;
        }
        if schema.embedded && ENVELOPE.contains(&name.as_str()) {
            if name == "metadata"
                && let Value::Object(metadata) = value
            {
                metadata
                    .retain(|name, _| METADATA.contains(&name.as_str()) || !removed_at(removed, &at("metadata"), name));
            }
            return true;
        }
        if let Some(values) = &schema.additional {
            walk(values, value, &at(name), removed);
            return true;
        }
        schema.preserves || !removed_at(removed, path, name)
    });
}

/// Takes note of a field that goes. Always true.
fn removed_at(removed: &mut Vec<String>, path: &str, name: &str) -> bool {
    removed.push(if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") });
    true
}

/// Drops nulls where the schema takes none: they mean that a field is absent.
pub(super) fn drop_nulls(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, value| {
                if schema.embedded && ENVELOPE.contains(&name.as_str()) && !schema.properties.contains_key(name) {
                    crate::value::strip_nulls(value);
                    return !value.is_null();
                }
                let known = schema.properties.get(name);
                match known.or(schema.additional.as_deref()) {
                    Some(inner) => {
                        drop_nulls(inner, value);
                        !value.is_null() || inner.nullable || (known.is_none() && inner.preserves)
                    }
                    None => true,
                }
            });
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                elements.iter_mut().for_each(|element| drop_nulls(items, element));
            }
        }
        _ => {}
    }
}

/// Fills in what is absent and has a default.
pub(super) fn fill(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, property) in &schema.properties {
                let is_absent = members.get(name).is_none_or(|found| found.is_null() && !property.nullable);
                if let Some(default) = property.default.as_ref().filter(|_| is_absent) {
                    members.insert(name.clone(), default.clone());
                }
                if let Some(found) = members.get_mut(name) {
                    fill(property, found);
                }
            }
            if let Some(values) = &schema.additional {
                for (_, found) in members.iter_mut().filter(|(name, _)| !schema.properties.contains_key(*name)) {
                    if let Some(default) = values.default.as_ref().filter(|_| found.is_null() && !values.nullable) {
                        *found = default.clone();
                    }
                    fill(values, found);
                }
            }
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for element in elements {
                    if let Some(default) = items.default.as_ref().filter(|_| element.is_null() && !items.nullable) {
                        *element = default.clone();
                    }
                    fill(items, element);
                }
            }
        }
        _ => {}
    }
}
