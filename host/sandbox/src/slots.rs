//! The right to have an instance: an engine has so many slots, and shares them among its workloads.
//!
//! A workload may hold as many slots as are left for others. So one workload alone gets half of them, however much it
//! is asked, and there is room for who comes next.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, Semaphore};

use crate::engine::Engine;
use crate::settings::SHARE_SLOTS_MIN;
use crate::workload::Shared;

/// The slots of an engine.
pub(crate) struct Slots {
    free: Semaphore,
    /// Who waits for any slot to come free: at most one request of each workload.
    queued: AtomicUsize,
    /// Who waits because its workload has its share.
    sated: AtomicUsize,
    released: Notify,
}

/// Whether a workload that holds `held` slots may have another while `free` are free.
fn may_have(held: usize, free: usize) -> bool {
    held < free.max(SHARE_SLOTS_MIN)
}

impl Slots {
    pub(crate) fn new(slots: u32) -> Self {
        Self {
            free: Semaphore::new(slots as usize),
            queued: AtomicUsize::new(0),
            sated: AtomicUsize::new(0),
            released: Notify::new(),
        }
    }

    /// How many requests wait for a slot to come free.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::SeqCst)
    }

    pub(crate) fn all_taken(&self) -> bool {
        self.free.available_permits() == 0
    }

    fn may_have(&self, held: usize) -> bool {
        may_have(held, self.free.available_permits())
    }

    /// Completes when a workload that holds `held()` slots may have another, or had better look again.
    async fn share(&self, held: impl Fn() -> usize) {
        let _sated = Counted::new(&self.sated);
        let mut released = pin!(self.released.notified());
        // Listening before looking, so that nothing released meanwhile is missed.
        released.as_mut().enable();
        if !self.may_have(held()) {
            released.await;
        }
    }

    fn release(&self) {
        self.free.add_permits(1);
        if self.sated.load(Ordering::SeqCst) > 0 {
            self.released.notify_waiters();
        }
    }
}

/// One more of something, until it is dropped.
pub(crate) struct Counted<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Counted<'a> {
    pub(crate) fn new(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::SeqCst) }
    }

    /// How many there were before it.
    pub(crate) fn before(&self) -> usize {
        self.before
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One slot, held by a workload.
pub(crate) struct Slot {
    shared: Arc<Shared>,
    used: bool,
}

impl Slot {
    /// Takes a slot if one is free and the workload may have it.
    pub(crate) fn take(shared: &Arc<Shared>) -> Option<Self> {
        let slots = shared.engine.slots();
        if !slots.may_have(shared.held.load(Ordering::Relaxed)) {
            return None;
        }
        slots.free.try_acquire().ok()?.forget();
        Some(Self::held(shared))
    }

    /// Waits until the workload may have another slot, and takes it.
    ///
    /// It keeps its place in the engine's queue as long as it is polled; `queued` says whether it is in there.
    pub(crate) async fn wait(shared: &Arc<Shared>, queued: &AtomicUsize) -> Self {
        let slots = shared.engine.slots();
        while !slots.may_have(shared.held.load(Ordering::Relaxed)) {
            slots.share(|| shared.held.load(Ordering::Relaxed)).await;
        }
        let _queued = (Counted::new(&slots.queued), Counted::new(queued));
        if let Ok(permit) = slots.free.acquire().await {
            permit.forget();
        }
        Self::held(shared)
    }

    fn held(shared: &Arc<Shared>) -> Self {
        shared.held.fetch_add(1, Ordering::Relaxed);
        Self { shared: shared.clone(), used: false }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// It holds an instance now: that it comes free is worth knowing for siblings. An attempt that failed would only
    /// wake itself.
    pub(crate) fn used(&mut self) {
        self.used = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.held.fetch_sub(1, Ordering::Relaxed);
        self.shared.engine.slots().release();
        if self.used {
            self.shared.line.freed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_has_at_most_what_it_leaves_to_others_and_always_a_few() {
        for (held, free, may) in
            [(0, 1_000, true), (499, 501, true), (500, 500, false), (333, 334, true), (16, 0, false), (15, 0, true)]
        {
            assert_eq!(may_have(held, free), may, "{held} of {free}");
        }
    }
}
