//! Keeps the index in step with the store: one watch for each of the four kinds.
//!
//! An object that cannot be read grants nothing from then on, loudly: for rights, the safe side is without.

use std::sync::{Arc, PoisonError, RwLock};

use api::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES};
use api::{NamespacedName, Resource};
use serde::de::DeserializeOwned;
use store::{Entry, Error, Page, Revision, Store, Watch};

use super::{Access, Index};
use crate::seen::{self, Teller};

static FOLLOWED: [&Resource; 4] = [&ROLES, &ROLE_BINDINGS, &CLUSTER_ROLES, &CLUSTER_ROLE_BINDINGS];

/// Keeps an [`Access`] in step until the store ends.
pub struct Feed {
    followers: Vec<Follower>,
}

/// Follows one resource.
struct Follower {
    store: Arc<dyn Store>,
    resource: &'static Resource,
    index: Arc<RwLock<Index>>,
    watch: Watch,
    teller: Teller,
}

impl Access {
    /// Reads the roles and bindings that are there; [`Feed::run`] must be spawned.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(store: Arc<dyn Store>) -> Result<(Self, Feed), Error> {
        let index = Arc::new(RwLock::new(Index::default()));
        let (mut followers, mut followed) = (Vec::new(), Vec::new());
        for resource in FOLLOWED {
            let (revision, watch) = load(&store, resource, &index).await?;
            let (teller, waiter) = seen::pair(resource, revision);
            followed.push(waiter);
            followers.push(Follower { store: store.clone(), resource, index: index.clone(), watch, teller });
        }
        Ok((Self { index, followers: followed.into() }, Feed { followers }))
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
                () = self.teller.asked() => {}
            }
            self.teller.tell(self.watch.seen());
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
