//! Whether anyone uses a connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, sleep};

/// Requests of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Activity(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Requests begun, ever.
    begun: AtomicU64,
    /// Requests whose answers have not ended.
    open: AtomicUsize,
}

impl Activity {
    /// Counts a request until what is returned is dropped.
    pub(super) fn begin(&self) -> Busy {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.open.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    /// Whether a request is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.0.open.load(Ordering::Relaxed) > 0
    }

    /// Returns when no request came within `first`, or none was open for about `later`.
    pub(super) async fn idle_for(&self, first: Duration, later: Duration) {
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            let patience = if seen == 0 { first } else { later };
            sleep(patience.saturating_sub(since.elapsed()).max(first.min(patience))).await;
            let begun = self.0.begun.load(Ordering::Relaxed);
            if begun != seen || self.is_busy() {
                (seen, since) = (begun, Instant::now());
            } else if since.elapsed() >= patience {
                return;
            }
        }
    }
}

/// One request under way.
#[derive(Debug)]
pub(super) struct Busy(Activity);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Busy {
    /// A request is under way until its whole answer has been sent.
    pub(super) fn until_body_ends(self, response: Response<Body>) -> Response<Body> {
        response.map(|body| Body::new(Counted { body, _busy: self }))
    }
}

struct Counted {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
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

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn a_silent_connection_ends_early_and_a_used_one_late() {
        let (activity, start) = (Activity::default(), Instant::now());
        activity.idle_for(SHORT, LONG).await;
        assert!(start.elapsed() < LONG);
        drop(activity.begin());
        let start = Instant::now();
        activity.idle_for(SHORT, LONG).await;
        assert!(start.elapsed() >= LONG);
    }

    #[tokio::test]
    async fn an_open_request_keeps_its_connection() {
        let activity = Activity::default();
        let busy = activity.begin();
        let idle = activity.idle_for(SHORT, LONG);
        tokio::pin!(idle);
        assert!(tokio::time::timeout(LONG * 2, &mut idle).await.is_err());
        drop(busy);
        idle.await;
    }
}
