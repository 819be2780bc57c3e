//! Tables: the server's (`meta.k8s.io/v1`, columns are its choice) and our own, laid out in columns.

use serde_json::Value;

use crate::selector::labels;
use crate::value::{items, number, plain, text};

/// Asks for a Table.
pub(crate) const ACCEPT: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/// Between columns, as kubectl's.
const GAP: &str = "   ";

/// What is shown beside the server's columns, and what is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// Columns of priority 1 too.
    pub(crate) wide: bool,
    pub(crate) namespace: bool,
    /// All labels, as a last column.
    pub(crate) labels: bool,
    /// A column for each of these labels.
    pub(crate) label_columns: Vec<String>,
    /// Before names, `pod/`.
    pub(crate) kind: Option<String>,
}

/// Columns of text, the heading apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) heading: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Grid {
    /// With that heading and no rows.
    pub(crate) fn new<const N: usize>(heading: [&str; N]) -> Self {
        Self { heading: heading.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    /// Lays a Table out; `heading` is of the first Table of a watch, as later ones have none.
    pub(crate) fn of_table(table: &Value, columns: &[Value], shown: &Shown) -> Self {
        let is_shown = |column: &&(usize, &Value)| shown.wide || number(column.1, "/priority") == 0;
        let places: Vec<(usize, &Value)> = columns.iter().enumerate().collect();
        let places: Vec<_> = places.iter().filter(is_shown).collect();
        let mut heading: Vec<String> = places.iter().map(|(_, column)| text(column, "/name").to_uppercase()).collect();
        if shown.namespace {
            heading.insert(0, "NAMESPACE".to_owned());
        }
        heading.extend(shown.label_columns.iter().map(|key| key.rsplit('/').next().unwrap_or(key).to_uppercase()));
        heading.extend(shown.labels.then(|| "LABELS".to_owned()));
        let rows = items(table, "/rows").map(|row| {
            let cells: Vec<_> = places.iter().map(|(at, _)| plain(&row["cells"][*at])).collect();
            full(row, cells, shown)
        });
        Self { heading, rows: rows.collect() }
    }

    /// The lines; without a heading if none is wanted.
    pub(crate) fn lines(&self, with_heading: bool) -> Vec<String> {
        self.lines_at_least(with_heading, &[])
    }

    /// The same with columns no narrower than those before, so that a watch's lines stand below each other.
    pub(crate) fn lines_at_least(&self, with_heading: bool, least: &[usize]) -> Vec<String> {
        let widths = self.widths(with_heading, least);
        let heading = with_heading.then_some(&self.heading);
        let lay = |cells: &Vec<String>| {
            let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
        };
        heading.into_iter().chain(&self.rows).map(lay).collect()
    }

    /// How wide each column is, at least as wide as given.
    pub(crate) fn widths(&self, with_heading: bool, least: &[usize]) -> Vec<usize> {
        let all = || with_heading.then_some(&self.heading).into_iter().chain(&self.rows);
        let width = |at: usize| all().filter_map(|cells| cells.get(at)).map(|cell| cell.chars().count()).max();
        let least = |at: usize| least.get(at).copied().unwrap_or(0);
        (0..self.heading.len()).map(|at| width(at).unwrap_or(0).max(least(at))).collect()
    }
}

fn full(row: &Value, mut cells: Vec<String>, shown: &Shown) -> Vec<String> {
    if let (Some(kind), Some(first)) = (&shown.kind, cells.first_mut()) {
        *first = format!("{kind}/{first}");
    }
    if shown.namespace {
        cells.insert(0, text(row, "/object/metadata/namespace").to_owned());
    }
    let own = row.pointer("/object/metadata/labels").unwrap_or(&Value::Null);
    cells.extend(shown.label_columns.iter().map(|key| own.get(key).map(plain).unwrap_or_default()));
    cells.extend(shown.labels.then(|| labels(own)));
    // What a column holds is often a guest's or a stranger's text, and a terminal obeys what it is sent.
    cells.into_iter().map(|cell| harmless(&cell)).collect()
}

/// The text without characters that a terminal obeys, or that break lines.
pub(crate) fn harmless(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table() -> Value {
        json!({
            "columnDefinitions": [{"name": "Name", "priority": 0}, {"name": "Node", "priority": 1}, {"name": "Age"}],
            "rows": [
                {"cells": ["web-1", "a", "5s"], "object": {"metadata": {"namespace": "shop", "labels": {"x.y/tier": "f"}}}},
                {"cells": ["b", "a", 7], "object": {"metadata": {"namespace": "x"}}},
            ],
        })
    }

    fn lines(shown: &Shown, with_heading: bool) -> Vec<String> {
        let table = table();
        let columns: Vec<Value> = items(&table, "/columnDefinitions").cloned().collect();
        Grid::of_table(&table, &columns, shown).lines(with_heading)
    }

    #[test]
    fn tables_line_up_and_hide_wide_columns() {
        assert_eq!(lines(&Shown::default(), true), ["NAME    AGE", "web-1   5s", "b       7"]);
        assert_eq!(lines(&Shown::default(), false), ["web-1   5s", "b       7"]);
        let all = Shown { wide: true, namespace: true, labels: true, ..Shown::default() };
        assert_eq!(lines(&all, true)[1], "shop        web-1   a      5s    x.y/tier=f");
        assert_eq!(lines(&all, true)[2], "x           b       a      7     <none>");
        let some =
            Shown { label_columns: vec!["x.y/tier".to_owned()], kind: Some("pod".to_owned()), ..Shown::default() };
        assert_eq!(lines(&some, true), ["NAME        AGE   TIER", "pod/web-1   5s    f", "pod/b       7"]);
    }

    #[test]
    fn a_cell_sends_nothing_to_the_terminal_that_it_would_obey() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
    }
}
