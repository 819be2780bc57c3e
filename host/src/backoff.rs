//! When to dial again.
//!
//! The first attempt after a loss is immediate: most losses are a server that restarted and is back.
//! Later ones are spread at random below a bound that doubles to one second. The bound is that low because
//! a dial to a dead address costs one packet, while every second away delays whatever changes; the spread
//! keeps thousands of hosts from arriving at once (F16).

use std::time::Duration;

/// Bound of the first wait that is one.
const FIRST: Duration = Duration::from_millis(50);
/// Bound of every later wait.
pub(crate) const LONGEST: Duration = Duration::from_secs(1);

/// Attempts since the last session that lasted.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// How long to wait before the next attempt; `random` lies in 0..1.
    pub(crate) fn next(&mut self, random: f64) -> Duration {
        let attempt = self.attempts;
        self.attempts = attempt.saturating_add(1);
        match attempt {
            0 => Duration::ZERO,
            n => {
                // 50 ms · 2^5 is past the longest.
                let bound = (FIRST * (1 << (n - 1).min(5))).min(LONGEST);
                bound.mul_f64(random.clamp(0.0, 1.0).midpoint(1.0))
            }
        }
    }

    /// A session lasted: the next loss is a new one.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F16
    #[test]
    fn the_first_attempt_is_immediate_and_the_rest_spread_below_a_second() {
        let waits = |random: f64| {
            let mut backoff = Backoff::default();
            (0..8).map(|_| backoff.next(random).as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(waits(1.0), [0, 50, 100, 200, 400, 800, 1000, 1000]);
        assert_eq!(waits(0.0), [0, 25, 50, 100, 200, 400, 500, 500]);
        let mut backoff = Backoff::default();
        backoff.next(0.5);
        backoff.next(0.5);
        backoff.reset();
        assert_eq!(backoff.next(0.5), Duration::ZERO);
    }
}
