//! Clients that take their time (F67). Time is paused: it leaps when nothing else can happen.

use std::time::Duration;

use network::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::harness::{Authority, Client, Host, fetch, ok};

async fn host() -> Host {
    let host = Host::start(&Authority::new(), "a");
    host.pods.add("p", |request| {
        use http_body_util::BodyExt as _;
        Box::pin(async move {
            match request.into_body().collect().await {
                Ok(body) => ok(body.to_bytes()).await,
                Err(error) => ok(error.to_string()).await,
            }
        })
    });
    host.serve(1, vec![host.endpoint("p")], vec![]).await;
    host
}

/// Sends `text`, then waits for the other side to close; how long that took and what was said.
async fn said_until_closed(host: &Host, text: &str) -> (Duration, String) {
    let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
    stream.write_all(text.as_bytes()).await.expect("sent");
    let start = Instant::now();
    let mut said = Vec::new();
    drop(stream.read_to_end(&mut said).await);
    (start.elapsed(), String::from_utf8_lossy(&said).into_owned())
}

fn about(elapsed: Duration, expected: Duration) -> bool {
    elapsed >= expected && elapsed < expected + Duration::from_millis(500)
}

// F67 and Part 3: hyper's own timeout would be silently off without a timer.
#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_is_cut_off() {
    let host = host().await;
    let limit = Limits::default().head_timeout;
    for text in [
        "",
        "G",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ",
        // What selects HTTP/2, and no more.
        "PRI ",
        "PRI * HTTP/2.0\r\n",
    ] {
        let (elapsed, said) = said_until_closed(&host, text).await;
        assert!(about(elapsed, limit), "{text:?}: {elapsed:?}");
        assert_eq!(said, "", "{text:?}");
    }
    assert_eq!(host.pods.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_cut_off_all_the_same() {
    let host = host().await;
    let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
    let start = Instant::now();
    for byte in b"GET / HTTP/1.1\r\nhost: users.example\r\nx-slow: abcdefghijklmnopqrstuvwxyz\r\n" {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        let mut answer = [0; 1];
        if tokio::time::timeout(Duration::from_secs(1), stream.read(&mut answer)).await.is_ok() {
            break;
        }
    }
    assert!(about(start.elapsed(), Limits::default().head_timeout), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_second_head_has_no_more_time_than_the_first() {
    let host = host().await;
    let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let mut head = [0; 1024];
    assert!(stream.read(&mut head).await.expect("a response") > 0);
    // Idle for longer than a head may take: that is allowed.
    sleep(Duration::from_secs(30)).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: ").await.expect("sent");
    let start = Instant::now();
    assert_eq!(stream.read(&mut head).await.unwrap_or(0), 0);
    assert!(about(start.elapsed(), Limits::default().head_timeout), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_a_while_and_no_longer() {
    let host = host().await;
    let limit = Limits::default().idle_timeout;
    let mut client = Client::connect(host.node_port()).await;
    client.get("/").await;
    sleep(limit - Duration::from_secs(1)).await;
    client.get("/").await;
    assert_eq!(host.proxy.metrics().connections, 1);
    sleep(limit * 2 + Duration::from_secs(1)).await;
    assert_eq!(host.proxy.metrics().connections, 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_cut_off() {
    let host = host().await;
    let text = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf";
    let (elapsed, said) = said_until_closed(&host, text).await;
    assert!(about(elapsed, Limits::default().stall_timeout), "{elapsed:?}");
    assert!(said.contains("the client sends no more of its body"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_cut_off() {
    let host = host().await;
    host.pods.add("p", |_| ok(vec![7; 64 << 20]));
    let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    while host.pods.calls() == 0 {
        tokio::task::yield_now().await;
    }
    let start = Instant::now();
    while host.proxy.metrics().connections > 0 {
        sleep(Duration::from_millis(100)).await;
    }
    assert!(start.elapsed() >= Limits::default().stall_timeout, "{:?}", start.elapsed());
    assert!(start.elapsed() < Limits::default().stall_timeout + Duration::from_secs(10), "{:?}", start.elapsed());
}

// F67: many slow ones at once, and a good one among them.
#[tokio::test]
async fn slow_clients_do_not_keep_others_waiting() {
    let host = host().await;
    let mut slow = Vec::new();
    for _ in 0..400 {
        let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
        stream.write_all(b"GET / HTTP/1.1\r\nhost: ").await.expect("sent");
        slow.push(stream);
    }
    let start = std::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(fetch(host.node_port(), "/").await.status, 200);
    }
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(host.pods.calls(), 50);
}
