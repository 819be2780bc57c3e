//! Carries a request from its arrival to the end of the guest's work for it.
//!
//! A guest is a future that owns its instance, so dropping it ends it. It is polled in the caller's own task until the
//! head of the response is there. Most guests have finished by then, and the response is complete: no task was
//! spawned, nothing was sent between threads. Otherwise the rest of the guest's work becomes a task: on the same
//! runtime if it waits, among the burners if it computes.
//!
//! Deadlines are kept from outside: a spinning guest gives way at each tick, and then the clock is looked at. Whatever
//! ends a guest early is noted in its [`Outcome`] before the guest is dropped, so that whoever reads the end of a
//! broken response knows that it is broken.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep_until;
use wasmtime_wasi_http::WasiBody;

use crate::Body;
use crate::failure::Failure;
use crate::instance::{Answer, Answering};
use crate::link::Entry;
use crate::many::{Many, Seat, Seeker, Whose};
use crate::messages::Message;
use crate::pace::{Hold, Pace};
use crate::room::Found;
use crate::settings::BURNING_AFTER;
use crate::workload::Shared;
use crate::{room, shares, streaming};

/// How a guest's work for a request ended, if it ended badly.
pub(crate) struct Outcome {
    shared: Arc<Shared>,
    failure: OnceLock<Failure>,
    reported: AtomicBool,
}

impl Outcome {
    pub(crate) fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared, failure: OnceLock::new(), reported: AtomicBool::new(false) })
    }

    /// Notes a failure, and reports it. The first one counts.
    pub(crate) fn fail(&self, failure: Failure) {
        let failure = self.failure.get_or_init(|| failure);
        if !self.reported.swap(true, Ordering::Relaxed) {
            self.shared.failed(failure);
        }
    }

    /// The failure, if there was one so far.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.get().cloned()
    }
}

/// A guest at work on one request.
pub(crate) struct Job {
    guest: Pin<Box<dyn Future<Output = ()> + Send>>,
    outcome: Arc<Outcome>,
    /// Commands have none.
    deadline: Option<Instant>,
    /// Computing time so far.
    spent: Duration,
    burning: bool,
    hold: Hold,
    /// What ends it from outside while it waits; made when it first waits.
    end: Option<BoxFuture<'static, Turn>>,
}

/// How long this thread has computed.
fn computed() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0))
        + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// Gives a guest a turn, and says how long it took. What it computed is counted.
///
/// Short turns take as long as they compute. Who is `burning` is often made to wait for a CPU, and waiting is not
/// computing; asking the system what it was costs little beside such a turn.
pub(crate) fn timed<T>(shared: &Shared, burning: bool, turn: impl FnOnce() -> T) -> (T, Duration) {
    shared.engine.ticker().note();
    let (begin, before) = (Instant::now(), burning.then(computed));
    let value = turn();
    let now = Instant::now();
    let used = before.map(|before| computed().saturating_sub(before));
    shared.computed(used.unwrap_or(now - begin), now);
    (value, now - begin)
}

/// How a guest's turn went.
pub(crate) enum Turn {
    /// It has nothing more to do.
    Ended,
    /// It waits for something.
    Waiting,
    /// It computes for too long to stay on this runtime.
    Burning,
    /// Its time is over.
    Late,
    /// Its workload is killed.
    Killed,
}

impl Job {
    /// Lets the guest run until it waits, ends or is told to give way.
    pub(crate) fn turn(&mut self, cx: &mut Context<'_>) -> Turn {
        if self.hold.holds(&self.outcome.shared, cx) {
            return Turn::Waiting;
        }
        let guest = &mut self.guest;
        let (ended, turn) = timed(&self.outcome.shared, self.burning, || guest.as_mut().poll(cx).is_ready());
        self.spent += turn;
        if ended {
            Turn::Ended
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Turn::Late
        } else if self.spent >= BURNING_AFTER && !self.burning {
            Turn::Burning
        } else {
            Turn::Waiting
        }
    }

    /// Computing time so far.
    pub(crate) fn spent(&self) -> Duration {
        self.spent
    }

    /// What ends it while it waits, if that has come.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let (shared, deadline) = (&self.outcome.shared, self.deadline);
        let end = self.end.get_or_insert_with(|| {
            let killed = shared.killed();
            Box::pin(async move {
                let late = async {
                    match deadline {
                        Some(deadline) => sleep_until(deadline.into()).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = killed => Turn::Killed,
                    () = late => Turn::Late,
                }
            })
        });
        end.as_mut().poll(cx)
    }

    /// Drops the guest, and notes why if it was not its own end.
    fn end(self, turn: &Turn) {
        match turn {
            Turn::Late => self.outcome.fail(Failure::Deadline { timeout: self.outcome.shared.config.timeout }),
            Turn::Killed => self.outcome.fail(Failure::Killed),
            Turn::Ended | Turn::Waiting | Turn::Burning => {}
        }
    }

