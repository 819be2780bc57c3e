//! Field paths and what is wrong with a field, in Kubernetes' words (`field.Error` of apimachinery).

use std::fmt;

use serde_json::Value;

use crate::limits::{PROBLEMS_MAX, QUOTED_MAX};
use crate::status::Cause;

/// Path of a field, `spec.template.spec.containers[0].name`. Cheap enough to build while walking,
/// because objects are small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(String);

impl Path {
    /// A path that starts at a top-level field.
    pub(crate) fn new(root: &str) -> Self {
        Self(root.to_owned())
    }

    /// A field of this one.
    pub(crate) fn child(&self, name: &str) -> Self {
        if self.0.is_empty() { Self::new(name) } else { Self(format!("{}.{name}", self.0)) }
    }

    /// An element of this list.
    pub(crate) fn index(&self, at: usize) -> Self {
        Self(format!("{}[{at}]", self.0))
    }

    /// An entry of this map.
    pub(crate) fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    path: String,
    fault: Fault,
}

#[derive(Debug, Clone, PartialEq)]
enum Fault {
    Required(String),
    Invalid { value: String, why: String },
    NotSupported { value: String, supported: Vec<String> },
    Duplicate(String),
    NotFound(String),
    Forbidden(String),
    TooLong { bytes_max: usize },
    TooMany { count: usize, count_max: usize },
}

/// Collects problems, so that a user learns all of them at once; past a bound they are only counted.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    /// How many more there were.
    more: usize,
}

impl Problems {
    fn push(&mut self, path: &Path, fault: impl FnOnce() -> Fault) {
        if self.list.len() < PROBLEMS_MAX {
            self.list.push(Problem { path: path.to_string(), fault: fault() });
        } else {
            self.more += 1;
        }
    }

    /// The field is missing.
    pub(crate) fn required(&mut self, path: &Path, why: &str) {
        self.push(path, || Fault::Required(why.to_owned()));
    }

    /// The value breaks a rule.
    pub(crate) fn invalid(&mut self, path: &Path, value: impl serde::Serialize, why: impl Into<String>) {
        self.push(path, || Fault::Invalid { value: quote(&value), why: why.into() });
    }

    /// The value is not one of a set.
    pub(crate) fn not_supported(&mut self, path: &Path, value: &str, supported: &[&str]) {
        self.push(path, || {
            let supported = supported.iter().map(|s| (*s).to_owned()).collect();
            Fault::NotSupported { value: quote(&value), supported }
        });
    }

    /// The value is there twice.
    pub(crate) fn duplicate(&mut self, path: &Path, value: impl serde::Serialize) {
        self.push(path, || Fault::Duplicate(quote(&value)));
    }

    /// The value names something that is not there.
    pub(crate) fn not_found(&mut self, path: &Path, value: impl serde::Serialize) {
        self.push(path, || Fault::NotFound(quote(&value)));
    }

    /// The field may not be set (or changed) here.
    pub(crate) fn forbidden(&mut self, path: &Path, why: impl Into<String>) {
        self.push(path, || Fault::Forbidden(why.into()));
    }

    /// The value has too many bytes.
    pub(crate) fn too_long(&mut self, path: &Path, bytes_max: usize) {
        self.push(path, || Fault::TooLong { bytes_max });
    }

    /// The list has too many elements.
    pub(crate) fn too_many(&mut self, path: &Path, count: usize, count_max: usize) {
        self.push(path, || Fault::TooMany { count, count_max });
    }

    /// Records `why` if a check failed.
    pub(crate) fn check(&mut self, path: &Path, value: impl serde::Serialize, result: Result<(), String>) {
        if let Err(why) = result {
            self.invalid(path, value, why);
        }
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What was found, up to the bound.
    pub(crate) fn list(&self) -> &[Problem] {
        &self.list
    }

    /// All in one line.
    pub(crate) fn summary(&self) -> String {
        let mut texts: Vec<String> = self.list.iter().map(Problem::to_string).collect();
        if self.more > 0 {
            texts.push(format!("and {} more", self.more));
        }
        if let [only] = texts.as_slice() { only.clone() } else { format!("[{}]", texts.join(", ")) }
    }
}

/// A value as messages show it: JSON, cut to a bearable length.
fn quote(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_value(value).unwrap_or(Value::Null).to_string();
    match text.char_indices().nth(QUOTED_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

impl Problem {
    /// `FieldValueInvalid` and its kin.
    fn reason(&self) -> &'static str {
        match self.fault {
            Fault::Required(_) => "FieldValueRequired",
            Fault::Invalid { .. } => "FieldValueInvalid",
            Fault::NotSupported { .. } => "FieldValueNotSupported",
            Fault::Duplicate(_) => "FieldValueDuplicate",
            Fault::NotFound(_) => "FieldValueNotFound",
            Fault::Forbidden(_) => "FieldValueForbidden",
            Fault::TooLong { .. } => "FieldValueTooLong",
            Fault::TooMany { .. } => "FieldValueTooMany",
        }
    }

    fn detail(&self) -> String {
        match &self.fault {
            Fault::Required(why) if why.is_empty() => "Required value".to_owned(),
            Fault::Required(why) => format!("Required value: {why}"),
            Fault::Invalid { value, why } => format!("Invalid value: {value}: {why}"),
            Fault::NotSupported { value, supported } => {
                let supported: Vec<String> = supported.iter().map(|s| format!("\"{s}\"")).collect();
                format!("Unsupported value: {value}: supported values: {}", supported.join(", "))
            }
            Fault::Duplicate(value) => format!("Duplicate value: {value}"),
            Fault::NotFound(value) => format!("Not found: {value}"),
            Fault::Forbidden(why) => format!("Forbidden: {why}"),
            Fault::TooLong { bytes_max } => format!("Too long: may not be more than {bytes_max} bytes"),
            Fault::TooMany { count, count_max } => {
                format!("Too many: {count}: must have at most {count_max} items")
            }
        }
    }

    /// The cause as clients get it.
    pub(crate) fn cause(&self) -> Cause {
        Cause { reason: self.reason(), message: self.detail(), field: self.path.clone() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.detail())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_speak_kubernetes_words() {
        let (mut problems, path) = (Problems::default(), Path::new("spec").child("ports").index(0).child("port"));
        problems.required(&path, "");
        problems.invalid(&path, 0, "must be between 1 and 65535, inclusive");
        problems.not_supported(&path, "X", &["A", "B"]);
        problems.duplicate(&path, "a");
        let texts: Vec<String> = problems.list().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "spec.ports[0].port: Required value",
                "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                "spec.ports[0].port: Unsupported value: \"X\": supported values: \"A\", \"B\"",
                "spec.ports[0].port: Duplicate value: \"a\"",
            ]
        );
    }

    #[test]
    fn long_values_are_cut_on_a_character() {
        let mut problems = Problems::default();
        problems.duplicate(&Path::new("a"), "ü".repeat(5_000));
        assert!(problems.list()[0].to_string().len() < 600);
    }
}
