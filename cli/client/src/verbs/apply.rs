//! `insula apply`: server-side apply (KEP-555) of manifests.
//!
//! The server keeps who set which field, so a field taken out of a manifest is taken out of the cluster, and what another
//! manager set is left alone or told as a conflict. Pruning is deliberately absent: what is no longer in the manifests is
//! for `insula delete` to name.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http::Method;
use serde_json::Value;

use crate::choice::{Chosen, of_manifest};
use crate::client::APPLY_PATCH;
use crate::discovery::Discovery;
use crate::failure::{Failures, usage};
use crate::manifest::{Files, Manifest};
use crate::place::Place;
use crate::query::Query;
use crate::report::{APPLIER, Report};
use crate::session::Session;
use crate::value::{condition, name, text, without_managed_fields};
use crate::{Refusal, watch};

/// How long a kind that was just defined may take to be served.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(15);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    report: Report,
    /// Refused: name what is to go with `insula delete`.
    #[arg(long, hide = true)]
    prune: bool,
    /// It always is.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    server_side: Option<bool>,
}

/// How objects are applied.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct How {
    /// Take fields over that another manager set otherwise.
    #[arg(long)]
    force_conflicts: bool,
    /// The name under which fields are owned.
    #[arg(long, value_name = "NAME", default_value = APPLIER)]
    field_manager: String,
    /// What becomes of fields the kind does not have: strict refuses, warn tells, ignore does neither.
    #[arg(long, value_name = "strict|warn|ignore", default_value = "strict", value_parser = validation)]
    validate: String,
}

/// kubectl's words for `fieldValidation`.
fn validation(text: &str) -> Result<String, String> {
    match text {
        "strict" | "true" => Ok("Strict".to_owned()),
        "warn" => Ok("Warn".to_owned()),
        "ignore" | "false" => Ok("Ignore".to_owned()),
        _ => Err("it is strict, warn or ignore".to_owned()),
    }
}

/// What an apply has made of an object.
pub(crate) struct Applied {
    pub(crate) before: Option<Value>,
    pub(crate) after: Value,
}

impl Applied {
    /// As kubectl words it.
    pub(crate) fn happened(&self) -> &'static str {
        let meaning = |object: &Value| {
            let mut object = without_managed_fields(object.clone());
            if let Some(members) = object.as_object_mut() {
                // Apply does not write it, and controllers do all the time.
                members.remove("status");
            }
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.remove("resourceVersion");
            }
            object
        };
        match &self.before {
            None => "created",
            Some(before) if meaning(before) == meaning(&self.after) => "unchanged",
            Some(_) => "configured",
        }
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    if args.prune {
        return Err(usage(
            "--prune is not done: name what is to go, `insula delete -f FILE` or `insula delete TYPE -l SELECTOR`",
        ));
    }
    if args.files.is_empty() {
        return Err(usage("apply what? Give -f FILE, a directory, or -f - for standard input"));
    }
    let manifests = in_order(args.files.read()?);
    let mut session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for manifest in &manifests {
        let chosen = failures.note(find(&mut session, manifest, &manifests).await);
        let Some(chosen) = chosen else { continue };
        let applied = one(&session, &chosen, &manifest.object, &args.how, args.report.dry()).await;
        let applied = failures.note(applied.with_context(|| manifest.place.clone()));
        if let Some(applied) = applied {
            args.report.tell(&chosen.resource, &applied.after, applied.happened())?;
        }
    }
    failures.end()
}

/// Namespaces and definitions of kinds come before what may need them; else the order stays.
pub(crate) fn in_order(mut manifests: Vec<Manifest>) -> Vec<Manifest> {
    manifests.sort_by_key(|manifest| match text(&manifest.object, "/kind") {
        "Namespace" => 0,
        "CustomResourceDefinition" => 1,
        _ => 2,
    });
    manifests
}

/// The object of a manifest; waits for its kind if one of the manifests defines it.
async fn find(session: &mut Session, manifest: &Manifest, all: &[Manifest]) -> Result<Chosen> {
    let (api_version, kind) = (text(&manifest.object, "/apiVersion"), text(&manifest.object, "/kind"));
    if session.kinds.of_object(api_version, kind).is_none() {
        let defines = |other: &&Manifest| {
            text(&other.object, "/kind") == "CustomResourceDefinition"
                && text(&other.object, "/spec/names/kind") == kind
        };
        if let Some(definition) = all.iter().find(defines) {
            let established = established(session, &definition.object);
            tokio::time::timeout(ESTABLISHED_WITHIN, established).await.map_err(|_| {
                anyhow!("{} is not served after {} s", name(&definition.object), ESTABLISHED_WITHIN.as_secs())
            })??;
            session.kinds = Discovery::ask(&session.client).await?;
        }
    }
    of_manifest(session, manifest)
}

async fn established(session: &Session, definition: &Value) -> Result<()> {
    let chosen = of_manifest(session, &Manifest { object: definition.clone(), place: String::new() })?;
    watch::follow(&session.client, &chosen.collection(), &chosen.name, |object| {
        let is = object.and_then(|object| condition(object, "Established")).is_some_and(|c| c["status"] == "True");
        Ok(is.then_some(()))
    })
    .await
}

/// Applies one object.
pub(crate) async fn one(
    session: &Session,
    chosen: &Chosen,
    object: &Value,
    how: &How,
    query: Query,
) -> Result<Applied> {
    let before = session.client.get(&chosen.path()).await?;
    let query = query.with("fieldManager", &how.field_manager).with("fieldValidation", &how.validate).with_if(
        how.force_conflicts,
        "force",
        true,
    );
    let object = without_managed_fields(object.clone());
    if name(&object).is_empty() {
        anyhow::bail!("metadata.name is missing: an object with only generateName is for `insula create`");
    }
    let path = format!("{}{query}", chosen.path());
    let applied = session.client.call(Method::PATCH, &path, APPLY_PATCH, &object).await;
    match applied {
        Ok(after) => Ok(Applied { before, after }),
        Err(error) => Err(match Refusal::of(&error) {
            Some(refusal) if refusal.reason == "Conflict" && !how.force_conflicts => {
                let hint = "--force-conflicts takes the fields over".to_owned();
                anyhow::Error::new(Refusal { hint, ..refusal.clone() }).context(chosen.label())
            }
            _ => error,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_others_need_comes_first_and_the_rest_keeps_its_order() {
        let manifest = |kind: &str, name: &str| Manifest {
            object: json!({"kind": kind, "metadata": {"name": name}}),
            place: String::new(),
        };
        let all = vec![
            manifest("B", "1"),
            manifest("CustomResourceDefinition", "2"),
            manifest("A", "3"),
            manifest("Namespace", "4"),
        ];
        let order: Vec<String> = in_order(all).iter().map(|m| name(&m.object).to_owned()).collect();
        assert_eq!(order, ["4", "2", "1", "3"]);
    }

    #[test]
    fn an_object_is_unchanged_if_only_bookkeeping_is() {
        let object = |version: &str, a: u8| json!({"metadata": {"resourceVersion": version, "managedFields": [version]}, "a": a});
        let happened = |before, after| Applied { before, after }.happened();
        assert_eq!(happened(None, object("1", 1)), "created");
        assert_eq!(happened(Some(object("1", 1)), object("2", 1)), "unchanged");
        assert_eq!(happened(Some(object("1", 1)), object("2", 2)), "configured");
    }
}
