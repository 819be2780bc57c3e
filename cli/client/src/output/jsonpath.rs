//! Paths into objects in kubectl's dialect of JSONPath: text with expressions in braces.
//!
//! `{.a.b[0]['c','d'][*]..e[?(@.type=="Ready")].f}`, `{range .items[*]}...{end}`, `{"\n"}`. What is not there is nothing;
//! an index beyond a list's end is an error, as in kubectl. Regular expressions in filters are not part of the dialect.

mod evaluate;
mod parse;

#[cfg(test)]
mod tests;

use std::str::FromStr;

use anyhow::Result;
use serde_json::Value;

pub(crate) use evaluate::shown;

/// Deepest nesting of ranges, and of filters.
const DEPTH_MAX: usize = 16;

/// Text and expressions, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Vec<Part>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// Outside of braces, or quoted within.
    Text(String),
    /// Printed with spaces between what it finds.
    Path(Path),
    /// The body once for each thing found.
    Range(Path, Vec<Part>),
}

/// Steps from the object, or from what a range or filter stands at.
#[derive(Clone, Debug, PartialEq)]
struct Path {
    /// `$`: from the object, wherever it stands.
    from_root: bool,
    steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `.name`, `['name']`
    Field(String),
    /// `.*`, `[*]`
    Every,
    /// `..`: itself and everything below.
    Below,
    /// `[-1]`
    Index(i64),
    /// `[1:3]`, `[::2]`
    Slice { from: Option<i64>, to: Option<i64>, by: i64 },
    /// `['a','b']`, `[0,2]`
    Union(Vec<Step>),
    /// `[?(@.a=="b")]`
    Filter(Box<Filter>),
}

/// What elements must fulfil.
#[derive(Clone, Debug, PartialEq)]
struct Filter {
    left: Operand,
    /// None asks whether `left` is there.
    right: Option<(Operator, Operand)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Path(Path),
    Value(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse::template(text).map_err(|why| format!("{why}, in the template {text:?}"))
    }
}

impl Template {
    /// A single path whose braces and leading dot may be left out, as in `--sort-by` and custom columns.
    pub(crate) fn relaxed(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let bare = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        if bare.is_empty() || bare.contains(['{', '}']) {
            return Err(format!("{text:?} is not one path such as .metadata.name"));
        }
        let dot = if bare.starts_with(['.', '$', '@', '[']) { "" } else { "." };
        format!("{{{dot}{bare}}}").parse()
    }

    /// The text of a template for an object.
    ///
    /// # Errors
    /// An index lies beyond a list's end.
    pub(crate) fn text(&self, object: &Value) -> Result<String> {
        evaluate::text(&self.0, object)
    }

    /// What the paths of a template find.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(crate) fn values<'a>(&self, object: &'a Value) -> Result<Vec<&'a Value>> {
        let mut found = Vec::new();
        for part in &self.0 {
            if let Part::Path(path) = part {
                found.extend(evaluate::find(path, object, object)?);
            }
        }
        Ok(found)
    }
}
