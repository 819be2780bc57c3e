//! Watching: one line of JSON per change, for as long as the client listens.
//!
//! A task per watch moves changes from the store into a short queue that the connection empties.
//! A client that does not read fills the queue, is cut off, and resumes from the last version it
//! saw; nobody else waits for it. Objects are sent as the store holds them, neither decoded nor copied
//! for each watch, unless a selector or a form needs to look inside.

mod frame;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use futures::{StreamExt, stream};
use http::request::Parts;
use store::{Batch, Change, Entry, Revision, Watch};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use self::frame::{Encoder, Kind, Line};
use super::params::Params;
use super::path::Address;
use super::read::{include, json_response};
use super::{Api, negotiate};
use crate::auth::User;
use crate::fair::Place;
use crate::limits::{BOOKMARK_EVERY, WATCH_QUEUE, WATCH_STALL_MAX, WATCH_TIMEOUT_DEFAULT, WATCH_TIMEOUT_MAX};
use crate::objects::{ListOptions, Objects, Selection, VersionMatch};
use crate::server::Shutdown;
use crate::status::Status;

/// Answers a watch.
pub(super) fn start(
    api: &Arc<Api>,
    address: &Address<'_>,
    request: &Parts,
    params: &Params,
) -> Result<Response, Status> {
    let place = api.watches.take(request.extensions.get::<User>())?;
    let form = negotiate::form(&request.headers)?;
    let plan = Plan::read(address, params)?;
    let encoder = Encoder::new(address.kind.clone(), address.served, form, include(params)?);
    let (sender, receiver) = mpsc::channel(WATCH_QUEUE);
    let shutdown = request.extensions.get::<Shutdown>().map(|shutdown| shutdown.0.clone()).unwrap_or_default();
    let objects = api.objects.clone();
    let gone = address.kind.custom.as_ref().map(|custom| custom.gone.clone()).unwrap_or_default();
    let pump = Pump { objects, plan, encoder, sender, stall: WATCH_STALL_MAX, gone };
    tokio::spawn(pump.run(shutdown, place));
    let pieces =
        ReceiverStream::new(receiver).flat_map(|line| stream::iter(line.into_pieces().map(Ok::<_, Infallible>)));
    Ok(json_response(200, Body::from_stream(pieces)))
}

/// What a watch was asked to do.
struct Plan {
    prefix: String,
    resource: &'static api::Resource,
    namespace: Option<String>,
    selection: Selection,
    /// Start after this revision; `None` starts with what is there now.
    after: Option<Revision>,
    /// Whether to begin with what is there, and to say when that is over.
    initial: Initial,
    bookmarks: bool,
    lasts: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Initial {
    /// Begin with what is there, if no version is given.
    Implied,
    /// Begin with what is there and mark its end.
    Marked,
    /// Only what changes from now on.
    None,
}

impl Plan {
    fn read(address: &Address<'_>, params: &Params) -> Result<Self, Status> {
        let resource = address.kind.resource;
        let mut selection = params.selection(address.asked())?;
        if let Some(name) = address.name {
            let text = format!("metadata.name={name}");
            selection.fields =
                crate::objects::FieldSelector::parse_for(address.asked(), &text).map_err(Status::bad_request)?;
        }
        let mut prefix = address.namespace.map_or_else(|| resource.prefix(), |space| resource.prefix_in(space));
        if let Some(name) = selection.fields.name()
            && (address.namespace.is_some() || !resource.is_namespaced())
        {
            // A prefix of the wanted key; the selector tells `web` from `web-1`.
            prefix.push_str(name);
        }
        let version = params.get("resourceVersion").unwrap_or_default();
        let wanted: Revision = if version.is_empty() {
            0
        } else {
            let why = || Status::bad_request(format!("resourceVersion: Invalid value: {version:?}: must be a number"));
            version.parse().map_err(|_| why())?
        };
        let initial = match (params.tristate("sendInitialEvents")?, params.version_match()?) {
            (None, None) => Initial::Implied,
            (None, Some(_)) => {
                return Err(Status::bad_request(
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
                ));
            }
            (Some(_), Some(VersionMatch::Exact) | None) => {
                return Err(Status::bad_request(
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                ));
            }
            (Some(true), Some(VersionMatch::NotOlderThan)) => Initial::Marked,
            (Some(false), Some(VersionMatch::NotOlderThan)) => Initial::None,
        };
        Ok(Self {
            prefix,
            resource,
            namespace: address.namespace.map(str::to_owned),
            selection,
            after: (wanted > 0).then_some(wanted),
            initial,
            bookmarks: params.flag("allowWatchBookmarks")?,
            lasts: lasts(params.number("timeoutSeconds")?),
        })
    }
}

/// How long a watch lives. Zero means that the client does not care, as in Kubernetes.
fn lasts(seconds: Option<u64>) -> Duration {
    match seconds {
        None | Some(0) => default_timeout(),
        Some(seconds) => Duration::from_secs(seconds).min(WATCH_TIMEOUT_MAX),
    }
}

/// Between once and twice the default, so that watches opened together do not end together.
fn default_timeout() -> Duration {
    let millis = u64::try_from(WATCH_TIMEOUT_DEFAULT.as_millis()).unwrap_or(u64::MAX);
    let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
    WATCH_TIMEOUT_DEFAULT + Duration::from_millis(seed % millis.max(1))
}

/// Why a watch ends.
enum End {
    /// The client left or does not read.
    Gone,
    /// The client must hear of it.
    Failed(Status),
    /// It is over; the client comes back from its last version.
    Over,
}

impl From<Status> for End {
    fn from(status: Status) -> Self {
        Self::Failed(status)
    }
}

struct Pump {
    objects: Objects,
    plan: Plan,
    encoder: Encoder,
    sender: mpsc::Sender<Line>,
    /// How long the client may leave the queue full.
    stall: Duration,
    /// Cancelled when the kind is gone.
    gone: CancellationToken,
}

impl Pump {
    async fn run(mut self, shutdown: CancellationToken, _place: Place) {
        if let Err(End::Failed(status)) = self.serve(&shutdown).await {
            let line = self.encoder.error(&status);
            // Too late for anyone who does not take this one either.
            drop(self.send(line).await);
        }
    }

