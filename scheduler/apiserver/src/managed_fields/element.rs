//! One step of a path: a member of an object, or what tells an element of a list from the others.
//!
//! Its text in `fieldsV1` is that of structured-merge-diff: `f:name`, `k:{"name":"web"}`, `v:"value"`, `i:0`; its text
//! in messages is `.name`, `[name="web"]`, `[="value"]`, `[0]`.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// A step. Keys and values are kept as JSON text, so that steps have an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// A member of an object.
    Field(String),
    /// An element of a list of objects: its keys, sorted, as a JSON object.
    Key(String),
    /// An element of a list of distinct values, as JSON.
    Value(String),
    /// An element known by its position only.
    Index(usize),
}

impl Element {
    /// A member of an object.
    pub(crate) fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    /// An element with these keys.
    pub(crate) fn keyed(keys: &BTreeMap<&str, &Value>) -> Self {
        Self::Key(serde_json::to_string(keys).unwrap_or_default())
    }

    /// An element that is this value.
    pub(crate) fn value(value: &Value) -> Self {
        Self::Value(value.to_string())
    }

    /// Reads a key of `fieldsV1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::field(rest)),
            "k" => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(rest).ok()?;
                Some(Self::Key(serde_json::to_string(&keys).ok()?))
            }
            "v" => Some(Self::Value(serde_json::from_str::<Value>(rest).ok()?.to_string())),
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// The key of `fieldsV1`.
    pub(crate) fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(keys) => format!("k:{keys}"),
            Self::Value(value) => format!("v:{value}"),
            Self::Index(at) => format!("i:{at}"),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(keys) => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let pairs: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                write!(f, "[{}]", pairs.join(","))
            }
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Index(at) => write!(f, "[{at}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_as_they_are_written() {
        for (encoded, shown) in [
            ("f:spec", ".spec"),
            ("f:a:b", ".a:b"),
            (r#"k:{"containerPort":80,"protocol":"TCP"}"#, r#"[containerPort=80,protocol="TCP"]"#),
            (r#"v:"example.com/keep""#, r#"[="example.com/keep"]"#),
            ("v:3", "[=3]"),
            ("i:7", "[7]"),
        ] {
            let element = Element::parse(encoded).unwrap_or_else(|| panic!("{encoded} is not read"));
            assert_eq!((element.encode().as_str(), element.to_string().as_str()), (encoded, shown));
        }
        let unsorted = Element::parse(r#"k:{"protocol":"TCP", "containerPort":80}"#);
        assert_eq!(
            unsorted,
            Element::parse(r#"k:{"containerPort":80,"protocol":"TCP"}"#),
            "the order of keys says nothing"
        );
        for bad in ["", ".", "spec", "x:spec", "k:name", "k:[1]", "v:", "i:-1"] {
            assert_eq!(Element::parse(bad), None, "{bad}");
        }
    }
}
