//! Lists: merged by key or by value, ordered, and thinned out.
//!
//! The order of the result: elements the patch names stand in the patch's order, the others in their old
//! order; where both kinds meet, an old element goes first only if it stood before the other already.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{DIRECTIVE, Member, bad_directive, merge_object, plain};
use crate::schema::{Patch, Shape};

/// Merges a list of the patch into a list that is there.
pub(super) fn merge(field: &Member, original: &mut Vec<Value>, patch: &[Value]) -> Result<(), String> {
    match field.patch {
        Patch::Ordinary | Patch::Replace => *original = patch.iter().filter_map(plain).collect(),
        Patch::Merge => merge_values(original, patch),
        Patch::MergeBy(key) => merge_keyed(element_shape(field.shape), key, original, patch)?,
    }
    Ok(())
}

/// Merges a list as [`merge`] does, then puts its elements in the order that `$setElementOrder` gives.
pub(super) fn merge_in_order(
    field: &Member,
    object: &mut Map<String, Value>,
    name: &str,
    patch: Option<&Value>,
    order: &Value,
) -> Result<(), String> {
    let order = order.as_array().ok_or("$setElementOrder must be a list")?;
    let patch = match patch {
        None => None,
        Some(Value::Array(patch)) => Some(patch),
        // The whole list is replaced by something else or removed; there is no order to keep.
        Some(other) => return super::merge_member(field, object, name, other),
    };
    let key = match field.patch {
        Patch::MergeBy(key) => Some(key),
        _ => None,
    };
    if let Some(patch) = patch {
        check_order(key, patch, order)?;
    }
    let before = match object.get(name) {
        Some(Value::Array(before)) => ids(key, before)?,
        _ => Vec::new(),
    };
    match (object.get_mut(name), patch) {
        (Some(Value::Array(original)), Some(patch)) => merge(field, original, patch)?,
        (_, Some(patch)) => drop(object.insert(name.to_owned(), patch.iter().filter_map(plain).collect())),
        (_, None) => {}
    }
    if let (Some(Value::Array(merged)), true) = (object.get_mut(name), is_merged(field.patch)) {
        arrange(key, merged, &ids(key, order)?, &before)?;
    }
    Ok(())
}

/// Removes values, from `$deleteFromPrimitiveList`.
pub(super) fn delete_values(object: &mut Map<String, Value>, name: &str, values: &Value) -> Result<(), String> {
    let values = values.as_array().ok_or("$deleteFromPrimitiveList must be a list")?;
    if let Some(Value::Array(list)) = object.get_mut(name) {
        let gone: HashSet<_> = values.iter().map(Value::to_string).collect();
        list.retain(|value| !gone.contains(&value.to_string()));
    }
    Ok(())
}

fn merge_values(original: &mut Vec<Value>, patch: &[Value]) {
    let before: Vec<_> = original.iter().map(Value::to_string).collect();
    let wanted: Vec<_> = patch.iter().map(Value::to_string).collect();
    let mut seen = HashSet::new();
    original.extend(patch.iter().cloned());
    original.retain(|value| seen.insert(value.to_string()));
    arrange_by(Value::to_string, original, &wanted, &before);
}

fn merge_keyed(shape: Option<Shape>, key: &str, original: &mut Vec<Value>, patch: &[Value]) -> Result<(), String> {
    let (mut elements, mut deleted, mut replaces) = (Vec::new(), HashSet::new(), false);
    for element in patch {
        let Value::Object(members) = element else { return Err(format!("{element} is not an object")) };
        match members.get(DIRECTIVE).map(|directive| directive.as_str().unwrap_or_default()) {
            None | Some("merge") => elements.push((id_of(key, element)?, members)),
            Some("delete") => drop(deleted.insert(id_of(key, element)?)),
            Some("replace") => replaces = true,
            Some(_) => return Err(bad_directive(&members[DIRECTIVE])),
        }
    }
    if replaces {
        original.clear();
    }
    let mut ids = ids(Some(key), original)?;
    remove_deleted(original, &mut ids, &deleted);
    let before = ids.clone();
    let mut at: HashMap<String, usize> = ids.into_iter().enumerate().map(|(at, id)| (id, at)).rev().collect();
    for (id, members) in &elements {
        let next = original.len();
        let at = *at.entry(id.clone()).or_insert(next);
        if at == next {
            // An empty object of the same key, so that the element's own directives act.
            original.push(Value::Object(Map::new()));
        }
        if let Some(Value::Object(target)) = original.get_mut(at) {
            merge_object(shape, target, members).map_err(|why| format!("{id}: {why}"))?;
        }
    }
    let wanted: Vec<_> = elements.into_iter().map(|(id, _)| id).collect();
    arrange(Some(key), original, &wanted, &before)
}

