//! Labels and selectors as text.

use serde_json::{Map, Value};

use super::read::{self, NONE};

/// `a=b,c=d`
pub(super) fn labels(labels: Option<&Value>) -> String {
    or_none(equalities(labels.and_then(Value::as_object)))
}

/// A `LabelSelector`: `app=web,tier in (a,b),!canary`, ordered by key.
pub(super) fn of(selector: &Value) -> String {
    let mut parts: Vec<_> = equalities(selector["matchLabels"].as_object());
    for expression in read::list(selector, "/matchExpressions") {
        let key = read::text(expression, "/key");
        let mut values: Vec<_> = read::list(expression, "/values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let part = match read::text(expression, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return "<error>".to_owned(),
        };
        parts.push((key.to_owned(), part));
    }
    or_none(parts)
}

/// The parts with the keys that order them.
fn equalities(labels: Option<&Map<String, Value>>) -> Vec<(String, String)> {
    let equality =
        |(key, value): (&String, &Value)| (key.clone(), format!("{key}={}", value.as_str().unwrap_or_default()));
    labels.into_iter().flatten().map(equality).collect()
}

fn or_none(mut parts: Vec<(String, String)>) -> String {
    parts.sort();
    let parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
    if parts.is_empty() { NONE.to_owned() } else { parts.join(",") }
}
