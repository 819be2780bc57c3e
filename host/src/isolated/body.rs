//! Bodies of answers on both sides of the wall: a failure that comes after the head goes over it as a trailer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use network::{Body, BoxError};
use sandbox::Failure;

use super::asked::Place;
use super::words;

/// In the host: an answer as it came, which is broken if its trailers say so.
pub(super) struct Answer {
    body: Body,
    /// What the guest asks of others is asked for this request until its last byte is gone.
    _place: Place,
}

impl Answer {
    pub(super) fn new(body: Body, place: Place) -> Self {
        Self { body, _place: place }
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            other => return Poll::Ready(other),
        };
        Poll::Ready(match frame.into_trailers() {
            Err(data) => Some(Ok(data)),
            Ok(mut trailers) => match words::take_failure(&mut trailers) {
                Some(failure) => Some(Err(failure.into())),
                None => some(trailers),
            },
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Trailers, unless there was nothing else in them.
fn some(trailers: HeaderMap) -> Option<Result<Frame<Bytes>, BoxError>> {
    (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
}

/// In the worker: an answer as the guest gives it, whose failure becomes a trailer.
pub(super) struct Guarded(pub(super) Body);

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(failed(error))),
            None => return Poll::Ready(None),
        };
        Poll::Ready(match frame.into_trailers() {
            Err(data) => Some(Ok(data)),
            Ok(mut trailers) => {
                // What a guest says in this name is not its failure.
                trailers.remove(words::FAILURE);
                some(trailers)
            }
        })
    }

    /// A body that ends without an error, and so without a trailer, ends by itself.
    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

fn failed(error: BoxError) -> Result<Frame<Bytes>, BoxError> {
    let Some(failure) = error.downcast_ref::<Failure>() else { return Err(error) };
    let mut trailers = HeaderMap::new();
    trailers.insert(words::FAILURE, words::failure_header(failure));
    Ok(Frame::trailers(trailers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isolated::asked::Asked;
    use http::Extensions;
    use http_body_util::{BodyExt as _, StreamBody};
    use std::sync::Arc;

    fn body(frames: Vec<Result<Frame<Bytes>, BoxError>>) -> Body {
        StreamBody::new(futures::stream::iter(frames)).boxed_unsync()
    }

    #[tokio::test]
    async fn a_failure_after_the_head_breaks_the_answer_on_the_other_side() {
        let asked = Arc::new(Asked::default());
        let failure = Failure::Deadline { timeout: std::time::Duration::from_secs(1) };
        let guest = body(vec![Ok(Frame::data("begun".into())), Err(failure.clone().into())]);
        let mut answer = Answer::new(Guarded(guest).boxed_unsync(), asked.enter(Extensions::new()));
        let begun = answer.frame().await.expect("a frame").expect("is sound");
        assert_eq!(begun.into_data().expect("is data"), "begun");
        let error = answer.frame().await.expect("an error").expect_err("breaks off");
        assert_eq!(error.downcast_ref::<Failure>(), Some(&failure));
    }

    #[tokio::test]
    async fn a_guest_cannot_say_that_its_answer_is_broken() {
        let asked = Arc::new(Asked::default());
        let mut trailers = HeaderMap::new();
        trailers.insert(words::FAILURE, words::failure_header(&Failure::Busy));
        trailers.insert("own", http::HeaderValue::from_static("kept"));
        let guest = body(vec![Ok(Frame::trailers(trailers))]);
        let answer = Answer::new(Guarded(guest).boxed_unsync(), asked.enter(Extensions::new()));
        let collected = answer.collect().await.expect("is whole");
        assert_eq!(collected.trailers().map(HeaderMap::len), Some(1));
    }
}
