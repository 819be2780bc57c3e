//! `autoscaling/v1`: the same autoscaler for clients that know CPU alone. What has no field there travels in annotations,
//! under the names and in the forms that Kubernetes gives them, so that a round trip loses nothing.

use api::Resource;
use api::resource::Scope;
use serde_json::{Map, Value, json};

use crate::kinds::Served;
use crate::value;

/// `autoscaling/v1 HorizontalPodAutoscaler`
static V1: Resource = Resource {
    group: "autoscaling",
    version: "v1",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    scope: Scope::Namespaced,
};

/// The other version of autoscalers.
pub(in crate::kinds) static ALSO: &[Served] =
    &[Served { resource: &V1, fields: &[], from_stored, to_stored, check: |_, _| {} }];

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// Where a field of a metric is: its source, a pointer within that in v2, and its name in v1 for a wish and for what
/// is.
const FIELDS: [(&str, &str, &str, &str); 19] = [
    ("resource", "name", "name", "name"),
    ("resource", "averageUtilization", "targetAverageUtilization", "currentAverageUtilization"),
    ("resource", "averageValue", "targetAverageValue", "currentAverageValue"),
    ("containerResource", "name", "name", "name"),
    ("containerResource", "container", "container", "container"),
    ("containerResource", "averageUtilization", "targetAverageUtilization", "currentAverageUtilization"),
    ("containerResource", "averageValue", "targetAverageValue", "currentAverageValue"),
    ("pods", "metric/name", "metricName", "metricName"),
    ("pods", "metric/selector", "selector", "selector"),
    ("pods", "averageValue", "targetAverageValue", "currentAverageValue"),
    ("object", "describedObject", "target", "target"),
    ("object", "metric/name", "metricName", "metricName"),
    ("object", "metric/selector", "selector", "selector"),
    ("object", "value", "targetValue", "currentValue"),
    ("object", "averageValue", "averageValue", "averageValue"),
    ("external", "metric/name", "metricName", "metricName"),
    ("external", "metric/selector", "metricSelector", "metricSelector"),
    ("external", "value", "targetValue", "currentValue"),
    ("external", "averageValue", "targetAverageValue", "currentAverageValue"),
];

/// Whether a list holds wishes or what is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Wished,
    Current,
}

impl Side {
    /// The object in v2 that holds the amounts.
    fn amounts(self) -> &'static str {
        if self == Self::Wished { "target" } else { "current" }
    }

    fn list(self) -> (&'static str, &'static str) {
        if self == Self::Wished { ("spec", "metrics") } else { ("status", "currentMetrics") }
    }

    fn cpu(self) -> &'static str {
        if self == Self::Wished { "targetCPUUtilizationPercentage" } else { "currentCPUUtilizationPercentage" }
    }

    fn annotation(self) -> &'static str {
        if self == Self::Wished { METRICS } else { CURRENT_METRICS }
    }
}

fn from_stored(object: &mut Value) {
    for side in [Side::Wished, Side::Current] {
        let (part, list) = side.list();
        let metrics = take(object, part, list);
        let metrics = metrics.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let (cpu, others): (Vec<_>, Vec<_>) = metrics.iter().partition(|metric| cpu(metric, side).is_some());
        if let (Some(percent), Some(part)) =
            (cpu.first().and_then(|metric| cpu_of(metric, side)), object.get_mut(part).and_then(Value::as_object_mut))
        {
            part.insert(side.cpu().to_owned(), percent);
        }
        if !others.is_empty() {
            let others: Vec<Value> = others.into_iter().map(|metric| older(metric, side)).collect();
            annotate(object, side.annotation(), &json!(others));
        }
    }
    for (part, field, annotation) in [("status", "conditions", CONDITIONS), ("spec", "behavior", BEHAVIOR)] {
        if let Some(found) = take(object, part, field) {
            annotate(object, annotation, &found);
        }
    }
}

fn to_stored(object: &mut Value) {
    for side in [Side::Wished, Side::Current] {
        let (part, list) = side.list();
        let mut metrics: Vec<Value> = read(object, side.annotation())
            .and_then(|found| Some(found.as_array()?.iter().map(|metric| newer(metric, side)).collect()))
            .unwrap_or_default();
        if let Some(percent) = take(object, part, side.cpu()) {
            let target = match side {
                Side::Wished => json!({"type": "Utilization", "averageUtilization": percent}),
                Side::Current => json!({"averageUtilization": percent}),
            };
            metrics.push(json!({"type": "Resource", "resource": {"name": "cpu", (side.amounts()): target}}));
        }
        let has_part = object.get(part).is_some_and(Value::is_object);
        if !metrics.is_empty() && has_part {
            object[part][list] = json!(metrics);
        }
    }
    for (part, field, annotation) in [("status", "conditions", CONDITIONS), ("spec", "behavior", BEHAVIOR)] {
        if let Some(found) = read(object, annotation)
            && let Some(part) = object.get_mut(part).and_then(Value::as_object_mut)
        {
            part.insert(field.to_owned(), found);
        }
    }
}

/// A metric that v1 has a field for.
fn cpu(metric: &Value, side: Side) -> Option<&Value> {
    let is_cpu = value::text(metric, &["type"]) == "Resource" && value::text(metric, &["resource", "name"]) == "cpu";
    value::at(metric, &["resource", side.amounts(), "averageUtilization"]).filter(|_| is_cpu)
}

fn cpu_of(metric: &Value, side: Side) -> Option<Value> {
    cpu(metric, side).cloned()
}

fn take(object: &mut Value, part: &str, field: &str) -> Option<Value> {
    object.get_mut(part)?.as_object_mut()?.shift_remove(field)
}

