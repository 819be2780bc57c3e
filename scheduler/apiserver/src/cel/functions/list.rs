//! Lists, and lists as sets. Sources: Kubernetes' list library, cel-go's sets.

use std::cmp::Ordering;

use super::super::operators::{arithmetic, compare, contains, equal};
use super::super::value::List as ListValue;
use super::super::{Budget, Fault, Value};
use super::Gives::{Element, Of};
use super::Sort::{Any, Bool, Int, List};
use super::{Function, global, member, misused};

pub(super) const FUNCTIONS: &[Function] = &[
    member("isSorted", &[List], Of(Bool), is_sorted),
    member("sum", &[List], Element, sum),
    member("min", &[List], Element, |args, budget| extreme(args, budget, Ordering::Less)),
    member("max", &[List], Element, |args, budget| extreme(args, budget, Ordering::Greater)),
    member("indexOf", &[List, Any], Of(Int), |args, budget| index_of(args, budget, false)),
    member("lastIndexOf", &[List, Any], Of(Int), |args, budget| index_of(args, budget, true)),
    global("sets.contains", &[List, List], Of(Bool), sets_contain),
    global("sets.equivalent", &[List, List], Of(Bool), sets_equivalent),
    global("sets.intersects", &[List, List], Of(Bool), sets_intersect),
];

fn is_sorted<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::List(list)] = args else { return misused() };
    let mut before: Option<Value<'_>> = None;
    for element in list.iter() {
        if let Some(before) = &before
            && compare("isSorted", before, &element, budget)? == Some(Ordering::Greater)
        {
            return Ok(Value::Bool(false));
        }
        before = Some(element);
    }
    Ok(Value::Bool(true))
}

fn sum<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::List(list)] = args else { return misused() };
    let mut elements = list.iter();
    let Some(mut total) = elements.next() else { return Ok(Value::Int(0)) };
    if !matches!(total, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Duration(_)) {
        return Err(Fault::new(format!("no such overload: list({}).sum()", total.type_name())));
    }
    for element in elements {
        budget.pay(1)?;
        total = arithmetic("_+_", &total, &element, budget)?;
    }
    Ok(total)
}

fn extreme<'a>(args: &[Value<'a>], budget: &Budget, wanted: Ordering) -> Result<Value<'a>, Fault> {
    let [Value::List(list)] = args else { return misused() };
    let mut elements = list.iter();
    let Some(mut best) = elements.next() else { return Err(Fault::new("min and max of an empty list")) };
    for element in elements {
        if compare("min or max", &element, &best, budget)? == Some(wanted) {
            best = element;
        }
    }
    Ok(best)
}

fn index_of<'a>(args: &[Value<'a>], budget: &Budget, from_end: bool) -> Result<Value<'a>, Fault> {
    let [Value::List(list), wanted] = args else { return misused() };
    let count = list.len();
    for step in 0..count {
        let at = if from_end { count - 1 - step } else { step };
        if let Some(element) = list.get(at)
            && equal(&element, wanted, budget)?
        {
            return Ok(Value::Int(i64::try_from(at).unwrap_or(i64::MAX)));
        }
    }
    Ok(Value::Int(-1))
}

fn has_all(all: &ListValue<'_>, wanted: &ListValue<'_>, budget: &Budget) -> Result<bool, Fault> {
    for element in wanted.iter() {
        if !contains(all, &element, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sets_contain<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::List(all), Value::List(wanted)] = args else { return misused() };
    has_all(all, wanted, budget).map(Value::Bool)
}

fn sets_equivalent<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::List(a), Value::List(b)] = args else { return misused() };
    Ok(Value::Bool(has_all(a, b, budget)? && has_all(b, a, budget)?))
}

fn sets_intersect<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::List(a), Value::List(b)] = args else { return misused() };
    for element in a.iter() {
        if contains(b, &element, budget)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}
