//! Walks objects along paths.

use std::cmp::Ordering;

use anyhow::{Result, bail};
use serde_json::Value;

use super::{Filter, Operand, Operator, Part, Path, Step};

/// The text of a template's parts.
pub(super) fn text(parts: &[Part], root: &Value) -> Result<String> {
    let mut text = String::new();
    print(parts, root, root, &mut text)?;
    Ok(text)
}

fn print(parts: &[Part], at: &Value, root: &Value, text: &mut String) -> Result<()> {
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Path(path) => {
                let found: Vec<String> = find(path, at, root)?.into_iter().map(shown).collect();
                text.push_str(&found.join(" "));
            }
            Part::Range(path, body) => {
                for each in find(path, at, root)? {
                    // What a path finds is ranged over as a list, if it is one, as kubectl does for `{range .items}`.
                    match each {
                        Value::Array(elements) if !ends_in_every(path) => {
                            elements.iter().try_for_each(|element| print(body, element, root, text))?;
                        }
                        _ => print(body, each, root, text)?,
                    }
                }
            }
        }
    }
    Ok(())
}

fn ends_in_every(path: &Path) -> bool {
    !matches!(path.steps.last(), None | Some(Step::Field(_)))
}

/// A value as it is printed: texts bare, everything else as JSON.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a path finds.
pub(super) fn find<'a>(path: &Path, at: &'a Value, root: &'a Value) -> Result<Vec<&'a Value>> {
    let mut found = vec![if path.from_root { root } else { at }];
    for step in &path.steps {
        let mut next = Vec::new();
        for value in found {
            take(step, value, root, &mut next)?;
        }
        found = next;
    }
    Ok(found)
}

fn take<'a>(step: &Step, value: &'a Value, root: &'a Value, found: &mut Vec<&'a Value>) -> Result<()> {
    match step {
        Step::Field(name) => found.extend(value.get(name)),
        Step::Every => found.extend(children(value)),
        Step::Below => below(value, found),
        Step::Index(index) => found.extend(element(value, *index)?),
        Step::Slice { from, to, by } => found.extend(slice(value, *from, *to, *by)),
        Step::Union(steps) => steps.iter().try_for_each(|step| take(step, value, root, found))?,
        Step::Filter(filter) => {
            for child in children(value) {
                if fulfils(filter, child, root)? {
                    found.push(child);
                }
            }
        }
    }
    Ok(())
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

fn below<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(value);
    for child in children(value) {
        below(child, found);
    }
}

fn element(value: &Value, index: i64) -> Result<Option<&Value>> {
    let Value::Array(elements) = value else { return Ok(None) };
    let at =
        usize::try_from(index).ok().or_else(|| elements.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?));
    match at.and_then(|at| elements.get(at)) {
        Some(element) => Ok(Some(element)),
        None => bail!("there is no element [{index}] in a list of {}", elements.len()),
    }
}

fn slice(value: &Value, from: Option<i64>, to: Option<i64>, by: i64) -> Vec<&Value> {
    let Value::Array(elements) = value else { return Vec::new() };
    let count = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    let place =
        |index: i64| usize::try_from(if index < 0 { count + index } else { index }.clamp(0, count)).unwrap_or(0);
    let (from, to) = (place(from.unwrap_or(0)), place(to.unwrap_or(count)));
    let by = usize::try_from(by).unwrap_or(1).max(1);
    elements.get(from..to).unwrap_or_default().iter().step_by(by).collect()
}

fn fulfils(filter: &Filter, at: &Value, root: &Value) -> Result<bool> {
    let Some((operator, right)) = &filter.right else {
        return Ok(!operand(&filter.left, at, root)?.is_empty());
    };
    let (left, right) = (operand(&filter.left, at, root)?, operand(right, at, root)?);
    let (Some(left), Some(right)) = (left.first(), right.first()) else { return Ok(false) };
    let order = compare(left, right);
    Ok(match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        Operator::Less => order == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order == Some(Ordering::Greater),
        Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

fn operand<'a>(operand: &'a Operand, at: &'a Value, root: &'a Value) -> Result<Vec<&'a Value>> {
    match operand {
        Operand::Path(path) => find(path, at, root),
        Operand::Value(value) => Ok(vec![value]),
    }
}

/// None if they cannot be compared.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (left, right) => (left == right).then_some(Ordering::Equal),
    }
}
