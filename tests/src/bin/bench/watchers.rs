//! Ten thousand watches at a thousand events a second: how late events come, and what the watches cost.
//!
//! Each watch follows one ConfigMap in one of a thousand namespaces, ten watches each, as hosts and controllers of
//! many teams do; an event goes to ten of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use serde_json::json;
use tests::client::Api;
use tests::{Cluster, within};
use tokio::sync::mpsc;

use crate::goal::{Side, goal, millis};
use crate::memory::pss_kib;
use crate::wire;

const NAMESPACES: usize = 1_000;
const WATCHES_EACH: usize = 10;
/// Streams of one connection, below what the server permits.
const STREAMS: usize = 200;
const EVENTS: usize = 20_000;
const EVERY: Duration = Duration::from_millis(1);

/// Delivery under load.
pub(crate) async fn watchers() {
    let cluster = Cluster::server();
    let api = cluster.api().await;
    let mut revision = String::new();
    for number in 0..NAMESPACES {
        let namespace = json!({"metadata": {"name": format!("w{number}")}});
        api.create("/api/v1/namespaces", &namespace).await.expect("is created");
        let map = json!({"metadata": {"name": "c"}, "data": {"at": "-"}});
        let made = api.create(&path(number), &map).await.expect("is created");
        made["metadata"]["resourceVersion"].as_str().expect("a version").clone_into(&mut revision);
    }
    let before = pss_kib(cluster.server.pid());
    let start = Instant::now();
    let (tell, mut told) = mpsc::unbounded_channel();
    let open = Arc::new(AtomicUsize::new(0));
    let total = NAMESPACES * WATCHES_EACH;
    let mut connection = wire::connect(&cluster).await;
    for watch in 0..total {
        if watch % STREAMS == 0 {
            connection = wire::connect(&cluster).await;
        }
        let target = path(watch % NAMESPACES);
        let uri = format!(
            "https://{}{target}?watch=1&fieldSelector=metadata.name%3Dc&resourceVersion={revision}",
            cluster.slice.server_addr(6443)
        );
        tokio::spawn(follow(connection.clone(), uri, start, open.clone(), tell.clone()));
    }
    within(Duration::from_secs(120), "all watches are open", || async {
        (open.load(Ordering::Relaxed) == total).then_some(())
    })
    .await;
    let opened = pss_kib(cluster.server.pid());
    println!("{total} watches open after {:.1?}", start.elapsed());

    let began = Instant::now();
    write(&api, start).await;
    println!("{EVENTS} events in {:.1?}", began.elapsed());
    let expected = EVENTS * WATCHES_EACH;
    let mut times = Vec::with_capacity(expected);
    while times.len() < expected {
        let next = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
        times.push(next.expect("no event is lost").expect("the watches live"));
    }
    times.sort();
    let at = |percent: usize| millis(times[(times.len() * percent / 100).min(times.len() - 1)]);
    println!("delivered {expected} times, p50 {:.1} ms", at(50));
    goal("delivery to 10,000 watches at 1,000 events/s, p99, ms", &at(99), Side::Below, &250.0);
    let each =
        |kib: u64| f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / f64::from(u32::try_from(total).expect("few"));
    println!(
        "a watch costs {:.1} KiB PSS, {:.1} KiB after the load",
        each(opened.saturating_sub(before)),
        each(pss_kib(cluster.server.pid()).saturating_sub(before))
    );
}

fn path(number: usize) -> String {
    format!("/api/v1/namespaces/w{number}/configmaps")
}

/// A thousand writes a second, each with the time it was sent.
async fn write(api: &Api, start: Instant) {
    let mut ticks = tokio::time::interval(EVERY);
    let mut running = tokio::task::JoinSet::new();
    for event in 0..EVENTS {
        ticks.tick().await;
        let (api, path) = (api.clone(), format!("{}/c", path(event % NAMESPACES)));
        running.spawn(async move {
            let patch = json!({"data": {"at": format!("{}.", start.elapsed().as_micros())}});
            api.merge(&path, &patch).await.expect("is written");
        });
    }
    while let Some(done) = running.join_next().await {
        done.expect("no write fails");
    }
}

/// Tells how late each event is, until the connection ends.
async fn follow(
    mut connection: SendRequest<Full<Bytes>>,
    uri: String,
    start: Instant,
    open: Arc<AtomicUsize>,
    tell: mpsc::UnboundedSender<Duration>,
) {
    const MARK: &[u8] = b"\"at\":\"";
    let request = Request::get(uri).body(Full::default()).expect("a request");
    let response = connection.send_request(request).await.expect("an answer");
    assert!(response.status().is_success(), "{}", response.status());
    open.fetch_add(1, Ordering::Relaxed);
    let (mut body, mut rest) = (response.into_body(), Vec::new());
    while let Some(Ok(frame)) = body.frame().await {
        rest.extend_from_slice(frame.data_ref().map_or(&[][..], Bytes::as_ref));
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let Some(found) = line.windows(MARK.len()).position(|window| window == MARK) else { continue };
            let digits = line[found + MARK.len()..].split(|byte| *byte == b'.').next().unwrap_or_default();
            let sent = std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok());
            if let Some(sent) = sent {
                // Nobody listens any more when the measurement is over.
                let _heard = tell.send(start.elapsed().saturating_sub(Duration::from_micros(sent)));
            }
        }
    }
}
