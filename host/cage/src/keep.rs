//! Keeps one worker running, and hands it requests.
//!
//! A task of its own owns the worker: it starts it, waits for its end, and starts another, after a pause that
//! `patience` decides. Callers see only the state it is in, and wait for a worker that is about to come up.

mod life;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::Body;
use crate::call::{CallError, Live};
use crate::limits::{CALL_WAIT_MAX, CALLS_MAX};
use crate::patience::{Patience, Pause};
use crate::program::Program;
use crate::told::Told;

/// What a worker has outside: it is told what it is for, and asks. Nothing it says is to be trusted.
pub trait Outside: Send + Sync + 'static {
    /// What a worker that comes up is told, in a form that both sides know.
    fn config(&self) -> Bytes;

    /// Answers a request of the worker's. Dropping the future, or the answer's body, means that it has lost interest.
    fn answer(&self, request: Request<Body>) -> BoxFuture<'static, Response<Body>>;

    /// Hears what the worker tells. It must not block.
    fn told(&self, told: Told);

    /// Hears what became of the worker. It must not block.
    fn happened(&self, news: News);
}

/// What became of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It answers.
    Up {
        /// Its process.
        pid: u32,
        /// What it says it is locked behind.
        walls: String,
        /// How long it took from its start.
        took: Duration,
    },
    /// It ended, or did not come up.
    Crashed {
        /// How, and its last words.
        why: Arc<str>,
        /// What follows.
        pause: Pause,
    },
}

/// One worker, kept running. Clones are the same; when the last is dropped the worker is ended.
#[derive(Clone)]
pub struct Cage(Arc<Inner>);

struct Inner {
    state: watch::Receiver<State>,
    places: Arc<Semaphore>,
    closed: CancellationToken,
    killed: CancellationToken,
    _end: DropGuard,
}

/// The state it is in.
#[derive(Clone)]
enum State {
    /// It will answer in a moment.
    Starting,
    Up(Live),
    /// It is left down for a while, because it crashed again and again.
    Down(Arc<str>),
    Ended,
}

impl Cage {
    /// Starts a worker and keeps it running, on the caller's runtime.
    #[must_use]
    pub fn start(program: Program, outside: Arc<dyn Outside>) -> Self {
        let (state, seen) = watch::channel(State::Starting);
        let places = Arc::new(Semaphore::new(usize::try_from(CALLS_MAX).unwrap_or(usize::MAX)));
        let (closed, killed) = (CancellationToken::new(), CancellationToken::new());
        let keeper =
            Keeper { program, outside, state, places: places.clone(), closed: closed.clone(), killed: killed.clone() };
        drop(tokio::spawn(keeper.run()));
        let end = killed.clone().drop_guard();
        Self(Arc::new(Inner { state: seen, places, closed, killed, _end: end }))
    }

    /// Asks the worker, on any runtime; it returns when the answer's head is there.
    ///
    /// Dropping the future, or the answer's body, lets the worker know that nobody waits any more.
    ///
    /// # Errors
    /// [`CallError`]. An answer that breaks off later is an error of its body.
    pub async fn call(&self, request: Request<Body>) -> Result<Response<Body>, CallError> {
        match self.attempt(request).await {
            // It came to a worker's end, and has not been sent: the next worker is asked.
            Err(CallError::Refused(request, _)) if self.is_between_workers() => self.attempt(*request).await,
            answered => answered,
        }
    }

    async fn attempt(&self, request: Request<Body>) -> Result<Response<Body>, CallError> {
        let refused = |request, why: &str| Err(CallError::Refused(Box::new(request), why.into()));
        if self.0.closed.is_cancelled() {
            return refused(request, "it is closed");
        }
        let Ok(place) = self.0.places.clone().try_acquire_owned() else {
            return refused(request, "too many calls are under way");
        };
        match self.live().await {
            Ok(worker) => worker.call(place, request).await,
            Err(why) => refused(request, &why),
        }
    }

    fn is_between_workers(&self) -> bool {
        match &*self.0.state.borrow() {
            State::Starting => true,
            State::Up(worker) => worker.sender.is_closed(),
            State::Down(_) | State::Ended => false,
        }
    }

    /// The process of the worker that answers now.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match &*self.0.state.borrow() {
            State::Up(worker) => Some(worker.pid),
            State::Starting | State::Down(_) | State::Ended => None,
        }
    }

    /// Refuses further calls; the worker is ended after those that are under way.
    pub fn close(&self) {
        self.0.closed.cancel();
    }

    /// Ends the worker, and the calls that are under way with it.
    pub fn kill(&self) {
        self.close();
        self.0.killed.cancel();
    }

    /// Returns when the worker is ended for good.
    pub async fn ended(&self) {
        // An error is the end of the task, which is the same.
        drop(self.0.state.clone().wait_for(|state| matches!(state, State::Ended)).await);
    }

    /// The worker that answers now, or in a moment.
    async fn live(&self) -> Result<Live, Arc<str>> {
        let mut state = self.0.state.clone();
        let ready = |state: &State| match state {
            State::Starting => false,
            // Its end is known before another is started.
            State::Up(worker) => !worker.sender.is_closed(),
            State::Down(_) | State::Ended => true,
        };
        match timeout(CALL_WAIT_MAX, state.wait_for(ready)).await {
            Ok(Ok(state)) => match &*state {
                State::Up(worker) => Ok(worker.clone()),
                State::Down(why) => Err(why.clone()),
                State::Starting | State::Ended => Err("it has ended".into()),
            },
            Ok(Err(_)) => Err("it has ended".into()),
            Err(_) => Err(format!("it did not come up within {CALL_WAIT_MAX:?}").into()),
        }
    }
}

/// Owns the worker.
struct Keeper {
    program: Program,
    outside: Arc<dyn Outside>,
    state: watch::Sender<State>,
    places: Arc<Semaphore>,
    closed: CancellationToken,
    killed: CancellationToken,
}

impl Keeper {
    async fn run(self) {
        let mut patience = Patience::default();
        tokio::select! {
            biased;
            () = self.over() => {}
            () = self.keep(&mut patience) => {}
        }
        self.state.send_replace(State::Ended);
    }

    /// Resolves when no worker is wanted any more.
    async fn over(&self) {
        let done = async {
            self.closed.cancelled().await;
            // All places together: nobody is inside any more.
            drop(self.places.acquire_many(CALLS_MAX).await);
        };
        tokio::select! {
            () = self.killed.cancelled() => {}
            () = done => {}
        }
    }

    /// One worker after the other.
    async fn keep(&self, patience: &mut Patience) {
        loop {
            let why = self.life().await;
            let pause = patience.crashed(Instant::now());
            self.state.send_replace(match pause {
                // Calls wait for it.
                Pause::For(_) => State::Starting,
                Pause::Quarantine(pause) => {
                    State::Down(format!("{why}; it crashed too often and is left down for {pause:?}").into())
                }
            });
            self.outside.happened(News::Crashed { why, pause });
            tokio::time::sleep(pause.duration()).await;
            self.state.send_replace(State::Starting);
        }
    }
}
