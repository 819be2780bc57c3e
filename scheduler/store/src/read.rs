//! What comes out: listings, and batches of changes.

use std::sync::Arc;

use crate::{Entry, Revision};

/// Which part of a listing is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// List as of this revision; `None` is the present.
    pub at: Option<Revision>,
    /// Only keys after this one.
    pub after: Option<String>,
    /// At most so many entries; 0 is all.
    pub limit: usize,
    /// Whether to count what follows the page, which costs a walk over all of it.
    pub count: bool,
}

/// Entries in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries of this page.
    pub entries: Vec<Entry>,
    /// The revision the listing is true for; watch from here to miss nothing.
    pub revision: Revision,
    /// Whether entries follow this page.
    pub more: bool,
    /// How many entries follow this page, if that was asked.
    pub remaining: Option<usize>,
}

/// All changes of one revision that match a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The revision.
    pub revision: Revision,
    /// The changes, in the order they were written.
    pub changes: Vec<Change>,
}

/// One key's change. At least one of the two is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The entry since this revision; `None` is deleted.
    pub current: Option<Entry>,
    /// The entry before this revision; `None` is created.
    pub previous: Option<Entry>,
}

impl Change {
    /// The key that changed.
    ///
    /// # Panics
    /// Never for a change the store made: one side is always there.
    #[must_use]
    pub fn key(&self) -> &Arc<str> {
        let entry = self.current.as_ref().or(self.previous.as_ref());
        &entry.expect("a change has a present or a past").key
    }
}
