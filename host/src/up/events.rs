//! Events on their way: told once at once, then counted.
//!
//! Pure. The first Event of its kind about a Pod leaves immediately; equal ones within [`QUIET`] are added
//! up and leave together. So a guest that traps ten thousand times a second costs one small message in ten
//! seconds (F30, F51), and still everyone learns how often.
//!
//! What happens that often does not even come here each time: it is counted in a [`Tally`] of its own, which is
//! handed in when it begins to count and emptied when the Event leaves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use protocol::v1::HostEvent;

use crate::desired::Uid;

/// Silence after an Event, in which equal ones are only counted.
pub(crate) const QUIET: Duration = Duration::from_secs(10);
/// Kinds of Events remembered: some for each of a few hundred troubled Pods. Beyond it new ones are dropped.
const KEPT_MAX: usize = 2048;
/// Events in one message.
const BATCH_MAX: usize = 256;
/// Bytes of a message; a trap's backtrace can be long.
const MESSAGE_BYTES_MAX: usize = 1024;

/// What an Event is about; without a UID it is the Node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) uid: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

impl About<'_> {
    /// The Node itself.
    pub(crate) const NODE: Self = Self { uid: "", namespace: "", name: "" };
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Warning,
}

/// What happened, but for the words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) about: About<'a>,
    pub(crate) kind: Kind,
    pub(crate) reason: &'static str,
}

/// Counts what happened since it was last told, without a lock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<AtomicU64>);

impl Tally {
    /// Counts one more; true if it is the first, which somebody has to be told of.
    pub(crate) fn count(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) == 0
    }

    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Kept {
    event: HostEvent,
    /// What is counted elsewhere and told with it.
    tallies: Vec<Tally>,
    quiet_until: Option<Instant>,
}

impl Kept {
    /// Whether there is anything to tell.
    fn waits(&self) -> bool {
        self.event.count > 0 || !self.tallies.is_empty()
    }

    fn is_over(&self, now: Instant) -> bool {
        !self.waits() && self.quiet_until.is_none_or(|until| until <= now)
    }

    /// The Event as it leaves.
    fn leave(&mut self, now: Instant) -> HostEvent {
        let counted: u64 = self.tallies.drain(..).map(|tally| tally.take()).sum();
        let more = u32::try_from(counted).unwrap_or(u32::MAX);
        let count = self.event.count.saturating_add(more);
        self.event.count = 0;
        self.quiet_until = Some(now + QUIET);
        HostEvent { count, ..self.event.clone() }
    }
}

/// Events that wait, and those that were told a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Events {
    kept: BTreeMap<(Uid, &'static str), Kept>,
    dropped: u64,
}

impl Events {
    /// Adds an Event; true if it has begun to wait. Of equal ones that leave together the first message is told; the
    /// others' are not even made.
    pub(crate) fn add(&mut self, event: Event<'_>, message: impl FnOnce() -> String, now: Instant) -> bool {
        let Some((kept, begins)) = self.keep(event, message, now) else {
            self.dropped += 1;
            return false;
        };
        kept.event.count = kept.event.count.saturating_add(1);
        begins
    }

    /// The same for one whose occurrences are counted in a tally, which has just begun to count.
    pub(crate) fn add_tally(
        &mut self,
        event: Event<'_>,
        tally: &Tally,
        message: impl FnOnce() -> String,
        now: Instant,
    ) -> bool {
        let Some((kept, begins)) = self.keep(event, message, now) else {
            // Emptied, so that it says again when it begins to count.
            self.dropped += tally.take();
            return false;
        };
        kept.tallies.push(tally.clone());
        begins
    }

    /// Where equal Events are added up, with a message, and whether they begin to wait; none if there is no room.
    fn keep(&mut self, event: Event<'_>, message: impl FnOnce() -> String, now: Instant) -> Option<(&mut Kept, bool)> {
        let key = (Uid::from(event.about.uid), event.reason);
        if !self.kept.contains_key(&key) && self.kept.len() >= KEPT_MAX {
            self.kept.retain(|_, kept| !kept.is_over(now));
            if self.kept.len() >= KEPT_MAX {
                return None;
            }
        }
        let new = || Kept { event: host_event(event), tallies: Vec::new(), quiet_until: None };
        let kept = self.kept.entry(key).or_insert_with(new);
        let begins = !kept.waits();
        if begins {
            kept.event.message = shortened(message());
        }
        Some((kept, begins))
    }

    /// Those that are due, and when the next will be.
    pub(crate) fn take(&mut self, now: Instant) -> (Vec<HostEvent>, Option<Instant>) {
        let (mut due, mut later) = (Vec::new(), None);
        for kept in self.kept.values_mut().filter(|kept| kept.waits()) {
            match kept.quiet_until.filter(|until| *until > now) {
                Some(until) => later = Some(later.map_or(until, |at: Instant| at.min(until))),
                None if due.len() < BATCH_MAX => due.push(kept.leave(now)),
                None => later = Some(now),
            }
        }
        if due.is_empty() {
            self.kept.retain(|_, kept| !kept.is_over(now));
        }
        if self.dropped > 0 && due.len() < BATCH_MAX && !due.is_empty() {
            let dropped = Event { about: About::NODE, kind: Kind::Warning, reason: "EventsDropped" };
            let mut event = host_event(dropped);
            event.message = format!("{} events were dropped: too many of them at once", self.dropped);
            event.count = 1;
            self.dropped = 0;
            due.push(event);
        }
        (due, later)
    }

