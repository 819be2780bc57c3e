//! `insula label` and `insula annotate`: small texts on objects, `KEY=VALUE` to set and `KEY-` to take away.

use anyhow::{Result, bail};
use http::Method;
use serde_json::{Map, Value, json};

use crate::choice::{Choice, Chosen};
use crate::client::MERGE_PATCH;
use crate::failure::{Failures, usage};
use crate::place::Place;
use crate::report::Report;
use crate::say;
use crate::session::Session;
use crate::value::{members, plain, text};
use crate::words::{self, Change};

/// Which texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Labels,
    Annotations,
}

impl What {
    const fn member(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Annotations => "annotations",
        }
    }

    /// As kubectl words what happened.
    fn happened(self, changes: &[Change], changed: bool) -> &'static str {
        match (self, changed, changes.iter().all(|change| change.value.is_none())) {
            (Self::Labels, false, _) => "not labeled",
            (Self::Labels, true, true) => "unlabeled",
            (Self::Labels, true, false) => "labeled",
            (Self::Annotations, ..) => "annotated",
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
    /// Set keys that have another value.
    #[arg(long)]
    overwrite: bool,
    /// Print what is there.
    #[arg(long)]
    list: bool,
    /// Only if nobody has changed the object since this version.
    #[arg(long, value_name = "VERSION")]
    resource_version: Option<String>,
}

pub(crate) async fn run(args: Args, what: What) -> Result<()> {
    let (objects, changes) = words::with_changes(&args.choice.words)?;
    if changes.is_empty() && !args.list {
        return Err(usage(format!("which {}? Give KEY=VALUE to set, KEY- to take away, or --list", what.member())));
    }
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for chosen in args.choice.resolve_words(&session, objects).await? {
        failures.note(one(&session, &args, what, &chosen, &changes).await);
    }
    failures.end()
}

async fn one(session: &Session, args: &Args, what: What, chosen: &Chosen, changes: &[Change]) -> Result<()> {
    let before = session.client.object(&chosen.path()).await?;
    let own: Map<String, Value> =
        members(&before, &format!("/metadata/{}", what.member())).map(|(k, v)| (k.clone(), v.clone())).collect();
    let taken = changes
        .iter()
        .filter(|change| change.value.is_some())
        .filter(|change| own.get(&change.key).is_some_and(|value| value.as_str() != change.value.as_deref()));
    let taken: Vec<String> = taken.map(|change| format!("{:?} is {}", change.key, own[&change.key])).collect();
    if !taken.is_empty() && !args.overwrite {
        bail!("{}: {}; --overwrite replaces it", chosen.label(), taken.join(", "));
    }
    let effective: Map<String, Value> = changes.iter().filter(|change| is_effective(&own, change)).map(entry).collect();
    let after = if effective.is_empty() {
        before
    } else {
        let mut patch = json!({ "metadata": { what.member(): effective } });
        let version = args.resource_version.as_deref().unwrap_or(text(&before, "/metadata/resourceVersion"));
        // With --overwrite whatever is there now is to be replaced; without it, only what was looked at.
        if !args.overwrite || args.resource_version.is_some() {
            patch["metadata"]["resourceVersion"] = json!(version);
        }
        let path = format!("{}{}", chosen.path(), args.report.query("insula-label"));
        session.client.call(Method::PATCH, &path, MERGE_PATCH, &patch).await?
    };
    if args.list {
        let all = members(&after, &format!("/metadata/{}", what.member()));
        return say::lines(all.map(|(key, value)| format!("{key}={}", plain(value))));
    }
    args.report.tell(&chosen.resource, &after, what.happened(changes, !effective.is_empty()))
}

fn entry(change: &Change) -> (String, Value) {
    (change.key.clone(), change.value.as_ref().map_or(Value::Null, |value| json!(value)))
}

fn is_effective(own: &Map<String, Value>, change: &Change) -> bool {
    own.get(&change.key).and_then(Value::as_str) != change.value.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_sent_and_told() {
        let own = json!({"a": "1"}).as_object().cloned().unwrap_or_default();
        let change = |key: &str, value: Option<&str>| Change { key: key.to_owned(), value: value.map(str::to_owned) };
        assert!(!is_effective(&own, &change("a", Some("1"))) && !is_effective(&own, &change("b", None)));
        assert!(is_effective(&own, &change("a", None)) && is_effective(&own, &change("a", Some("2"))));
        assert_eq!(What::Labels.happened(&[change("a", None)], true), "unlabeled");
        assert_eq!(What::Labels.happened(&[change("a", Some("1"))], false), "not labeled");
    }
}
