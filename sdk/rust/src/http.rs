//! HTTP: handlers, routes, extractors and answers, and requests to other Services.
//!
//! The types are wstd's, which are the `http` crate's with a streaming [`Body`]. A handler is an async function of
//! extractors, marked with [`http`](macro@crate::http) or put into a [`Router`]; what it returns is an
//! [`IntoResponse`]. There are no layers and no state: an instance may live for one request.
//!
//! An [`Error`] that a handler returns is answered by the host, with 500 and a cause; to choose the status, return a
//! [`Refusal`], which `?` turns into an [`Error`] without loss.

mod answer;
mod client;
mod extract;
mod handler;
mod router;
mod values;

pub use answer::{IntoResponse, Json, Refusal};
pub use client::{Client, ResponseExt, get};
pub use extract::{BODY_BYTES_MAX, FromParts, FromRequest, Path, Query, read};
pub use handler::Handler;
pub use http::request::Parts;
pub use router::Router;
pub use wstd::http::body::Bytes;
pub use wstd::http::{Body, Error, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::trace;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wstd::http::request::try_from_incoming;
use wstd::http::server::Responder;

/// What `#[http]` exports: answers one request.
pub(crate) fn serve<H: Handler<A>, A>(request: IncomingRequest, answer: ResponseOutparam, make: impl FnOnce() -> H) {
    let responder = Responder::new(answer);
    wstd::runtime::block_on(async move {
        let answer = match try_from_incoming(request) {
            Ok(request) => {
                let text = |name: &str| request.headers().get(name)?.to_str().ok().map(str::to_owned);
                trace::enter(trace::Context::parse(text));
                make().answer(request).await
            }
            Err(error) => Err(error),
        };
        match answer {
            // A client that left while we answered is no fault of ours.
            Ok(response) => drop(responder.respond(response).await),
            Err(error) => responder.fail(error),
        }
    });
}
