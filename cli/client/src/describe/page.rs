//! Lays a page out: fields whose values stand below each other, lists, tables, all indented by depth.

use crate::output::table::{Grid, harmless};

/// Spaces for each level.
const INDENT: usize = 2;

#[derive(Debug)]
enum Line {
    Field {
        level: usize,
        key: String,
        value: String,
    },
    /// Ends a block of aligned fields.
    Text(String),
}

/// A page as it is written, from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Page(Vec<Line>);

impl Page {
    /// `Key:  value`
    pub(super) fn field(&mut self, level: usize, key: &str, value: impl Into<String>) {
        self.0.push(Line::Field { level, key: format!("{key}:"), value: value.into() });
    }

    /// A field, if there is a value.
    pub(super) fn some(&mut self, level: usize, key: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.field(level, key, value);
        }
    }

    /// A field of several values, each on its line; `<none>` for none.
    pub(super) fn list(&mut self, level: usize, key: &str, values: Vec<String>) {
        if values.is_empty() {
            return self.field(level, key, "<none>");
        }
        for (at, value) in values.into_iter().enumerate() {
            let key = if at == 0 { format!("{key}:") } else { String::new() };
            self.0.push(Line::Field { level, key, value });
        }
    }

    /// A line of a text.
    pub(super) fn line(&mut self, level: usize, text: &str) {
        self.0.push(Line::Text(format!("{:1$}{2}", "", level * INDENT, harmless(text))));
    }

    /// `Key:`, and what follows belongs to it.
    pub(super) fn heading(&mut self, level: usize, key: &str) {
        self.0.push(Line::Text(format!("{:1$}{key}:", "", level * INDENT)));
    }

    /// A table below a heading.
    pub(super) fn table<const N: usize>(&mut self, heading: [&str; N], rows: Vec<Vec<String>>) {
        let mut grid = Grid::new(heading);
        grid.rows = rows.into_iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect();
        self.0.extend(grid.lines(true).into_iter().map(|line| Line::Text(format!("{:INDENT$}{line}", ""))));
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (at, line) in self.0.iter().enumerate() {
            match line {
                Line::Text(line) => text += line.trim_end(),
                Line::Field { level, key, value } => {
                    let width = self.width(at, *level);
                    let line = format!("{:indent$}{key:<width$}  {}", "", harmless(value), indent = level * INDENT);
                    text += line.trim_end();
                }
            }
            text.push('\n');
        }
        text
    }

    /// The widest key of the fields of a level that stand together.
    fn width(&self, at: usize, level: usize) -> usize {
        let of = |line: &Line| match line {
            Line::Field { level: other, key, value } if *other == level => {
                Some((key.chars().count(), value.is_empty()))
            }
            _ => None,
        };
        let before = self.0[..at].iter().rev().map_while(of);
        let after = self.0[at..].iter().map_while(of);
        before.chain(after).map(|(width, _)| width).max().unwrap_or(0)
    }
}
