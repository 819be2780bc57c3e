//! StorageClasses: how volumes would be made. One may be the default that claims without a class are given.

use std::collections::BTreeMap;

use api::name;
use api::resource::STORAGE_CLASSES;
use api::storage::StorageClass;
use serde_json::Value;

use super::container::supported;
use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Most parameters, and most bytes of all of them, as in Kubernetes.
const PARAMETERS_MAX: usize = 512;
const PARAMETERS_BYTES_MAX: usize = 256 << 10;

/// Fills in what a StorageClass leaves out.
pub(super) fn defaults(class: &mut Value) {
    value::default(class, "reclaimPolicy", "Delete");
    value::default(class, "volumeBindingMode", "Immediate");
}

/// Decodes and checks a StorageClass.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let class: StorageClass = decode(&STORAGE_CLASSES, object)?;
    let path = Path::new("provisioner");
    match class.provisioner.as_str() {
        "" => problems.required(&path, ""),
        found => problems.check(&path, found, name::check_qualified(&found.to_lowercase())),
    }
    check_parameters(class.parameters.as_ref(), problems);
    if let Some(policy) = &class.reclaim_policy {
        supported(&Path::new("reclaimPolicy"), policy, &["Delete", "Retain"], problems);
    }
    if let Some(mode) = &class.volume_binding_mode {
        supported(&Path::new("volumeBindingMode"), mode, &["Immediate", "WaitForFirstConsumer"], problems);
    }
    let terms = class.allowed_topologies.iter().flatten().enumerate();
    for (at, term) in terms {
        for (inner, requirement) in term.match_label_expressions.iter().flatten().enumerate() {
            let path = Path::new("allowedTopologies").index(at).child("matchLabelExpressions").index(inner);
            problems.check(&path.child("key"), &requirement.key, name::check_qualified(&requirement.key));
            if requirement.values.is_empty() {
                problems.required(&path.child("values"), "");
            }
        }
    }
    Ok(())
}

fn check_parameters(parameters: Option<&BTreeMap<String, String>>, problems: &mut Problems) {
    let path = Path::new("parameters");
    let Some(parameters) = parameters else { return };
    if parameters.len() > PARAMETERS_MAX {
        problems.too_many(&path, parameters.len(), PARAMETERS_MAX);
    }
    if parameters.keys().any(String::is_empty) {
        problems.invalid(&path, "", "field must not be empty.");
    }
    if parameters.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > PARAMETERS_BYTES_MAX {
        problems.too_long(&path, PARAMETERS_BYTES_MAX);
    }
}

/// Volumes were made by what it said.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    for field in ["parameters", "provisioner", "reclaimPolicy"] {
        if old.get(field) != new.get(field) {
            problems.forbidden(&Path::new(field), format!("updates to {field} are forbidden."));
        }
    }
    meta::check_immutable("volumeBindingMode", old, new, problems);
}
