//! `insula get`: lists objects with the columns the server chooses.

use std::io::Write;

use anyhow::{Result, anyhow, bail};
use http::Request;
use serde_json::Value;

use super::apply::collection;
use crate::args::{self, Output};
use crate::client::Client;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

pub(crate) async fn run(args: args::Get) -> Result<()> {
    let client = Client::new(&args.target).await?;
    let resource = find(&args.resource)?;
    let namespace = client.namespace(args.namespace.as_deref());
    let mut path = if args.all_namespaces && resource.is_namespaced() {
        collection(resource, "").replace("/namespaces//", "/")
    } else {
        collection(resource, &namespace)
    };
    if let Some(name) = &args.name {
        path = format!("{path}/{name}");
    }
    if let Some(selector) = &args.selector {
        path = format!("{path}?labelSelector={}", encode(selector));
    }
    let accept = if matches!(args.output, Output::Json) { "application/json" } else { TABLE };
    let answer = client.send(Request::get(&path).header("accept", accept).body(Vec::new())?).await?.json()?;
    match args.output {
        Output::Json => print_lines([serde_json::to_string_pretty(&answer)?]),
        Output::Name => print_lines(names(&answer).map(|name| format!("{}/{name}", resource.kind.to_lowercase()))),
        Output::Table | Output::Wide => {
            let lines = table(&answer, args.output == Output::Wide, args.all_namespaces);
            if lines.len() < 2 { print_lines([format!("no {} found", resource.plural)]) } else { print_lines(lines) }
        }
    }
}

/// Unlike `println!`, it does not mind a reader that leaves.
fn print_lines(lines: impl IntoIterator<Item = String>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

/// A kind by plural, singular or the usual short name.
fn find(text: &str) -> Result<&'static api::Resource> {
    const SHORT: [(&str, &str); 10] = [
        ("po", "pods"),
        ("deploy", "deployments"),
        ("rs", "replicasets"),
        ("svc", "services"),
        ("cm", "configmaps"),
        ("ns", "namespaces"),
        ("no", "nodes"),
        ("ev", "events"),
        ("sa", "serviceaccounts"),
        ("eps", "endpointslices"),
    ];
    let text = text.to_lowercase();
    let plural = SHORT.iter().find(|(short, _)| *short == text).map_or(text.as_str(), |(_, plural)| plural);
    let found = api::resource::ALL.into_iter().find(|r| r.plural == plural || r.kind.to_lowercase() == plural);
    let Some(resource) = found else {
        let known: Vec<_> = api::resource::ALL.iter().map(|r| r.plural).collect();
        bail!("there is no kind {text:?}; there are {}", known.join(", "));
    };
    Ok(resource)
}

fn names(table: &Value) -> impl Iterator<Item = &str> {
    rows(table).filter_map(|row| row.pointer("/object/metadata/name").and_then(Value::as_str))
}

fn rows(table: &Value) -> impl Iterator<Item = &Value> {
    table.get("rows").and_then(Value::as_array).into_iter().flatten()
}

/// Lays a Table out in columns, the heading first.
fn table(answer: &Value, wide: bool, with_namespace: bool) -> Vec<String> {
    let columns = answer.get("columnDefinitions").and_then(Value::as_array).cloned().unwrap_or_default();
    let shown: Vec<usize> = (0..columns.len())
        .filter(|&at| wide || columns[at].get("priority").and_then(Value::as_i64).unwrap_or(0) == 0)
        .collect();
    let heading = shown.iter().map(|&at| columns[at]["name"].as_str().unwrap_or_default().to_uppercase());
    let mut lines: Vec<Vec<String>> = vec![heading.collect()];
    for row in rows(answer) {
        lines.push(shown.iter().map(|&at| text(&row["cells"][at])).collect());
    }
    if with_namespace {
        lines[0].insert(0, "NAMESPACE".to_owned());
        for (line, row) in lines[1..].iter_mut().zip(rows(answer)) {
            line.insert(0, text(&row["object"]["metadata"]["namespace"]));
        }
    }
    let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..lines[0].len()).map(|at| width(at).unwrap_or(0)).collect();
    let lay = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
    };
    lines.iter().map(lay).collect()
}

fn text(cell: &Value) -> String {
    match cell {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Percent-encodes a query's value (RFC 3986).
pub(crate) fn encode(value: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    value.bytes().map(|b| if keep(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The named object, or an error that names it.
pub(crate) async fn object(client: &Client, path: &str) -> Result<Value> {
    client.get(path).await?.ok_or_else(|| anyhow!("there is no {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_line_up_and_hide_wide_columns() {
        let answer = json!({
            "columnDefinitions": [{"name": "Name", "priority": 0}, {"name": "Node", "priority": 1}, {"name": "Age"}],
            "rows": [
                {"cells": ["web-1", "a", "5s"], "object": {"metadata": {"namespace": "shop"}}},
                {"cells": ["b", "a", 7], "object": {"metadata": {"namespace": "x"}}},
            ],
        });
        assert_eq!(table(&answer, false, false), ["NAME    AGE", "web-1   5s", "b       7"]);
        assert_eq!(table(&answer, true, true)[1], "shop        web-1   a      5s");
    }
}
