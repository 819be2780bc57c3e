//! `insula taint`: what keeps Pods off Nodes, `KEY=VALUE:EFFECT` to set and `KEY:EFFECT-` or `KEY-` to take away.

use anyhow::{Result, bail};
use http::Method;
use serde_json::{Value, json};

use crate::choice::{Choice, Chosen};
use crate::client::MERGE_PATCH;
use crate::failure::{Failures, usage};
use crate::place::Place;
use crate::report::Report;
use crate::session::Session;
use crate::value::{items, text};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
    /// Set taints that have another value.
    #[arg(long)]
    overwrite: bool,
}

/// A change of one taint.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Set {
        key: String,
        value: String,
        effect: String,
    },
    /// Of one effect, or of all.
    Remove {
        key: String,
        effect: Option<String>,
    },
}

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

impl Change {
    fn parse(word: &str) -> Result<Self> {
        let wrong = || usage(format!("{word:?} is neither KEY=VALUE:EFFECT, KEY:EFFECT, KEY:EFFECT- nor KEY-"));
        let known = |effect: &str| match EFFECTS.contains(&effect) {
            true => Ok(effect.to_owned()),
            false => Err(usage(format!("{effect:?} is no effect; there are {}", EFFECTS.join(", ")))),
        };
        if let Some(rest) = word.strip_suffix('-') {
            let (key, effect) = rest.split_once(':').map_or((rest, None), |(key, effect)| (key, Some(effect)));
            let key = key.split('=').next().unwrap_or_default().to_owned();
            return Ok(Self::Remove { key, effect: effect.map(known).transpose()? });
        }
        let (taint, effect) = word.rsplit_once(':').ok_or_else(wrong)?;
        let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
        if key.is_empty() {
            return Err(wrong());
        }
        Ok(Self::Set { key: key.to_owned(), value: value.to_owned(), effect: known(effect)? })
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let is_change = |word: &String| word.contains(':') || word.ends_with('-');
    let at = args.choice.words.iter().position(is_change).unwrap_or(args.choice.words.len());
    let (objects, changes) = args.choice.words.split_at(at);
    let changes = changes.iter().map(|word| Change::parse(word)).collect::<Result<Vec<_>>>()?;
    if changes.is_empty() {
        return Err(usage("which taint? KEY=VALUE:EFFECT sets one, KEY:EFFECT- takes it away"));
    }
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for chosen in args.choice.resolve_words(&session, objects).await? {
        failures.note(one(&session, &args, &chosen, &changes).await);
    }
    failures.end()
}

async fn one(session: &Session, args: &Args, chosen: &Chosen, changes: &[Change]) -> Result<()> {
    if chosen.resource.kind != "Node" {
        bail!("{} cannot be tainted: only nodes can", chosen.label());
    }
    let before = session.client.object(&chosen.path()).await?;
    let taints = apply(items(&before, "/spec/taints").cloned().collect(), changes, args.overwrite)
        .map_err(|why| anyhow::anyhow!("{}: {why}", chosen.label()))?;
    // The list is replaced whole, so nobody may change it meanwhile.
    let version = text(&before, "/metadata/resourceVersion");
    let patch = json!({ "metadata": { "resourceVersion": version }, "spec": { "taints": taints } });
    let path = format!("{}{}", chosen.path(), args.report.query("insula-taint"));
    let after = session.client.call(Method::PATCH, &path, MERGE_PATCH, &patch).await?;
    let removes = changes.iter().all(|change| matches!(change, Change::Remove { .. }));
    args.report.tell(&chosen.resource, &after, if removes { "untainted" } else { "tainted" })
}

/// The taints after the changes.
fn apply(mut taints: Vec<Value>, changes: &[Change], overwrite: bool) -> Result<Vec<Value>, String> {
    for change in changes {
        match change {
            Change::Set { key, value, effect } => {
                let same = |taint: &Value| text(taint, "/key") == key && text(taint, "/effect") == effect;
                if taints.iter().any(|taint| same(taint) && text(taint, "/value") != value) && !overwrite {
                    return Err(format!("it has {key}:{effect} with another value; --overwrite replaces it"));
                }
                taints.retain(|taint| !same(taint));
                let mut taint = json!({ "key": key, "effect": effect });
                if !value.is_empty() {
                    taint["value"] = json!(value);
                }
                taints.push(taint);
            }
            Change::Remove { key, effect } => {
                let before = taints.len();
                let goes = |taint: &Value| {
                    text(taint, "/key") == key && effect.as_ref().is_none_or(|effect| text(taint, "/effect") == effect)
                };
                taints.retain(|taint| !goes(taint));
                if taints.len() == before {
                    return Err(format!("it has no taint {key:?}"));
                }
            }
        }
    }
    Ok(taints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taints_are_set_replaced_and_taken_away() {
        let change =
            |words: &[&str]| words.iter().map(|word| Change::parse(word)).collect::<Result<Vec<_>>>().expect("parses");
        let one = apply(Vec::new(), &change(&["a=b:NoSchedule", "c:NoExecute"]), false).expect("sets");
        assert_eq!(
            one,
            [json!({"key": "a", "effect": "NoSchedule", "value": "b"}), json!({"key": "c", "effect": "NoExecute"})]
        );
        assert!(apply(one.clone(), &change(&["a=x:NoSchedule"]), false).is_err());
        assert_eq!(apply(one.clone(), &change(&["a=x:NoSchedule"]), true).expect("replaces").len(), 2);
        assert_eq!(apply(one.clone(), &change(&["a-", "c:NoExecute-"]), false), Ok(Vec::new()));
        assert!(apply(one, &change(&["c:NoSchedule-"]), false).is_err());
        for word in ["a", "a=b", "a=b:Never", "=b:NoSchedule", "a:Never-"] {
            assert!(Change::parse(word).is_err(), "{word}");
        }
    }
}
