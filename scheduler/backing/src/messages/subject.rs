//! Subjects, and the patterns that subscriptions listen with. Pure.

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::limits::{GROUP_BYTES_MAX, SUBJECT_BYTES_MAX, SUBJECT_TOKENS_MAX, SUBJECTS_MAX};

/// What a message is about: tokens with dots between them, `orders.eu.created`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject(Arc<str>);

/// Subjects to listen to: `*` stands for one token, `>` at the end for one or more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(Arc<str>);

/// What one subscription listens to: patterns of which no two match one subject, as a message comes once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subjects(Vec<Pattern>);

/// Subscriptions that share what comes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group(Arc<str>);

impl Subject {
    /// Checks a subject.
    ///
    /// # Errors
    /// [`Error::Invalid`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        tokens(text)?;
        if text.split('.').any(|token| token == "*" || token == ">") {
            return Err(wrong(text, "no wildcards: a message has one subject"));
        }
        if text.split('.').next().is_some_and(|first| first.starts_with('_')) {
            return Err(wrong(text, "no `_` at its beginning: such subjects are the broker's own"));
        }
        Ok(Self(text.into()))
    }

    /// The subject.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// [`Error::Invalid`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        tokens(text)?;
        let mut parts = text.split('.').rev();
        parts.next();
        if parts.any(|token| token == ">") {
            return Err(wrong(text, "`>` only as its last token"));
        }
        Ok(Self(text.into()))
    }

    /// The pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for a subject.
    #[must_use]
    pub fn matches(&self, subject: &Subject) -> bool {
        meet(self.0.split('.'), subject.0.split('.'))
    }

    fn overlaps(&self, other: &Self) -> bool {
        meet(self.0.split('.'), other.0.split('.'))
    }
}

impl Subjects {
    /// Checks what a subscription listens to.
    ///
    /// # Errors
    /// [`Error::Invalid`] says what is wrong.
    pub fn parse(texts: &[String]) -> Result<Self, Error> {
        match texts.len() {
            0 => return Err(Error::Invalid("a subscription needs a subject".to_owned())),
            count if count > SUBJECTS_MAX => {
                return Err(Error::too_large("subjects of a subscription", count, SUBJECTS_MAX));
            }
            _ => {}
        }
        let patterns = texts.iter().map(|text| Pattern::parse(text)).collect::<Result<Vec<_>, _>>()?;
        for (n, a) in patterns.iter().enumerate() {
            if let Some(b) = patterns[n + 1..].iter().find(|b| a.overlaps(b)) {
                let why = format!("{:?} and {:?} overlap: messages would come twice; keep one of them", a.0, b.0);
                return Err(Error::Invalid(why));
            }
        }
        Ok(Self(patterns))
    }

    /// The patterns.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.0.iter()
    }

    pub(super) fn matches(&self, subject: &Subject) -> bool {
        self.0.iter().any(|pattern| pattern.matches(subject))
    }
}

impl Group {
    /// Checks the name of a group.
    ///
    /// # Errors
    /// [`Error::Invalid`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.len() {
            0 => Err(Error::Invalid("the name of a queue group must not be empty".to_owned())),
            size if size > GROUP_BYTES_MAX => Err(Error::too_large("bytes of a queue group", size, GROUP_BYTES_MAX)),
            _ if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(Error::Invalid(format!("a queue group has visible ASCII and no spaces; this is {text:?}")))
            }
            _ => Ok(Self(text.into())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn tokens(text: &str) -> Result<(), Error> {
    if text.len() > SUBJECT_BYTES_MAX {
        return Err(Error::too_large("bytes of a subject", text.len(), SUBJECT_BYTES_MAX));
    }
    let count = text.split('.').count();
    if count > SUBJECT_TOKENS_MAX {
        return Err(Error::too_large("tokens of a subject", count, SUBJECT_TOKENS_MAX));
    }
    if text.split('.').any(str::is_empty) {
        return Err(wrong(text, "tokens with single dots between them"));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong(text, "no spaces or control characters"));
    }
    if text.split('.').any(|token| token.len() > 1 && token.contains(['*', '>'])) {
        return Err(wrong(text, "wildcards only as whole tokens"));
    }
    Ok(())
}

fn wrong(text: &str, wanted: &str) -> Error {
    Error::Invalid(format!("a subject has {wanted}; this is {text:?}"))
}

/// Whether a subject could be meant by both.
fn meet<'a>(mut a: impl Iterator<Item = &'a str>, mut b: impl Iterator<Item = &'a str>) -> bool {
    loop {
        match (a.next(), b.next()) {
            (None, None) | (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
            (Some(x), Some(y)) if x == y || x == "*" || y == "*" => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_nats() {
        let check = |pattern: &str, subject: &str, wanted: bool| {
            let (pattern, subject) =
                (Pattern::parse(pattern).expect("parses"), Subject::parse(subject).expect("parses"));
            assert_eq!(pattern.matches(&subject), wanted, "{pattern:?} {subject:?}");
        };
        check("a.b", "a.b", true);
        check("a.b", "a.b.c", false);
        check("a.b.c", "a.b", false);
        check("a.*", "a.b", true);
        check("a.*", "a", false);
        check("a.*", "a.b.c", false);
        check("*.*.c", "a.b.c", true);
        check("a.>", "a.b.c", true);
        check("a.>", "a", false);
        check(">", "a", true);
        check("*", "a.b", false);
    }

    #[test]
    fn what_is_no_subject_is_refused_with_a_reason() {
        let check = |found: Result<(), Error>, wanted: &str| {
            let error = found.expect_err("is refused").to_string();
            assert!(error.contains(wanted), "{error} does not say {wanted}");
        };
        check(Subject::parse("").map(drop), "single dots");
        check(Subject::parse("a..b").map(drop), "single dots");
        check(Subject::parse("a b").map(drop), "no spaces");
        check(Subject::parse("a.*").map(drop), "no wildcards");
        check(Subject::parse("_INBOX.x").map(drop), "the broker's own");
        check(Subject::parse(&"a.".repeat(20)).map(drop), "tokens of a subject: 21 is more than 16");
        check(Subject::parse(&"a".repeat(257)).map(drop), "bytes of a subject: 257 is more than 256");
        check(Pattern::parse("a.>.b").map(drop), "only as its last token");
        check(Pattern::parse("a.b*").map(drop), "only as whole tokens");
        check(Group::parse("a b").map(drop), "no spaces");
        let subjects =
            |texts: &[&str]| Subjects::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        check(subjects(&[]).map(drop), "needs a subject");
        for overlap in [["a.*", "a.b"], ["a.>", "*.b"], ["*.b", "a.*"], [">", "a"], ["a", "a"]] {
            check(subjects(&overlap).map(drop), "overlap");
        }
        assert!(subjects(&["a.*", "a.b.c", "b.>", "c"]).is_ok());
    }
}
