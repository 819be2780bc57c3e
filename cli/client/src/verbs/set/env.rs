//! `insula set env`.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{Common, each, named};
use crate::failure::usage;
use crate::session::Session;
use crate::value::{items, members, text};
use crate::words::{self, Change};
use crate::{say, template};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Only in this container; in all unless given.
    #[arg(long, short, value_name = "NAME", default_value = "*")]
    containers: String,
    /// Take every key of a ConfigMap or Secret: configmap/NAME, secret/NAME.
    #[arg(long, value_name = "TYPE/NAME")]
    from: Option<String>,
    /// Before names that --from takes.
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// Print the variables there are.
    #[arg(long)]
    list: bool,
}

pub(super) async fn run(args: Args) -> Result<()> {
    let (objects, changes) = words::with_changes(&args.common.choice.words)?;
    if changes.is_empty() && args.from.is_none() && !args.list {
        return Err(usage("give NAME=VALUE to set, NAME- to take away, --from TYPE/NAME, or --list"));
    }
    let session = Session::open(&args.common.place).await?;
    if args.list {
        return list(&session, &args, objects).await;
    }
    let mut entries: Vec<Value> = changes.iter().map(entry).collect();
    if let Some(from) = &args.from {
        entries.extend(taken(&session, from, &args.prefix).await?);
    }
    let patch = |spec: &Value| {
        let containers = named(spec, &args.containers)?;
        let all = containers.into_iter().map(|name| json!({ "name": name, "env": entries }));
        Ok(json!({ "containers": all.collect::<Vec<_>>() }))
    };
    each(&args.common, &session, objects, "env updated", patch).await
}

/// An element of a strategic merge patch.
fn entry(change: &Change) -> Value {
    match &change.value {
        // A reference that was there would stay beside the value, which no server takes.
        Some(value) => json!({ "name": change.key, "value": value, "valueFrom": null }),
        None => json!({ "name": change.key, "$patch": "delete" }),
    }
}

/// References to every key of a ConfigMap or Secret.
async fn taken(session: &Session, from: &str, prefix: &str) -> Result<Vec<Value>> {
    let (resource, object) = crate::containers::object_of(session, from).await?;
    let reference = match resource.kind.as_str() {
        "ConfigMap" => "configMapKeyRef",
        "Secret" => "secretKeyRef",
        kind => bail!("--from takes a configmap or a secret, not a {kind}"),
    };
    let name = crate::value::name(&object).to_owned();
    let one = |(key, _): (&String, &Value)| {
        let variable = format!("{prefix}{}", key.to_uppercase().replace(['-', '.'], "_"));
        json!({ "name": variable, "value": null, "valueFrom": { reference: { "name": name, "key": key } } })
    };
    Ok(members(&object, "/data").map(one).collect())
}

async fn list(session: &Session, args: &Args, objects: &[String]) -> Result<()> {
    for chosen in args.common.choice.resolve_words(session, objects).await? {
        let object = session.client.object(&chosen.path()).await?;
        let Some(at) = template::pod_spec(&chosen.resource.kind) else { bail!("{} runs no Pods", chosen.label()) };
        for container in items(&object, &format!("{at}/containers")) {
            say::line(format!("# {}, container {}", chosen.label(), text(container, "/name")))?;
            say::lines(items(container, "/env").map(|variable| match variable.get("valueFrom") {
                Some(from) => format!("# {} from {from}", text(variable, "/name")),
                None => format!("{}={}", text(variable, "/name"), text(variable, "/value")),
            }))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_set_and_taken_away_by_name() {
        let change = |value: Option<&str>| Change { key: "A".to_owned(), value: value.map(str::to_owned) };
        assert_eq!(entry(&change(Some("b"))), json!({"name": "A", "value": "b", "valueFrom": null}));
        assert_eq!(entry(&change(None)), json!({"name": "A", "$patch": "delete"}));
    }
}
