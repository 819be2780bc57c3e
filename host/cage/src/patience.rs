//! How long a worker that crashed is left down. Pure: time is given.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Crashes within [`WINDOW`] after which a worker is quarantined.
const CRASHES_MAX: usize = 5;
/// For how long a crash counts.
const WINDOW: Duration = Duration::from_secs(60);
/// The pause after the second crash in a row; it doubles with each. After the first there is none: a single crash
/// should cost no request more than it must.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The first quarantine; it doubles with each.
const QUARANTINE_MIN: Duration = Duration::from_secs(10);
/// The longest: as long as a container's back-off becomes.
const QUARANTINE_MAX: Duration = Duration::from_secs(300);
/// After so long without a crash, earlier quarantines are forgotten.
const FORGIVEN_AFTER: Duration = Duration::from_secs(600);

/// What follows a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// It is started again after so long, which may be nothing.
    For(Duration),
    /// It crashed too often, and is left alone for so long.
    Quarantine(Duration),
}

impl Pause {
    /// How long.
    #[must_use]
    pub fn duration(&self) -> Duration {
        match *self {
            Self::For(pause) | Self::Quarantine(pause) => pause,
        }
    }
}

/// The crashes of one worker.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    recent: VecDeque<Instant>,
    last: Option<Instant>,
    quarantines: u32,
}

impl Patience {
    /// Another crash.
    pub(crate) fn crashed(&mut self, now: Instant) -> Pause {
        let since_last = self.last.replace(now).map(|last| now.saturating_duration_since(last));
        if since_last.is_some_and(|quiet| quiet >= FORGIVEN_AFTER) {
            self.quarantines = 0;
        }
        self.recent.retain(|crash| now.saturating_duration_since(*crash) < WINDOW);
        self.recent.push_back(now);
        match self.recent.len() {
            0 | 1 => Pause::For(Duration::ZERO),
            crashes if crashes < CRASHES_MAX => Pause::For(doubled(PAUSE_MIN, crashes - 2)),
            _ => {
                self.recent.clear();
                let pause = doubled(QUARANTINE_MIN, usize::try_from(self.quarantines).unwrap_or(usize::MAX));
                self.quarantines = self.quarantines.saturating_add(1);
                Pause::Quarantine(pause.min(QUARANTINE_MAX))
            }
        }
    }
}

fn doubled(first: Duration, times: usize) -> Duration {
    // Twice as long ten times over is beyond every bound here.
    first * (1_u32 << times.min(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(patience: &mut Patience, begin: Instant, crashes_at: &[u64]) -> Vec<Pause> {
        crashes_at.iter().map(|second| patience.crashed(begin + Duration::from_secs(*second))).collect()
    }

    // F55
    #[test]
    fn a_worker_that_crashes_again_and_again_is_quarantined() {
        let millis = |n| Pause::For(Duration::from_millis(n));
        let quarantine = |n| Pause::Quarantine(Duration::from_secs(n));
        let begin = Instant::now();
        let mut patience = Patience::default();
        let first = pauses(&mut patience, begin, &[0, 1, 2, 3, 4]);
        assert_eq!(first, [millis(0), millis(100), millis(200), millis(400), quarantine(10)]);
        let second = pauses(&mut patience, begin, &[15, 16, 17, 18, 19]);
        assert_eq!(second[4], quarantine(20));
        for round in 1..10 {
            let at = 100 * round;
            let longest = pauses(&mut patience, begin, &[at, at + 1, at + 2, at + 3, at + 4])[4].duration();
            assert!(longest <= QUARANTINE_MAX && longest >= Duration::from_secs(40), "{longest:?}");
        }
        let later = pauses(&mut patience, begin, &[9_000, 9_001, 9_002, 9_003, 9_004]);
        assert_eq!((later[0], later[4]), (millis(0), quarantine(10)), "what was long ago is forgiven");
    }

    #[test]
    fn crashes_that_are_rare_cost_no_pause() {
        let mut patience = Patience::default();
        let rare = pauses(&mut patience, Instant::now(), &[0, 60, 120, 180, 240, 300, 360]);
        assert!(rare.iter().all(|pause| *pause == Pause::For(Duration::ZERO)), "{rare:?}");
    }
}
