//! Containers: images, ports, environment, probes, mounts.

use std::collections::{BTreeMap, BTreeSet};

use api::core::{Container, ContainerPort, EnvVar, HTTPGetAction, Lifecycle, Probe, VolumeMount};
use api::{IntOrString, name};
use serde_json::{Value, json};

use super::resources;
use crate::field::{Path, Problems};
use crate::value;

/// Fills in what a container leaves out.
pub(super) fn defaults(container: &mut Value) {
    value::default(container, "terminationMessagePath", "/dev/termination-log");
    value::default(container, "terminationMessagePolicy", "File");
    let policy = pull_policy(value::text(container, &["image"]));
    value::default(container, "imagePullPolicy", policy);
    value::default(container, "resources", json!({}));
    if let Some(found) = container.get_mut("resources") {
        resources::normalize(found);
    }
    for port in value::elements(container, &["ports"]) {
        value::default(port, "protocol", "TCP");
    }
    for env in value::elements(container, &["env"]) {
        if let Some(reference) = value::existing(env, &["valueFrom", "fieldRef"]) {
            value::default(reference, "apiVersion", "v1");
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(probe) {
            probe_defaults(probe);
        }
    }
    for hook in ["postStart", "preStop"] {
        if let Some(action) = value::existing(container, &["lifecycle", hook, "httpGet"]) {
            http_get_defaults(action);
        }
    }
}

/// A tag that moves is pulled each time, a fixed one once.
fn pull_policy(image: &str) -> &'static str {
    let last = image.rsplit('/').next().unwrap_or_default();
    let moves = !last.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    if moves { "Always" } else { "IfNotPresent" }
}

fn probe_defaults(probe: &mut Value) {
    for (key, seconds_or_count) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        // Zero means "not set" in Kubernetes' types.
        if probe.get(key).is_none_or(|found| found == 0) && probe.is_object() {
            probe[key] = json!(seconds_or_count);
        }
    }
    if let Some(action) = probe.get_mut("httpGet") {
        http_get_defaults(action);
    }
    if let Some(action) = probe.get_mut("grpc") {
        value::default(action, "service", "");
    }
}

fn http_get_defaults(action: &mut Value) {
    value::default(action, "path", "/");
    value::default(action, "scheme", "HTTP");
}

/// What kind of container it is: init containers have rules of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Init,
    Main,
}

/// Checks one container; `volumes` are the names it may mount.
pub(super) fn check(
    path: &Path,
    container: &Container,
    stage: Stage,
    volumes: &BTreeSet<&str>,
    problems: &mut Problems,
) {
    match container.name.as_str() {
        "" => problems.required(&path.child("name"), ""),
        found => problems.check(&path.child("name"), found, name::check_label(found)),
    }
    match container.image.as_deref().unwrap_or_default() {
        "" => problems.required(&path.child("image"), ""),
        image if image.trim() != image => {
            problems.invalid(&path.child("image"), image, "must not have leading or trailing whitespace");
        }
        _ => {}
    }
    if let Some(policy) = &container.image_pull_policy {
        supported(&path.child("imagePullPolicy"), policy, &["Always", "IfNotPresent", "Never"], problems);
    }
    if let Some(policy) = &container.termination_message_policy {
        supported(&path.child("terminationMessagePolicy"), policy, &["FallbackToLogsOnError", "File"], problems);
    }
    check_ports(&path.child("ports"), container.ports.as_deref().unwrap_or_default(), problems);
    check_env(&path.child("env"), container.env.as_deref().unwrap_or_default(), problems);
    check_env_from(&path.child("envFrom"), container, problems);
    check_mounts(&path.child("volumeMounts"), container.volume_mounts.as_deref(), volumes, problems);
    if let Some(found) = &container.resources {
        resources::check(&path.child("resources"), found, problems);
    }
    check_probes(path, container, stage, problems);
}

