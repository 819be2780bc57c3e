//! The revisioned key-value store under everything: transactions, listings and watches as Kubernetes' clients need them.
//!
//! The idea to read on with: the whole state is one immutable value, `Model`, that a pure function takes from
//! one transaction to the next. Readers hold a snapshot of it and wait for nobody. A backend decides only when the next
//! value becomes the present one: [`Memory`] at once, [`Redb`] after the disk has it, [`Tiered`] likewise but leaves
//! chosen prefixes to memory.
//!
//! Deliberately absent: what keys and values mean (the apiserver knows), leases of its own (a lease is an object),
//! and anything of redb's in the public API.

mod error;
mod read;
mod txn;

mod history;
mod live;
mod model;
mod page;
mod watch;

mod durable;
mod memory;
mod tiered;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod properties;

use async_trait::async_trait;

pub use durable::{Absent, Cipher, Config, Fatal, OpenError, Redb, Refusal};
pub use error::Error;
pub use history::HistoryBounds;
pub use memory::Memory;
pub use model::{Bounds, Volatile};
pub use read::{Batch, Change, Listing, Page};
pub use tiered::Tiered;
pub use txn::{Entry, Guard, KEY_BYTES_MAX, Outcome, Revision, TXN_BYTES_MAX, TXN_OPERATIONS_MAX, Txn, Write};
pub use watch::Watch;

/// What every backend can do. One conformance suite holds them all to it.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Does all of a transaction or nothing. [`Outcome::Committed`] means it survives a power cut.
    ///
    /// A caller that stops waiting may still have committed.
    async fn commit(&self, txn: Txn) -> Result<Outcome, Error>;

    /// The entry of a key, and the revision it was read at.
    async fn get(&self, key: &str) -> Result<(Option<Entry>, Revision), Error>;

    /// The entries whose keys start with `prefix`, ordered by key.
    async fn list(&self, prefix: &str, page: Page) -> Result<Listing, Error>;

    /// Every change after `after` to keys that start with `prefix`: none missed, none twice, all of one revision together.
    async fn watch(&self, prefix: &str, after: Revision) -> Result<Watch, Error>;

    /// The present revision.
    async fn revision(&self) -> Revision;

    /// Forgets the history up to and including `through`. The present state keeps.
    async fn compact(&self, through: Revision) -> Result<(), Error>;
}
