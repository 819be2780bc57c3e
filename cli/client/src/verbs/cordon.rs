//! `insula cordon` and `uncordon`: whether a Node takes new Pods.

use anyhow::Result;
use clap_complete::ArgValueCandidates;
use http::Method;
use serde_json::{Value, json};

use crate::choice::Chosen;
use crate::client::MERGE_PATCH;
use crate::complete;
use crate::failure::{Failures, usage};
use crate::list::{self, Filter};
use crate::place::Place;
use crate::report::Report;
use crate::session::Session;
use crate::value::flag;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    nodes: Nodes,
    #[command(flatten)]
    report: Report,
}

/// Which Nodes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Nodes {
    /// Nodes by name.
    #[arg(value_name = "NODE", add = ArgValueCandidates::new(complete::nodes))]
    names: Vec<String>,
    #[command(flatten)]
    filter: Filter,
}

impl Nodes {
    /// The Nodes; none is an error.
    pub(crate) async fn resolve(&self, session: &Session) -> Result<Vec<Chosen>> {
        let nodes = session.kinds.find("nodes")?;
        if self.names.is_empty() && self.filter.is_empty() {
            return Err(usage("which node? Give names, or -l SELECTOR"));
        }
        if self.names.is_empty() {
            let all = list::objects(&session.client, &nodes.collection(None), &self.filter.query()).await?;
            return Ok(all.iter().map(|node| Chosen::of(nodes, node)).collect());
        }
        let one = |name: &String| {
            // `node/a` is as good as `a`.
            let name = name.rsplit('/').next().unwrap_or(name).to_owned();
            Chosen { resource: nodes.clone(), namespace: None, name }
        };
        Ok(self.names.iter().map(one).collect())
    }
}

/// Whether Pods may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schedulable {
    Yes,
    No,
}

pub(crate) async fn run(args: Args, wanted: Schedulable) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for node in args.nodes.resolve(&session).await? {
        failures.note(set(&session, &args.report, &node, wanted).await);
    }
    failures.end()
}

/// Lets Pods in, or keeps them out.
pub(crate) async fn set(session: &Session, report: &Report, node: &Chosen, wanted: Schedulable) -> Result<()> {
    let before = session.client.object(&node.path()).await?;
    let done = if wanted == Schedulable::No { "cordoned" } else { "uncordoned" };
    if flag(&before, "/spec/unschedulable") == (wanted == Schedulable::No) {
        return report.tell(&node.resource, &before, &format!("already {done}"));
    }
    let value = if wanted == Schedulable::No { json!(true) } else { Value::Null };
    let patch = json!({ "spec": { "unschedulable": value } });
    let path = format!("{}{}", node.path(), report.query("insula-cordon"));
    let after = session.client.call(Method::PATCH, &path, MERGE_PATCH, &patch).await?;
    report.tell(&node.resource, &after, done)
}
