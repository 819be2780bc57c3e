//! Bounded HTTP load on our own addresses: keep-alive and new connections, every failure counted by cause.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// No request of a test waits longer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// What to send: how many workers keep their connection, and how many dial anew for each request. Every third
/// worker sends a body.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where to; workers take turns.
    pub addrs: Vec<SocketAddr>,
    /// Path of the request.
    pub path: String,
    /// Workers that keep one connection.
    pub keep_alive: usize,
    /// Workers that dial for each request.
    pub fresh: usize,
}

/// What came back so far.
#[derive(Debug, Default)]
pub struct Tally {
    ok: AtomicU64,
    failed: Mutex<BTreeMap<String, u64>>,
    latencies_micros: Mutex<Vec<u32>>,
    last_failure: Mutex<Option<Instant>>,
}

/// A running load.
#[derive(Debug)]
pub struct Running {
    tally: Arc<Tally>,
    stop: CancellationToken,
    workers: JoinSet<()>,
    begin: Instant,
}

/// What came back in all.
#[derive(Debug)]
pub struct Report {
    /// Requests answered with 200.
    pub ok: u64,
    /// The others, by cause.
    pub failed: BTreeMap<String, u64>,
    /// How long it ran.
    pub elapsed: Duration,
    /// Latencies of the good ones, ascending.
    pub latencies_micros: Vec<u32>,
    /// When the last failed request ended, if any failed.
    pub last_failure: Option<Instant>,
}

impl Report {
    /// Good requests a second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of a test are far below 2^52")]
    pub fn rate(&self) -> f64 {
        self.ok as f64 / self.elapsed.as_secs_f64()
    }

    /// A quantile of the latency.
    #[must_use]
    pub fn quantile(&self, percent: usize) -> Duration {
        let last = self.latencies_micros.len().saturating_sub(1);
        let at = (self.latencies_micros.len() * percent / 100).min(last);
        Duration::from_micros(u64::from(self.latencies_micros.get(at).copied().unwrap_or(0)))
    }
}

impl Load {
    /// Starts the workers.
    #[must_use]
    pub fn start(self) -> Running {
        let (tally, stop) = (Arc::new(Tally::default()), CancellationToken::new());
        let mut workers = JoinSet::new();
        for worker in 0..self.keep_alive + self.fresh {
            let plan = Plan {
                addr: self.addrs[worker % self.addrs.len()],
                path: self.path.clone(),
                keeps: worker < self.keep_alive,
                body: Bytes::from_static(if worker % 3 == 2 { b"a body" } else { b"" }),
            };
            workers.spawn(work(plan, Arc::clone(&tally), stop.clone()));
        }
        Running { tally, stop, workers, begin: Instant::now() }
    }

    /// Runs for a while.
    pub async fn run(self, duration: Duration) -> Report {
        let running = self.start();
        drop(tokio::time::timeout(duration, std::future::pending::<()>()).await);
        running.finish().await
    }
}

impl Running {
    /// Good requests so far.
    #[must_use]
    pub fn ok(&self) -> u64 {
        self.tally.ok.load(Ordering::Relaxed)
    }

    /// Stops the workers and sums up.
    ///
    /// # Panics
    /// A worker panicked.
    pub async fn finish(mut self) -> Report {
        let elapsed = self.begin.elapsed();
        self.stop.cancel();
        while self.workers.join_next().await.is_some() {}
        let mut latencies_micros =
            std::mem::take(&mut *self.tally.latencies_micros.lock().expect("no worker panicked"));
        latencies_micros.sort_unstable();
        let failed = self.tally.failed.lock().expect("no worker panicked").clone();
        let last_failure = *self.tally.last_failure.lock().expect("no worker panicked");
        Report { ok: self.tally.ok.load(Ordering::Relaxed), failed, elapsed, latencies_micros, last_failure }
    }
}

/// What one worker does.
struct Plan {
    addr: SocketAddr,
    path: String,
    keeps: bool,
    body: Bytes,
}

