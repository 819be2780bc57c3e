//! Operators on values: equality, order, arithmetic. Source: the CEL specification, "Values" and "Operators".

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::typing::Listing;
use super::value::{List, Map, Text, as_double};
use super::{Budget, Fault, Value};

/// Whether two values are equal. Values of different types are not, numbers aside.
pub(super) fn equal(a: &Value<'_>, b: &Value<'_>, budget: &Budget) -> Result<bool, Fault> {
    budget.pay(1)?;
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => {
            budget.pay_bytes(a.len().min(b.len()))?;
            **a == **b
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.pay_bytes(a.len().min(b.len()))?;
            a == b
        }
        (Value::List(a), Value::List(b)) => lists_equal(a, b, budget)?,
        (Value::Map(a), Value::Map(b)) => maps_equal(a, b, budget)?,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Optional(None), Value::Optional(None)) => true,
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => equal(a, b, budget)?,
        (Value::Quantity(a), Value::Quantity(b)) => a == b,
        (Value::Url(a), Value::Url(b)) => a == b,
        (Value::Ip(a), Value::Ip(b)) => a == b,
        (Value::Cidr(a), Value::Cidr(b)) => a == b,
        (Value::Semver(a), Value::Semver(b)) => a == b,
        (Value::Format(a), Value::Format(b)) => a == b,
        (a, b) => numbers(a, b) == Some(Ordering::Equal),
    })
}

