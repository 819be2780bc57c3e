//! The Pod of an ordinal: its template, and what tells it who it is.

use api::apps::StatefulSet;
use api::core::PodTemplateSpec;
use api::label;
use api::resource::STATEFUL_SETS;
use serde_json::{Value, json};

use super::claims;
use crate::template;

/// The Pod of an ordinal, all but its name in the metadata.
pub(super) fn pod(set: &StatefulSet, ordinal: i32, revision: &str, template: &PodTemplateSpec) -> Value {
    let name = format!("{}-{ordinal}", set.metadata.name.as_deref().unwrap_or_default());
    let mut pod = template::pod(&STATEFUL_SETS, &set.metadata, template);
    let labels = &mut pod["metadata"]["labels"];
    labels[label::STATEFUL_POD_NAME] = json!(name);
    labels[label::POD_INDEX] = json!(ordinal.to_string());
    labels[label::CONTROLLER_REVISION_HASH] = json!(revision);
    let spec = &mut pod["spec"];
    spec["hostname"] = json!(name);
    if let Some(service) = set.spec.service_name.as_deref().filter(|service| !service.is_empty()) {
        spec["subdomain"] = json!(service);
    }
    claims::mount(set, ordinal, spec);
    pod
}
