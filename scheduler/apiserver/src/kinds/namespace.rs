//! Namespaces.

use api::core::Namespace;
use api::label;
use api::resource::NAMESPACES;
use serde_json::{Value, json};

use super::decode;
use crate::field::Problems;
use crate::status::Status;
use crate::value;

/// The finalizer of a Namespace's spec: its contents must go first.
const FINALIZER: &str = "kubernetes";

/// A new Namespace lives, and holds on until it is empty.
pub(super) fn prepare(namespace: &mut Value) {
    if let Some(map) = namespace.as_object_mut() {
        map.insert("status".to_owned(), json!({"phase": "Active"}));
        map.insert("spec".to_owned(), json!({"finalizers": [FINALIZER]}));
    }
}

/// Every Namespace carries its name as a label, so that selectors can name it.
pub(super) fn defaults(namespace: &mut Value) {
    let name = value::text(namespace, &["metadata", "name"]).to_owned();
    if let Some(labels) = value::map(namespace, &["metadata", "labels"]) {
        labels.insert(label::NAMESPACE_NAME.to_owned(), json!(name));
    }
}

/// Decodes a Namespace; there is nothing else in it to check.
pub(super) fn validate(object: &Value, _: &mut Problems) -> Result<(), Status> {
    decode::<Namespace>(&NAMESPACES, object).map(drop)
}
