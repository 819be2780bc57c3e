//! `insula wait`: until objects are as they should be.

mod aim;

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::choice::{Choice, Chosen};
use crate::place::Place;
use crate::progress::Progress;
use crate::session::Session;
use crate::{say, watch};

use aim::Aim;

/// What a minus or zero means to kubectl: one look, or a week.
const A_WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    choice: Choice,
    /// What to wait for: condition=Ready, condition=Ready=false, jsonpath='{.status.phase}'=Running, jsonpath='{.a}',
    /// delete, create.
    #[arg(long = "for", value_name = "AIM", required = true)]
    aim: Aim,
    /// How long to wait in all; 0 looks once.
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "30s", allow_hyphen_values = true)]
    timeout: Duration,
}

/// Less than nothing is a week, as with kubectl.
fn timeout(text: &str) -> Result<Duration, String> {
    if text.starts_with('-') { Ok(A_WEEK) } else { crate::time::parse(text) }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let session = Session::open(&args.place).await?;
    let progress = Progress::start();
    let began = std::time::Instant::now();
    let chosen = chosen(&session, &args).await?;
    for chosen in &chosen {
        let left = args.timeout.saturating_sub(began.elapsed());
        one(&session, &args, chosen, left, &progress).await?;
        progress.state("");
        say::line(format!("{} {}", chosen.label(), args.aim.met()))?;
    }
    Ok(())
}

/// The objects; where they are chosen by a selector there must be one, unless they may come yet or be gone already.
async fn chosen(session: &Session, args: &Args) -> Result<Vec<Chosen>> {
    let chosen = args.choice.resolve(session).await?;
    if chosen.is_empty() && args.aim != Aim::Deleted {
        bail!("no matching resources found");
    }
    Ok(chosen)
}

async fn one(session: &Session, args: &Args, chosen: &Chosen, left: Duration, progress: &Progress) -> Result<()> {
    let (mut uid, mut seen) = (None, false);
    let collection = chosen.collection();
    let mut look = |object: Option<&Value>| {
        // What has another UID is another object: the one that was waited for is gone.
        let own = object.map(|object| crate::value::text(object, "/metadata/uid").to_owned());
        if uid.is_none() {
            uid.clone_from(&own);
        }
        let object = object.filter(|_| own == uid || args.aim != Aim::Deleted);
        if object.is_none() && !seen && args.aim.needs_object() {
            bail!("{} not found", chosen.resource.quoted(&chosen.name));
        }
        seen |= object.is_some();
        if args.aim.is_met(object)? {
            return Ok(Some(()));
        }
        progress.state(format!("{}: {}", chosen.label(), args.aim.lacks(object)));
        Ok(None)
    };
    if left.is_zero() {
        let object = session.client.get(&chosen.path()).await?;
        if look(object.as_ref())?.is_some() {
            return Ok(());
        }
        bail!("{}", late(chosen, args));
    }
    let follow = watch::follow(&session.client, &collection, &chosen.name, &mut look);
    match tokio::time::timeout(left, follow).await {
        Ok(ended) => ended,
        Err(_) => bail!("{}", late(chosen, args)),
    }
}

fn late(chosen: &Chosen, args: &Args) -> String {
    format!("timed out waiting for {} on {}/{}", args.aim.named(), chosen.resource.plural, chosen.name)
}
