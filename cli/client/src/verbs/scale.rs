//! `insula scale`: how many replicas something has, through its `scale` subresource, so that custom kinds can be scaled too.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use http::Method;
use serde_json::{Value, json};

use crate::choice::{Choice, Chosen};
use crate::client::MERGE_PATCH;
use crate::failure::Failures;
use crate::place::Place;
use crate::progress::Progress;
use crate::report::Report;
use crate::session::Session;
use crate::value::{number, text};
use crate::watch;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
    /// How many there shall be.
    #[arg(long, value_name = "COUNT", required = true)]
    replicas: u32,
    /// Only if there are so many now.
    #[arg(long, value_name = "COUNT")]
    current_replicas: Option<i64>,
    /// Only if nobody has changed the object since this version.
    #[arg(long, value_name = "VERSION")]
    resource_version: Option<String>,
    /// Wait until there are so many, at most so long.
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse, default_value = "0s")]
    timeout: Duration,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for chosen in args.choice.resolve(&session).await? {
        failures.note(one(&session, &args, &chosen).await);
    }
    failures.end()
}

async fn one(session: &Session, args: &Args, chosen: &Chosen) -> Result<()> {
    if !chosen.resource.subresources.iter().any(|sub| sub == "scale") {
        bail!("{} cannot be scaled: its kind has no replicas", chosen.label());
    }
    let scale = format!("{}/scale", chosen.path());
    let mut version = args.resource_version.clone();
    if let Some(expected) = args.current_replicas {
        let now = session.client.object(&scale).await?;
        if number(&now, "/spec/replicas") != expected {
            bail!("{} has {} replicas, not {expected}", chosen.label(), number(&now, "/spec/replicas"));
        }
        // Nobody may change it between this look and the change.
        version = version.or_else(|| Some(text(&now, "/metadata/resourceVersion").to_owned()));
    }
    let mut patch = json!({ "spec": { "replicas": args.replicas } });
    if let Some(version) = version {
        patch["metadata"] = json!({ "resourceVersion": version });
    }
    let path = format!("{scale}{}", args.report.query("insula-scale"));
    let after = session.client.call(Method::PATCH, &path, MERGE_PATCH, &patch).await?;
    if !args.timeout.is_zero() && !args.report.is_dry() {
        wait(session, args, chosen).await?;
    }
    args.report.tell(&chosen.resource, &after, "scaled")
}

async fn wait(session: &Session, args: &Args, chosen: &Chosen) -> Result<()> {
    let progress = Progress::start();
    let wanted = i64::from(args.replicas);
    let collection = chosen.collection();
    let follow = watch::follow(&session.client, &collection, &chosen.name, |object| {
        let Some(object) = object else { bail!("{} was deleted", chosen.label()) };
        let seen = number(object, "/status/observedGeneration") >= number(object, "/metadata/generation");
        let there = number(object, "/status/replicas");
        progress.state(format!("{there} of {wanted} replicas"));
        Ok((seen && there == wanted && object.get("status").is_some_and(Value::is_object)).then_some(()))
    });
    tokio::time::timeout(args.timeout, follow)
        .await
        .map_err(|_| anyhow!("{} has not {wanted} replicas after {} s", chosen.label(), args.timeout.as_secs()))?
}
