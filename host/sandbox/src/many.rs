//! Instances of WASI 0.3 that answer several requests at once, for workloads that ask for it.
//!
//! Such an instance lives in a task of its own (see [`drive`]). Whoever has a request takes a [`Place`] in one of the
//! workload's, leaves the request there, and waits for the answer. Places are those of the own thread first: then a
//! new instance is made, so that there is about one for each core, and only where that is not possible the places of
//! other threads are taken.
//!
//! One call cannot be ended without its instance: the engine knows no way. So an instance whose request was given up,
//! by its client or for its deadline, takes no more requests, and ends as soon as the others inside have had their
//! answers. A trap ends all of them.

mod drive;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::task::AtomicWaker;
use http::Request;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Body;
use crate::drive::Outcome;
use crate::failure::Failure;
use crate::idle::{Keeper, SHARDS, shard};
use crate::instance::{Answer, Answering, Instance};
use crate::workload::Shared;

/// A workload's instances that take several requests at once.
pub(crate) struct Many {
    shards: [Mutex<Vec<Arc<Running>>>; SHARDS],
    /// Places beyond the first of an instance, of all workloads together: each may need a stack.
    further: Arc<Semaphore>,
}

/// Whose places will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those of this thread's instances, if they do not compute just now.
    Own,
    /// Any.
    Anyones,
}

/// A request that looks for a place.
pub(crate) struct Seeker {
    pub(crate) outcome: Arc<Outcome>,
    pub(crate) deadline: Instant,
}

impl Many {
    pub(crate) fn new(further: Arc<Semaphore>) -> Self {
        Self { shards: Default::default(), further }
    }

    /// A place in an instance that has one.
    pub(crate) fn take(&self, seeker: &Seeker, whose: Whose) -> Option<Seat> {
        let own = shard();
        let shards = if whose == Whose::Own { 1 } else { SHARDS };
        (0..shards).find_map(|step| {
            let running = self.locked((own + step) % SHARDS);
            running.iter().find_map(|running| running.take(seeker, whose, &self.further))
        })
    }

    /// Opens a new instance to requests, beginning with the seeker's.
    pub(crate) fn open(&self, shared: &Arc<Shared>, instance: Instance, seeker: &Seeker) -> Seat {
        let shard = shard();
        let running = Arc::new(Running {
            shared: shared.clone(),
            shard,
            state: Mutex::new(State::new(Instant::now())),
            waker: AtomicWaker::new(),
        });
        let seat = running.seat(&mut running.locked(), seeker, None);
        self.locked(shard).push(running.clone());
        drive::spawn(running, instance);
        seat
    }

    /// Instances that wait for their next request.
    pub(crate) fn idle(&self) -> usize {
        let idle = |running: &&Arc<Running>| running.is_empty();
        (0..SHARDS).map(|index| self.locked(index).iter().filter(idle).count()).sum()
    }

    fn remove(&self, gone: &Arc<Running>) {
        self.locked(gone.shard).retain(|running| !Arc::ptr_eq(running, gone));
    }

    fn locked(&self, index: usize) -> MutexGuard<'_, Vec<Arc<Running>>> {
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper for Many {
    /// Ends those that nobody is inside of.
    fn clear(&self) {
        for index in 0..SHARDS {
            for running in self.locked(index).iter() {
                let mut state = running.locked();
                if state.inside.is_empty() {
                    state.open = state.open.max(Open::No);
                    running.waker.wake();
                }
            }
        }
    }
}

/// An instance, as those see it who have requests.
pub(crate) struct Running {
    shared: Arc<Shared>,
    shard: usize,
    state: Mutex<State>,
    /// Wakes its task.
    waker: AtomicWaker,
}

struct State {
    /// Requests inside, by their number.
    inside: BTreeMap<u64, Inside>,
    /// Those that the guest was not given yet.
    coming: VecDeque<(u64, Request<Body>)>,
    /// Requests it took.
    taken: u64,
    open: Open,
    /// It computes: its last turn was cut short.
    computing: bool,
    /// The guest has nothing to do, also not for requests that have left.
    quiet: bool,
    /// The last deadline of all that were inside.
    last_deadline: Instant,
    /// When the last one left.
    empty_since: Instant,
}

/// Whether an instance takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    Yes,
    /// No more.
    No,
    /// No more, as one was given up that the guest may still be at work for.
    Abandoned,
}

