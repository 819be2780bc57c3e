//! Logs from the writer through files and rotation to the reader.

use super::read::Options;
use super::write::FILE_BYTES_MAX;
use super::*;
use jiff::Timestamp;

struct Bench {
    _dir: tempfile::TempDir,
    logs: Logs,
    place: Place,
    sink: Arc<Sink>,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("makes a directory");
        let logs = Logs::start(dir.path()).expect("starts");
        let place = Place { uid: "u".into(), container: "c".into() };
        let sink = logs.sink(place.clone());
        Self { _dir: dir, logs, place, sink }
    }

    fn out(&self, text: &str) {
        self.sink.write(Stream::Stdout, text.as_bytes());
    }

    async fn read(&self, options: Options) -> String {
        self.logs.flushed().await;
        drain(self.logs.read(&self.place, options)).await
    }
}

async fn drain(mut reading: read::Reading) -> String {
    let mut text = Vec::new();
    while let Some(chunk) = reading.next().await {
        text.extend_from_slice(&chunk.expect("reads"));
    }
    String::from_utf8(text).expect("is UTF-8")
}

#[tokio::test]
async fn every_way_to_read_is_understood() {
    let bench = Bench::new();
    assert_eq!(bench.read(Options::default()).await, "", "nothing printed yet is no error");
    bench.out("one\ntwo\n");
    bench.sink.write(Stream::Stderr, b"three\n");
    let all = bench.read(Options::default()).await;
    assert_eq!(all, "one\ntwo\nthree\n");
    for (tail, text) in [(0, ""), (1, "three\n"), (2, "two\nthree\n"), (9, all.as_str())] {
        assert_eq!(bench.read(Options { tail_lines: Some(tail), ..Options::default() }).await, text, "{tail}");
    }
    assert_eq!(bench.read(Options { limit_bytes: Some(6), ..Options::default() }).await, "one\ntw");
    let stamped = bench.read(Options { timestamps: true, tail_lines: Some(1), ..Options::default() }).await;
    let (time, text) = stamped.split_once(' ').expect("has a time");
    assert_eq!(text, "three\n");
    let time: Timestamp = time.parse().expect("is a time");
    let since = |at| Options { since: Some(at), ..Options::default() };
    assert!(bench.read(since(time)).await.ends_with("three\n"));
    assert_eq!(bench.read(since(time + jiff::SignedDuration::from_secs(60))).await, "");
}

// C48
#[tokio::test]
async fn rotation_and_restart_lose_no_line() {
    let bench = Bench::new();
    let filler = "x".repeat(1000);
    let count = usize::try_from(FILE_BYTES_MAX).expect("fits") / 1000 + 50;
    let mut written = 0;
    while written < count {
        for _ in 0..100.min(count - written) {
            bench.out(&format!("{written} {filler}\n"));
            written += 1;
        }
        bench.logs.flushed().await;
    }
    let text = bench.read(Options::default()).await;
    let numbers: Vec<usize> = text.lines().filter_map(|l| l.split_once(' ')?.0.parse().ok()).collect();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "every line once, over both files");
    let tail = bench.read(Options { tail_lines: Some(60), ..Options::default() }).await;
    assert_eq!(tail.lines().count(), 60, "the tail reaches over the boundary");

    bench.logs.restarted(bench.place.clone()).await;
    bench.out("after\n");
    assert_eq!(bench.read(Options::default()).await, "after\n");
    let previous = bench.read(Options { previous: true, ..Options::default() }).await;
    assert_eq!(previous, text);
}

#[tokio::test]
async fn following_goes_on_over_a_restart_and_ends_with_the_pod() {
    let bench = Bench::new();
    bench.out("one\n");
    bench.logs.flushed().await;
    let mut reading = bench.logs.read(&bench.place, Options { follow: true, ..Options::default() });
    let next = async |reading: &mut read::Reading| {
        String::from_utf8(reading.next().await.expect("goes on").expect("reads").to_vec()).expect("is UTF-8")
    };
    assert_eq!(next(&mut reading).await, "one\n");
    bench.out("two\n");
    assert_eq!(next(&mut reading).await, "two\n");
    bench.logs.restarted(bench.place.clone()).await;
    bench.out("three\n");
    assert_eq!(next(&mut reading).await, "three\n");
    bench.out("unfinished");
    assert_eq!(next(&mut reading).await, "unfinished\n", "a line without an end is not kept back");
    bench.logs.removed(bench.place.uid.clone()).await;
    assert!(reading.next().await.is_none());
}

// F49
#[tokio::test]
async fn what_does_not_fit_is_dropped_and_counted() {
    let bench = Bench::new();
    let quiet = bench.logs.sink(Place { uid: "u".into(), container: "quiet".into() });
    let chunk = vec![b'x'; SHARE_BYTES_MAX + 1];
    bench.sink.write(Stream::Stdout, &chunk);
    quiet.write(Stream::Stdout, b"still here\n");
    bench.out("after\n");
    let text = bench.read(Options::default()).await;
    assert_eq!(text, format!("insula: {} bytes of output were dropped here: too much at once\nafter\n", chunk.len()));
    let place = Place { uid: "u".into(), container: "quiet".into() };
    assert_eq!(drain(bench.logs.read(&place, Options::default())).await, "still here\n");
}
