//! Reading metadata, and the few shapes that every controller writes.

use std::time::Duration;

use api::meta::{ObjectMeta, OwnerReference};
use api::{NamespacedName, Resource};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{Action, Change, EventKind, Guard, ObjectRef, Part};

pub(crate) fn uid(meta: &ObjectMeta) -> &str {
    meta.uid.as_deref().unwrap_or_default()
}

pub(crate) fn version(meta: &ObjectMeta) -> &str {
    meta.resource_version.as_deref().unwrap_or_default()
}

pub(crate) fn is_terminating(meta: &ObjectMeta) -> bool {
    meta.deletion_timestamp.is_some()
}

pub(crate) fn label<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    meta.labels.as_ref()?.get(key).map(String::as_str)
}

pub(crate) fn annotation<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    meta.annotations.as_ref()?.get(key).map(String::as_str)
}

pub(crate) fn has_finalizer(meta: &ObjectMeta, finalizer: &str) -> bool {
    meta.finalizers.as_ref().is_some_and(|all| all.iter().any(|one| one == finalizer))
}

/// When the object was created; an object without the time is older than all others.
pub(crate) fn created(meta: &ObjectMeta) -> Timestamp {
    meta.creation_timestamp.as_ref().map_or(Timestamp::MIN, |time| time.0)
}

/// The one owner that manages the object.
pub(crate) fn controller(meta: &ObjectMeta) -> Option<&OwnerReference> {
    meta.owner_references.as_ref()?.iter().find(|owner| owner.controller == Some(true))
}

/// The UID of the one owner that manages the object.
pub(crate) fn controller_uid(meta: &ObjectMeta) -> Option<&str> {
    controller(meta).map(|owner| owner.uid.as_str())
}

/// The reference a managed object carries to its manager.
pub(crate) fn owner_reference(resource: &Resource, meta: &ObjectMeta) -> Value {
    json!({
        "apiVersion": resource.api_version(),
        "kind": resource.kind,
        "name": meta.name,
        "uid": uid(meta),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// An event about an object.
pub(crate) fn event(
    resource: &'static Resource,
    meta: &ObjectMeta,
    kind: EventKind,
    reason: &'static str,
    message: String,
) -> Action {
    let about = ObjectRef { resource, name: NamespacedName::of(meta), uid: uid(meta).to_owned() };
    Action::Event { about, kind, reason, message }
}

/// A patch that holds only while the object is what the decision saw.
pub(crate) fn guarded_patch(resource: &'static Resource, meta: &ObjectMeta, part: Part, patch: Value) -> Action {
    Action::Patch {
        resource,
        name: NamespacedName::of(meta),
        uid: uid(meta).to_owned(),
        resource_version: Some(version(meta).to_owned()),
        part,
        patch,
    }
}

/// A patch of fields that only its controller writes: the object's other fields may move meanwhile.
pub(crate) fn patch(resource: &'static Resource, meta: &ObjectMeta, part: Part, patch: Value) -> Action {
    Action::Patch {
        resource,
        name: NamespacedName::of(meta),
        uid: uid(meta).to_owned(),
        resource_version: None,
        part,
        patch,
    }
}

/// A change that is made together with others.
pub(crate) fn change(resource: &'static Resource, meta: &ObjectMeta, part: Part, patch: Value) -> Change {
    Change {
        resource,
        name: NamespacedName::of(meta),
        uid: uid(meta).to_owned(),
        resource_version: version(meta).to_owned(),
        part,
        patch,
    }
}

/// The patch that takes a finalizer off an object.
pub(crate) fn without_finalizer(meta: &ObjectMeta, finalizer: &str) -> Value {
    let left: Vec<_> = meta.finalizers.iter().flatten().filter(|one| *one != finalizer).collect();
    json!({"metadata": {"finalizers": left}})
}

/// The wish that an object be unchanged.
pub(crate) fn guard(resource: &'static Resource, meta: &ObjectMeta) -> Guard {
    Guard { resource, name: NamespacedName::of(meta), resource_version: version(meta).to_owned() }
}

/// A deletion with the object's own grace.
pub(crate) fn delete(resource: &'static Resource, meta: &ObjectMeta) -> Action {
    delete_as(resource, meta, None, None)
}

/// A deletion after which the garbage goes too.
pub(crate) fn delete_with_dependents(resource: &'static Resource, meta: &ObjectMeta) -> Action {
    delete_as(resource, meta, None, Some("Background"))
}

/// A deletion that lets nobody say goodbye: for what nobody can confirm.
pub(crate) fn delete_at_once(resource: &'static Resource, meta: &ObjectMeta) -> Action {
    delete_as(resource, meta, Some(0), None)
}

fn delete_as(
    resource: &'static Resource,
    meta: &ObjectMeta,
    grace_seconds: Option<i64>,
    propagation: Option<&'static str>,
) -> Action {
    Action::Delete {
        resource,
        name: NamespacedName::of(meta),
        uid: uid(meta).to_owned(),
        resource_version: None,
        grace_seconds,
        propagation,
    }
}

/// The merge patch of `status` that turns `old` into `new`; `None` if they are equal, in which
/// case nothing is serialized.
pub(crate) fn status_change<T: Serialize + PartialEq>(old: Option<&T>, new: &T) -> Option<Value> {
    if old == Some(new) {
        return None;
    }
    let to_value = |status: &T| serde_json::to_value(status).expect("a status of Kubernetes is plain data");
    let before = old.map_or_else(|| json!({}), to_value);
    let difference = difference(&before, &to_value(new))?;
    Some(json!({ "status": difference }))
}

/// RFC 7386: the smallest patch that turns `old` into `new`, lists being replaced as a whole.
fn difference(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Object(before), Value::Object(after)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let mut patch = Map::new();
    for (key, value) in after {
        let change = match before.get(key) {
            Some(earlier) => difference(earlier, value),
            None => Some(value.clone()),
        };
        patch.extend(change.map(|change| (key.clone(), change)));
    }
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    patch.extend(gone.map(|key| (key.clone(), Value::Null)));
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// `time + duration`, at the end of time if need be.
pub(crate) fn after(time: Timestamp, duration: Duration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// `time` plus whole seconds; negative ones count as none.
pub(crate) fn after_seconds(time: Timestamp, seconds: i64) -> Timestamp {
    after(time, Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// A count as Kubernetes stores it.
pub(crate) fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_removes_what_is_gone_and_replaces_lists() {
        let old = json!({"a": 1, "b": {"c": 1, "d": 2}, "l": [1, 2], "gone": true});
        let new = json!({"a": 1, "b": {"c": 1, "d": 3}, "l": [2], "e": "x"});
        let expected = json!({"b": {"d": 3}, "l": [2], "e": "x", "gone": null});
        assert_eq!(difference(&old, &new), Some(expected));
        assert_eq!(difference(&new, &new), None);
    }
}