    /// The Pod is gone; its Events would be about nothing.
    pub(crate) fn forget(&mut self, uid: &str) {
        self.kept.retain(|(about, _), _| &**about != uid);
    }
}

fn host_event(Event { about, kind, reason }: Event<'_>) -> HostEvent {
    HostEvent {
        pod_uid: about.uid.to_owned(),
        namespace: about.namespace.to_owned(),
        name: about.name.to_owned(),
        r#type: match kind {
            Kind::Normal => "Normal".to_owned(),
            Kind::Warning => "Warning".to_owned(),
        },
        reason: reason.to_owned(),
        message: String::new(),
        count: 0,
    }
}

fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE_BYTES_MAX {
        let end = (0..=MESSAGE_BYTES_MAX).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
        message.push_str(" ...");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: About<'_> = About { uid: "u", namespace: "n", name: "p" };
    const TRAP: Event<'_> = Event { about: POD, kind: Kind::Warning, reason: "GuestTrapped" };

    // F30, F51
    #[test]
    fn the_first_leaves_at_once_and_the_rest_are_counted() {
        let start = Instant::now();
        let mut events = Events::default();
        let trap = |events: &mut Events, at| events.add(TRAP, || "boom".to_owned(), at);
        assert!(trap(&mut events, start), "somebody has to know");
        assert!(!trap(&mut events, start), "of the second nobody has to know at once");
        let (due, later) = events.take(start);
        assert_eq!((due.len(), due[0].count, later), (1, 2, None));
    }

    // F30, F51
    #[test]
    fn those_that_follow_are_told_together() {
        let start = Instant::now();
        let mut events = Events::default();
        let trap = |events: &mut Events, at| events.add(TRAP, || "boom".to_owned(), at);
        trap(&mut events, start);
        let (due, later) = events.take(start);
        assert_eq!((due.len(), due[0].count, later), (1, 1, None));
        for _ in 0..1000 {
            trap(&mut events, start);
        }
        let (due, later) = events.take(start + QUIET / 2);
        assert_eq!((due.len(), later), (0, Some(start + QUIET)));
        let (due, _) = events.take(start + QUIET);
        assert_eq!((due.len(), due[0].count), (1, 1000));
        let (due, later) = events.take(start + QUIET * 3);
        assert!(due.is_empty() && later.is_none() && events.kept.is_empty(), "nothing is kept for ever");
    }

    // F51
    #[test]
    fn what_tallies_count_is_told_whole_and_each_asks_once_for_it() {
        let start = Instant::now();
        let (mut events, tallies) = (Events::default(), [Tally::default(), Tally::default()]);
        let mut asked = 0;
        let mut trap = |events: &mut Events, nth: usize| {
            if tallies[nth % 2].count() {
                asked += 1;
                events.add_tally(TRAP, &tallies[nth % 2], || "boom".to_owned(), start);
            }
        };
        (0..1000).for_each(|nth| trap(&mut events, nth));
        assert_eq!(events.take(start).0[0].count, 1000);
        (0..500).for_each(|nth| trap(&mut events, nth));
        assert_eq!(events.take(start), (Vec::new(), Some(start + QUIET)));
        (0..500).for_each(|nth| trap(&mut events, nth));
        assert_eq!(events.take(start + QUIET).0[0].count, 1000);
        assert_eq!(asked, 4, "two containers, told twice");
        assert!(events.take(start + QUIET * 2).0.is_empty() && events.kept.is_empty());
    }

    #[test]
    fn a_tally_for_which_there_is_no_room_is_dropped_whole() {
        let now = Instant::now();
        let mut events = Events::default();
        for n in 0..KEPT_MAX {
            let uid = n.to_string();
            events.add(Event { about: About { uid: &uid, ..POD }, ..TRAP }, String::new, now);
        }
        let tally = Tally::default();
        assert!(tally.count() && !tally.count());
        assert!(!events.add_tally(TRAP, &tally, String::new, now));
        assert_eq!(events.dropped, 2);
        assert!(tally.count(), "it asks again");
    }

    #[test]
    fn their_number_and_size_are_bounded() {
        let now = Instant::now();
        let mut events = Events::default();
        for n in 0..KEPT_MAX + 5 {
            let uid = n.to_string();
            let started = Event { about: About { uid: &uid, ..POD }, kind: Kind::Normal, reason: "Started" };
            events.add(started, || "ü".repeat(4096), now);
        }
        let (due, later) = events.take(now);
        assert_eq!((due.len(), later), (BATCH_MAX, Some(now)));
        assert!(due[0].message.len() <= MESSAGE_BYTES_MAX + 4);
        assert_eq!(events.dropped, 5);
        events.forget("7");
        assert!(!events.kept.contains_key(&("7".into(), "Started")));
    }
}
