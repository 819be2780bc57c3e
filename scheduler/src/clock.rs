//! The time line decisions are made on: it never runs back, and a jump of the wall clock expires nothing (F13).
//!
//! Objects carry wall-clock times, so decisions need wall-clock time. But what happened inside this
//! process (a host was heard, a grace period began) is measured with a monotonic clock and only placed
//! on the time line by subtraction, so that a jump moves both ends alike.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// A monotonic time line near the wall clock.
#[derive(Debug)]
pub(crate) struct Clock {
    last: Mutex<(Instant, Timestamp)>,
}

impl Clock {
    /// A time line that starts at the wall clock.
    pub(crate) fn new() -> Self {
        Self { last: Mutex::new((Instant::now(), Timestamp::now())) }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        let now = advance(last.1, at.duration_since(last.0), Timestamp::now());
        *last = (at, now);
        now
    }

    /// Where a past instant lies on the time line.
    pub(crate) fn at(&self, instant: Instant) -> Timestamp {
        let now = self.now();
        before(now, instant.elapsed())
    }
}

/// `now` less `elapsed`.
pub(crate) fn before(now: Timestamp, elapsed: Duration) -> Timestamp {
    SignedDuration::try_from(elapsed).ok().and_then(|d| now.checked_sub(d).ok()).unwrap_or(now)
}

/// `now` plus `duration`.
pub(crate) fn after(now: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration).ok().and_then(|d| now.checked_add(d).ok()).unwrap_or(now)
}

/// How long from `from` to `to`; nothing if it is past.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The next reading. A wall clock that is ahead is followed (a machine that slept must not lag for
/// ever); one that is behind is waited for at half speed.
fn advance(last: Timestamp, elapsed: Duration, wall: Timestamp) -> Timestamp {
    if wall >= after(last, elapsed) { wall } else { after(last, elapsed / 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F13
    #[test]
    fn time_never_runs_back_and_heals_after_a_jump() {
        let at = |seconds| Timestamp::from_second(seconds).expect("in range");
        let second = Duration::from_secs(2);
        for (last, wall, wanted) in [(1000, 1002, 1002), (1000, 4602, 4602), (1000, 1001, 1001), (4600, 1002, 4601)] {
            assert_eq!(advance(at(last), second, at(wall)), at(wanted), "last {last}, wall {wall}");
        }
        let clock = Clock::new();
        let heard = Instant::now();
        assert!(clock.at(heard) <= clock.now());
    }
}
