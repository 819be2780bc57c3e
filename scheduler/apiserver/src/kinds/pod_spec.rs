//! The spec of a Pod, alone or in a template.

use std::collections::BTreeSet;

use api::core::{Container, PodSpec, PodTemplateSpec, Toleration};
use api::name;
use serde_json::{Value, json};

use super::container::{self, Stage, supported};
use super::{meta, volumes};
use crate::field::{Path, Problems};
use crate::value;

/// Fills in what a Pod's spec leaves out.
pub(super) fn defaults(spec: &mut Value) {
    value::default(spec, "restartPolicy", "Always");
    value::default(spec, "terminationGracePeriodSeconds", 30);
    value::default(spec, "dnsPolicy", "ClusterFirst");
    value::default(spec, "securityContext", json!({}));
    value::default(spec, "schedulerName", "default-scheduler");
    for list in ["initContainers", "containers"] {
        for found in value::elements(spec, &[list]) {
            container::defaults(found);
        }
    }
    align_accounts(spec);
    volumes::defaults(spec);
}

/// `serviceAccount` is the older name of `serviceAccountName`, and follows it if both are there.
pub(super) fn align_accounts(spec: &mut Value) {
    let account = value::text(spec, &["serviceAccountName"]).to_owned();
    let older = value::text(spec, &["serviceAccount"]).to_owned();
    if account.is_empty() && !older.is_empty() {
        spec["serviceAccountName"] = json!(older);
    } else if !account.is_empty() {
        spec["serviceAccount"] = json!(account);
    }
}

/// Fills in the spec of a template of Pods.
pub(super) fn template_defaults(object: &mut Value, path: &[&str]) {
    if let Some(spec) = value::existing(object, path) {
        defaults(spec);
    }
}

/// Checks a Pod's spec.
pub(super) fn check(path: &Path, spec: &PodSpec, problems: &mut Problems) {
    check_with(path, spec, std::iter::empty(), problems);
}

/// Checks a Pod's spec to which volumes of these names will be added.
fn check_with<'a>(path: &Path, spec: &'a PodSpec, added: impl Iterator<Item = &'a str>, problems: &mut Problems) {
    let mut names = volumes::check(&path.child("volumes"), spec.volumes.as_deref().unwrap_or_default(), problems);
    names.extend(added);
    check_containers(path, spec, &names, problems);
    check_policies(path, spec, problems);
    meta::check_labels(&path.child("nodeSelector"), spec.node_selector.as_ref(), problems);
    for (field, found) in [
        ("nodeName", &spec.node_name),
        ("serviceAccountName", &spec.service_account_name),
        ("priorityClassName", &spec.priority_class_name),
        ("runtimeClassName", &spec.runtime_class_name),
    ] {
        if let Some(found) = found.as_deref().filter(|found| !found.is_empty()) {
            problems.check(&path.child(field), found, name::check_subdomain(found));
        }
    }
    for (field, found) in [("hostname", &spec.hostname), ("subdomain", &spec.subdomain)] {
        if let Some(found) = found.as_deref().filter(|found| !found.is_empty()) {
            problems.check(&path.child(field), found, name::check_label(found));
        }
    }
    for (at, toleration) in spec.tolerations.iter().flatten().enumerate() {
        check_toleration(&path.child("tolerations").index(at), toleration, problems);
    }
    for (at, reference) in spec.image_pull_secrets.iter().flatten().enumerate() {
        if reference.name.is_empty() {
            problems.required(&path.child("imagePullSecrets").index(at).child("name"), "");
        }
    }
}

fn check_containers(path: &Path, spec: &PodSpec, volumes: &BTreeSet<&str>, problems: &mut Problems) {
    let mut names = BTreeSet::new();
    let init = spec.init_containers.as_deref().unwrap_or_default();
    let stages = [("initContainers", init, Stage::Init), ("containers", spec.containers.as_slice(), Stage::Main)];
    for (field, containers, stage) in stages {
        let path = path.child(field);
        if containers.is_empty() && stage == Stage::Main {
            problems.required(&path, "");
        }
        for (at, found) in containers.iter().enumerate() {
            let path = path.index(at);
            container::check(&path, found, stage, volumes, problems);
            if !found.name.is_empty() && !names.insert(found.name.as_str()) {
                problems.duplicate(&path.child("name"), &found.name);
            }
        }
    }
    check_host_ports(path, &spec.containers, problems);
    if spec.ephemeral_containers.as_ref().is_some_and(|list| !list.is_empty()) {
        let path = path.child("ephemeralContainers");
        problems.forbidden(&path, "cannot be set here; ephemeral containers are not served");
    }
}

