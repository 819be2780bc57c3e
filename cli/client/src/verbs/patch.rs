//! `insula patch`: changes objects by a patch of any type.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueHint;
use http::Method;
use serde_json::Value;

use crate::choice::Choice;
use crate::client::{JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use crate::failure::{Failures, usage};
use crate::place::Place;
use crate::report::Report;
use crate::session::Session;

/// How a patch is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Type {
    /// Kubernetes' own: elements of lists are found by their keys. Not for custom kinds.
    Strategic,
    /// RFC 7386: lists are replaced whole.
    Merge,
    /// RFC 6902: a list of operations.
    Json,
}

impl Type {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Strategic => STRATEGIC_MERGE_PATCH,
            Self::Merge => MERGE_PATCH,
            Self::Json => JSON_PATCH,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
    /// How the patch is merged.
    #[arg(long, value_enum, default_value_t = Type::Strategic)]
    r#type: Type,
    /// The patch, in JSON or YAML.
    #[arg(long, short, value_name = "PATCH", conflicts_with = "patch_file")]
    patch: Option<String>,
    /// A file that holds the patch.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    patch_file: Option<PathBuf>,
    /// What of the object to change: status, scale.
    #[arg(long, value_name = "NAME")]
    subresource: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let patch = patch(&args)?;
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for chosen in args.choice.resolve(&session).await? {
        let sub = args.subresource.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
        let path = format!("{}{sub}{}", chosen.path(), args.report.query("insula-patch"));
        let patched = async {
            let before = session.client.object(&chosen.path()).await?;
            let after = session.client.call(Method::PATCH, &path, args.r#type.content_type(), &patch).await?;
            let version = |object: &Value| object.pointer("/metadata/resourceVersion").cloned();
            let happened = if version(&before) == version(&after) { "patched (no change)" } else { "patched" };
            args.report.tell(&chosen.resource, &after, happened)
        };
        failures.note(patched.await);
    }
    failures.end()
}

fn patch(args: &Args) -> Result<Value> {
    let text = match (&args.patch, &args.patch_file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
        }
        (None, None) => return Err(usage("patch with what? Give -p PATCH or --patch-file FILE")),
    };
    let patch: Value =
        serde_saphyr::from_str(&text).map_err(|e| usage(format!("the patch is neither JSON nor YAML: {e}")))?;
    match (args.r#type, patch.is_array(), patch.is_object()) {
        (Type::Json, true, _) | (Type::Strategic | Type::Merge, _, true) => Ok(patch),
        (Type::Json, ..) => {
            Err(usage("a patch of --type=json is a list: [{\"op\": \"replace\", \"path\": \"/a\", \"value\": 1}]"))
        }
        _ => Err(usage("the patch is no object: {\"spec\": {\"replicas\": 3}}")),
    }
}
