//! The worker itself: `insula worker`, one engine with few slots, one workload, one thread that answers.
//!
//! Everything is set up before the lock: namespaces before the first thread, code mapped from the file that was handed
//! over, memory reserved. After it, this process can answer requests and ask its host, and nothing else.

use std::io;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;

use cage::{House, HouseError, Inherited, LockError, Teller};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use network::Body;
use sandbox::{
    Engine, EngineConfig, Failure, LogSink, Outgoing, OutgoingError, OutgoingOptions, Reports, Stream, VerifiedCode,
    Workload,
};
use tokio::runtime::Builder;

use super::body::Guarded;
use super::{SLOTS, words};

/// Why a worker ended.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// It was not started by a host, or cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The host is gone.
    #[error(transparent)]
    House(#[from] HouseError),
    /// The host said what cannot be read.
    #[error("the configuration cannot be read: {0}")]
    Config(#[from] serde_json::Error),
    /// The engine refuses the code.
    #[error(transparent)]
    Engine(#[from] sandbox::Error),
    /// The system refuses.
    #[error("no event loop: {0}")]
    System(#[from] io::Error),
}

/// Works until the host is gone. The process must have one thread and nothing open.
///
/// # Errors
/// [`WorkError`].
pub fn work() -> Result<(), WorkError> {
    let inherited = cage::enter()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Box::pin(run(inherited)))
}

async fn run(inherited: Inherited) -> Result<(), WorkError> {
    let Inherited { requests, host, code: file, lock } = inherited;
    let house = House::reach(host).await?;
    let config: words::Config = serde_json::from_slice(&house.config().await?)?;
    let tells = Arc::new(Tells(house.teller()));
    let memory_bytes_max = config.memory_bytes_max().unwrap_or(u64::MAX);
    let engine = Engine::new(EngineConfig { slots: SLOTS, memory_bytes_max })?;
    // The host has verified it, over all of it, and hands over what it verified.
    let code = engine.load(&VerifiedCode::vouched_for(format!("/proc/self/fd/{}", file.as_raw_fd())))?;
    drop(file);
    let config = config.workload(tells.clone(), Arc::new(ToHost(house.clone())), tells);
    let workload = Workload::new(&engine, code, config)?;
    let walls = lock.lock_down()?;
    house.ready(&walls).await?;
    Ok(cage::serve(requests, move |request| answer(workload.clone(), request)).await?)
}

/// Number of the request that is answered; its guests' requests have it too.
#[derive(Debug, Clone, Copy)]
struct Number(u64);

async fn answer(workload: Workload, mut request: Request<Body>) -> Response<Body> {
    let number = request.headers_mut().remove(words::REQUEST);
    if let Some(number) = number.and_then(|number| number.to_str().ok()?.parse().ok()) {
        request.extensions_mut().insert(Number(number));
    }
    match workload.call(request).await {
        Ok(mut response) => {
            // What a guest says in this name is not its failure.
            response.headers_mut().remove(words::FAILURE);
            response.map(|body| Guarded(body).boxed_unsync())
        }
        Err(failure) => {
            let mut response = Response::new(network::empty());
            *response.status_mut() = failure.status();
            response.headers_mut().insert(words::FAILURE, words::failure_header(&failure));
            response
        }
    }
}

/// Output and failures, on their way to the host.
struct Tells(Teller);

impl LogSink for Tells {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let kind = match stream {
            Stream::Stdout => words::STDOUT,
            Stream::Stderr => words::STDERR,
        };
        self.0.tell(kind, bytes);
    }
}

impl Reports for Tells {
    fn failed(&self, failure: &Failure) {
        if let Ok(json) = serde_json::to_vec(failure) {
            self.0.tell(words::FAILED, &json);
        }
    }
}

/// The way out of the guests: by the host, which decides.
struct ToHost(House);

impl Outgoing for ToHost {
    fn call(
        &self,
        mut request: Request<Body>,
        options: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        let house = self.0.clone();
        async move {
            let Some(Number(number)) = request.extensions().get::<Number>().copied() else {
                return Err(OutgoingError::Denied);
            };
            words::write_options(request.headers_mut(), number, options);
            let answer = house.call(request).await;
            let mut response = answer.map_err(|error| OutgoingError::Other(error.to_string()))?;
            match words::take_error(response.headers_mut()) {
                Some(error) => Err(error),
                None => Ok(response),
            }
        }
        .boxed()
    }
}
