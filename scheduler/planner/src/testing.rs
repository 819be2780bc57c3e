//! What the tests of this crate share: clusters as text, a small world that does what plans say,
//! and a checker that knows the rules by heart and nothing of how plans are made.

pub(crate) mod checker;
pub(crate) mod fixture;
mod jobs;

mod properties;
pub(crate) mod rollout_checker;
mod sets;
pub(crate) mod world;

use expect_test::Expect;
use jiff::Timestamp;
use serde_json::Value;

use crate::{Action, Change, Plan, Snapshot};

/// Plans once on a cluster in text form and compares what comes out.
#[track_caller]
pub(crate) fn check(plan: fn(&Snapshot) -> Plan, cluster: &str, expected: &Expect) {
    expected.assert_eq(&text(&plan(&fixture::parse(cluster))));
}

/// A plan as text for tables: patches flattened, conditions as `Type=Status/Reason`, times as
/// `@seconds` since the epoch of the fixtures.
pub(crate) fn text(plan: &Plan) -> String {
    let mut lines: Vec<_> = plan.actions.iter().map(line).collect();
    lines.extend(plan.wake_at.map(|at| format!("wake {}", seconds(at))));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn line(action: &Action) -> String {
    if let Action::Together { changes } = action {
        let alone = |change: &Change| Action::Patch {
            resource: change.resource,
            name: change.name.clone(),
            uid: String::new(),
            resource_version: None,
            part: change.part,
            patch: change.patch.clone(),
        };
        return changes.iter().map(|change| line(&alone(change))).collect::<Vec<_>>().join("\n  and ");
    }
    let mut bare = action.clone();
    let Action::Patch { patch, .. } = &mut bare else { return action.to_string() };
    let patch = std::mem::take(patch);
    let text = bare.to_string();
    let head = text.strip_suffix("null").unwrap();
    let mut parts = Vec::new();
    flatten("", &patch, &mut parts);
    format!("{head}{}", parts.join(" "))
}

fn seconds(at: Timestamp) -> String {
    format!("@{}", at.as_second() - fixture::EPOCH)
}

fn flatten(path: &str, value: &Value, parts: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(if path.is_empty() { key.clone() } else { format!("{path}.{key}") }.as_str(), value, parts);
            }
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(item).collect();
            parts.push(format!("{path}=[{}]", items.join(" ")));
        }
        other => parts.push(format!("{path}={}", scalar(other))),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.parse().map_or_else(|_| text.clone(), seconds),
        other => other.to_string(),
    }
}

/// Conditions, taints, owners and finalizers, each in few words.
fn item(value: &Value) -> String {
    let field = |key: &str| value.get(key).map(scalar);
    let shown = match value {
        Value::Object(_) if field("status").is_some() => ["type", "status", "reason"].map(field).to_vec(),
        Value::Object(_) if field("effect").is_some() => ["key", "effect", "timeAdded"].map(field).to_vec(),
        Value::Object(_) if field("uid").is_some() => vec![field("uid")],
        other => vec![Some(scalar(other))],
    };
    shown.into_iter().flatten().collect::<Vec<_>>().join("/")
}
