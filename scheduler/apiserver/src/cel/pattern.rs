//! Regular expressions, in the dialect of Go, which manifests are written in.
//!
//! The engine is linear in the text. A pattern is weighed before it is compiled: one that would unfold into a large
//! machine is refused. Classes are translated where the dialects differ: `\d`, `\w`, `\s` and `\b` are about ASCII in
//! Go, and `[`, `&&`, `--`, `~~` within a class mean themselves.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;

/// Longest pattern.
const PATTERN_BYTES_MAX: usize = 4 << 10;
/// Most states a pattern may unfold into, roughly. Go refuses repetitions beyond 1,000 for the same reason.
const STATES_MAX: usize = 5_000;
/// States of a class of Unicode characters.
const CLASS_STATES: usize = 20;
/// Compiled patterns of expressions that are kept: those of a busy cluster's policies and definitions. When there are
/// more all are forgotten, which costs time and nothing else.
const KEPT_MAX: usize = 256;

/// A pattern that can be matched. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// As it was written.
    source: String,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

static KEPT: LazyLock<Mutex<HashMap<String, Pattern>>> = LazyLock::new(Mutex::default);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none, or that it is too large.
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        if source.len() > PATTERN_BYTES_MAX {
            return Err(format!("a regular expression may not be longer than {PATTERN_BYTES_MAX} bytes"));
        }
        let regex = Regex::new(&Translation::of(source)?).map_err(|error| {
            let shown = error.to_string();
            let why = shown.lines().last().unwrap_or_default();
            format!("invalid regular expression {source:?}: {}", why.trim_start_matches("error: "))
        })?;
        Ok(Self { source: source.to_owned(), regex })
    }

    /// The same for an expression, which names one pattern again and again.
    ///
    /// # Errors
    /// See [`Pattern::new`].
    pub(crate) fn known(source: &str) -> Result<Self, String> {
        let lock = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(source) {
            return Ok(known.clone());
        }
        let pattern = Self::new(source)?;
        let mut kept = lock();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(source.to_owned(), pattern.clone());
        Ok(pattern)
    }

    /// As it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether a text has a part that matches.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The parts of a text that match, from the left, none of which overlap.
    pub(crate) fn finds<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.regex.find_iter(text).map(|found| found.as_str())
    }
}

/// A pattern on its way into the engine's dialect, and its weight.
struct Translation {
    made: String,
    /// States of each open group; the outermost first.
    groups: Vec<usize>,
    /// States of what a repetition would repeat.
    last: usize,
}

impl Translation {
    fn of(source: &str) -> Result<String, String> {
        let mut this = Self { made: String::with_capacity(source.len()), groups: vec![0], last: 0 };
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            rest = match c {
                '\\' => this.escape(after, false),
                '[' => this.class(after),
                '(' => {
                    this.settle();
                    this.groups.push(0);
                    this.made.push('(');
                    after
                }
                ')' => {
                    this.settle();
                    this.last = this.groups.pop().unwrap_or(0);
                    if this.groups.is_empty() {
                        this.groups.push(0);
                    }
                    this.made.push(')');
                    after
                }
                '{' => this.repetition(after)?,
                c => {
                    if !matches!(c, '*' | '+' | '?') {
                        this.settle();
                        this.last = if c == '.' { CLASS_STATES } else { 1 };
                    }
                    this.made.push(c);
                    after
                }
            };
            let total = this.groups.iter().fold(this.last, |sum, group| sum.saturating_add(*group));
            if total > STATES_MAX {
                return Err("the regular expression is too large when its repetitions are unfolded".to_owned());
            }
        }
        Ok(this.made)
    }

    /// What came before is not repeated: it counts once.
    fn settle(&mut self) {
        if let Some(group) = self.groups.last_mut() {
            *group = group.saturating_add(self.last);
        }
        self.last = 0;
    }

    /// After a backslash.
    fn escape<'t>(&mut self, rest: &'t str, in_class: bool) -> &'t str {
        let Some(c) = rest.chars().next() else {
            self.made.push('\\');
            return rest;
        };
        let after = &rest[c.len_utf8()..];
        if !in_class {
            self.settle();
            self.last = if matches!(c, 'p' | 'P' | 'D' | 'W' | 'S') { CLASS_STATES } else { 1 };
        }
        if c == 'Q' && !in_class {
            let (quoted, after) = after.split_once("\\E").unwrap_or((after, ""));
            for c in quoted.chars() {
                self.settle();
                self.last = 1;
                if c.is_ascii_punctuation() {
                    self.made.push('\\');
                }
                self.made.push(c);
            }
            return after;
        }
        match (c, in_class) {
            ('d', false) => self.made.push_str("[0-9]"),
            ('D', _) => self.made.push_str("[^0-9]"),
            ('w', false) => self.made.push_str("[0-9A-Za-z_]"),
            ('W', _) => self.made.push_str("[^0-9A-Za-z_]"),
            ('s', false) => self.made.push_str("[\\t\\n\\f\\r ]"),
            ('S', _) => self.made.push_str("[^\\t\\n\\f\\r ]"),
            ('d', true) => self.made.push_str("0-9"),
            ('w', true) => self.made.push_str("0-9A-Za-z_"),
            ('s', true) => self.made.push_str("\\t\\n\\f\\r "),
            ('b', false) => self.made.push_str("(?-u:\\b)"),
            ('B', false) => self.made.push_str("(?-u:\\B)"),
            (c, _) => {
                self.made.push('\\');
                self.made.push(c);
            }
        }
        after
    }

    /// After `[`.
    fn class<'t>(&mut self, rest: &'t str) -> &'t str {
        self.settle();
        self.last = CLASS_STATES;
        self.made.push('[');
        let mut rest = rest;
        if let Some(after) = rest.strip_prefix('^') {
            self.made.push('^');
            rest = after;
        }
        let mut is_first = true;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            rest = match c {
                ']' if !is_first => {
                    self.made.push(']');
                    return after;
                }
                '\\' => self.escape(after, true),
                '[' if after.starts_with(':') => {
                    let end = after.find(":]").map_or(0, |at| at + 2);
                    self.made.push('[');
                    self.made.push_str(&after[..end]);
                    &after[end..]
                }
                '[' | ']' | '&' | '~' => {
                    self.made.push('\\');
                    self.made.push(c);
                    after
                }
                '-' if after.starts_with('-') => {
                    self.made.push_str("\\-");
                    after
                }
                c => {
                    self.made.push(c);
                    after
                }
            };
            is_first = false;
        }
        rest
    }

    /// After `{`: `n}`, `n,}`, `n,m}`; anything else is text.
    fn repetition<'t>(&mut self, rest: &'t str) -> Result<&'t str, String> {
        let inner = rest.find('}').map(|end| &rest[..end]);
        let is_count = |inner: &&str| {
            inner.starts_with(|c: char| c.is_ascii_digit()) && inner.bytes().all(|b| b.is_ascii_digit() || b == b',')
        };
        let Some(inner) = inner.filter(is_count) else {
            self.settle();
            self.last = 1;
            self.made.push_str("\\{");
            return Ok(rest);
        };
        let most = inner.split(',').filter_map(|n| n.parse::<usize>().ok()).max().unwrap_or(usize::MAX);
        if most > 1000 {
            return Err(format!("invalid repeat count: {{{inner}}}"));
        }
        self.last = self.last.saturating_mul(most.max(1));
        self.made.push('{');
        self.made.push_str(inner);
        self.made.push('}');
        Ok(&rest[inner.len() + 1..])
    }
}
