//! A response's body on its way to the guest: bounded in length and in silence.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, Sleep, sleep};

use crate::BoxError;

/// Breaks off a body that says nothing for too long while somebody wants more of it, or that does not end.
pub(super) struct Bounded {
    /// None after it was broken off, so that the connection is not read to an end that may never come.
    inner: Option<Incoming>,
    left: u64,
    pause: Duration,
    /// Made with the first pause, used again for the others.
    timer: Option<Pin<Box<Sleep>>>,
    pausing: bool,
}

/// Why a body was broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Broken {
    #[error("the response paused for more than {0:?}")]
    Pause(Duration),
    #[error("the response is too long")]
    Length,
}

impl Bounded {
    pub(super) fn new(inner: Incoming, bytes_max: u64, pause: Duration) -> Self {
        Self { inner: Some(inner), left: bytes_max, pause, timer: None, pausing: false }
    }

    fn break_off(&mut self, why: Broken) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.inner = None;
        Poll::Ready(Some(Err(why.into())))
    }

    /// Whether the pause has become too long.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (until, pausing) = (Instant::now() + self.pause, std::mem::replace(&mut self.pausing, true));
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.pause)));
        if !pausing {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx)
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let Poll::Ready(next) = Pin::new(inner).poll_frame(cx) else {
            let pause = self.pause;
            return match self.poll_pause(cx) {
                Poll::Ready(()) => self.break_off(Broken::Pause(pause)),
                Poll::Pending => Poll::Pending,
            };
        };
        self.pausing = false;
        let length = match &next {
            Some(Ok(frame)) => frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX)),
            Some(Err(_)) | None => 0,
        };
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return self.break_off(Broken::Length),
        }
        Poll::Ready(next.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
