//! `insula dev`: a project, served while it is edited.
//!
//! A cluster in this process, a build for each change, and a rollout as anywhere else, so that no request is dropped and a
//! build that fails leaves what is served alone. One thing is done at a time, and the newest change wins: it ends the
//! build, or the wait, of the one before. What is not decided here lies in `cluster` (where it runs), `sources` (what
//! changed), `objects` (what is applied, pure), `rollout` (applying it) and `logs`.

mod cluster;
mod logs;
mod objects;
mod rollout;
mod sources;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use client::{Client, say};
use toolchain::{Pace, Project};

use super::admit::{admit, kind};
use super::inspect::bytes;
use super::{build, push, role};
use crate::args;
use cluster::Cluster;
use sources::Sources;

/// The manifest of a project.
const MANIFEST: &str = "deploy.yaml";

pub(crate) async fn run(args: args::Dev) -> Result<()> {
    let project = Project::open(&args.dir, args.make.language)?;
    let tools = build::tools(&args.make)?;
    let sources = Sources::watch(&project.dir)?;
    let cluster = Cluster::start(&args).await?;
    let ended = serve(&cluster, project, tools, &sources).await;
    cluster.stop().await?;
    ended
}

async fn serve(cluster: &Cluster, project: Project, tools: PathBuf, sources: &Sources) -> Result<()> {
    let client = Client::new(&cluster.target()).await?;
    say::line(format!("cluster    export KUBECONFIG={}", cluster.kubeconfig().display()))?;
    let bench = Bench { project, tools, client };
    tokio::select! {
        asked = role::stop_asked() => asked,
        why = cluster.fatal() => Err(why),
        failed = bench.rounds(sources) => failed,
        failed = logs::tail(&bench.client) => failed,
    }
}

struct Bench {
    project: Project,
    tools: PathBuf,
    client: Client,
}

impl Bench {
    /// Does a round for the sources as they are, and for each change of them.
    async fn rounds(&self, sources: &Sources) -> Result<()> {
        let mut state = sources.state()?;
        loop {
            let round = async {
                // Whoever edits mends it, so it is told and not the end.
                if let Err(error) = self.round().await {
                    say::error(&error);
                }
                sources.other_than(&state).await
            };
            state = tokio::select! {
                newer = sources.other_than(&state) => newer?,
                newer = round => newer?,
            };
        }
    }

    /// From sources to an answer.
    async fn round(&self) -> Result<()> {
        let Project { dir, name, .. } = &self.project;
        let built = toolchain::build(&self.project, &self.tools, Pace::Quick).await?;
        let description = admit(name, &built.wasm)?;
        say::line(format!("built      in {:.2} s, {}", built.took.as_secs_f64(), bytes(built.wasm.len() as u64)))?;

        let begin = Instant::now();
        // By its content, so that the same bytes are the same image.
        let image = format!("{name}:{}", &push::sha256_hex(&built.wasm)[..12]);
        let manifest = dir.join(MANIFEST);
        let given = manifest.is_file().then(|| std::fs::read_to_string(&manifest)).transpose();
        let given = given.with_context(|| format!("cannot read {}", manifest.display()))?;
        let objects = match given {
            Some(text) => objects::of_manifest(client::manifest::objects(&text, MANIFEST)?, &image)?,
            None => objects::usual(name, &image, kind(&description))?,
        };
        push::push(&self.client, &built.path, &image).await?;
        for object in &objects {
            rollout::apply(&self.client, object).await?;
        }
        for object in &objects {
            rollout::wait(&self.client, object).await?;
        }
        let urls = rollout::urls(&self.client, &objects).await?;
        // Of what has no address one sees what it prints.
        let what = if urls.is_empty() { "applied" } else { "served" };
        say::line(format!("{what:<10} after {:.2} s {}", begin.elapsed().as_secs_f64(), urls.join(" ")))
    }
}
