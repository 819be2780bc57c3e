//! A host that has one worker, which spins, and that says which process the worker is.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use cage::{Body, Bounds, Cage, News, Outside, Program, Told};
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};

struct Says(std::sync::Mutex<Option<u32>>);

impl Outside for Says {
    fn config(&self) -> Bytes {
        Bytes::new()
    }

    fn answer(&self, _: Request<Body>) -> BoxFuture<'static, Response<Body>> {
        Box::pin(std::future::pending())
    }

    fn told(&self, told: Told) {
        let pid = self.0.lock().ok().and_then(|pid| *pid);
        if matches!(&told, Told::Record { bytes, .. } if bytes == "spins") {
            println!("{}", pid.unwrap_or_default());
            std::io::stdout().flush().expect("writes");
        }
    }

    fn happened(&self, news: News) {
        if let (News::Up { pid, .. }, Ok(mut known)) = (news, self.0.lock()) {
            *known = Some(pid);
        }
    }
}

/// Runs until it is killed.
pub(crate) fn run() {
    let open = |path| Arc::new(std::fs::File::open(path).expect("opens"));
    let program = Program {
        path: std::env::current_exe().expect("has a path"),
        args: Vec::new(),
        code: open("/dev/null"),
        root: open("/proc/self/fdinfo"),
        bounds: Bounds { data_bytes: 256 << 20 },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let cage = Cage::start(program, Arc::new(Says(std::sync::Mutex::new(None))));
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let request = Request::get("/spin").body(body).expect("a request");
        drop(cage.call(request).await);
    });
}
