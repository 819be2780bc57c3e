//! Default classes of claims and Ingresses. Pure.

use api::Resource;
use api::resource::STORAGE_CLASSES;
use serde_json::{Value, json};

use crate::value;

/// Annotations that make a class the default.
const STORAGE: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const INGRESS: [&str; 1] = ["ingressclass.kubernetes.io/is-default-class"];

/// The class that is the default: of several the newest, then the first by name, as in Kubernetes.
pub(super) fn default_of(resource: &Resource, classes: &[Value]) -> Option<String> {
    let marks: &[&str] = if resource == &STORAGE_CLASSES { &STORAGE } else { &INGRESS };
    let is_default =
        |class: &&Value| marks.iter().any(|mark| value::text(class, &["metadata", "annotations", mark]) == "true");
    let newest = classes.iter().filter(is_default).min_by_key(|class| {
        let created = value::text(class, &["metadata", "creationTimestamp"]);
        (std::cmp::Reverse(created), value::text(class, &["metadata", "name"]))
    })?;
    Some(value::text(newest, &["metadata", "name"]).to_owned())
}

/// Whether a claim says which class it is of; the empty class is one.
pub(super) fn is_claim_of_a_class(claim: &Value) -> bool {
    value::at(claim, &["spec", "storageClassName"]).is_some()
        || value::at(claim, &["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"]).is_some()
}

/// Writes a class into a spec.
pub(super) fn give(object: &mut Value, field: &str, class: &str) {
    if let Some(spec) = value::existing(object, &["spec"]).and_then(Value::as_object_mut) {
        spec.insert(field.to_owned(), json!(class));
    }
}
