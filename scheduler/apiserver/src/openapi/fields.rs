//! Checks an object against its schema: fields that do not exist, and values of the wrong JSON type.
//!
//! An unknown field is a matter of `fieldValidation`; a value of the wrong type never is. What a value
//! says (ranges, names, what must be there) is validation and not known here.

use std::fmt;

use api::Resource;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::schema::{self, Shape, Type};

/// Most problems of one object; a file of another format would otherwise give one for each line.
const PROBLEMS_MAX: usize = 100;

/// What is wrong with one field. Its text is Kubernetes'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldProblem {
    /// The schema has no such field.
    Unknown {
        /// `spec.replica`
        path: String,
    },
    /// The value is of another JSON type than the schema says, or not of its format.
    WrongType {
        /// `spec.replicas`
        path: String,
        /// What is there, `string`.
        found: String,
        /// What must be there, `int32`.
        wanted: &'static str,
    },
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { path } => write!(f, "unknown field {path:?}"),
            Self::WrongType { path, found, wanted } => {
                write!(f, "{path}: cannot unmarshal {found} into a field of type {wanted}")
            }
        }
    }
}

/// Everything wrong with the fields of an object; nothing if its kind is not in the table.
pub(crate) fn check_fields(resource: &Resource, object: &Value) -> Vec<FieldProblem> {
    let mut check = Check { problems: Vec::new() };
    if let Some(schema) = schema::find(resource.group, resource.version, resource.kind) {
        check.value(Shape::Object(schema), object, &At::Root);
    }
    check.problems
}

/// Where the check is: a list from the inside out, made into text only for a problem.
enum At<'a> {
    Root,
    Member(&'a At<'a>, &'a str),
    Element(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Element(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
}

struct Check {
    problems: Vec<FieldProblem>,
}

impl Check {
    fn value(&mut self, shape: Shape, value: &Value, at: &At<'_>) {
        match (shape, value) {
            // Go reads null as nothing, whatever the type.
            (_, Value::Null) | (Shape::Json, _) => {}
            (Shape::Object(schema), Value::Object(members)) => self.object(schema, members, at),
            (Shape::Map(inner), Value::Object(members)) => {
                for (key, value) in members {
                    self.value(*inner, value, &At::Member(at, key));
                }
            }
            (Shape::List(inner) | Shape::Wrapped(inner), Value::Array(elements)) => {
                for (index, value) in elements.iter().enumerate() {
                    self.value(*inner, value, &At::Element(at, index));
                }
            }
            (leaf, value) if fits(leaf, value) => {}
            (shape, value) => self.push(FieldProblem::WrongType {
                path: at.to_string(),
                found: name_of(shape, value),
                wanted: shape_name(shape),
            }),
        }
    }

    fn object(&mut self, schema: &Type, members: &Map<String, Value>, at: &At<'_>) {
        for (name, value) in members {
            let at = At::Member(at, name);
            match schema.field(name) {
                Some(field) => self.value(field.shape, value, &at),
                None => self.push(FieldProblem::Unknown { path: at.to_string() }),
            }
        }
    }

    fn push(&mut self, problem: FieldProblem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }
}

/// Whether a value is of the shape's JSON type, and of its format where a decoder would refuse another.
fn fits(shape: Shape, value: &Value) -> bool {
    match (shape, value) {
        (Shape::Text, Value::String(_))
        | (Shape::Quantity, Value::String(_) | Value::Number(_))
        | (Shape::IntOrString, Value::String(_))
        | (Shape::Bool, Value::Bool(_)) => true,
        (Shape::Bytes, Value::String(text)) => BASE64.decode(text).is_ok(),
        (Shape::Time | Shape::MicroTime, Value::String(text)) => text.parse::<Timestamp>().is_ok(),
        (Shape::Int32 | Shape::IntOrString, value) => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        (Shape::Int64, value) => value.as_i64().is_some(),
        _ => false,
    }
}

fn name_of(shape: Shape, value: &Value) -> String {
    match (shape, value) {
        (Shape::Bytes | Shape::Time | Shape::MicroTime, Value::String(text)) => {
            // Enough to recognise a time; a secret's text must not end up in a message.
            if matches!(shape, Shape::Bytes) {
                "text that is not base64".to_owned()
            } else {
                format!("text {text:.40?}")
            }
        }
        (_, Value::Null) => "null".to_owned(),
        (_, Value::Bool(_)) => "bool".to_owned(),
        (_, Value::Number(number)) => format!("number {number}"),
        (_, Value::String(_)) => "string".to_owned(),
        (_, Value::Array(_)) => "array".to_owned(),
        (_, Value::Object(_)) => "object".to_owned(),
    }
}

fn shape_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "string",
        Shape::Bytes => "base64 string",
        Shape::Bool => "bool",
        Shape::Int32 => "int32",
        Shape::Int64 => "int64",
        Shape::Time | Shape::MicroTime => "RFC 3339 time",
        Shape::Quantity => "quantity",
        Shape::IntOrString => "int32 or string",
        Shape::Json => "JSON",
        Shape::Object(_) | Shape::Map(_) => "object",
        Shape::List(_) | Shape::Wrapped(_) => "array",
    }
}
