//! Texts. Positions count characters, as in cel-go.

use super::super::pattern::Pattern;
use super::super::value::List as ListValue;
use super::super::{Budget, Fault, Value};
use super::Gives::{Of, Texts};
use super::Sort::{Bool, Bytes, Int, List, Map, Text};
use super::{Function, global, member, misused};

pub(super) const FUNCTIONS: &[Function] = &[
    global("size", &[Text], Of(Int), size),
    member("size", &[Text], Of(Int), size),
    global("size", &[Bytes], Of(Int), size),
    member("size", &[Bytes], Of(Int), size),
    global("size", &[List], Of(Int), size),
    member("size", &[List], Of(Int), size),
    global("size", &[Map], Of(Int), size),
    member("size", &[Map], Of(Int), size),
    member("contains", &[Text, Text], Of(Bool), |args, budget| test(args, budget, |a, b| a.contains(b))),
    member("startsWith", &[Text, Text], Of(Bool), |args, budget| test(args, budget, |a, b| a.starts_with(b))),
    member("endsWith", &[Text, Text], Of(Bool), |args, budget| test(args, budget, |a, b| a.ends_with(b))),
    member("matches", &[Text, Text], Of(Bool), matches),
    global("matches", &[Text, Text], Of(Bool), matches),
    member("find", &[Text, Text], Of(Text), find),
    member("findAll", &[Text, Text], Texts, find_all),
    member("findAll", &[Text, Text, Int], Texts, find_all),
    member("charAt", &[Text, Int], Of(Text), char_at),
    member("indexOf", &[Text, Text], Of(Int), index_of),
    member("indexOf", &[Text, Text, Int], Of(Int), index_of),
    member("lastIndexOf", &[Text, Text], Of(Int), last_index_of),
    member("lastIndexOf", &[Text, Text, Int], Of(Int), last_index_of),
    member("lowerAscii", &[Text], Of(Text), |args, budget| map(args, budget, |text| text.to_ascii_lowercase())),
    member("upperAscii", &[Text], Of(Text), |args, budget| map(args, budget, |text| text.to_ascii_uppercase())),
    member("trim", &[Text], Of(Text), |args, budget| map(args, budget, |text| text.trim().to_owned())),
    member("reverse", &[Text], Of(Text), |args, budget| map(args, budget, |text| text.chars().rev().collect())),
    global("strings.quote", &[Text], Of(Text), |args, budget| map(args, budget, |text| format!("{text:?}"))),
    member("replace", &[Text, Text, Text], Of(Text), replace),
    member("replace", &[Text, Text, Text, Int], Of(Text), replace),
    member("split", &[Text, Text], Texts, split),
    member("split", &[Text, Text, Int], Texts, split),
    member("substring", &[Text, Int], Of(Text), substring),
    member("substring", &[Text, Int, Int], Of(Text), substring),
    member("join", &[List], Of(Text), join),
    member("join", &[List, Text], Of(Text), join),
];

fn count<'a>(n: usize) -> Value<'a> {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

fn size<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    match args {
        [Value::Text(text)] => {
            budget.pay_bytes(text.len())?;
            Ok(count(text.chars().count()))
        }
        [Value::Bytes(bytes)] => Ok(count(bytes.len())),
        [Value::List(list)] => Ok(count(list.len())),
        [Value::Map(map)] => Ok(count(map.len())),
        _ => misused(),
    }
}

fn test<'a>(args: &[Value<'a>], budget: &Budget, holds: fn(&str, &str) -> bool) -> Result<Value<'a>, Fault> {
    let [Value::Text(text), Value::Text(part)] = args else { return misused() };
    budget.pay_bytes(text.len() + part.len())?;
    Ok(Value::Bool(holds(text, part)))
}

fn map<'a>(args: &[Value<'a>], budget: &Budget, make: fn(&str) -> String) -> Result<Value<'a>, Fault> {
    let [Value::Text(text)] = args else { return misused() };
    budget.pay_bytes(text.len())?;
    Ok(Value::text(make(text)))
}

fn matches<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Text(text), Value::Text(pattern)] = args else { return misused() };
    budget.pay_match(text.len(), pattern.len())?;
    let pattern = Pattern::known(pattern).map_err(Fault::new)?;
    Ok(Value::Bool(pattern.is_match(text)))
}

/// The first part that matches, or nothing.
fn find<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Text(text), Value::Text(pattern)] = args else { return misused() };
    budget.pay_match(text.len(), pattern.len())?;
    let pattern = Pattern::known(pattern).map_err(Fault::new)?;
    Ok(Value::text(pattern.finds(text).next().unwrap_or_default()))
}

