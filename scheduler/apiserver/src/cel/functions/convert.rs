//! From one type to another, and what a value's type is.

use super::super::operators::no_overload;
use super::super::value::as_double;
use super::super::{Budget, Fault, Value};
use super::Gives::{Dyn, Of, Type};
use super::Sort::{Any, Bool, Bytes, Double, Duration, Int, Text, Timestamp, UInt};
use super::time::{duration_text, parse_duration, parse_time};
use super::{Function, global, misused};

pub(super) const FUNCTIONS: &[Function] = &[
    global("bool", &[Any], Of(Bool), bool),
    global("bytes", &[Any], Of(Bytes), bytes),
    global("double", &[Any], Of(Double), double),
    global("dyn", &[Any], Dyn, |args, _| args.first().cloned().map_or_else(misused, Ok)),
    global("int", &[Any], Of(Int), int),
    global("uint", &[Any], Of(UInt), uint),
    global("string", &[Any], Of(Text), string),
    global("type", &[Any], Type, |args, _| args.first().map_or_else(misused, |v| Ok(Value::Type(v.type_name())))),
    global("timestamp", &[Any], Of(Timestamp), timestamp),
    global("duration", &[Any], Of(Duration), duration),
];

fn bool<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    match args {
        [Value::Bool(flag)] => Ok(Value::Bool(*flag)),
        [Value::Text(text)] => match &**text {
            "true" | "True" | "TRUE" | "t" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Ok(Value::Bool(false)),
            other => Err(Fault::new(format!("Type conversion error from 'string' to 'bool': {other:.40?}"))),
        },
        args => Err(no_overload("bool", &args.iter().collect::<Vec<_>>())),
    }
}

fn bytes<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    match args {
        [Value::Bytes(bytes)] => Ok(Value::Bytes(bytes.clone())),
        [Value::Text(text)] => {
            budget.pay_bytes(text.len())?;
            Ok(Value::Bytes(text.as_bytes().into()))
        }
        args => Err(no_overload("bytes", &args.iter().collect::<Vec<_>>())),
    }
}

fn double<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    match args {
        [Value::Text(text)] => text
            .parse()
            .map(Value::Double)
            .map_err(|_| Fault::new(format!("Type conversion error from 'string' to 'double': {:.40?}", &**text))),
        [value] => super::double(value).map(Value::Double).ok_or_else(|| no_overload("double", &[value])),
        _ => misused(),
    }
}

fn int<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    let range = || Fault::new("integer overflow");
    match args {
        [Value::Int(n)] => Ok(Value::Int(*n)),
        [Value::UInt(n)] => i64::try_from(*n).map(Value::Int).map_err(|_| range()),
        [Value::Double(n)] => whole(*n).map(Value::Int).ok_or_else(range),
        [Value::Timestamp(at)] => Ok(Value::Int(at.as_second())),
        [Value::Duration(d)] => i64::try_from(d.as_nanos()).map(Value::Int).map_err(|_| range()),
        [Value::Text(text)] => text
            .parse()
            .map(Value::Int)
            .map_err(|_| Fault::new(format!("Type conversion error from 'string' to 'int': {:.40?}", &**text))),
        args => Err(no_overload("int", &args.iter().collect::<Vec<_>>())),
    }
}

/// A floating number without what follows its point, if it fits.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked, and dropping the fraction is meant")]
fn whole(n: f64) -> Option<i64> {
    (n.is_finite() && n > as_double(i64::MIN) && n < as_double(i64::MAX)).then(|| n.trunc() as i64)
}

fn uint<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    let range = || Fault::new("unsigned integer overflow");
    match args {
        [Value::UInt(n)] => Ok(Value::UInt(*n)),
        [Value::Int(n)] => u64::try_from(*n).map(Value::UInt).map_err(|_| range()),
        [Value::Double(n)] => whole(*n).and_then(|n| u64::try_from(n).ok()).map(Value::UInt).ok_or_else(range),
        [Value::Text(text)] => text
            .parse()
            .map(Value::UInt)
            .map_err(|_| Fault::new(format!("Type conversion error from 'string' to 'uint': {:.40?}", &**text))),
        args => Err(no_overload("uint", &args.iter().collect::<Vec<_>>())),
    }
}

fn string<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    match args {
        [text @ Value::Text(_)] => Ok(text.clone()),
        [Value::Bytes(bytes)] => {
            budget.pay_bytes(bytes.len())?;
            let text = std::str::from_utf8(bytes).map_err(|_| Fault::new("invalid UTF-8 in bytes, cannot convert"))?;
            Ok(Value::text(text))
        }
        [value @ (Value::List(_) | Value::Map(_) | Value::Null | Value::Optional(_))] => {
            Err(no_overload("string", &[value]))
        }
        [value] => Ok(Value::text(to_text(value))),
        _ => misused(),
    }
}

/// A value as text. Lists and maps are JSON.
pub(in super::super) fn to_text(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(n) => n.to_string(),
        Value::UInt(n) => n.to_string(),
        Value::Double(n) => n.to_string(),
        Value::Text(text) => (**text).to_owned(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::List(_) | Value::Map(_) => value.to_json().to_string(),
        Value::Duration(d) => duration_text(*d),
        Value::Timestamp(at) => at.to_string(),
        Value::Type(name) => (*name).to_owned(),
        Value::Optional(None) => "optional.none()".to_owned(),
        Value::Optional(Some(inner)) => format!("optional({})", to_text(inner)),
        Value::Quantity(nanos) => super::quantity::shown(*nanos),
        Value::Url(url) => url.text.clone(),
        Value::Ip(ip) => ip.to_string(),
        Value::Cidr(network) => network.to_string(),
        Value::Rights(..) | Value::Decision(_) => value.type_name().to_owned(),
        Value::Semver(version) => version.to_string(),
        Value::Format(format) => super::named::shown(format).to_owned(),
    }
}

fn timestamp<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    match args {
        [Value::Timestamp(at)] => Ok(Value::Timestamp(*at)),
        [Value::Int(seconds)] => jiff::Timestamp::from_second(*seconds)
            .map(Value::Timestamp)
            .map_err(|_| Fault::new("the time is out of range")),
        [Value::Text(text)] => parse_time(text)
            .map(Value::Timestamp)
            .ok_or_else(|| Fault::new(format!("{:.40?} is not a time of RFC 3339", &**text))),
        args => Err(no_overload("timestamp", &args.iter().collect::<Vec<_>>())),
    }
}

fn duration<'a>(args: &[Value<'a>], _: &Budget) -> Result<Value<'a>, Fault> {
    match args {
        [Value::Duration(d)] => Ok(Value::Duration(*d)),
        [Value::Text(text)] => parse_duration(text)
            .map(Value::Duration)
            .ok_or_else(|| Fault::new(format!("{:.40?} is not a duration such as \"1h30m\"", &**text))),
        args => Err(no_overload("duration", &args.iter().collect::<Vec<_>>())),
    }
}
