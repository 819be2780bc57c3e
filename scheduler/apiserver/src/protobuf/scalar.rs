//! Single values: numbers and text, and the messages that are one JSON value (`Time`, `Quantity`, ...).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::Value;

use super::wire::{Reader, Wire};

/// A 32-bit integer; negative ones are sign-extended to 64 bits on the wire.
pub(super) fn int32(wire: Wire<'_>) -> Result<Value, String> {
    #[expect(clippy::cast_possible_truncation, reason = "protobuf truncates an int32 to its low 32 bits")]
    wire.varint().map(|number| Value::from(number as i32))
}

pub(super) fn int64(wire: Wire<'_>) -> Result<Value, String> {
    wire.varint().map(|number| Value::from(number.cast_signed()))
}

pub(super) fn boolean(wire: Wire<'_>) -> Result<Value, String> {
    wire.varint().map(|number| Value::from(number != 0))
}

pub(super) fn text(wire: Wire<'_>) -> Result<Value, String> {
    wire.text().map(Value::from)
}

pub(super) fn bytes(wire: Wire<'_>) -> Result<Value, String> {
    wire.bytes().map(|bytes| Value::from(BASE64.encode(bytes)))
}

/// `Quantity { 1: string }`
pub(super) fn quantity(wire: Wire<'_>) -> Result<Value, String> {
    let mut quantity = "0";
    let mut reader = Reader::new(wire.bytes()?);
    while let Some((tag, value)) = reader.field()? {
        if tag == 1 {
            quantity = value.text()?;
        }
    }
    Ok(Value::from(quantity))
}

/// `IntOrString { 1: type (0 number, 1 text), 2: number, 3: text }`
pub(super) fn int_or_string(wire: Wire<'_>) -> Result<Value, String> {
    let (mut is_text, mut number, mut string) = (false, Value::from(0), "");
    let mut reader = Reader::new(wire.bytes()?);
    while let Some((tag, value)) = reader.field()? {
        match tag {
            1 => is_text = value.varint()? == 1,
            2 => number = int32(value)?,
            3 => string = value.text()?,
            _ => {}
        }
    }
    Ok(if is_text { Value::from(string) } else { number })
}

/// How finely a time is written.
#[derive(Clone, Copy)]
pub(super) enum Precision {
    Seconds,
    Micros,
}

/// `Time { 1: seconds, 2: nanos }`; an empty message is Go's zero time, which is no time.
pub(super) fn time(wire: Wire<'_>, precision: Precision) -> Result<Option<Value>, String> {
    let message = wire.bytes()?;
    if message.is_empty() {
        return Ok(None);
    }
    let (mut seconds, mut nanos) = (0, 0);
    let mut reader = Reader::new(message);
    while let Some((tag, value)) = reader.field()? {
        match tag {
            1 => seconds = value.varint()?.cast_signed(),
            2 => nanos = i32::try_from(value.varint()?.cast_signed()).map_err(|_| "the time is out of range")?,
            _ => {}
        }
    }
    let time = Timestamp::new(seconds, nanos).map_err(|_| "the time is out of range")?;
    Ok(Some(Value::from(match precision {
        Precision::Seconds => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Precision::Micros => time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
    })))
}

/// `RawExtension { 1: JSON }` and `FieldsV1 { 1: JSON }`; an empty one is nothing.
pub(super) fn json(wire: Wire<'_>) -> Result<Option<Value>, String> {
    let mut raw: &[u8] = &[];
    let mut reader = Reader::new(wire.bytes()?);
    while let Some((tag, value)) = reader.field()? {
        if tag == 1 {
            raw = value.bytes()?;
        }
    }
    if raw.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(raw).map(Some).map_err(|error| format!("the embedded JSON is not valid: {error}"))
}

/// Whether this is the value Go's `omitempty` leaves out.
pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(_) | Value::Object(_) => false,
    }
}
