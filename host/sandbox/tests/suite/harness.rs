//! Short words for what every test does.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use sandbox::{Body, Failure, LogSink, Reports, Reuse, Stream, Workload, WorkloadConfig};

use super::guests;

/// A workload of a guest with the default configuration.
pub(crate) fn workload(guest: &str) -> Workload {
    workload_with(guest, |_| {})
}

/// A workload of a guest with a configuration changed by `change`.
pub(crate) fn workload_with(guest: &str, change: impl FnOnce(&mut WorkloadConfig)) -> Workload {
    let mut config = WorkloadConfig::new(guest);
    change(&mut config);
    Workload::new(guests::engine(), guests::code(guest), config).unwrap()
}

/// Instances are used again, many times.
pub(crate) fn reused() -> Reuse {
    Reuse { requests_max: 1_000, concurrent_max: 1, idle: Duration::from_secs(60) }
}

pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).header("host", "guest.test").body(empty()).unwrap()
}

pub(crate) fn post(path: &str, body: Body) -> Request<Body> {
    Request::post(path).header("host", "guest.test").body(body).unwrap()
}

/// Asks, and reads the whole body as text.
pub(crate) async fn ask(workload: &Workload, path: &str) -> Result<(StatusCode, String), Failure> {
    Ok(read(workload.call(get(path)).await?).await)
}

/// Asks for text that must come with 200.
pub(crate) async fn text(workload: &Workload, path: &str) -> String {
    let (status, text) = ask(workload, path).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{text}");
    text
}

pub(crate) async fn read(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.into()).unwrap())
}

/// Waits for a condition; what was waited for is said if it does not come.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What was printed and what failed, kept for the test to look at.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) stdout: Mutex<Vec<u8>>,
    pub(crate) stderr: Mutex<Vec<u8>>,
    pub(crate) failures: Mutex<Vec<Failure>>,
}

impl Kept {
    /// Makes a workload's logs and reports come here.
    pub(crate) fn watch(self: &Arc<Self>, config: &mut WorkloadConfig) {
        config.logs = self.clone();
        config.reports = self.clone();
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.stdout.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.stderr.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn causes(&self) -> Vec<&'static str> {
        self.failures.lock().unwrap().iter().map(Failure::cause).collect()
    }
}

impl LogSink for Kept {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let kept = match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        };
        kept.lock().unwrap().extend_from_slice(bytes);
    }
}

impl Reports for Kept {
    fn failed(&self, failure: &Failure) {
        self.failures.lock().unwrap().push(failure.clone());
    }
}
