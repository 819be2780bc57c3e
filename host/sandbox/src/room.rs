//! Finds room for a request: an idle instance, or a slot and memory for a new one.
//!
//! Requests of a workload that find none wait in a [`Line`], first come, first served, and only the one at its head
//! tries. So the engine has at most one waiting request of each workload before it, which gives every workload its
//! turn however many requests another one has; and what comes free wakes one request, not all.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::account::Whose;
use crate::failure::Failure;
use crate::instance::{Instance, NoStart};
use crate::link::Entry;
use crate::settings::ROOM_WAIT_MAX;
use crate::slots::{Counted, Slot};
use crate::workload::Shared;

/// The requests of a workload that wait for room.
pub(crate) struct Line {
    /// Has one permit, which is the place at the head.
    head: Semaphore,
    /// How many there are, the head included.
    waiting: AtomicUsize,
    /// Something of this workload came free, for the head to look at.
    freed: Notify,
    /// Whether the head waits for a slot of the engine: one, or none.
    queued: AtomicUsize,
    /// The head found no memory within the workload's limit, so nobody behind it will.
    short: AtomicBool,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            head: Semaphore::new(1),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
            queued: AtomicUsize::new(0),
            short: AtomicBool::new(false),
        }
    }

    fn is_empty(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0
    }

    /// Tells the head, if there is one, that an instance of its workload is idle or gone.
    pub(crate) fn freed(&self) {
        if !self.is_empty() {
            // Is kept for a head that does not listen just now.
            self.freed.notify_one();
        }
    }
}

/// An instance to be entered by `entry`, waiting for it within bounds.
pub(crate) async fn find(shared: &Arc<Shared>, entry: Entry) -> Result<Instance, Failure> {
    if let Some(instance) = idle(shared, entry) {
        return Ok(instance);
    }
    if shared.line.is_empty()
        && let Some(slot) = Slot::take(shared)
    {
        match Instance::start(shared, slot, entry).await {
            Ok(instance) => return Ok(instance),
            Err(NoStart::Failed(failure)) => return Err(failure),
            Err(NoStart::Memory(_)) => {}
        }
    }
    // The way of waiting is boxed, so that who need not wait does not carry it along.
    Box::pin(wait(shared, entry)).await
}

/// Instances wait for requests alone.
fn idle(shared: &Shared, entry: Entry) -> Option<Instance> {
    matches!(entry, Entry::Http).then(|| shared.take_idle()).flatten()
}

/// Keeps an instance for the workload's next request, unless other workloads wait for its slot.
pub(crate) fn keep(shared: &Shared, instance: Instance) {
    let Some(idle) = &shared.idle else { return };
    if shared.engine.slots().queued() > shared.line.queued.load(Ordering::SeqCst) {
        return;
    }
    idle.keep(instance);
    shared.line.freed();
}

async fn wait(shared: &Arc<Shared>, entry: Entry) -> Result<Instance, Failure> {
    let patience = Instant::now() + ROOM_WAIT_MAX;
    let line = &shared.line;
    let _place = Counted::new(&line.waiting);
    match timeout_at(patience, line.head.acquire()).await {
        Ok(_head) => lead(shared, entry, patience).await,
        Err(_) if line.short.load(Ordering::Relaxed) => Err(short(shared)),
        Err(_) => Err(Failure::Busy),
    }
}

/// Tries until there is room, as the head of its line.
async fn lead(shared: &Arc<Shared>, entry: Entry, patience: Instant) -> Result<Instance, Failure> {
    let memory = shared.engine.memory();
    let mut of_host = None;
    loop {
        let slot = match idle_or_slot(shared, entry, patience).await? {
            Found::Idle(instance) => return Ok(instance),
            Found::Slot(slot) => slot,
        };
        let whose = match Instance::start(shared, slot, entry).await {
            Ok(instance) => {
                shared.line.short.store(false, Ordering::Relaxed);
                if of_host.is_some() {
                    // There may be more than it needed.
                    memory.wake();
                }
                return Ok(instance);
            }
            Err(NoStart::Failed(failure)) => return Err(failure),
            Err(NoStart::Memory(whose)) => whose,
        };
        match whose {
            Whose::Workload => of_workload(shared, patience).await?,
            Whose::Host if of_host.is_none() => {
                // From now on nothing released is missed, so it tries again before it waits.
                of_host = Some(memory.wait());
                shared.engine.reclaim();
            }
            Whose::Host => {
                tokio::select! {
                    () = memory.released() => {}
                    () = shared.line.freed.notified() => {}
                    () = sleep_until(patience) => return Err(Failure::Busy),
                }
            }
        }
    }
}

enum Found {
    Idle(Instance),
    Slot(Slot),
}

/// Waits for an idle instance or a slot, whichever comes first.
async fn idle_or_slot(shared: &Arc<Shared>, entry: Entry, patience: Instant) -> Result<Found, Failure> {
    let mut slot = pin!(Slot::wait(shared, &shared.line.queued));
    let mut late = pin!(sleep_until(patience));
    loop {
        if let Some(instance) = idle(shared, entry) {
            return Ok(Found::Idle(instance));
        }
        if shared.engine.slots().all_taken() {
            shared.engine.reclaim();
        }
        tokio::select! {
            biased;
            slot = &mut slot => return Ok(Found::Slot(slot)),
            () = shared.line.freed.notified() => {}
            () = &mut late => return Err(Failure::Busy),
        }
    }
}

/// Waits for memory that siblings hold. With no sibling there is nothing to wait for.
async fn of_workload(shared: &Shared, patience: Instant) -> Result<(), Failure> {
    shared.line.short.store(true, Ordering::Relaxed);
    if shared.account.used_bytes() == 0 {
        return Err(short(shared));
    }
    timeout_at(patience, shared.line.freed.notified()).await.map_err(|_| short(shared))
}

fn short(shared: &Shared) -> Failure {
    Failure::Memory { limit_bytes: shared.account.instance_limit_bytes() }
}
