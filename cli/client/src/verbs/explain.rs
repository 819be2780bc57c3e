//! `insula explain`: what a kind's fields mean, from the cluster's OpenAPI document.

mod schema;

use anyhow::{Result, bail};
use clap_complete::ArgValueCandidates;
use serde_json::Value;

use crate::complete;
use crate::discovery::Resource;
use crate::place::Place;
use crate::say;
use crate::session::Session;
use crate::value::text;

use schema::Document;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// A kind, and perhaps a field below it: pods.spec.containers
    #[arg(value_name = "TYPE[.FIELD...]", add = ArgValueCandidates::new(complete::kinds))]
    what: String,
    /// Show the fields of fields too, without what they mean.
    #[arg(long)]
    recursive: bool,
    /// In this version of the group.
    #[arg(long, value_name = "GROUP/VERSION")]
    api_version: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let (resource, path) = resource(&session, &args)?;
    let document = document(&session, &resource).await?;
    let document = Document::new(&document);
    let Some(mut schema) = document.of_kind(&resource.group, &resource.version, &resource.kind) else {
        bail!("the cluster publishes no schema of {} in {}", resource.kind, resource.api_version());
    };
    let mut shown = resource.kind.clone();
    for field in &path {
        let Some(next) = document.field(schema, field) else {
            bail!("{shown} has no field {field:?}; it has {}", document.fields(schema).join(", "));
        };
        schema = next;
        shown = format!("{shown}.{field}");
    }
    let mut lines = Vec::new();
    if !resource.group.is_empty() {
        lines.push(format!("GROUP:      {}", resource.group));
    }
    lines.push(format!("KIND:       {}", resource.kind));
    lines.push(format!("VERSION:    {}\n", resource.version));
    lines.extend(document.page(path.last().map(String::as_str), schema, args.recursive));
    say::lines(lines)
}

/// The kind, and the path of fields below it. A kind may be written with its group, whose dots are not those of fields.
fn resource(session: &Session, args: &Args) -> Result<(Resource, Vec<String>)> {
    let words: Vec<&str> = args.what.split('.').collect();
    let in_version = |resource: &&Resource| args.api_version.as_ref().is_none_or(|v| resource.api_version() == *v);
    // The longest beginning that names a kind is the kind.
    for count in (1..=words.len()).rev() {
        let Ok(found) = session.kinds.find(&words[..count].join(".")) else { continue };
        let Some(found) =
            session.kinds.all().filter(in_version).find(|r| r.kind == found.kind && r.plural == found.plural)
        else {
            bail!("{} is not served in {}", found.plural, args.api_version.as_deref().unwrap_or_default());
        };
        return Ok((found.clone(), words[count..].iter().map(|word| (*word).to_owned()).collect()));
    }
    session.kinds.find(words[0]).map(|found| (found.clone(), Vec::new()))
}

async fn document(session: &Session, resource: &Resource) -> Result<Value> {
    let root = if resource.group.is_empty() { "api" } else { "apis" };
    let place = format!("{root}/{}", resource.api_version());
    let index = session.client.object("/openapi/v3").await?;
    let path = index.get("paths").and_then(|paths| paths.get(&place)).map(|path| text(path, "/serverRelativeURL"));
    let path = path.filter(|path| !path.is_empty()).map_or_else(|| format!("/openapi/v3/{place}"), str::to_owned);
    session.client.object(&path).await
}
