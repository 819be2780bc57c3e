//! Who watches what: batches go to the watches whose prefix they match, and to no other.
//!
//! Watches of one prefix share one batch. A change finds its prefixes by their lengths, of which a cluster has a few
//! dozen, so that ten thousand idle watches cost nothing. Every watch has a bounded queue; one that does not empty it
//! is cut off with the revision to resume from, and nobody waits for it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::{Batch, Change, Error, Revision};

/// Most batches that wait for one watch: two seconds of a cluster that writes 500 times a second to one resource.
pub(crate) const WATCH_BATCHES_MAX: usize = 1024;
/// Most bytes that wait for one watch, so that a stalled client cannot keep a gigabyte of dead objects alive.
pub(crate) const WATCH_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most watches at once: 10,000 clients with ten informers each.
const WATCHES_MAX: usize = 100_000;

/// The watches, and how far they have been told.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    routes: Mutex<Routes>,
    /// Everything up to this revision is in the queues.
    published: AtomicU64,
}

#[derive(Debug, Default)]
struct Routes {
    by_prefix: HashMap<Box<str>, BTreeMap<u64, Feed>>,
    /// How many prefixes of each length there are.
    lengths: BTreeMap<usize, usize>,
    watches: usize,
    next_id: u64,
    /// Nothing more will be published.
    closed: bool,
}

/// The batches under one prefix, in order.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) batches: VecDeque<Arc<Batch>>,
    /// The revision they reach to.
    pub(crate) through: Revision,
}

/// The sending side of one watch.
#[derive(Debug)]
struct Feed {
    batches: mpsc::Sender<Arc<Batch>>,
    /// Batches up to here came from the history.
    from: Revision,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    queued_bytes: AtomicUsize,
    lagged: AtomicBool,
}

/// A running watch. Dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    hub: Arc<Hub>,
    prefix: Box<str>,
    id: u64,
    /// What had happened before the watch began.
    backlog: VecDeque<Arc<Batch>>,
    batches: mpsc::Receiver<Arc<Batch>>,
    state: Arc<State>,
    seen: Revision,
}

impl Hub {
    pub(crate) fn new(published: Revision) -> Self {
        Self { routes: Mutex::default(), published: AtomicU64::new(published) }
    }

    /// Starts a watch. `past` is asked, while nothing can be published, for what happened after `after`, so it should
    /// have little left to do.
    pub(crate) fn watch(
        self: &Arc<Self>,
        prefix: &str,
        after: Revision,
        past: impl FnOnce() -> Result<Past, Error>,
    ) -> Result<Watch, Error> {
        let mut routes = self.routes();
        if routes.closed {
            return Err(Error::Closed);
        }
        if routes.watches >= WATCHES_MAX {
            return Err(Error::Watches { max: WATCHES_MAX });
        }
        let Past { batches: backlog, through: from } = past()?;
        let (sender, batches) = mpsc::channel(WATCH_BATCHES_MAX);
        let state = Arc::new(State::default());
        let id = routes.add(prefix, Feed { batches: sender, from, state: Arc::clone(&state) });
        Ok(Watch { hub: Arc::clone(self), prefix: prefix.into(), id, backlog, batches, state, seen: after })
    }

    /// Tells the watches of `batches`, which reach to `revision`. Called by one thread at a time, in order.
    pub(crate) fn publish(&self, batches: &[Arc<Batch>], revision: Revision) {
        let mut routes = self.routes();
        for batch in batches {
            routes.publish(batch);
        }
        self.published.store(revision, Ordering::Release);
    }

