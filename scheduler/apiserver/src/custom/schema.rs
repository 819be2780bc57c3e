//! A structural schema, read into what validation, pruning and defaulting need.
//!
//! Source: Kubernetes, "Extend the Kubernetes API with CustomResourceDefinitions", "Specifying a structural schema".

mod parse;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Number, Value};

use super::format::Format;
use super::rules::Rule;
use crate::cel::{Fields, Listing, Pattern, Typing};

pub(crate) use parse::parse;

/// One place of a schema.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a marker of its own in a structural schema")]
pub(crate) struct Schema {
    /// `None`: not told, as within `anyOf`, or an integer or a string.
    pub(crate) kind: Option<Kind>,
    pub(crate) nullable: bool,
    /// Fields that are not known are kept.
    pub(crate) preserves: bool,
    /// It is an object with `apiVersion`, `kind` and `metadata`.
    pub(crate) embedded: bool,
    pub(crate) int_or_string: bool,
    /// Server-side apply owns it as one value.
    pub(crate) atomic: bool,
    pub(crate) properties: BTreeMap<String, Schema>,
    /// Of the values of free keys.
    pub(crate) additional: Option<Box<Schema>>,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) default: Option<Value>,
    pub(crate) listing: Listing,
    pub(crate) checks: Checks,
    pub(crate) rules: Vec<Rule>,
}

/// A type of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    Text,
    Integer,
    Number,
    Boolean,
}

/// What values must be beyond their type.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub(crate) required: Vec<String>,
    pub(crate) one_of_values: Vec<Value>,
    pub(crate) minimum: Option<Limit>,
    pub(crate) maximum: Option<Limit>,
    pub(crate) multiple_of: Option<Number>,
    /// Characters, elements or entries, by the type.
    pub(crate) least: Option<u64>,
    pub(crate) most: Option<u64>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) format: Option<Format>,
    pub(crate) all_of: Vec<Schema>,
    pub(crate) any_of: Vec<Schema>,
    pub(crate) one_of: Vec<Schema>,
    pub(crate) not: Option<Box<Schema>>,
}

/// A bound of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limit {
    pub(crate) value: Number,
    /// The bound itself is out of bounds.
    pub(crate) exclusive: bool,
}

impl Kind {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::Text,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

impl Schema {
    /// The type as expressions see it.
    pub(crate) fn typing(&self) -> Typing {
        match self.kind {
            _ if self.int_or_string => Typing::Dyn,
            None => Typing::Dyn,
            Some(Kind::Boolean) => Typing::Bool,
            Some(Kind::Integer) => Typing::Int,
            Some(Kind::Number) => Typing::Double,
            Some(Kind::Text) => match self.checks.format {
                Some(Format::DateTime | Format::Date) => Typing::Timestamp,
                Some(Format::Duration) => Typing::Duration,
                Some(Format::Byte) => Typing::Bytes,
                _ => Typing::Text,
            },
            Some(Kind::Array) => {
                let inner = self.items.as_ref().map_or(Typing::Dyn, |items| items.typing());
                Typing::List(Box::new(inner), self.listing.clone())
            }
            Some(Kind::Object) => self.object_typing(),
        }
    }

    fn object_typing(&self) -> Typing {
        if let Some(values) = &self.additional {
            return Typing::Map(Box::new(values.typing()));
        }
        if self.properties.is_empty() && self.preserves {
            return Typing::Dyn;
        }
        let mut fields: BTreeMap<_, _> =
            self.properties.iter().map(|(name, schema)| (name.clone(), schema.typing())).collect();
        if self.embedded {
            // Of the metadata, rules see the names alone, as in Kubernetes.
            let names = ["name", "generateName"].map(|name| (name.to_owned(), Typing::Text));
            let metadata = Typing::Object(Arc::new(Fields { fields: names.into() }));
            let own = [("apiVersion", Typing::Text), ("kind", Typing::Text), ("metadata", metadata)];
            fields.extend(own.map(|(name, typing)| (name.to_owned(), typing)));
        }
        Typing::Object(Arc::new(Fields { fields }))
    }
}
