//! Volumes, claims of them, and the classes they are made by.

use jiff::Timestamp;
use serde_json::Value;

use super::read::UNKNOWN;
use super::{AGE, Column, NAME, Printer, age, read, text};

const MODE: Column = text("VolumeMode", "Whether it is a filesystem or a block device.").wide();
const CLASS: Column = text("StorageClass", "The class it is of.");
const ATTRIBUTES_CLASS: Column = text("VolumeAttributesClass", "The class of its attributes.");
const ACCESS: Column = text("Access Modes", "How it may be mounted.");
const CAPACITY: Column = text("Capacity", "How much it holds.");

pub(super) static VOLUME: Printer = Printer {
    columns: &[
        NAME,
        CAPACITY,
        ACCESS,
        text("Reclaim Policy", "What becomes of it when its claim is gone."),
        text("Status", "Whether it is free, bound or released."),
        text("Claim", "The claim it is bound to."),
        CLASS,
        ATTRIBUTES_CLASS,
        text("Reason", "Why it is in the state it is in."),
        AGE,
        MODE,
    ],
    cells: volume,
};

pub(super) static CLAIM: Printer = Printer {
    columns: &[
        NAME,
        text("Status", "Whether it is bound to a volume."),
        text("Volume", "The volume it is bound to."),
        CAPACITY,
        ACCESS,
        CLASS,
        ATTRIBUTES_CLASS,
        AGE,
        MODE,
    ],
    cells: claim,
};

pub(super) static STORAGE_CLASS: Printer = Printer {
    columns: &[
        NAME,
        text("Provisioner", "Who makes the volumes."),
        text("ReclaimPolicy", "What becomes of volumes when their claims are gone."),
        text("VolumeBindingMode", "When volumes are bound and made."),
        text("AllowVolumeExpansion", "Whether claims may ask for more later."),
        AGE,
    ],
    cells: storage_class,
};

/// The way to name a class before the spec had a field for it.
const CLASS_ANNOTATION: &str = "/metadata/annotations/volume.beta.kubernetes.io~1storage-class";

fn class_of(object: &Value) -> Value {
    read::text_or(object, CLASS_ANNOTATION, read::text(object, "/spec/storageClassName")).into()
}

/// What Kubernetes shows where there is no class of attributes.
const UNSET: &str = "<unset>";

fn phase(object: &Value) -> Value {
    let is_leaving = !read::text(object, "/metadata/deletionTimestamp").is_empty();
    if is_leaving { "Terminating" } else { read::text(object, "/status/phase") }.into()
}

fn mode(object: &Value) -> Value {
    read::text_or(object, "/spec/volumeMode", UNSET).into()
}

/// `RWO,ROX`
fn short_modes(modes: &[Value]) -> Value {
    let short = |mode: &Value| match mode.as_str() {
        Some("ReadWriteOnce") => "RWO",
        Some("ReadOnlyMany") => "ROX",
        Some("ReadWriteMany") => "RWX",
        Some("ReadWriteOncePod") => "RWOP",
        _ => UNKNOWN,
    };
    modes.iter().map(short).collect::<Vec<_>>().join(",").into()
}

fn volume(object: &Value, now: Timestamp) -> Vec<Value> {
    let claim = match read::text(object, "/spec/claimRef/name") {
        "" => String::new(),
        name => format!("{}/{name}", read::text(object, "/spec/claimRef/namespace")),
    };
    vec![
        read::name(object),
        read::text(object, "/spec/capacity/storage").into(),
        short_modes(read::list(object, "/spec/accessModes")),
        read::text(object, "/spec/persistentVolumeReclaimPolicy").into(),
        phase(object),
        claim.into(),
        class_of(object),
        read::text_or(object, "/spec/volumeAttributesClassName", UNSET).into(),
        read::text(object, "/status/reason").into(),
        age::of(object, now),
        mode(object),
    ]
}

fn claim(object: &Value, now: Timestamp) -> Vec<Value> {
    // What a volume gives is known once there is one.
    let is_bound = !read::text(object, "/spec/volumeName").is_empty();
    let capacity = if is_bound { read::text(object, "/status/capacity/storage") } else { "" };
    let modes = if is_bound { read::list(object, "/status/accessModes") } else { &[] };
    vec![
        read::name(object),
        phase(object),
        read::text(object, "/spec/volumeName").into(),
        capacity.into(),
        short_modes(modes),
        class_of(object),
        read::text_or(object, "/spec/volumeAttributesClassName", UNSET).into(),
        age::of(object, now),
        mode(object),
    ]
}

fn storage_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let name = read::text(object, "/metadata/name");
    let is_default = ["storageclass.kubernetes.io", "storageclass.beta.kubernetes.io"]
        .iter()
        .any(|group| read::text(object, &format!("/metadata/annotations/{group}~1is-default-class")) == "true");
    vec![
        if is_default { format!("{name} (default)") } else { name.to_owned() }.into(),
        read::text(object, "/provisioner").into(),
        read::text_or(object, "/reclaimPolicy", "Delete").into(),
        read::text_or(object, "/volumeBindingMode", "Immediate").into(),
        read::flag(object, "/allowVolumeExpansion").to_string().into(),
        age::of(object, now),
    ]
}
