//! Instances between two requests, for workloads that reuse them.
//!
//! They are kept in shards, one for each few threads, so that an instance mostly stays with the thread, and the
//! runtime, that made it. A sweep runs while there are idle instances and not otherwise.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::instance::Instance;
use crate::settings::IDLE_PER_SHARD_MAX;

/// Enough for the cores of a large machine to seldom meet.
pub(crate) const SHARDS: usize = 16;

/// Keeps instances that nobody uses, until somebody else needs their slots or memory.
pub(crate) trait Keeper: Send + Sync {
    /// Lets them go.
    fn clear(&self);
}

/// A workload's idle instances.
pub(crate) struct Idle {
    shards: [Mutex<Vec<Parked>>; SHARDS],
    /// How long an instance is kept.
    patience: Duration,
    sweeping: AtomicBool,
}

struct Parked {
    instance: Instance,
    since: Instant,
}

impl Idle {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { shards: Default::default(), patience, sweeping: AtomicBool::new(false) }
    }

    /// An idle instance, from this thread's shard if it has one.
    pub(crate) fn take(&self) -> Option<Instance> {
        let own = shard();
        (0..SHARDS).find_map(|step| self.locked((own + step) % SHARDS).pop()).map(|parked| parked.instance)
    }

    /// Keeps an instance for the next request, unless there are enough.
    pub(crate) fn keep(self: &Arc<Self>, instance: Instance) {
        let parked = Parked { instance, since: Instant::now() };
        {
            let mut shard = self.locked(shard());
            if shard.len() < IDLE_PER_SHARD_MAX {
                shard.push(parked);
            }
        }
        if !self.sweeping.swap(true, Ordering::Relaxed) {
            drop(tokio::spawn(sweep(Arc::downgrade(self), self.patience)));
        }
    }

    pub(crate) fn len(&self) -> usize {
        (0..SHARDS).map(|index| self.locked(index).len()).sum()
    }

    fn drop_where(&self, condition: impl Fn(&Parked) -> bool) {
        for index in 0..SHARDS {
            // Dropping an instance takes a while, so it is not done under the lock.
            let gone: Vec<Parked> = self.locked(index).extract_if(.., |parked| condition(parked)).collect();
            drop(gone);
        }
    }

    fn locked(&self, index: usize) -> std::sync::MutexGuard<'_, Vec<Parked>> {
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper for Idle {
    fn clear(&self) {
        self.drop_where(|_| true);
    }
}

/// Drops what was idle for too long, until nothing is idle.
async fn sweep(idle: Weak<Idle>, patience: Duration) {
    loop {
        tokio::time::sleep(patience).await;
        let Some(idle) = idle.upgrade() else { return };
        idle.drop_where(|parked| parked.since.elapsed() >= patience);
        if idle.len() == 0 {
            idle.sweeping.store(false, Ordering::SeqCst);
            // One may have been kept in between, by someone who still saw the sweep.
            if idle.len() == 0 || idle.sweeping.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }
}

/// This thread's shard; threads take them in turn.
pub(crate) fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    OWN.with(|own| {
        if own.get() == usize::MAX {
            own.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        own.get()
    })
}
