//! From a template to a Pod.

use api::Resource;
use api::core::PodTemplateSpec;
use api::meta::ObjectMeta;
use api::resource::PODS;
use serde_json::{Value, json};

use crate::object;

/// The Pod of a template, all but its name, managed by `owner`.
pub(crate) fn pod(by: &Resource, owner: &ObjectMeta, template: &PodTemplateSpec) -> Value {
    let empty = ObjectMeta::default();
    let meta = template.metadata.as_ref().unwrap_or(&empty);
    let mut object = json!({
        "apiVersion": PODS.api_version(),
        "kind": PODS.kind,
        "metadata": {
            "name": "",
            "generateName": format!("{}-", owner.name.as_deref().unwrap_or_default()),
            "namespace": owner.namespace,
            "ownerReferences": [object::owner_reference(by, owner)],
        },
        "spec": template.spec,
    });
    if let Some(labels) = &meta.labels {
        object["metadata"]["labels"] = json!(labels);
    }
    if let Some(annotations) = &meta.annotations {
        object["metadata"]["annotations"] = json!(annotations);
    }
    if let Some(finalizers) = &meta.finalizers {
        object["metadata"]["finalizers"] = json!(finalizers);
    }
    object
}
