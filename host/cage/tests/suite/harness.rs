//! A cage around this crate's own test worker, and what was heard from it.

use std::fs::File;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cage::{Body, Bounds, Cage, CallError, News, Outside, Program, Told};
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// How long anything may take on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A cage, and what was heard.
pub(crate) struct Caged {
    pub(crate) cage: Cage,
    news: Mutex<UnboundedReceiver<News>>,
    told: Mutex<UnboundedReceiver<Told>>,
    /// A file that is open in this process and not meant for the worker.
    _leaked: OwnedFd,
    _dir: TempDir,
}

struct Ears {
    news: UnboundedSender<News>,
    told: UnboundedSender<Told>,
}

impl Outside for Ears {
    fn config(&self) -> Bytes {
        "config".into()
    }

    /// Says what was asked, and gives its body back.
    fn answer(&self, request: Request<Body>) -> BoxFuture<'static, Response<Body>> {
        let mut response = Response::builder().header("asked", request.uri().to_string());
        if request.headers().contains_key("tea") {
            response = response.status(418);
        }
        let response = response.body(request.into_body()).expect("a response");
        Box::pin(std::future::ready(response))
    }

    fn told(&self, told: Told) {
        drop(self.told.send(told));
    }

    fn happened(&self, news: News) {
        drop(self.news.send(news));
    }
}

impl Caged {
    pub(crate) fn start() -> Self {
        Self::with_data(512 << 20)
    }

    pub(crate) fn with_data(data_bytes: u64) -> Self {
        let dir = tempfile::tempdir().expect("makes a directory");
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("code"), "code").expect("writes");
        std::fs::create_dir(path("root")).expect("makes a directory");
        let open = |path: &Path| File::open(path).expect("opens");
        let leaked = leak(&open(&path("code")));
        let program = Program {
            path: env!("CARGO_BIN_EXE_cage-test-worker").into(),
            args: vec![leaked.as_raw_fd().to_string().into()],
            code: Arc::new(open(&path("code"))),
            root: Arc::new(open(&path("root"))),
            bounds: Bounds { data_bytes },
        };
        let ((news, hear_news), (told, hear_told)) = (unbounded_channel(), unbounded_channel());
        let cage = Cage::start(program, Arc::new(Ears { news, told }));
        Self { cage, news: Mutex::new(hear_news), told: Mutex::new(hear_told), _leaked: leaked, _dir: dir }
    }

    pub(crate) async fn call(&self, path: &str) -> Result<Response<Body>, CallError> {
        timeout(DEADLINE, self.cage.call(get(path))).await.expect("in time")
    }

    /// The text of an answer that must come.
    pub(crate) async fn text(&self, path: &str) -> String {
        text(self.call(path).await.expect("an answer")).await
    }

    pub(crate) async fn news(&self) -> News {
        timeout(DEADLINE, self.news.lock().await.recv()).await.expect("in time").expect("news")
    }

    pub(crate) async fn told(&self) -> Told {
        timeout(DEADLINE, self.told.lock().await.recv()).await.expect("in time").expect("something is told")
    }

    /// Waits for the next crash; returns why, and what follows.
    pub(crate) async fn crash(&self) -> (Arc<str>, cage::Pause) {
        loop {
            if let News::Crashed { why, pause } = self.news().await {
                return (why, pause);
            }
        }
    }
}

/// Open on in children, as a careless library would leave it, under a number that nothing else gets.
fn leak(file: &File) -> OwnedFd {
    let leaked = rustix::io::fcntl_dupfd_cloexec(file, 200).expect("duplicates");
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).expect("is kept open");
    leaked
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).header("host", "web").body(empty()).expect("a request")
}

pub(crate) fn post(path: &str, body: Body) -> Request<Body> {
    Request::post(path).body(body).expect("a request")
}

pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

pub(crate) async fn text(response: Response<Body>) -> String {
    let body = timeout(DEADLINE, response.into_body().collect()).await.expect("in time").expect("is whole").to_bytes();
    String::from_utf8(body.into()).expect("is text")
}

pub(crate) fn is_there(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    // One that has ended and that nobody has asked about is none.
    let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    rustix::process::test_kill_process(pid).is_ok() && !status.contains(") Z ")
}

/// Looks again and again until it is so.
pub(crate) async fn until(what: &str, mut look: impl FnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let looked = timeout(DEADLINE, async {
        while !look() {
            tick.tick().await;
        }
    });
    assert!(looked.await.is_ok(), "not in time: {what}");
}
