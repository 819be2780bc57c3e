//! Regular expressions, in the dialect of Go, which manifests are written in.
//!
//! The engine is the one the crate `cel` brings (linear in the text). It compiles a pattern each time, so a pattern
//! is weighed before: one that would unfold into a large machine is refused. Classes are translated where the
//! dialects differ: `\d`, `\w`, `\s` and `\b` are about ASCII in Go, and `[`, `&&`, `--`, `~~` within a class mean
//! themselves.

use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Value};

/// Longest pattern.
const PATTERN_BYTES_MAX: usize = 4 << 10;
/// Most states a pattern may unfold into, roughly. Go refuses repetitions beyond 1,000 for the same reason.
const STATES_MAX: usize = 5_000;
/// States of a class of Unicode characters.
const CLASS_STATES: usize = 20;

/// A pattern that can be matched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    /// As it was written.
    source: String,
    translated: String,
}

/// What matches: the one function the engine is reached by.
static MATCHES: LazyLock<Option<cel::Program>> = LazyLock::new(|| cel::Program::compile("text.matches(pattern)").ok());
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none, or that it is too large.
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        if source.len() > PATTERN_BYTES_MAX {
            return Err(format!("a regular expression may not be longer than {PATTERN_BYTES_MAX} bytes"));
        }
        let translated = Translation::of(source)?;
        let pattern = Self { source: source.to_owned(), translated };
        pattern.matches("").map(|_| pattern)
    }

    /// As it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether a text has a part that matches.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.matches(text).unwrap_or(false)
    }

    fn matches(&self, text: &str) -> Result<bool, String> {
        let program = MATCHES.as_ref().ok_or("there is no engine for regular expressions")?;
        let mut context = Context::with_env(ENV.clone());
        context.add_variable_from_value("text", text.to_owned());
        context.add_variable_from_value("pattern", self.translated.clone());
        match program.execute(&context) {
            Ok(Value::Bool(matched)) => Ok(matched),
            Ok(_) => Err("there is no engine for regular expressions".to_owned()),
            Err(cel::ExecutionError::FunctionError { message, .. }) => {
                let why = message.lines().last().unwrap_or_default();
                Err(format!("invalid regular expression {:?}: {}", self.source, why.trim_start_matches("error: ")))
            }
            Err(error) => Err(error.to_string()),
        }
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
