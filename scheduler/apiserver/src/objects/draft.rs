//! What a new object looks like before it is stored: whose fields are whose. Pure.

use api::Resource;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::zeros;
use crate::field::Problems;
use crate::kinds::{self, Generation, Kind, Subresource};
use crate::schema::{self, Shape};
use crate::status::Status;
use crate::value;

/// Metadata only the server writes.
const SERVERS_OWN: [&str; 8] = [
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "resourceVersion",
    "selfLink",
    "managedFields",
];

/// What the server gives to a new object.
pub(super) struct Given<'a> {
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) now: Timestamp,
}

/// Checks that a body is an object of the resource the URL names, in the URL's namespace, and drops nulls and what
/// else means nothing.
pub(super) fn accept(kind: &Kind, namespace: &str, mut object: Value) -> Result<Value, Status> {
    let resource = kind.resource;
    if !object.is_object() {
        return Err(Status::bad_request(format!("the body is not an object of kind {}", resource.kind)));
    }
    kind.clean(&mut object);
    zeros::drop_absent(resource, &mut object);
    kinds::check_header(resource, &mut object)?;
    let Some(meta) = value::map(&mut object, &["metadata"]) else {
        return Err(Status::bad_request("metadata: must be an object"));
    };
    let named = meta.get("namespace").and_then(Value::as_str).unwrap_or_default();
    if !named.is_empty() && named != namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Status::bad_request(message));
    }
    if resource.is_namespaced() {
        meta.insert("namespace".to_owned(), json!(namespace));
    } else {
        meta.shift_remove("namespace");
    }
    meta.shift_remove("managedFields");
    meta.shift_remove("selfLink");
    Ok(object)
}

/// The name a user chose, or the base for one.
pub(super) fn wanted_name(resource: &Resource, object: &Value) -> Result<(String, String), Status> {
    let name = value::text(object, &["metadata", "name"]).to_owned();
    let base = value::text(object, &["metadata", "generateName"]).to_owned();
    if name.is_empty() && base.is_empty() {
        let mut problems = Problems::default();
        problems.required(&crate::field::Path::new("metadata").child("name"), "name or generateName is required");
        return Err(Status::invalid(resource, "", &problems));
    }
    Ok((name, base))
}

/// Refuses what a new object may not bring along.
pub(super) fn check_fresh(object: &Value) -> Result<(), Status> {
    if value::text(object, &["metadata", "resourceVersion"]).is_empty() {
        return Ok(());
    }
    Err(Status::bad_request("resourceVersion should not be set on objects to be created"))
}

/// Fills in what the server owns and what the user left out.
pub(super) fn complete(kind: &Kind, object: &mut Value, given: &Given<'_>) {
    if let Some(meta) = value::map(object, &["metadata"]) {
        for key in SERVERS_OWN {
            meta.shift_remove(key);
        }
        meta.insert("name".to_owned(), json!(given.name));
        meta.insert("uid".to_owned(), json!(given.uid));
        meta.insert("creationTimestamp".to_owned(), json!(at_second(given.now)));
        if kind.generation == Generation::Counts {
            meta.insert("generation".to_owned(), json!(1));
        }
    }
    (kind.prepare)(object);
    // Kubernetes' types hold a status by value, so it is never absent there, and clients rely on it.
    if kind.custom.is_none() && kind.has(Subresource::Status) && object.get("status").is_none() {
        object["status"] = empty_status(kind.resource);
    }
    kind.fill(object);
}

/// The status of an object that nobody has looked at yet: zero wherever a number must be.
fn empty_status(resource: &Resource) -> Value {
    let kind = schema::find(resource.group, resource.version, resource.kind);
    let status = match kind.and_then(|kind| kind.field("status")).map(|field| field.shape) {
        Some(Shape::Object(status)) => status.fields,
        _ => &[],
    };
    let numbers = status.iter().filter(|field| field.required && matches!(field.shape, Shape::Int32 | Shape::Int64));
    numbers.map(|field| (field.name.to_owned(), json!(0))).collect::<Map<_, _>>().into()
}

/// Decodes and validates; all problems at once.
pub(super) fn check(kind: &Kind, object: &Value) -> Result<(), Status> {
    let mut problems = Problems::default();
    kinds::check_meta(kind, object, &mut problems)?;
    kind.judge(None, object, &mut problems)?;
    finish(kind, object, &problems)
}

/// Turns problems into a refusal.
pub(super) fn finish(kind: &Kind, object: &Value, problems: &Problems) -> Result<(), Status> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(kind.resource, value::text(object, &["metadata", "name"]), problems))
}

/// Kubernetes' `Time` has whole seconds.
pub(super) fn at_second(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

#[cfg(test)]
mod tests {
    use api::resource::{NODES, PODS};

    use super::*;

    #[test]
    fn the_url_and_the_body_must_agree() {
        let ok = accept(kinds::of(&PODS), "shop", json!({"metadata": {"name": "a"}, "spec": {"x": null}}))
            .expect("accepted");
        assert_eq!(ok["kind"], "Pod");
        assert_eq!(ok["metadata"]["namespace"], "shop");
        assert_eq!(ok["spec"], json!({}));
        for bad in [
            json!([]),
            json!({"kind": "Node"}),
            json!({"apiVersion": "v2"}),
            json!({"metadata": {"namespace": "other"}}),
            json!({"metadata": 1}),
        ] {
            assert_eq!(accept(kinds::of(&PODS), "shop", bad.clone()).map_err(|s| s.code), Err(400), "{bad}");
        }
        assert!(
            accept(kinds::of(&NODES), "", json!({"metadata": {"name": "n"}})).expect("accepted")["metadata"]["namespace"]
                .is_null()
        );
    }

    #[test]
    fn times_have_whole_seconds() {
        let now: Timestamp = "2026-01-02T03:04:05.678Z".parse().expect("a time");
        assert_eq!(at_second(now), "2026-01-02T03:04:05Z");
    }
}
