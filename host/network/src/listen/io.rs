//! A client's socket, watched: how much went through it, and whether the client still takes what it is sent.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::BoxError;

/// Rises whenever something was read or written. Only the connection's own task writes to it.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    reads: AtomicU64,
    writes: AtomicU64,
    blocked: AtomicBool,
}

impl Pulse {
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    pub(super) fn beats(&self) -> u64 {
        self.reads().wrapping_add(self.writes.load(Ordering::Relaxed))
    }

    /// Whether something waits because the socket is full: the way to the client is slow, or it does not read.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }
}

/// One more, by the only task that counts here: twice per request, so it need not be as costly as a shared count.
fn beat(count: &AtomicU64) {
    count.store(count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// A patience that begins with the first wait and ends with the next sign of life.
#[derive(Debug)]
struct Patience {
    limit: Duration,
    running: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(limit: Duration) -> Self {
        Self { limit, running: None }
    }

    fn sign_of_life(&mut self) {
        self.running = None;
    }

    fn poll_exhausted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        self.running.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx)
    }
}

/// The socket. Writing fails once the client has taken nothing for `stall_timeout`.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    /// What was read of it to find out what the client speaks, to be read again.
    ahead: Bytes,
    pulse: Arc<Pulse>,
    writing: Patience,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, ahead: Bytes, pulse: Arc<Pulse>, stall_timeout: Duration) -> Self {
        Self { stream, ahead, pulse, writing: Patience::new(stall_timeout) }
    }

    fn written(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.pulse.blocked.store(polled.is_pending(), Ordering::Relaxed);
        match polled {
            Poll::Pending => self.writing.poll_exhausted(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
            Poll::Ready(written) => {
                self.writing.sign_of_life();
                beat(&self.pulse.writes);
                Poll::Ready(written)
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = if self.ahead.is_empty() {
            Pin::new(&mut self.stream).poll_read(cx, buf)
        } else {
            let now = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(now));
            Poll::Ready(Ok(()))
        };
        if buf.filled().len() > before {
            beat(&self.pulse.reads);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.written(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written(cx, polled)
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

/// A request's body, which fails once the client has sent nothing of it for the given time.
pub(super) struct Upload {
    incoming: Incoming,
    reading: Patience,
}

impl Upload {
    pub(super) fn new(incoming: Incoming, stall_timeout: Duration) -> Self {
        Self { incoming, reading: Patience::new(stall_timeout) }
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.incoming).poll_frame(cx) {
            Poll::Pending => {
                this.reading.poll_exhausted(cx).map(|()| Some(Err("the client sends no more of its body".into())))
            }
            Poll::Ready(frame) => {
                this.reading.sign_of_life();
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
