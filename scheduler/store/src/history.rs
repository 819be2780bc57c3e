//! The recent past, bounded: what watches resume from and old listings are rebuilt with.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;

use crate::{Batch, Change, Entry, Revision};

/// What a change costs in memory beside its key and the value it replaced: the batch, two entries, their nodes.
const CHANGE_OVERHEAD_BYTES: usize = 256;

/// How much of the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryBounds {
    /// Most revisions. A busy cluster's several minutes, which is longer than a client is away when it reconnects.
    pub revisions_max: usize,
    /// Most bytes, counted as what is kept alive by the history alone: the values that were replaced.
    pub bytes_max: usize,
}

impl Default for HistoryBounds {
    fn default() -> Self {
        Self { revisions_max: 100_000, bytes_max: 32 * 1024 * 1024 }
    }
}

/// One tier's batches, oldest dropped first.
#[derive(Clone, Debug)]
pub(crate) struct History {
    batches: OrdMap<Revision, Arc<Batch>>,
    bytes: usize,
    compacted: Revision,
    bounds: HistoryBounds,
}

impl History {
    /// An empty history of everything after `compacted`.
    pub(crate) fn new(bounds: HistoryBounds, compacted: Revision) -> Self {
        Self { batches: OrdMap::new(), bytes: 0, compacted, bounds }
    }

    /// Every change after this revision is known; what it and older ones changed is not.
    pub(crate) fn compacted(&self) -> Revision {
        self.compacted
    }

    /// Adds the newest batch and drops the oldest ones that no longer fit.
    pub(crate) fn push(&mut self, batch: Arc<Batch>) {
        self.bytes += weight(&batch);
        self.batches.insert(batch.revision, batch);
        while self.batches.len() > self.bounds.revisions_max || self.bytes > self.bounds.bytes_max {
            let Some(oldest) = self.batches.get_min().map(|(revision, _)| *revision) else { break };
            self.compact(oldest);
        }
    }

    /// Forgets everything up to and including `through`.
    pub(crate) fn compact(&mut self, through: Revision) {
        while let Some((revision, batch)) = self.batches.get_min().filter(|(revision, _)| *revision <= through) {
            let revision = *revision;
            self.bytes -= weight(batch);
            self.batches.remove(&revision);
        }
        self.compacted = self.compacted.max(through);
    }

    /// The batches after `revision`, oldest first.
    pub(crate) fn after(&self, revision: Revision) -> impl Iterator<Item = &Arc<Batch>> {
        self.batches.range((Bound::Excluded(revision), Bound::Unbounded)).map(|(_, batch)| batch)
    }

    /// For every key under `prefix` that changed after `revision`: what it was then.
    pub(crate) fn undo(&self, prefix: &str, revision: Revision, then: &mut BTreeMap<Arc<str>, Option<Entry>>) {
        let changes = self.after(revision).flat_map(|batch| &batch.changes);
        for change in changes.filter(|change| change.key().starts_with(prefix)) {
            // The first change after the revision knows what was there; later ones know only of each other.
            then.entry(Arc::clone(change.key())).or_insert_with(|| change.previous.clone());
        }
    }
}

fn weight(batch: &Batch) -> usize {
    let replaced = |change: &Change| change.previous.as_ref().map_or(0, |entry| entry.value.len());
    batch.changes.iter().map(|change| CHANGE_OVERHEAD_BYTES + change.key().len() + replaced(change)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn batch(revision: Revision, previous_bytes: usize) -> Arc<Batch> {
        let previous =
            Entry { key: "k".into(), value: Bytes::from(vec![0; previous_bytes]), create_revision: 1, mod_revision: 1 };
        Arc::new(Batch { revision, changes: vec![Change { current: None, previous: Some(previous) }] })
    }

    fn kept(history: &History) -> (Revision, Vec<Revision>) {
        (history.compacted(), history.after(0).map(|batch| batch.revision).collect())
    }

    #[test]
    fn count_and_bytes_bound_it_and_compaction_empties_it() {
        let mut history = History::new(HistoryBounds { revisions_max: 3, bytes_max: 2100 }, 0);
        for revision in 1..=5 {
            history.push(batch(revision, 10));
        }
        assert_eq!(kept(&history), (2, vec![3, 4, 5]));
        history.push(batch(9, 1500));
        assert_eq!(kept(&history), (4, vec![5, 9]), "all four would be too many bytes");
        history.push(batch(10, 5000));
        assert_eq!(kept(&history), (10, vec![]), "what never fits is known to be unknown");
        assert_eq!(history.bytes, 0);
        history.push(batch(12, 0));
        history.compact(11);
        assert_eq!(kept(&history), (11, vec![12]));
        history.compact(3);
        assert_eq!(kept(&history), (11, vec![12]), "compaction does not go back");
    }
}
