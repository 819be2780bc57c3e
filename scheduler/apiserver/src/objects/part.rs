//! What an object becomes when one part of it is written: the other parts stay as they were. Pure.
//!
//! Spec and status have separate writers (C1), `generation` rises only when the desired state
//! changes (C2), and metadata that identifies an object never changes.

use serde_json::{Map, Value, json};

use super::draft;
use super::modify::Target;
use crate::field::{Path, Problems};
use crate::kinds::{self, Generation, Kind, Subresource};
use crate::status::Status;
use crate::value;

/// Metadata that is the server's or for life: taken from the current object whatever is sent.
const KEPT: [&str; 7] =
    ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"];

/// Joins the current object and the wanted one, both stamped, into the one to store.
pub(super) fn merge(target: &Target<'_>, current: &Value, wanted: Value) -> Result<Value, Status> {
    let mut object = join(target, current, wanted)?;
    check(target, current, &mut object)?;
    Ok(object)
}

/// The first half of [`merge`]: what the object becomes, which may yet be wrong.
pub(super) fn join(target: &Target<'_>, current: &Value, wanted: Value) -> Result<Value, Status> {
    let kind = target.kind;
    let wanted = draft::accept(kind, target.namespace, wanted)?;
    check_identity(target, current, &wanted)?;
    match target.part {
        Subresource::Main | Subresource::Scale => Ok(join_main(kind, current, wanted)),
        Subresource::Status => Ok(join_status(kind, current, &wanted)),
        Subresource::Finalize => Ok(join_finalize(current, &wanted)),
        Subresource::Binding
        | Subresource::Eviction
        | Subresource::Log
        | Subresource::Token
        | Subresource::Exec
        | Subresource::Attach
        | Subresource::PortForward
        | Subresource::Proxy
        | Subresource::EphemeralContainers => {
            Err(Status::method_not_allowed("the server does not allow this method on the requested resource"))
        }
    }
}

/// The second half of [`merge`]: finds everything wrong with what an object is to become, and counts its generation.
pub(super) fn check(target: &Target<'_>, current: &Value, object: &mut Value) -> Result<(), Status> {
    let kind = target.kind;
    match target.part {
        Subresource::Status => check_status(kind, current, object),
        Subresource::Finalize => Ok(()),
        _ => check_main(kind, current, object),
    }
}

/// Name, UID and version must be those of the current object, where they are given.
fn check_identity(target: &Target<'_>, current: &Value, wanted: &Value) -> Result<(), Status> {
    let (resource, name) = (target.kind.resource, target.name);
    let given = |key| value::text(wanted, &["metadata", key]);
    let found = |key| value::text(current, &["metadata", key]);
    let sent_name = given("name");
    if sent_name != name && !sent_name.is_empty() {
        let message = format!("the name of the object ({sent_name}) does not match the name on the URL ({name})");
        return Err(Status::bad_request(message));
    }
    if !given("uid").is_empty() && given("uid") != found("uid") {
        let why =
            format!("Precondition failed: UID in precondition: {}, UID in object meta: {}", given("uid"), found("uid"));
        return Err(Status::conflict(resource, name, &why));
    }
    let version = given("resourceVersion");
    if version.is_empty() || version == found("resourceVersion") {
        return Ok(());
    }
    if version.parse::<u64>().is_err() {
        let mut problems = Problems::default();
        let path = Path::new("metadata").child("resourceVersion");
        problems.invalid(&path, version, "must be specified for an update as the server gave it");
        return Err(Status::invalid(resource, name, &problems));
    }
    Err(Status::modified(resource, name))
}

fn join_main(kind: &Kind, current: &Value, mut object: Value) -> Value {
    keep_metadata(current, &mut object);
    if kind.has(Subresource::Status) {
        copy_field(current, &mut object, "status");
    }
    if kind.resource == &api::resource::NAMESPACES {
        // `spec.finalizers` is written through its own subresource.
        copy_field(current, &mut object, "spec");
    }
    kind.fill(&mut object);
    keep_allocated(kind, current, &mut object);
    object
}

