//! Where long computations go, so that a request runtime stays quick for everyone else.
//!
//! A few threads of lower priority, started when the first guest burns and not before.

use std::future::Future;
use std::io;
use std::sync::OnceLock;
use std::thread;

use tokio::runtime::{Builder, Runtime};

/// How much less of a busy CPU a burner gets than a request runtime: about a ninth.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The runtime for guests that compute for long.
#[derive(Default)]
pub(crate) struct Burners(OnceLock<Option<Runtime>>);

impl Burners {
    /// Runs `task` among the burners, or where the caller is if their threads cannot be started.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match self.0.get_or_init(|| start().inspect_err(|error| tracing::warn!(%error, "no burner threads")).ok()) {
            Some(runtime) => drop(runtime.spawn(task)),
            None => drop(tokio::spawn(task)),
        }
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take().flatten() {
            // The last engine may go on a runtime's own thread, where waiting for another's is not allowed.
            runtime.shutdown_background();
        }
    }
}

fn start() -> io::Result<Runtime> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("burner")
        .enable_all()
        .on_thread_start(step_back)
        .build()
}

/// Lowers the calling thread's priority. Without it burners compete as equals, which is no fault.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "burners keep their priority");
    }
}
