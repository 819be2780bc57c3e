//! Whether a value is what its schema says; everything that is not, in Kubernetes' words. Pure.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value, json};

use super::format::Format;
use super::schema::{Checks, Kind, Limit, Schema};
use crate::cel::Listing;
use crate::field::{Path, Problems};

/// Finds everything wrong with a value.
pub(super) fn check(schema: &Schema, value: &Value, path: &Path, problems: &mut Problems) {
    if value.is_null() && schema.nullable {
        return;
    }
    if schema.int_or_string {
        if !(value.is_i64() || value.is_u64() || value.is_string()) {
            wrong_type(path, value, "integer,string", problems);
            return;
        }
    } else if let Some(kind) = schema.kind
        && !is_of(kind, value)
    {
        wrong_type(path, value, kind.name(), problems);
        return;
    }
    if schema.embedded {
        embedded(value, path, problems);
    }
    judge(schema, value, path, problems);
    listing(schema, value, path, problems);
}

/// Judges a value by all but its type.
fn judge(schema: &Schema, value: &Value, path: &Path, problems: &mut Problems) {
    let checks = &schema.checks;
    if !checks.one_of_values.is_empty() && !checks.one_of_values.contains(value) {
        let supported: Vec<String> = checks.one_of_values.iter().map(plain).collect();
        let supported: Vec<&str> = supported.iter().map(String::as_str).collect();
        problems.not_supported(path, &plain(value), &supported);
    }
    match value {
        Value::Number(number) => numbers(checks, number, path, problems),
        Value::String(text) => texts(checks, text, path, problems),
        Value::Array(elements) => {
            size(checks, elements.len(), "items", path, problems);
            if let Some(items) = &schema.items {
                for (at, element) in elements.iter().enumerate() {
                    part(items, element, &path.index(at), problems);
                }
            }
        }
        Value::Object(members) => {
            size(checks, members.len(), "properties", path, problems);
            object(schema, members, path, problems);
        }
        Value::Null | Value::Bool(_) => {}
    }
    logic(checks, value, path, problems);
}

/// A part of a value: places in `anyOf` and its kin say nothing of types.
fn part(schema: &Schema, value: &Value, path: &Path, problems: &mut Problems) {
    check(schema, value, path, problems);
}

fn object(schema: &Schema, members: &Map<String, Value>, path: &Path, problems: &mut Problems) {
    for name in schema.checks.required.iter().filter(|name| !members.contains_key(*name)) {
        problems.required(&path.child(name), "");
    }
    for (name, value) in members {
        if let Some(property) = schema.properties.get(name) {
            part(property, value, &path.child(name), problems);
        } else if let Some(values) = &schema.additional {
            part(values, value, &path.child(name), problems);
        }
    }
}

fn is_of(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Object => value.is_object(),
        Kind::Array => value.is_array(),
        Kind::Text => value.is_string(),
        // `1.0` is an integer in JSON Schema.
        Kind::Integer => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wrong_type(path: &Path, value: &Value, wanted: &str, problems: &mut Problems) {
    let found = type_name(value);
    problems.invalid(path, found, format!("{path} in body must be of type {wanted}: {found:?}"));
}

/// A value as enumerations show it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn numbers(checks: &Checks, number: &Number, path: &Path, problems: &mut Problems) {
    let mut bound = |limit: &Option<Limit>, wrong: Ordering, word: &str| {
        let Some(Limit { value, exclusive }) = limit else { return };
        let order = compare(number, value);
        if order == Some(wrong) || (*exclusive && order == Some(Ordering::Equal)) {
            let or_equal = if *exclusive { "" } else { " or equal to" };
            problems.invalid(
                path,
                number,
                format!("{path} in body should be {word}{or_equal} {}", plain_number(value)),
            );
        }
    };
    bound(&checks.minimum, Ordering::Less, "greater than");
    bound(&checks.maximum, Ordering::Greater, "less than");
    if let Some(step) = &checks.multiple_of
        && !is_multiple(number, step)
    {
        problems.invalid(path, number, format!("{path} in body should be a multiple of {step}"));
    }
    let fits = |format| match format {
        Format::Int32 => number.as_i64().is_none_or(|n| i32::try_from(n).is_ok()),
        Format::Int64 => number.as_u64().is_none_or(|n| i64::try_from(n).is_ok()),
        _ => true,
    };
    if let Some(format) = checks.format.filter(|format| !fits(*format)) {
        problems.invalid(path, number, format!("{path} in body must be of type {}: \"{number}\"", format.name()));
    }
}

