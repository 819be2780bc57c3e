//! IngressClasses: who serves an Ingress. One may be the default that Ingresses without a class are given.

use api::name;
use api::networking::{IngressClass, IngressClassParametersReference};
use api::resource::INGRESS_CLASSES;
use serde_json::Value;

use super::container::supported;
use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Longest name of a controller, as in Kubernetes.
const CONTROLLER_BYTES_MAX: usize = 250;

/// Fills in what an IngressClass leaves out.
pub(super) fn defaults(class: &mut Value) {
    if let Some(parameters) = value::existing(class, &["spec", "parameters"]) {
        value::default(parameters, "scope", "Cluster");
    }
}

/// Decodes and checks an IngressClass.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let class: IngressClass = decode(&INGRESS_CLASSES, object)?;
    let spec = class.spec.unwrap_or_default();
    let path = Path::new("spec");
    check_controller(&path.child("controller"), spec.controller.as_deref().unwrap_or_default(), problems);
    if let Some(parameters) = &spec.parameters {
        check_parameters(&path.child("parameters"), parameters, problems);
    }
    Ok(())
}

fn check_controller(path: &Path, found: &str, problems: &mut Problems) {
    if found.len() > CONTROLLER_BYTES_MAX {
        problems.too_long(path, CONTROLLER_BYTES_MAX);
    }
    match found.split_once('/') {
        _ if found.is_empty() => problems.required(path, ""),
        Some((host, rest)) if !host.is_empty() && !rest.is_empty() => {
            problems.check(path, host, name::check_subdomain(host));
        }
        _ => problems.invalid(path, found, "must be a domain-prefixed path (such as \"acme.io/foo\")"),
    }
}

fn check_parameters(path: &Path, parameters: &IngressClassParametersReference, problems: &mut Problems) {
    for (field, found) in [("kind", &parameters.kind), ("name", &parameters.name)] {
        if found.is_empty() {
            problems.required(&path.child(field), "");
        }
    }
    let namespace = parameters.namespace.as_deref().unwrap_or_default();
    match parameters.scope.as_deref().unwrap_or_default() {
        "Namespace" if namespace.is_empty() => {
            problems.required(&path.child("namespace"), "`parameters.scope` is set to 'Namespace'");
        }
        "Namespace" => problems.check(&path.child("namespace"), namespace, name::check_label(namespace)),
        "Cluster" if !namespace.is_empty() => {
            problems.forbidden(&path.child("namespace"), "`parameters.scope` is set to 'Cluster'");
        }
        found => supported(&path.child("scope"), found, &["Cluster", "Namespace"], problems),
    }
}

/// A controller is for life: Ingresses are served by it.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    meta::check_immutable("spec.controller", old, new, problems);
}
