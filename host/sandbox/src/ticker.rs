//! The clock that makes running guests give way.
//!
//! One thread per engine raises the engine's epoch every [`TICK`]; guests look at it in every loop and function. While
//! nothing runs the thread sleeps. Whoever is about to run a guest calls [`Ticker::note`], which is two loads of
//! memory in the common case.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};

use crate::settings::{QUIET_TICKS_MAX, TICK};

/// The handle of an engine's ticker; dropping it ends the thread.
pub(crate) struct Ticker {
    state: Arc<State>,
    thread: Thread,
}

#[derive(Default)]
struct State {
    /// A guest was about to run since the last tick.
    noted: AtomicBool,
    /// The thread sleeps until it is woken.
    asleep: AtomicBool,
    ended: AtomicBool,
}

impl Ticker {
    /// Starts a thread that calls `tick` while guests run.
    pub(crate) fn start(tick: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let state = Arc::new(State::default());
        let handle = thread::Builder::new().name("ticker".into()).spawn({
            let state = state.clone();
            move || state.run(tick)
        })?;
        Ok(Self { state, thread: handle.thread().clone() })
    }

    /// Says that a guest is about to run, so that at least one tick follows.
    pub(crate) fn note(&self) {
        if !self.state.noted.load(Ordering::Relaxed) {
            self.state.noted.store(true, Ordering::SeqCst);
        }
        if self.state.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl State {
    fn run(&self, tick: impl Fn()) {
        let mut quiet = 0;
        while !self.ended.load(Ordering::SeqCst) {
            thread::sleep(TICK);
            tick();
            quiet = if self.noted.swap(false, Ordering::SeqCst) { 0 } else { quiet + 1 };
            if quiet >= QUIET_TICKS_MAX {
                self.sleep();
                quiet = 0;
            }
        }
    }

    /// Sleeps until something is noted. That `asleep` is set before `noted` is read, and the other way round in
    /// [`Ticker::note`], means that one of the two sees the other.
    fn sleep(&self) {
        self.asleep.store(true, Ordering::SeqCst);
        while !self.noted.load(Ordering::SeqCst) && !self.ended.load(Ordering::SeqCst) {
            thread::park();
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::time::{Duration, Instant};

    use super::*;

    fn wait_for(what: &str, condition: impl Fn() -> bool) {
        let begin = Instant::now();
        while !condition() {
            assert!(begin.elapsed() < Duration::from_secs(10), "{what}");
            thread::yield_now();
        }
    }

    #[test]
    fn it_ticks_after_a_note_and_sleeps_when_it_is_quiet() {
        let ticks = Arc::new(AtomicU64::new(0));
        let ticker = Ticker::start({
            let ticks = ticks.clone();
            move || {
                ticks.fetch_add(1, Ordering::SeqCst);
            }
        })
        .unwrap();
        for _ in 0..3 {
            wait_for("it falls asleep", || ticker.state.asleep.load(Ordering::SeqCst));
            let before = ticks.load(Ordering::SeqCst);
            ticker.note();
            wait_for("it wakes and ticks", || ticks.load(Ordering::SeqCst) > before);
        }
    }

    #[test]
    fn its_thread_ends_with_it() {
        let alive = Arc::new(());
        let ticker = Ticker::start({
            let alive = alive.clone();
            move || drop(alive.clone())
        })
        .unwrap();
        drop(ticker);
        wait_for("the thread ends", || Arc::strong_count(&alive) == 1);
    }
}
