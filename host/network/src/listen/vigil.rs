//! When a connection has been of no use for long enough. Pure: time and what was seen are given.

use std::time::Duration;

use tokio::time::Instant;

/// What one look at a connection saw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Changes when something happens that makes the connection worth keeping.
    pub(super) activity: u64,
    /// A request is under way.
    pub(super) busy: bool,
    /// The client has not taken for long what it asked for.
    pub(super) stalled: bool,
}

/// Remembers when a connection was last of use.
#[derive(Debug)]
pub(super) struct Vigil {
    activity: u64,
    since: Instant,
}

impl Vigil {
    /// Begins at `now`.
    pub(super) fn new(activity: u64, now: Instant) -> Self {
        Self { activity, since: now }
    }

    /// Whether the connection should come to its end. Said once per `patience`.
    pub(super) fn is_over(&mut self, look: Look, now: Instant, patience: Duration) -> bool {
        let of_use = look.busy || look.activity != self.activity;
        let over = look.stalled || (!of_use && now >= self.since + patience);
        if of_use || over {
            *self = Self::new(look.activity, now);
        }
        over
    }

    /// When to look next: each `interval`, and at the moment patience may end.
    pub(super) fn next(&self, now: Instant, patience: Duration, interval: Duration) -> Instant {
        (now + interval).min(self.since + patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(100);
    const INTERVAL: Duration = Duration::from_secs(30);

    #[test]
    fn a_connection_is_over_when_it_was_of_no_use_for_as_long_as_patience_lasts() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let look = |activity, busy, stalled| Look { activity, busy, stalled };
        let mut vigil = Vigil::new(0, start);
        for (seconds, seen, over, next) in [
            (30, look(1, false, false), false, 60),
            (60, look(1, false, false), false, 90),
            (90, look(1, false, false), false, 120),
            // 100 seconds after the look that last saw something new.
            (120, look(1, false, false), false, 130),
            (130, look(1, false, false), true, 160),
            (260, look(1, true, false), false, 290),
            (290, look(1, true, false), false, 320),
            (320, look(1, false, false), false, 350),
            (389, look(1, false, false), false, 390),
            (390, look(1, false, false), true, 420),
            (420, look(2, true, true), true, 450),
        ] {
            assert_eq!(vigil.is_over(seen, at(seconds), PATIENCE), over, "at {seconds}");
            assert_eq!(vigil.next(at(seconds), PATIENCE, INTERVAL), at(next), "at {seconds}");
        }
    }
}