/// A request in an instance.
struct Inside {
    outcome: Arc<Outcome>,
    deadline: Instant,
    answering: Option<Answering>,
    /// Dropped, it tells the reader of the body that it is over.
    _over: oneshot::Sender<()>,
    /// Counts it among the workload's requests, from when it was given.
    permit: Option<OwnedSemaphorePermit>,
    /// Counts it among the engine's that share an instance.
    _further: Option<OwnedSemaphorePermit>,
}

/// A place that was found, and where the answer comes.
pub(crate) struct Seat {
    pub(crate) place: Place,
    pub(crate) answer: oneshot::Receiver<Answer>,
}

/// A request's place in an instance. Dropping it gives the request up.
pub(crate) struct Place {
    running: Arc<Running>,
    number: u64,
    over: oneshot::Receiver<()>,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Running {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, seeker: &Seeker, whose: Whose, further: &Arc<Semaphore>) -> Option<Seat> {
        let mut state = self.locked();
        if !state.has_place(self.shared.config.reuse.concurrent_max, whose) {
            return None;
        }
        let further = if state.inside.is_empty() { None } else { Some(further.clone().try_acquire_owned().ok()?) };
        Some(self.seat(&mut state, seeker, further))
    }

    fn seat(self: &Arc<Self>, state: &mut State, seeker: &Seeker, further: Option<OwnedSemaphorePermit>) -> Seat {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (answering, answer) = oneshot::channel();
        let (still, over) = oneshot::channel();
        let Seeker { outcome, deadline } = seeker;
        let inside = Inside {
            outcome: outcome.clone(),
            deadline: *deadline,
            answering: Some(answering),
            _over: still,
            permit: None,
            _further: further,
        };
        state.enter(number, inside, self.shared.config.reuse.requests_max);
        Seat { place: Place { running: self.clone(), number, over }, answer }
    }

    /// The next request for the guest.
    pub(crate) fn next(&self) -> Option<(u64, Request<Body>)> {
        self.locked().coming.pop_front()
    }

    /// The guest has answered. Whoever asked may be gone.
    pub(crate) fn answer(&self, number: u64, answer: Answer) {
        let answering = self.locked().inside.get_mut(&number).and_then(|inside| inside.answering.take());
        if let Some(answering) = answering {
            drop(answering.send(answer));
        }
    }

    /// The request cannot be given to the guest.
    pub(crate) fn refuse(&self, number: u64, failure: Failure) {
        let inside = self.locked().leave(number, false, Instant::now());
        if let Some(inside) = inside {
            inside.outcome.fail(failure);
        }
    }

    /// Whether the guest has anything to do.
    pub(crate) fn set_quiet(&self, quiet: bool) {
        self.locked().quiet = quiet;
    }

    fn set_computing(&self, computing: bool) {
        self.locked().computing = computing;
    }

    fn is_empty(&self) -> bool {
        self.locked().inside.is_empty()
    }

    /// A request leaves, because it is done or because it was given up.
    fn leave(&self, number: u64, given_up: bool) {
        let mut state = self.locked();
        let Some(inside) = state.leave(number, given_up, Instant::now()) else { return };
        if state.inside.is_empty() || state.open == Open::Abandoned {
            self.waker.wake();
        }
        drop(state);
        drop(inside);
        self.shared.line.freed();
    }

    /// Ends the requests whose time is over.
    fn expire(&self, now: Instant) {
        let late = self.locked().expire(now);
        for inside in late {
            inside.outcome.fail(Failure::Deadline { timeout: self.shared.config.timeout });
        }
    }

    /// What its task does next.
    fn step(&self, now: Instant) -> Step {
        let shared = &self.shared;
        let others_wait = shared.engine.slots().queued() > shared.line.queued();
        let unwanted = others_wait || shared.is_closed();
        self.locked().step(now, shared.config.reuse.idle, unwanted)
    }

