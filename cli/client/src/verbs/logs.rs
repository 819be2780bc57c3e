//! `insula logs`: prints what the containers of Pods wrote.

use std::time::Duration;

use anyhow::{Result, bail};
use clap_complete::{ArgValueCandidates, ArgValueCompleter};
use futures::StreamExt;

use crate::failure::{is_broken_pipe, usage};
use crate::place::Place;
use crate::query::Query;
use crate::session::Session;
use crate::value::{items, name, text};
use crate::{complete, containers, list, logs, say};

/// Logs that are followed at once.
const STREAMS_MAX: usize = 20;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// A Pod, or TYPE/NAME of what runs Pods: deploy/web, job/report.
    #[arg(value_name = "POD | TYPE/NAME", add = ArgValueCompleter::new(complete::pods))]
    pod: Option<String>,
    /// The container.
    #[arg(value_name = "CONTAINER", add = ArgValueCandidates::new(complete::containers))]
    container_word: Option<String>,
    /// All Pods with these labels.
    #[arg(long, short = 'l', value_name = "SELECTOR", conflicts_with = "pod")]
    selector: Option<String>,
    /// The container; not needed if the Pod has one.
    #[arg(long, short, value_name = "NAME", add = ArgValueCandidates::new(complete::containers))]
    container: Option<String>,
    /// Every container of each Pod.
    #[arg(long, conflicts_with = "container")]
    all_containers: bool,
    /// Go on as lines are written.
    #[arg(long, short)]
    follow: bool,
    /// The container before its last restart.
    #[arg(long, short)]
    previous: bool,
    /// Only the last lines.
    #[arg(long, value_name = "LINES", allow_negative_numbers = true)]
    tail: Option<i64>,
    /// Only what is younger, 5m.
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse)]
    since: Option<Duration>,
    /// Only what was written after a moment (RFC 3339).
    #[arg(long, value_name = "MOMENT", conflicts_with = "since")]
    since_time: Option<String>,
    /// No more than so many bytes of each.
    #[arg(long, value_name = "BYTES")]
    limit_bytes: Option<u64>,
    /// Print when each line was written.
    #[arg(long)]
    timestamps: bool,
    /// Print whose each line is; several logs always do.
    #[arg(long)]
    prefix: bool,
}

/// One log: a Pod's, of a container if one must be chosen.
struct Source {
    pod: String,
    container: Option<String>,
}

impl Source {
    fn shown(&self) -> String {
        match &self.container {
            Some(container) => format!("{}/{container}", self.pod),
            None => self.pod.clone(),
        }
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let sources = sources(&session, &args).await?;
    let prefix = sources.len() > 1 || args.prefix;
    let streams = sources.iter().map(async |source| (source, print(&session, &args, source, prefix).await));
    let mut ended = futures::stream::iter(streams).buffer_unordered(STREAMS_MAX);
    let mut failed = 0;
    while let Some((source, result)) = ended.next().await {
        match result {
            Ok(()) => {}
            // Others may go on for long: this is told now.
            Err(error) if sources.len() > 1 && !is_broken_pipe(&error) => {
                say::note(format!("{}: {error:#}", source.shown()));
                failed += 1;
            }
            Err(error) => return Err(error),
        }
    }
    if failed > 0 {
        bail!("{failed} of {} logs could not be read", sources.len());
    }
    Ok(())
}

async fn sources(session: &Session, args: &Args) -> Result<Vec<Source>> {
    let pods = match (&args.pod, &args.selector) {
        (Some(word), _) => containers::pods_of(session, word).await?,
        (None, Some(selector)) => {
            let path = format!("/api/v1/namespaces/{}/pods", session.namespace);
            list::objects(&session.client, &path, &Query::default().with("labelSelector", selector)).await?
        }
        (None, None) => return Err(usage("whose logs? Name a Pod, or TYPE/NAME, or choose Pods with -l SELECTOR")),
    };
    if pods.is_empty() {
        bail!("there are no such Pods");
    }
    let wanted = args.container.as_ref().or(args.container_word.as_ref());
    let mut sources = Vec::new();
    for pod in &pods {
        let all = ["/spec/initContainers", "/spec/containers"].into_iter().flat_map(|at| items(pod, at));
        let own = |container: Option<String>| Source { pod: name(pod).to_owned(), container };
        match (args.all_containers, wanted) {
            (true, _) => sources.extend(all.map(|container| own(Some(text(container, "/name").to_owned())))),
            (false, Some(wanted)) => sources.push(own(Some(wanted.clone()))),
            (false, None) => sources.push(own(None)),
        }
    }
    if sources.len() > STREAMS_MAX {
        say::note(format!("there are {} logs; these are {STREAMS_MAX} of them", sources.len()));
        sources.truncate(STREAMS_MAX);
    }
    Ok(sources)
}

fn path(session: &Session, args: &Args, source: &Source) -> String {
    let query = Query::default()
        .with_if(args.follow, "follow", true)
        .with_if(args.previous, "previous", true)
        .with_if(args.timestamps, "timestamps", true)
        .with_some("container", source.container.as_ref())
        .with_some("tailLines", args.tail.filter(|lines| *lines >= 0))
        .with_some("sinceSeconds", args.since.map(|since| since.as_secs().max(1)))
        .with_some("sinceTime", args.since_time.as_ref())
        .with_some("limitBytes", args.limit_bytes);
    format!("/api/v1/namespaces/{}/pods/{}/log{query}", session.namespace, source.pod)
}

async fn print(session: &Session, args: &Args, source: &Source, prefix: bool) -> Result<()> {
    let prefix = prefix.then(|| format!("[{}] ", source.shown()));
    logs::print(&session.client, &path(session, args, source), prefix.as_deref()).await
}
