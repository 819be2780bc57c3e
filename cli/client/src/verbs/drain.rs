//! `insula drain`: moves Pods away from a Node, as their disruption budgets allow.

mod judge;

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use futures::{StreamExt, TryStreamExt};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::cordon::{Nodes, Schedulable, set};
use crate::client::JSON;
use crate::place::Place;
use crate::progress::Progress;
use crate::query::Query;
use crate::report::Report;
use crate::session::Session;
use crate::value::{name, text};
use crate::{Refusal, list, say, watch};

use judge::{Allowed, Verdict, judge};

/// After a budget has refused; kubectl waits as long.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Pods that are moved at once.
const AT_ONCE: usize = 50;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    nodes: Nodes,
    #[command(flatten)]
    report: Report,
    /// Move Pods that no controller would make again.
    #[arg(long)]
    force: bool,
    /// Leave the Pods of DaemonSets where they are.
    #[arg(long)]
    ignore_daemonsets: bool,
    /// Move Pods whose emptyDir volumes are lost with them.
    #[arg(long, alias = "delete-local-data")]
    delete_emptydir_data: bool,
    /// Delete instead of evicting, so that disruption budgets do not count.
    #[arg(long)]
    disable_eviction: bool,
    /// Seconds a Pod is given to end; its own unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    grace_period: Option<i64>,
    /// Only Pods with these labels.
    #[arg(long, value_name = "SELECTOR")]
    pod_selector: Option<String>,
    /// How long to go on; as long as it takes unless given.
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse, default_value = "0s")]
    timeout: Duration,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    for node in args.nodes.resolve(&session).await? {
        set(&session, &args.report, &node, Schedulable::No).await?;
        let pods = pods(&session, &args, &node.name).await?;
        if args.report.is_dry() {
            say::lines(pods.iter().map(|pod| format!("pod/{} evicted (server dry run)", name(pod))))?;
            continue;
        }
        let progress = Progress::start();
        let begin = Instant::now();
        let moving = pods.iter().map(|pod| away(&session, &args, pod, &progress));
        let all = futures::stream::iter(moving).buffer_unordered(AT_ONCE).try_collect::<()>();
        match args.timeout {
            Duration::ZERO => all.await?,
            timeout => tokio::time::timeout(timeout, all)
                .await
                .map_err(|_| anyhow!("{} is not drained after {} s", node.label(), begin.elapsed().as_secs()))??,
        }
        progress.done();
        say::line(format!("{} drained", node.label()))?;
    }
    Ok(())
}

/// The Pods that are to go; what must not go is told all at once, and nothing is moved then.
async fn pods(session: &Session, args: &Args, node: &str) -> Result<Vec<Value>> {
    let query = Query::default()
        .with("fieldSelector", format!("spec.nodeName={node}"))
        .with_some("labelSelector", args.pod_selector.as_ref());
    let allowed = Allowed {
        unmanaged: args.force,
        beside_daemon_sets: args.ignore_daemonsets,
        empty_dirs: args.delete_emptydir_data,
    };
    let (mut going, mut refused) = (Vec::new(), Vec::new());
    for pod in list::objects(&session.client, "/api/v1/pods", &query).await? {
        let label = format!("{}/{}", text(&pod, "/metadata/namespace"), name(&pod));
        match judge(&pod, allowed) {
            Verdict::Go => going.push(pod),
            Verdict::GoWith(why) => {
                say::warning(&format!("{label}: {why}"));
                going.push(pod);
            }
            Verdict::Stay => {}
            Verdict::StayWith(why) => say::warning(&format!("{label}: {why}")),
            Verdict::Refuse(why) => refused.push(format!("{label}: {why}")),
        }
    }
    if !refused.is_empty() {
        bail!("nothing is moved from {node}:\n  {}", refused.join("\n  "));
    }
    Ok(going)
}

/// Evicts one Pod and waits until it is gone.
async fn away(session: &Session, args: &Args, pod: &Value, progress: &Progress) -> Result<()> {
    let (namespace, own, uid) = (text(pod, "/metadata/namespace"), name(pod), text(pod, "/metadata/uid"));
    let collection = format!("/api/v1/namespaces/{namespace}/pods");
    let mut options = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "preconditions": { "uid": uid } });
    if let Some(seconds) = args.grace_period.filter(|seconds| *seconds >= 0) {
        options["gracePeriodSeconds"] = json!(seconds);
    }
    loop {
        let asked = match args.disable_eviction {
            true => session.client.call(Method::DELETE, &format!("{collection}/{own}"), JSON, &options).await,
            false => {
                let eviction = json!({
                    "apiVersion": "policy/v1", "kind": "Eviction",
                    "metadata": { "name": own, "namespace": namespace }, "deleteOptions": options,
                });
                session.client.call(Method::POST, &format!("{collection}/{own}/eviction"), JSON, &eviction).await
            }
        };
        let Err(error) = asked else { break };
        match Refusal::of(&error).map(|refusal| refusal.status) {
            // It is gone, or another has its name: that is what was wanted.
            Some(StatusCode::NOT_FOUND | StatusCode::CONFLICT) => break,
            Some(StatusCode::TOO_MANY_REQUESTS) => {
                progress.state(format!("pod/{own} waits for its disruption budget: {error}"));
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            _ => return Err(error.context(format!("pod/{own} cannot be evicted"))),
        }
    }
    progress.state(format!("pod/{own} ends"));
    watch::follow(&session.client, &collection, own, |object| {
        Ok(object.is_none_or(|object| text(object, "/metadata/uid") != uid).then_some(()))
    })
    .await?;
    say::line(format!("pod/{own} evicted"))
}
