//! PodDisruptionBudgets.

use jiff::Timestamp;
use serde_json::Value;

use super::{AGE, NAME, Printer, age, integer, read, text};

pub(super) static PRINTER: Printer = Printer {
    columns: &[
        NAME,
        text("Min Available", "Pods that must be available."),
        text("Max Unavailable", "Pods that may be unavailable."),
        integer("Allowed Disruptions", "Pods that may be evicted now."),
        AGE,
    ],
    cells: budget,
};

fn budget(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        read::name(object),
        bound(object, "/spec/minAvailable"),
        bound(object, "/spec/maxUnavailable"),
        read::number(object, "/status/disruptionsAllowed").into(),
        age::of(object, now),
    ]
}

fn bound(object: &Value, pointer: &str) -> Value {
    match object.pointer(pointer) {
        Some(Value::String(text)) => text.clone().into(),
        Some(Value::Number(number)) => number.to_string().into(),
        _ => "N/A".into(),
    }
}
