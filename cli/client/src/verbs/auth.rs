//! `insula auth`: who one is, and what one may do.

use anyhow::Result;
use clap_complete::ArgValueCompleter;
use http::Method;
use serde_json::{Value, json};

use crate::client::JSON;
use crate::failure::{FAILED, Told, usage};
use crate::output::table::Grid;
use crate::output::{self, Found, Output};
use crate::place::Place;
use crate::session::Session;
use crate::value::{flag, items, members, plain, text};
use crate::{complete, say};

/// What can be asked.
#[derive(Debug, clap::Subcommand)]
#[expect(private_interfaces, reason = "flags are each verb's own affair")]
pub(crate) enum Args {
    /// Whether one may: `can-i create deployments`, `can-i get pods/log`, `can-i get /healthz`; ends with 1 if not.
    CanI(CanI),
    /// Who one is to the cluster.
    Whoami(Whoami),
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct CanI {
    #[command(flatten)]
    place: Place,
    /// get, list, watch, create, update, patch, delete, deletecollection, or another verb; * for any.
    #[arg(value_name = "VERB", required_unless_present = "list")]
    verb: Option<String>,
    /// A kind, TYPE/NAME, or a path that begins with a slash.
    #[arg(value_name = "TYPE | TYPE/NAME | /PATH", add = ArgValueCompleter::new(complete::objects))]
    what: Option<String>,
    /// One object of the kind.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// What of the object: log, status, scale, exec.
    #[arg(long, value_name = "NAME")]
    subresource: Option<String>,
    /// List all that one may.
    #[arg(long)]
    list: bool,
    /// Say nothing; the exit code tells.
    #[arg(long, short)]
    quiet: bool,
    /// In every namespace.
    #[arg(long, short = 'A')]
    all_namespaces: bool,
    /// Leave the line of headings out.
    #[arg(long)]
    no_headers: bool,
}

#[derive(Debug, clap::Args)]
struct Whoami {
    #[command(flatten)]
    place: Place,
    /// How to print: json, yaml, jsonpath=...
    #[arg(long, short, value_name = "FORM")]
    output: Option<Output>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    match args {
        Args::CanI(args) if args.list => list(args).await,
        Args::CanI(args) => can_i(args).await,
        Args::Whoami(args) => whoami(args).await,
    }
}

async fn can_i(args: CanI) -> Result<()> {
    let Some(what) = &args.what else { return Err(usage("may you do that to what? `insula auth can-i get pods`")) };
    let session = Session::open(&args.place).await?;
    let spec = attributes(&session, &args, what);
    let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer = session.client.call(Method::POST, path, JSON, &review).await?;
    let allowed = flag(&answer, "/status/allowed");
    if !args.quiet {
        let why = text(&answer, "/status/reason");
        let why = if why.is_empty() || allowed { String::new() } else { format!(" - {why}") };
        say::line(format!("{}{why}", if allowed { "yes" } else { "no" }))?;
    }
    if allowed { Ok(()) } else { Err(Told(FAILED).into()) }
}

fn attributes(session: &Session, args: &CanI, what: &str) -> Value {
    let verb = args.verb.as_deref().unwrap_or_default();
    if what.starts_with('/') {
        return json!({ "nonResourceAttributes": { "verb": verb, "path": what } });
    }
    let (kind, rest) = what.split_once('/').map_or((what, None), |(kind, rest)| (kind, Some(rest)));
    let found = session.kinds.find(kind).ok();
    // `pods/log` names what of a Pod, `pods/web` which Pod: the kind knows its subresources.
    let is_sub = |rest: &str| found.is_some_and(|resource| resource.subresources.iter().any(|sub| sub == rest));
    let sub = args.subresource.as_deref().or(rest.filter(|rest| is_sub(rest)));
    let name = args.name.as_deref().or(rest.filter(|rest| !is_sub(rest)));
    if found.is_none() && kind != "*" {
        say::warning(&format!("this cluster has no kind {kind:?}"));
    }
    let (group, plural) = match found {
        Some(resource) => (resource.group.as_str(), resource.plural.as_str()),
        None if kind == "*" => ("*", "*"),
        None => ("", kind),
    };
    let namespace = match found {
        Some(resource) if !resource.namespaced => "",
        _ if args.all_namespaces => "",
        _ => session.namespace.as_str(),
    };
    json!({ "resourceAttributes": {
        "verb": verb, "group": group, "resource": plural, "namespace": namespace,
        "name": name.unwrap_or_default(), "subresource": sub.unwrap_or_default(),
    } })
}

async fn list(args: CanI) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let spec = json!({ "namespace": session.namespace });
    let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": spec });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let answer = session.client.call(Method::POST, path, JSON, &review).await?;
    if flag(&answer, "/status/incomplete") {
        say::warning(&format!("the list is not complete: {}", text(&answer, "/status/evaluationError")));
    }
    let mut grid = Grid::new(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]);
    grid.rows.extend(items(&answer, "/status/resourceRules").flat_map(resource_rule));
    grid.rows.extend(items(&answer, "/status/nonResourceRules").map(|rule| {
        vec![String::new(), bracketed(rule, "/nonResourceURLs"), "[]".to_owned(), bracketed(rule, "/verbs")]
    }));
    say::lines(grid.lines(!args.no_headers))
}

/// A row for each kind of a rule.
fn resource_rule(rule: &Value) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for group in items(rule, "/apiGroups").map(plain) {
        for resource in items(rule, "/resources").map(plain) {
            let qualified = if group.is_empty() { resource } else { format!("{resource}.{group}") };
            rows.push(vec![qualified, "[]".to_owned(), bracketed(rule, "/resourceNames"), bracketed(rule, "/verbs")]);
        }
    }
    rows
}

fn bracketed(rule: &Value, at: &str) -> String {
    format!("[{}]", items(rule, at).map(plain).collect::<Vec<_>>().join(" "))
}

async fn whoami(args: Whoami) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = session.client.call(Method::POST, path, JSON, &review).await?;
    if let Some(form) = &args.output {
        return say::raw(output::text(form, Found::One(answer), &|_| None, false)?.as_bytes());
    }
    let user = answer.pointer("/status/userInfo").cloned().unwrap_or_default();
    let mut grid = Grid::new(["ATTRIBUTE", "VALUE"]);
    grid.rows.push(vec!["Username".to_owned(), text(&user, "/username").to_owned()]);
    if !text(&user, "/uid").is_empty() {
        grid.rows.push(vec!["UID".to_owned(), text(&user, "/uid").to_owned()]);
    }
    grid.rows.push(vec!["Groups".to_owned(), bracketed(&user, "/groups")]);
    grid.rows
        .extend(members(&user, "/extra").map(|(key, values)| vec![format!("Extra: {key}"), bracketed(values, "")]));
    say::lines(grid.lines(true))
}
