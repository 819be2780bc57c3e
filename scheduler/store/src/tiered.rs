//! Two tiers under one revision: most keys on disk, chosen prefixes in memory only.
//!
//! Node heartbeats and Events are most of a big cluster's writes and need no durability: they cost no fsync and are
//! gone after a restart. Both tiers share one sequence of revisions, so a listing or a watch may lie in one tier or
//! reach over both, and any two revisions compare. They have a history each, so that heartbeats do not push what
//! matters out of it. Every start begins far above all revisions of the start before it, so that a volatile revision a
//! client has seen is never seen again: for the volatile tier such a revision is compacted, for the durable tier it
//! resumes without a gap.
//!
//! Writes of one transaction lie in one tier, because a crash would halve any other. Guards may be about either, so
//! that an Event too can be written under the leader's term. The durable tier's space is its own; in the volatile tier
//! the oldest Events give way to new ones, and heartbeats never do.

use std::path::Path;

use async_trait::async_trait;

use crate::model::Volatile;
use crate::{Config, Entry, Error, Fatal, Listing, OpenError, Outcome, Page, Redb, Revision, Store, Txn, Watch};

/// A store on disk with a volatile tier in memory.
#[derive(Debug)]
pub struct Tiered {
    store: Redb,
}

impl Tiered {
    /// Opens the store at `path`, or makes an empty one if there is no file. Blocks while the disk is read.
    /// Without prefixes of the caller's own, node heartbeats and Events are volatile.
    ///
    /// # Errors
    /// As [`Redb::open`].
    pub fn open(path: &Path, mut config: Config) -> Result<Self, OpenError> {
        if config.bounds.volatile.prefixes.is_empty() {
            let Volatile { prefixes, evictable, .. } = Volatile::heartbeats_and_events();
            config.bounds.volatile = Volatile { prefixes, evictable, ..config.bounds.volatile };
        }
        Redb::open(path, config).map(|store| Self { store })
    }

    /// Tells when a write to the disk failed. The process must then end: nothing more will be accepted.
    #[must_use]
    pub fn fatal(&self) -> Fatal {
        self.store.fatal()
    }
}

#[async_trait]
impl Store for Tiered {
    async fn commit(&self, txn: Txn) -> Result<Outcome, Error> {
        self.store.commit(txn).await
    }

    async fn get(&self, key: &str) -> Result<(Option<Entry>, Revision), Error> {
        self.store.get(key).await
    }

    async fn list(&self, prefix: &str, page: Page) -> Result<Listing, Error> {
        self.store.list(prefix, page).await
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<Watch, Error> {
        self.store.watch(prefix, after).await
    }

    async fn revision(&self) -> Revision {
        self.store.revision().await
    }

    async fn compact(&self, through: Revision) -> Result<(), Error> {
        self.store.compact(through).await
    }
}
