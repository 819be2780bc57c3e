//! One client's connection, from its first byte to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Method, Request, Response, Version};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};

use super::door::{Door, Place};
use super::io::{Pulse, Upload, Watched};
use super::streams::{Outgoing, Streams};
use super::timer::HeadTimer;
use super::vigil::{Look, Vigil};
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
const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// So much of it decides. A client that sends less at first is taken for HTTP/1.1, whose methods may begin with P too.
const HTTP2_DECIDED: usize = 4;

/// What a client comes by: a socket, or a pipe within this process.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// What a client speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// What requests of one connection have in common.
struct Client {
    lane: Arc<Lane>,
    door: Arc<Door>,
    /// The client's address, as `X-Forwarded-For` says it.
    address: HeaderValue,
    pulse: Arc<Pulse>,
    streams: Arc<Streams>,
}

/// Serves a client until it leaves, is idle for too long, or the door has closed. With where it comes
/// from stands how long its first word may take.
pub(super) async fn serve<S: Stream>(
    lane: Arc<Lane>,
    door: Arc<Door>,
    _place: Place,
    mut stream: S,
    (from, first): (IpAddr, Duration),
) {
    let limits = &lane.shared.limits;
    let Ok(Ok(Some((protocol, ahead)))) = timeout(first, opening(&mut stream)).await else { return };
    let pulse = Arc::new(Pulse::default());
    let io = TokioIo::new(Watched::new(stream, ahead, pulse.clone(), limits.stall_timeout));
    let client = Client { lane, door, address: text(from), pulse, streams: Arc::default() };
    match protocol {
        Protocol::Http1 => serve_http1(&client, io).await,
        Protocol::Http2 => serve_http2(Arc::new(client), io).await,
    }
}

/// What the client begins to speak, and what was read of it to know; `None` if it leaves or speaks neither. Reads the
/// preface of HTTP/2 whole, because nothing in hyper limits how long a client takes for it, and of anything else no
/// more than decides.
async fn opening(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<(Protocol, Bytes)>> {
    let mut first = [0; HTTP2_PREFACE.len()];
    let (decides, rest) = first.split_at_mut(HTTP2_DECIDED);
    let read = stream.read(decides).await?;
    if read == 0 {
        return Ok(None);
    }
    if decides[..read] != HTTP2_PREFACE[..HTTP2_DECIDED] {
        return Ok(Some((Protocol::Http1, Bytes::copy_from_slice(&decides[..read]))));
    }
    stream.read_exact(rest).await?;
    Ok((first == *HTTP2_PREFACE).then_some((Protocol::Http2, Bytes::from_static(HTTP2_PREFACE))))
}

async fn serve_http1<S: Stream>(client: &Client, io: TokioIo<Watched<S>>) {
    let limits = &client.lane.shared.limits;
    let service = service_fn(|request| async move {
        let _open = Streams::begin(&*client.streams);
        Ok::<_, Infallible>(client.answer(request).await)
    });
    let connection = http1::Builder::new()
        .timer(HeadTimer::new(client.pulse.clone(), limits.head_timeout))
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(HEAD_BUFFER_BYTES_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(io, service);
    client.drive(pin!(connection), http1::Connection::graceful_shutdown, Protocol::Http1).await;
}

async fn serve_http2<S: Stream>(client: Arc<Client>, io: TokioIo<Watched<S>>) {
    let limits = &client.lane.shared.limits;
    let service = service_fn(|request: Request<Incoming>| {
        let client = client.clone();
        async move {
            let open = Streams::begin(client.streams.clone());
            let head = request.method() == Method::HEAD;
            let response = without_body(client.answer(request).await, head);
            Ok::<_, Infallible>(response.map(|body| Outgoing::new(body, open)))
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
    client.drive(pin!(connection), http2::Connection::graceful_shutdown, Protocol::Http2).await;
}

/// What woke a connection's driver.
enum Event {
    Ended,
    DoorClosed,
    Look,
}

impl Client {
    async fn answer(&self, mut request: Request<Incoming>) -> Response<Body> {
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

    /// Polls a connection to its end. Looks now and then whether it is still of use, and tells one that is not to
    /// end, so that no request sets a timer.
    ///
    /// When the door closes, HTTP/2 says goodbye, which loses nothing. HTTP/1.1 has no goodbye: a server that closes
    /// an idle connection may cross a request on its way. So the next response says `Connection: close`, and only a
    /// connection that stays silent is closed without one.
    async fn drive<C, E>(&self, mut connection: Pin<&mut C>, goodbye: fn(Pin<&mut C>), protocol: Protocol)
    where
        C: Future<Output = Result<(), E>>,
    {
        let limits = &self.lane.shared.limits;
        let mut watch = self.door.drain.watch();
        let mut patience = limits.idle_timeout;
        let mut vigil = Vigil::new(self.activity(protocol), Instant::now());
        let mut look = pin!(sleep_until(vigil.next(Instant::now(), patience, limits.stall_timeout)));
        let (mut draining, mut end) = (false, None);
        loop {
            let event = poll_fn(|cx| {
                if connection.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Event::Ended);
                }
                if !draining && watch.poll(cx).is_ready() {
                    return Poll::Ready(Event::DoorClosed);
                }
                look.as_mut().poll(cx).map(|()| Event::Look)
            });
            let event = event.await;
            let now = Instant::now();
            match event {
                Event::Ended => return,
                Event::DoorClosed => {
                    draining = true;
                    patience = limits.drain_idle;
                    vigil = Vigil::new(self.activity(protocol), now);
                    end.get_or_insert(now + limits.drain_timeout);
                    if protocol == Protocol::Http2 {
                        goodbye(connection.as_mut());
                    }
                }
                Event::Look if end.is_some_and(|end| now >= end) => return,
                Event::Look => {
                    if vigil.is_over(self.look(protocol), now, patience) {
                        goodbye(connection.as_mut());
                        // An HTTP/1.1 connection is closed by that, or with the response it waits for. A goodbye in
                        // HTTP/2 is a request to the client, which may not follow it.
                        if protocol == Protocol::Http2 {
                            end.get_or_insert(now + limits.drain_timeout);
                        }
                    }
                }
            }
            let next = vigil.next(now, patience, limits.stall_timeout);
            look.as_mut().reset(end.map_or(next, |end| end.min(next)));
        }
    }

    /// What makes a connection worth keeping. On HTTP/2 not bytes: its pings come and go for ever.
    fn activity(&self, protocol: Protocol) -> u64 {
        match protocol {
            Protocol::Http1 => self.pulse.beats(),
            Protocol::Http2 => self.streams.begun(),
        }
    }

    fn look(&self, protocol: Protocol) -> Look {
        // Where the way to the client is full, its streams wait for each other and not for their windows; whether the
        // client takes anything at all is for the socket to say. HTTP/1.1 has nothing else.
        let stuck = self.streams.look();
        let stalled = stuck && !self.pulse.is_blocked();
        Look { activity: self.activity(protocol), busy: self.streams.any(), stalled }
    }
}

fn text(address: IpAddr) -> HeaderValue {
    HeaderValue::try_from(address.to_canonical().to_string()).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}
