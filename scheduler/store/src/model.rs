//! The state as a value: what is, and the recent past of it. Pure.
//!
//! [`Model::apply`] takes one transaction to the next state and leaves the old one as it was, sharing all they have
//! in common. So a group of transactions is decided on a copy nobody sees; if the disk refuses it, the copy is dropped
//! and nothing needs to be undone. Deliberately absent: locks, clocks, IO, and who watches.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use imbl::{OrdMap, OrdSet};

use crate::history::{History, HistoryBounds};
use crate::{Batch, Change, Entry, Error, Outcome, Revision, Txn, Write};

/// What an entry costs in memory beside its key and value.
const ENTRY_OVERHEAD_BYTES: usize = 256;
/// How much an update may grow a value while the store is full: a deletion mark or a finalizer's removal fits,
/// so that what exists can be deleted in the way Kubernetes deletes.
const GROWTH_WHEN_FULL_BYTES_MAX: usize = 1024;
/// How far beyond its bound a full store goes for such updates in all: deletion marks on half a million objects. An
/// update may be repeated, so without this a full store could grow for ever.
const SLACK_WHEN_FULL_BYTES: usize = 64 * 1024 * 1024;

/// How much the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes of durable keys and values. They are all kept in memory, so this is a bound of memory first.
    pub durable_bytes_max: usize,
    /// How much of the durable tier's past is kept.
    pub history: HistoryBounds,
    /// What is kept in memory only.
    pub volatile: Volatile,
}

impl Default for Bounds {
    fn default() -> Self {
        // 150,000 Pods of 8 KiB with their Nodes, slices and Secrets fit, and so does a server's memory.
        Self {
            durable_bytes_max: 2 * 1024 * 1024 * 1024,
            history: HistoryBounds::default(),
            volatile: Volatile::default(),
        }
    }
}

/// The volatile tier: keys that live in memory only and are gone after a restart. Empty by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volatile {
    /// Keys under these are volatile.
    pub prefixes: Vec<String>,
    /// Volatile keys under these give way, oldest write first, when the tier is full.
    pub evictable: Vec<String>,
    /// Most volatile keys.
    pub objects_max: usize,
    /// Most bytes of volatile keys and values.
    pub bytes_max: usize,
    /// How much of the volatile tier's past is kept.
    pub history: HistoryBounds,
}

impl Default for Volatile {
    fn default() -> Self {
        Self {
            prefixes: vec![],
            evictable: vec![],
            // 10,000 Nodes' heartbeats and as many Events again.
            objects_max: 20_000,
            // Heartbeats are some 500 bytes, Events 1 KiB; twice that, so that the count binds first.
            bytes_max: 48 * 1024 * 1024,
            // A heartbeat replaces a heartbeat; nobody resumes a watch on them across minutes.
            history: HistoryBounds { revisions_max: 10_000, bytes_max: 8 * 1024 * 1024 },
        }
    }
}

impl Volatile {
    /// Node heartbeats and Events: most of a big cluster's writes, needing no durability.
    /// Other Leases are durable, because clients elect leaders with them.
    #[must_use]
    pub fn heartbeats_and_events() -> Self {
        let events = "/registry/events/".to_owned();
        let heartbeats = "/registry/leases.coordination.k8s.io/kube-node-lease/".to_owned();
        Self { prefixes: vec![heartbeats, events.clone()], evictable: vec![events], ..Self::default() }
    }
}

/// Where a key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    Durable,
    Volatile,
}

/// Whether there is room on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Ample,
    /// Durable keys may shrink and go, but not come or grow.
    None,
}

/// What a transaction did.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) outcome: Outcome,
    /// The changes, if there are any.
    pub(crate) batch: Option<Arc<Batch>>,
}

/// The state at one revision.
#[derive(Clone)]
pub(crate) struct Model {
    entries: OrdMap<Arc<str>, Entry>,
    /// Volatile keys that may be evicted, by their last write.
    evictable: OrdSet<(Revision, Arc<str>)>,
    revision: Revision,
    durable_bytes: usize,
    volatile_bytes: usize,
    volatile_objects: usize,
    durable: History,
    volatile: History,
    bounds: Arc<Bounds>,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({} keys at revision {})", self.entries.len(), self.revision)
    }
}

impl Model {
    /// An empty state at `revision`; the durable past up to `compacted` is unknown, and all of the volatile past.
    pub(crate) fn new(bounds: Bounds, revision: Revision, compacted: Revision) -> Self {
        Self {
            entries: OrdMap::new(),
            evictable: OrdSet::new(),
            revision,
            durable_bytes: 0,
            volatile_bytes: 0,
            volatile_objects: 0,
            durable: History::new(bounds.history, compacted),
            volatile: History::new(bounds.volatile.history, revision),
            bounds: Arc::new(bounds),
        }
    }

