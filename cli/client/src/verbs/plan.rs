//! `insula plan`: what `apply` would change, as a difference to read, before anything is changed.
//!
//! It ends with 0 if nothing would, 1 if something would, and more if it failed, as `kubectl diff` does.

use anyhow::{Context, Result};
use http::StatusCode;
use serde_json::Value;

use super::apply::{self, Applied, How};
use crate::Refusal;
use crate::choice::{Chosen, of_manifest};
use crate::diff::{self, Line};
use crate::failure::{FAILED, Failures, Told, USAGE, usage};
use crate::manifest::{Files, Manifest};
use crate::output::table::harmless;
use crate::place::Place;
use crate::query::Query;
use crate::say::{self, Colour, coloured};
use crate::session::Session;
use crate::value::{name, text};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    how: How,
}

/// How many objects would be what.
#[derive(Default)]
struct Count {
    created: usize,
    changed: usize,
    unchanged: usize,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    match plan(args).await {
        Ok(count) if count.created + count.changed == 0 => Ok(()),
        Ok(_) => Err(Told(FAILED).into()),
        Err(error) => {
            if error.downcast_ref::<Told>().is_none() {
                say::error(&error);
            }
            Err(Told(USAGE).into())
        }
    }
}

async fn plan(args: Args) -> Result<Count> {
    if args.files.is_empty() {
        return Err(usage("plan what? Give -f FILE, a directory, or -f - for standard input"));
    }
    let manifests = apply::in_order(args.files.read()?);
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    let mut count = Count::default();
    for manifest in &manifests {
        let planned = one(&session, &args.how, manifest, &manifests).await;
        let Some((label, applied)) = failures.note(planned.with_context(|| manifest.place.clone())) else { continue };
        let lines = diff::lines(applied.before.as_ref(), &applied.after)?;
        match (&applied.before, lines.is_empty()) {
            (None, _) => count.created += 1,
            (Some(_), true) => count.unchanged += 1,
            (Some(_), false) => count.changed += 1,
        }
        print(&label, applied.before.is_none(), &lines)?;
    }
    failures.end()?;
    let Count { created, changed, unchanged } = count;
    say::note(format!("{created} to create, {changed} to change, {unchanged} unchanged"));
    Ok(count)
}

/// What would become of one object.
async fn one(session: &Session, how: &How, manifest: &Manifest, all: &[Manifest]) -> Result<(String, Applied)> {
    if session.kinds.of_object(text(&manifest.object, "/apiVersion"), text(&manifest.object, "/kind")).is_none()
        && defines_kind(all, &manifest.object)
    {
        let label = format!("{}/{}", text(&manifest.object, "/kind").to_lowercase(), name(&manifest.object));
        return Ok((label, Applied { before: None, after: manifest.object.clone() }));
    }
    let chosen = of_manifest(session, manifest)?;
    let dry = Query::default().with("dryRun", "All");
    let applied = match apply::one(session, &chosen, &manifest.object, how, dry).await {
        // The server cannot try what is to lie in a namespace that is yet to come.
        Err(error) if lacks_namespace(&error) && makes_namespace(all, &chosen) => {
            Applied { before: None, after: manifest.object.clone() }
        }
        other => other?,
    };
    Ok((chosen.label(), applied))
}

fn defines_kind(all: &[Manifest], object: &Value) -> bool {
    all.iter().any(|other| {
        text(&other.object, "/kind") == "CustomResourceDefinition"
            && text(&other.object, "/spec/names/kind") == text(object, "/kind")
    })
}

fn lacks_namespace(error: &anyhow::Error) -> bool {
    Refusal::of(error)
        .is_some_and(|refusal| refusal.status == StatusCode::NOT_FOUND && refusal.message.starts_with("namespaces "))
}

fn makes_namespace(all: &[Manifest], chosen: &Chosen) -> bool {
    all.iter().any(|other| {
        text(&other.object, "/kind") == "Namespace" && chosen.namespace.as_deref() == Some(name(&other.object))
    })
}

fn print(label: &str, is_new: bool, lines: &[Line]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let (sign, colour, what) =
        if is_new { ("+", Colour::Green, "is created") } else { ("~", Colour::Yellow, "is changed") };
    say::line(coloured(&format!("{sign} {label} {what}"), colour))?;
    say::lines(lines.iter().map(|line| match line {
        Line::Place(text) => coloured(text, Colour::Cyan),
        Line::Kept(text) => format!(" {}", harmless(text)),
        Line::Gone(text) => coloured(&format!("-{}", harmless(text)), Colour::Red),
        Line::New(text) => coloured(&format!("+{}", harmless(text)), Colour::Green),
    }))
}
