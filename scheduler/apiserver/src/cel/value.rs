//! The values of expressions. What comes from an object is read where it is, not copied.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::typing::{Listing, Typing, json_name};
use super::{Fault, functions};

/// A value. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Text(Text<'a>),
    Bytes(Arc<[u8]>),
    List(List<'a>),
    Map(Map<'a>),
    Duration(SignedDuration),
    Timestamp(Timestamp),
    Type(&'static str),
    Optional(Option<Arc<Value<'a>>>),
    /// In billionths.
    Quantity(i128),
    Url(Arc<functions::Url>),
    Ip(IpAddr),
    Cidr(functions::Network),
    /// A question about rights, as far as it has been put.
    Rights(functions::Stage, Arc<functions::Asking>),
    Decision(Arc<functions::Decision>),
    Semver(Arc<functions::SemanticVersion>),
    Format(&'static functions::Named),
}

/// A text, of the object or made.
#[derive(Debug, Clone)]
pub(crate) enum Text<'a> {
    Of(&'a str),
    Made(Arc<str>),
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Of(text) => text,
            Self::Made(text) => text,
        }
    }
}

/// A list, of the object or made.
#[derive(Debug, Clone)]
pub(crate) enum List<'a> {
    Of(&'a [Json], Option<&'a Typing>),
    Made(Arc<Vec<Value<'a>>>),
}

/// An object, or a map that was made.
#[derive(Debug, Clone)]
pub(crate) enum Map<'a> {
    Of(&'a serde_json::Map<String, Json>, Option<&'a Typing>),
    Made(Arc<Vec<(Value<'a>, Value<'a>)>>),
}

impl<'a> Value<'a> {
    /// A text that was made.
    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(Text::Made(text.into()))
    }

    /// A list that was made.
    pub(super) fn list(elements: Vec<Self>) -> Self {
        Self::List(List::Made(Arc::new(elements)))
    }

    /// A JSON value, typed by its schema if it has one.
    pub(crate) fn of(json: &'a Json, typing: Option<&'a Typing>) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => match (number.as_i64(), typing) {
                (Some(n), Some(Typing::Double)) => Self::Double(as_double(n)),
                (Some(n), _) => Self::Int(n),
                (None, _) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::of_text(text, typing),
            Json::Array(elements) => Self::List(List::Of(elements, typing)),
            Json::Object(members) => Self::Map(Map::Of(members, typing)),
        }
    }

    /// Formats are checked before expressions run; a text that is not of its format stays a text.
    fn of_text(text: &'a str, typing: Option<&Typing>) -> Self {
        let typed = match typing {
            Some(Typing::Timestamp) => functions::parse_time(text).map(Self::Timestamp),
            Some(Typing::Duration) => functions::parse_duration(text).map(Self::Duration),
            Some(Typing::Bytes) => BASE64.decode(text).ok().map(|bytes| Self::Bytes(bytes.into())),
            _ => None,
        };
        typed.unwrap_or(Self::Text(Text::Of(text)))
    }

    /// What expressions call its type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::UInt(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
            Self::Quantity(_) => functions::QUANTITY,
            Self::Url(_) => functions::URL,
            Self::Ip(_) => functions::IP,
            Self::Cidr(_) => functions::CIDR,
            Self::Rights(stage, _) => stage.name(),
            Self::Decision(_) => functions::DECISION,
            Self::Semver(_) => functions::SEMVER,
            Self::Format(_) => functions::NAMED_FORMAT,
        }
    }

    /// The field of an object, or of what may be one.
    pub(super) fn field(&self, name: &str) -> Result<Option<Self>, Fault> {
        match self {
            Self::Map(map) => Ok(map.field(name)),
            Self::Optional(None) => Ok(None),
            Self::Optional(Some(inner)) => inner.field(name),
            Self::Rights(functions::Stage::Authorizer, asking) if name == functions::REQUEST_RESOURCE => {
                Ok(Some(Self::Rights(functions::Stage::Resource, asking.of_request().into())))
            }
            other => Err(Fault::new(format!("no such overload: {}.{name}", other.type_name()))),
        }
    }

    /// The element at an index, or under a key; `None` if there is none.
    pub(super) fn at(&self, index: &Self) -> Result<Option<Self>, Fault> {
        match (self, index) {
            (Self::List(list), Self::Int(at)) => Ok(usize::try_from(*at).ok().and_then(|at| list.get(at))),
            (Self::List(list), Self::UInt(at)) => Ok(usize::try_from(*at).ok().and_then(|at| list.get(at))),
            (Self::Map(map), key) => Ok(map.get(key)),
            (Self::Optional(None), _) => Ok(None),
            (Self::Optional(Some(inner)), index) => inner.at(index),
            (whole, index) => {
                Err(Fault::new(format!("no such overload: {}[{}]", whole.type_name(), index.type_name())))
            }
        }
    }

    /// As JSON, for messages and audit annotations. Types of libraries are texts.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Null | Self::Optional(None) => Json::Null,
            Self::Bool(flag) => Json::from(*flag),
            Self::Int(n) => Json::from(*n),
            Self::UInt(n) => Json::from(*n),
            Self::Double(n) => Json::from(*n),
            Self::List(list) => list.iter().map(|element| element.to_json()).collect(),
            Self::Map(map) => {
                let entry = |(key, value): (Self, Self)| (functions::to_text(&key), value.to_json());
                Json::Object(map.entries().into_iter().map(entry).collect())
            }
            Self::Optional(Some(inner)) => inner.to_json(),
            other => Json::from(functions::to_text(other)),
        }
    }
}