    /// Works on without the caller, until the guest ends, its deadline passes or `interest` is withdrawn.
    pub(crate) fn carry_on(self, interest: Interest) {
        let shared = self.outcome.shared.clone();
        if self.spent >= BURNING_AFTER {
            shared.burnt.note(Instant::now());
            // The timers are of the runtime that is left.
            let job = Job { burning: true, hold: Hold::default(), end: None, ..self };
            shared.engine.burners().spawn(job.run(interest));
        } else {
            drop(tokio::spawn(self.run(interest)));
        }
    }

    async fn run(mut self, mut interest: Interest) {
        if self.burning {
            return self.burn(interest).await;
        }
        let turn = poll_fn(|cx| match self.turn(cx) {
            Turn::Waiting if interest.withdrawn(cx) => Poll::Ready(Turn::Ended),
            Turn::Waiting => self.poll_end(cx),
            turn => Poll::Ready(turn),
        })
        .await;
        match turn {
            Turn::Burning => self.carry_on(interest),
            turn => self.end(&turn),
        }
    }
}

impl Job {
    /// The same among the burners.
    async fn burn(mut self, mut interest: Interest) {
        let shared = self.outcome.shared.clone();
        let mut pace = Pace::new(&shared);
        let turn = poll_fn(|cx| {
            if pace.may_go(cx) {
                let before = self.spent;
                shares::begin_turn();
                match self.turn(cx) {
                    Turn::Waiting => {}
                    turn => return Poll::Ready(turn),
                }
                pace.turned(self.spent - before, shares::was_cut_short(), cx);
            }
            if interest.withdrawn(cx) { Poll::Ready(Turn::Ended) } else { self.poll_end(cx) }
        })
        .await;
        drop(pace);
        self.end(&turn);
    }
}

/// Whether anybody still wants the rest of a guest's work. It is withdrawn when the other end is dropped; a message
/// means that the guest may go on for itself.
pub(crate) struct Interest(Option<oneshot::Receiver<()>>);

impl Interest {
    /// An interest, and the end that keeps it alive.
    pub(crate) fn new() -> (oneshot::Sender<()>, Self) {
        let (alive, receiver) = oneshot::channel();
        (alive, Self(Some(receiver)))
    }

    /// Nobody waits, and the guest may go on for itself.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    fn withdrawn(&mut self, cx: &mut Context<'_>) -> bool {
        match self.0.as_mut().map(|receiver| receiver.poll_unpin(cx)) {
            None | Some(Poll::Pending) => false,
            Some(Poll::Ready(Err(_))) => true,
            Some(Poll::Ready(Ok(()))) => {
                self.0 = None;
                false
            }
        }
    }
}

/// What the caller saw first.
enum First {
    Answer(Answer),
    Ended,
    Burning,
    /// Its time is over, or its workload killed.
    Over(Turn),
}

/// Answers `request`; `permit` counts it among the workload's.
pub(crate) async fn answer(
    shared: Arc<Shared>,
    permit: OwnedSemaphorePermit,
    request: Request<Body>,
) -> Result<Response<Body>, Failure> {
    let begin = Instant::now();
    let deadline = Some(begin + shared.config.timeout);
    let outcome = Outcome::new(shared);
    let (answering, mut answer) = oneshot::channel();
    let guest = Box::pin(work(outcome.clone(), permit, request, answering));
    let spent = outcome.shared.burnt.head_start(begin);
    let mut job =
        Job { guest, outcome: outcome.clone(), deadline, spent, burning: false, hold: Hold::default(), end: None };
    match first(&mut job, &mut answer).await {
        First::Answer(answer) => streaming::settle(response(answer, &outcome)?, Some(job), outcome).await,
        First::Ended => {
            drop(job);
            match answer.try_recv() {
                Ok(Some(answer)) => streaming::settle(response(answer, &outcome)?, None, outcome).await,
                Ok(None) | Err(_) => Err(unanswered(&outcome)),
            }
        }
        First::Over(turn) => {
            job.end(&turn);
            Err(unanswered(&outcome))
        }
        First::Burning => {
            let (alive, interest) = Interest::new();
            job.carry_on(interest);
            match answer.await {
                // What became of it meanwhile is better told than half an answer.
                Ok(_) if outcome.failure().is_some() => Err(unanswered(&outcome)),
                Ok(answer) => Ok(streaming::stream(response(answer, &outcome)?, outcome, alive)),
                Err(_) => Err(unanswered(&outcome)),
            }
        }
    }
}

