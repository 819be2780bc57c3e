//! How long a request's head may take over HTTP/1.1, counted from its first byte.
//!
//! hyper starts its clock when it begins to wait, so with a plain timer a connection that is kept alive could be idle
//! for no longer than a head may take. This clock begins with the first byte; how long nobody may say anything at all
//! is `activity`'s business.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Rises whenever something was read.
#[derive(Debug, Clone, Default)]
struct Pulse(Arc<AtomicU64>);

impl Pulse {
    fn reads(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection that tells its timer when something was read.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    pulse: Pulse,
}

/// Watches a connection: what to read it through, and the clock to give to hyper.
pub(super) fn watch<S>(stream: S, head: Duration) -> (Watched<S>, HeadTimer) {
    let pulse = Pulse::default();
    (Watched { stream, pulse: pulse.clone() }, HeadTimer { pulse, head, start: Instant::now() })
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.0.fetch_add(1, Ordering::Relaxed);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// One connection's clock. hyper waits on it for heads only.
#[derive(Debug)]
pub(super) struct HeadTimer {
    pulse: Pulse,
    head: Duration,
    start: Instant,
}

impl rt::Timer for HeadTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn rt::Sleep>> {
        let (pulse, reads_before) = (self.pulse.clone(), self.pulse.reads());
        Box::pin(HeadSleep { pulse, reads_before, head: self.head, running: None })
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn rt::Sleep>> {
        self.sleep(self.head)
    }

    /// hyper only adds to it, and what it gets is not looked at: so the clock need not be either.
    fn now(&self) -> Instant {
        self.start
    }
}

/// One wait for a head.
struct HeadSleep {
    pulse: Pulse,
    reads_before: u64,
    head: Duration,
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
        let head = this.head;
        this.running.get_or_insert_with(|| Box::pin(sleep(head))).as_mut().poll(cx)
    }
}

impl rt::Sleep for HeadSleep {}