/// Checks that a word is one of a set.
pub(super) fn supported(path: &Path, found: &str, known: &[&str], problems: &mut Problems) {
    if !known.contains(&found) {
        problems.not_supported(path, found, known);
    }
}

/// Checks a port number.
pub(super) fn check_port(path: &Path, port: i32, problems: &mut Problems) {
    if !(1..=65_535).contains(&port) {
        problems.invalid(path, port, "must be between 1 and 65535, inclusive");
    }
}

/// Checks the name of a port (RFC 6335).
pub(super) fn check_port_name(name: &str) -> Result<(), String> {
    let fine = name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    Err(if name.len() > 15 {
        "must be no more than 15 characters".to_owned()
    } else if !fine {
        "must contain only alphanumeric characters (a-z, 0-9), and hyphens (-)".to_owned()
    } else if !name.bytes().any(|c| c.is_ascii_lowercase()) {
        "must contain at least one letter (a-z)".to_owned()
    } else if name.contains("--") {
        "must not contain consecutive hyphens".to_owned()
    } else if name.starts_with('-') || name.ends_with('-') {
        "must not begin or end with a hyphen".to_owned()
    } else {
        return Ok(());
    })
}

/// Checks a port that is a number or a name.
pub(super) fn check_port_ref(path: &Path, port: &IntOrString, problems: &mut Problems) {
    match port {
        IntOrString::Int(number) => check_port(path, *number, problems),
        IntOrString::String(name) => problems.check(path, name, check_port_name(name)),
    }
}

fn check_ports(path: &Path, ports: &[ContainerPort], problems: &mut Problems) {
    let mut names = BTreeSet::new();
    for (at, port) in ports.iter().enumerate() {
        let path = path.index(at);
        if let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) {
            problems.check(&path.child("name"), name, check_port_name(name));
            if !names.insert(name) {
                problems.duplicate(&path.child("name"), name);
            }
        }
        if port.container_port == 0 {
            problems.required(&path.child("containerPort"), "");
        } else {
            check_port(&path.child("containerPort"), port.container_port, problems);
        }
        if let Some(host_port) = port.host_port.filter(|port| *port != 0) {
            check_port(&path.child("hostPort"), host_port, problems);
        }
        if let Some(protocol) = &port.protocol {
            supported(&path.child("protocol"), protocol, &["SCTP", "TCP", "UDP"], problems);
        }
    }
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
        problems.check(&path.child("key"), key, super::config::check_key(key));
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

fn check_mounts(path: &Path, mounts: Option<&[VolumeMount]>, volumes: &BTreeSet<&str>, problems: &mut Problems) {
    let mut paths: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, mount) in mounts.unwrap_or_default().iter().enumerate() {
        let path = path.index(at);
        if mount.name.is_empty() {
            problems.required(&path.child("name"), "");
        } else if !volumes.contains(mount.name.as_str()) {
            problems.not_found(&path.child("name"), &mount.name);
        }
        if mount.mount_path.is_empty() {
            problems.required(&path.child("mountPath"), "");
        } else if paths.insert(&mount.mount_path, at).is_some() {
            problems.invalid(&path.child("mountPath"), &mount.mount_path, "must be unique");
        }
        let sub_path = mount.sub_path.as_deref().unwrap_or_default();
        if sub_path.starts_with('/') {
            problems.invalid(&path.child("subPath"), sub_path, "must be a relative path");
        }
        if sub_path.split('/').any(|part| part == "..") {
            problems.invalid(&path.child("subPath"), sub_path, "must not contain '..'");
        }
    }
}

