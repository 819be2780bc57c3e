//! Whether a host is heard: decided from when it last said something and when we looked. Pure.
//!
//! A server that did not run for a while (stopped, starved) cannot tell that its hosts were silent: what
//! they said waits to be read. A timer that fires much too late therefore means that we slept.

use std::time::{Duration, Instant};

use protocol::SESSION_LOST_AFTER;

/// How late a timer may fire before we count as having slept: far more than a busy scheduler adds.
const LATE_MAX: Duration = Duration::from_millis(250);
/// How often in a row the silence of a host is excused by our own sleep: a server that is always late must
/// notice a dead host all the same.
const EXCUSED_MAX: u32 = 3;

/// What is known of one host's voice.
#[derive(Debug)]
pub(super) struct Hearing {
    /// When it was last heard, or when we last woke.
    heard: Instant,
    is_connected: bool,
    excused: u32,
}

impl Hearing {
    /// Of a host that has just said something.
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, is_connected: true, excused: 0 }
    }

    /// When it was last heard, as far as we could tell.
    pub(super) fn last(&self) -> Instant {
        self.heard
    }

    /// When its silence is to be judged; `None` while it counts as silent.
    pub(super) fn due(&self) -> Option<Instant> {
        self.is_connected.then(|| self.heard + SESSION_LOST_AFTER)
    }

    /// It said something; returns whether it was silent before.
    pub(super) fn voice(&mut self, now: Instant) -> bool {
        let was_silent = !self.is_connected;
        *self = Self::new(now);
        was_silent
    }

    /// Its time is over, and nothing waits to be read; returns whether it counts as silent now.
    pub(super) fn silence(&mut self, now: Instant) -> bool {
        let Some(due) = self.due() else { return false };
        if now.saturating_duration_since(due) > LATE_MAX && self.excused < EXCUSED_MAX {
            (self.heard, self.excused) = (now, self.excused + 1);
            return false;
        }
        self.is_connected = now < due;
        !self.is_connected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F13
    #[test]
    fn a_host_is_silent_after_a_period_in_which_we_were_awake() {
        let start = Instant::now();
        let mut hearing = Hearing::new(start);
        let due = start + SESSION_LOST_AFTER;
        assert_eq!(hearing.due(), Some(due));
        assert!(hearing.silence(due + LATE_MAX), "we were awake");
        assert_eq!((hearing.last(), hearing.due()), (start, None));
        assert!(!hearing.silence(due + LATE_MAX), "said once");
        assert!(hearing.voice(due + LATE_MAX * 2), "it is back");
        assert!(!hearing.voice(due + LATE_MAX * 3));
    }

    // F13
    #[test]
    fn a_stall_of_ours_is_not_the_hosts_silence_unless_it_never_ends() {
        let start = Instant::now();
        let mut hearing = Hearing::new(start);
        let mut woke = start;
        for _ in 0..EXCUSED_MAX {
            woke += Duration::from_secs(60);
            assert!(!hearing.silence(woke), "we slept");
            assert_eq!(hearing.due(), Some(woke + SESSION_LOST_AFTER), "and give it another period");
        }
        assert!(hearing.silence(woke + SESSION_LOST_AFTER + LATE_MAX), "in which it says nothing");
        let mut busy = Hearing::new(start);
        (0..EXCUSED_MAX).for_each(|n| assert!(!busy.silence(start + Duration::from_secs(u64::from(n + 1) * 2))));
        assert!(busy.silence(start + Duration::from_secs(60)), "a server that is always late");
    }
}
