//! What a component asks of others, answered by a closure.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use sandbox::{Body, Outgoing, OutgoingError, OutgoingOptions};

type Answer = dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync;

/// Answers every request with a function.
pub(crate) struct Answers(Arc<Answer>);

impl Answers {
    pub(crate) fn new(answer: impl Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answers")
    }
}

impl Outgoing for Answers {
    fn call(
        &self,
        request: Request<Body>,
        _: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        let answer = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|error| OutgoingError::Other(error.to_string()))?.to_bytes();
            let response = answer(Request::from_parts(head, body));
            Ok(response.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync()))
        })
    }
}
