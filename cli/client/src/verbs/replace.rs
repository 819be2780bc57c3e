//! `insula replace`: puts whole objects in the place of those that are there.

use anyhow::{Context, Result};
use http::Method;

use crate::choice::of_manifest;
use crate::client::JSON;
use crate::failure::{Failures, usage};
use crate::manifest::Files;
use crate::place::Place;
use crate::report::Report;
use crate::session::Session;
use crate::watch;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    report: Report,
    /// Delete the object, wait until it is gone, and create it: for what cannot be changed.
    #[arg(long)]
    force: bool,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    if args.files.is_empty() {
        return Err(usage("replace what? Give -f FILE"));
    }
    if args.force && args.report.is_dry() {
        return Err(usage("--force deletes first, so it cannot be tried; leave --dry-run out"));
    }
    let manifests = args.files.read()?;
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for manifest in &manifests {
        let replaced = async {
            let chosen = of_manifest(&session, manifest)?;
            if args.force && session.client.get(&chosen.path()).await?.is_some() {
                session.client.call(Method::DELETE, &chosen.path(), JSON, &serde_json::Value::Null).await?;
                let gone = |object: Option<&serde_json::Value>| Ok(object.is_none().then_some(()));
                watch::follow(&session.client, &chosen.collection(), &chosen.name, gone).await?;
            }
            let (method, path) = match args.force {
                true => (Method::POST, chosen.collection()),
                false => (Method::PUT, chosen.path()),
            };
            let path = format!("{path}{}", args.report.query("insula-replace"));
            let object = session.client.call(method, &path, JSON, &manifest.object).await?;
            args.report.tell(&chosen.resource, &object, "replaced")
        };
        failures.note(replaced.await.with_context(|| manifest.place.clone()));
    }
    failures.end()
}
