//! Bodies that are large, slow, broken off or left alone.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use sandbox::{Body, BoxError};

use super::harness::{full, get, post, read, reused, text, until, workload, workload_with};

#[tokio::test]
async fn a_body_is_echoed_while_it_arrives() {
    let workload = workload("echo");
    for size in [0_usize, 1, 70_000, 5_000_000] {
        let bytes: Bytes = (0..size).map(|i| b'a' + u8::try_from(i % 23).unwrap()).collect();
        let response = workload.call(post("/", full(bytes.clone()))).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), bytes, "{size}");
    }
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, BoxError>>(1);
    let stream = futures::stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) });
    let body: Body = StreamBody::new(stream).boxed_unsync();
    let mut echoed = workload.call(post("/", body)).await.unwrap().into_body();
    for piece in ["one", "two", "three"] {
        sender.send(Ok(Frame::data(Bytes::from(piece)))).await.unwrap();
        let frame = echoed.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    drop(sender);
    assert!(echoed.frame().await.is_none());
}

#[tokio::test]
async fn a_slow_body_streams() {
    let begin = Instant::now();
    let mut body = workload("slow").call(get("/body?ms=50&count=3")).await.unwrap().into_body();
    let mut times = Vec::new();
    while let Some(frame) = body.frame().await {
        assert_eq!(frame.unwrap().into_data().unwrap(), "drop\n");
        times.push(begin.elapsed());
    }
    assert_eq!(times.len(), 3);
    assert!(times[2] - times[0] >= Duration::from_millis(80), "{times:?}");
}

#[tokio::test]
async fn a_body_that_is_never_read_ends_at_the_deadline() {
    let workload = workload_with("slow", |config| config.timeout = Duration::from_millis(100));
    let mut body = workload.call(get("/body?ms=1&count=1000000")).await.unwrap().into_body();
    until("the guest is ended", || workload.stats().requests_running == 0).await;
    // What looks like the end of the body is told to be none.
    let error = loop {
        match body.frame().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("a body cut short looks complete"),
        }
    };
    assert!(error.to_string().contains("within 100ms"), "{error}");
}

// F44
#[tokio::test]
async fn a_client_that_leaves_ends_the_guest() {
    for reuse in [None, Some(reused())] {
        let workload = workload_with("slow", |config| config.reuse = reuse.unwrap_or_default());
        // Before the head: the call is dropped.
        let gone = tokio::time::timeout(Duration::from_millis(20), workload.call(get("/?ms=60000"))).await;
        assert!(gone.is_err());
        assert_eq!((workload.stats().requests_running, workload.stats().memory_bytes), (0, 0));
        // After the head: the body is dropped.
        let mut body = workload.call(get("/body?ms=5&count=1000000")).await.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
        assert_eq!(workload.stats().requests_running, 1);
        drop(body);
        until("the guest is ended", || workload.stats().requests_running == 0).await;
        assert_eq!(workload.stats().failures, 0, "leaving is no failure");
        assert_eq!(text(&workload, "/?ms=0").await, "at last\n");
    }
}

// F44
#[tokio::test]
async fn a_call_dropped_at_any_moment_leaves_nothing_behind() {
    let fast = workload_with("hello03", |config| config.reuse = reused());
    let slow = workload("slow");
    for round in 0..300_u32 {
        let patience = Duration::from_micros(u64::from(round) * 7);
        for (workload, path) in [(&fast, "/"), (&slow, "/body?ms=0&count=3")] {
            let whole = async { read(workload.call(get(path)).await.unwrap()).await };
            drop(tokio::time::timeout(patience, whole).await);
        }
    }
    until("every guest is gone", || slow.stats().requests_running == 0 && fast.stats().requests_running == 0).await;
    assert_eq!(slow.stats().memory_bytes, 0);
    assert_eq!((slow.stats().failures, fast.stats().failures), (0, 0));
}

#[tokio::test]
async fn a_request_that_breaks_off_is_told_to_the_guest_and_harms_nobody() {
    let workload = workload("echo");
    let broken = futures::stream::iter([Ok(Frame::data(Bytes::from("start"))), Err(BoxError::from("gone"))]);
    let response = workload.call(post("/", StreamBody::new(broken).boxed_unsync())).await;
    if let Ok(response) = response {
        assert!(response.into_body().collect().await.is_err(), "the echo cannot be complete");
    }
    assert_eq!(read(workload.call(post("/", full("again"))).await.unwrap()).await.1, "again");
}
