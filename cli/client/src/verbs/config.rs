//! `insula config`: the clusters one knows, and which one is meant.
//!
//! The file is changed as data, so that what other programs keep in it stays.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use clap_complete::ArgValueCandidates;
use serde_json::{Value, json};

use crate::output::table::Grid;
use crate::output::{self, Found, Output};
use crate::target::Target;
use crate::value::{items, text};
use crate::{complete, kubeconfig, say};

/// What can be done with a kubeconfig.
#[derive(Debug, clap::Subcommand)]
#[expect(private_interfaces, reason = "flags are each verb's own affair")]
pub(crate) enum Args {
    /// List the contexts; a star marks the current one.
    GetContexts(GetContexts),
    /// Print the name of the current context.
    CurrentContext(Only),
    /// Make a context the current one.
    #[command(visible_alias = "use")]
    UseContext(UseContext),
    /// Change a context: its namespace, cluster or user.
    SetContext(SetContext),
    /// Print the kubeconfig, without what is secret.
    View(View),
}

#[derive(Debug, clap::Args)]
struct Only {
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct GetContexts {
    #[command(flatten)]
    target: Target,
    /// Only this one.
    #[arg(add = ArgValueCandidates::new(complete::contexts))]
    name: Option<String>,
    /// name prints the names alone.
    #[arg(long, short, value_name = "name", value_parser = ["name"])]
    output: Option<String>,
    /// Leave the line of headings out.
    #[arg(long)]
    no_headers: bool,
}

#[derive(Debug, clap::Args)]
struct UseContext {
    #[command(flatten)]
    target: Target,
    /// The context.
    #[arg(add = ArgValueCandidates::new(complete::contexts))]
    name: String,
}

#[derive(Debug, clap::Args)]
struct SetContext {
    #[command(flatten)]
    target: Target,
    /// The context; made if there is none of that name.
    #[arg(add = ArgValueCandidates::new(complete::contexts), required_unless_present = "current")]
    name: Option<String>,
    /// The current context.
    #[arg(long, conflicts_with = "name")]
    current: bool,
    /// The namespace of objects that name none.
    #[arg(long, short, value_name = "NAME", add = ArgValueCandidates::new(complete::namespaces))]
    namespace: Option<String>,
    /// The cluster.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The user.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

#[derive(Debug, clap::Args)]
struct View {
    #[command(flatten)]
    target: Target,
    /// How to print; yaml unless given.
    #[arg(long, short, value_name = "FORM", default_value = "yaml")]
    output: Output,
    /// Only what the current context needs.
    #[arg(long)]
    minify: bool,
    /// Print what is secret too.
    #[arg(long)]
    raw: bool,
}

pub(crate) fn run(args: Args) -> Result<()> {
    match args {
        Args::GetContexts(args) => get_contexts(&args),
        Args::CurrentContext(args) => {
            let config = read(&args.target)?;
            match text(&config, "/current-context") {
                "" => Err(anyhow!("current-context is not set; `insula config use-context NAME` sets it")),
                name => say::line(name),
            }
        }
        Args::UseContext(args) => change(&args.target, |config| {
            named(config, "contexts", &args.name)?;
            config["current-context"] = json!(args.name);
            Ok(format!("Switched to context {:?}.", args.name))
        }),
        Args::SetContext(args) => change(&args.target, |config| set_context(config, &args)),
        Args::View(args) => view(&args),
    }
}

fn read(target: &Target) -> Result<Value> {
    let file = kubeconfig::read(target.kubeconfig.as_deref())?;
    serde_json::to_value(file).context("the kubeconfig cannot be read")
}

fn named<'a>(config: &'a Value, list: &str, name: &str) -> Result<&'a Value> {
    let found = items(config, &format!("/{list}")).find(|one| text(one, "/name") == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = items(config, &format!("/{list}")).map(|one| text(one, "/name")).collect();
        anyhow!("there is no {name:?} among the {list}; there are {}", known.join(", "))
    })
}

