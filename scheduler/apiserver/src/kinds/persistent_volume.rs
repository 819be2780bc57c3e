//! PersistentVolumes: storage that is there. Nothing binds them to claims yet.

use std::collections::BTreeMap;

use api::core::PersistentVolume;
use api::resource::PERSISTENT_VOLUMES;
use api::{Quantity, name};
use serde_json::{Value, json};

use super::container::supported;
use super::{decode, meta, resources};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// How a volume may be mounted.
pub(super) const ACCESS_MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
/// What a volume may hold.
pub(super) const VOLUME_MODES: [&str; 2] = ["Block", "Filesystem"];

/// Fields of a spec that say where the storage is; exactly one is set.
const SOURCES: [&str; 22] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// A new volume is not bound yet.
pub(super) fn prepare(volume: &mut Value) {
    if let Some(map) = volume.as_object_mut() {
        map.insert("status".to_owned(), json!({"phase": "Pending"}));
    }
}

/// Fills in what a PersistentVolume leaves out.
pub(super) fn defaults(volume: &mut Value) {
    resources::normalize_list(volume, &["spec", "capacity"]);
    let Some(spec) = volume.get_mut("spec") else { return };
    value::default(spec, "persistentVolumeReclaimPolicy", "Retain");
    value::default(spec, "volumeMode", "Filesystem");
    if let Some(path) = spec.get_mut("hostPath") {
        value::default(path, "type", "");
    }
}

/// Decodes and checks a PersistentVolume.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let volume: PersistentVolume = decode(&PERSISTENT_VOLUMES, object)?;
    let spec = volume.spec.unwrap_or_default();
    let path = Path::new("spec");
    check_access_modes(&path.child("accessModes"), spec.access_modes.as_deref(), problems);
    check_capacity(&path.child("capacity"), spec.capacity.as_ref(), problems);
    if let Some(policy) = &spec.persistent_volume_reclaim_policy {
        let path = path.child("persistentVolumeReclaimPolicy");
        supported(&path, policy, &["Delete", "Recycle", "Retain"], problems);
    }
    if let Some(mode) = &spec.volume_mode {
        supported(&path.child("volumeMode"), mode, &VOLUME_MODES, problems);
    }
    if let Some(class) = spec.storage_class_name.as_deref().filter(|class| !class.is_empty()) {
        problems.check(&path.child("storageClassName"), class, name::check_subdomain(class));
    }
    let found: Vec<&str> =
        SOURCES.into_iter().filter(|source| value::at(object, &["spec", source]).is_some()).collect();
    match found.as_slice() {
        [] => problems.required(&path, "must specify a volume type"),
        [_] => {}
        [_, others @ ..] => {
            for other in others {
                problems.forbidden(&path.child(other), "may not specify more than 1 volume type");
            }
        }
    }
    if let Some(source) = &spec.host_path {
        check_host_path(&path, &source.path, spec.persistent_volume_reclaim_policy.as_deref(), problems);
    }
    if let Some(source) = &spec.local {
        if source.path.is_empty() {
            problems.required(&path.child("local").child("path"), "");
        }
        if spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref()).is_none() {
            problems.required(&path.child("nodeAffinity"), "Local volume requires node affinity");
        }
    }
    Ok(())
}

/// Checks modes of access that must be there and known.
pub(super) fn check_access_modes(path: &Path, modes: Option<&[String]>, problems: &mut Problems) {
    let modes = modes.unwrap_or_default();
    if modes.is_empty() {
        problems.required(path, "at least 1 access mode is required");
    }
    for mode in modes {
        supported(path, mode, &ACCESS_MODES, problems);
    }
    if modes.len() > 1 && modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        problems.forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }
}

fn check_capacity(path: &Path, capacity: Option<&BTreeMap<String, Quantity>>, problems: &mut Problems) {
    let Some(capacity) = capacity.filter(|capacity| !capacity.is_empty()) else {
        problems.required(path, "");
        return;
    };
    let names: Vec<&str> = capacity.keys().map(String::as_str).collect();
    if names != ["storage"] {
        problems.not_supported(path, &names.join(", "), &["storage"]);
    }
    for (name, Quantity(text)) in capacity {
        check_storage(&path.key(name), text, problems);
    }
}

/// Checks an amount of storage, of which there must be some.
pub(super) fn check_storage(path: &Path, text: &str, problems: &mut Problems) {
    match api::quantity::parse_bytes(text) {
        Err(why) => problems.invalid(path, text, why),
        Ok(bytes) if bytes <= 0 => problems.invalid(path, text, "must be greater than zero"),
        Ok(_) => {}
    }
}

fn check_host_path(path: &Path, found: &str, policy: Option<&str>, problems: &mut Problems) {
    let own = path.child("hostPath").child("path");
    match found {
        "" => problems.required(&own, ""),
        "/" if policy == Some("Recycle") => {
            let path = path.child("persistentVolumeReclaimPolicy");
            problems.forbidden(&path, "may not be 'recycle' for a hostPath mount of '/'");
        }
        _ if found.split('/').any(|part| part == "..") => problems.invalid(&own, found, "must not contain '..'"),
        _ => {}
    }
}

/// Where the storage is does not change.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    let moved = SOURCES.iter().any(|source| value::at(old, &["spec", source]) != value::at(new, &["spec", source]));
    if moved {
        let path = Path::new("spec").child("persistentvolumesource");
        problems.forbidden(&path, "spec.persistentvolumesource is immutable after creation");
    }
    meta::check_immutable("spec.volumeMode", old, new, problems);
    if value::at(old, &["spec", "nodeAffinity"]).is_some() {
        meta::check_immutable("spec.nodeAffinity", old, new, problems);
    }
}