/// A whole number as a floating one, rounded.
#[expect(clippy::cast_precision_loss, reason = "that is what the conversion means")]
pub(super) fn as_double(n: i64) -> f64 {
    n as f64
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Of(elements, _) => elements.len(),
            Self::Made(elements) => elements.len(),
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<Value<'a>> {
        match self {
            Self::Of(elements, typing) => elements.get(at).map(|element| Value::of(element, element_of(*typing))),
            Self::Made(elements) => elements.get(at).cloned(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// How its elements are compared.
    pub(super) fn listing(&self) -> &Listing {
        match self {
            Self::Of(_, Some(Typing::List(_, listing))) => listing,
            _ => &Listing::Atomic,
        }
    }
}

fn element_of(typing: Option<&Typing>) -> Option<&Typing> {
    match typing {
        Some(Typing::List(inner, _)) => Some(inner),
        _ => None,
    }
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Of(members, _) => members.len(),
            Self::Made(entries) => entries.len(),
        }
    }

    /// A field by its name in an expression.
    pub(super) fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Of(members, typing @ Some(Typing::Object(_))) => member(members, *typing, &json_name(name)),
            Self::Of(members, typing) => member(members, *typing, name),
            Self::Made(_) => self.get(&Value::Text(Text::Made(name.into()))),
        }
    }

    /// An entry by its key.
    pub(super) fn get(&self, key: &Value<'_>) -> Option<Value<'a>> {
        match (self, key) {
            (Self::Of(members, typing), Value::Text(key)) => member(members, *typing, key),
            (Self::Of(..), _) => None,
            (Self::Made(entries), key) => {
                entries.iter().find(|(found, _)| functions::is_same_key(found, key)).map(|(_, value)| value.clone())
            }
        }
    }

    /// Its entries, in order.
    pub(super) fn entries(&self) -> Vec<(Value<'a>, Value<'a>)> {
        match self {
            Self::Of(members, typing) => {
                let entry = |(name, value): (&'a String, &'a Json)| {
                    (Value::Text(Text::Of(name)), Value::of(value, member_typing(*typing, name)))
                };
                members.iter().map(entry).collect()
            }
            Self::Made(entries) => entries.to_vec(),
        }
    }
}

fn member<'a>(members: &'a serde_json::Map<String, Json>, typing: Option<&'a Typing>, name: &str) -> Option<Value<'a>> {
    members.get(name).map(|value| Value::of(value, member_typing(typing, name)))
}

fn member_typing<'a>(typing: Option<&'a Typing>, name: &str) -> Option<&'a Typing> {
    match typing {
        Some(Typing::Object(fields)) => fields.fields.get(name),
        Some(Typing::Map(values)) => Some(values),
        _ => None,
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Text(Text::Of(text)),
            Cow::Owned(text) => Self::text(text),
        }
    }
}
