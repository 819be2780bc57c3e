//! `insula events`: what happened, oldest first.

use anyhow::{Result, anyhow};
use clap_complete::ArgValueCompleter;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::Value;

use crate::describe::last;
use crate::output::table::{Grid, harmless};
use crate::output::{self, Found, Output};
use crate::place::Place;
use crate::query::Query;
use crate::session::Session;
use crate::time::since;
use crate::value::{number, text};
use crate::watch::{self, Event};
use crate::{client::JSON, complete, containers, list, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// In every namespace.
    #[arg(long, short = 'A')]
    all_namespaces: bool,
    /// Only about this object, pod/web.
    #[arg(long, value_name = "TYPE/NAME", add = ArgValueCompleter::new(complete::objects))]
    r#for: Option<String>,
    /// Only of these types: Normal, Warning.
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
    /// Go on with what happens.
    #[arg(long, short)]
    watch: bool,
    /// How to print: json, yaml, name, jsonpath=..., custom-columns=...; a table unless given.
    #[arg(long, short, value_name = "FORM")]
    output: Option<Output>,
    /// Leave the line of headings out.
    #[arg(long)]
    no_headers: bool,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let namespace = (!args.all_namespaces).then_some(session.namespace.as_str());
    let collection = session.kinds.find("events.v1")?.collection(namespace);
    let mut query = Query::default();
    if let Some(word) = &args.r#for {
        let (resource, object) = containers::object_of(&session, word).await?;
        let name = crate::value::name(&object);
        query =
            query.with("fieldSelector", format!("involvedObject.kind={},involvedObject.name={name}", resource.kind));
    }
    let list = list::whole(&session.client, &collection, &query, JSON).await?;
    let mut events: Vec<Value> =
        crate::value::items(&list, "/items").filter(|e| is_wanted(&args, e)).cloned().collect();
    events.sort_by(|a, b| last(a).cmp(last(b)));
    if let Some(form) = &args.output {
        let kind = session.kinds.find("events.v1")?.clone();
        let printed = output::text(form, Found::Many(events), &|_| Some(kind.clone()), false)?;
        return say::raw(printed.as_bytes());
    }
    if events.is_empty() && !args.watch {
        say::note("No events found");
        return Ok(());
    }
    let widths = print(&args, &events, &[], !args.no_headers)?;
    match args.watch {
        true => follow(&session, &args, &collection, query, text(&list, "/metadata/resourceVersion"), widths).await,
        false => Ok(()),
    }
}

fn is_wanted(args: &Args, event: &Value) -> bool {
    args.types.is_empty() || args.types.iter().any(|wanted| text(event, "/type").eq_ignore_ascii_case(wanted))
}

fn print(args: &Args, events: &[Value], widths: &[usize], with_heading: bool) -> Result<Vec<usize>> {
    let now = Timestamp::now();
    let mut grid = Grid::new(["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]);
    grid.rows = events.iter().map(|event| row(event, now)).collect();
    if args.all_namespaces {
        grid.heading.insert(0, "NAMESPACE".to_owned());
        let namespaces = events.iter().map(|event| text(event, "/metadata/namespace").to_owned());
        grid.rows.iter_mut().zip(namespaces).for_each(|(row, namespace)| row.insert(0, namespace));
    }
    say::lines(grid.lines_at_least(with_heading, widths))?;
    Ok(grid.widths(with_heading, widths))
}

fn row(event: &Value, now: Timestamp) -> Vec<String> {
    let count = number(event, "/count").max(number(event, "/series/count"));
    let seen = since(last(event), now);
    let seen = if count > 1 { format!("{seen} (x{count})") } else { seen };
    let object =
        format!("{}/{}", text(event, "/involvedObject/kind").to_lowercase(), text(event, "/involvedObject/name"));
    let cells = [seen.as_str(), text(event, "/type"), text(event, "/reason"), &object, text(event, "/message").trim()];
    cells.map(harmless).to_vec()
}

async fn follow(
    session: &Session,
    args: &Args,
    collection: &str,
    query: Query,
    from: &str,
    mut widths: Vec<usize>,
) -> Result<()> {
    let path = format!("{collection}{}", query.with("watch", true).with("resourceVersion", from));
    let mut events = watch::open(&session.client, &path, JSON).await?;
    while let Some(event) = events.next().await {
        if let Event::Is(event, _) = event?
            && is_wanted(args, &event)
        {
            widths = print(args, &[event], &widths, false)?;
        }
    }
    Err(anyhow!("the server ended the watch"))
}
