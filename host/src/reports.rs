//! Failures of guests: counted for all, told as rate-limited Events for each Pod.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sandbox::{Failure, Reports};

use crate::local::Slot;
use crate::up::Up;
use crate::up::events::Kind;

/// Lines of a backtrace that an Event carries: enough to see where, short enough to read.
const BACKTRACE_LINES_MAX: usize = 5;

/// What went wrong in guests since the start of this host.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    traps: AtomicU64,
    deadlines: AtomicU64,
    memory: AtomicU64,
    busy: AtomicU64,
    other: AtomicU64,
}

/// How many requests failed in guests since the start of this host, by cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GuestFailures {
    /// The guest trapped or exited.
    pub traps: u64,
    /// It took longer than its timeout.
    pub deadlines: u64,
    /// It could not start within its memory.
    pub memory: u64,
    /// There was no room for another instance in time.
    pub busy: u64,
    /// It gave no answer, or one that is none.
    pub other: u64,
}

impl Counters {
    pub(crate) fn read(&self) -> GuestFailures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        GuestFailures {
            traps: read(&self.traps),
            deadlines: read(&self.deadlines),
            memory: read(&self.memory),
            busy: read(&self.busy),
            other: read(&self.other),
        }
    }
}

/// Hears of the failures of one container.
pub(crate) struct Container {
    pub(crate) slot: Arc<Slot>,
    pub(crate) name: String,
    pub(crate) counters: Arc<Counters>,
    pub(crate) up: Arc<Up>,
}

impl Reports for Container {
    // C38, F30
    fn failed(&self, failure: &Failure) {
        let counters = &self.counters;
        let (counter, reason) = match failure {
            Failure::Trap { .. } => (&counters.traps, "GuestTrapped"),
            Failure::Deadline { .. } => (&counters.deadlines, "GuestDeadline"),
            Failure::Memory { .. } => (&counters.memory, "GuestOutOfMemory"),
            Failure::Busy => (&counters.busy, "Overloaded"),
            Failure::NoResponse | Failure::Guest { .. } => (&counters.other, "GuestFailed"),
            // Neither is the guest's doing.
            Failure::Request { .. } | Failure::Closed | Failure::Killed => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.up.event(self.slot.about(), Kind::Warning, reason, || text(&self.name, failure));
    }
}

fn text(container: &str, failure: &Failure) -> String {
    let mut text = format!("container {container}: {failure}");
    if let Failure::Trap { backtrace, .. } = failure {
        for line in backtrace.lines().take(BACKTRACE_LINES_MAX) {
            text.push_str("\n  at ");
            text.push_str(line.trim_start());
        }
    }
    text
}
