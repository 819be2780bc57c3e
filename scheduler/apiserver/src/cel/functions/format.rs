//! `"%s has %d".format([name, count])`. Source: cel-go's extension of strings.

use super::super::{Budget, Fault, Value};
use super::Gives::Of;
use super::Sort::{List, Text};
use super::convert::to_text;
use super::{Function, double, member, misused};

pub(super) const FUNCTIONS: &[Function] = &[member("format", &[Text, List], Of(Text), format)];

/// Most digits after the point that `%.nf` may ask for.
const PRECISION_MAX: usize = 100;

fn format<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Text(pattern), Value::List(list)] = args else { return misused() };
    let (mut made, mut elements, mut characters) = (String::new(), list.iter(), pattern.chars().peekable());
    budget.pay_bytes(pattern.len())?;
    while let Some(c) = characters.next() {
        if c != '%' {
            made.push(c);
            continue;
        }
        if characters.next_if_eq(&'%').is_some() {
            made.push('%');
            continue;
        }
        let mut precision = None;
        if characters.next_if_eq(&'.').is_some() {
            let mut digits = String::new();
            while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            precision = Some(digits.parse().ok().filter(|n| *n <= PRECISION_MAX).ok_or_else(|| bad("a precision"))?);
        }
        let clause = characters.next().ok_or_else(|| bad("an unfinished clause"))?;
        let value = elements.next().ok_or_else(|| bad("more clauses than arguments"))?;
        let text = written(clause, precision, &value)?;
        budget.pay_bytes(text.len())?;
        made.push_str(&text);
    }
    Ok(Value::text(made))
}

fn bad(what: &str) -> Fault {
    Fault::new(format!("format: {what} is not understood"))
}

fn written(clause: char, precision: Option<usize>, value: &Value<'_>) -> Result<String, Fault> {
    let wrong = || Fault::new(format!("error during formatting: %{clause} cannot show a {}", value.type_name()));
    Ok(match (clause, value) {
        ('s', value) => to_text(value),
        ('d', Value::Int(n)) => n.to_string(),
        ('d', Value::UInt(n)) => n.to_string(),
        ('f', value) => format!("{:.*}", precision.unwrap_or(6), double(value).ok_or_else(wrong)?),
        ('e', value) => format!("{:.*e}", precision.unwrap_or(6), double(value).ok_or_else(wrong)?),
        ('b', Value::Bool(flag)) => u8::from(*flag).to_string(),
        ('b', Value::Int(n)) => format!("{n:b}"),
        ('b', Value::UInt(n)) => format!("{n:b}"),
        ('x', Value::Int(n)) => format!("{n:x}"),
        ('x', Value::UInt(n)) => format!("{n:x}"),
        ('x', Value::Text(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('X', Value::Int(n)) => format!("{n:X}"),
        ('X', Value::UInt(n)) => format!("{n:X}"),
        ('X', Value::Text(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ('o', Value::Int(n)) => format!("{n:o}"),
        ('o', Value::UInt(n)) => format!("{n:o}"),
        ('d' | 'b' | 'x' | 'X' | 'o', _) => return Err(wrong()),
        (other, _) => return Err(bad(&format!("%{other}"))),
    })
}
