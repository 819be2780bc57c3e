//! `-o custom-columns=NAME:.metadata.name,...`: columns of one's own.

use std::str::FromStr;

use anyhow::Result;
use serde_json::Value;

use super::jsonpath::{Template, shown};
use super::table::{Grid, harmless};

/// Headings and paths.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Columns(Vec<(String, Template)>);

/// Whether a line of headings comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    Shown,
    Hidden,
}

impl FromStr for Columns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let column = |column: &str| match column.split_once(':') {
            Some((heading, path)) if !heading.is_empty() && !path.is_empty() => {
                Ok((heading.to_owned(), Template::relaxed(path)?))
            }
            _ => Err(format!("the column {column:?} is not of the form NAME:.path")),
        };
        split(text).into_iter().map(column).collect::<Result<_, _>>().map(Self)
    }
}

/// At commas outside of brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, character) in text.char_indices() {
        match character {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

impl Columns {
    /// A file has headings in its first line and paths in its second.
    pub(super) fn of_file(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().map(str::split_whitespace);
        let (Some(headings), Some(paths)) = (lines.next(), lines.next()) else {
            return Err("a file of columns has a line of headings and a line of paths".to_owned());
        };
        let pairs: Vec<(&str, &str)> = headings.clone().zip(paths.clone()).collect();
        if pairs.len() != headings.count() || pairs.len() != paths.count() {
            return Err("a file of columns has as many headings as paths".to_owned());
        }
        let column = |(heading, path): (&str, &str)| Ok((heading.to_owned(), Template::relaxed(path)?));
        pairs.into_iter().map(column).collect::<Result<_, String>>().map(Self)
    }

    /// The lines; in a watch only the first table has a heading.
    pub(crate) fn text(&self, objects: &[Value], heading_is: Heading) -> Result<String> {
        let heading = self.0.iter().map(|(heading, _)| heading.clone()).collect();
        let mut rows = Vec::new();
        for object in objects {
            let cell = |(_, path): &(String, Template)| {
                let values = path.values(object)?;
                let cell = values.iter().map(|value| shown(value)).collect::<Vec<_>>().join(",");
                Ok(if values.is_empty() { "<none>".to_owned() } else { harmless(&cell) })
            };
            rows.push(self.0.iter().map(cell).collect::<Result<Vec<_>>>()?);
        }
        Ok(Grid { heading, rows }.lines(heading_is == Heading::Shown).into_iter().map(|line| line + "\n").collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_hold_what_their_paths_find() {
        let columns: Columns =
            "NAME:.metadata.name,PORTS:{.ports[*].p},X:.spec['a','b'],NONE:.none".parse().expect("parses");
        let object = json!({"metadata": {"name": "web"}, "ports": [{"p": 1}, {"p": 2}], "spec": {"a": "x", "b": "y"}});
        let text = columns.text(&[object], Heading::Shown).expect("prints");
        assert_eq!(text, "NAME   PORTS   X     NONE\nweb    1,2     x,y   <none>\n");
        assert_eq!(Columns::of_file("NAME X\nmetadata.name .x\n").expect("parses").0.len(), 2);
        for text in ["NAME", "NAME:", ":.a", "A:.a,"] {
            assert!(text.parse::<Columns>().is_err(), "{text}");
        }
        assert!(Columns::of_file("A B\n.a\n").is_err());
    }
}