fn lists_equal(a: &List<'_>, b: &List<'_>, budget: &Budget) -> Result<bool, Fault> {
    if a.len() != b.len() {
        return Ok(false);
    }
    if *a.listing() != Listing::Atomic && a.listing() == b.listing() {
        // Sets, and lists whose elements have keys, are equal whatever the order.
        for element in a.iter() {
            if !contains(b, &element, budget)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    for (one, other) in a.iter().zip(b.iter()) {
        if !equal(&one, &other, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a list has an element.
pub(super) fn contains(list: &List<'_>, wanted: &Value<'_>, budget: &Budget) -> Result<bool, Fault> {
    for element in list.iter() {
        if equal(&element, wanted, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn maps_equal(a: &Map<'_>, b: &Map<'_>, budget: &Budget) -> Result<bool, Fault> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, value) in a.entries() {
        match b.get(&key) {
            Some(other) if equal(&value, &other, budget)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// The order of two numbers of any types.
fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::UInt(a), Value::UInt(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::UInt(b)) => Some(u64::try_from(*a).map_or(Ordering::Less, |a| a.cmp(b))),
        (Value::UInt(a), Value::Int(b)) => Some(u64::try_from(*b).map_or(Ordering::Greater, |b| a.cmp(&b))),
        (Value::Double(a), b) => a.partial_cmp(&double(b)?),
        (a, Value::Double(b)) => double(a)?.partial_cmp(b),
        _ => None,
    }
}

/// A number as a double.
pub(super) fn double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(n) => Some(as_double(*n)),
        Value::UInt(n) => Some(i64::try_from(*n).map_or_else(|_| as_double(i64::MAX) * 2.0, as_double)),
        Value::Double(n) => Some(*n),
        _ => None,
    }
}

/// The order of two values that have one.
pub(super) fn compare(
    operator: &str,
    a: &Value<'_>,
    b: &Value<'_>,
    budget: &Budget,
) -> Result<Option<Ordering>, Fault> {
    budget.pay(1)?;
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(Some(a.cmp(b))),
        (Value::Text(a), Value::Text(b)) => {
            budget.pay_bytes(a.len().min(b.len()))?;
            Ok(Some((**a).cmp(&**b)))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.pay_bytes(a.len().min(b.len()))?;
            Ok(Some(a.cmp(b)))
        }
        (Value::Duration(a), Value::Duration(b)) => Ok(Some(a.cmp(b))),
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(Some(a.cmp(b))),
        (a, b) if double(a).is_some() && double(b).is_some() => Ok(numbers(a, b)),
        (a, b) => Err(no_overload(operator, &[a, b])),
    }
}

/// What is said of a function that has no such arguments.
pub(super) fn no_overload(function: &str, arguments: &[&Value<'_>]) -> Fault {
    let types: Vec<_> = arguments.iter().map(|argument| argument.type_name()).collect();
    Fault::new(format!("no such overload: {}({})", function.trim_matches('_'), types.join(", ")))
}

/// `+ - * / %` and the unary minus.
pub(super) fn arithmetic<'a>(
    operator: &str,
    a: &Value<'a>,
    b: &Value<'a>,
    budget: &Budget,
) -> Result<Value<'a>, Fault> {
    let overflow = || Fault::new("integer overflow");
    match (operator, a, b) {
        ("_/_" | "_%_", Value::Int(_), Value::Int(0)) | ("_/_" | "_%_", Value::UInt(_), Value::UInt(0)) => {
            Err(Fault::new(if operator == "_/_" { "division by zero" } else { "modulus by zero" }))
        }
        (_, Value::Int(a), Value::Int(b)) => {
            let result = match operator {
                "_+_" => a.checked_add(*b),
                "_-_" => a.checked_sub(*b),
                "_*_" => a.checked_mul(*b),
                "_/_" => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            result.map(Value::Int).ok_or_else(overflow)
        }
        (_, Value::UInt(a), Value::UInt(b)) => {
            let result = match operator {
                "_+_" => a.checked_add(*b),
                "_-_" => a.checked_sub(*b),
                "_*_" => a.checked_mul(*b),
                "_/_" => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            result.map(Value::UInt).ok_or_else(overflow)
        }
        ("_+_", Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        ("_-_", Value::Double(a), Value::Double(b)) => Ok(Value::Double(a - b)),
        ("_*_", Value::Double(a), Value::Double(b)) => Ok(Value::Double(a * b)),
        ("_/_", Value::Double(a), Value::Double(b)) => Ok(Value::Double(a / b)),
        ("_+_", Value::Text(a), Value::Text(b)) => {
            budget.pay_bytes(a.len() + b.len())?;
            Ok(Value::text([&**a, &**b].concat()))
        }
        ("_+_", Value::Bytes(a), Value::Bytes(b)) => {
            budget.pay_bytes(a.len() + b.len())?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        ("_+_", Value::List(a), Value::List(b)) => concat(a, b, budget),
        ("_+_" | "_-_", a, b) => time(operator, a, b).unwrap_or_else(|| Err(no_overload(operator, &[a, b]))),
        (_, a, b) => Err(no_overload(operator, &[a, b])),
    }
}

/// Lists one after the other; those of a schema that are no sequences are merged, as `x-kubernetes-list-type` says.
fn concat<'a>(a: &List<'a>, b: &List<'a>, budget: &Budget) -> Result<Value<'a>, Fault> {
    budget.pay_elements(a.len() + b.len())?;
    let mut elements: Vec<_> = a.iter().collect();
    match a.listing() {
        Listing::Atomic => elements.extend(b.iter()),
        Listing::Set => {
            for element in b.iter() {
                if !contains(a, &element, budget)? {
                    elements.push(element);
                }
            }
        }
        Listing::Map(keys) => {
            for element in b.iter() {
                let mut place = None;
                for (at, found) in elements.iter().enumerate() {
                    if have_same_keys(found, &element, keys, budget)? {
                        place = Some(at);
                        break;
                    }
                }
                match place.and_then(|at| elements.get_mut(at)) {
                    Some(found) => *found = element,
                    None => elements.push(element),
                }
            }
        }
    }
    Ok(Value::list(elements))
}

fn have_same_keys(a: &Value<'_>, b: &Value<'_>, keys: &[String], budget: &Budget) -> Result<bool, Fault> {
    for key in keys {
        let key = Value::Text(Text::Of(key));
        let same = match (a.at(&key)?, b.at(&key)?) {
            (Some(a), Some(b)) => equal(&a, &b, budget)?,
            (None, None) => true,
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Sums and differences of times and durations.
fn time<'a>(operator: &str, a: &Value<'a>, b: &Value<'a>) -> Option<Result<Value<'a>, Fault>> {
    let range = || Fault::new("the result is out of the range of times");
    let duration = |found: Option<SignedDuration>| found.map(Value::Duration).ok_or_else(range);
    let timestamp = |found: Result<Timestamp, jiff::Error>| found.map(Value::Timestamp).map_err(|_| range());
    Some(match (operator, a, b) {
        ("_+_", Value::Duration(a), Value::Duration(b)) => duration(a.checked_add(*b)),
        ("_-_", Value::Duration(a), Value::Duration(b)) => duration(a.checked_sub(*b)),
        ("_+_", Value::Timestamp(at), Value::Duration(by)) | ("_+_", Value::Duration(by), Value::Timestamp(at)) => {
            timestamp(at.checked_add(*by))
        }
        ("_-_", Value::Timestamp(at), Value::Duration(by)) => timestamp(at.checked_sub(*by)),
        ("_-_", Value::Timestamp(a), Value::Timestamp(b)) => Ok(Value::Duration(a.duration_since(*b))),
        _ => return None,
    })
}

/// The unary minus.
pub(super) fn negate<'a>(value: &Value<'a>) -> Result<Value<'a>, Fault> {
    match value {
        Value::Int(n) => n.checked_neg().map(Value::Int).ok_or_else(|| Fault::new("integer overflow")),
        Value::Double(n) => Ok(Value::Double(-n)),
        other => Err(no_overload("-_", &[other])),
    }
}

/// `in`: an element of a list, a key of a map.
pub(super) fn is_in(wanted: &Value<'_>, all: &Value<'_>, budget: &Budget) -> Result<bool, Fault> {
    match all {
        Value::List(list) => contains(list, wanted, budget),
        Value::Map(map) => {
            budget.pay(1)?;
            Ok(map.get(wanted).is_some())
        }
        other => Err(no_overload("in", &[wanted, other])),
    }
}
