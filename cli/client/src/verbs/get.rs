//! `insula get`: lists objects with the columns the server chooses, or prints them in another form.

mod table;
mod watch;

use anyhow::Result;
use clap_complete::{ArgValueCandidates, ArgValueCompleter};
use serde_json::Value;

use crate::choice::of_manifest;
use crate::client::JSON;
use crate::complete;
use crate::discovery::Resource;
use crate::failure::{Failures, usage};
use crate::list::{self, Filter};
use crate::manifest::Files;
use crate::output::jsonpath::Template;
use crate::output::{self, Found, Output, sort};
use crate::place::Place;
use crate::session::Session;
use crate::{Refusal, say, words};

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Kinds and names: TYPE, TYPE NAME..., TYPE,TYPE, TYPE/NAME..., `all`.
    #[arg(value_name = "TYPE [NAME] | TYPE/NAME", add = ArgValueCompleter::new(complete::objects))]
    words: Vec<String>,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    filter: Filter,
    /// In every namespace.
    #[arg(long, short = 'A')]
    all_namespaces: bool,
    /// How to print: wide, json, yaml, name, jsonpath=..., custom-columns=...; a table unless given.
    #[arg(long, short, value_name = "FORM", add = ArgValueCandidates::new(complete::outputs))]
    output: Option<Output>,
    /// Go on with what changes.
    #[arg(long, short)]
    watch: bool,
    /// Only what changes, without what is.
    #[arg(long)]
    watch_only: bool,
    /// With --watch: what happened to each.
    #[arg(long)]
    output_watch_events: bool,
    /// Order by a path, `.metadata.creationTimestamp`.
    #[arg(long, value_name = "PATH", value_parser = Template::relaxed)]
    sort_by: Option<Template>,
    /// A column of all labels.
    #[arg(long)]
    show_labels: bool,
    /// A column for each of these labels.
    #[arg(long, short = 'L', value_name = "LABEL", value_delimiter = ',')]
    label_columns: Vec<String>,
    /// Names with their kind before them.
    #[arg(long)]
    show_kind: bool,
    /// Print json and yaml with `metadata.managedFields`.
    #[arg(long)]
    show_managed_fields: bool,
    /// Leave the line of headings out.
    #[arg(long)]
    no_headers: bool,
    /// An object that is not there is no failure.
    #[arg(long)]
    ignore_not_found: bool,
    /// Print what the server answers at a path, `/readyz`.
    #[arg(long, value_name = "PATH", conflicts_with = "words")]
    raw: Option<String>,
}

/// Objects of one kind that are asked for.
struct Ask {
    resource: Resource,
    /// None is all, or those of a kind without namespaces.
    namespace: Option<String>,
    /// None are all.
    names: Vec<String>,
}

impl Ask {
    fn collection(&self) -> String {
        self.resource.collection(self.namespace.as_deref())
    }

    fn path(&self, name: &str) -> String {
        self.resource.path(self.namespace.as_deref(), name)
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    if let Some(path) = &args.raw {
        let client = crate::Client::new(&args.place.target).await?;
        let answer = client.send(http::Request::get(path).body(Vec::new())?).await?.ok()?;
        return say::raw(&answer.body);
    }
    let session = Session::open(&args.place).await?;
    let asks = asks(&session, &args)?;
    if args.watch || args.watch_only {
        return watch::run(&session, &args, &asks).await;
    }
    match &args.output {
        None | Some(Output::Wide) => table::run(&session, &args, &asks).await,
        Some(form) => print(&session, &args, form, &asks).await,
    }
}

fn asks(session: &Session, args: &Args) -> Result<Vec<Ask>> {
    let mut asks = Vec::new();
    if !args.files.is_empty() {
        for manifest in args.files.read()? {
            let chosen = of_manifest(session, &manifest)?;
            asks.push(Ask { resource: chosen.resource, namespace: chosen.namespace, names: vec![chosen.name] });
        }
        return Ok(asks);
    }
    for named in words::objects(&args.words)? {
        if !named.names.is_empty() && (args.all_namespaces || !args.filter.is_empty()) {
            return Err(usage("objects are named, or chosen by a selector or in all namespaces, not both"));
        }
        for resource in session.kinds.find_all(&named.kinds)? {
            let namespace = session.namespace_of(&resource).filter(|_| !args.all_namespaces).map(str::to_owned);
            // `get pod/a pod/b` is one table.
            match asks.iter_mut().find(|ask: &&mut Ask| ask.resource == resource && !ask.names.is_empty()) {
                Some(ask) if !named.names.is_empty() => ask.names.extend(named.names.iter().cloned()),
                _ => asks.push(Ask { resource, namespace, names: named.names.clone() }),
            }
        }
    }
    if asks.is_empty() {
        return Err(usage("get what? `insula get pods`, `insula get deploy/web`, `insula get -f FILE`"));
    }
    Ok(asks)
}

/// Prints objects in a form that needs them whole.
async fn print(session: &Session, args: &Args, form: &Output, asks: &[Ask]) -> Result<()> {
    let mut failures = Failures::default();
    let mut found = Vec::new();
    for ask in asks {
        if ask.names.is_empty() {
            let listed = list::objects(&session.client, &ask.collection(), &args.filter.query()).await;
            found.extend(failures.note(listed).unwrap_or_default());
        }
        for name in &ask.names {
            let object = expected(session.client.get_as(&ask.path(name), JSON).await, args);
            found.extend(failures.note(object).flatten());
        }
    }
    if let Some(path) = &args.sort_by {
        sort::by(&mut found, path, |object| object)?;
    }
    let is_one = asks.len() == 1 && asks[0].names.len() == 1;
    let whole = match found.pop() {
        None if is_one => return failures.end(),
        Some(object) if is_one => Found::One(object),
        last => {
            found.extend(last);
            Found::Many(found)
        }
    };
    let kinds = |object: &Value| kind_of(session, object);
    say::raw(output::text(form, whole, &kinds, args.show_managed_fields)?.as_bytes())?;
    failures.end()
}

/// The resource of an object.
fn kind_of(session: &Session, object: &Value) -> Option<Resource> {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    session.kinds.of_object(text("apiVersion"), text("kind")).cloned()
}

/// Nothing, where an object may be missing.
fn expected(got: Result<Value>, args: &Args) -> Result<Option<Value>> {
    match got {
        Err(error) if args.ignore_not_found && Refusal::is_not_found(&error) => Ok(None),
        got => got.map(Some),
    }
}
