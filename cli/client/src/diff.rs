//! The difference between an object as it is and as it would be, for people.
//!
//! What the server keeps about an object (who owns which field, versions, status) is left out: nobody plans it.
//! Values of Secrets are never shown, only that they differ.

use serde_json::{Map, Value, json};
use similar::{ChangeTag, TextDiff};

use crate::output::yaml;
use crate::value::text;

/// Lines around a change.
const CONTEXT_LINES: usize = 3;
/// Members of `metadata` that nobody plans.
const BOOKKEEPING: [&str; 7] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "selfLink",
    "deletionGracePeriodSeconds",
];
/// What `kubectl apply` keeps there repeats the object, in one unreadable line.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// `@@ -1,4 +1,6 @@`
    Place(String),
    Kept(String),
    Gone(String),
    New(String),
}

/// What changes from one object to the other; no lines if nothing does.
pub(crate) fn lines(before: Option<&Value>, after: &Value) -> anyhow::Result<Vec<Line>> {
    let (before, after) = redacted(before.map(planned), planned(after));
    let before = before.as_ref().map_or(Ok(String::new()), yaml::text)?;
    let after = yaml::text(&after)?;
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT_LINES).iter_hunks() {
        lines.push(Line::Place(hunk.header().to_string()));
        lines.extend(hunk.iter_changes().map(|change| {
            let line = change.value().trim_end_matches('\n').to_owned();
            match change.tag() {
                ChangeTag::Equal => Line::Kept(line),
                ChangeTag::Delete => Line::Gone(line),
                ChangeTag::Insert => Line::New(line),
            }
        }));
    }
    Ok(lines)
}

/// The object without what nobody plans, its members in order.
fn planned(object: &Value) -> Value {
    let mut object = sorted(object);
    if let Some(members) = object.as_object_mut() {
        members.shift_remove("status");
    }
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return object };
    BOOKKEEPING.iter().for_each(|member| drop(metadata.shift_remove(*member)));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.shift_remove(LAST_APPLIED);
        if annotations.is_empty() {
            metadata.shift_remove("annotations");
        }
    }
    object
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            members.into_iter().collect()
        }
        Value::Array(elements) => elements.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// Hides the values of Secrets; that one differs stays to be seen.
fn redacted(mut before: Option<Value>, mut after: Value) -> (Option<Value>, Value) {
    if text(&after, "/kind") != "Secret" {
        return (before, after);
    }
    for member in ["data", "stringData"] {
        let of = |object: Option<&Value>| -> Map<String, Value> {
            object.and_then(|object| object.get(member)?.as_object().cloned()).unwrap_or_default()
        };
        let (old, new) = (of(before.as_ref()), of(Some(&after)));
        if let Some(before) = before.as_mut().filter(|_| !old.is_empty()) {
            before[member] = hidden(&old, &new, "*** (before)");
        }
        if !new.is_empty() {
            after[member] = hidden(&new, &old, "*** (after)");
        }
    }
    (before, after)
}

fn hidden(own: &Map<String, Value>, other: &Map<String, Value>, where_it_differs: &str) -> Value {
    let one = |(key, value): (&String, &Value)| {
        let differs = other.get(key).is_some_and(|other| other != value);
        (key.clone(), json!(if differs { where_it_differs } else { "***" }))
    };
    own.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(clippy::needless_pass_by_value, reason = "tables read better")]
    fn check(before: Option<Value>, after: Value, wanted: Expect) {
        let lines = lines(before.as_ref(), &after).expect("compares");
        let shown = lines.iter().map(|line| match line {
            Line::Place(text) => format!("{text}\n"),
            Line::Kept(text) => format!(" {text}\n"),
            Line::Gone(text) => format!("-{text}\n"),
            Line::New(text) => format!("+{text}\n"),
        });
        wanted.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn only_what_is_planned_is_compared() {
        let object = |replicas: u8, version: &str| {
            json!({
                "kind": "Deployment",
                "metadata": {
                    "name": "web", "resourceVersion": version, "uid": version, "managedFields": [version],
                    "annotations": { LAST_APPLIED: version },
                },
                "spec": { "replicas": replicas, "a": 1 },
                "status": { "replicas": version },
            })
        };
        check(Some(object(1, "1")), object(1, "2"), expect![[""]]);
        check(
            Some(object(1, "1")),
            object(2, "2"),
            expect![[r"
                @@ -3,4 +3,4 @@
                   name: web
                 spec:
                   a: 1
                -  replicas: 1
                +  replicas: 2
            "]],
        );
    }

    #[test]
    fn a_new_object_is_new_throughout() {
        let object = json!({"kind": "A", "metadata": {"name": "a"}});
        check(
            None,
            object,
            expect![[r"
            @@ -0,0 +1,3 @@
            +kind: A
            +metadata:
            +  name: a
        "]],
        );
    }

    /// C67
    #[test]
    fn values_of_secrets_are_hidden_and_their_change_is_not() {
        let secret = |value: &str| json!({"kind": "Secret", "data": {"same": "c2FtZQ==", "other": value}});
        check(
            Some(secret("b2xk")),
            secret("bmV3"),
            expect![[r#"
                @@ -1,4 +1,4 @@
                 data:
                -  other: "*** (before)"
                +  other: "*** (after)"
                   same: "***"
                 kind: Secret
            "#]],
        );
    }
}
