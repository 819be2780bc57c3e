//! Containers whose guests run in a process of their own: Pods with `runtimeClassName: wasm-isolated`.
//!
//! What a guest could do if it broke out of WebAssembly it can do there: nothing but speak to this host, which looks at
//! what comes ([`outside`]). The code that runs is the code that this host has verified, handed over as an open file.
//! The process is started, watched and locked down by `cage`; what host and worker say to each other is in [`words`].
//!
//! Absent in this class: volumes, sockets, key-value stores, blobs, messages and commands. They are on the host's side
//! of the wall, and each would be another door in it.

mod asked;
mod body;
mod outside;
mod process;
mod words;
mod worker;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cage::{Bounds, Cage, CallError, News, Program};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use network::Body;
use sandbox::{Code, Failure, INSTANCE_MEMORY_BYTES_DEFAULT, WorkloadConfig};
use tokio::time::timeout;

use self::asked::Asked;
use self::body::Answer;
use self::outside::Outside;
use self::process::Process;
use crate::local::Trouble;
use crate::runner::Reading;

pub use worker::{WorkError, work};

/// Instances of one worker at once. A host has a thousand for all its Pods; this is one Pod's process.
const SLOTS: u32 = 64;
/// Memory that a worker maps beside its guests': stacks and tables of its slots, for both generations of WASI, and what
/// answering takes. Most of it is never touched.
const OVERHEAD_BYTES: u64 = 1 << 30;
/// How much longer than a guest's deadline its host waits. The worker keeps the deadline; one that does not is no
/// honest worker.
const PATIENCE: Duration = Duration::from_secs(2);

/// How this host starts workers.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    /// The program and its arguments; empty if this host has none.
    command: Vec<OsString>,
    /// An empty directory.
    root: Arc<File>,
}

impl Means {
    /// Prepares the empty directory below `dir`.
    pub(crate) fn prepare(command: Vec<OsString>, dir: &Path) -> io::Result<Self> {
        let root = dir.join("empty");
        match std::fs::DirBuilder::new().mode(0o555).create(&root) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        Ok(Self { command, root: Arc::new(File::open(root)?) })
    }

    fn program(&self, code: &Code, memory_bytes_max: Option<u64>) -> io::Result<Program> {
        let (path, args) = self
            .command
            .split_first()
            .ok_or_else(|| io::Error::other("this host was not told which program isolated workers run"))?;
        // As much as its slots may hold one after the other: slots that were used keep what they had mapped. It is a
        // bound for whoever takes the worker over; a guest's is its limit, which the worker keeps.
        let instance = memory_bytes_max.unwrap_or(INSTANCE_MEMORY_BYTES_DEFAULT);
        Ok(Program {
            path: path.into(),
            args: args.to_vec(),
            code: Arc::new(File::open(code.path())?),
            root: self.root.clone(),
            bounds: Bounds { data_bytes: instance.saturating_mul(SLOTS.into()).saturating_add(OVERHEAD_BYTES) },
        })
    }
}

/// Hears what becomes of a worker. It must not block.
pub(crate) type OnNews = Box<dyn Fn(News) + Send + Sync>;

/// A container's worker. Clones are the same; when the last is dropped its process ends.
#[derive(Clone)]
pub(crate) struct Isolated {
    cage: Cage,
    asked: Arc<Asked>,
    process: Arc<Process>,
    code: Code,
    timeout: Duration,
}

impl Isolated {
    /// Starts a worker for `code`, configured as a workload in this process would be.
    pub(crate) fn start(means: &Means, code: Code, config: WorkloadConfig, on_news: OnNews) -> io::Result<Self> {
        let program = means.program(&code, config.memory_bytes_max)?;
        let (asked, timeout) = (Arc::new(Asked::default()), config.timeout);
        let told = words::Config::of(&config).told().map_err(io::Error::other)?;
        let process = Arc::<Process>::default();
        let outside = Outside {
            config: told,
            asked: asked.clone(),
            process: process.clone(),
            code: code.clone(),
            of: config,
            on_news,
        };
        Ok(Self { cage: Cage::start(program, Arc::new(outside)), asked, process, code, timeout })
    }

    /// What its process uses.
    pub(crate) fn measure(&self) -> Reading {
        self.process.measure()
    }

    /// Answers a request, as a guest in this process would.
    pub(crate) async fn call(&self, mut request: Request<Body>) -> Result<Response<Body>, Trouble> {
        let place = self.asked.enter(request.extensions().clone());
        request.headers_mut().insert(words::REQUEST, place.id().into());
        let late = || Trouble::Guest(Failure::Deadline { timeout: self.timeout });
        let answer = timeout(self.timeout + PATIENCE, self.cage.call(request)).await.map_err(|_| late())?;
        let mut response = answer.map_err(|error| trouble(error, place.extensions()))?;
        match words::take_failure(response.headers_mut()) {
            Some(failure) => Err(Trouble::Guest(failure.with_lines_of(&self.code))),
            None => Ok(response.map(|body| Answer::new(body, place).boxed_unsync())),
        }
    }

    /// Refuses further requests; the process ends after those that are under way.
    pub(crate) fn close(&self) {
        self.cage.close();
    }

    /// Ends the process, and what is under way with it.
    pub(crate) fn kill(&self) {
        self.cage.kill();
    }
}

fn trouble(error: CallError, extensions: http::Extensions) -> Trouble {
    match error {
        CallError::Refused(mut request, why) => {
            request.headers_mut().remove(words::REQUEST);
            *request.extensions_mut() = extensions;
            Trouble::Refused(request, why.to_string())
        }
        CallError::Lost(lost) => Trouble::Crashed(lost.to_string()),
        CallError::Unsendable(why) => Trouble::Guest(Failure::Request { message: why.to_owned() }),
    }
}
