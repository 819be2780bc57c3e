//! Strategic merge patches: JSON merge patches that know which lists are keyed.
//!
//! `kubectl apply`, `edit`, `set` and `label` send them. Objects merge, `null` removes, and a list is
//! replaced unless the schema says how its elements are told apart. Directives say the rest: `$patch:
//! delete | replace | merge`, `$setElementOrder/x`, `$deleteFromPrimitiveList/x` and `$retainKeys`. Fields
//! outside the schema merge as in RFC 7386. What the result means is not judged here.
//!
//! Described in Kubernetes' contributor documents ("Strategic Merge Patch"); where they are silent this
//! does what its server does, down to new elements standing before the old ones.

mod list;

#[cfg(test)]
mod tests;

use api::Resource;
use serde_json::{Map, Value};

use crate::schema::{self, Field, Patch, Shape};

/// Says what to do with the object or element that holds it.
const DIRECTIVE: &str = "$patch";
/// Lists the only keys that may remain.
const RETAIN_KEYS: &str = "$retainKeys";
/// Lists the order of a keyed list's elements.
const ORDER_PREFIX: &str = "$setElementOrder/";
/// Lists values to remove from a list of plain values.
const DELETE_PREFIX: &str = "$deleteFromPrimitiveList/";

/// Applies a patch in place.
///
/// # Errors
/// A sentence with the path of what is wrong in the patch; `current` may then be patched in part.
pub(crate) fn apply(resource: &Resource, current: &mut Value, patch: &Value) -> Result<(), String> {
    let Some(schema) = schema::find(resource.group, resource.version, resource.kind) else {
        return Err(format!("strategic merge patches of {} are not understood; send a merge patch", resource.kind));
    };
    match (current, patch) {
        (Value::Object(current), Value::Object(patch)) => merge_object(Some(Shape::Object(schema)), current, patch),
        (_, Value::Object(_)) => Err("the object to be patched is not an object".to_owned()),
        _ => Err("a strategic merge patch must be an object".to_owned()),
    }
}

/// Merges `patch` into `original`, whose shape is known or not.
fn merge_object(
    shape: Option<Shape>,
    original: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<(), String> {
    match patch.get(DIRECTIVE).map(|directive| directive.as_str().unwrap_or_default()) {
        None | Some("merge") => {}
        Some("replace") => {
            *original = plain_members(patch);
            return Ok(());
        }
        Some("delete") => {
            original.clear();
            return Ok(());
        }
        Some(_) => return Err(bad_directive(&patch[DIRECTIVE])),
    }
    retain_keys(original, patch)?;
    for (key, value) in patch {
        if key == DIRECTIVE || key == RETAIN_KEYS || patch.contains_key(&format!("{ORDER_PREFIX}{key}")) {
            continue;
        }
        let merged = if let Some(name) = key.strip_prefix(ORDER_PREFIX) {
            let field = member(shape, name);
            list::merge_in_order(&field, original, name, patch.get(name), value).map_err(|why| within(name, &why))
        } else if let Some(name) = key.strip_prefix(DELETE_PREFIX) {
            list::delete_values(original, name, value).map_err(|why| within(name, &why))
        } else {
            merge_member(&member(shape, key), original, key, value).map_err(|why| within(key, &why))
        };
        merged?;
    }
    Ok(())
}

/// Merges one member of an object.
fn merge_member(field: &Member, original: &mut Map<String, Value>, key: &str, patch: &Value) -> Result<(), String> {
    match (original.get_mut(key), patch) {
        (_, Value::Null) => drop(original.shift_remove(key)),
        (Some(Value::Object(original)), Value::Object(patch)) if field.patch != Patch::Replace => {
            merge_object(field.shape, original, patch)?;
        }
        (Some(Value::Array(original)), Value::Array(patch)) => list::merge(field, original, patch)?,
        (_, patch) => match plain(patch) {
            Some(value) => drop(original.insert(key.to_owned(), value)),
            None => drop(original.shift_remove(key)),
        },
    }
    Ok(())
}

/// Removes what `$retainKeys` does not list. Everything the patch sets must be listed.
fn retain_keys(original: &mut Map<String, Value>, patch: &Map<String, Value>) -> Result<(), String> {
    let Some(keys) = patch.get(RETAIN_KEYS) else { return Ok(()) };
    let Some(keys) = keys.as_array() else { return Err(format!("{RETAIN_KEYS} must be a list")) };
    let is_retained = |key: &str| keys.iter().any(|retained| retained == key);
    let mut set = patch.iter().filter(|(key, value)| !value.is_null() && !key.starts_with('$'));
    if let Some((key, _)) = set.find(|(key, _)| !is_retained(key)) {
        return Err(format!("{RETAIN_KEYS} must list {key:?}, which the patch sets"));
    }
    original.retain(|key, _| is_retained(key));
    Ok(())
}

/// What is known of a member: nothing, if it is outside the schema.
struct Member {
    shape: Option<Shape>,
    patch: Patch,
}

fn member(shape: Option<Shape>, key: &str) -> Member {
    match shape {
        Some(Shape::Object(schema)) => match schema.field(key) {
            Some(Field { shape, patch, .. }) => Member { shape: Some(*shape), patch: *patch },
            None => Member { shape: None, patch: Patch::Ordinary },
        },
        Some(Shape::Map(value)) => Member { shape: Some(*value), patch: Patch::Ordinary },
        _ => Member { shape: None, patch: Patch::Ordinary },
    }
}

/// A value of the patch that meets nothing it could merge with: without directives and nulls.
/// `None` if the value is itself a directive.
fn plain(value: &Value) -> Option<Value> {
    match value {
        Value::Object(members) if members.contains_key(DIRECTIVE) => match members[DIRECTIVE].as_str() {
            Some("delete") => None,
            // Anything but the directive makes it an object of its own.
            _ if members.len() == 1 => None,
            _ => Some(plain_members(members).into()),
        },
        Value::Object(members) => Some(plain_members(members).into()),
        Value::Array(elements) => Some(elements.iter().filter_map(plain).collect::<Vec<_>>().into()),
        other => Some(other.clone()),
    }
}

fn plain_members(members: &Map<String, Value>) -> Map<String, Value> {
    let is_directive = |key: &str| {
        key == DIRECTIVE || key == RETAIN_KEYS || key.starts_with(ORDER_PREFIX) || key.starts_with(DELETE_PREFIX)
    };
    let kept = members.iter().filter(|(key, value)| !is_directive(key) && !value.is_null());
    kept.filter_map(|(key, value)| Some((key.clone(), plain(value)?))).collect()
}

fn bad_directive(directive: &Value) -> String {
    format!("{DIRECTIVE}: {directive} is not delete, replace or merge")
}

/// Prefixes the path of a problem: `spec.containers: the element has no merge key "name"`.
fn within(name: &str, why: &str) -> String {
    match why.split_once(": ") {
        Some((path, _)) if !path.contains([' ', '$']) => format!("{name}.{why}"),
        _ => format!("{name}: {why}"),
    }
}
