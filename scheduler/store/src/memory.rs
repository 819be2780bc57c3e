//! The store in memory: for tests and simulations, and the measure the other backends are held to.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::live::Live;
use crate::model::{Bounds, Model, Room};
use crate::{Entry, Error, Listing, Outcome, Page, Revision, Store, Txn, Watch};

/// A store that forgets everything when it is dropped.
#[derive(Debug)]
pub struct Memory {
    live: Live,
    /// Held by who writes.
    writing: Mutex<()>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// An empty store with the ordinary bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::with_bounds(Bounds::default())
    }

    /// An empty store with bounds of its own.
    #[must_use]
    pub fn with_bounds(bounds: Bounds) -> Self {
        Self { live: Live::new(Model::new(bounds, 0, 0)), writing: Mutex::default() }
    }
}

#[async_trait]
impl Store for Memory {
    async fn commit(&self, txn: Txn) -> Result<Outcome, Error> {
        txn.check()?;
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, applied) = self.live.model().apply(&txn, Room::Ample)?;
        if let Some(batch) = applied.batch {
            self.live.publish(next, &[batch]);
        }
        Ok(applied.outcome)
    }

    async fn get(&self, key: &str) -> Result<(Option<Entry>, Revision), Error> {
        Ok(self.live.get(key))
    }

    async fn list(&self, prefix: &str, page: Page) -> Result<Listing, Error> {
        self.live.list(prefix, &page)
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<Watch, Error> {
        self.live.watch(prefix, after)
    }

    async fn revision(&self) -> Revision {
        self.live.revision()
    }

    async fn compact(&self, through: Revision) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self.live.model().compact(through)?;
        self.live.publish(next, &[]);
        Ok(())
    }
}
