//! `insula rollout`: watches, pauses, restarts and undoes rollouts of Deployments and sets.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::choice::{Choice, Chosen};
use crate::client::{JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use crate::failure::Failures;
use crate::output::table::Grid;
use crate::output::yaml;
use crate::place::Place;
use crate::progress::Progress;
use crate::query::Query;
use crate::report::Report;
use crate::rollout::history::{self, Revision};
use crate::rollout::status::{self, Stand};
use crate::session::Session;
use crate::{list, say, watch};

/// What can be done about a rollout.
#[derive(Debug, clap::Subcommand)]
#[expect(private_interfaces, reason = "flags are each verb's own affair")]
pub(crate) enum Args {
    /// Follow a rollout until it is done.
    Status(StatusArgs),
    /// List the revisions there were.
    History(HistoryArgs),
    /// Go back to an earlier revision.
    Undo(UndoArgs),
    /// Replace all Pods, one after the other.
    Restart(ChangeArgs),
    /// Let changes gather without being rolled out.
    Pause(ChangeArgs),
    /// Roll out what has gathered.
    Resume(ChangeArgs),
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    /// Go on until it is done.
    #[arg(long, short, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", value_name = "true|false")]
    watch: bool,
    /// How long to wait; as long as it takes unless given.
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse, default_value = "0s")]
    timeout: Duration,
}

#[derive(Debug, clap::Args)]
struct HistoryArgs {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    /// Show the template of this revision.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    revision: i64,
}

#[derive(Debug, clap::Args)]
struct UndoArgs {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
    /// The revision to go back to; the one before the newest unless given.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    to_revision: i64,
}

#[derive(Debug, clap::Args)]
struct ChangeArgs {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    match args {
        Args::Status(args) => status(args).await,
        Args::History(args) => history(args).await,
        Args::Undo(args) => undo(args).await,
        Args::Restart(args) => {
            let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let annotations = json!({ "kubectl.kubernetes.io/restartedAt": now });
            let patch = json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } });
            change(args, &patch, &["Deployment", "DaemonSet", "StatefulSet"], "restarted").await
        }
        Args::Pause(args) => change(args, &json!({ "spec": { "paused": true } }), &["Deployment"], "paused").await,
        Args::Resume(args) => change(args, &json!({ "spec": { "paused": false } }), &["Deployment"], "resumed").await,
    }
}

async fn status(args: StatusArgs) -> Result<()> {
    let session = Session::open(&args.place).await?;
    for chosen in args.choice.resolve(&session).await? {
        let followed = follow(&session, &chosen, args.watch);
        match args.timeout {
            Duration::ZERO => followed.await?,
            timeout => tokio::time::timeout(timeout, followed)
                .await
                .map_err(|_| anyhow!("{} is not rolled out after {} s", chosen.label(), timeout.as_secs()))??,
        }
    }
    Ok(())
}

async fn follow(session: &Session, chosen: &Chosen, until_done: bool) -> Result<()> {
    let progress = Progress::start();
    let (mut was_there, collection) = (false, chosen.collection());
    let done = watch::follow(&session.client, &collection, &chosen.name, |object| {
        let Some(object) = object else {
            match was_there {
                true => bail!("{} was deleted while it was rolled out", chosen.label()),
                false => bail!("{} not found", chosen.resource.quoted(&chosen.name)),
            }
        };
        was_there = true;
        match status::of(&chosen.resource.kind, object) {
            None => bail!("a {} has no rollouts; a Deployment, DaemonSet or StatefulSet has", chosen.resource.kind),
            Some(Stand::Failed(why)) => bail!("{why}"),
            Some(Stand::Done(text)) => Ok(Some(text)),
            Some(Stand::Waiting(text)) if !until_done => Ok(Some(text)),
            Some(Stand::Waiting(text)) => {
                progress.state(text);
                Ok(None)
            }
        }
    });
    let done = done.await?;
    progress.done();
    say::line(done)
}