    /// It is gone, and with it whoever is inside.
    fn end(self: &Arc<Self>, failure: &Failure) {
        if let Some(many) = &self.shared.many {
            many.remove(self);
        }
        let mut state = self.locked();
        state.open = Open::Abandoned;
        state.coming.clear();
        let inside = std::mem::take(&mut state.inside);
        drop(state);
        let failure = of_all(failure, inside.len());
        for inside in inside.into_values() {
            inside.outcome.fail(failure.clone());
        }
    }
}

/// A trap as each of the requests hears of it that it ends.
fn of_all(failure: &Failure, requests: usize) -> Failure {
    match failure {
        Failure::Trap { message, backtrace } if requests > 1 => Failure::Trap {
            message: format!("{message} (with it end all {requests} requests that its instance was answering)"),
            backtrace: backtrace.clone(),
        },
        failure => failure.clone(),
    }
}

impl Place {
    /// Gives the guest its request; `permit` counts it among the workload's.
    pub(crate) fn give(&self, request: Request<Body>, permit: OwnedSemaphorePermit) {
        let mut state = self.running.locked();
        // It may be over already.
        if let Some(inside) = state.inside.get_mut(&self.number) {
            inside.permit = Some(permit);
            state.coming.push_back((self.number, request));
            state.quiet = false;
            self.running.waker.wake();
        }
    }

    /// The request is done.
    pub(crate) fn release(self) {
        self.running.leave(self.number, false);
    }

    /// Whether it was ended from within.
    pub(crate) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.over.poll_unpin(cx).is_ready()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.leave(self.number, true);
    }
}

/// What an instance's task does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It looks again then.
    WaitUntil(Instant),
    /// It ends.
    End,
    /// It ends, because the guest works on for requests that have left after the time of all is over.
    Late,
}

impl State {
    fn new(now: Instant) -> Self {
        Self {
            inside: BTreeMap::new(),
            coming: VecDeque::new(),
            taken: 0,
            open: Open::Yes,
            computing: false,
            quiet: true,
            last_deadline: now,
            empty_since: now,
        }
    }

    fn has_place(&self, concurrent_max: u64, whose: Whose) -> bool {
        // While somebody is inside whose work it would hold up.
        let busy = self.computing && whose == Whose::Own && !self.inside.is_empty();
        self.open == Open::Yes && !busy && (self.inside.len() as u64) < concurrent_max
    }

    fn enter(&mut self, number: u64, inside: Inside, requests_max: u64) {
        self.taken += 1;
        self.computing &= !self.inside.is_empty();
        if self.taken >= requests_max {
            self.open = self.open.max(Open::No);
        }
        self.last_deadline = self.last_deadline.max(inside.deadline);
        self.inside.insert(number, inside);
    }

    fn leave(&mut self, number: u64, given_up: bool, now: Instant) -> Option<Inside> {
        let inside = self.inside.remove(&number)?;
        let before = self.coming.len();
        self.coming.retain(|(coming, _)| *coming != number);
        // One that the guest has never seen leaves no trace.
        if given_up && self.coming.len() == before && inside.permit.is_some() {
            self.open = Open::Abandoned;
        }
        self.empty_since = now;
        Some(inside)
    }

    fn expire(&mut self, now: Instant) -> Vec<Inside> {
        let late: Vec<u64> =
            self.inside.iter().filter(|(_, inside)| inside.deadline <= now).map(|(number, _)| *number).collect();
        late.into_iter().filter_map(|number| self.leave(number, true, now)).collect()
    }

    /// `unwanted`: it is not to be kept for another request.
    fn step(&self, now: Instant, patience: Duration, unwanted: bool) -> Step {
        if let Some(first) = self.inside.values().map(|inside| inside.deadline).min() {
            return Step::WaitUntil(first);
        }
        if self.open == Open::Abandoned {
            return Step::End;
        }
        if !self.quiet {
            return if now >= self.last_deadline { Step::Late } else { Step::WaitUntil(self.last_deadline) };
        }
        let until = self.empty_since + patience;
        if self.open == Open::No || unwanted || now >= until { Step::End } else { Step::WaitUntil(until) }
    }
}
