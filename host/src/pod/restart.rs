//! When a container that ended may start again.
//!
//! The first restart is immediate, as in Kubernetes; then 10 s, doubling to 300 s, and back to the
//! beginning after ten healthy minutes (C40).

use jiff::{SignedDuration, Timestamp};

/// Wait before the second restart.
pub(crate) const FIRST: SignedDuration = SignedDuration::from_secs(10);
/// Longest wait.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_secs(300);
/// A container that ran this long is healthy: its past failures are forgotten.
pub(crate) const HEALTHY_AFTER: SignedDuration = SignedDuration::from_secs(600);

/// The past failures of one container, as far as they matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A container ended that started at `started` (never, if its start failed): when may it start again?
    pub(crate) fn ended(&mut self, started: Option<Timestamp>, now: Timestamp) -> Timestamp {
        if started.is_some_and(|started| now.duration_since(started) >= HEALTHY_AFTER) {
            self.failures = 0;
        }
        let delay = match self.failures {
            0 => SignedDuration::ZERO,
            // 10 s · 2^5 is past the longest.
            n => (FIRST * (1_i32 << (n - 1).min(5))).min(LONGEST),
        };
        self.failures = self.failures.saturating_add(1);
        now + delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    // C40, F30
    #[test]
    fn waits_double_to_a_bound_and_are_forgotten_after_ten_healthy_minutes() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            waits.push(backoff.ended(Some(at(999)), at(1000)).as_second() - 1000);
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(backoff.ended(None, at(1000)), at(1300), "a failed start counts as well");
        assert_eq!(backoff.ended(Some(at(1000)), at(1599)), at(1899), "just short of ten minutes");
        assert_eq!(backoff.ended(Some(at(1000)), at(1600)), at(1600));
    }
}
