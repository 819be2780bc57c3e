//! HTTP/2 by prior knowledge on the same port as HTTP/1.1.

use std::net::SocketAddr;

use http::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use network::Body;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Authority, Host, Reply, fetch, ok, soon, until};

async fn host() -> Host {
    let host = Host::start(&Authority::new(), "a");
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
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).expect("small").to_be_bytes();
    let mut frame = vec![a, b, c, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

/// Sends the preface and then `flood`, again and again; whether the other side closed before it had taken it all.
async fn cut_off(to: SocketAddr, opening: &[u8], flood: &[u8], times: usize) -> bool {
    let mut stream = TcpStream::connect(to).await.expect("connected");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("sent");
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
