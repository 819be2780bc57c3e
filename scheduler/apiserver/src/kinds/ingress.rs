//! Ingresses: hosts and paths, and the Services they lead to. What serves them is `scheduler`'s routes, once it does.

use std::net::IpAddr;

use api::name;
use api::networking::{HTTPIngressPath, Ingress, IngressBackend, IngressRule, ServiceBackendPort};
use api::resource::INGRESSES;
use serde_json::Value;

use super::container::{check_port, check_port_name, supported};
use super::decode;
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// The way to name a class before `spec.ingressClassName` was.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// Decodes and checks an Ingress.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let ingress: Ingress = decode(&INGRESSES, object)?;
    let spec = ingress.spec.unwrap_or_default();
    let path = Path::new("spec");
    let rules = spec.rules.as_deref().unwrap_or_default();
    match &spec.default_backend {
        Some(backend) => check_backend(&path.child("defaultBackend"), backend, problems),
        None if rules.is_empty() => {
            problems.invalid(&path, rules, "either `defaultBackend` or `rules` must be specified");
        }
        None => {}
    }
    for (at, rule) in rules.iter().enumerate() {
        check_rule(&path.child("rules").index(at), rule, problems);
    }
    for (at, tls) in spec.tls.iter().flatten().enumerate() {
        let path = path.child("tls").index(at);
        for (at, host) in tls.hosts.iter().flatten().enumerate() {
            check_host(&path.child("hosts").index(at), host, problems);
        }
        if let Some(secret) = tls.secret_name.as_deref().filter(|secret| !secret.is_empty()) {
            problems.check(&path.child("secretName"), secret, name::check_subdomain(secret));
        }
    }
    if let Some(class) = &spec.ingress_class_name {
        problems.check(&path.child("ingressClassName"), class, name::check_subdomain(class));
    }
    Ok(())
}

/// What only a new Ingress is held to: naming its class twice.
pub(crate) fn check_class_named_once(ingress: &Value, problems: &mut Problems) {
    let old = value::text(ingress, &["metadata", "annotations", CLASS_ANNOTATION]);
    if !old.is_empty() && !value::text(ingress, &["spec", "ingressClassName"]).is_empty() {
        let path = Path::new("annotations").child(CLASS_ANNOTATION);
        problems.invalid(&path, old, "can not be set when the class field is also set");
    }
}

/// Whether an Ingress says which class it is of.
pub(crate) fn names_class(ingress: &Value) -> bool {
    value::at(ingress, &["spec", "ingressClassName"]).is_some()
        || value::at(ingress, &["metadata", "annotations", CLASS_ANNOTATION]).is_some()
}

fn check_rule(path: &Path, rule: &IngressRule, problems: &mut Problems) {
    if let Some(host) = rule.host.as_deref().filter(|host| !host.is_empty()) {
        let path = path.child("host");
        if host.parse::<IpAddr>().is_ok() {
            problems.invalid(&path, host, "must be a DNS name, not an IP address");
        } else {
            check_host(&path, host, problems);
        }
    }
    let Some(http) = &rule.http else { return };
    let path = path.child("http").child("paths");
    if http.paths.is_empty() {
        problems.required(&path, "");
    }
    for (at, found) in http.paths.iter().enumerate() {
        check_path(&path.index(at), found, problems);
    }
}

/// A host, or all of the hosts one label below a domain.
fn check_host(path: &Path, host: &str, problems: &mut Problems) {
    let checked = match host.strip_prefix("*.") {
        Some(domain) => name::check_subdomain(domain).map_err(|_| {
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist \
             of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. \
             '*.example.com')"
                .to_owned()
        }),
        None => name::check_subdomain(host),
    };
    problems.check(path, host, checked);
}

fn check_path(path: &Path, found: &HTTPIngressPath, problems: &mut Problems) {
    let text = found.path.as_deref().unwrap_or_default();
    let own = path.child("path");
    match found.path_type.as_str() {
        "" => problems.required(&path.child("pathType"), "pathType must be specified"),
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                problems.invalid(&own, text, "must be an absolute path");
            }
            for sequence in ["//", "/./", "/../", "%2f", "%2F"] {
                if text.contains(sequence) {
                    problems.invalid(&own, text, format!("must not contain '{sequence}'"));
                }
            }
            for suffix in ["/..", "/."] {
                if text.ends_with(suffix) {
                    problems.invalid(&own, text, format!("cannot end with '{suffix}'"));
                }
            }
        }
        "ImplementationSpecific" if !text.is_empty() && !text.starts_with('/') => {
            problems.invalid(&own, text, "must be an absolute path");
        }
        other => {
            supported(&path.child("pathType"), other, &["Exact", "ImplementationSpecific", "Prefix"], problems);
        }
    }
    check_backend(&path.child("backend"), &found.backend, problems);
}

fn check_backend(path: &Path, backend: &IngressBackend, problems: &mut Problems) {
    match (&backend.service, &backend.resource) {
        (Some(_), Some(_)) => problems.invalid(path, "", "cannot set both resource and service backends"),
        (None, None) => problems.required(path, "resource or service backend is required"),
        (None, Some(resource)) => {
            let path = path.child("resource");
            for (field, found) in [("kind", &resource.kind), ("name", &resource.name)] {
                if found.is_empty() {
                    problems.required(&path.child(field), "");
                }
            }
        }
        (Some(service), None) => {
            let path = path.child("service");
            match service.name.as_str() {
                "" => problems.required(&path.child("name"), ""),
                found => problems.check(&path.child("name"), found, name::check_label_1035(found)),
            }
            check_backend_port(&path.child("port"), service.port.as_ref(), problems);
        }
    }
}

fn check_backend_port(path: &Path, port: Option<&ServiceBackendPort>, problems: &mut Problems) {
    let name = port.and_then(|port| port.name.as_deref()).filter(|name| !name.is_empty());
    let number = port.and_then(|port| port.number).filter(|number| *number != 0);
    match (name, number) {
        (Some(_), Some(_)) => problems.invalid(path, "", "cannot set both port name & port number"),
        (None, None) => problems.required(path, "port name or number is required"),
        (Some(name), None) => problems.check(&path.child("name"), name, check_port_name(name)),
        (None, Some(number)) => check_port(&path.child("number"), number, problems),
    }
}
