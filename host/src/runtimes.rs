//! Threads that serve requests: one runtime each, so that no request moves between cores and control work
//! never stands in its way.

use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// How long tasks may take to end once a runtime stops. Requests were drained before.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// The request runtimes.
pub(crate) struct Runtimes {
    handles: Vec<Handle>,
    threads: Vec<JoinHandle<()>>,
    stop: CancellationToken,
}

impl Runtimes {
    /// Starts `count` threads, at least one.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let mut runtimes = Self { handles: Vec::new(), threads: Vec::new(), stop: CancellationToken::new() };
        for index in 0..count.max(1) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtimes.handles.push(runtime.handle().clone());
            let stop = runtimes.stop.clone();
            let run = move || {
                runtime.block_on(stop.cancelled());
                runtime.shutdown_timeout(STOP_WITHIN);
            };
            runtimes.threads.push(std::thread::Builder::new().name(format!("insula-req-{index}")).spawn(run)?);
        }
        Ok(runtimes)
    }

    pub(crate) fn handles(&self) -> &[Handle] {
        &self.handles
    }

    /// Ends the threads. Nothing that runs on them may be needed any more.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        let threads = std::mem::take(&mut self.threads);
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok())).await;
        if !matches!(joined, Ok(true)) {
            tracing::error!("a request thread ended badly");
        }
    }
}

impl Drop for Runtimes {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
