//! Counts the requests of a Pod, and closes it to new ones without losing any.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use network::{Body, BoxError};
use tokio::sync::Notify;

use super::gauge::Gauge;

/// Set once no request may enter any more; the other bits count those inside.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// The count of one Pod.
#[derive(Debug, Default)]
pub(crate) struct Count {
    state: AtomicUsize,
    empty: Notify,
    /// The same over time. Whoever is refused at the door is in it for no time.
    pub(super) gauge: Gauge,
}

/// One request inside; it leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Arc<Count>);

impl Count {
    /// Lets a request in, unless the Pod is closed.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Counted> {
        let before = self.state.fetch_add(1, Ordering::AcqRel);
        self.gauge.enter();
        let counted = Counted(self.clone());
        (before & CLOSED == 0).then_some(counted)
    }

    pub(crate) fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.state.load(Ordering::Acquire) & !CLOSED
    }

    /// Waits until it is closed and empty.
    pub(crate) async fn drained(&self) {
        loop {
            let empty = self.empty.notified();
            tokio::pin!(empty);
            empty.as_mut().enable();
            if self.state.load(Ordering::Acquire) == CLOSED {
                return;
            }
            empty.await;
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.gauge.leave();
        if self.0.state.fetch_sub(1, Ordering::AcqRel) == CLOSED + 1 {
            self.0.empty.notify_waiters();
        }
    }
}

impl Counted {
    /// The request stays inside until the body of its answer has ended or is dropped.
    pub(crate) fn until_end_of(self, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        CountedBody { body, _counted: self }.boxed_unsync()
    }
}

struct CountedBody {
    body: Body,
    _counted: Counted,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    // C44, C45
    #[test]
    fn closing_refuses_newcomers_and_waits_for_those_inside() {
        let count = Arc::new(Count::default());
        let first = count.enter().expect("is open");
        let body = count.enter().expect("is open").until_end_of(network::text("long"));
        count.close();
        assert!(count.enter().is_none());
        assert_eq!(count.in_flight(), 2);
        let drained = count.drained();
        tokio::pin!(drained);
        assert!(drained.as_mut().now_or_never().is_none());
        drop(first);
        assert!(drained.as_mut().now_or_never().is_none(), "the body has not ended");
        drop(body);
        assert!(drained.as_mut().now_or_never().is_some());
        assert!(count.drained().now_or_never().is_some());
    }
}
