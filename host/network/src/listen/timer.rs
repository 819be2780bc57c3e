//! The clock hyper waits on for a request's head.
//!
//! hyper starts it when it begins to wait, so with a plain timer a keep-alive connection would be idle for no longer
//! than a head may take. This one begins to count with the head's first byte, and sets no timer before: a connection
//! that waits for its next request, which is most of them most of the time, costs none.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt;
use tokio::time::{Sleep, sleep};

use super::io::Pulse;

/// One connection's clock.
#[derive(Debug)]
pub(super) struct HeadTimer {
    pulse: Arc<Pulse>,
    head_timeout: Duration,
    start: Instant,
}

impl HeadTimer {
    pub(super) fn new(pulse: Arc<Pulse>, head_timeout: Duration) -> Self {
        Self { pulse, head_timeout, start: Instant::now() }
    }
}

impl rt::Timer for HeadTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(HeadSleep {
            pulse: self.pulse.clone(),
            reads_before: self.pulse.reads(),
            head_timeout: self.head_timeout,
            running: None,
        })
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn rt::Sleep>> {
        self.sleep(self.head_timeout)
    }

    /// hyper only adds to it, and what it gets is not looked at: so the clock need not be either.
    fn now(&self) -> Instant {
        self.start
    }
}

/// One wait for a head.
struct HeadSleep {
    pulse: Arc<Pulse>,
    reads_before: u64,
    head_timeout: Duration,
    running: Option<Pin<Box<Sleep>>>,
}

impl Future for HeadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.running.is_none() && this.pulse.reads() == this.reads_before {
            // Polled again when something is read: hyper looks for a head before it looks at the clock.
            return Poll::Pending;
        }
        let head_timeout = this.head_timeout;
        this.running.get_or_insert_with(|| Box::pin(sleep(head_timeout))).as_mut().poll(cx)
    }
}

impl rt::Sleep for HeadSleep {}