fn remove_deleted(list: &mut Vec<Value>, ids: &mut Vec<String>, deleted: &HashSet<String>) {
    let mut keeps = ids.iter().map(|id| !deleted.contains(id));
    list.retain(|_| keeps.next().unwrap_or(true));
    ids.retain(|id| !deleted.contains(id));
}

/// The elements of the patch must stand in the order that the directive gives.
fn check_order(key: Option<&str>, patch: &[Value], order: &[Value]) -> Result<(), String> {
    let has_directive = |element: &&Value| element.get(DIRECTIVE).is_some();
    if order.is_empty() {
        return Ok(());
    }
    let mut order = ids(key, order)?.into_iter();
    for element in patch.iter().filter(|element| !has_directive(element)) {
        let id = id(key, element)?;
        if !order.any(|ordered| ordered == id) {
            return Err(format!("the order in the patch's list does not match $setElementOrder at {id}"));
        }
    }
    Ok(())
}

fn arrange(key: Option<&str>, list: &mut Vec<Value>, wanted: &[String], before: &[String]) -> Result<(), String> {
    ids(key, list)?;
    arrange_by(|element| id(key, element).unwrap_or_default(), list, wanted, before);
    Ok(())
}

/// Puts `list` into the module's order, given the ids the patch wants in order and those that were there.
fn arrange_by(id: impl Fn(&Value) -> String, list: &mut Vec<Value>, wanted: &[String], before: &[String]) {
    let (wanted, before) = (positions(wanted), positions(before));
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for element in list.drain(..) {
        let id = id(&element);
        match wanted.get(id.as_str()) {
            Some(at) => named.push((*at, id, element)),
            None => others.push((before.get(id.as_str()).copied().unwrap_or(usize::MAX), id, element)),
        }
    }
    named.sort_by_key(|(at, ..)| *at);
    others.sort_by_key(|(at, ..)| *at);
    let mut others = others.into_iter().peekable();
    for (_, id, element) in named {
        if let Some(at) = before.get(id.as_str()) {
            while let Some((_, _, other)) = others.next_if(|(other_at, ..)| other_at < at) {
                list.push(other);
            }
        }
        list.push(element);
    }
    list.extend(others.map(|(_, _, element)| element));
}

/// The first place of each id.
fn positions(ids: &[String]) -> HashMap<&str, usize> {
    ids.iter().enumerate().rev().map(|(at, id)| (id.as_str(), at)).collect()
}

fn ids(key: Option<&str>, list: &[Value]) -> Result<Vec<String>, String> {
    list.iter().map(|element| id(key, element)).collect()
}

/// What tells an element apart: the value of its key, or itself.
fn id(key: Option<&str>, element: &Value) -> Result<String, String> {
    key.map_or_else(|| Ok(element.to_string()), |key| id_of(key, element))
}

fn id_of(key: &str, element: &Value) -> Result<String, String> {
    match element.get(key) {
        Some(id) if !id.is_null() => Ok(id.to_string()),
        _ => Err(format!("{element} does not contain declared merge key {key:?}")),
    }
}

fn is_merged(patch: Patch) -> bool {
    matches!(patch, Patch::Merge | Patch::MergeBy(_))
}

fn element_shape(shape: Option<Shape>) -> Option<Shape> {
    match shape {
        Some(Shape::List(element)) => Some(*element),
        _ => None,
    }
}
