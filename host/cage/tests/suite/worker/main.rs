//! The worker of this crate's tests: it locks itself as workers do, and then does what it is asked to, harmful or not.
//!
//! With the argument `host` it is instead a host with such a worker, to be killed by a test.

#![expect(clippy::print_stdout, clippy::panic, reason = "it talks to its test, and fails by panicking")]

mod attempts;
mod host;

use std::future::pending;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use attempts::Attempts;
use cage::{Body, BoxError, House, Teller};
use futures::StreamExt as _;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::sync::Barrier;

/// Calls that `/gate` waits for.
const GATE: usize = 1_000;
/// Bytes of each piece of `/endless`.
const PIECE: usize = 16 << 10;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("host") {
        return host::run();
    }
    let inherited = cage::enter().expect("is started as a worker");
    let leaked = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(-1);
    let attempts = Arc::new(Attempts::prepare(leaked));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let house = House::reach(inherited.host).await.expect("a host");
        let config = house.config().await.expect("a configuration");
        let teller = house.teller();
        let code =
            std::fs::read_to_string(format!("/proc/self/fd/{}", inherited.code.as_raw_fd())).expect("reads its code");
        let walls = inherited.lock.lock_down().expect("is locked");
        house.ready(&walls).await.expect("is heard");
        let state = Arc::new(State {
            house,
            teller,
            attempts,
            said: format!("{} {code}", String::from_utf8_lossy(&config)),
            gate: Barrier::new(GATE),
            pulled: AtomicU64::new(0),
        });
        let answer = move |request| answer(state.clone(), request);
        cage::serve(inherited.requests, answer).await.expect("answers until its host is gone");
    });
}

struct State {
    house: House,
    teller: Teller,
    attempts: Arc<Attempts>,
    said: String,
    gate: Barrier,
    pulled: AtomicU64,
}

async fn answer(state: Arc<State>, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/said" => text(state.said.clone()),
        "/echo" => Response::new(request.into_body()),
        "/trailers" => trailers(),
        "/gate" => {
            state.gate.wait().await;
            text("open")
        }
        "/endless" => endless(state),
        "/pulled" => text(state.pulled.load(Ordering::Relaxed).to_string()),
        "/hang" => {
            let _gone = Gone(state.teller.clone());
            state.teller.tell(1, b"hangs");
            pending().await
        }
        "/ask" => state.house.call(request).await.unwrap_or_else(|error| text(error.to_string())),
        "/spin" => {
            state.teller.tell(1, b"spins");
            tokio::task::yield_now().await;
            loop {
                std::hint::spin_loop();
            }
        }
        "/abort" => std::process::abort(),
        "/begin-and-abort" => begin_and_abort(),
        "/segv" => attempts::fault(),
        "/exit" => std::process::exit(3),
        "/thread" => text(std::thread::spawn(|| "a thread").join().expect("ends")),
        "/big" => text(vec![7_u8; 64 << 20].len().to_string()),
        _ => match path.strip_prefix("/try/") {
            Some(what) => text(state.attempts.here(what)),
            None => text(state.attempts.elsewhere(path.strip_prefix("/try-in-thread/").unwrap_or_default())),
        },
    }
}

fn text(text: impl Into<bytes::Bytes>) -> Response<Body> {
    Response::new(Full::new(text.into()).map_err(|never| match never {}).boxed_unsync())
}

fn trailers() -> Response<Body> {
    let mut trailers = HeaderMap::new();
    trailers.insert("insula-failure", http::HeaderValue::from_static("late"));
    let frames = [Ok::<_, BoxError>(Frame::data("data".into())), Ok(Frame::trailers(trailers))];
    Response::new(StreamBody::new(futures::stream::iter(frames)).boxed_unsync())
}

/// Counts what was asked of it.
fn endless(state: Arc<State>) -> Response<Body> {
    let pieces = futures::stream::repeat(()).map(move |()| {
        state.pulled.fetch_add(PIECE as u64, Ordering::Relaxed);
        Ok::<_, BoxError>(Frame::data(vec![0; PIECE].into()))
    });
    Response::new(StreamBody::new(pieces).boxed_unsync())
}

fn begin_and_abort() -> Response<Body> {
    let mut first = true;
    let pieces = futures::stream::poll_fn(move |cx| {
        if std::mem::take(&mut first) {
            return std::task::Poll::Ready(Some(Ok::<_, BoxError>(Frame::data("begun".into()))));
        }
        // The first piece leaves before the end.
        let waker = cx.waker().clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            drop(waker);
            std::process::abort()
        });
        std::task::Poll::Pending
    });
    Response::new(StreamBody::new(pieces).boxed_unsync())
}

/// Tells when a call is given up.
struct Gone(Teller);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.tell(2, b"given up");
    }
}