/// All parts that match, or as many as are wanted; a negative number wants all.
fn find_all<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let (text, pattern, most) = match args {
        [Value::Text(text), Value::Text(pattern)] => (text, pattern, -1),
        [Value::Text(text), Value::Text(pattern), Value::Int(most)] => (text, pattern, *most),
        _ => return misused(),
    };
    budget.pay_match(text.len(), pattern.len())?;
    let pattern = Pattern::known(pattern).map_err(Fault::new)?;
    let mut found = Vec::new();
    for part in pattern.finds(text).take(usize::try_from(most).unwrap_or(usize::MAX)) {
        budget.pay(1)?;
        found.push(Value::text(part));
    }
    Ok(Value::list(found))
}

/// The byte at which the n-th character begins; the end of the text is a place too.
fn place(text: &str, at: i64) -> Result<usize, Fault> {
    let out = || Fault::new(format!("index out of range: {at}"));
    let at = usize::try_from(at).map_err(|_| out())?;
    let mut places = text.char_indices().map(|(place, _)| place).chain([text.len()]);
    places.nth(at).ok_or_else(out)
}

fn char_at<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let [Value::Text(text), Value::Int(at)] = args else { return misused() };
    budget.pay_bytes(text.len())?;
    let rest = &text[place(text, *at)?..];
    Ok(Value::text(rest.chars().next().map(String::from).unwrap_or_default()))
}

fn index_of<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let (text, part, from) = match args {
        [Value::Text(text), Value::Text(part)] => (text, part, 0),
        [Value::Text(text), Value::Text(part), Value::Int(from)] => (text, part, *from),
        _ => return misused(),
    };
    budget.pay_bytes(text.len() + part.len())?;
    let from = place(text, from)?;
    let found = text[from..].find(&**part).map(|at| text[..from + at].chars().count());
    Ok(found.map_or(Value::Int(-1), count))
}

fn last_index_of<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let (text, part, until) = match args {
        [Value::Text(text), Value::Text(part)] => (text, part, text.len()),
        [Value::Text(text), Value::Text(part), Value::Int(until)] => (text, part, place(text, *until)?),
        _ => return misused(),
    };
    budget.pay_bytes(text.len() + part.len())?;
    // An occurrence that begins at `until` or before it counts.
    let end = until.saturating_add(part.len()).min(text.len());
    let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let found = text[..end].rfind(&**part).map(|at| text[..at].chars().count());
    Ok(found.map_or(Value::Int(-1), count))
}

fn replace<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let (text, from, to, most) = match args {
        [Value::Text(text), Value::Text(from), Value::Text(to)] => (text, from, to, usize::MAX),
        [Value::Text(text), Value::Text(from), Value::Text(to), Value::Int(most)] => {
            (text, from, to, usize::try_from(*most).unwrap_or(usize::MAX))
        }
        _ => return misused(),
    };
    budget.pay_bytes(text.len())?;
    let times = text.matches(&**from).count().min(most);
    budget.pay_bytes(times.saturating_mul(to.len()).saturating_add(text.len()))?;
    Ok(Value::text(text.replacen(&**from, to, most)))
}

fn split<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let (text, by, most) = match args {
        [Value::Text(text), Value::Text(by)] => (text, by, -1),
        [Value::Text(text), Value::Text(by), Value::Int(most)] => (text, by, *most),
        _ => return misused(),
    };
    budget.pay_bytes(text.len())?;
    let most = match usize::try_from(most) {
        Ok(0) => return Ok(Value::list(Vec::new())),
        Ok(most) => most,
        Err(_) => usize::MAX,
    };
    let parts: Vec<Value<'a>> = if by.is_empty() {
        split_characters(text, most).into_iter().map(Value::text).collect()
    } else {
        text.splitn(most, &**by).map(Value::text).collect()
    };
    budget.pay_elements(parts.len())?;
    Ok(Value::list(parts))
}

/// Go splits by nothing into characters, without empty ends.
fn split_characters(text: &str, most: usize) -> Vec<String> {
    let mut parts: Vec<String> = text.chars().take(most.saturating_sub(1)).map(String::from).collect();
    let rest: String = text.chars().skip(parts.len()).collect();
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn substring<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let (text, from, to) = match args {
        [Value::Text(text), Value::Int(from)] => (text, place(text, *from)?, text.len()),
        [Value::Text(text), Value::Int(from), Value::Int(to)] => (text, place(text, *from)?, place(text, *to)?),
        _ => return misused(),
    };
    budget.pay_bytes(text.len())?;
    text.get(from..to).map(Value::text).ok_or_else(|| Fault::new("invalid substring range: it ends before it begins"))
}

fn join<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let (list, between) = match args {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::Text(between)] => (list, &**between),
        _ => return misused(),
    };
    let mut joined = String::new();
    for (at, element) in ListValue::iter(list).enumerate() {
        let Value::Text(text) = element else { return Err(Fault::new("join: every element must be a string")) };
        budget.pay_bytes(between.len() + text.len())?;
        budget.pay(1)?;
        if at > 0 {
            joined.push_str(between);
        }
        joined.push_str(&text);
    }
    Ok(Value::text(joined))
}
