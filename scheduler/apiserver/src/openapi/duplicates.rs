//! Fields that an object has twice, which only its text can tell: once parsed, the last one has won.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::FieldProblem;

/// Most duplicates that are told.
const DUPLICATES_MAX: usize = 20;

/// Every field of a JSON text that its object has twice; nothing if the text is not JSON.
pub(crate) fn duplicate_fields(body: &[u8]) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    let mut text = serde_json::Deserializer::from_slice(body);
    // A text that is not JSON is told elsewhere, with a better sentence.
    let walked = Walk { path: "", found: &mut found }.deserialize(&mut text);
    if walked.is_ok() { found } else { Vec::new() }
}

/// Walks one value at a path.
struct Walk<'w> {
    path: &'w str,
    found: &'w mut Vec<FieldProblem>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let dot = if self.path.is_empty() { "" } else { "." };
            let path = format!("{}{dot}{key}", self.path);
            map.next_value_seed(Walk { path: &path, found: self.found })?;
            if !seen.insert(key) && self.found.len() < DUPLICATES_MAX {
                self.found.push(FieldProblem::Duplicate { path });
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut at = 0;
        while let Some(()) = seq.next_element_seed(Walk { path: &format!("{}[{at}]", self.path), found: self.found })? {
            at += 1;
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}
