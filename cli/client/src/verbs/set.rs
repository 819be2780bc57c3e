//! `insula set`: changes one thing of the template of Pods: images, variables, resources.

mod env;
mod image;
mod resources;

use anyhow::{Result, bail};
use http::Method;
use serde_json::Value;

use crate::choice::{Choice, Chosen};
use crate::client::STRATEGIC_MERGE_PATCH;
use crate::failure::Failures;
use crate::place::Place;
use crate::report::Report;
use crate::session::Session;
use crate::template;

/// What can be set.
#[derive(Debug, clap::Subcommand)]
#[expect(private_interfaces, reason = "flags are each verb's own affair")]
pub(crate) enum Args {
    /// The images of containers: CONTAINER=IMAGE, or *=IMAGE for all.
    Image(image::Args),
    /// The variables of containers: NAME=VALUE to set, NAME- to take away.
    Env(env::Args),
    /// What containers request, and what they may have.
    Resources(resources::Args),
}

/// What all of them take.
#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    match args {
        Args::Image(args) => image::run(args).await,
        Args::Env(args) => env::run(args).await,
        Args::Resources(args) => resources::run(args).await,
    }
}

/// Changes the Pod's spec of each object: `patch` makes a strategic merge patch of the spec that is there.
async fn each(
    common: &Common,
    session: &Session,
    objects: &[String],
    done: &str,
    patch: impl Fn(&Value) -> Result<Value>,
) -> Result<()> {
    let mut failures = Failures::default();
    for chosen in common.choice.resolve_words(session, objects).await? {
        failures.note(one(common, session, &chosen, done, &patch).await);
    }
    failures.end()
}

async fn one(
    common: &Common,
    session: &Session,
    chosen: &Chosen,
    done: &str,
    patch: &impl Fn(&Value) -> Result<Value>,
) -> Result<()> {
    let Some(at) = template::pod_spec(&chosen.resource.kind) else {
        bail!("{} runs no Pods", chosen.label());
    };
    let before = session.client.object(&chosen.path()).await?;
    let spec = before.pointer(at).cloned().unwrap_or_default();
    let patch = template::nested(at, patch(&spec)?);
    let path = format!("{}{}", chosen.path(), common.report.query("insula-set"));
    let after = session.client.call(Method::PATCH, &path, STRATEGIC_MERGE_PATCH, &patch).await?;
    // As kubectl: what changed nothing is not told, but asked for in a form it is printed.
    if after.pointer(at) == before.pointer(at) && common.report.output.is_none() {
        return Ok(());
    }
    common.report.tell(&chosen.resource, &after, done)
}

/// The containers that a name or `*` stands for.
fn named(spec: &Value, wanted: &str) -> Result<Vec<String>> {
    let found = template::containers(spec, wanted);
    if found.is_empty() {
        let all = template::containers(spec, "*").join(", ");
        bail!("there is no container {wanted:?}; there are {all}");
    }
    Ok(found)
}