fn check_main(kind: &Kind, current: &Value, object: &mut Value) -> Result<(), Status> {
    let mut problems = Problems::default();
    kinds::check_meta(kind, object, &mut problems)?;
    kinds::check_meta_update(current, object, &mut problems);
    kind.judge(Some(current), object, &mut problems)?;
    draft::finish(kind, object, &problems)?;
    if kind.generation == Generation::Counts && desired(kind, current) != desired(kind, object) {
        let generation = value::at(current, &["metadata", "generation"]).and_then(Value::as_i64).unwrap_or(0);
        value::set_meta(object, "generation", json!(generation + 1));
    }
    Ok(())
}

/// What a user left out of an update because the server had filled it in.
fn keep_allocated(kind: &Kind, current: &Value, object: &mut Value) {
    if kind.resource == &api::resource::SERVICES {
        kinds::keep_addresses(current, object);
    }
    if kind.resource == &api::resource::PODS {
        keep_admitted(current, object);
    }
}

/// What admission gave to a Pod: its priority, and the handler of its class and the memory of its namespace, which are
/// not the user's to choose.
fn keep_admitted(current: &Value, object: &mut Value) {
    for field in ["priority", "preemptionPolicy"] {
        if let (Some(found), Some(spec)) = (value::at(current, &["spec", field]), value::map(object, &["spec"])) {
            spec.entry(field).or_insert_with(|| found.clone());
        }
    }
    for name in [api::label::RUNTIME_HANDLER, api::label::NAMESPACE_MEMORY_LIMIT] {
        let path = ["metadata", "annotations", name];
        let given = value::at(current, &path).cloned();
        if given.as_ref() == value::at(object, &path) {
            continue;
        }
        if let Some(annotations) = value::map(object, &path[..2]) {
            match given {
                Some(given) => annotations.insert(name.to_owned(), given),
                None => annotations.shift_remove(name),
            };
        }
    }
}

fn join_status(kind: &Kind, current: &Value, wanted: &Value) -> Value {
    let mut object = unstamped(current);
    copy_field(wanted, &mut object, "status");
    if let Some(custom) = &kind.custom {
        custom.fill(&mut object);
    }
    object
}

fn check_status(kind: &Kind, current: &Value, object: &Value) -> Result<(), Status> {
    let mut problems = Problems::default();
    match &kind.custom {
        Some(custom) => {
            custom.check(Some(current), object, &mut problems);
            draft::finish(kind, object, &problems)
        }
        // Only the types are checked: what the spec says was checked when it was written.
        None => (kind.validate)(object, &mut problems),
    }
}

fn join_finalize(current: &Value, wanted: &Value) -> Value {
    let mut object = unstamped(current);
    let finalizers = value::at(wanted, &["spec", "finalizers"]).cloned();
    if let Some(spec) = value::map(&mut object, &["spec"]) {
        match finalizers {
            Some(list) if list.as_array().is_some_and(|list| !list.is_empty()) => {
                spec.insert("finalizers".to_owned(), list);
            }
            _ => {
                spec.shift_remove("finalizers");
            }
        }
    }
    object
}

fn unstamped(current: &Value) -> Value {
    let mut object = current.clone();
    value::set_meta(&mut object, "resourceVersion", Value::Null);
    object
}

fn keep_metadata(current: &Value, object: &mut Value) {
    let from = current.get("metadata").and_then(Value::as_object);
    let Some(meta) = value::map(object, &["metadata"]) else { return };
    for key in KEPT {
        match from.and_then(|from| from.get(key)) {
            Some(value) => meta.insert(key.to_owned(), value.clone()),
            None => meta.shift_remove(key),
        };
    }
}

/// Takes a top-level field from another object, also its absence.
fn copy_field(from: &Value, to: &mut Value, key: &str) {
    let Some(map) = to.as_object_mut() else { return };
    match from.get(key) {
        Some(value) => map.insert(key.to_owned(), value.clone()),
        None => map.shift_remove(key),
    };
}

/// Everything but metadata and status. A custom kind may have a status that is a field like any other.
fn desired(kind: &Kind, object: &Value) -> Map<String, Value> {
    let mut map = object.as_object().cloned().unwrap_or_default();
    map.shift_remove("metadata");
    if kind.custom.is_none() || kind.has(Subresource::Status) {
        map.shift_remove("status");
    }
    map
}
