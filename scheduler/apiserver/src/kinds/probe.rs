//! Probes and lifecycle hooks: what a container is asked, and when.

use api::core::{Container, HTTPGetAction, Lifecycle, Probe};
use serde_json::{Value, json};

use super::container::{Stage, check_port, check_port_ref, supported};
use crate::field::{Path, Problems};
use crate::value;

/// Fills in what probes and hooks of a container leave out.
pub(super) fn defaults(container: &mut Value) {
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

/// Checks probes and hooks of a container.
pub(super) fn check(path: &Path, container: &Container, stage: Stage, problems: &mut Problems) {
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
