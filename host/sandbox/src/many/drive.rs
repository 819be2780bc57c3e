//! The task of an instance that answers several requests at once.
//!
//! It looks at clocks from outside of the guest, as everything in here does: while the guest computes nothing within
//! its event loop gets a turn.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

use super::{Running, Step};
use crate::drive::timed;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::pace::{Hold, Pace};
use crate::settings::BURNING_AFTER;
use crate::shares;

/// Drives an instance, in a task.
pub(super) fn spawn(running: Arc<Running>, mut instance: Instance) {
    let guest = {
        let running = running.clone();
        async move { instance.serve_many(&running).await }.boxed()
    };
    let killed = running.shared.killed().boxed();
    let ended = Failure::Killed;
    let driver =
        Driver { running, guest, killed, hold: Hold::default(), stretch: Duration::ZERO, burning: false, ended };
    drop(tokio::spawn(driver.run(Handle::current())));
}

struct Driver {
    running: Arc<Running>,
    /// Ends if the guest fails.
    guest: BoxFuture<'static, Failure>,
    killed: BoxFuture<'static, ()>,
    hold: Hold,
    /// How long the guest has computed without a pause.
    stretch: Duration,
    burning: bool,
    /// What those inside hear when it ends.
    ended: Failure,
}

/// Where it goes on.
enum Next {
    Burners,
    Home,
    Nowhere,
}

impl Driver {
    /// Runs it until it ends or another runtime is better for it; then it goes on there.
    fn run(mut self, home: Handle) -> BoxFuture<'static, ()> {
        async move {
            let shared = self.running.shared.clone();
            let mut pace = self.burning.then(|| Pace::new(&shared));
            let mut timer = Box::pin(sleep(Duration::ZERO));
            let next = poll_fn(|cx| self.poll(cx, pace.as_mut(), timer.as_mut())).await;
            drop(pace);
            // The timer is one of the runtime that is left.
            self.hold = Hold::default();
            match next {
                Next::Nowhere => {}
                Next::Home => {
                    self.burning = false;
                    drop(home.clone().spawn(self.run(home)));
                }
                Next::Burners => {
                    self.burning = true;
                    shared.engine.burners().spawn(self.run(home));
                }
            }
        }
        .boxed()
    }

    fn poll(&mut self, cx: &mut Context<'_>, pace: Option<&mut Pace<'_>>, mut timer: Pin<&mut Sleep>) -> Poll<Next> {
        self.running.waker.register(cx.waker());
        if self.killed.poll_unpin(cx).is_ready() {
            return Poll::Ready(Next::Nowhere);
        }
        if let Poll::Ready(failure) = self.turn(cx, pace) {
            self.ended = failure;
            return Poll::Ready(Next::Nowhere);
        }
        if !self.burning && self.stretch >= BURNING_AFTER {
            return Poll::Ready(Next::Burners);
        }
        if self.burning && self.stretch.is_zero() && self.running.is_empty() {
            return Poll::Ready(Next::Home);
        }
        loop {
            let now = Instant::now();
            self.running.expire(now);
            match self.running.step(now) {
                Step::WaitUntil(then) => timer.as_mut().reset(then.into()),
                Step::End => return Poll::Ready(Next::Nowhere),
                Step::Late => {
                    let shared = &self.running.shared;
                    shared.failed(&Failure::Deadline { timeout: shared.config.timeout });
                    return Poll::Ready(Next::Nowhere);
                }
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Lets the guest run until it waits or is told to give way.
    fn turn(&mut self, cx: &mut Context<'_>, mut pace: Option<&mut Pace<'_>>) -> Poll<Failure> {
        let shared = &self.running.shared;
        if pace.as_mut().is_some_and(|pace| !pace.may_go(cx)) || self.hold.holds(shared, cx) {
            return Poll::Pending;
        }
        shares::begin_turn();
        let guest = &mut self.guest;
        let (polled, turn) = timed(shared, self.burning, || guest.poll_unpin(cx));
        let cut_short = shares::was_cut_short();
        if let Some(pace) = pace {
            pace.turned(turn, cut_short, cx);
        }
        self.stretch = if cut_short { self.stretch + turn } else { Duration::ZERO };
        self.running.set_computing(cut_short);
        polled
    }
}

impl Drop for Driver {
    /// Whoever is inside learns why before the guest is gone, and with it the ends of their bodies.
    fn drop(&mut self) {
        self.running.end(&self.ended);
    }
}
