//! Containers: images, ports, mounts; environment and probes have files of their own.

use std::collections::{BTreeMap, BTreeSet};

use api::core::{Container, ContainerPort, VolumeMount};
use api::{IntOrString, name};
use serde_json::{Value, json};

use super::{env, probe, resources};
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
    probe::defaults(container);
}

/// A tag that moves is pulled each time, a fixed one once.
fn pull_policy(image: &str) -> &'static str {
    let last = image.rsplit('/').next().unwrap_or_default();
    let moves = !last.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    if moves { "Always" } else { "IfNotPresent" }
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
    env::check(path, container, problems);
    check_mounts(&path.child("volumeMounts"), container.volume_mounts.as_deref(), volumes, problems);
    if let Some(found) = &container.resources {
        resources::check(&path.child("resources"), found, problems);
    }
    probe::check(path, container, stage, problems);
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
