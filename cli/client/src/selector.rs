//! Label selectors: objects carry them as structures, URLs as text.

use serde_json::Value;

use crate::value::{items, members, plain, text};

/// A `LabelSelector` as the query of a URL writes it; a bare map of labels is one too.
pub(crate) fn as_text(selector: &Value) -> String {
    let is_structure = selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    let labels = if is_structure { "/matchLabels" } else { "" };
    let equal = members(selector, labels).map(|(key, value)| format!("{key}={}", plain(value)));
    let expressions = items(selector, "/matchExpressions").map(|expression| {
        let values: Vec<String> = items(expression, "/values").map(plain).collect();
        let (key, values) = (text(expression, "/key").to_owned(), values.join(","));
        match text(expression, "/operator") {
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key,
            "DoesNotExist" => format!("!{key}"),
            _ => format!("{key} in ({values})"),
        }
    });
    equal.chain(expressions).collect::<Vec<_>>().join(",")
}

/// Labels as columns and pages show them; `<none>` for none.
pub(crate) fn labels(labels: &Value) -> String {
    let all: Vec<String> = members(labels, "").map(|(key, value)| format!("{key}={}", plain(value))).collect();
    if all.is_empty() { "<none>".to_owned() } else { all.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_selector_is_written_with_all_its_parts() {
        let all = json!({
            "matchLabels": { "app": "web" },
            "matchExpressions": [
                { "key": "tier", "operator": "In", "values": ["a", "b"] },
                { "key": "tier", "operator": "NotIn", "values": ["c"] },
                { "key": "new", "operator": "Exists" },
                { "key": "old", "operator": "DoesNotExist" },
            ],
        });
        assert_eq!(as_text(&all), "app=web,tier in (a,b),tier notin (c),new,!old");
        assert_eq!(as_text(&json!({ "a": "b" })), "a=b");
        assert_eq!(as_text(&Value::Null), "");
    }
}
