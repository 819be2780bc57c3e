//! HTTP/2 by prior knowledge on the same port as HTTP/1.1.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use network::{Body, BoxError, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::harness::{Authority, Host, Reply, Setup, fetch, ok, soon, until};

async fn host() -> Host {
    // Where time is paused it leaps, also while an answer to a ping is on its way.
    let limits = Limits { keepalive_timeout: Duration::from_secs(3600), ..Setup::default().limits };
    let host = Host::start_with(&Authority::new(), "a", Setup { limits, ..Setup::default() });
    host.pods.add("p", |request| {
        let host = request.headers()["host"].to_str().expect("text").to_owned();
        ok(format!("{host} {} {}", request.uri(), request.headers()["x-forwarded-for"].to_str().expect("text")))
    });
    host.serve(1, vec![host.endpoint("p")], vec![]).await;
    host
}

async fn connect(to: SocketAddr) -> http2::SendRequest<Body> {
    let stream = TcpStream::connect(to).await.expect("connected");
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

fn request(path: &str) -> Request<Body> {
    Request::get(format!("http://users.example{path}")).body(network::empty()).expect("a request")
}

#[tokio::test]
async fn both_versions_are_spoken_on_one_port() {
    let host = host().await;
    let mut client = connect(host.node_port()).await;
    for _ in 0..3 {
        let reply = Reply::read(client.send_request(request("/x?y")).await.expect("a response")).await.expect("a body");
        assert_eq!(reply.text(), "users.example /x?y 127.0.0.1");
    }
    assert_eq!(fetch(host.node_port(), "/x?y").await.text(), "users.example /x?y 127.0.0.1");
}

#[tokio::test]
async fn a_method_that_begins_like_the_preface_is_no_http2() {
    let host = host().await;
    for method in ["P", "PR", "PRIM", "PROPFIND"] {
        let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
        let text = format!("{method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).await.expect("sent");
        let mut said = String::new();
        soon("the answer", stream.read_to_string(&mut said)).await.expect("text");
        assert!(said.starts_with("HTTP/1.1 200 "), "{method}: {said}");
    }
}

#[tokio::test]
async fn a_draining_connection_says_goodbye_and_loses_nothing() {
    let host = host().await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let of = gate.clone();
    host.pods.add("p", move |_| {
        let gate = of.clone();
        Box::pin(async move {
            drop(gate.acquire().await);
            ok("done").await
        })
    });
    let mut client = connect(host.node_port()).await;
    let response = client.send_request(request("/"));
    until("the call", || host.pods.calls() == 1).await;
    host.shutdown.cancel();
    gate.add_permits(1);
    assert_eq!(soon("the answer", response).await.expect("a response").status(), 200);
    soon("the end", host.proxy.closed()).await;
}

// F70: rapid reset. Streams that are opened and cancelled at once end the connection, not the host.
#[tokio::test]
async fn a_client_that_resets_all_it_opens_is_cut_off() {
    let host = host().await;
    host.pods.add("p", |_| Box::pin(std::future::pending()));
    let stream = TcpStream::connect(host.node_port()).await.expect("connected");
    let (mut client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let mut opened = 0;
    let flood = async {
        while let Ok(ready) = client.clone().ready().await {
            client = ready;
            let request = Request::get("http://users.example/").body(()).expect("a request");
            let Ok((response, mut body)) = client.send_request(request, true) else { break };
            body.send_reset(h2::Reason::CANCEL);
            drop(response);
            opened += 1;
            if opened % 64 == 0 {
                tokio::task::yield_now().await;
            }
            if opened > 200_000 {
                break;
            }
        }
    };
    soon("the cut", flood).await;
    assert!(opened <= 200_000, "never cut off");
    assert!(soon("the connection's end", connection).await.expect("no panic").is_err());
    host.pods.add_named("p");
    assert_eq!(fetch(host.node_port(), "/").await.text(), "p");
}

/// A frame of HTTP/2.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).expect("small").to_be_bytes();
    let mut frame = vec![a, b, c, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

pub(crate) const HEADERS: u8 = 1;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
/// Of SETTINGS and PING.
pub(crate) const ACK: u8 = 1;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Sends the preface and then `flood`, again and again; whether the other side closed before it had taken it all.
async fn cut_off(to: SocketAddr, opening: &[u8], flood: &[u8], times: usize) -> bool {
    let mut stream = TcpStream::connect(to).await.expect("connected");
    stream.write_all(PREFACE).await.expect("sent");
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.expect("sent");
    stream.write_all(opening).await.expect("sent");
    let (mut read, mut write) = stream.into_split();
    let drain = tokio::spawn(async move {
        let mut sink = Vec::new();
        drop(read.read_to_end(&mut sink).await);
    });
    for _ in 0..times {
        if write.write_all(flood).await.is_err() || drain.is_finished() {
            return true;
        }
    }
    false
}

// F70
#[tokio::test]
async fn floods_of_frames_are_cut_off() {
    let host = host().await;
    // A head that never ends.
    let opening = frame(HEADERS, 0, 1, &[0x82]);
    let continuation = frame(CONTINUATION, 0, 1, &[b"\x40\x01a\x7f\x81\x7f".as_slice(), &[b'b'; 256]].concat());
    assert!(soon("the cut", cut_off(host.node_port(), &opening, &continuation, 100_000)).await, "CONTINUATION");
    // An HPACK bomb: one long header in the table, named a thousand times in few bytes.
    let mut bomb = vec![0x82, 0x84, 0x86, 0x40, 1, b'a', 0x7f, 0xa1, 0x1e];
    bomb.extend([b'b'; 4000]);
    bomb.extend([0xbe; 4000]);
    let bomb = frame(HEADERS, 0x5, 1, &bomb);
    let settings = frame(SETTINGS, 0, 0, &[]);
    soon("the bomb", cut_off(host.node_port(), &bomb, &settings, 10)).await;
    assert_eq!(host.pods.calls(), 0);
    assert_eq!(fetch(host.node_port(), "/").await.status, 200);
}

// ---- clients that take their time (F67) ------------------------------------------

/// How long it takes until the host has no more connections.
async fn until_alone(host: &Host) -> Duration {
    let start = Instant::now();
    while host.proxy.metrics().connections > 0 {
        sleep(Duration::from_millis(100)).await;
        assert!(start.elapsed() < Duration::from_secs(3600), "never closed");
    }
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_that_answers_pings_is_kept_for_a_while_and_no_longer() {
    let host = host().await;
    let limit = Limits::default().idle_timeout;
    let mut client = connect(host.node_port()).await;
    for _ in 0..2 {
        assert_eq!(client.send_request(request("/")).await.expect("a response").status(), 200);
        sleep(limit - Duration::from_secs(1)).await;
        assert_eq!(host.proxy.metrics().connections, 1);
    }
    let elapsed = until_alone(&host).await;
    assert!(elapsed < limit, "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_that_does_not_follow_a_goodbye_is_cut_off() {
    let host = host().await;
    let limits = Limits::default();
    let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.expect("sent");
    let start = Instant::now();
    let (mut pings, mut goodbye) = (0, None);
    // Answers the pings that ask whether it is there, but not the one that asks whether it has seen the goodbye.
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            break;
        }
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).await.expect("a frame");
        match (head[3], head[4]) {
            (GOAWAY, _) => goodbye = goodbye.or(Some(start.elapsed())),
            (PING, 0) if payload != [0x0b, 0x7b, 0xa2, 0xf0, 0x8b, 0x9b, 0xfe, 0x54] => {
                pings += 1;
                stream.write_all(&frame(PING, ACK, 0, &payload)).await.expect("sent");
            }
            _ => {}
        }
    }
    let goodbye = goodbye.expect("a goodbye");
    assert!(goodbye >= limits.idle_timeout && goodbye < limits.idle_timeout + limits.stall_timeout, "{goodbye:?}");
    let left = start.elapsed() - goodbye;
    assert!(left >= limits.drain_timeout && left < limits.drain_timeout + Duration::from_secs(1), "{left:?}");
    assert!(pings > 5, "{pings}");
}

// With a window of 0 each body waits for it; with 1 the connection has taken the whole of it and waits in its place.
#[tokio::test]
async fn a_client_that_answers_pings_but_takes_nothing_is_cut_off() {
    let limits = Limits::default();
    for window in [0, 1] {
        let host = host().await;
        host.pods.add("p", |_| ok(vec![7; 64 << 10]));
        let stream = TcpStream::connect(host.node_port()).await.expect("connected");
        let (mut client, connection) =
            h2::client::Builder::new().initial_window_size(window).handshake::<_, Bytes>(stream).await.expect("HTTP/2");
        tokio::spawn(connection);
        let begin = Instant::now();
        let mut responses = Vec::new();
        for _ in 0..20 {
            client = client.ready().await.expect("room");
            let request = Request::get("http://users.example/").body(()).expect("a request");
            responses.push(client.send_request(request, true).expect("sent").0.await.expect("a head"));
        }
        // Not before: paused time leaps whenever a busy machine is late with a packet.
        tokio::time::pause();
        until_alone(&host).await;
        let elapsed = begin.elapsed();
        tokio::time::resume();
        let longest = limits.stall_timeout * 2 + limits.drain_timeout + Duration::from_secs(1);
        assert!(elapsed >= limits.stall_timeout && elapsed < longest, "window {window}: {elapsed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_little_now_and_then_gets_it_all() {
    const WINDOW: usize = 1000;
    let host = host().await;
    host.pods.add("p", |_| ok(vec![7; 20 * WINDOW]));
    let stream = TcpStream::connect(host.node_port()).await.expect("connected");
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(u32::try_from(WINDOW).expect("small"))
        .handshake::<_, Bytes>(stream)
        .await
        .expect("HTTP/2");
    tokio::spawn(connection);
    let mut client = client.ready().await.expect("room");
    let request = Request::get("http://users.example/").body(()).expect("a request");
    let mut body = client.send_request(request, true).expect("sent").0.await.expect("a head").into_body();
    let mut taken = 0;
    while let Some(data) = body.data().await {
        let data = data.expect("no error").len();
        taken += data;
        sleep(Limits::default().stall_timeout / 2).await;
        body.flow_control().release_capacity(data).expect("more");
    }
    assert_eq!(taken, 20 * WINDOW);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_says_nothing_for_long_is_not_idle() {
    let host = host().await;
    let (frames, receiver) = futures::channel::mpsc::unbounded::<Result<Frame<Bytes>, BoxError>>();
    let body = std::sync::Mutex::new(Some(StreamBody::new(receiver.boxed()).boxed_unsync()));
    host.pods.add("p", move |_| {
        let body = body.lock().expect("no panic").take().expect("one call");
        Box::pin(async move { Ok(Response::new(body)) })
    });
    let mut client = connect(host.node_port()).await;
    let mut body = client.send_request(request("/")).await.expect("a response").into_body();
    sleep(Limits::default().idle_timeout * 4).await;
    frames.unbounded_send(Ok(Frame::data(Bytes::from_static(b"at last")))).expect("still wanted");
    let frame = body.frame().await.expect("more").expect("no error");
    assert_eq!(frame.data_ref().expect("data"), "at last");
}

#[tokio::test]
async fn what_only_begins_like_the_preface_is_closed() {
    let host = host().await;
    let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r.").await.expect("sent");
    let mut said = Vec::new();
    soon("the end", stream.read_to_end(&mut said)).await.expect("closed");
    assert_eq!(said, b"");
}
