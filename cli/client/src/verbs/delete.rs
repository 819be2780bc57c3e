//! `insula delete`: deletes objects, waits until they are gone, and says what holds those that stay.

use std::time::Duration;

use anyhow::{Result, bail};
use http::Method;
use serde_json::{Value, json};

use crate::choice::{Choice, Chosen};
use crate::client::JSON;
use crate::failure::{Failures, usage};
use crate::place::Place;
use crate::progress::Progress;
use crate::report::Report;
use crate::session::Session;
use crate::value::{items, text};
use crate::{Refusal, say, watch};

/// After which it is said what holds an object.
const LONG: Duration = Duration::from_secs(3);

/// What becomes of objects that the deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Cascade {
    /// They are deleted afterwards.
    Background,
    /// They are deleted before.
    Foreground,
    /// They stay, without an owner.
    Orphan,
}

impl Cascade {
    const fn policy(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    report: Report,
    /// What becomes of objects that the deleted ones own.
    #[arg(long, value_enum, default_value_t = Cascade::Background)]
    cascade: Cascade,
    /// Wait until they are gone.
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", value_name = "true|false")]
    wait: bool,
    /// How long to wait; as long as it takes unless given.
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse, default_value = "0s")]
    timeout: Duration,
    /// Seconds a Pod is given to end; its own terminationGracePeriodSeconds unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    grace_period: Option<i64>,
    /// With --grace-period=0: at once, whether or not the host that runs it has stopped it.
    #[arg(long)]
    force: bool,
    /// Give Pods one second to end.
    #[arg(long, conflicts_with_all = ["grace_period", "force"])]
    now: bool,
    /// An object that is not there is no failure.
    #[arg(long)]
    ignore_not_found: bool,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let options = options(&args)?;
    let session = Session::open(&args.place).await?;
    let chosen = args.choice.resolve(&session).await?;
    if chosen.is_empty() {
        say::note("No resources found");
        return Ok(());
    }
    let mut failures = Failures::default();
    let mut going = Vec::new();
    for chosen in chosen {
        let deleted = delete(&session, &args, &chosen, &options).await;
        going.extend(failures.note(deleted).flatten().map(|uid| (chosen, uid)));
    }
    if args.wait && !args.report.is_dry() && args.cascade != Cascade::Orphan && !args.force {
        failures.note(wait(&session, args.timeout, &going).await);
    }
    failures.end()
}

/// The body of the requests.
fn options(args: &Args) -> Result<Value> {
    let grace = match (args.grace_period.filter(|seconds| *seconds >= 0), args.force, args.now) {
        (Some(0), false, _) => {
            return Err(usage("--grace-period=0 takes --force too: the host may still run what is forgotten"));
        }
        (Some(seconds), true, _) if seconds > 0 => {
            return Err(usage(format!("--force deletes at once, and --grace-period={seconds} says not to")));
        }
        (_, true, _) => Some(0),
        (None, false, true) => Some(1),
        (grace, false, _) => grace,
    };
    let mut options = json!({
        "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": args.cascade.policy(),
    });
    if let Some(seconds) = grace {
        options["gracePeriodSeconds"] = json!(seconds);
    }
    Ok(options)
}

/// Deletes one object; returns its UID, if it was there.
async fn delete(session: &Session, args: &Args, chosen: &Chosen, options: &Value) -> Result<Option<String>> {
    let path = format!("{}{}", chosen.path(), args.report.dry());
    let answer = match session.client.call(Method::DELETE, &path, JSON, options).await {
        Err(error) if args.ignore_not_found && Refusal::is_not_found(&error) => return Ok(None),
        answer => answer?,
    };
    // The answer is the object if it goes on existing for a while, else a Status.
    let own = (text(&answer, "/metadata/uid"), text(&answer, "/details/uid"));
    let uid = if own.0.is_empty() { own.1 } else { own.0 };
    match &args.report.output {
        Some(_) => say::line(chosen.label())?,
        None => {
            let forced = if args.force { "force deleted" } else { "deleted" };
            say::line(args.report.sentence(&chosen.resource.quoted(&chosen.name), forced))?;
        }
    }
    Ok(Some(uid.to_owned()))
}