/// The object with its revisions, oldest first.
async fn revisions(session: &Session, chosen: &Chosen) -> Result<Vec<Revision>> {
    let keepers = match chosen.resource.kind.as_str() {
        "Deployment" => "replicasets.apps",
        "DaemonSet" | "StatefulSet" => "controllerrevisions.apps",
        kind => bail!("a {kind} has no rollouts; a Deployment, DaemonSet or StatefulSet has"),
    };
    let owner = session.client.object(&chosen.path()).await?;
    let keepers = session.kinds.find(keepers)?.collection(chosen.namespace.as_deref());
    let selector = owner.pointer("/spec/selector").map(crate::selector::as_text);
    let query = Query::default().with_some("labelSelector", selector);
    Ok(history::of(&owner, &list::objects(&session.client, &keepers, &query).await?))
}

async fn history(args: HistoryArgs) -> Result<()> {
    let session = Session::open(&args.place).await?;
    for chosen in args.choice.resolve(&session).await? {
        let revisions = revisions(&session, &chosen).await?;
        if args.revision > 0 {
            let found = history::to_undo(&revisions, args.revision).map_err(|why| anyhow!(why))?;
            say::line(format!("{} with revision #{}", chosen.label(), found.number))?;
            say::raw(yaml::text(&found.template)?.as_bytes())?;
            continue;
        }
        say::line(chosen.label())?;
        let mut grid = Grid::new(["REVISION", "CHANGE-CAUSE"]);
        grid.rows = revisions.into_iter().map(|revision| vec![revision.number.to_string(), revision.cause]).collect();
        say::lines(grid.lines(true))?;
    }
    Ok(())
}

async fn undo(args: UndoArgs) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for chosen in args.choice.resolve(&session).await? {
        let undone = async {
            let revisions = revisions(&session, &chosen).await?;
            let to =
                history::to_undo(&revisions, args.to_revision).map_err(|why| anyhow!("{}: {why}", chosen.label()))?;
            let owner = session.client.object(&chosen.path()).await?;
            if owner.pointer("/spec/paused") == Some(&json!(true)) {
                bail!("{0} is paused; `insula rollout resume {0}` first", chosen.label());
            }
            if owner.pointer("/spec/template") == Some(&to.template) {
                let why = format!("skipped rollback (current template already matches revision {})", to.number);
                return args.report.tell(&chosen.resource, &owner, &why);
            }
            let kind = if to.patch.is_array() { JSON_PATCH } else { STRATEGIC_MERGE_PATCH };
            let path = format!("{}{}", chosen.path(), args.report.query("insula-rollout"));
            let after = session.client.call(Method::PATCH, &path, kind, &to.patch).await?;
            args.report.tell(&chosen.resource, &after, "rolled back")
        };
        failures.note(undone.await);
    }
    failures.end()
}

async fn change(args: ChangeArgs, patch: &Value, kinds: &[&str], done: &str) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let mut failures = Failures::default();
    for chosen in args.choice.resolve(&session).await? {
        let changed = async {
            if !kinds.contains(&chosen.resource.kind.as_str()) {
                bail!("{} cannot be {done}: it is none of {}", chosen.label(), kinds.join(", "));
            }
            let before = session.client.object(&chosen.path()).await?;
            let mut wanted = before.clone();
            merge_into(&mut wanted, patch);
            if wanted == before || (done == "resumed" && before.pointer("/spec/paused").is_none()) {
                bail!("{} is {done} already", chosen.label());
            }
            let path = format!("{}{}", chosen.path(), args.report.query("insula-rollout"));
            let after = session.client.call(Method::PATCH, &path, MERGE_PATCH, patch).await?;
            args.report.tell(&chosen.resource, &after, done)
        };
        failures.note(changed.await);
    }
    failures.end()
}

fn merge_into(object: &mut Value, patch: &Value) {
    let (Some(members), Some(changes)) = (object.as_object_mut(), patch.as_object()) else {
        patch.clone_into(object);
        return;
    };
    for (key, change) in changes {
        merge_into(members.entry(key.clone()).or_insert_with(|| json!({})), change);
    }
}
