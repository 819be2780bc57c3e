//! The types of values in objects: what a schema says of a place, as far as expressions care.

use std::fmt;

use super::functions::{self, Stage};
use crate::schema::{self, Shape};

/// What is known of a value before it is seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Typing {
    /// Nothing.
    Dyn,
    Null,
    Bool,
    Int,
    UInt,
    Double,
    Text,
    Bytes,
    Duration,
    Timestamp,
    Type,
    /// A list of one type.
    List(Box<Typing>, Listing),
    /// An object with free keys, which are texts unless a literal says otherwise.
    Map(Box<Typing>),
    /// An object with the fields of a structural schema.
    Object(std::sync::Arc<Fields>),
    /// An object of a built kind.
    Built(&'static schema::Type),
    /// A value that may be absent.
    Optional(Box<Typing>),
    /// A type of a library: `Quantity`, `URL`, `IP`, `CIDR`.
    Named(&'static str),
}

/// What makes lists equal and their elements one.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Listing {
    /// Order counts.
    #[default]
    Atomic,
    /// Order does not count.
    Set,
    /// Elements are told apart by these keys; order does not count.
    Map(Vec<String>),
}

/// The fields of an object.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Fields {
    /// By their names in JSON.
    pub(crate) fields: std::collections::BTreeMap<String, Typing>,
}

/// Looks up fields of typed objects.
pub(crate) enum Field<'t> {
    /// It has this type.
    Known(std::borrow::Cow<'t, Typing>),
    /// There is none of this name.
    Unknown,
    /// Nobody can tell.
    Untold,
}

impl Typing {
    /// The type of a field, by its name in an expression.
    pub(crate) fn field(&self, name: &str) -> Field<'_> {
        use std::borrow::Cow;
        match self {
            Self::Object(fields) => match fields.fields.get(&*json_name(name)) {
                Some(typing) => Field::Known(Cow::Borrowed(typing)),
                None => Field::Unknown,
            },
            Self::Built(schema) => match schema.field(name) {
                Some(field) => Field::Known(Cow::Owned(Self::of_shape(field.shape))),
                None => Field::Unknown,
            },
            Self::Map(values) => Field::Known(Cow::Borrowed(values)),
            Self::Dyn => Field::Untold,
            Self::Named(of) if *of == Stage::Authorizer.name() && name == functions::REQUEST_RESOURCE => {
                Field::Known(Cow::Owned(Self::Named(Stage::Resource.name())))
            }
            _ => Field::Unknown,
        }
    }

    /// The type of values of a built kind. Times and quantities are texts, as in Kubernetes' policies.
    pub(crate) fn of_shape(shape: Shape) -> Self {
        match shape {
            Shape::Text | Shape::Bytes | Shape::Time | Shape::MicroTime => Self::Text,
            Shape::Bool => Self::Bool,
            Shape::Int32 | Shape::Int64 => Self::Int,
            Shape::Quantity | Shape::IntOrString | Shape::Json => Self::Dyn,
            Shape::Object(schema) => Self::Built(schema),
            Shape::List(inner) | Shape::Wrapped(inner) => Self::List(Box::new(Self::of_shape(*inner)), Listing::Atomic),
            Shape::Map(inner) => Self::Map(Box::new(Self::of_shape(*inner))),
        }
    }

    /// The type of elements, of keys when the value is an object.
    pub(crate) fn element(&self) -> Self {
        match self {
            Self::List(inner, _) => (**inner).clone(),
            Self::Map(_) | Self::Object(_) | Self::Built(_) => Self::Text,
            _ => Self::Dyn,
        }
    }

    /// What expressions call the type.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Dyn => "dyn",
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::UInt => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Bytes => "bytes",
            Self::Duration => "google.protobuf.Duration",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Type => "type",
            Self::List(..) => "list",
            Self::Map(_) => "map",
            Self::Object(_) | Self::Built(_) => "object",
            Self::Optional(_) => "optional_type",
            Self::Named(name) => name,
        }
    }
}

impl fmt::Display for Typing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(inner, _) => write!(f, "list({inner})"),
            Self::Map(values) => write!(f, "map(string, {values})"),
            Self::Optional(inner) => write!(f, "optional_type({inner})"),
            other => f.write_str(other.name()),
        }
    }
}

/// Names that an identifier cannot have are written with these in their place. Source: Kubernetes, "Validation
/// rules", escaping.
const ESCAPES: [(&str, &str); 5] =
    [("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/"), ("__dollar__", "$")];
/// Words of the language, escaped as `__word__`.
const RESERVED: [&str; 19] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
];

/// The name in JSON of a name in an expression.
pub(crate) fn json_name(name: &str) -> std::borrow::Cow<'_, str> {
    use std::borrow::Cow;
    if !name.contains("__") {
        return Cow::Borrowed(name);
    }
    let word = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"));
    if let Some(word) = word.filter(|word| RESERVED.contains(word)) {
        return Cow::Owned(word.to_owned());
    }
    let (mut plain, mut rest) = (String::with_capacity(name.len()), name);
    while let Some(c) = rest.chars().next() {
        if let Some((escape, meant)) = ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape)) {
            plain.push_str(meant);
            rest = &rest[escape.len()..];
        } else {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Cow::Owned(plain)
}