async fn work(plan: Plan, tally: Arc<Tally>, stop: CancellationToken) {
    let mut connection = None;
    while !stop.is_cancelled() {
        let begin = Instant::now();
        let asked = tokio::time::timeout(REQUEST_TIMEOUT, attempt(&plan, connection.take())).await;
        let outcome = asked.unwrap_or_else(|_| Err("timeout".to_owned()));
        match outcome {
            Ok((status, open)) if status == StatusCode::OK => {
                tally.ok.fetch_add(1, Ordering::Relaxed);
                let micros = u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX);
                tally.latencies_micros.lock().expect("no worker panicked").push(micros);
                connection = if plan.keeps { open } else { None };
            }
            Ok((status, _)) => tally.fail(status.to_string()),
            Err(cause) => {
                tally.fail(cause);
                // A dead address must not be hammered.
                tokio::task::yield_now().await;
            }
        }
    }
}

impl Tally {
    fn fail(&self, cause: String) {
        *self.failed.lock().expect("no worker panicked").entry(cause).or_default() += 1;
        *self.last_failure.lock().expect("no worker panicked") = Some(Instant::now());
    }
}

type Connection = SendRequest<Full<Bytes>>;

/// One request on the connection given, or on a new one. A kept connection that the server has closed between
/// requests is not a failure: HTTP/1.1 clients dial again (RFC 9112, 9.3.1).
async fn attempt(plan: &Plan, kept: Option<Connection>) -> Result<(StatusCode, Option<Connection>), String> {
    if let Some(mut connection) = kept
        && connection.ready().await.is_ok()
    {
        match send(plan, connection).await {
            Err(error) if error.is_canceled() => {}
            Err(error) => return Err(format!("kept connection: {error}")),
            Ok(answered) => return Ok(answered),
        }
    }
    let stream = TcpStream::connect(plan.addr).await.map_err(|e| format!("connect: {e}"))?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let (connection, driver) = handshake(TokioIo::new(stream)).await.map_err(|e| format!("handshake: {e}"))?;
    tokio::spawn(driver);
    send(plan, connection).await.map_err(|e| format!("new connection: {e}"))
}

async fn send(plan: &Plan, mut connection: Connection) -> Result<(StatusCode, Option<Connection>), hyper::Error> {
    let method = if plan.body.is_empty() { Method::GET } else { Method::POST };
    let request = Request::builder().method(method).uri(&plan.path).header("host", plan.addr.to_string());
    let request = request.body(Full::new(plan.body.clone())).expect("a sound request");
    let response = connection.send_request(request).await?;
    let status = response.status();
    response.into_body().collect().await?;
    Ok((status, Some(connection)))
}

/// One `GET` on a connection of its own: status, headers and body.
///
/// # Errors
/// A sentence that says which step failed.
pub async fn get(addr: SocketAddr, path: &str) -> Result<Answer, String> {
    ask(Method::GET, addr, path, "").await
}

/// One request on a connection of its own: status, headers and body.
///
/// # Errors
/// A sentence that says which step failed.
pub async fn ask(method: Method, addr: SocketAddr, path: &str, body: &str) -> Result<Answer, String> {
    let asked = ask_once(method, addr, path, Bytes::copy_from_slice(body.as_bytes()));
    tokio::time::timeout(REQUEST_TIMEOUT, asked).await.unwrap_or_else(|_| Err("timeout".to_owned()))
}

/// Status, headers and body.
pub type Answer = (StatusCode, http::HeaderMap, String);

async fn ask_once(method: Method, addr: SocketAddr, path: &str, body: Bytes) -> Result<Answer, String> {
    let stream = TcpStream::connect(addr).await.map_err(|e| format!("connect: {e}"))?;
    let (mut connection, driver) =
        handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.map_err(|e| format!("handshake: {e}"))?;
    tokio::spawn(driver);
    let request = Request::builder().method(method).uri(path).header("host", addr.to_string());
    let request = request.body(Full::new(body)).map_err(|e| e.to_string())?;
    let response = connection.send_request(request).await.map_err(|e| format!("request: {e}"))?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|e| format!("body: {e}"))?.to_bytes();
    Ok((parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned()))
}
