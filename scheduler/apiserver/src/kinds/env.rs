//! Environment variables and where their values come from.

use api::core::{Container, EnvVar};
use api::name;

use super::config;
use super::container::supported;
use crate::field::{Path, Problems};

/// Checks `env` and `envFrom` of a container.
pub(super) fn check(path: &Path, container: &Container, problems: &mut Problems) {
    check_env(&path.child("env"), container.env.as_deref().unwrap_or_default(), problems);
    check_env_from(&path.child("envFrom"), container, problems);
}

fn check_env_name(path: &Path, name: &str, problems: &mut Problems) {
    let fine = name.bytes().all(|c| (b' '..=b'~').contains(&c) && c != b'=');
    if name.is_empty() {
        problems.required(path, "");
    } else if !fine {
        let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
        problems.invalid(path, name, why);
    }
}

fn check_env(path: &Path, variables: &[EnvVar], problems: &mut Problems) {
    for (at, variable) in variables.iter().enumerate() {
        let path = path.index(at);
        check_env_name(&path.child("name"), &variable.name, problems);
        let Some(source) = &variable.value_from else { continue };
        let path = path.child("valueFrom");
        if variable.value.as_deref().is_some_and(|value| !value.is_empty()) {
            problems.invalid(&path, "", "may not be specified when `value` is not empty");
        }
        let (field, resource) = (source.field_ref.is_some(), source.resource_field_ref.is_some());
        let (config, secret) = (source.config_map_key_ref.is_some(), source.secret_key_ref.is_some());
        let file = source.file_key_ref.is_some();
        match [field, resource, config, secret, file].into_iter().filter(|set| *set).count() {
            0 => problems.invalid(
                &path,
                "",
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
            ),
            1 => {}
            _ => problems.invalid(&path, "", "may not have more than one field specified at a time"),
        }
        if let Some(reference) = &source.field_ref {
            check_field_ref(&path.child("fieldRef").child("fieldPath"), &reference.field_path, problems);
        }
        if let Some(reference) = &source.config_map_key_ref {
            check_key_ref(&path.child("configMapKeyRef"), &reference.name, &reference.key, problems);
        }
        if let Some(reference) = &source.secret_key_ref {
            check_key_ref(&path.child("secretKeyRef"), &reference.name, &reference.key, problems);
        }
    }
}

/// Fields a Pod may learn about itself.
const DOWNWARD: [&str; 10] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
    "metadata.labels['<KEY>'], metadata.annotations['<KEY>']",
];

fn check_field_ref(path: &Path, field: &str, problems: &mut Problems) {
    let subscripted = ["metadata.labels['", "metadata.annotations['"]
        .iter()
        .any(|prefix| field.starts_with(prefix) && field.ends_with("']"));
    if field.is_empty() {
        problems.required(path, "");
    } else if !subscripted {
        supported(path, field, &DOWNWARD, problems);
    }
}

fn check_key_ref(path: &Path, name: &str, key: &str, problems: &mut Problems) {
    if name.is_empty() {
        problems.required(&path.child("name"), "");
    } else {
        problems.check(&path.child("name"), name, name::check_subdomain(name));
    }
    if key.is_empty() {
        problems.required(&path.child("key"), "");
    } else {
        problems.check(&path.child("key"), key, config::check_key(key));
    }
}

fn check_env_from(path: &Path, container: &Container, problems: &mut Problems) {
    for (at, source) in container.env_from.iter().flatten().enumerate() {
        let path = path.index(at);
        match (&source.config_map_ref, &source.secret_ref) {
            (None, None) => problems.invalid(&path, "", "must specify one of: `configMapRef` or `secretRef`"),
            (Some(_), Some(_)) => problems.invalid(&path, "", "may not have more than one field specified at a time"),
            (Some(reference), None) if reference.name.is_empty() => {
                problems.required(&path.child("configMapRef").child("name"), "");
            }
            (None, Some(reference)) if reference.name.is_empty() => {
                problems.required(&path.child("secretRef").child("name"), "");
            }
            _ => {}
        }
    }
}
