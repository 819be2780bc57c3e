//! The routing table.

use crate::delta::Delta;

/// Which endpoints answer where. Immutable: a change makes a new one.
#[derive(Debug, Clone, Default)]
pub struct Table {
    revision: u64,
}

impl Table {
    /// The table after `delta`.
    #[must_use]
    pub fn apply(&self, delta: Delta) -> Self {
        Self { revision: delta.revision.max(self.revision) }
    }
}
