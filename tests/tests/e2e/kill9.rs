//! `kill -9` of a real server under writes through HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tests::Cluster;
use tests::client::{Api, Refused};
use tokio::task::JoinSet;

const ROUNDS: u64 = 50;
/// For the long run: `INSULA_KILL9_ROUNDS=1000 cargo nextest run -p tests kill9`.
const ROUNDS_VARIABLE: &str = "INSULA_KILL9_ROUNDS";
const WRITERS: u64 = 16;
/// A round with fewer acknowledged writes has shown nothing.
const WRITES_A_ROUND_MIN: u64 = 20;
/// Writes a second, acknowledged and so fsynced, over all rounds: fewer would be too little pressure.
const WRITES_A_SECOND_MIN: f64 = 100.0;
const PATH: &str = "/api/v1/namespaces/default/configmaps";

/// What one writer knows: the counter the server acknowledged last, and the revision it got for it.
#[derive(Debug, Clone, Copy, Default)]
struct Acked {
    counter: u64,
    revision: u64,
}

fn revision(object: &Value) -> u64 {
    let text = object.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or("0");
    text.parse().expect("revisions are numbers")
}

fn counter(object: &Value) -> u64 {
    object.pointer("/data/n").and_then(Value::as_str).and_then(|n| n.parse().ok()).expect("a counter")
}

/// Raises its counter by one a write until the server is gone. Returns what was acknowledged.
async fn write(api: Api, writer: u64, mut acked: Acked, total: Arc<AtomicU64>) -> (u64, Acked) {
    loop {
        let patch = json!({ "data": { "n": (acked.counter + 1).to_string() } });
        match api.merge(&format!("{PATH}/writer-{writer}"), &patch).await {
            Ok(object) => {
                assert!(revision(&object) > acked.revision, "revisions rise for one writer");
                acked = Acked { counter: acked.counter + 1, revision: revision(&object) };
                total.fetch_add(1, Ordering::Relaxed);
            }
            Err(Refused::Unknown(_)) => return (writer, acked),
            Err(Refused::Status(status, body)) => panic!("writer {writer}: {status} {body}"),
        }
    }
}

/// Reads a watch from `after` until it has shown revision `through`.
async fn watch(api: &Api, after: u64, through: u64) -> Vec<Value> {
    let uri = format!("{PATH}?watch=true&resourceVersion={after}&timeoutSeconds=30");
    let request = Request::get(uri).body(kube::client::Body::empty()).expect("a sound request");
    let mut body = api.raw().send(request).await.expect("the watch opens").into_body();
    let (mut text, mut objects) = (Vec::new(), Vec::new());
    while objects.last().map_or(after, revision) < through {
        let frame = body.frame().await.expect("the watch goes on").expect("a sound frame");
        text.extend_from_slice(&frame.into_data().unwrap_or_default());
        while let Some(end) = text.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let event: Value = serde_json::from_slice(&line).expect("an event is JSON");
            assert_ne!(event["type"], "ERROR", "the watch resumes: {event}");
            if event["type"] == "MODIFIED" {
                objects.push(event["object"].clone());
            }
        }
    }
    objects
}

/// C3, C15, F1, F2, F12: every acknowledged write is there, revisions never fall, a watch resumes without a gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_kill_9_and_watches_resume_gapless() {
    let rounds = std::env::var(ROUNDS_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let mut cluster = Cluster::server();
    let api = cluster.api().await;
    let mut acked = vec![Acked::default(); usize::try_from(WRITERS).expect("few")];
    for writer in 0..WRITERS {
        let object = json!({ "metadata": { "name": format!("writer-{writer}") }, "data": { "n": "0" } });
        acked[usize::try_from(writer).expect("few")].revision =
            revision(&api.create(PATH, &object).await.expect("creates"));
    }
    let (mut all, mut writing) = (0, Duration::ZERO);
    for round in 0..rounds {
        let before = revision(&api.get(PATH).await.expect("lists"));
        let total = Arc::new(AtomicU64::new(0));
        let started = acked.clone();
        let clients = futures::future::join_all((0..WRITERS).map(|_| cluster.api())).await;
        let begin = Instant::now();
        let mut writers = JoinSet::new();
        for ((writer, last), api) in (0..WRITERS).zip(acked.clone()).zip(clients) {
            writers.spawn(write(api, writer, last, Arc::clone(&total)));
        }
        // The kill comes after a number of writes that differs from round to round, not at a time.
        let enough = WRITES_A_ROUND_MIN + (round * 37) % 150;
        tests::until("enough writes", || async { (total.load(Ordering::Relaxed) >= enough).then_some(()) }).await;
        writing += begin.elapsed();
        cluster.server.kill();
        while let Some(done) = writers.join_next().await {
            let (writer, last) = done.expect("a writer does not panic");
            acked[usize::try_from(writer).expect("few")] = last;
        }
        // F2: the first recovery is killed as well.
        if round % 5 == 0 {
            cluster.restart_server();
            cluster.server.kill();
        }
        cluster.restart_server();
        check(&api, before, &started, &mut acked).await;
        all += total.load(Ordering::Relaxed);
    }
    let rate = per_second(all, writing);
    println!("{rounds} rounds, {all} acknowledged writes, {rate:.0} a second while writing");
    assert!(rate >= WRITES_A_SECOND_MIN, "{all} writes in {writing:?}");
}

#[expect(clippy::cast_precision_loss, reason = "counts of a test are far below 2^52")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

async fn check(api: &Api, before: u64, started: &[Acked], acked: &mut [Acked]) {
    let list = tests::until("the server answers again", || async { api.get(PATH).await.ok() }).await;
    let newest = acked.iter().map(|a| a.revision).max().unwrap_or(0);
    assert!(revision(&list) >= newest, "revisions never fall: {} < {newest}", revision(&list));
    let history = watch(api, before, newest).await;
    for (writer, last) in acked.iter_mut().enumerate() {
        let name = format!("writer-{writer}");
        let stored = list["items"].as_array().expect("items").iter().find(|o| o["metadata"]["name"] == name.as_str());
        let stored = stored.expect("no object is lost");
        // The write under way when the server died may have come through, and no other.
        assert!(
            [last.counter, last.counter + 1].contains(&counter(stored)),
            "{name}: acknowledged {last:?}, stored {stored}"
        );
        let seen: Vec<u64> = history.iter().filter(|o| o["metadata"]["name"] == name.as_str()).map(counter).collect();
        let all: Vec<u64> = (started[writer].counter + 1..=last.counter).collect();
        assert!(seen.starts_with(&all), "{name}: the watch shows each acknowledged change once: {all:?}, {seen:?}");
        assert!(seen.len() <= all.len() + 1, "{name}: and nothing else: {seen:?}");
        *last = Acked { counter: counter(stored), revision: revision(stored) };
    }
}