    /// Puts back what a disk kept: an entry of the present.
    pub(crate) fn restore_entry(&mut self, entry: Entry) {
        self.durable_bytes += weight(&entry.key, &entry.value);
        self.entries.insert(Arc::clone(&entry.key), entry);
    }

    /// Puts back what a disk kept: a batch of the past, oldest first.
    pub(crate) fn restore_batch(&mut self, batch: Batch) {
        self.durable.push(Arc::new(batch));
    }

    /// Begins at `revision` if the past did not reach it: a new start above all volatile revisions of the last one.
    pub(crate) fn begin_at(&mut self, revision: Revision) {
        self.revision = self.revision.max(revision);
        self.volatile.compact(self.revision);
    }

    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// The durable tier's last compacted revision.
    pub(crate) fn durable_compacted(&self) -> Revision {
        self.durable.compacted()
    }

    pub(crate) fn entries(&self) -> &OrdMap<Arc<str>, Entry> {
        &self.entries
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Where a key lives.
    pub(crate) fn tier(&self, key: &str) -> Tier {
        if starts_with_any(key, &self.bounds.volatile.prefixes) { Tier::Volatile } else { Tier::Durable }
    }

    /// The histories that know of keys under `prefix`.
    pub(crate) fn histories(&self, prefix: &str) -> impl Iterator<Item = &History> {
        let volatile = &self.bounds.volatile.prefixes;
        let inside_volatile = starts_with_any(prefix, volatile);
        let around_volatile = volatile.iter().any(|volatile| volatile.starts_with(prefix));
        let durable = (!inside_volatile).then_some(&self.durable);
        durable.into_iter().chain((inside_volatile || around_volatile).then_some(&self.volatile))
    }

    /// The state after `txn`, and what it did. A conflict leaves the state as it is.
    pub(crate) fn apply(&self, txn: &Txn, room: Room) -> Result<(Self, Applied), Error> {
        if let Some(guard) = txn.guards.iter().find(|guard| !guard.holds(self.get(guard.key()))) {
            let outcome = Outcome::Conflict { key: guard.key().to_owned(), current: self.get(guard.key()).cloned() };
            return Ok((self.clone(), Applied { outcome, batch: None }));
        }
        let tier = self.tier_of(&txn.writes)?;
        self.check_room(txn, tier, room)?;
        let mut next = self.clone();
        let revision = self.revision + 1;
        let mut changes: Vec<Change> = txn.writes.iter().filter_map(|write| next.write(write, revision)).collect();
        if changes.is_empty() {
            return Ok((next, Applied { outcome: Outcome::Committed(self.revision), batch: None }));
        }
        if tier == Tier::Volatile {
            next.evict(revision, &mut changes)?;
        }
        next.revision = revision;
        let batch = Arc::new(Batch { revision, changes });
        match tier {
            Tier::Durable => next.durable.push(Arc::clone(&batch)),
            Tier::Volatile => next.volatile.push(Arc::clone(&batch)),
        }
        Ok((next, Applied { outcome: Outcome::Committed(revision), batch: Some(batch) }))
    }

    /// The state without the past up to `through`.
    pub(crate) fn compact(&self, through: Revision) -> Result<Self, Error> {
        if through > self.revision {
            return Err(Error::Future { requested: through, current: self.revision });
        }
        let mut next = self.clone();
        next.durable.compact(through);
        next.volatile.compact(through);
        Ok(next)
    }

    fn tier_of(&self, writes: &[Write]) -> Result<Tier, Error> {
        let find = |tier| writes.iter().map(Write::key).find(|key| self.tier(key) == tier);
        match (find(Tier::Durable), find(Tier::Volatile)) {
            (Some(durable), Some(volatile)) => {
                Err(Error::Tiers { durable: durable.to_owned(), volatile: volatile.to_owned() })
            }
            (None, Some(_)) => Ok(Tier::Volatile),
            (_, None) => Ok(Tier::Durable),
        }
    }

    /// Refuses what grows the durable tier when it is full. What shrinks it always passes.
    fn check_room(&self, txn: &Txn, tier: Tier, room: Room) -> Result<(), Error> {
        if tier == Tier::Volatile {
            return Ok(());
        }
        let grows = txn.writes.iter().any(|write| self.grows(write));
        if grows && room == Room::None {
            return Err(Error::Full { reason: "no space is left on its disk".to_owned() });
        }
        let max = self.bounds.durable_bytes_max;
        let (more, bound) =
            if grows { (txn.bytes(), max) } else { (self.growth(&txn.writes), max + SLACK_WHEN_FULL_BYTES) };
        if more > 0 && self.durable_bytes + more > bound {
            return Err(Error::Full { reason: format!("it holds {} of {max} bytes", self.durable_bytes) });
        }
        Ok(())
    }

    /// How many bytes longer the values get by these writes together.
    fn growth(&self, writes: &[Write]) -> usize {
        let before = |write: &Write| self.get(write.key()).map_or(0, |entry| entry.value.len());
        let after = |write: &Write| match write {
            Write::Put { value, .. } => value.len(),
            Write::Delete { .. } => 0,
        };
        let total = |bytes: &dyn Fn(&Write) -> usize| writes.iter().map(bytes).sum::<usize>();
        total(&after).saturating_sub(total(&before))
    }

    fn grows(&self, write: &Write) -> bool {
        match write {
            Write::Delete { .. } => false,
            Write::Put { key, value } => {
                self.get(key).is_none_or(|entry| value.len() > entry.value.len() + GROWTH_WHEN_FULL_BYTES_MAX)
            }
        }
    }

    fn write(&mut self, write: &Write, revision: Revision) -> Option<Change> {
        match write {
            Write::Put { key, value } => Some(self.put(key, value.clone(), revision)),
            Write::Delete { key } => self.remove(key),
        }
    }

    fn put(&mut self, key: &str, value: Bytes, revision: Revision) -> Change {
        let previous = self.get(key).cloned();
        let (key, create_revision) = match &previous {
            Some(entry) => (Arc::clone(&entry.key), entry.create_revision),
            None => (Arc::from(key), revision),
        };
        let current = Entry { key, value, create_revision, mod_revision: revision };
        self.account(previous.as_ref(), Some(&current));
        self.entries.insert(Arc::clone(&current.key), current.clone());
        Change { current: Some(current), previous }
    }

    fn remove(&mut self, key: &str) -> Option<Change> {
        let previous = self.entries.remove(key)?;
        self.account(Some(&previous), None);
        Some(Change { current: None, previous: Some(previous) })
    }

    fn account(&mut self, previous: Option<&Entry>, current: Option<&Entry>) {
        let bytes = |entry: Option<&Entry>| entry.map_or(0, |entry| weight(&entry.key, &entry.value));
        let Some(either) = previous.or(current) else { return };
        if self.tier(&either.key) == Tier::Durable {
            self.durable_bytes = self.durable_bytes + bytes(current) - bytes(previous);
            return;
        }
        self.volatile_bytes = self.volatile_bytes + bytes(current) - bytes(previous);
        self.volatile_objects =
            self.volatile_objects + usize::from(current.is_some()) - usize::from(previous.is_some());
        if starts_with_any(&either.key, &self.bounds.volatile.evictable) {
            if let Some(entry) = previous {
                self.evictable.remove(&(entry.mod_revision, Arc::clone(&entry.key)));
            }
            if let Some(entry) = current {
                self.evictable.insert((entry.mod_revision, Arc::clone(&entry.key)));
            }
        }
    }

    /// Deletes the oldest evictable keys until the volatile tier fits, as part of the revision that needs the room.
    fn evict(&mut self, revision: Revision, changes: &mut Vec<Change>) -> Result<(), Error> {
        let bounds = Arc::clone(&self.bounds);
        while self.volatile_objects > bounds.volatile.objects_max || self.volatile_bytes > bounds.volatile.bytes_max {
            let oldest = self.evictable.get_min().filter(|(written, _)| *written < revision).cloned();
            let Some(change) = oldest.and_then(|(_, key)| self.remove(&key)) else {
                let objects = self.volatile_objects;
                return Err(Error::Full { reason: format!("{objects} objects are kept in memory and none may go") });
            };
            changes.push(change);
        }
        Ok(())
    }
}

fn weight(key: &str, value: &Bytes) -> usize {
    ENTRY_OVERHEAD_BYTES + key.len() + value.len()
}

fn starts_with_any(key: &str, prefixes: &[String]) -> bool {
    prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{delete, put, txn};

    // C11
    #[test]
    fn a_full_store_grows_by_small_updates_only_up_to_its_slack() {
        let bounds = Bounds { durable_bytes_max: 1000, ..Bounds::default() };
        let apply = |model: &Model, write: Write| model.apply(&txn([], [write]), Room::Ample).map(|(next, _)| next);
        let mut model = apply(&Model::new(bounds, 0, 0), put("/a", "mark")).expect("fits");
        model.durable_bytes = 1000 + SLACK_WHEN_FULL_BYTES - 5;
        let marked = apply(&model, put("/a", "marked me")).expect("a mark fits");
        let again = apply(&marked, put("/a", "marked me again"));
        assert!(matches!(again, Err(Error::Full { .. })), "{again:?}");
        apply(&marked, put("/a", "marked")).expect("what shrinks passes");
        apply(&marked, delete("/a")).expect("what goes passes");
    }
}