fn annotate(object: &mut Value, key: &str, found: &Value) {
    if let Some(annotations) = value::map(object, &["metadata", "annotations"]) {
        annotations.insert(key.to_owned(), found.to_string().into());
    }
}

/// Takes an annotation off; one that is no JSON stays where it is.
fn read(object: &mut Value, key: &str) -> Option<Value> {
    let annotations = object.get_mut("metadata")?.get_mut("annotations")?.as_object_mut()?;
    let found = serde_json::from_str(annotations.get(key)?.as_str()?).ok()?;
    annotations.shift_remove(key);
    if annotations.is_empty() {
        object["metadata"].as_object_mut()?.shift_remove("annotations");
    }
    Some(found)
}

/// The pointer of a field within its source in v2.
fn place(source: &str, field: &str, side: Side) -> String {
    let of_source = matches!(field, "name" | "container" | "describedObject") || field.starts_with("metric/");
    if of_source { format!("/{source}/{field}") } else { format!("/{source}/{}/{field}", side.amounts()) }
}

fn name_of(names: (&'static str, &'static str), side: Side) -> &'static str {
    if side == Side::Wished { names.0 } else { names.1 }
}

fn older(metric: &Value, side: Side) -> Value {
    let mut made = json!({"type": metric["type"]});
    for (source, field, wished, current) in FIELDS {
        let name = name_of((wished, current), side);
        if let Some(found) = metric.pointer(&place(source, field, side)) {
            made[source][name] = found.clone();
        }
    }
    made
}

fn newer(metric: &Value, side: Side) -> Value {
    let mut made = json!({"type": metric["type"]});
    for (source, field, wished, current) in FIELDS {
        let name = name_of((wished, current), side);
        let Some(found) = metric.get(source).and_then(|source| source.get(name)) else {
            continue;
        };
        let place = place(source, field, side);
        let path: Vec<&str> = place.split('/').skip(1).collect();
        put(&mut made, &path, found.clone());
        if side == Side::Wished && path[1] == "target" {
            let type_ = match field {
                "averageUtilization" => "Utilization",
                "averageValue" => "AverageValue",
                _ => "Value",
            };
            put(&mut made, &[source, "target", "type"], type_.into());
        }
    }
    if side == Side::Current
        && let Some(source) = metric["type"].as_str().and_then(source_of)
        && made[source].is_object()
        && made[source].get("current").is_none()
    {
        made[source]["current"] = json!({});
    }
    made
}

fn source_of(type_: &str) -> Option<&'static str> {
    match type_ {
        "Resource" => Some("resource"),
        "ContainerResource" => Some("containerResource"),
        "Pods" => Some("pods"),
        "Object" => Some("object"),
        "External" => Some("external"),
        _ => None,
    }
}

fn put(object: &mut Value, path: &[&str], found: Value) {
    let Some((last, parents)) = path.split_last() else { return };
    let place = parents.iter().fold(object, |place, key| {
        if !place[*key].is_object() {
            place[*key] = Value::Object(Map::new());
        }
        &mut place[*key]
    });
    place[*last] = found;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Value {
        let target = |kind: &str, amount: Value| json!({"type": kind, (if kind == "Utilization" { "averageUtilization" } else { "averageValue" }): amount});
        json!({
            "metadata": {"name": "web"},
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                "maxReplicas": 3,
                "metrics": [
                    {"type": "Pods", "pods": {
                        "metric": {"name": "insula.dev/requests-in-flight"}, "target": target("AverageValue", json!("5"))}},
                    {"type": "Resource", "resource": {"name": "memory", "target": target("Utilization", json!(70))}},
                    {"type": "Resource", "resource": {"name": "cpu", "target": target("Utilization", json!(50))}},
                ],
                "behavior": {"scaleDown": {"stabilizationWindowSeconds": 9}},
            },
            "status": {
                "currentReplicas": 2, "desiredReplicas": 3,
                "currentMetrics": [
                    {"type": "Pods", "pods": {"metric": {"name": "insula.dev/requests-in-flight"}, "current": {}}},
                    {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "5"}}},
                    {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 20}}},
                ],
                "conditions": [{"type": "AbleToScale", "status": "True"}],
            },
        })
    }

    #[test]
    fn cpu_has_fields_and_the_rest_is_in_annotations() {
        let mut object = stored();
        from_stored(&mut object);
        assert_eq!(
            object["spec"],
            json!({
                "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                "maxReplicas": 3,
                "targetCPUUtilizationPercentage": 50,
            })
        );
        assert_eq!(
            object["status"],
            json!({"currentReplicas": 2, "desiredReplicas": 3, "currentCPUUtilizationPercentage": 20})
        );
        let metrics: Value =
            serde_json::from_str(object["metadata"]["annotations"][METRICS].as_str().unwrap()).unwrap();
        assert_eq!(
            metrics,
            json!([
                {"type": "Pods", "pods": {"metricName": "insula.dev/requests-in-flight", "targetAverageValue": "5"}},
                {"type": "Resource", "resource": {"name": "memory", "targetAverageUtilization": 70}},
            ])
        );
    }

    #[test]
    fn a_round_trip_loses_nothing() {
        let mut object = stored();
        from_stored(&mut object);
        to_stored(&mut object);
        assert_eq!(object, stored());
    }

    #[test]
    fn what_is_no_autoscaler_harms_nobody() {
        for odd in [
            json!(3),
            json!({}),
            json!({"spec": 3, "status": [], "metadata": {"annotations": {METRICS: "no JSON", CONDITIONS: 3}}}),
            json!({"spec": {"metrics": 3, "targetCPUUtilizationPercentage": "x"}, "metadata": {"annotations": {METRICS: "[3]"}}}),
        ] {
            from_stored(&mut odd.clone());
            to_stored(&mut odd.clone());
        }
    }
}
