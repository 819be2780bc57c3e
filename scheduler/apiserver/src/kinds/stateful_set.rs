//! StatefulSets.

use api::apps::{StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy};
use api::name;
use api::resource::STATEFUL_SETS;
use serde_json::{Value, json};

use super::container::supported;
use super::{bound, decode, pod_spec, replica_set};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Fields of a spec that may change; the others are for life, as in Kubernetes.
const MUTABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// Fills in what a StatefulSet leaves out.
pub(super) fn defaults(set: &mut Value) {
    let Some(spec) = set.get_mut("spec") else { return };
    value::default(spec, "replicas", 1);
    value::default(spec, "revisionHistoryLimit", 10);
    value::default(spec, "podManagementPolicy", "OrderedReady");
    value::default(spec, "updateStrategy", json!({}));
    value::default(spec, "persistentVolumeClaimRetentionPolicy", json!({}));
    if let Some(policy) = spec.get_mut("persistentVolumeClaimRetentionPolicy") {
        value::default(policy, "whenDeleted", "Retain");
        value::default(policy, "whenScaled", "Retain");
    }
    if let Some(strategy) = spec.get_mut("updateStrategy") {
        if value::text(strategy, &["type"]).is_empty() && strategy.is_object() {
            strategy["type"] = json!("RollingUpdate");
        }
        if value::text(strategy, &["type"]) == "RollingUpdate" {
            value::default(strategy, "rollingUpdate", json!({}));
            if let Some(rolling) = strategy.get_mut("rollingUpdate") {
                value::default(rolling, "partition", 0);
                value::default(rolling, "maxUnavailable", 1);
            }
        }
    }
    for claim in value::elements(spec, &["volumeClaimTemplates"]) {
        value::default(claim, "apiVersion", "v1");
        value::default(claim, "kind", "PersistentVolumeClaim");
        if let Some(spec) = claim.get_mut("spec") {
            value::default(spec, "volumeMode", "Filesystem");
        }
    }
    pod_spec::template_defaults(set, &["spec", "template", "spec"]);
}

/// Decodes and checks a StatefulSet.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let set: StatefulSet = decode(&STATEFUL_SETS, object)?;
    let path = Path::new("spec");
    let spec = &set.spec;
    check_words(&path, spec, problems);
    match &spec.update_strategy {
        Some(strategy) => check_strategy(&path.child("updateStrategy"), strategy, problems),
        None => problems.required(&path.child("updateStrategy"), ""),
    }
    replica_set::check_selector(&path, object, &spec.selector, &spec.template, "statefulset", problems);
    check_claims(&path, spec, problems);
    let claims = spec.volume_claim_templates.iter().flatten().filter_map(|claim| claim.metadata.name.as_deref());
    pod_spec::check_template_of(&path.child("template"), &spec.template, claims, "StatefulSet", problems);
    let numbers = [
        ("replicas", spec.replicas),
        ("minReadySeconds", spec.min_ready_seconds),
        ("revisionHistoryLimit", spec.revision_history_limit),
    ];
    for (field, found) in numbers {
        not_negative(&path.child(field), found, problems);
    }
    let start = spec.ordinals.as_ref().and_then(|ordinals| ordinals.start);
    not_negative(&path.child("ordinals").child("start"), start, problems);
    Ok(())
}

/// Checks that a number is not negative.
pub(super) fn not_negative(path: &Path, found: Option<i32>, problems: &mut Problems) {
    if let Some(found) = found.filter(|found| *found < 0) {
        problems.invalid(path, found, "must be greater than or equal to 0");
    }
}

fn check_words(path: &Path, spec: &StatefulSetSpec, problems: &mut Problems) {
    match spec.pod_management_policy.as_deref().unwrap_or_default() {
        "" => problems.required(&path.child("podManagementPolicy"), ""),
        "OrderedReady" | "Parallel" => {}
        found => {
            let why = "must be 'OrderedReady' or 'Parallel'";
            problems.invalid(&path.child("podManagementPolicy"), found, why);
        }
    }
    if let Some(found) = spec.service_name.as_deref().filter(|found| !found.is_empty()) {
        problems.check(&path.child("serviceName"), found, name::check_subdomain(found));
    }
    if let Some(policy) = &spec.persistent_volume_claim_retention_policy {
        let path = path.child("persistentVolumeClaimRetentionPolicy");
        for (field, found) in [("whenDeleted", &policy.when_deleted), ("whenScaled", &policy.when_scaled)] {
            supported(&path.child(field), found.as_deref().unwrap_or_default(), &["Delete", "Retain"], problems);
        }
    }
}

fn check_strategy(path: &Path, strategy: &StatefulSetUpdateStrategy, problems: &mut Problems) {
    let word = strategy.type_.as_deref().unwrap_or_default();
    let rolling = strategy.rolling_update.as_ref();
    match word {
        "" => problems.required(path, ""),
        "OnDelete" if rolling.is_some() => {
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            problems.invalid(&path.child("rollingUpdate"), rolling, why);
        }
        "OnDelete" | "RollingUpdate" => {}
        _ => problems.invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'"),
    }
    let Some(rolling) = rolling.filter(|_| word == "RollingUpdate") else { return };
    let path = path.child("rollingUpdate");
    not_negative(&path.child("partition"), rolling.partition, problems);
    let path = path.child("maxUnavailable");
    let found = bound::check_share(&path, rolling.max_unavailable.as_ref(), problems);
    if found == Some(0) {
        problems.invalid(&path, rolling.max_unavailable.as_ref(), "cannot be 0");
    }
}

/// A claim's name becomes part of the names of claims and the name of a volume.
fn check_claims(path: &Path, spec: &StatefulSetSpec, problems: &mut Problems) {
    for (at, claim) in spec.volume_claim_templates.iter().flatten().enumerate() {
        let path = path.child("volumeClaimTemplates").index(at).child("metadata").child("name");
        match claim.metadata.name.as_deref().unwrap_or_default() {
            "" => problems.required(&path, ""),
            found => problems.check(&path, found, name::check_label(found)),
        }
    }
}

/// Most of a spec is for life: what the Pods were promised must hold for their successors.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    let fixed = |object: &Value| {
        let mut spec = object.get("spec").cloned().unwrap_or_default();
        if let Some(map) = spec.as_object_mut() {
            map.retain(|key, _| !MUTABLE.contains(&key.as_str()));
        }
        spec
    };
    if fixed(old) != fixed(new) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                   'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                   'minReadySeconds' are forbidden";
        problems.forbidden(&Path::new("spec"), why);
    }
}
