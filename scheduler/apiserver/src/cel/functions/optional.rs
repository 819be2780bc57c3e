//! Values that may be absent.

use std::sync::Arc;

use super::super::{Budget, Fault, Value};
use super::Gives::{Dyn, Held, Of, Optional as Made};
use super::Sort::{Any, Bool, Optional};
use super::{Function, global, member, misused};

pub(super) const FUNCTIONS: &[Function] = &[
    global("optional.none", &[], Of(Optional), |_, _| Ok(Value::Optional(None))),
    global("optional.of", &[Any], Made, |args, _| args.first().cloned().map_or_else(misused, |v| Ok(some(v)))),
    global("optional.ofNonZeroValue", &[Any], Made, of_non_zero),
    member("hasValue", &[Optional], Of(Bool), |args, _| {
        let [Value::Optional(inner)] = args else { return misused() };
        Ok(Value::Bool(inner.is_some()))
    }),
    member("value", &[Optional], Held, |args, _| {
        let [Value::Optional(inner)] = args else { return misused() };
        inner.as_deref().cloned().ok_or_else(|| Fault::new("optional.none() dereference"))
    }),
    member("orValue", &[Optional, Any], Dyn, |args, _| {
        let [Value::Optional(inner), other] = args else { return misused() };
        Ok(inner.as_deref().unwrap_or(other).clone())
    }),
    member("or", &[Optional, Optional], Dyn, |args, _| {
        let [first, other] = args else { return misused() };
        Ok(if matches!(first, Value::Optional(None)) { other.clone() } else { first.clone() })
    }),
];

fn some(value: Value<'_>) -> Value<'_> {
    Value::Optional(Some(Arc::new(value)))
}

fn of_non_zero<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    let [value] = args else { return misused() };
    let is_zero = match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::UInt(0) => true,
        Value::Double(n) => *n == 0.0,
        Value::Text(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.len() == 0,
        Value::Map(map) => map.len() == 0,
        _ => false,
    };
    Ok(if is_zero { Value::Optional(None) } else { some(value.clone()) })
}
