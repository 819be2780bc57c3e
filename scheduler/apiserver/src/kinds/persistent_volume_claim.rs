//! PersistentVolumeClaims: storage that is asked for. They are counted by quotas and bounded by LimitRanges; nothing
//! binds them to volumes yet.

use api::core::PersistentVolumeClaim;
use api::resource::PERSISTENT_VOLUME_CLAIMS;
use api::{Quantity, name, quantity};
use serde_json::{Value, json};

use super::container::supported;
use super::persistent_volume::{VOLUME_MODES, check_access_modes, check_storage};
use super::{decode, meta, resources};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// A new claim is not bound yet.
pub(super) fn prepare(claim: &mut Value) {
    if let Some(map) = claim.as_object_mut() {
        map.insert("status".to_owned(), json!({"phase": "Pending"}));
    }
}

/// Fills in what a PersistentVolumeClaim leaves out.
pub(super) fn defaults(claim: &mut Value) {
    for list in ["requests", "limits"] {
        resources::normalize_list(claim, &["spec", "resources", list]);
    }
    if let Some(spec) = claim.get_mut("spec") {
        value::default(spec, "volumeMode", "Filesystem");
    }
}

/// Decodes and checks a PersistentVolumeClaim.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let claim: PersistentVolumeClaim = decode(&PERSISTENT_VOLUME_CLAIMS, object)?;
    let spec = claim.spec.unwrap_or_default();
    let path = Path::new("spec");
    check_access_modes(&path.child("accessModes"), spec.access_modes.as_deref(), problems);
    if let Some(selector) = &spec.selector {
        meta::check_selector(&path.child("selector"), selector, problems);
    }
    let storage = path.child("resources").key("storage");
    match spec.resources.iter().flat_map(|found| found.requests.as_ref()).find_map(|found| found.get("storage")) {
        None => problems.required(&storage, ""),
        Some(Quantity(text)) => check_storage(&storage, text, problems),
    }
    if let Some(class) = spec.storage_class_name.as_deref().filter(|class| !class.is_empty()) {
        problems.check(&path.child("storageClassName"), class, name::check_subdomain(class));
    }
    if let Some(mode) = &spec.volume_mode {
        supported(&path.child("volumeMode"), mode, &VOLUME_MODES, problems);
    }
    if let Some(source) = &spec.data_source {
        for (field, found) in [("kind", &source.kind), ("name", &source.name)] {
            if found.is_empty() {
                problems.required(&path.child("dataSource").child(field), "");
            }
        }
    }
    Ok(())
}

/// A claim is what it was made as, but for more storage once it is bound.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    let (Some(before), Some(after)) = (old.get("spec"), new.get("spec")) else { return };
    let is_bound = value::text(old, &["status", "phase"]) == "Bound";
    let mut frozen = after.clone();
    // A class and a volume may be given to a claim that has none.
    for field in ["volumeName", "storageClassName"] {
        if before.get(field).is_none()
            && let Some(map) = frozen.as_object_mut()
        {
            map.shift_remove(field);
        }
    }
    let requested = |spec: &Value| value::at(spec, &["resources", "requests", "storage"]).cloned();
    if is_bound {
        if let (Some(found), Some(requests)) = (requested(before), value::map(&mut frozen, &["resources", "requests"]))
        {
            requests.insert("storage".to_owned(), found);
        }
        for field in ["volumeAttributesClassName"] {
            match (before.get(field), frozen.as_object_mut()) {
                (Some(found), Some(map)) => drop(map.insert(field.to_owned(), found.clone())),
                (None, Some(map)) => drop(map.shift_remove(field)),
                (_, None) => {}
            }
        }
    }
    let path = Path::new("spec");
    if frozen != *before {
        let why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
                   claims";
        problems.forbidden(&path, why);
    }
    let bytes = |spec: &Value| quantity::parse_bytes(requested(spec)?.as_str()?).ok();
    if let (Some(less), Some(more)) = (bytes(after), bytes(before))
        && is_bound
        && less < more
    {
        let path = path.child("resources").child("requests").child("storage");
        problems.forbidden(&path, "field can not be less than status.capacity");
    }
}