/// Answers `request` in an instance that answers others too; `permit` counts it among the workload's.
pub(crate) async fn answer_among(
    shared: Arc<Shared>,
    many: Arc<Many>,
    permit: OwnedSemaphorePermit,
    request: Request<Body>,
) -> Result<Response<Body>, Failure> {
    let deadline = Instant::now() + shared.config.timeout;
    let outcome = Outcome::new(shared.clone());
    let seeker = Seeker { outcome: outcome.clone(), deadline };
    let seat = match many.take(&seeker, Whose::Own) {
        Some(seat) => seat,
        None => attend(outcome.clone(), Some(deadline), seek(shared, many, seeker)).await?,
    };
    seat.place.give(request, permit);
    match seat.answer.await {
        Ok(Ok(answer)) => streaming::settle_among(answer, seat.place, outcome).await,
        Ok(Err(code)) => {
            seat.place.release();
            Err(response(Err(code), &outcome).err().unwrap_or(Failure::NoResponse))
        }
        Err(_) => Err(unanswered(&outcome)),
    }
}

/// A seat in a new instance, or else in one that is there.
async fn seek(shared: Arc<Shared>, many: Arc<Many>, seeker: Seeker) -> Result<Seat, Failure> {
    let (own, anyones) = (|| many.take(&seeker, Whose::Own), || many.take(&seeker, Whose::Anyones));
    match room::find_or(&shared, Entry::Http, own, anyones).await? {
        Found::There(seat) => Ok(seat),
        Found::New(instance) => Ok(many.open(&shared, instance, &seeker)),
    }
}

/// Runs a command to its end, and returns its exit status.
pub(crate) async fn run(shared: Arc<Shared>) -> Result<i32, Failure> {
    let of = shared.clone();
    attend(Outcome::new(shared), None, async move { room::find(&of, Entry::Run).await?.run().await }).await
}

/// Gives `message` to a guest; `permit` counts it among the workload's requests.
pub(crate) async fn deliver(
    shared: Arc<Shared>,
    permit: OwnedSemaphorePermit,
    message: Message,
) -> Result<Result<(), String>, Failure> {
    let deadline = Instant::now() + shared.config.timeout;
    let of = shared.clone();
    let work = async move {
        let _permit = permit;
        room::find(&of, Entry::Message).await?.deliver(message).await
    };
    attend(Outcome::new(shared), Some(deadline), work).await
}

/// Lets a guest do `work` in a task of its own until it ends, its time is over or the future is dropped.
async fn attend<T: Send + 'static>(
    outcome: Arc<Outcome>,
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let (tell, answer) = oneshot::channel();
    let guest = {
        let outcome = outcome.clone();
        Box::pin(async move {
            match work.await {
                // Whoever asked may be gone.
                Ok(value) => drop(tell.send(value)),
                Err(failure) => outcome.fail(failure),
            }
        })
    };
    let spent = Duration::ZERO;
    let job =
        Job { guest, outcome: outcome.clone(), deadline, spent, burning: false, hold: Hold::default(), end: None };
    let (_alive, interest) = Interest::new();
    job.carry_on(interest);
    answer.await.map_err(|_| unanswered(&outcome))
}

/// The guest's side: an instance, idle or new, answers and is kept if it may be used again.
async fn work(outcome: Arc<Outcome>, permit: OwnedSemaphorePermit, request: Request<Body>, answering: Answering) {
    let shared = &outcome.shared;
    let mut instance = match room::find(shared, Entry::Http).await {
        Ok(instance) => instance,
        Err(failure) => return outcome.fail(failure),
    };
    match instance.serve(request, answering).await {
        Err(failure) => outcome.fail(failure),
        Ok(()) => {
            if instance.served() < shared.config.reuse.requests_max && !shared.is_closed() {
                room::keep(shared, instance);
            }
        }
    }
    drop(permit);
}

async fn first(job: &mut Job, answer: &mut oneshot::Receiver<Answer>) -> First {
    poll_fn(|cx| {
        match job.turn(cx) {
            Turn::Ended => return Poll::Ready(First::Ended),
            Turn::Burning => return Poll::Ready(First::Burning),
            turn @ (Turn::Late | Turn::Killed) => return Poll::Ready(First::Over(turn)),
            Turn::Waiting => {}
        }
        if let Poll::Ready(Ok(answer)) = answer.poll_unpin(cx) {
            return Poll::Ready(First::Answer(answer));
        }
        job.poll_end(cx).map(First::Over)
    })
    .await
}

/// Why there is no answer.
fn unanswered(outcome: &Outcome) -> Failure {
    outcome.fail(Failure::NoResponse);
    outcome.failure().unwrap_or(Failure::NoResponse)
}

/// The response of an answer, or the failure that the guest answered with.
fn response(answer: Answer, outcome: &Outcome) -> Result<Response<WasiBody>, Failure> {
    answer.map_err(|code| {
        outcome.fail(Failure::Guest { code });
        unanswered(outcome)
    })
}
