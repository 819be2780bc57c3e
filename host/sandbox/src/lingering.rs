//! What a guest sends, taken from it for a little longer than whoever is asked wants it.
//!
//! A callee may answer without reading the request to its end, and a local one does so within microseconds. A guest
//! that is not done with sending is then told that its stream is closed, and many take that for the failure of the
//! whole request, though the answer is there. On a network the socket's buffer spares them that; here the rest is read
//! and thrown away, up to a bound.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;

use crate::settings::LINGER_BYTES_MAX;
use crate::{Body, BoxError};

/// A request's body that outlives its reader.
pub(crate) struct Lingering(Option<Body>);

impl Lingering {
    pub(crate) fn new(body: Body) -> Self {
        Self(Some(body))
    }
}

impl http_body::Body for Lingering {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let rest = self.0.take().filter(|body| !body.is_end_stream());
        if let (Some(body), Ok(runtime)) = (rest, Handle::try_current()) {
            drop(runtime.spawn(discard(body)));
        }
    }
}

/// Reads until the guest has ended its body, or itself, or has sent more than anyone would buffer for it.
async fn discard(mut body: Body) {
    let mut bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes > LINGER_BYTES_MAX {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::SinkExt as _;
    use http_body_util::StreamBody;

    #[tokio::test]
    async fn a_sender_may_finish_after_its_reader_has_left_within_bounds() {
        let (mut sender, frames) = futures::channel::mpsc::channel::<Result<Frame<Bytes>, BoxError>>(0);
        let mut body = Lingering::new(StreamBody::new(frames).boxed_unsync());
        let piece = || Ok(Frame::data(Bytes::from_static(&[7; 1024])));
        let (sent, read) = tokio::join!(sender.send(piece()), body.frame());
        assert!(sent.is_ok() && read.is_some());
        drop(body);
        let pieces = LINGER_BYTES_MAX / 1024;
        for _ in 0..pieces {
            sender.send(piece()).await.expect("is taken");
        }
        let mut more = 0;
        while sender.send(piece()).await.is_ok() {
            more += 1;
            assert!(more < 10, "it is not taken for ever");
        }
    }

    #[tokio::test]
    async fn what_is_read_to_its_end_leaves_nothing_behind() {
        let whole = http_body_util::Full::new(Bytes::from_static(b"whole")).map_err(|never| match never {});
        let mut body = Lingering::new(whole.boxed_unsync());
        assert_eq!(body.size_hint().exact(), Some(5));
        assert!(body.frame().await.is_some() && body.frame().await.is_none() && body.is_end_stream());
    }
}
