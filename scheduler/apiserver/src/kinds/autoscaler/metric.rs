//! What an autoscaler goes by: `spec.metrics`.

use api::autoscaling::{MetricIdentifier, MetricSpec, MetricTarget};
use api::label::REQUESTS_IN_FLIGHT;

use super::{check_reference, check_segment, is_positive};
use crate::field::{Path, Problems};

/// Kinds of metrics, and the fields that say more of them.
const SOURCES: [(&str, &str); 5] = [
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];

pub(super) fn check(path: &Path, metric: &MetricSpec, problems: &mut Problems) {
    let word = metric.type_.as_str();
    let expected = SOURCES.iter().find(|(source, _)| *source == word).map(|(_, field)| *field);
    if word.is_empty() {
        problems.required(&path.child("type"), "must specify a metric source type");
    } else if expected.is_none() {
        problems.not_supported(&path.child("type"), word, &SOURCES.map(|(source, _)| source));
    }
    let present = [
        ("containerResource", metric.container_resource.is_some()),
        ("external", metric.external.is_some()),
        ("object", metric.object.is_some()),
        ("pods", metric.pods.is_some()),
        ("resource", metric.resource.is_some()),
    ];
    for (field, is_there) in present {
        if is_there && expected.is_some_and(|expected| expected != field) {
            problems.forbidden(&path.child(field), "must populate the given metric source only");
        } else if !is_there && expected == Some(field) {
            problems.required(&path.child(field), "must populate information for the given metric source");
        }
    }
    check_sources(path, metric, problems);
}

fn check_sources(path: &Path, metric: &MetricSpec, problems: &mut Problems) {
    if let Some(source) = &metric.resource {
        check_resource(&path.child("resource"), &source.name, &source.target, problems);
    }
    if let Some(source) = &metric.container_resource {
        let path = path.child("containerResource");
        if source.container.is_empty() {
            problems.required(&path.child("container"), "must specify a container");
        }
        check_resource(&path, &source.name, &source.target, problems);
    }
    if let Some(source) = &metric.pods {
        let path = path.child("pods");
        check_identifier(&path.child("metric"), &source.metric, problems);
        check_target(&path.child("target"), &source.target, problems);
        if !source.target.average_value.as_ref().is_some_and(is_positive) {
            let at = path.child("target").child("averageValue");
            problems.required(&at, "must specify a positive target averageValue");
        }
    }
    if let Some(source) = &metric.object {
        let path = path.child("object");
        check_reference(&path.child("describedObject"), &source.described_object, problems);
        check_identifier(&path.child("metric"), &source.metric, problems);
        check_whole_or_average(&path, &source.target, "must set either a target value or averageValue", problems);
    }
    if let Some(source) = &metric.external {
        let path = path.child("external");
        check_identifier(&path.child("metric"), &source.metric, problems);
        let why = "must set either a target value for metric or a per-pod target";
        check_whole_or_average(&path, &source.target, why, problems);
        if source.target.value.is_some() && source.target.average_value.is_some() {
            let why = "may not set both a target value for metric and a per-pod target";
            problems.forbidden(&path.child("target").child("value"), why);
        }
    }
}

fn check_resource(path: &Path, name: &str, target: &MetricTarget, problems: &mut Problems) {
    if name.is_empty() {
        problems.required(&path.child("name"), "must specify a resource name");
    }
    let at = path.child("target");
    check_target(&at, target, problems);
    match (target.average_utilization, &target.average_value) {
        (None, None) => {
            let why = "must set either a target raw value or a target utilization";
            problems.required(&at.child("averageUtilization"), why);
        }
        (Some(_), Some(_)) => {
            let why = "may not set both a target raw value and a target utilization";
            problems.forbidden(&at.child("averageValue"), why);
        }
        _ => {}
    }
}

fn check_whole_or_average(path: &Path, target: &MetricTarget, why: &str, problems: &mut Problems) {
    let at = path.child("target");
    check_target(&at, target, problems);
    if target.value.is_none() && target.average_value.is_none() {
        problems.required(&at.child("averageValue"), why);
    }
}

fn check_target(path: &Path, target: &MetricTarget, problems: &mut Problems) {
    let word = target.type_.as_str();
    if word.is_empty() {
        problems.required(&path.child("type"), "must specify a metric target type");
    } else if !matches!(word, "Utilization" | "Value" | "AverageValue") {
        problems.invalid(&path.child("type"), word, "must be either Utilization, Value, or AverageValue");
    }
    for (field, found) in [("value", &target.value), ("averageValue", &target.average_value)] {
        if let Some(found) = found.as_ref().filter(|found| !is_positive(found)) {
            problems.invalid(&path.child(field), found, "must be positive");
        }
    }
    if let Some(found) = target.average_utilization.filter(|found| *found < 1) {
        problems.invalid(&path.child("averageUtilization"), found, "must be greater than 0");
    }
}

fn check_identifier(path: &Path, metric: &MetricIdentifier, problems: &mut Problems) {
    if metric.name.is_empty() {
        problems.required(&path.child("name"), "must specify a metric name");
    } else if metric.name != REQUESTS_IN_FLIGHT {
        check_segment(&path.child("name"), &metric.name, problems);
    }
}
