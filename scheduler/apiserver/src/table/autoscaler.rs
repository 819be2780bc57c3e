//! HorizontalPodAutoscalers: what they scale, what they go by, and between what.

use jiff::Timestamp;
use serde_json::Value;

use super::read::{self, NONE, UNKNOWN};
use super::{AGE, NAME, Printer, age, integer, text};

/// Metrics that are shown; more are only counted.
const SHOWN_MAX: usize = 2;

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        NAME,
        text("Reference", "Reference points to the target resource to be scaled."),
        text("Targets", "Metrics, each with its present value and its target."),
        text("MinPods", "Lower limit for the number of replicas."),
        integer("MaxPods", "Upper limit for the number of replicas."),
        integer("Replicas", "Current number of replicas."),
        AGE,
    ],
    cells,
};

fn cells(object: &Value, now: Timestamp) -> Vec<Value> {
    let target = |field: &str| read::text(object, &format!("/spec/scaleTargetRef/{field}"));
    let least = object.pointer("/spec/minReplicas").and_then(Value::as_i64);
    vec![
        read::name(object),
        format!("{}/{}", target("kind"), target("name")).into(),
        targets(object).into(),
        least.map_or_else(|| "<unset>".to_owned(), |least| least.to_string()).into(),
        read::number(object, "/spec/maxReplicas").into(),
        read::number(object, "/status/currentReplicas").into(),
        age::of(object, now),
    ]
}

fn targets(object: &Value) -> String {
    let (specs, statuses) = (read::list(object, "/spec/metrics"), read::list(object, "/status/currentMetrics"));
    let of = |(at, spec): (usize, &Value)| target(spec, statuses.get(at).unwrap_or(&Value::Null));
    let shown: Vec<String> = specs.iter().enumerate().take(SHOWN_MAX).map(of).collect();
    match specs.len().saturating_sub(SHOWN_MAX) {
        0 if shown.is_empty() => NONE.to_owned(),
        0 => shown.join(", "),
        more => format!("{} + {more} more...", shown.join(", ")),
    }
}

/// One metric: its name if it has a short one, what it is and what it should be.
fn target(spec: &Value, status: &Value) -> String {
    let (field, is_resource) = match read::text(spec, "/type") {
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        "Pods" => ("pods", false),
        "Object" => ("object", false),
        "External" => ("external", false),
        _ => return "<unknown type>".to_owned(),
    };
    let (wanted, current) = (&spec[field]["target"], &status[field]["current"]);
    let by_value = [("averageValue", !is_resource && field != "pods"), ("value", false)];
    let value = by_value.into_iter().find_map(|(name, per_pod)| {
        let now = read::text_or(&current[name], "", UNKNOWN);
        Some(format!("{now}/{}{}", wanted[name].as_str()?, if per_pod { " (avg)" } else { "" }))
    });
    let percent = |of: &Value| of["averageUtilization"].as_i64().map(|percent| format!("{percent}%"));
    let shown = value.unwrap_or_else(|| {
        let (now, wanted) = (percent(current), percent(wanted));
        format!("{}/{}", now.as_deref().unwrap_or(UNKNOWN), wanted.as_deref().unwrap_or("<auto>"))
    });
    if is_resource { format!("{}: {shown}", read::text(&spec[field], "/name")) } else { shown }
}