    /// Ends every watch, and refuses new ones: nobody would tell them anything.
    pub(crate) fn close(&self) {
        *self.routes() = Routes { closed: true, ..Routes::default() };
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Routes {
    fn add(&mut self, prefix: &str, feed: Feed) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.watches += 1;
        let feeds = self.by_prefix.entry(prefix.into()).or_default();
        if feeds.is_empty() {
            *self.lengths.entry(prefix.len()).or_default() += 1;
        }
        feeds.insert(id, feed);
        id
    }

    fn remove(&mut self, prefix: &str, id: u64) {
        let Some(feeds) = self.by_prefix.get_mut(prefix) else { return };
        if feeds.remove(&id).is_none() {
            return;
        }
        self.watches -= 1;
        if feeds.is_empty() {
            self.by_prefix.remove(prefix);
            if let Some(count) = self.lengths.get_mut(&prefix.len()) {
                *count -= 1;
            }
            self.lengths.retain(|_, count| *count > 0);
        }
    }

    fn publish(&mut self, batch: &Arc<Batch>) {
        for (prefix, indices) in self.matches(batch) {
            let part = part(batch, &indices);
            let Some(feeds) = self.by_prefix.get(&*prefix) else { continue };
            let cut: Vec<u64> = feeds.iter().filter(|(_, feed)| !feed.push(&part)).map(|(id, _)| *id).collect();
            for id in cut {
                self.remove(&prefix, id);
            }
        }
    }

    /// The watched prefixes of a batch, each with the indices of its changes.
    fn matches(&self, batch: &Batch) -> BTreeMap<Box<str>, Vec<usize>> {
        let mut matches: BTreeMap<Box<str>, Vec<usize>> = BTreeMap::new();
        for (index, change) in batch.changes.iter().enumerate() {
            let prefixes = self.lengths.keys().filter_map(|length| change.key().get(..*length));
            for prefix in prefixes.filter(|prefix| self.by_prefix.contains_key(*prefix)) {
                matches.entry(prefix.into()).or_default().push(index);
            }
        }
        matches
    }
}

impl Feed {
    /// Queues a batch; false ends the watch.
    fn push(&self, batch: &Arc<Batch>) -> bool {
        if batch.revision <= self.from {
            return true;
        }
        let queued = self.state.queued_bytes.fetch_add(bytes(batch), Ordering::Relaxed) + bytes(batch);
        // A single batch above the bound still goes to a watch that has nothing else to read.
        let too_many_bytes = queued > WATCH_BYTES_MAX && queued > bytes(batch);
        let sent = if too_many_bytes { Err(TrySendError::Full(())) } else { self.send(batch) };
        if matches!(sent, Err(TrySendError::Full(()))) {
            self.state.lagged.store(true, Ordering::Release);
        }
        sent.is_ok()
    }

    fn send(&self, batch: &Arc<Batch>) -> Result<(), TrySendError<()>> {
        self.batches.try_send(Arc::clone(batch)).map_err(|error| match error {
            TrySendError::Full(_) => TrySendError::Full(()),
            TrySendError::Closed(_) => TrySendError::Closed(()),
        })
    }
}

impl Watch {
    /// The next revision that changed something under the prefix. Waits for it; safe to cancel.
    ///
    /// # Errors
    /// [`Error::Lagged`] names the revision to resume from, after everything queued was delivered; [`Error::Closed`].
    pub async fn next(&mut self) -> Result<Batch, Error> {
        if let Some(batch) = self.backlog.pop_front() {
            return Ok(self.deliver(&batch));
        }
        if let Some(batch) = self.batches.recv().await {
            self.state.queued_bytes.fetch_sub(bytes(&batch), Ordering::Relaxed);
            return Ok(self.deliver(&batch));
        }
        if self.state.lagged.load(Ordering::Acquire) {
            Err(Error::Lagged { resume: self.seen })
        } else {
            Err(Error::Closed)
        }
    }

    /// Everything up to here was delivered or did not match: what a bookmark may say.
    #[must_use]
    pub fn seen(&self) -> Revision {
        // Read before looking into the queue: what is published up to here was queued before.
        let published = self.hub.published.load(Ordering::Acquire);
        let quiet = self.backlog.is_empty() && self.batches.is_empty() && !self.batches.is_closed();
        if quiet { self.seen.max(published) } else { self.seen }
    }

    fn deliver(&mut self, batch: &Batch) -> Batch {
        self.seen = self.seen.max(batch.revision);
        batch.clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.hub.routes().remove(&self.prefix, self.id);
    }
}

/// The part of a batch that lies under `prefix`, if any does.
pub(crate) fn matching(batch: &Arc<Batch>, prefix: &str) -> Option<Arc<Batch>> {
    let matches = |(index, change): (usize, &Change)| change.key().starts_with(prefix).then_some(index);
    let indices: Vec<usize> = batch.changes.iter().enumerate().filter_map(matches).collect();
    (!indices.is_empty()).then(|| part(batch, &indices))
}

fn part(batch: &Arc<Batch>, indices: &[usize]) -> Arc<Batch> {
    if indices.len() == batch.changes.len() {
        return Arc::clone(batch);
    }
    let changes = indices.iter().map(|index| batch.changes[*index].clone()).collect();
    Arc::new(Batch { revision: batch.revision, changes })
}

fn bytes(batch: &Batch) -> usize {
    let entries = batch.changes.iter().flat_map(|change| change.current.iter().chain(&change.previous));
    entries.map(|entry| entry.key.len() + entry.value.len()).sum()
}
