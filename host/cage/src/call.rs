//! One call to a worker, from its place among others to the last byte of its answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use crate::limits::END_WITHIN;
use crate::{Body, BoxError, wire};

/// Why a worker did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It was not asked. The request comes back, to be tried elsewhere.
    #[error("the worker was not asked: {1}")]
    Refused(Box<Request<Body>>, Arc<str>),
    /// It had the request and is gone, or has given it up.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The request cannot be passed on.
    #[error("the request cannot be passed on to the worker: {0}")]
    Unsendable(&'static str),
}

/// A worker is gone, or gave up what it was answering. It is also what the body of a broken answer fails with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the worker was lost while it answered: {0}")]
pub struct Lost(Arc<str>);

/// A worker that answers.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) sender: SendRequest<Body>,
    pub(crate) pid: u32,
    /// Why it ended, once it has.
    pub(crate) ended: watch::Receiver<Option<Arc<str>>>,
}

impl Live {
    /// Asks; `place` is given back with the last byte of the answer.
    pub(crate) async fn call(
        mut self,
        place: OwnedSemaphorePermit,
        request: Request<Body>,
    ) -> Result<Response<Body>, CallError> {
        let request = wire::pack(request).map_err(CallError::Unsendable)?;
        match self.sender.try_send_request(request).await {
            Ok(response) => {
                let kept = |incoming| Answer { incoming, worker: Some(self), failing: None, _place: place };
                Ok(response.map(|incoming| kept(incoming).boxed_unsync()))
            }
            Err(mut error) => {
                let unsent = error.take_message().and_then(wire::unpack);
                let why = self.why(wire::chain(error.error())).await;
                Err(match unsent {
                    Some(request) => CallError::Refused(Box::new(request), why),
                    None => Lost(why).into(),
                })
            }
        }
    }

    /// Why a call broke: how the worker ended, if it has, or else what the connection says.
    async fn why(mut self, broken: String) -> Arc<str> {
        // A call that the worker itself has reset says nothing about its end.
        if !self.sender.is_closed() && self.ended.borrow().is_none() {
            return broken.into();
        }
        match timeout(END_WITHIN, self.ended.wait_for(Option::is_some)).await {
            Ok(Ok(ended)) => ended.clone().unwrap_or_else(|| broken.into()),
            Ok(Err(_)) | Err(_) => broken.into(),
        }
    }
}

/// The body of an answer: it holds its place to its end, and fails with what the worker failed with.
struct Answer {
    incoming: Incoming,
    /// Until it has failed.
    worker: Option<Live>,
    failing: Option<BoxFuture<'static, Arc<str>>>,
    _place: OwnedSemaphorePermit,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.failing.is_none() {
            let error = match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
                Some(Err(error)) => error,
                sound => return Poll::Ready(sound.map(|frame| frame.map_err(BoxError::from))),
            };
            // It has failed before.
            let Some(worker) = self.worker.take() else { return Poll::Ready(None) };
            self.failing = Some(worker.why(wire::chain(&error)).boxed());
        }
        let Some(failing) = &mut self.failing else { return Poll::Ready(None) };
        let why = ready!(failing.poll_unpin(cx));
        self.failing = None;
        Poll::Ready(Some(Err(Lost(why).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.failing.is_none() && self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
