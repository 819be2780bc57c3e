//! Semantic versions (semver.org), Kubernetes' library `semver`.

use std::cmp::Ordering;
use std::sync::Arc;

use super::super::{Budget, Fault, Value};
use super::Gives::Of;
use super::Sort::{Bool, Int, Semver, Text};
use super::{Function, global, member, misused};

/// Its name as a type.
pub(in super::super) const SEMVER: &str = "kubernetes.Semver";

/// A version. What is built from it (`+...`) has no part in comparing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SemanticVersion {
    numbers: [u64; 3],
    stage: Stage,
}

/// In the order of precedence.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Before(Vec<Identifier>),
    Release,
}

/// In the order of precedence: numbers before words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

pub(super) const FUNCTIONS: &[Function] = &[
    global("semver", &[Text], Of(Semver), parsed),
    global("semver", &[Text, Bool], Of(Semver), parsed),
    global("isSemver", &[Text], Of(Bool), |args, budget| Ok(Value::Bool(read(args, budget)?.is_some()))),
    global("isSemver", &[Text, Bool], Of(Bool), |args, budget| Ok(Value::Bool(read(args, budget)?.is_some()))),
    member("major", &[Semver], Of(Int), |args, _| number(args, 0)),
    member("minor", &[Semver], Of(Int), |args, _| number(args, 1)),
    member("patch", &[Semver], Of(Int), |args, _| number(args, 2)),
    member("isGreaterThan", &[Semver, Semver], Of(Bool), |args, _| Ok(Value::Bool(order(args)? == Ordering::Greater))),
    member("isLessThan", &[Semver, Semver], Of(Bool), |args, _| Ok(Value::Bool(order(args)? == Ordering::Less))),
    member("compareTo", &[Semver, Semver], Of(Int), |args, _| Ok(Value::Int(order(args)? as i64))),
];

fn read(args: &[Value<'_>], budget: &Budget) -> Result<Option<SemanticVersion>, Fault> {
    let (text, normalizes) = match args {
        [Value::Text(text)] => (text, false),
        [Value::Text(text), Value::Bool(normalizes)] => (text, *normalizes),
        _ => return misused().map(|_| None),
    };
    budget.pay_bytes(text.len())?;
    Ok(if normalizes { SemanticVersion::parse(&normalized(text)) } else { SemanticVersion::parse(text) })
}

fn parsed<'a>(args: &[Value<'a>], budget: &Budget) -> Result<Value<'a>, Fault> {
    let found = read(args, budget)?.ok_or_else(|| Fault::new("invalid semantic version"))?;
    Ok(Value::Semver(Arc::new(found)))
}

fn number<'a>(args: &[Value<'a>], at: usize) -> Result<Value<'a>, Fault> {
    let [Value::Semver(version)] = args else { return misused() };
    let number = version.numbers.get(at).and_then(|number| i64::try_from(*number).ok());
    number.map(Value::Int).ok_or_else(|| Fault::new("a part of the version is too large for an int"))
}

fn order(args: &[Value<'_>]) -> Result<Ordering, Fault> {
    let [Value::Semver(a), Value::Semver(b)] = args else { return misused().map(|_| Ordering::Equal) };
    Ok(a.cmp(b))
}

impl SemanticVersion {
    /// Reads a version as the specification has it; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
            return None;
        }
        let (core, before) = text.split_once('-').map_or((text, None), |(core, before)| (core, Some(before)));
        let mut parts = core.split('.').map(plain_number);
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        let stage = match before {
            None => Stage::Release,
            Some(before) => Stage::Before(before.split('.').map(identifier).collect::<Option<_>>()?),
        };
        parts.next().is_none().then_some(Self { numbers, stage })
    }
}

impl std::fmt::Display for SemanticVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        let Stage::Before(identifiers) = &self.stage else { return Ok(()) };
        for (at, identifier) in identifiers.iter().enumerate() {
            f.write_str(if at == 0 { "-" } else { "." })?;
            match identifier {
                Identifier::Number(number) => write!(f, "{number}")?,
                Identifier::Word(word) => f.write_str(word)?,
            }
        }
        Ok(())
    }
}

/// Digits without a zero in front.
fn plain_number(text: &str) -> Option<u64> {
    let is_plain = text == "0" || !text.starts_with('0');
    (is_plain && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn identifier(text: &str) -> Option<Identifier> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return plain_number(text).map(Identifier::Number);
    }
    is_identifier(text).then(|| Identifier::Word(text.to_owned()))
}

/// Without `v` and zeros in front, and with the numbers that were left out.
fn normalized(text: &str) -> String {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at(end);
    let mut parts: Vec<_> = core
        .split('.')
        .map(|part| match part.trim_start_matches('0') {
            "" if !part.is_empty() => "0",
            trimmed => trimmed,
        })
        .collect();
    while parts.len() < 3 {
        parts.push("0");
    }
    parts.join(".") + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_the_specification_has_it() {
        let ordered = [
            "0.9.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "10.0.0",
        ];
        let parsed = ordered.map(|text| SemanticVersion::parse(text).expect(text));
        assert!(parsed.is_sorted() && parsed.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(parsed.map(|version| version.to_string()), ordered);
        assert_eq!(SemanticVersion::parse("1.0.0+a.1-b"), SemanticVersion::parse("1.0.0"));
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.x",
            "v1.2.3",
            "1.2.3-",
            "1.2.3-a..b",
            "1.2.3-01",
            "1.2.3+",
            "+1.2.3",
        ] {
            assert_eq!(SemanticVersion::parse(text), None, "{text}");
        }
        for (text, wanted) in [("v1.2", "1.2.0"), ("01.02.3-a", "1.2.3-a"), ("1", "1.0.0"), ("v0", "0.0.0")] {
            assert_eq!(normalized(text), wanted);
        }
    }
}
