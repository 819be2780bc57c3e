//! Events on their way: told once at once, then counted.
//!
//! Pure. The first Event of its kind about a Pod leaves immediately; equal ones within [`QUIET`] are added
//! up and leave together. So a guest that traps ten thousand times a second costs one small message in ten
//! seconds (F30, F51), and still everyone learns how often.

use std::collections::BTreeMap;
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

#[derive(Debug)]
struct Kept {
    event: HostEvent,
    quiet_until: Option<Instant>,
}

/// Events that wait, and those that were told a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Events {
    kept: BTreeMap<(Uid, &'static str), Kept>,
    dropped: u64,
}

impl Events {
    /// Adds an Event. Of equal ones that leave together the first message is told; the others' are not even made.
    pub(crate) fn add(
        &mut self,
        about: About<'_>,
        kind: Kind,
        reason: &'static str,
        message: impl FnOnce() -> String,
        now: Instant,
    ) {
        let key = (Uid::from(about.uid), reason);
        if !self.kept.contains_key(&key) && self.kept.len() >= KEPT_MAX {
            self.kept.retain(|_, kept| kept.event.count > 0 || kept.quiet_until.is_some_and(|until| until > now));
            if self.kept.len() >= KEPT_MAX {
                self.dropped += 1;
                return;
            }
        }
        let kept =
            self.kept.entry(key).or_insert_with(|| Kept { event: event(about, kind, reason), quiet_until: None });
        if kept.event.count == 0 {
            kept.event.message = shortened(message());
        }
        kept.event.count = kept.event.count.saturating_add(1);
    }

    /// Those that are due, and when the next will be.
    pub(crate) fn take(&mut self, now: Instant) -> (Vec<HostEvent>, Option<Instant>) {
        let (mut due, mut later) = (Vec::new(), None);
        for kept in self.kept.values_mut().filter(|kept| kept.event.count > 0) {
            match kept.quiet_until.filter(|until| *until > now) {
                Some(until) => later = Some(later.map_or(until, |at: Instant| at.min(until))),
                None if due.len() < BATCH_MAX => {
                    due.push(kept.event.clone());
                    kept.event.count = 0;
                    kept.quiet_until = Some(now + QUIET);
                }
                None => later = Some(now),
            }
        }
        if due.is_empty() {
            self.kept.retain(|_, kept| kept.event.count > 0 || kept.quiet_until.is_some_and(|until| until > now));
        }
        if self.dropped > 0 && due.len() < BATCH_MAX && !due.is_empty() {
            let mut event = event(About::NODE, Kind::Warning, "EventsDropped");
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

fn event(about: About<'_>, kind: Kind, reason: &str) -> HostEvent {
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

    // F30, F51
    #[test]
    fn the_first_leaves_at_once_and_the_rest_are_counted() {
        let start = Instant::now();
        let mut events = Events::default();
        let trap = |events: &mut Events, at| events.add(POD, Kind::Warning, "GuestTrapped", || "boom".to_owned(), at);
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

    #[test]
    fn their_number_and_size_are_bounded() {
        let now = Instant::now();
        let mut events = Events::default();
        for n in 0..KEPT_MAX + 5 {
            let uid = n.to_string();
            events.add(About { uid: &uid, ..POD }, Kind::Normal, "Started", || "ü".repeat(4096), now);
        }
        let (due, later) = events.take(now);
        assert_eq!((due.len(), later), (BATCH_MAX, Some(now)));
        assert!(due[0].message.len() <= MESSAGE_BYTES_MAX + 4);
        assert_eq!(events.dropped, 5);
        events.forget("7");
        assert!(!events.kept.contains_key(&("7".into(), "Started")));
    }
}
