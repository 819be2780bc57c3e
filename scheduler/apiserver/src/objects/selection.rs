//! Which objects a list or a watch is about: a label selector and a field selector. Pure.

use api::Resource;
use api::selector::Selector;
use serde_json::Value;

use crate::kinds::Asked;
use crate::value;

/// A conjunction of comparisons of fields, `status.phase=Running,spec.nodeName!=a`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    label: String,
    value: String,
    equal: bool,
    default: &'static str,
}

impl FieldSelector {
    /// Parses the form of `?fieldSelector=`, with the fields that the resource has.
    ///
    /// # Errors
    /// A sentence that names the part that is not understood.
    pub fn parse(resource: &Resource, text: &str) -> Result<Self, String> {
        Self::parse_for(Asked::of(resource), text)
    }

    pub(crate) fn parse_for(asked: Asked<'_>, text: &str) -> Result<Self, String> {
        let terms = split(text).into_iter().filter(|term| !term.is_empty());
        let terms = terms.map(|term| Term::parse(asked, &term)).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// The one name that can match, if the selector says so.
    pub(crate) fn name(&self) -> Option<&str> {
        let term = self.terms.iter().find(|term| term.equal && term.label == "metadata.name")?;
        Some(&term.value)
    }

    fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|term| (read(object, &term.label, term.default) == term.value) == term.equal)
    }
}

impl Term {
    fn parse(asked: Asked<'_>, text: &str) -> Result<Self, String> {
        let unknown = || format!("invalid field selector: {text:?}; can't understand {text:?}");
        let (label, value, equal) = if let Some((label, value)) = text.split_once("!=") {
            (label, value, false)
        } else if let Some((label, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
            (label, value, true)
        } else {
            return Err(unknown());
        };
        let kind = asked.kind;
        let known = [("metadata.name", ""), ("metadata.namespace", "")];
        let others = asked.served.map(|served| served.fields).filter(|fields| !fields.is_empty());
        let stored = match others.filter(|_| known.iter().all(|(known, _)| *known != label)) {
            Some(fields) => fields.iter().find(|(own, _)| *own == label).map(|(_, stored)| *stored),
            None => Some(label),
        };
        let found = known.iter().chain(kind.fields).find(|(known, _)| Some(*known) == stored);
        let custom = kind.custom.iter().flat_map(|custom| &custom.selectable).any(|path| path.label() == label);
        if custom {
            return Ok(Self { label: label.to_owned(), value: value.replace('\0', ","), equal, default: "" });
        }
        let (label, default) =
            found.ok_or_else(|| format!("field label not supported: {label} (of {})", kind.resource.kind))?;
        Ok(Self { label: (*label).to_owned(), value: value.replace('\0', ","), equal, default })
    }
}

/// Splits at commas; `\,`, `\=` and `\\` stand for themselves.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut current, mut characters) = (Vec::new(), String::new(), text.chars());
    while let Some(c) = characters.next() {
        match c {
            // A comma inside a value is carried as NUL, which no value may hold, past the split.
            '\\' => match characters.next() {
                Some(',') => current.push('\0'),
                Some(other) => current.push(other),
                None => current.push('\\'),
            },
            ',' => parts.push(std::mem::take(&mut current)),
            c => current.push(c),
        }
    }
    parts.push(current);
    parts
}

/// A field as text. Events' source has two places and Jobs' successes another name, as in Kubernetes.
fn read(object: &Value, label: &str, default: &str) -> String {
    let found = match label {
        "source" => value::at(object, &["source", "component"]).or_else(|| object.get("reportingComponent")),
        "name" => value::at(object, &["metadata", "name"]),
        "status.successful" => value::at(object, &["status", "succeeded"]),
        _ => label.split('.').try_fold(object, |value, key| value.get(key)),
    };
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(yes)) => yes.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ => default.to_owned(),
    }
}

/// Labels and fields together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub(crate) labels: Selector,
    pub(crate) fields: FieldSelector,
}

impl Selection {
    /// Whether everything matches, so that objects need not be decoded.
    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object matches.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = value::at(object, &["metadata", "labels"]);
        self.labels.matches_by(|key| labels?.get(key)?.as_str()) && self.fields.matches(object)
    }

    /// Whether stored bytes match; what does not decode matches nothing.
    pub(crate) fn matches_stored(&self, stored: &[u8]) -> bool {
        self.is_everything() || serde_json::from_slice(stored).is_ok_and(|object: Value| self.matches(&object))
    }
}

#[cfg(test)]
mod tests {
    use api::resource::{EVENTS, PODS, SECRETS};
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_compared_as_text() {
        let pod = json!({"metadata": {"name": "a", "namespace": "x"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}});
        let matches = |text: &str| FieldSelector::parse(&PODS, text).expect(text).matches(&pod);
        for yes in ["", "metadata.name=a", "status.phase==Running,spec.nodeName!=n2", "spec.hostNetwork=false"] {
            assert!(matches(yes), "{yes}");
        }
        for no in ["metadata.name=b", "status.phase!=Running", "spec.nodeName=", "spec.hostNetwork=true"] {
            assert!(!matches(no), "{no}");
        }
    }

    #[test]
    fn events_and_secrets_have_fields_of_their_own() {
        let event = json!({"involvedObject": {"kind": "Pod", "name": "a,b"}, "source": {"component": "host"}, "type": "Normal"});
        for yes in ["involvedObject.kind=Pod,involvedObject.name=a\\,b", "source=host", "type=Normal"] {
            assert!(FieldSelector::parse(&EVENTS, yes).expect(yes).matches(&event), "{yes}");
        }
        assert!(FieldSelector::parse(&SECRETS, "type=Opaque").is_ok());
        for bad in ["spec.containers=a", "status.phase", "nonsense=1"] {
            assert!(FieldSelector::parse(&PODS, bad).is_err(), "{bad}");
        }
    }
}
