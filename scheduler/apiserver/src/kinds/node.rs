//! Nodes.

use std::collections::BTreeSet;

use api::core::{Node, Taint};
use api::name;
use api::resource::NODES;
use serde_json::Value;

use super::container::supported;
use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Decodes and checks a Node.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let node: Node = decode(&NODES, object)?;
    let path = Path::new("spec");
    let spec = node.spec.unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (at, taint) in spec.taints.iter().flatten().enumerate() {
        let path = path.child("taints").index(at);
        check_taint(&path, taint, problems);
        if !seen.insert((&taint.key, &taint.effect)) {
            problems.duplicate(&path, taint);
        }
    }
    if let Some(range) = spec.pod_cidr.as_deref().filter(|range| range.parse::<crate::objects::Cidr>().is_err()) {
        problems.invalid(
            &path.child("podCIDR"),
            range,
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        );
    }
    Ok(())
}

fn check_taint(path: &Path, taint: &Taint, problems: &mut Problems) {
    if taint.key.is_empty() {
        problems.required(&path.child("key"), "");
    } else {
        problems.check(&path.child("key"), &taint.key, name::check_qualified(&taint.key));
    }
    let value = taint.value.as_deref().unwrap_or_default();
    problems.check(&path.child("value"), value, name::check_label_value(value));
    match taint.effect.as_str() {
        "" => problems.required(&path.child("effect"), ""),
        found => {
            let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
            supported(&path.child("effect"), found, &known, problems);
        }
    }
}

/// A Node keeps its range of Pod addresses for life.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    for path in ["spec.podCIDR", "spec.providerID"] {
        let keys: Vec<&str> = path.split('.').collect();
        if !value::text(old, &keys).is_empty() {
            meta::check_immutable(path, old, new, problems);
        }
    }
}
