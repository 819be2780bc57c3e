//! Messages: fields found by number, nested, repeated and mapped, into a JSON object.

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::scalar::{self, Precision};
use super::wire::{Reader, Wire};
use crate::schema::{Field, Shape, Type};

/// Deepest nesting of messages; the deepest Kubernetes type needs about twenty.
const DEPTH_MAX: usize = 64;
/// Most values in one body. Two bytes can make an empty object, so a body's length alone does not bound memory.
const VALUES_MAX: usize = 200_000;
/// Most notes about unknown fields; one line of advice is worth more than a thousand.
const NOTES_MAX: usize = 16;

/// Decodes messages and remembers what it skipped.
#[derive(Default)]
pub(super) struct Decoder {
    notes: Vec<String>,
    values: usize,
    depth: usize,
}

impl Decoder {
    pub(super) fn into_notes(self) -> Vec<String> {
        self.notes
    }

    /// Merges a message into `object`. A message may come in parts, and inlined ones share their parent's object.
    pub(super) fn message(
        &mut self,
        schema: &Type,
        message: &[u8],
        object: &mut Map<String, Value>,
    ) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("messages nest deeper than {DEPTH_MAX}"));
        }
        let mut reader = Reader::new(message);
        while let Some((tag, wire)) = reader.field()? {
            self.count()?;
            if let Some(field) = schema.field_tagged(tag) {
                self.field(field, wire, object).map_err(|why| within(field.name, &why))?;
            } else if let Some(inlined) = schema.inlined.iter().find(|inlined| inlined.tag == tag) {
                self.message(inlined.schema, wire.bytes()?, object)?;
            } else {
                self.note(schema, tag);
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn field(&mut self, field: &Field, wire: Wire<'_>, object: &mut Map<String, Value>) -> Result<(), String> {
        match field.shape {
            Shape::Object(schema) => self.message(schema, wire.bytes()?, nested(object, field.name)),
            Shape::Map(value) => self.entry(*value, wire.bytes()?, nested(object, field.name)),
            Shape::List(element) => self.element(*element, wire, listed(object, field.name)),
            Shape::Wrapped(element) => self.wrapped(*element, wire, listed(object, field.name)),
            leaf => {
                let value = self.value(leaf, wire)?.filter(|v| !(field.zero_is_absent && scalar::is_zero(v)));
                // The last occurrence of a field counts, even when it says zero.
                match value {
                    Some(value) => drop(object.insert(field.name.to_owned(), value)),
                    None => drop(object.shift_remove(field.name)),
                }
                Ok(())
            }
        }
    }

    /// One element of a list; numbers may also come packed, many in one run of bytes.
    fn element(&mut self, shape: Shape, wire: Wire<'_>, list: &mut Vec<Value>) -> Result<(), String> {
        if let (Shape::Int32 | Shape::Int64 | Shape::Bool, Wire::Bytes(packed)) = (shape, wire) {
            let mut reader = Reader::new(packed);
            while let Some(number) = reader.packed()? {
                self.count()?;
                list.extend(self.value(shape, Wire::Varint(number))?);
            }
            return Ok(());
        }
        let value = self.value(shape, wire).map_err(|why| within(&format!("[{}]", list.len()), &why))?;
        list.push(value.unwrap_or(Value::Null));
        Ok(())
    }

    /// `{ 1: element, 1: element, ... }`
    fn wrapped(&mut self, shape: Shape, wire: Wire<'_>, list: &mut Vec<Value>) -> Result<(), String> {
        let mut reader = Reader::new(wire.bytes()?);
        while let Some((tag, wire)) = reader.field()? {
            self.count()?;
            if tag == 1 {
                self.element(shape, wire, list)?;
            }
        }
        Ok(())
    }

    /// `{ 1: key, 2: value }`; absent ones are empty.
    fn entry(&mut self, shape: Shape, message: &[u8], map: &mut Map<String, Value>) -> Result<(), String> {
        let (mut key, mut wire) = ("", None);
        let mut reader = Reader::new(message);
        while let Some((tag, value)) = reader.field()? {
            match tag {
                1 => key = value.text()?,
                2 => wire = Some(value),
                _ => {}
            }
        }
        let value =
            self.value(shape, wire.unwrap_or(Wire::Bytes(&[]))).map_err(|why| within(&format!("[{key}]"), &why))?;
        map.insert(key.to_owned(), value.unwrap_or(Value::Null));
        Ok(())
    }

    /// A value on its own; `None` for one that says there is nothing, such as Go's zero time.
    fn value(&mut self, shape: Shape, wire: Wire<'_>) -> Result<Option<Value>, String> {
        match shape {
            Shape::Text => scalar::text(wire).map(Some),
            Shape::Bytes => scalar::bytes(wire).map(Some),
            Shape::Bool => scalar::boolean(wire).map(Some),
            Shape::Int32 => scalar::int32(wire).map(Some),
            Shape::Int64 => scalar::int64(wire).map(Some),
            Shape::Quantity => scalar::quantity(wire).map(Some),
            Shape::IntOrString => scalar::int_or_string(wire).map(Some),
            Shape::Time => scalar::time(wire, Precision::Seconds),
            Shape::MicroTime => scalar::time(wire, Precision::Micros),
            Shape::Json => scalar::json(wire),
            Shape::Object(schema) => {
                let mut object = Map::new();
                self.message(schema, wire.bytes()?, &mut object)?;
                Ok(Some(Value::Object(object)))
            }
            Shape::Wrapped(element) | Shape::List(element) => {
                let mut list = Vec::new();
                self.wrapped(*element, wire, &mut list)?;
                Ok(Some(Value::Array(list)))
            }
            Shape::Map(_) => Err("maps of maps have no protobuf form".to_owned()),
        }
    }

    /// As if messages had nested as deep as they may.
    #[cfg(test)]
    pub(super) fn exhaust_depth(&mut self) {
        self.depth = DEPTH_MAX;
    }

    fn count(&mut self) -> Result<(), String> {
        self.values += 1;
        if self.values > VALUES_MAX { Err(format!("the body holds more than {VALUES_MAX} values")) } else { Ok(()) }
    }

    fn note(&mut self, schema: &Type, tag: u32) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(format!("protobuf field {tag} of {} is not known and was dropped", schema.name));
        }
    }
}

/// Prefixes the path of a problem: `spec.containers[0].name: the text is not UTF-8`.
fn within(name: &str, why: &str) -> String {
    let (path, what) = why.split_once(": ").filter(|(path, _)| !path.contains(' ')).unwrap_or(("", why));
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{name}{dot}{path}: {what}")
}

fn nested<'o>(object: &'o mut Map<String, Value>, name: &str) -> &'o mut Map<String, Value> {
    let value = slot(object, name, || Value::Object(Map::new()));
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it was made an object above")
}

fn listed<'o>(object: &'o mut Map<String, Value>, name: &str) -> &'o mut Vec<Value> {
    let value = slot(object, name, || Value::Array(Vec::new()));
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    value.as_array_mut().expect("it was made a list above")
}

fn slot<'o>(object: &'o mut Map<String, Value>, name: &str, make: impl FnOnce() -> Value) -> &'o mut Value {
    match object.entry(name) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(make()),
    }
}
