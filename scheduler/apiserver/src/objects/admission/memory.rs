//! What a Namespace says of the memory of its guests, copied to each new Pod: hosts are told Pods and not Namespaces. Pure.

use api::label;
use serde_json::Value;

use crate::value;

/// Tells a Pod what its Namespace says, and nothing else: nobody chooses that for himself.
pub(super) fn give_limit(namespace: Option<&Value>, pod: &mut Value) {
    let limit = namespace.and_then(|found| value::at(found, &["metadata", "annotations", label::MEMORY_LIMIT]));
    match limit {
        Some(limit) => {
            if let Some(annotations) = value::map(pod, &["metadata", "annotations"]) {
                annotations.insert(label::NAMESPACE_MEMORY_LIMIT.to_owned(), limit.clone());
            }
        }
        None => {
            let annotations = value::existing(pod, &["metadata", "annotations"]);
            if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
                annotations.shift_remove(label::NAMESPACE_MEMORY_LIMIT);
            }
        }
    }
}
