//! Kubernetes' quantities, `1500m`, `64Mi`, exact to a billionth.

use std::cmp::Ordering;

use api::quantity::parse_billionths;

use super::super::value::as_double;
use super::super::{Budget, Fault, Value};
use super::Gives::Of;
use super::Sort::{Bool, Double, Int, Quantity, Text};
use super::{Function, global, member, misused};

/// Its name as a type.
pub(in super::super) const QUANTITY: &str = "kubernetes.Quantity";
/// Parts of one.
const SCALE: i128 = 1_000_000_000;

pub(super) const FUNCTIONS: &[Function] = &[
    global("quantity", &[Text], Of(Quantity), parse),
    global("isQuantity", &[Text], Of(Bool), |args, _| {
        let [Value::Text(text)] = args else { return misused() };
        Ok(Value::Bool(parse_billionths(text).is_ok()))
    }),
    member("sign", &[Quantity], Of(Int), |args, _| {
        let [Value::Quantity(nanos)] = args else { return misused() };
        Ok(Value::Int(i64::try_from(nanos.signum()).unwrap_or(0)))
    }),
    member("isInteger", &[Quantity], Of(Bool), |args, _| {
        let [Value::Quantity(nanos)] = args else { return misused() };
        Ok(Value::Bool(nanos % SCALE == 0 && i64::try_from(nanos / SCALE).is_ok()))
    }),
    member("asInteger", &[Quantity], Of(Int), as_integer),
    member("asApproximateFloat", &[Quantity], Of(Double), approximate),
    member("add", &[Quantity, Quantity], Of(Quantity), |args, _| combine(args, i128::checked_add)),
    member("add", &[Quantity, Int], Of(Quantity), |args, _| combine(args, i128::checked_add)),
    member("sub", &[Quantity, Quantity], Of(Quantity), |args, _| combine(args, i128::checked_sub)),
    member("sub", &[Quantity, Int], Of(Quantity), |args, _| combine(args, i128::checked_sub)),
    member("isGreaterThan", &[Quantity, Quantity], Of(Bool), |args, _| ordered(args, Ordering::Greater)),
    member("isLessThan", &[Quantity, Quantity], Of(Bool), |args, _| ordered(args, Ordering::Less)),
    member("compareTo", &[Quantity, Quantity], Of(Int), |args, _| {
        let [Value::Quantity(a), Value::Quantity(b)] = args else { return misused() };
        Ok(Value::Int(a.cmp(b) as i64))
    }),
];

fn parse<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Text(text)] = args else { return misused() };
    parse_billionths(text).map(Value::Quantity).map_err(Fault::new)
}

fn as_integer<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Quantity(nanos)] = args else { return misused() };
    let whole = if nanos % SCALE == 0 { i64::try_from(nanos / SCALE).ok() } else { None };
    whole.map(Value::Int).ok_or_else(|| Fault::new("cannot convert value to integer"))
}

fn approximate<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Quantity(nanos)] = args else { return misused() };
    let part = |n: i128| i64::try_from(n).map_or(f64::INFINITY, as_double);
    Ok(Value::Double(part(nanos / SCALE) + part(nanos % SCALE) / 1e9))
}

fn combine<'a>(args: &[Value<'a>], with: fn(i128, i128) -> Option<i128>) -> Result<Value<'a>, Fault> {
    let result = match args {
        [Value::Quantity(a), Value::Quantity(b)] => with(*a, *b),
        [Value::Quantity(a), Value::Int(b)] => with(*a, i128::from(*b) * SCALE),
        _ => return misused(),
    };
    result.map(Value::Quantity).ok_or_else(|| Fault::new("quantity overflow"))
}

fn ordered<'a>(args: &[Value<'a>], wanted: Ordering) -> Result<Value<'a>, Fault> {
    let [Value::Quantity(a), Value::Quantity(b)] = args else { return misused() };
    Ok(Value::Bool(a.cmp(b) == wanted))
}

/// A quantity without a suffix, or in billionths.
pub(super) fn shown(nanos: i128) -> String {
    if nanos % SCALE == 0 { (nanos / SCALE).to_string() } else { format!("{nanos}n") }
}
