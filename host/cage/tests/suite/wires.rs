//! What goes between host and worker: many at once, large ones, halves of conversations, and loss of interest.

use std::sync::Arc;

use bytes::Bytes;
use cage::{BoxError, Told};
use futures::future::join_all;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::harness::{Caged, DEADLINE, full, get, post, text};

const MANY: usize = 1_000;
const BIG_BYTES: usize = 64 << 20;
const PIECE_BYTES: usize = 64 << 10;

#[tokio::test]
async fn a_thousand_calls_are_under_way_at_once() {
    let caged = Caged::start();
    // None is answered before all are there.
    let answers = join_all((0..MANY).map(|_| caged.text("/gate"))).await;
    assert!(answers.iter().all(|answer| answer == "open"));
}

#[tokio::test]
async fn large_bodies_stream_both_ways_and_arrive_whole() {
    let caged = Caged::start();
    let pieces = (0..BIG_BYTES / PIECE_BYTES).map(|at| {
        let byte = u8::try_from(at % 251).expect("is small");
        Ok::<_, BoxError>(Frame::data(Bytes::from(vec![byte; PIECE_BYTES])))
    });
    let body = StreamBody::new(futures::stream::iter(pieces)).boxed_unsync();
    let response = caged.cage.call(post("/echo", body)).await.expect("an answer");
    let (mut body, mut read) = (response.into_body(), 0);
    while let Some(frame) = timeout(DEADLINE, body.frame()).await.expect("in time") {
        let piece = frame.expect("is sound").into_data().expect("is data");
        for byte in &piece {
            assert_eq!(usize::from(*byte), read / PIECE_BYTES % 251);
            read += 1;
        }
    }
    assert_eq!(read, BIG_BYTES);
}

#[tokio::test]
async fn halves_of_a_conversation_take_turns() {
    let caged = Caged::start();
    let (say, said) = mpsc::channel::<Result<Frame<Bytes>, BoxError>>(1);
    let body = StreamBody::new(tokio_stream(said)).boxed_unsync();
    let response = caged.cage.call(post("/echo", body)).await.expect("an answer before the request is whole");
    let mut heard = response.into_body();
    for word in ["one", "two", "three"] {
        say.send(Ok(Frame::data(word.into()))).await.expect("is read");
        let frame = timeout(DEADLINE, heard.frame()).await.expect("in time").expect("a frame").expect("is sound");
        assert_eq!(frame.into_data().expect("is data"), word);
    }
    drop(say);
    let rest = timeout(DEADLINE, heard.collect()).await.expect("in time").expect("is whole").to_bytes();
    assert!(rest.is_empty(), "it ends with the request");
}

fn tokio_stream<T: Send + 'static>(receiver: mpsc::Receiver<T>) -> impl futures::Stream<Item = T> + Send {
    futures::stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
}

#[tokio::test]
async fn trailers_arrive_behind_the_body() {
    let caged = Caged::start();
    let collected = caged.call("/trailers").await.expect("an answer").into_body().collect().await.expect("is whole");
    assert_eq!(collected.trailers().expect("trailers")["insula-failure"], "late");
    assert_eq!(collected.to_bytes(), "data");
}

#[tokio::test]
async fn a_worker_produces_no_more_than_is_read() {
    let caged = Caged::start();
    let mut body = caged.call("/endless").await.expect("begins").into_body();
    body.frame().await.expect("a frame").expect("is sound");
    for _ in 0..50 {
        let pulled: usize = caged.text("/pulled").await.parse().expect("a number");
        assert!(pulled < 512 << 10, "{pulled} bytes were produced, and some of one window read");
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_is_given_up_in_the_worker() {
    let caged = Caged::start();
    let hung = caged.cage.call(get("/hang"));
    tokio::select! {
        _ = hung => panic!("it does not answer"),
        told = caged.told() => assert!(matches!(told, Told::Record { kind: 1, .. })),
    }
    assert_eq!(caged.told().await, Told::Record { kind: 2, bytes: "given up".into() });
    assert_eq!(caged.text("/said").await, "config code", "others are not affected");
}

#[tokio::test]
async fn a_worker_asks_its_host_and_streams_through_it() {
    let caged = Arc::new(Caged::start());
    let mut request = post("http://users.shop:81/ask?q=1", full(vec![b'x'; 1 << 20]));
    request.headers_mut().insert("tea", http::HeaderValue::from_static("please"));
    let response = caged.cage.call(request).await.expect("an answer");
    assert_eq!(response.status(), 418);
    assert_eq!(response.headers()["asked"], "http://users.shop:81/ask?q=1");
    assert_eq!(text(response).await.len(), 1 << 20);
}

#[tokio::test]
async fn an_answer_to_head_has_no_body_and_harms_nobody() {
    let caged = Caged::start();
    let mut request = get("/said");
    *request.method_mut() = http::Method::HEAD;
    let response = caged.cage.call(request).await.expect("an answer");
    assert_eq!(text(response).await, "");
    assert_eq!(caged.text("/said").await, "config code");
}
