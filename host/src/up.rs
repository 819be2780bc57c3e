//! What waits to be told to the control plane: statuses, Events, the routes that are in force, what is used.
//!
//! A mailbox: whoever has something to say puts it in and rings; the session takes it out while there is
//! one. Only the latest status of a Pod counts, so a long absence costs one status per Pod and nothing else.

pub(crate) mod events;
pub(crate) mod statuses;
pub(crate) mod usage;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::v1::from_host::Message;
use protocol::v1::{HostEvents, RoutesApplied};
use tokio::sync::Notify;

use events::{About, Event, Events, Kind, Tally};
use statuses::Statuses;
use usage::Usages;

/// The mailbox.
#[derive(Debug, Default)]
pub(crate) struct Up {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) statuses: Statuses,
    pub(crate) events: Events,
    pub(crate) usage: Usages,
    routes_applied: Option<u64>,
}

/// What the session does next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Send this.
    Send(Box<Message>),
    /// Wait for the bell, at most until then.
    Wait(Option<Instant>),
}

impl Up {
    /// No lock is held over an await, and nothing under it panics half way.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is in the mailbox.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits for the bell.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Every request core uses the routes of this revision.
    pub(crate) fn routes_applied(&self, revision: u64) {
        self.lock().routes_applied = Some(revision);
        self.ring();
    }

    /// Tells an Event; repeated ones are counted, not repeated.
    pub(crate) fn event(&self, about: About<'_>, kind: Kind, reason: &'static str, message: impl FnOnce() -> String) {
        let begins = self.lock().events.add(Event { about, kind, reason }, message, Instant::now());
        if begins {
            self.ring();
        }
    }

    /// The same for what may happen thousands of times a second: only the first since the last telling takes the
    /// lock, and wakes the session (F51).
    pub(crate) fn tally(&self, tally: &Tally, event: Event<'_>, message: impl FnOnce() -> String) {
        if tally.count() && self.lock().events.add_tally(event, tally, message, Instant::now()) {
            self.ring();
        }
    }

    /// Tells what `tally` has begun to count, and its caller took the time to find words for.
    pub(crate) fn tell_tally(&self, tally: &Tally, event: Event<'_>, message: impl FnOnce() -> String) {
        if self.lock().events.add_tally(event, tally, message, Instant::now()) {
            self.ring();
        }
    }

    /// A session is lost: what was under way is told again.
    pub(crate) fn lost(&self) {
        let mut waiting = self.lock();
        waiting.statuses.lost();
        waiting.usage.lost();
        waiting.routes_applied = None;
    }

    /// What to do next: acknowledgements first, because the drain of every Pod waits for them.
    pub(crate) fn next(&self, now: Instant) -> Next {
        let mut waiting = self.lock();
        if let Some(revision) = waiting.routes_applied.take() {
            return Next::Send(Box::new(Message::RoutesApplied(RoutesApplied { revision })));
        }
        if let Some(batch) = waiting.statuses.next() {
            return Next::Send(Box::new(Message::PodStatuses(batch)));
        }
        let (due, later) = waiting.events.take(now);
        if !due.is_empty() {
            return Next::Send(Box::new(Message::Events(HostEvents { events: due })));
        }
        match waiting.usage.next() {
            Some(usage) => Next::Send(Box::new(Message::Usage(usage))),
            None => Next::Wait(later),
        }
    }
}
