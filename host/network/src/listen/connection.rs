//! One client's connection, from its first byte to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use http::header::{CONNECTION, HeaderValue};
use http::{Method, Request, Response, Version};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

use super::door::{Door, Place};
use super::io::{Pulse, Upload, Watched};
use super::timer::HeadTimer;
use crate::Body;
use crate::body::empty;
use crate::hygiene;
use crate::lane::Lane;
use crate::limits::{
    CLIENT_CONNECTION_WINDOW, CLIENT_ERROR_RESETS_MAX, CLIENT_PENDING_RESETS_MAX, CLIENT_STREAM_WINDOW,
    CLIENT_STREAMS_MAX, HEAD_BUFFER_BYTES_MAX, HEAD_BYTES_MAX, SEND_BUFFER_BYTES_MAX,
};
use crate::local::Depth;
use crate::metrics::count;
use crate::peer::without_body;
use crate::router::route;

/// How a connection that speaks HTTP/2 without being asked begins (RFC 9113, 3.4). A client sends it in one piece;
/// no method of HTTP/1.1 begins like this.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// So much of it decides. A client that sends less at first is taken for HTTP/1.1, whose methods may begin with P too.
const HTTP2_DECIDED: usize = 4;

/// What requests of one connection have in common.
struct Client {
    lane: Arc<Lane>,
    door: Arc<Door>,
    /// The client's address, as `X-Forwarded-For` says it.
    address: HeaderValue,
    pulse: Arc<Pulse>,
    /// Requests whose response has not begun.
    active: AtomicU32,
}

/// Serves a client until it leaves, is idle for too long, or the door has closed.
pub(super) async fn serve(lane: Arc<Lane>, door: Arc<Door>, _place: Place, stream: TcpStream, from: SocketAddr) {
    let mut first = [0; HTTP2_DECIDED];
    let Ok(Ok(peeked)) = timeout(lane.shared.limits.head_timeout, stream.peek(&mut first)).await else { return };
    let pulse = Arc::new(Pulse::default());
    let io = TokioIo::new(Watched::new(stream, pulse.clone(), lane.shared.limits.stall_timeout));
    let client = Arc::new(Client { lane, door, address: text(from.ip()), pulse, active: AtomicU32::new(0) });
    if peeked > 0 && first[..peeked] == HTTP2_PREFACE[..HTTP2_DECIDED] {
        serve_http2(client, io).await;
    } else if peeked > 0 {
        serve_http1(client, io).await;
    }
}

async fn serve_http1(client: Arc<Client>, io: TokioIo<Watched>) {
    let limits = &client.lane.shared.limits;
    let service = service_fn(|request| {
        let client = client.clone();
        async move { Ok::<_, Infallible>(client.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(HeadTimer::new(client.pulse.clone(), limits.head_timeout))
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(HEAD_BUFFER_BYTES_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(io, service);
    client.drive(pin!(connection), http1::Connection::graceful_shutdown, AtDrain::FinishNext).await;
}

async fn serve_http2(client: Arc<Client>, io: TokioIo<Watched>) {
    let limits = &client.lane.shared.limits;
    let service = service_fn(|request: Request<Incoming>| {
        let client = client.clone();
        async move {
            let head = request.method() == Method::HEAD;
            Ok::<_, Infallible>(without_body(client.answer(request).await, head))
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout)
        .initial_stream_window_size(CLIENT_STREAM_WINDOW)
        .initial_connection_window_size(CLIENT_CONNECTION_WINDOW)
        .max_concurrent_streams(CLIENT_STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(CLIENT_PENDING_RESETS_MAX)
        .max_local_error_reset_streams(CLIENT_ERROR_RESETS_MAX)
        .serve_connection(io, service);
    client.drive(pin!(connection), http2::Connection::graceful_shutdown, AtDrain::SayGoodbye).await;
}

/// What a connection does when its door closes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtDrain {
    /// HTTP/1.1 has no goodbye: a server that closes an idle connection may cross a request on its way. So the next
    /// response says `Connection: close`, and only a connection that stays silent is closed without one.
    FinishNext,
    /// HTTP/2 has one that loses nothing.
    SayGoodbye,
}

/// What woke a connection's driver.
enum Event {
    Ended,
    DoorClosed,
    Silence,
}

impl Client {
    async fn answer(self: Arc<Self>, mut request: Request<Incoming>) -> Response<Body> {
        let _active = Active::begin(&self.active);
        // HTTP/2 has no such header, and says goodbye in its own way.
        let can_close = request.version() != Version::HTTP_2;
        let mut last = false;
        let mut response = match hygiene::admit(&mut request, &self.address) {
            Ok(()) => {
                let request = request.map(|incoming| self.upload(incoming));
                route(&self.lane, self.door.target(), request, Depth::default()).await
            }
            Err((cause, why)) => {
                count(&self.lane.counters.refused);
                // Whoever is wrong about one request may be wrong about where the next begins.
                last = true;
                cause.response(why)
            }
        };
        if can_close && (last || self.door.drain.begun()) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// A request's body; most have none, which costs nothing.
    fn upload(&self, incoming: Incoming) -> Body {
        if incoming.is_end_stream() {
            return empty();
        }
        Upload::new(incoming, self.lane.shared.limits.stall_timeout).boxed_unsync()
    }

    /// Polls a connection to its end. Looks, every `idle_timeout`, whether anything has happened since the last look,
    /// and tells an idle connection to end, so that no request sets a timer.
    async fn drive<C, E>(&self, mut connection: Pin<&mut C>, goodbye: fn(Pin<&mut C>), at_drain: AtDrain)
    where
        C: Future<Output = Result<(), E>>,
    {
        let limits = &self.lane.shared.limits;
        let mut watch = self.door.drain.watch();
        let mut patience = limits.idle_timeout;
        let mut look = pin!(sleep_until(Instant::now() + patience));
        let (mut seen, mut draining) = (self.pulse.beats(), false);
        let mut end = None;
        loop {
            let event = poll_fn(|cx| {
                if connection.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Event::Ended);
                }
                if !draining && watch.poll(cx).is_ready() {
                    return Poll::Ready(Event::DoorClosed);
                }
                look.as_mut().poll(cx).map(|()| Event::Silence)
            });
            match event.await {
                Event::Ended => return,
                Event::DoorClosed => {
                    draining = true;
                    patience = limits.drain_idle;
                    end = Some(Instant::now() + limits.drain_timeout);
                    if at_drain == AtDrain::SayGoodbye {
                        goodbye(connection.as_mut());
                    }
                }
                Event::Silence if end.is_some_and(|end| Instant::now() >= end) => return,
                Event::Silence => {
                    let idle = self.pulse.beats() == seen && self.active.load(Ordering::Relaxed) == 0;
                    if idle {
                        goodbye(connection.as_mut());
                    }
                }
            }
            seen = self.pulse.beats();
            let next = Instant::now() + patience;
            look.as_mut().reset(end.map_or(next, |end| end.min(next)));
        }
    }
}

/// Counts a request as active until dropped, also when the client leaves before its response.
struct Active<'a>(&'a AtomicU32);

impl<'a> Active<'a> {
    fn begin(active: &'a AtomicU32) -> Self {
        active.fetch_add(1, Ordering::Relaxed);
        Self(active)
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn text(address: IpAddr) -> HeaderValue {
    HeaderValue::try_from(address.to_canonical().to_string()).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}
