//! What is waited for. Pure.

use std::str::FromStr;

use anyhow::Result;
use serde_json::Value;

use crate::output::jsonpath::{Template, shown};
use crate::value::{condition, number, text};

/// When a wait ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Aim {
    /// The object is gone.
    Deleted,
    /// The object is there.
    Created,
    /// A condition has a status, `True` unless named.
    Condition { kind: String, status: String },
    /// A path finds a value, or that value.
    Path { path: Template, text: String, value: Option<String> },
}

impl FromStr for Aim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (aim, rest) = text.split_once('=').map_or((text, ""), |(aim, rest)| (aim, rest));
        match (aim, rest) {
            ("delete", "") => Ok(Self::Deleted),
            ("create", "") => Ok(Self::Created),
            ("condition", "") => Err("condition needs a name: condition=Ready".to_owned()),
            ("condition", rest) => {
                let (kind, status) = rest.split_once('=').unwrap_or((rest, "True"));
                Ok(Self::Condition { kind: kind.to_owned(), status: status.to_owned() })
            }
            ("jsonpath", rest) => path(rest),
            _ => Err(format!("{text:?} is none of condition=NAME[=STATUS], jsonpath=PATH[=VALUE], delete, create")),
        }
    }
}

/// `{.a.b}=value`; an equals sign within braces belongs to a filter.
fn path(text: &str) -> Result<Aim, String> {
    let end = match text.strip_prefix('{') {
        Some(_) => text.find('}').map_or(text.len(), |at| at + 1),
        None => text.find('=').unwrap_or(text.len()),
    };
    let (path, value) = text.split_at(end);
    let value = match value {
        "" => None,
        value => {
            let value = value.strip_prefix('=').ok_or_else(|| format!("{text:?} is not of the form PATH=VALUE"))?;
            Some(value.trim_matches(['"', '\'']).to_owned())
        }
    };
    Ok(Aim::Path { path: Template::relaxed(path)?, text: path.to_owned(), value })
}

impl Aim {
    /// Whether an object that is not there makes the wait pointless.
    pub(super) const fn needs_object(&self) -> bool {
        !matches!(self, Self::Deleted | Self::Created)
    }

    /// Whether an object, if there is one, is as it should be.
    ///
    /// # Errors
    /// The path finds what cannot be compared.
    pub(super) fn is_met(&self, object: Option<&Value>) -> Result<bool> {
        let Some(object) = object else { return Ok(*self == Self::Deleted) };
        Ok(match self {
            Self::Deleted => false,
            Self::Created => true,
            Self::Condition { kind, status } => {
                let found = condition(object, kind).filter(|condition| is_seen(object, condition));
                found.is_some_and(|condition| text(condition, "/status").eq_ignore_ascii_case(status))
            }
            Self::Path { path, value, .. } => {
                // An index beyond a list that has yet to grow is nothing found, and no reason to stop waiting.
                let found = path.values(object).unwrap_or_default();
                match value {
                    None => !found.is_empty(),
                    Some(value) => found.len() == 1 && shown(found[0]) == *value,
                }
            }
        })
    }

    /// What an object has instead.
    pub(super) fn lacks(&self, object: Option<&Value>) -> String {
        let Some(object) = object else { return "is not there yet".to_owned() };
        match self {
            Self::Deleted => "is still there".to_owned(),
            Self::Created => "is there".to_owned(),
            Self::Condition { kind, .. } => match condition(object, kind) {
                Some(condition) => {
                    let (status, why) = (text(condition, "/status"), text(condition, "/message"));
                    format!("{kind} is {status}{}{why}", if why.is_empty() { "" } else { ", " })
                }
                None => format!("has no condition {kind} yet"),
            },
            Self::Path { path, text, .. } => {
                let found = path.values(object).unwrap_or_default();
                let found: Vec<String> = found.into_iter().map(shown).collect();
                format!("{text} is {:?}", found.join(" "))
            }
        }
    }

    /// As kubectl words success.
    pub(super) const fn met(&self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Created => "created",
            Self::Condition { .. } | Self::Path { .. } => "condition met",
        }
    }

    /// For the sentence that says that time is up.
    pub(super) fn named(&self) -> String {
        match self {
            Self::Deleted => "the deletion".to_owned(),
            Self::Created => "the creation".to_owned(),
            Self::Condition { kind, .. } => format!("the condition {kind}"),
            Self::Path { text, .. } => format!("the condition {text}"),
        }
    }
}

/// A condition that a controller set before it saw the newest spec says nothing of it.
fn is_seen(object: &Value, condition: &Value) -> bool {
    let observed = condition.get("observedGeneration").or_else(|| object.pointer("/status/observedGeneration"));
    observed.and_then(Value::as_i64).is_none_or(|observed| observed >= number(object, "/metadata/generation"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn met(aim: &str, object: &Value) -> bool {
        let object = (!object.is_null()).then_some(object);
        aim.parse::<Aim>().expect(aim).is_met(object).expect(aim)
    }

    #[test]
    fn aims_are_met_by_objects_that_are_so() {
        let object = json!({
            "metadata": { "generation": 2 },
            "status": { "observedGeneration": 2, "phase": "Running", "n": 3,
                "conditions": [{ "type": "Ready", "status": "True" }, { "type": "Old", "status": "False" }] },
        });
        for (aim, wanted) in [
            ("condition=Ready", true),
            ("condition=Ready=true", true),
            ("condition=Ready=False", false),
            ("condition=Old=false", true),
            ("condition=None", false),
            ("jsonpath={.status.phase}=Running", true),
            ("jsonpath={.status.phase}=Pending", false),
            ("jsonpath=.status.phase=Running", true),
            ("jsonpath={.status.n}=3", true),
            ("jsonpath={.status.n}", true),
            ("jsonpath={.status.none}", false),
            (r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}=True"#, true),
            ("jsonpath={.status.conditions[7]}", false),
            ("create", true),
            ("delete", false),
        ] {
            assert_eq!(met(aim, &object), wanted, "{aim}");
        }
        assert!(met("delete", &Value::Null) && !met("create", &Value::Null) && !met("condition=Ready", &Value::Null));
    }

    /// C2
    #[test]
    fn a_condition_of_an_older_generation_is_not_believed() {
        let object = |seen: i64| {
            json!({ "metadata": { "generation": 2 },
                "status": { "observedGeneration": seen, "conditions": [{ "type": "Ready", "status": "True" }] } })
        };
        assert!(!met("condition=Ready", &object(1)) && met("condition=Ready", &object(2)));
    }

    #[test]
    fn what_is_no_aim_is_refused() {
        for text in ["", "ready", "condition", "condition=", "jsonpath", "jsonpath={.a}x", "delete=1"] {
            assert!(text.parse::<Aim>().is_err(), "{text}");
        }
    }
}