/// `0.0` is written as `0`, as Go does.
fn plain_number(number: &Number) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn is_multiple(number: &Number, step: &Number) -> bool {
    match (number.as_i64(), step.as_i64()) {
        (Some(number), Some(step)) => step == 0 || number.checked_rem(step).unwrap_or(0) == 0,
        _ => {
            let ratio = number.as_f64().unwrap_or(0.0) / step.as_f64().unwrap_or(1.0);
            (ratio - ratio.round()).abs() < 1e-9
        }
    }
}

fn texts(checks: &Checks, text: &str, path: &Path, problems: &mut Problems) {
    let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if let Some(most) = checks.most.filter(|most| characters > *most) {
        problems.too_long(path, usize::try_from(most).unwrap_or(usize::MAX));
    }
    if let Some(least) = checks.least.filter(|least| characters < *least) {
        problems.invalid(path, text, format!("{path} in body should be at least {least} chars long"));
    }
    if let Some(pattern) = checks.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
        problems.invalid(path, text, format!("{path} in body should match '{}'", pattern.source()));
    }
    if let Some(format) = checks.format.filter(|format| !format.has(text)) {
        problems.invalid(path, text, format!("{path} in body must be of type {}: {text:?}", format.name()));
    }
}

fn size(checks: &Checks, count: usize, what: &str, path: &Path, problems: &mut Problems) {
    let found = u64::try_from(count).unwrap_or(u64::MAX);
    if let Some(most) = checks.most.filter(|most| found > *most) {
        problems.too_many(path, count, usize::try_from(most).unwrap_or(usize::MAX));
    }
    if let Some(least) = checks.least.filter(|least| found < *least) {
        problems.invalid(path, count, format!("{path} in body should have at least {least} {what}"));
    }
}

fn logic(checks: &Checks, value: &Value, path: &Path, problems: &mut Problems) {
    let holds = |schema: &Schema| {
        let mut found = Problems::default();
        check(schema, value, path, &mut found);
        found.is_empty()
    };
    for schema in &checks.all_of {
        check(schema, value, path, problems);
    }
    let shown = type_name(value);
    if !checks.any_of.is_empty() && !checks.any_of.iter().any(holds) {
        problems.invalid(path, shown, format!("{path} in body must validate at least one schema (anyOf)"));
    }
    let count = checks.one_of.iter().filter(|schema| holds(schema)).count();
    if !checks.one_of.is_empty() && count != 1 {
        let found = if count == 0 { "none valid".to_owned() } else { format!("{count} valid alternatives") };
        let why = format!("{path} in body must validate one and only one schema (oneOf). Found {found}");
        problems.invalid(path, shown, why);
    }
    if checks.not.as_deref().is_some_and(holds) {
        problems.invalid(path, shown, format!("{path} in body must not validate the schema (not)"));
    }
}

/// Elements of sets and of lists with keys must differ.
fn listing(schema: &Schema, value: &Value, path: &Path, problems: &mut Problems) {
    let Value::Array(elements) = value else { return };
    let identity = |element: &Value| match &schema.listing {
        Listing::Atomic => None,
        Listing::Set => Some(element.clone()),
        Listing::Map(keys) => {
            let key = |name: &String| {
                let default = || schema.items.as_ref()?.properties.get(name)?.default.clone();
                element.get(name).cloned().or_else(default).map(|value| (name.clone(), value))
            };
            Some(Value::Object(keys.iter().filter_map(key).collect()))
        }
    };
    let mut seen = std::collections::HashSet::new();
    for (at, element) in elements.iter().enumerate() {
        let Some(identity) = identity(element) else { return };
        if !seen.insert(identity.to_string()) {
            problems.duplicate(&path.index(at), identity);
        }
    }
}

/// An object within an object must say what it is.
fn embedded(value: &Value, path: &Path, problems: &mut Problems) {
    for name in ["apiVersion", "kind"] {
        match value.get(name) {
            None | Some(Value::Null) => problems.required(&path.child(name), "must not be empty"),
            Some(Value::String(text)) if !text.is_empty() => {}
            Some(other) => problems.invalid(&path.child(name), other, "must be a string that is not empty"),
        }
    }
    if let Some(metadata) = value.get("metadata").filter(|metadata| !metadata.is_object()) {
        wrong_type(&path.child("metadata"), metadata, "object", problems);
    }
}

/// Whether a default is what its own place says.
pub(super) fn check_default(schema: &Schema, path: &Path, problems: &mut Problems) {
    let Some(default) = &schema.default else { return };
    let mut filled = default.clone();
    let unknown = super::reshape::prune_part(schema, &mut filled);
    if !unknown.is_empty() {
        problems.invalid(path, default, format!("must not have unknown fields: {}", unknown.join(", ")));
    }
    super::reshape::fill(schema, &mut filled);
    let mut found = Problems::default();
    check(schema, &filled, path, &mut found);
    if !found.is_empty() {
        problems.invalid(path, json!(default), found.summary());
    }
}
