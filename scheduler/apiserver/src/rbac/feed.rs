//! Keeps the index in step with the store: one watch for each of the four kinds.
//!
//! An object that cannot be read grants nothing from then on, loudly: for rights, the safe side is without.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use api::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES};
use api::{NamespacedName, Resource};
use serde::de::DeserializeOwned;
use store::{Entry, Error, Page, Revision, Store, Watch};
use tokio::sync::{Notify, watch};

use super::{Access, Index};

/// How often a waiter asks anew whether the store has moved without touching the resource.
const ASK_AGAIN: Duration = Duration::from_millis(5);
/// How long an answer to a write is held back until the write counts. Longer means that something is wrong, and the
/// write has been done.
const SETTLE_MAX: Duration = Duration::from_secs(2);

static FOLLOWED: [&Resource; 4] = [&ROLES, &ROLE_BINDINGS, &CLUSTER_ROLES, &CLUSTER_ROLE_BINDINGS];

/// Keeps an [`Access`] in step until the store ends.
pub struct Feed {
    followers: Vec<Follower>,
}

/// How far one resource has been followed.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) resource: &'static Resource,
    revision: watch::Receiver<Revision>,
    ask: Arc<Notify>,
}

/// Follows one resource.
struct Follower {
    store: Arc<dyn Store>,
    resource: &'static Resource,
    index: Arc<RwLock<Index>>,
    watch: Watch,
    seen: watch::Sender<Revision>,
    ask: Arc<Notify>,
}

impl Access {
    /// Reads the roles and bindings that are there; [`Feed::run`] must be spawned.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(store: Arc<dyn Store>) -> Result<(Self, Feed), Error> {
        let index = Arc::new(RwLock::new(Index::default()));
        let (mut followers, mut seen) = (Vec::new(), Vec::new());
        for resource in FOLLOWED {
            let (revision, watch) = load(&store, resource, &index).await?;
            let (sender, receiver) = watch::channel(revision);
            let ask = Arc::new(Notify::new());
            seen.push(Seen { resource, revision: receiver, ask: ask.clone() });
            followers.push(Follower { store: store.clone(), resource, index: index.clone(), watch, seen: sender, ask });
        }
        Ok((Self { index, followers: seen.into() }, Feed { followers }))
    }
}

impl Feed {
    /// Runs until the store ends.
    ///
    /// # Errors
    /// The store's; it does not come back.
    pub async fn run(self) -> Result<(), Error> {
        futures::future::try_join_all(self.followers.into_iter().map(Follower::run)).await.map(drop)
    }
}

impl Seen {
    /// Waits until everything up to a revision counts, for a bounded time.
    pub(super) async fn reach(&self, revision: Revision) {
        let mut seen = self.revision.clone();
        let reached = async {
            while tokio::time::timeout(ASK_AGAIN, seen.wait_for(|seen| *seen >= revision)).await.is_err() {
                self.ask.notify_one();
            }
        };
        if tokio::time::timeout(SETTLE_MAX, reached).await.is_err() {
            tracing::warn!(resource = self.resource.plural, revision, "access control lags behind the store");
        }
    }
}

impl Follower {
    async fn run(mut self) -> Result<(), Error> {
        loop {
            tokio::select! {
                next = self.watch.next() => match next {
                    Ok(batch) => {
                        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
                        for change in &batch.changes {
                            take(&mut index, self.resource, change.key(), change.current.as_ref());
                        }
                    }
                    Err(Error::Lagged { resume }) => self.resume(resume).await?,
                    Err(error) => return Err(error),
                },
                () = self.ask.notified() => {}
            }
            self.seen.send_replace(self.watch.seen());
        }
    }

    async fn resume(&mut self, revision: Revision) -> Result<(), Error> {
        match self.store.watch(&self.resource.prefix(), revision).await {
            Ok(watch) => self.watch = watch,
            Err(Error::Compacted { .. }) => {
                (_, self.watch) = load(&self.store, self.resource, &self.index).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Reads all objects of a resource into the index, in place of what was there, and watches from there.
async fn load(
    store: &Arc<dyn Store>,
    resource: &'static Resource,
    index: &RwLock<Index>,
) -> Result<(Revision, Watch), Error> {
    let listing = store.list(&resource.prefix(), Page::default()).await?;
    let watch = store.watch(&resource.prefix(), listing.revision).await?;
    // Under one lock: nobody is denied what is only being read again.
    let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
    index.clear(resource);
    for entry in &listing.entries {
        take(&mut index, resource, &entry.key, Some(entry));
    }
    Ok((listing.revision, watch))
}

fn take(index: &mut Index, resource: &Resource, key: &str, entry: Option<&Entry>) {
    let Some(name) = key.strip_prefix(&resource.prefix()) else { return };
    let (namespace, name) = name.split_once('/').filter(|_| resource.is_namespaced()).unwrap_or(("", name));
    let name = NamespacedName::new(namespace, name);
    match resource {
        r if *r == ROLES => index.set_role(&name, decode(entry)),
        r if *r == ROLE_BINDINGS => index.set_binding(&name, decode(entry)),
        r if *r == CLUSTER_ROLES => index.set_cluster_role(&name.name, decode(entry)),
        _ => index.set_cluster_binding(&name.name, decode(entry)),
    }
}

fn decode<T: DeserializeOwned>(entry: Option<&Entry>) -> Option<T> {
    let entry = entry?;
    serde_json::from_slice(&entry.value)
        .inspect_err(|error| tracing::error!(key = %entry.key, %error, "cannot be read, so it grants nothing"))
        .ok()
}
