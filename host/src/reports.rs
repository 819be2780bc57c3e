//! Failures of guests: counted for all, told as rate-limited Events for each Pod.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sandbox::{Backtrace, Failure, Frame, Reports};
use tokio::runtime::Handle;

use crate::local::Slot;
use crate::logs::{Sink, Stream};
use crate::up::Up;
use crate::up::events::{Event, Kind, Tally};

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
    name: String,
    slot: Arc<Slot>,
    counters: Arc<Counters>,
    up: Arc<Up>,
    log: Arc<Sink>,
    tallies: Tallies,
}

/// Failures that have not been told yet.
#[derive(Default)]
struct Tallies {
    traps: Tally,
    deadlines: Tally,
    memory: Tally,
    busy: Tally,
    other: Tally,
}

impl Container {
    pub(crate) fn new(slot: Arc<Slot>, name: String, counters: Arc<Counters>, up: Arc<Up>, log: Arc<Sink>) -> Self {
        Self { name, slot, counters, up, log, tallies: Tallies::default() }
    }
}

impl Reports for Container {
    // C38, F30, F51
    fn failed(&self, failure: &Failure) {
        let (counters, tallies) = (&self.counters, &self.tallies);
        let (counter, tally, reason) = match failure {
            Failure::Trap { message, backtrace } => return self.trapped(message, backtrace),
            Failure::Deadline { .. } => (&counters.deadlines, &tallies.deadlines, "GuestDeadline"),
            Failure::Memory { .. } => (&counters.memory, &tallies.memory, "GuestOutOfMemory"),
            Failure::Busy => (&counters.busy, &tallies.busy, "Overloaded"),
            Failure::NoResponse | Failure::NoEntry | Failure::Guest { .. } => {
                (&counters.other, &tallies.other, "GuestFailed")
            }
            // Neither is the guest's doing.
            Failure::Request { .. } | Failure::Closed | Failure::Killed => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let event = Event { about: self.slot.about(), kind: Kind::Warning, reason };
        self.up.tally(tally, event, || format!("container {}: {failure}", self.name));
    }

    fn computed(&self) {
        self.slot.stir();
    }
}

impl Container {
    /// The first trap of a while is told in full: in the container's log, and in an Event.
    fn trapped(&self, message: &str, backtrace: &Backtrace) {
        self.counters.traps.fetch_add(1, Ordering::Relaxed);
        if !self.tallies.traps.count() {
            return;
        }
        let report = Report {
            name: self.name.clone(),
            slot: self.slot.clone(),
            up: self.up.clone(),
            log: self.log.clone(),
            tally: self.tallies.traps.clone(),
            message: message.to_owned(),
            backtrace: backtrace.clone(),
        };
        // Reading lines takes as long as a disk does.
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || report.tell())),
            Err(_) => report.tell(),
        }
    }
}

/// One crash.
struct Report {
    name: String,
    slot: Arc<Slot>,
    up: Arc<Up>,
    log: Arc<Sink>,
    tally: Tally,
    message: String,
    backtrace: Backtrace,
}

impl Report {
    fn tell(self) {
        let frames = self.backtrace.located();
        let text = format!("the guest trapped: {}", self.message);
        let said = |frames: &[Frame]| frames.iter().map(|frame| format!("\n  at {frame}")).collect::<String>();
        self.log.write(Stream::Stderr, format!("{text}{}\n", said(&frames)).as_bytes());
        let event = Event { about: self.slot.about(), kind: Kind::Warning, reason: "GuestTrapped" };
        let few = &frames[..frames.len().min(BACKTRACE_LINES_MAX)];
        self.up.tell_tally(&self.tally, event, || format!("container {}: {text}{}", self.name, said(few)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Logs, Place};
    use crate::up::Next;
    use crate::up::events::QUIET;
    use futures::FutureExt;
    use protocol::v1::HostEvent;
    use protocol::v1::from_host::Message;
    use std::time::Instant;

    fn told(up: &Up, now: Instant) -> Vec<HostEvent> {
        match up.next(now) {
            Next::Send(message) => match *message {
                Message::Events(events) => events.events,
                other => panic!("tells {other:?}"),
            },
            Next::Wait(_) => Vec::new(),
        }
    }

    // F51
    #[test]
    fn ten_thousand_failures_wake_the_session_once_and_are_all_counted() {
        let (up, counters) = (Arc::new(Up::default()), Arc::new(Counters::default()));
        let slot = Slot::new("u".into(), "n", "p", Arc::default());
        let dir = tempfile::tempdir().expect("makes a directory");
        let logs = Logs::start(dir.path()).expect("starts");
        let log = logs.sink(Place { uid: "u".into(), container: "main".into() });
        let container = Container::new(slot, "main".to_owned(), counters.clone(), up.clone(), log);
        let trap = Failure::Trap { message: "boom".to_owned(), backtrace: Backtrace::of_functions(&["f", "g"]) };
        container.failed(&trap);
        assert!(up.rung().now_or_never().is_some());
        let first = told(&up, Instant::now());
        assert_eq!((first.len(), first[0].count), (1, 1));
        assert_eq!(first[0].message, "container main: the guest trapped: boom\n  at f\n  at g");
        for _ in 0..10_000 {
            container.failed(&trap);
        }
        assert!(up.rung().now_or_never().is_some(), "the session learns that it has to come back");
        for _ in 0..10_000 {
            container.failed(&trap);
        }
        assert!(up.rung().now_or_never().is_none(), "and is left in peace until then");
        let rest = told(&up, Instant::now() + QUIET);
        assert_eq!((rest.len(), rest[0].count, counters.read().traps), (1, 20_000, 20_001));
        container.failed(&Failure::Closed);
        assert!(told(&up, Instant::now() + QUIET * 3).is_empty(), "what is not the guest's doing is not told");
    }
}