fn check_probes(path: &Path, container: &Container, stage: Stage, problems: &mut Problems) {
    let restarts = container.restart_policy.as_deref() == Some("Always");
    let probes = [
        ("livenessProbe", &container.liveness_probe),
        ("readinessProbe", &container.readiness_probe),
        ("startupProbe", &container.startup_probe),
    ];
    for (field, probe) in probes {
        let Some(probe) = probe else { continue };
        let path = path.child(field);
        if stage == Stage::Init && !restarts {
            problems.forbidden(&path, "may not be set for init containers without restartPolicy=Always");
            continue;
        }
        check_probe(&path, probe, problems);
        if field != "readinessProbe" && probe.success_threshold.is_some_and(|count| count != 1) {
            problems.invalid(&path.child("successThreshold"), probe.success_threshold, "must be 1");
        }
    }
    if let Some(lifecycle) = &container.lifecycle {
        check_lifecycle(&path.child("lifecycle"), lifecycle, problems);
    }
}

fn check_probe(path: &Path, probe: &Probe, problems: &mut Problems) {
    let handlers = [probe.exec.is_some(), probe.http_get.is_some(), probe.tcp_socket.is_some(), probe.grpc.is_some()];
    match handlers.into_iter().filter(|set| *set).count() {
        0 => problems.required(path, "must specify a handler type"),
        1 => {}
        _ => problems.forbidden(path, "may not specify more than 1 handler type"),
    }
    let numbers = [
        ("initialDelaySeconds", probe.initial_delay_seconds, 0),
        ("timeoutSeconds", probe.timeout_seconds, 1),
        ("periodSeconds", probe.period_seconds, 1),
        ("successThreshold", probe.success_threshold, 1),
        ("failureThreshold", probe.failure_threshold, 1),
    ];
    for (field, found, min) in numbers {
        if let Some(found) = found.filter(|found| *found < min) {
            problems.invalid(&path.child(field), found, format!("must be greater than or equal to {min}"));
        }
    }
    if let Some(action) = &probe.http_get {
        check_http_get(&path.child("httpGet"), action, problems);
    }
    if let Some(action) = &probe.tcp_socket {
        check_port_ref(&path.child("tcpSocket").child("port"), &action.port, problems);
    }
    if let Some(action) = &probe.grpc {
        check_port(&path.child("grpc").child("port"), action.port, problems);
    }
    if probe.exec.as_ref().is_some_and(|action| action.command.as_deref().unwrap_or_default().is_empty()) {
        problems.required(&path.child("exec").child("command"), "");
    }
}

fn check_http_get(path: &Path, action: &HTTPGetAction, problems: &mut Problems) {
    if action.path.as_deref().unwrap_or_default().is_empty() {
        problems.required(&path.child("path"), "");
    }
    check_port_ref(&path.child("port"), &action.port, problems);
    if let Some(scheme) = &action.scheme {
        supported(&path.child("scheme"), scheme, &["HTTP", "HTTPS"], problems);
    }
}

fn check_lifecycle(path: &Path, lifecycle: &Lifecycle, problems: &mut Problems) {
    for (field, hook) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)] {
        let Some(hook) = hook else { continue };
        let path = path.child(field);
        let handlers = [hook.exec.is_some(), hook.http_get.is_some(), hook.tcp_socket.is_some(), hook.sleep.is_some()];
        match handlers.into_iter().filter(|set| *set).count() {
            0 => problems.required(&path, "must specify a handler type"),
            1 => {}
            _ => problems.forbidden(&path, "may not specify more than 1 handler type"),
        }
        if let Some(action) = &hook.http_get {
            check_http_get(&path.child("httpGet"), action, problems);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_tags_are_pulled_always() {
        for (image, policy) in [
            ("web", "Always"),
            ("web:latest", "Always"),
            ("web:1", "IfNotPresent"),
            ("host:5000/web", "Always"),
            ("host:5000/web:1", "IfNotPresent"),
            ("web@sha256:aa", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }

    #[test]
    fn port_names_follow_rfc_6335() {
        for good in ["http", "a-1", "1a"] {
            assert_eq!(check_port_name(good), Ok(()), "{good}");
        }
        for bad in ["", "HTTP", "-a", "a-", "a--b", "123", "sixteencharacter"] {
            assert!(check_port_name(bad).is_err(), "{bad}");
        }
    }
}
