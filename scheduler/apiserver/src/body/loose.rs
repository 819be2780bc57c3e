//! An untyped JSON value from any serde source, with what is odd about it noted.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::limits::{DEPTH_MAX, NODES_MAX, PROBLEMS_MAX};

/// What was odd.
#[derive(Debug, Default)]
pub(super) struct Findings {
    duplicates: RefCell<Vec<String>>,
    /// Where the decoder is; keys and `[0]`s.
    path: RefCell<Vec<Step>>,
    depth: Cell<usize>,
    nodes: Cell<usize>,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl Findings {
    /// A sentence for each duplicate key, in Kubernetes' words.
    pub(super) fn into_notes(self) -> Vec<String> {
        self.duplicates.into_inner().iter().map(|path| format!("duplicate field \"{path}\"")).collect()
    }

    fn note_duplicate(&self, key: &str) {
        let mut duplicates = self.duplicates.borrow_mut();
        if duplicates.len() >= PROBLEMS_MAX {
            return;
        }
        let mut path = String::new();
        for step in self.path.borrow().iter() {
            match step {
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => path.extend([".", key]),
                Step::Index(at) => path.push_str(&format!("[{at}]")),
            }
        }
        duplicates.push(if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") });
    }
}

/// Decodes one value.
pub(super) struct Loose<'a>(&'a Findings);

impl<'a> Loose<'a> {
    pub(super) fn new(findings: &'a Findings) -> Self {
        Self(findings)
    }

    fn enter<E: Error>(&self) -> Result<(), E> {
        let depth = self.0.depth.get() + 1;
        if depth >= DEPTH_MAX {
            return Err(E::custom(format!("nested deeper than {DEPTH_MAX} levels")));
        }
        self.0.depth.set(depth);
        Ok(())
    }

    fn leave(&self) {
        self.0.depth.set(self.0.depth.get() - 1);
    }
}

impl<'de> DeserializeSeed<'de> for Loose<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let nodes = self.0.nodes.get() + 1;
        if nodes > NODES_MAX {
            return Err(D::Error::custom(format!("more than {NODES_MAX} values")));
        }
        self.0.nodes.set(nodes);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Loose<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom(format!("{value} is not a JSON number")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut list = Vec::new();
        loop {
            self.0.path.borrow_mut().push(Step::Index(list.len()));
            let element = sequence.next_element_seed(Loose(self.0))?;
            self.0.path.borrow_mut().pop();
            let Some(element) = element else { break };
            list.push(element);
        }
        self.leave();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                self.0.note_duplicate(&key);
            }
            self.0.path.borrow_mut().push(Step::Key(key.clone()));
            let value = entries.next_value_seed(Loose(self.0))?;
            self.0.path.borrow_mut().pop();
            map.insert(key, value);
        }
        self.leave();
        Ok(Value::Object(map))
    }
}
