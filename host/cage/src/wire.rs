//! How host and worker speak: HTTP/2 over a socket for each direction, with bounds for both.
//!
//! A request travels with its URI in a header, as HTTP/2 has no way to say the same thing in the same words; and with
//! it everything else that a request is. Bodies stream, windows push back, and whoever drops one end resets the other.

use std::convert::Infallible;
use std::error::Error;

use futures::future::BoxFuture;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Connection, SendRequest};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::UnixStream;

use crate::limits::{
    CALLS_MAX, CALLS_OUT_MAX, CONNECTION_OUT_WINDOW, CONNECTION_WINDOW, HEAD_BYTES_MAX, LISTENS_EVERY, LISTENS_WITHIN,
    SEND_BUFFER_BYTES_MAX, STREAM_WINDOW,
};
use crate::{Body, BoxError};

/// The URI that the request has where it comes from.
const URI: HeaderName = HeaderName::from_static("insula-uri");
/// What a worker that is ready says it is locked behind.
pub(crate) const WALLS: HeaderName = HeaderName::from_static("insula-walls");
/// What HTTP/2 is told.
const ANY: &str = "http://cage/call";
/// Paths of what is said beside calls.
pub(crate) const CALL: &str = "/call";
pub(crate) const CONFIG: &str = "/config";
pub(crate) const READY: &str = "/ready";
pub(crate) const TOLD: &str = "/told";

/// Mistakes of a worker in the protocol before its connection ends (RUSTSEC-2024-0003).
const FAULTS_OUT_MAX: usize = 64;

/// Who calls, and over which bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The host asks the worker.
    In,
    /// The worker asks the host.
    Out,
}

impl Direction {
    fn calls_max(self) -> u32 {
        match self {
            Self::In => CALLS_MAX,
            Self::Out => CALLS_OUT_MAX,
        }
    }

    /// Mistakes of the asking side that are borne; none is no bound. The host makes none.
    fn faults_max(self) -> Option<usize> {
        match self {
            Self::In => None,
            Self::Out => Some(FAULTS_OUT_MAX),
        }
    }

    fn window(self) -> u32 {
        match self {
            Self::In => CONNECTION_WINDOW,
            Self::Out => CONNECTION_OUT_WINDOW,
        }
    }
}

/// The end that asks.
pub(crate) type Asking = Connection<TokioIo<UnixStream>, Body, TokioExecutor>;

/// The asking end of a connection: calls, and the connection itself, which is to be polled.
pub(crate) async fn ask(stream: UnixStream, direction: Direction) -> hyper::Result<(SendRequest<Body>, Asking)> {
    let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(direction.window())
        .max_header_list_size(HEAD_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_concurrent_reset_streams(count(direction))
        .max_pending_accept_reset_streams(count(direction));
    if direction == Direction::In {
        // A worker that is stuck is found out while anybody waits for it. Without calls, no timer runs.
        builder.keep_alive_interval(LISTENS_EVERY).keep_alive_timeout(LISTENS_WITHIN).keep_alive_while_idle(false);
    }
    builder.handshake(TokioIo::new(stream)).await
}

/// The answering end of a connection, until it closes.
pub(crate) async fn answer<A>(stream: UnixStream, direction: Direction, answer: A) -> hyper::Result<()>
where
    A: Fn(Request<Incoming>) -> BoxFuture<'static, Response<Body>> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let is_head = request.method() == Method::HEAD;
        let answering = answer(request);
        async move { Ok::<_, Infallible>(without_body(answering.await, is_head)) }
    });
    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(direction.window())
        .max_concurrent_streams(direction.calls_max())
        .max_header_list_size(HEAD_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(count(direction))
        // Calls that this side gives up are no fault of the other's; faults of the other side are, and a worker may be
        // taken over.
        .max_local_error_reset_streams(direction.faults_max())
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

/// Calls that may have been given up without the other side having looked at them yet.
fn count(direction: Direction) -> usize {
    usize::try_from(direction.calls_max()).unwrap_or(usize::MAX)
}

/// HTTP/2 has no way to say "here are bytes that the status or method forbids": the other side would break off.
fn without_body(response: Response<Body>, is_head: bool) -> Response<Body> {
    let none = is_head || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if none { response.map(|_| empty()) } else { response }
}

/// Makes a request fit to be sent.
pub(crate) fn pack<B>(mut request: Request<B>) -> Result<Request<B>, &'static str> {
    let uri = HeaderValue::try_from(request.uri().to_string()).map_err(|_| "a URI that cannot be a header")?;
    request.headers_mut().insert(URI, uri);
    *request.uri_mut() = Uri::from_static(ANY);
    *request.version_mut() = Version::HTTP_2;
    Ok(request)
}

/// What it was before it was sent.
pub(crate) fn unpack<B>(mut request: Request<B>) -> Option<Request<B>> {
    let uri = request.headers_mut().remove(URI)?;
    *request.uri_mut() = Uri::try_from(uri.as_bytes()).ok()?;
    *request.version_mut() = Version::HTTP_11;
    Some(request)
}

/// A request beside calls.
pub(crate) fn aside(path: &'static str, body: Body) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(http::uri::Scheme::HTTP);
    uri.authority = Some(http::uri::Authority::from_static("cage"));
    uri.path_and_query = Some(http::uri::PathAndQuery::from_static(path));
    *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
    request
}

/// What came, with a body of the kind that everybody here uses.
pub(crate) fn boxed(request: Request<Incoming>) -> Request<Body> {
    request.map(|incoming| incoming.map_err(BoxError::from).boxed_unsync())
}

pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn full(bytes: impl Into<bytes::Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = status;
    response
}

/// The error with its sources: hyper's own words are only "http2 error".
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_after_its_way_what_it_was_before() {
        for uri in ["/a/b?c=%20d", "http://users.shop:81/x?y", "*"] {
            let request = Request::builder().uri(uri).header("host", "h").body(()).expect("a request");
            let packed = pack(request).expect("fits");
            assert_eq!((packed.uri().to_string().as_str(), packed.version()), (ANY, Version::HTTP_2));
            let unpacked = unpack(packed).expect("was packed");
            assert_eq!((unpacked.uri().to_string().as_str(), unpacked.headers().len()), (uri, 1));
        }
        assert!(unpack(Request::new(())).is_none());
        assert_eq!(aside(READY, empty()).uri(), "http://cage/ready");
    }
}
