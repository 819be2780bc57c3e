//! Where long computations go, so that a request runtime stays quick for everyone else.
//!
//! A few threads of lower priority, started when the first guest burns and not before.

use std::future::Future;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::settings::{BURNING_AFTER, BURNING_AGAIN_AFTER, BURNT_FOR};

/// How much less of a busy CPU a burner gets than a request runtime: about a ninth.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The runtime for guests that compute for long.
#[derive(Default)]
pub(crate) struct Burners(OnceLock<Option<Runtime>>);

impl Burners {
    /// Runs `task` among the burners, or where the caller is if their threads cannot be started.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match self.runtime() {
            Some(runtime) => drop(runtime.spawn(task)),
            None => drop(tokio::spawn(task)),
        }
    }

    /// Drops `value` among the burners, or here if their threads cannot be started.
    pub(crate) fn dispose(&self, value: impl Send + 'static) {
        if let Some(runtime) = self.runtime() {
            drop(runtime.spawn(async move { drop(value) }));
        }
    }

    fn runtime(&self) -> Option<&Runtime> {
        self.0.get_or_init(|| start().inspect_err(|error| tracing::warn!(%error, "no burner threads")).ok()).as_ref()
    }
}

/// Whether a workload's request burned lately: then it is likely that the next one burns too, and it gets less time on
/// the request runtime to show it.
pub(crate) struct Burnt {
    begin: Instant,
    /// Milliseconds from then, and one more; 0 is never.
    at: AtomicU64,
}

impl Burnt {
    pub(crate) fn new(begin: Instant) -> Self {
        Self { begin, at: AtomicU64::new(0) }
    }

    /// A request burned.
    pub(crate) fn note(&self, now: Instant) {
        self.at.store(self.millis(now) + 1, Ordering::Relaxed);
    }

    /// How long a request that begins now is taken to have computed already.
    pub(crate) fn head_start(&self, now: Instant) -> Duration {
        let at = self.at.load(Ordering::Relaxed);
        // Most workloads never burn, and do not look at the time for it.
        if at > 0 && u128::from(self.millis(now).saturating_sub(at)) < BURNT_FOR.as_millis() {
            BURNING_AFTER.saturating_sub(BURNING_AGAIN_AFTER)
        } else {
            Duration::ZERO
        }
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.begin).as_millis()).unwrap_or(u64::MAX - 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_burned_lately_is_given_less_time_until_it_is_forgotten() {
        let begin = Instant::now();
        let burnt = Burnt::new(begin);
        let left = |millis: u64| BURNING_AFTER - burnt.head_start(begin + Duration::from_millis(millis));
        assert_eq!(left(5_000), BURNING_AFTER);
        burnt.note(begin);
        assert_eq!((left(0), left(999)), (BURNING_AGAIN_AFTER, BURNING_AGAIN_AFTER));
        assert_eq!(left(1_001), BURNING_AFTER);
        burnt.note(begin + Duration::from_millis(3_000));
        assert_eq!((left(3_900), left(4_100)), (BURNING_AGAIN_AFTER, BURNING_AFTER));
    }
}
