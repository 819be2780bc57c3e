//! `get --watch`: what is, then what changes, for ever.

use anyhow::Result;
use futures::StreamExt;
use serde_json::Value;

use super::table::{query, shown};
use super::{Args, Ask, kind_of};
use crate::client::JSON;
use crate::failure::usage;
use crate::output::table::{ACCEPT, Grid};
use crate::output::{self, Found, Heading, Output};
use crate::query::Query;
use crate::session::Session;
use crate::value::{items, text};
use crate::watch::{self, Event, Novelty};
use crate::{list, say};

pub(super) async fn run(session: &Session, args: &Args, asks: &[Ask]) -> Result<()> {
    let [ask] = asks else { return Err(usage("one kind is watched at a time")) };
    let mut query = query(args);
    match ask.names.as_slice() {
        [] => {}
        [name] => query = query.with("fieldSelector", format!("metadata.name={name}")),
        _ => return Err(usage("one object is watched at a time; or choose several with -l SELECTOR")),
    }
    let form = args.output.as_ref().filter(|form| **form != Output::Wide);
    let mut printer = Printer { session, args, ask, form, columns: Vec::new(), widths: Vec::new(), printed: false };
    let accept = if form.is_some() { JSON } else { ACCEPT };
    let first = list::whole(&session.client, &ask.collection(), &query, accept).await?;
    printer.begin(&first)?;
    let mut version = text(&first, "/metadata/resourceVersion").to_owned();
    loop {
        version = follow(&mut printer, &query, accept, version).await?;
        tokio::time::sleep(watch::AGAIN_AFTER).await;
    }
}

/// Prints until the watch ends; returns the revision to go on from.
async fn follow(printer: &mut Printer<'_>, query: &Query, accept: &str, from: String) -> Result<String> {
    let mut version = from;
    let query = query.clone().with("watch", true).with("allowWatchBookmarks", true).with("resourceVersion", &version);
    let path = format!("{}{query}", printer.ask.collection());
    let mut events = watch::open(&printer.session.client, &path, accept).await?;
    while let Some(event) = events.next().await {
        let Ok(event) = event else { break };
        match &event {
            Event::Is(object, _) | Event::Deleted(object) | Event::Bookmark(object) => {
                let row = text(object, "/rows/0/object/metadata/resourceVersion");
                let own = text(object, "/metadata/resourceVersion");
                for newer in [own, row].into_iter().filter(|version| !version.is_empty()) {
                    newer.clone_into(&mut version);
                }
            }
            Event::Lost(_) => {
                // What happened meanwhile is not known; it goes on with what happens now.
                let now =
                    list::whole(&printer.session.client, &printer.ask.collection(), &Query::default(), JSON).await?;
                return Ok(text(&now, "/metadata/resourceVersion").to_owned());
            }
        }
        printer.print(&event)?;
    }
    Ok(version)
}

struct Printer<'a> {
    session: &'a Session,
    args: &'a Args,
    ask: &'a Ask,
    /// None prints rows.
    form: Option<&'a Output>,
    columns: Vec<Value>,
    widths: Vec<usize>,
    /// Whether anything was, in a form that has a heading.
    printed: bool,
}

impl Printer<'_> {
    /// Prints what there is at first, and learns the columns.
    fn begin(&mut self, list: &Value) -> Result<()> {
        self.columns = items(list, "/columnDefinitions").cloned().collect();
        if self.form.is_some() {
            let (api_version, kind) = (self.ask.resource.api_version(), &self.ask.resource.kind);
            for object in items(list, "/items").filter(|_| !self.args.watch_only) {
                let mut whole = serde_json::json!({ "apiVersion": api_version, "kind": kind });
                if let (Some(whole), Some(members)) = (whole.as_object_mut(), object.as_object()) {
                    whole.extend(members.clone());
                }
                self.print(&Event::Is(whole, Novelty::New))?;
            }
            return Ok(());
        }
        let mut grid = self.grid(list, "ADDED");
        if self.args.watch_only {
            grid.rows.clear();
        }
        self.widths = grid.widths(!self.args.no_headers, &[]);
        say::lines(grid.lines(!self.args.no_headers))
    }

    fn print(&mut self, event: &Event) -> Result<()> {
        let (Event::Is(object, _) | Event::Deleted(object)) = event else { return Ok(()) };
        let Some(form) = self.form else {
            let grid = self.grid(object, event.kind());
            self.widths = grid.widths(false, &self.widths);
            return say::lines(grid.lines_at_least(false, &self.widths));
        };
        let shown = match self.args.output_watch_events {
            true => serde_json::json!({ "type": event.kind(), "object": object }),
            false => object.clone(),
        };
        let kinds = |object: &Value| kind_of(self.session, object);
        let printed = match form {
            Output::Columns(columns) => {
                let heading = if self.printed { Heading::Hidden } else { Heading::Shown };
                columns.text(&[shown], heading)?
            }
            form => output::text(form, Found::One(shown), &kinds, self.args.show_managed_fields)?,
        };
        self.printed = true;
        let between = if *form == Output::Yaml { "---\n" } else { "" };
        say::raw(format!("{between}{printed}").as_bytes())
    }

    fn grid(&self, table: &Value, happened: &str) -> Grid {
        let mut grid = Grid::of_table(table, &self.columns, &shown(self.args, self.ask, false));
        if self.args.output_watch_events {
            grid.heading.insert(0, "EVENT".to_owned());
            grid.rows.iter_mut().for_each(|row| row.insert(0, happened.to_owned()));
        }
        grid
    }
}
