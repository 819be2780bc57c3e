//! What can go wrong, by what the caller can do about it.

use crate::Revision;

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The history asked for is gone: list anew and watch from there.
    #[error("revision {requested} is compacted away; the oldest still known is {oldest}")]
    Compacted {
        /// What was asked for.
        requested: Revision,
        /// The oldest revision that can be listed at or watched from.
        oldest: Revision,
    },
    /// The revision has not happened yet: ask again later.
    #[error("revision {requested} is in the future; the present is {current}")]
    Future {
        /// What was asked for.
        requested: Revision,
        /// The present revision.
        current: Revision,
    },
    /// A bound of a transaction; make it smaller.
    #[error("{what}: {size} is more than {max}")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// The bound.
        max: usize,
    },
    /// A key must not be empty.
    #[error("a key must not be empty")]
    EmptyKey,
    /// One transaction writes one key twice.
    #[error("the transaction writes {key} twice")]
    WrittenTwice {
        /// The key.
        key: String,
    },
    /// The writes of one transaction would lie partly on disk and partly in memory, so a crash could halve it.
    #[error("the transaction writes both durable and volatile keys: {durable} and {volatile}")]
    Tiers {
        /// A durable key of it.
        durable: String,
        /// A volatile key of it.
        volatile: String,
    },
    /// No room for more. Reads, deletes, compaction, and updates that hardly grow a value still work;
    /// ends by itself when there is room again.
    #[error("the store is full: {reason}")]
    Full {
        /// What is full.
        reason: String,
    },
    /// This watch was too slow and was cut off; watch again from `resume`.
    #[error("the watch fell behind and was cut off; resume from revision {resume}")]
    Lagged {
        /// Everything up to here was delivered.
        resume: Revision,
    },
    /// More watches at once than the store keeps.
    #[error("{max} watches are open already")]
    Watches {
        /// The bound.
        max: usize,
    },
    /// A write to the disk failed. This write is not acknowledged (whether it survives is unknown until the
    /// next start) and no later one will be accepted: the process must end and start again.
    #[error("the store is broken and takes no more writes: {reason}")]
    Broken {
        /// What failed.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}