    async fn send(&self, line: Line) -> Result<(), End> {
        match timeout(self.stall, self.sender.send(line)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    async fn serve(&mut self, shutdown: &CancellationToken) -> Result<(), End> {
        let deadline = Instant::now() + self.plan.lasts;
        let mut bookmarks = ticks();
        let (mut seen, mut watch) = self.begin().await?;
        loop {
            tokio::select! {
                biased;
                () = self.sender.closed() => return Err(End::Gone),
                () = shutdown.cancelled() => return self.finish(watch.seen().max(seen)).await,
                () = sleep_until(deadline) => return self.finish(watch.seen().max(seen)).await,
                _ = bookmarks.tick(), if self.plan.bookmarks => {
                    seen = seen.max(watch.seen());
                    self.send(self.encoder.bookmark(seen)).await?;
                }
                batch = watch.next() => match batch {
                    Ok(batch) => {
                        seen = batch.revision;
                        self.send_batch(&batch).await?;
                    }
                    Err(store::Error::Lagged { resume }) => return self.finish(resume).await,
                    Err(store::Error::Closed) => return Err(End::Over),
                    Err(error) => return Err(End::Failed(error.into())),
                },
                // After the watch, so that the last deletions are told.
                () = self.gone.cancelled() => return self.finish(watch.seen().max(seen)).await,
            }
        }
    }

    /// A last bookmark lets the client come back to where it was.
    async fn finish(&self, seen: Revision) -> Result<(), End> {
        if self.plan.bookmarks {
            self.send(self.encoder.bookmark(seen)).await?;
        }
        Ok(())
    }

    /// Sends what is there, if that is wanted, and opens the watch that goes on from it.
    async fn begin(&mut self) -> Result<(Revision, Watch), End> {
        let after = match (self.plan.after, self.plan.initial) {
            (Some(after), Initial::Implied | Initial::None) => after,
            (None, Initial::None) => self.present().await?.1,
            (after, Initial::Implied | Initial::Marked) => {
                let (entries, revision) = self.present().await?;
                if let Some(wanted) = after.filter(|wanted| *wanted > revision) {
                    return Err(crate::objects::too_large_version(wanted, revision).into());
                }
                for entry in entries {
                    let line = self.encoder.object(Kind::Added, &entry, entry.mod_revision)?;
                    self.send(line).await?;
                }
                if self.plan.initial == Initial::Marked && self.plan.bookmarks {
                    self.send(self.encoder.initial_end(revision)).await?;
                }
                revision
            }
        };
        match self.objects.store().watch(&self.plan.prefix, after).await {
            Ok(watch) => Ok((after, watch)),
            // The client has seen a history this store does not have (it was restored): it must list anew.
            Err(store::Error::Future { requested, current }) => {
                Err(Status::expired(format!("resource version {requested} is not of this history ({current})")).into())
            }
            Err(error) => Err(Status::from(error).into()),
        }
    }

    async fn present(&self) -> Result<(Vec<Entry>, Revision), Status> {
        let options = ListOptions {
            labels: self.plan.selection.labels.clone(),
            fields: self.plan.selection.fields.clone(),
            ..ListOptions::default()
        };
        let page = self.objects.page(self.plan.resource, self.plan.namespace.as_deref(), &options).await?;
        Ok((page.entries, page.revision))
    }

    async fn send_batch(&mut self, batch: &Batch) -> Result<(), End> {
        for change in &batch.changes {
            let Some((kind, entry)) = self.transition(change) else { continue };
            let line = self.encoder.object(kind, entry, batch.revision)?;
            self.send(line).await?;
        }
        Ok(())
    }

    /// What a change is to someone who sees only what is selected.
    fn transition<'a>(&self, change: &'a Change) -> Option<(Kind, &'a Entry)> {
        let seen =
            |entry: &'a Option<Entry>| entry.as_ref().filter(|entry| self.plan.selection.matches_stored(&entry.value));
        match (seen(&change.previous), seen(&change.current)) {
            (None, Some(current)) => Some((Kind::Added, current)),
            (Some(_), Some(current)) => Some((Kind::Modified, current)),
            (Some(previous), None) => Some((Kind::Deleted, previous)),
            (None, None) => None,
        }
    }
}

/// Bookmarks, first after a while and not all watches at once.
fn ticks() -> Interval {
    let millis = u64::try_from(BOOKMARK_EVERY.as_millis()).unwrap_or(u64::MAX);
    let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
    let first = BOOKMARK_EVERY / 2 + Duration::from_millis(seed % (millis / 2).max(1));
    let mut ticks = interval_at(Instant::now() + first, BOOKMARK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
