//! What is used, with the columns of Kubernetes' metrics server.

use api::quantity::{of_bytes, of_nanos, parse_bytes, parse_nanos};
use jiff::Timestamp;
use serde_json::Value;

use super::{Column, NAME, Printer, read};

const COLUMNS: &[Column] = &[NAME, formatted("cpu", "quantity"), formatted("memory", "quantity"), WINDOW];
const WINDOW: Column = formatted("Window", "duration");

const fn formatted(name: &'static str, format: &'static str) -> Column {
    Column { name, kind: "string", format, priority: 0, description: "" }
}

pub(super) static NODE: Printer = Printer { columns: COLUMNS, cells: node };
pub(super) static POD: Printer = Printer { columns: COLUMNS, cells: pod };

fn node(object: &Value, _: Timestamp) -> Vec<Value> {
    cells(object, &[&object["usage"]])
}

fn pod(object: &Value, _: Timestamp) -> Vec<Value> {
    let containers: Vec<_> = object["containers"].as_array().into_iter().flatten().map(|c| &c["usage"]).collect();
    cells(object, &containers)
}

fn cells(object: &Value, usages: &[&Value]) -> Vec<Value> {
    let sum = |name: &str, parse: fn(&str) -> Result<i64, String>| {
        let amounts = usages.iter().filter_map(|usage| parse(usage[name].as_str()?).ok());
        amounts.filter_map(|amount| u64::try_from(amount).ok()).fold(0, u64::saturating_add)
    };
    let (cpu, memory) = (of_nanos(sum("cpu", parse_nanos)), of_bytes(sum("memory", parse_bytes)));
    vec![read::name(object), cpu.into(), memory.into(), object["window"].clone()]
}
