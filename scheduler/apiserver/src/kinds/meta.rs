//! Metadata of every object: names, labels, annotations, owners, finalizers.

use std::collections::BTreeMap;

use api::meta::{LabelSelector, ObjectMeta, OwnerReference};
use api::selector::Selector;
use api::{egress, grants, label, name, workload};
use serde::Deserialize;
use serde_json::Value;

use super::{Kind, NameRule, decode};
use crate::field::{Path, Problems};
use crate::limits::{ANNOTATIONS_BYTES_MAX, LABELS_MAX};
use crate::status::Status;
use crate::value;

#[derive(Deserialize)]
struct MetaOnly {
    #[serde(default)]
    metadata: ObjectMeta,
}

pub(super) type Map = BTreeMap<String, String>;

/// Checks the metadata of a new or changed object.
pub(crate) fn check_meta(kind: &Kind, object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let MetaOnly { metadata } = decode(kind.resource, object)?;
    let path = Path::new("metadata");
    check_name(kind.name_rule, &path, &metadata, problems);
    check_labels(&path.child("labels"), metadata.labels.as_ref(), problems);
    check_annotations(&path.child("annotations"), metadata.annotations.as_ref(), problems);
    check_owners(&path.child("ownerReferences"), metadata.owner_references.as_deref(), problems);
    for finalizer in metadata.finalizers.iter().flatten() {
        let path = path.child("finalizers");
        problems.check(&path, finalizer, name::check_qualified(finalizer));
    }
    Ok(())
}

fn check_name(rule: NameRule, path: &Path, meta: &ObjectMeta, problems: &mut Problems) {
    let check = match rule {
        NameRule::Subdomain => name::check_subdomain,
        NameRule::Label => name::check_label,
        NameRule::Label1035 => name::check_label_1035,
        NameRule::PathSegment => name::check_path_segment,
    };
    if let Some(base) = meta.generate_name.as_deref().filter(|base| !base.is_empty()) {
        // A base may end in a dash, because characters follow.
        let trimmed = base.strip_suffix('-').unwrap_or(base);
        problems.check(&path.child("generateName"), base, check(trimmed));
    }
    match meta.name.as_deref().unwrap_or_default() {
        "" => problems.required(&path.child("name"), "name or generateName is required"),
        found => problems.check(&path.child("name"), found, check(found)),
    }
}

/// Checks keys and values of labels.
pub(super) fn check_labels(path: &Path, labels: Option<&Map>, problems: &mut Problems) {
    if let Some(count) = labels.map(BTreeMap::len).filter(|count| *count > LABELS_MAX) {
        problems.too_many(path, count, LABELS_MAX);
        return;
    }
    for (key, value) in labels.into_iter().flatten() {
        problems.check(path, key, name::check_qualified(key));
        problems.check(path, value, name::check_label_value(value));
    }
}

/// Checks keys and total size of annotations, and those that are ours.
pub(super) fn check_annotations(path: &Path, annotations: Option<&Map>, problems: &mut Problems) {
    let mut bytes = 0;
    for (key, value) in annotations.into_iter().flatten() {
        // Upper case is allowed in annotations' prefixes, for history's sake.
        problems.check(path, key, name::check_qualified(&key.to_lowercase()));
        bytes += key.len() + value.len();
        let parsed = match key.as_str() {
            label::REUSE => workload::Reuse::parse(value).map(drop),
            label::MEMORY_LIMIT => workload::parse_memory_limit(value).map(drop),
            label::TIMEOUT => workload::parse_timeout(value).map(drop),
            label::KEYVALUE | label::BLOBS => grants::Names::parse(value).map(drop),
            label::PUBLISH | label::SUBSCRIBE => grants::Topics::parse(value).map(drop),
            label::LINK if !matches!(value.as_str(), "true" | "false") => {
                Err("must be \"true\" or \"false\"".to_owned())
            }
            label::EGRESS => egress::parse(value).map(drop),
            _ => Ok(()),
        };
        problems.check(&path.key(key), value, parsed);
    }
    if bytes > ANNOTATIONS_BYTES_MAX {
        problems.too_long(path, ANNOTATIONS_BYTES_MAX);
    }
}

fn check_owners(path: &Path, owners: Option<&[OwnerReference]>, problems: &mut Problems) {
    let mut controller: Option<&str> = None;
    for (at, owner) in owners.unwrap_or_default().iter().enumerate() {
        let path = path.index(at);
        let fields = [
            ("apiVersion", &owner.api_version, "must not be empty"),
            ("kind", &owner.kind, "must not be empty"),
            ("name", &owner.name, "must not be empty"),
            ("uid", &owner.uid, "must not be empty"),
        ];
        for (field, found, why) in fields {
            if found.is_empty() {
                problems.invalid(&path.child(field), found, why);
            }
        }
        if owner.controller != Some(true) {
            continue;
        }
        if let Some(first) = controller {
            let why = format!(
                "Only one reference can have Controller set to true. Found \"true\" in references for {} and {first}",
                owner.name
            );
            problems.invalid(&path.child("controller"), true, why);
        }
        controller = Some(&owner.name);
    }
}

/// Checks what may not change in the metadata.
pub(crate) fn check_meta_update(old: &Value, new: &Value, problems: &mut Problems) {
    if !value::is_deleting(old) {
        return;
    }
    let (before, after) = (value::finalizers(old), value::finalizers(new));
    let added: Vec<&str> = after.into_iter().filter(|name| !before.contains(name)).collect();
    if !added.is_empty() {
        let why =
            format!("no new finalizers can be added if the object is being deleted, found new finalizers {added:?}");
        problems.forbidden(&Path::new("metadata").child("finalizers"), why);
    }
}

/// Checks a selector of a spec, and returns it if it can be used.
pub(super) fn check_selector(path: &Path, spec: &LabelSelector, problems: &mut Problems) -> Option<Selector> {
    check_labels(&path.child("matchLabels"), spec.match_labels.as_ref(), problems);
    for (at, expression) in spec.match_expressions.iter().flatten().enumerate() {
        let one = LabelSelector { match_expressions: Some(vec![expression.clone()]), match_labels: None };
        let path = path.child("matchExpressions").index(at);
        if let Err(why) = Selector::from_spec(&one) {
            let known = ["In", "NotIn", "Exists", "DoesNotExist"].contains(&expression.operator.as_str());
            match (known, name::check_qualified(&expression.key)) {
                (false, _) => {
                    problems.invalid(&path.child("operator"), &expression.operator, "not a valid selector operator");
                }
                (true, Err(why)) => problems.invalid(&path.child("key"), &expression.key, why),
                (true, Ok(())) if why.starts_with("must be") => problems.required(&path.child("values"), &why),
                (true, Ok(())) => problems.forbidden(&path.child("values"), why),
            }
        }
        for (at, value) in expression.values.iter().flatten().enumerate() {
            problems.check(&path.child("values").index(at), value, name::check_label_value(value));
        }
    }
    Selector::from_spec(spec).ok()
}

/// Checks that a field is as it was.
pub(super) fn check_immutable(path: &str, old: &Value, new: &Value, problems: &mut Problems) {
    let keys: Vec<&str> = path.split('.').collect();
    let (before, after) = (value::at(old, &keys), value::at(new, &keys));
    if before != after {
        let mut parts = keys.into_iter();
        let root = Path::new(parts.next().unwrap_or_default());
        let path = parts.fold(root, |path, key| path.child(key));
        problems.invalid(&path, after, "field is immutable");
    }
}