fn check_host_ports(path: &Path, containers: &[Container], problems: &mut Problems) {
    let mut taken = BTreeSet::new();
    for (at, container) in containers.iter().enumerate() {
        for (port_at, port) in container.ports.iter().flatten().enumerate() {
            let Some(host_port) = port.host_port.filter(|port| *port != 0) else { continue };
            if !taken.insert((port.host_ip.clone(), port.protocol.clone(), host_port)) {
                let path = path.child("containers").index(at).child("ports").index(port_at);
                problems.duplicate(&path.child("hostPort"), host_port);
            }
        }
    }
}

fn check_policies(path: &Path, spec: &PodSpec, problems: &mut Problems) {
    match spec.restart_policy.as_deref().unwrap_or_default() {
        "" => problems.required(&path.child("restartPolicy"), ""),
        found => supported(&path.child("restartPolicy"), found, &["Always", "OnFailure", "Never"], problems),
    }
    if let Some(found) = &spec.dns_policy {
        let known = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
        supported(&path.child("dnsPolicy"), found, &known, problems);
    }
    if let Some(found) = &spec.preemption_policy {
        supported(&path.child("preemptionPolicy"), found, &["PreemptLowerPriority", "Never"], problems);
    }
    if let Some(seconds) = spec.termination_grace_period_seconds.filter(|seconds| *seconds < 0) {
        let path = path.child("terminationGracePeriodSeconds");
        problems.invalid(&path, seconds, "must be greater than or equal to 0");
    }
    if let Some(seconds) = spec.active_deadline_seconds.filter(|seconds| !(1..=i64::from(i32::MAX)).contains(seconds)) {
        let why = format!("must be between 1 and {}, inclusive", i32::MAX);
        problems.invalid(&path.child("activeDeadlineSeconds"), seconds, why);
    }
}

pub(super) fn check_toleration(path: &Path, toleration: &Toleration, problems: &mut Problems) {
    let key = toleration.key.as_deref().unwrap_or_default();
    let value = toleration.value.as_deref().unwrap_or_default();
    let operator = toleration.operator.as_deref().unwrap_or("Equal");
    if !key.is_empty() {
        problems.check(&path.child("key"), key, name::check_qualified(key));
    } else if operator != "Exists" {
        let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        problems.invalid(&path.child("operator"), operator, why);
    }
    match operator {
        "Equal" | "" => problems.check(&path.child("value"), value, name::check_label_value(value)),
        "Exists" if !value.is_empty() => {
            problems.invalid(&path.child("value"), value, "value must be empty when `operator` is 'Exists'");
        }
        "Exists" => {}
        other => problems.not_supported(&path.child("operator"), other, &["Equal", "Exists"]),
    }
    let effect = toleration.effect.as_deref().unwrap_or_default();
    if !effect.is_empty() {
        supported(&path.child("effect"), effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"], problems);
    }
    if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
        let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        problems.invalid(&path.child("effect"), effect, why);
    }
}

/// Checks a template of Pods.
pub(super) fn check_any_template(path: &Path, template: &PodTemplateSpec, problems: &mut Problems) {
    check_template_with(path, template, std::iter::empty(), problems);
}

fn check_template_with<'a>(
    path: &Path,
    template: &'a PodTemplateSpec,
    added: impl Iterator<Item = &'a str>,
    problems: &mut Problems,
) {
    if let Some(metadata) = &template.metadata {
        meta::check_labels(&path.child("labels"), metadata.labels.as_ref(), problems);
        let annotations = path.child("metadata").child("annotations");
        meta::check_annotations(&annotations, metadata.annotations.as_ref(), problems);
    }
    let path = path.child("spec");
    match &template.spec {
        Some(spec) => check_with(&path, spec, added, problems),
        None => problems.required(&path.child("containers"), ""),
    }
}

/// Checks the template of a Deployment or ReplicaSet.
pub(super) fn check_template(path: &Path, template: &PodTemplateSpec, problems: &mut Problems) {
    check_template_of(path, template, std::iter::empty(), "ReplicaSet", problems);
}

/// Checks the template of a kind whose Pods run for ever, and to which volumes of some names will be added.
pub(super) fn check_template_of<'a>(
    path: &Path,
    template: &'a PodTemplateSpec,
    added: impl Iterator<Item = &'a str>,
    kind: &str,
    problems: &mut Problems,
) {
    check_template_with(path, template, added, problems);
    let path = path.child("spec");
    let Some(spec) = &template.spec else { return };
    let restart = spec.restart_policy.as_deref().unwrap_or_default();
    if restart == "OnFailure" || restart == "Never" {
        problems.not_supported(&path.child("restartPolicy"), restart, &["Always"]);
    }
    if spec.active_deadline_seconds.is_some() {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        problems.forbidden(&path.child("activeDeadlineSeconds"), why);
    }
}
