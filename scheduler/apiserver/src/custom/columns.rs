//! Columns of tables, as definitions name them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::path::JsonPath;
use crate::table;

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub(crate) kind: String,
    pub(crate) format: String,
    pub(crate) description: String,
    pub(crate) priority: i64,
    pub(crate) path: JsonPath,
}

impl Column {
    /// As tables define it. A date is shown as an age, which is text.
    pub(crate) fn definition(&self) -> Value {
        let description = if self.description.is_empty() {
            format!("Custom resource definition column (in JSONPath format): {}", self.path.label())
        } else {
            self.description.clone()
        };
        json!({
            "name": self.name,
            "type": self.kind,
            "format": self.format,
            "description": description,
            "priority": self.priority,
        })
    }

    /// What stands in it.
    fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let found = self.path.find(object);
        let Some(first) = found.first() else { return Value::Null };
        match (self.kind.as_str(), first) {
            ("date", Value::String(text)) => json!(table::age_since(text, now)),
            ("integer", Value::Number(number)) => {
                number.as_i64().map_or_else(|| Value::Number(number.clone()), Value::from)
            }
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => (*first).clone(),
            ("string", _) => json!(found.iter().map(|value| plain(value)).collect::<Vec<_>>().join(",")),
            _ => Value::Null,
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The cells of one object, after its name.
pub(crate) fn cells(columns: &[Column], object: &Value, now: Timestamp) -> Vec<Value> {
    columns.iter().map(|column| column.cell(object, now)).collect()
}