async fn wait(session: &Session, timeout: Duration, going: &[(Chosen, String)]) -> Result<()> {
    let progress = Progress::start();
    let all = async {
        for (chosen, uid) in going {
            gone(session, chosen, uid, &progress).await?;
        }
        Ok(())
    };
    if timeout.is_zero() {
        return all.await;
    }
    match tokio::time::timeout(timeout, all).await {
        Ok(ended) => ended,
        Err(_) => bail!("not all are gone after {} s: {}", timeout.as_secs(), held(session, going).await),
    }
}

/// Resolves when the object is gone, or another has its name.
async fn gone(session: &Session, chosen: &Chosen, uid: &str, progress: &Progress) -> Result<()> {
    let begin = std::time::Instant::now();
    let collection = chosen.collection();
    let mut last: Option<Value> = None;
    let follow = watch::follow(&session.client, &collection, &chosen.name, |object| {
        let same = object.filter(|object| uid.is_empty() || text(object, "/metadata/uid") == uid);
        last = same.cloned();
        if begin.elapsed() >= LONG {
            last.iter().for_each(|object| progress.state(waits(chosen, object)));
        }
        Ok(same.is_none().then_some(()))
    });
    tokio::select! {
        ended = follow => ended,
        () = tell_after_a_while(session, chosen, progress) => Ok(()),
    }
}

/// Says once what holds the object, and never ends.
async fn tell_after_a_while(session: &Session, chosen: &Chosen, progress: &Progress) {
    tokio::time::sleep(LONG).await;
    if let Ok(Some(object)) = session.client.get(&chosen.path()).await {
        progress.state(waits(chosen, &object));
    }
    std::future::pending::<()>().await;
}

fn waits(chosen: &Chosen, object: &Value) -> String {
    match holders(object) {
        holders if holders.is_empty() => format!("{} is still there", chosen.label()),
        holders => format!("{} is still there, held by {}", chosen.label(), holders.join(", ")),
    }
}

/// What keeps a deleted object: finalizers, a grace period, what is left in a namespace.
fn holders(object: &Value) -> Vec<String> {
    let finalizers = items(object, "/metadata/finalizers").chain(items(object, "/spec/finalizers"));
    let mut holders: Vec<String> =
        finalizers.filter_map(Value::as_str).map(|name| format!("the finalizer {name}")).collect();
    let grace = object.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64).filter(|s| *s > 0);
    holders.extend(grace.map(|seconds| format!("its grace period of {seconds} s")));
    let conditions = items(object, "/status/conditions").filter(|c| c["status"] == "True");
    let of_namespace = ["NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletionContentFailure"];
    let left = conditions.filter(|condition| of_namespace.contains(&text(condition, "/type")));
    holders.extend(left.map(|condition| text(condition, "/message").to_owned()));
    holders
}

async fn held(session: &Session, going: &[(Chosen, String)]) -> String {
    let mut held = Vec::new();
    for (chosen, uid) in going {
        if let Ok(Some(object)) = session.client.get(&chosen.path()).await
            && (uid.is_empty() || text(&object, "/metadata/uid") == uid)
        {
            held.push(waits(chosen, &object));
        }
    }
    if held.is_empty() { "they went just now".to_owned() } else { held.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_an_object_is_named() {
        let object = json!({
            "metadata": { "finalizers": ["example.org/a"], "deletionGracePeriodSeconds": 30 },
            "spec": { "finalizers": ["kubernetes"] },
            "status": { "conditions": [
                { "type": "NamespaceContentRemaining", "status": "True", "message": "pods. has 1 resource instances" },
                { "type": "Ready", "status": "True", "message": "x" },
            ] },
        });
        assert_eq!(
            holders(&object),
            [
                "the finalizer example.org/a",
                "the finalizer kubernetes",
                "its grace period of 30 s",
                "pods. has 1 resource instances"
            ]
        );
    }
}
