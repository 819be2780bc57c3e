//! Finds room for a request: an idle instance, or a slot and memory for a new one.
//!
//! Requests of a workload that find none wait in a [`Line`], first come, first served, and only the one at its head
//! tries. So the engine has at most one waiting request of each workload before it, which gives every workload its
//! turn however many requests another one has; and what comes free wakes one request, not all.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::Either;
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

    /// How many of them wait for a slot of the engine.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::SeqCst)
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

/// What was found.
pub(crate) enum Found<T> {
    /// Something that is there already.
    There(T),
    /// A new instance.
    New(Instance),
}

/// An instance to be entered by `entry`, waiting for it within bounds.
pub(crate) async fn find(shared: &Arc<Shared>, entry: Entry) -> Result<Instance, Failure> {
    match find_or(shared, entry, || idle(shared, entry), || idle(shared, entry)).await? {
        Found::There(instance) | Found::New(instance) => Ok(instance),
    }
}

/// A new instance, or else what is there: what `first` has comes before a new instance, and what `then` has before
/// waiting any longer.
pub(crate) async fn find_or<T>(
    shared: &Arc<Shared>,
    entry: Entry,
    first: impl Fn() -> Option<T>,
    then: impl Fn() -> Option<T>,
) -> Result<Found<T>, Failure> {
    if let Some(there) = first() {
        return Ok(Found::There(there));
    }
    if shared.line.is_empty()
        && let Some(slot) = Slot::take(shared)
    {
        match Instance::start(shared, slot, entry).await {
            Ok(instance) => return Ok(Found::New(instance)),
            Err(NoStart::Failed(failure)) => return Err(failure),
            Err(NoStart::Memory(_)) => {}
        }
    }
    // The way of waiting is boxed, so that who need not wait does not carry it along.
    Box::pin(wait(shared, entry, then)).await
}

/// Instances wait for requests alone.
fn idle(shared: &Shared, entry: Entry) -> Option<Instance> {
    matches!(entry, Entry::Http).then(|| shared.take_idle()).flatten()
}

/// Keeps an instance for the workload's next request, unless other workloads wait for its slot.
pub(crate) fn keep(shared: &Shared, instance: Instance) {
    let Some(idle) = &shared.idle else { return };
    if shared.engine.slots().queued() > shared.line.queued() {
        return;
    }
    idle.keep(instance);
    shared.line.freed();
}

async fn wait<T>(shared: &Arc<Shared>, entry: Entry, there: impl Fn() -> Option<T>) -> Result<Found<T>, Failure> {
    let patience = Instant::now() + ROOM_WAIT_MAX;
    let line = &shared.line;
    let _place = Counted::new(&line.waiting);
    match timeout_at(patience, line.head.acquire()).await {
        Ok(_head) => lead(shared, entry, there, patience).await,
        Err(_) if line.short.load(Ordering::Relaxed) => Err(short(shared)),
        Err(_) => Err(Failure::Busy),
    }
}

/// Tries until there is room, as the head of its line.
async fn lead<T>(
    shared: &Arc<Shared>,
    entry: Entry,
    there: impl Fn() -> Option<T>,
    patience: Instant,
) -> Result<Found<T>, Failure> {
    let mut waits: Vec<(Whose, Counted<'_>)> = Vec::new();
    loop {
        let slot = match there_or_slot(shared, &there, patience).await? {
            Either::Left(there) => return Ok(Found::There(there)),
            Either::Right(slot) => slot,
        };
        let whose = match Instance::start(shared, slot, entry).await {
            Ok(instance) => {
                shared.line.short.store(false, Ordering::Relaxed);
                // There may be more than it needed.
                waits.iter().filter_map(|(whose, _)| shared.account.pool(*whose)).for_each(|pool| pool.wake());
                return Ok(Found::New(instance));
            }
            Err(NoStart::Failed(failure)) => return Err(failure),
            Err(NoStart::Memory(whose)) => whose,
        };
        let Some(pool) = shared.account.pool(whose) else {
            of_workload(shared, patience).await?;
            continue;
        };
        if waits.iter().all(|(waited, _)| *waited != whose) {
            // From now on nothing released is missed, so it tries again before it waits.
            waits.push((whose, pool.wait()));
            shared.engine.reclaim((whose == Whose::Tenant).then_some(pool));
        } else {
            tokio::select! {
                () = pool.released() => {}
                () = shared.line.freed.notified() => {}
                () = sleep_until(patience) => return Err(Failure::Busy),
            }
        }
    }
}

/// Waits for what may be there or a slot, whichever comes first.
async fn there_or_slot<T>(
    shared: &Arc<Shared>,
    there: impl Fn() -> Option<T>,
    patience: Instant,
) -> Result<Either<T, Slot>, Failure> {
    let mut slot = pin!(Slot::wait(shared, &shared.line.queued));
    let mut late = pin!(sleep_until(patience));
    loop {
        if let Some(there) = there() {
            return Ok(Either::Left(there));
        }
        if shared.engine.slots().all_taken() {
            shared.engine.reclaim(None);
        }
        tokio::select! {
            biased;
            slot = &mut slot => return Ok(Either::Right(slot)),
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
