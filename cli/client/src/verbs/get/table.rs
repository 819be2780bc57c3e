//! Tables of `get`.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{Args, Ask, expected};
use crate::failure::Failures;
use crate::list;
use crate::output::Output;
use crate::output::sort;
use crate::output::table::{ACCEPT, Grid, Shown};
use crate::query::Query;
use crate::say;
use crate::session::Session;
use crate::value::items;

pub(super) async fn run(session: &Session, args: &Args, asks: &[Ask]) -> Result<()> {
    let mut failures = Failures::default();
    let mut printed = false;
    for ask in asks {
        let Some(mut table) = table(session, args, ask, &mut failures).await? else { continue };
        sort(args, &mut table)?;
        if items(&table, "/rows").next().is_none() {
            continue;
        }
        if printed {
            say::line("")?;
        }
        let columns: Vec<Value> = items(&table, "/columnDefinitions").cloned().collect();
        let grid = Grid::of_table(&table, &columns, &shown(args, ask, asks.len() > 1));
        say::lines(grid.lines(!args.no_headers))?;
        printed = true;
    }
    let failed = failures.end();
    if failed.is_ok() && !printed && !args.ignore_not_found {
        say::note(nothing(session, asks));
    }
    failed
}

pub(super) fn shown(args: &Args, ask: &Ask, several_kinds: bool) -> Shown {
    Shown {
        wide: args.output == Some(Output::Wide),
        namespace: args.all_namespaces && ask.resource.namespaced,
        labels: args.show_labels,
        label_columns: args.label_columns.clone(),
        kind: (several_kinds || args.show_kind).then(|| ask.resource.label("").trim_end_matches('/').to_owned()),
    }
}

/// The parameters of a request for a Table.
pub(super) fn query(args: &Args) -> Query {
    // Rows carry no more of their objects than the metadata, unless asked to.
    args.filter.query().with_if(args.sort_by.is_some(), "includeObject", "Object")
}

/// All objects of a kind, or the named ones; none if none is there.
async fn table(session: &Session, args: &Args, ask: &Ask, failures: &mut Failures) -> Result<Option<Value>> {
    if ask.names.is_empty() {
        let listed = list::whole(&session.client, &ask.collection(), &query(args), ACCEPT).await;
        return failures.note(listed.and_then(checked)).map_or(Ok(None), |table| Ok(Some(table)));
    }
    let mut whole: Option<Value> = None;
    for name in &ask.names {
        let path = format!("{}{}", ask.path(name), query(args));
        let got = expected(session.client.get_as(&path, ACCEPT).await.and_then(checked), args);
        let Some(mut table) = failures.note(got).flatten() else { continue };
        match &mut whole {
            None => whole = Some(table),
            Some(whole) => {
                if let (Some(all), Some(more)) = (whole["rows"].as_array_mut(), table["rows"].as_array_mut()) {
                    all.append(more);
                }
            }
        }
    }
    Ok(whole)
}

fn checked(table: Value) -> Result<Value> {
    ensure!(table["kind"] == "Table", "this server makes no tables; print another form with -o");
    Ok(table)
}

fn sort(args: &Args, table: &mut Value) -> Result<()> {
    match (&args.sort_by, table["rows"].as_array_mut()) {
        (Some(path), Some(rows)) => sort::by(rows, path, |row| &row["object"]),
        _ => Ok(()),
    }
}

fn nothing(session: &Session, asks: &[Ask]) -> String {
    match asks.iter().all(|ask| ask.namespace.is_some()) {
        true => format!("No resources found in {} namespace.", session.namespace),
        false => "No resources found".to_owned(),
    }
}