fn get_contexts(args: &GetContexts) -> Result<()> {
    let config = read(&args.target)?;
    if let Some(name) = &args.name {
        named(&config, "contexts", name)?;
    }
    let all =
        items(&config, "/contexts").filter(|one| args.name.as_ref().is_none_or(|name| text(one, "/name") == name));
    if args.output.is_some() {
        return say::lines(all.map(|context| text(context, "/name")));
    }
    let mut grid = Grid::new(["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]);
    grid.rows = all
        .map(|one| {
            let star = if text(one, "/name") == text(&config, "/current-context") { "*" } else { "" };
            let own = |at: &str| text(one, at).to_owned();
            vec![
                star.to_owned(),
                own("/name"),
                own("/context/cluster"),
                own("/context/user"),
                own("/context/namespace"),
            ]
        })
        .collect();
    say::lines(grid.lines(!args.no_headers))
}

fn set_context(config: &mut Value, args: &SetContext) -> Result<String> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => text(config, "/current-context").to_owned(),
    };
    if !config["contexts"].is_array() {
        config["contexts"] = json!([]);
    }
    let contexts = config["contexts"].as_array_mut().ok_or_else(|| anyhow!("contexts is no list"))?;
    let known = contexts.iter().position(|context| text(context, "/name") == name);
    let at = known.unwrap_or_else(|| {
        contexts.push(json!({ "name": name, "context": {} }));
        contexts.len() - 1
    });
    let own = [("namespace", &args.namespace), ("cluster", &args.cluster), ("user", &args.user)];
    for (key, value) in own.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
        contexts[at]["context"][key] = json!(value);
    }
    Ok(format!("Context {name:?} {}.", if known.is_some() { "modified" } else { "created" }))
}

/// Changes the file that is written to; of several files it is the first.
fn change(target: &Target, with: impl FnOnce(&mut Value) -> Result<String>) -> Result<()> {
    let file = kubeconfig::file(target.kubeconfig.as_deref())?;
    let before = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut config: Value =
        serde_saphyr::from_str(&before).with_context(|| format!("{} is not YAML", file.display()))?;
    let said = with(&mut config)?;
    write(&file, &output::yaml::text(&config)?)?;
    say::line(said)
}

/// Replaces a file as a whole, readable by its owner alone: it holds keys.
fn write(file: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let why = || format!("cannot write {}", file.display());
    let beside = file.with_extension(format!("{}.tmp", std::process::id()));
    let mut new = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&beside).with_context(why)?;
    let written = new.write_all(text.as_bytes()).and_then(|()| new.sync_all());
    let replaced = written.and_then(|()| std::fs::rename(&beside, file));
    if replaced.is_err() {
        drop(std::fs::remove_file(&beside));
    }
    replaced.with_context(why)
}

fn view(args: &View) -> Result<()> {
    let mut config = read(&args.target)?;
    if args.minify {
        minify(&mut config);
    }
    if !args.raw {
        hide(&mut config);
    }
    say::raw(output::text(&args.output, Found::One(config), &|_| None, true)?.as_bytes())
}

/// Keeps the current context, and what it names.
fn minify(config: &mut Value) {
    let current = text(config, "/current-context").to_owned();
    let context = items(config, "/contexts").find(|one| text(one, "/name") == current).cloned().unwrap_or_default();
    let (cluster, user) = (text(&context, "/context/cluster"), text(&context, "/context/user"));
    for (list, name) in [("contexts", current.as_str()), ("clusters", cluster), ("users", user)] {
        if let Some(all) = config[list].as_array_mut() {
            all.retain(|one| text(one, "/name") == name);
        }
    }
}

/// As kubectl: secrets and certificates are not for shoulders to look over.
fn hide(config: &mut Value) {
    const SECRET: [&str; 2] = ["token", "password"];
    const LONG: [&str; 3] = ["client-certificate-data", "client-key-data", "certificate-authority-data"];
    for list in ["users", "clusters"] {
        for one in config[list].as_array_mut().into_iter().flatten() {
            let inner = if list == "users" { "user" } else { "cluster" };
            let Some(members) = one[inner].as_object_mut() else { continue };
            for (key, value) in members.iter_mut().filter(|(_, value)| value.is_string()) {
                if SECRET.contains(&key.as_str()) {
                    *value = json!("REDACTED");
                } else if LONG.contains(&key.as_str()) {
                    *value = json!("DATA+OMITTED");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Value {
        json!({
            "current-context": "a",
            "contexts": [{ "name": "a", "context": { "cluster": "c", "user": "u" } }, { "name": "b", "context": { "cluster": "d" } }],
            "clusters": [{ "name": "c", "cluster": { "certificate-authority-data": "x" } }, { "name": "d" }],
            "users": [{ "name": "u", "user": { "token": "hunter2", "client-key-data": "k" } }],
        })
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let mut config = config();
        hide(&mut config);
        let shown = config.to_string();
        assert!(!shown.contains("hunter2") && !shown.contains("\"k\"") && shown.contains("DATA+OMITTED"), "{shown}");
    }

    #[test]
    fn the_current_contexts_share_is_what_it_names() {
        let mut config = config();
        minify(&mut config);
        let names = |list: &str| items(&config, list).map(|one| text(one, "/name").to_owned()).collect::<Vec<_>>();
        assert_eq!(
            (names("/contexts"), names("/clusters"), names("/users")),
            (vec!["a".into()], vec!["c".into()], vec!["u".into()])
        );
        assert!(named(&config, "contexts", "x").expect_err("is none").to_string().contains("there are a"));
    }
}
