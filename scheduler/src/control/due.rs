//! When a controller is to be asked again. Pure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use planner::Scalings;

/// First wait after a step was refused for a reason that no change will lift by itself.
const RETRY_FIRST: Duration = Duration::from_millis(50);
/// Longest such wait.
const RETRY_LAST: Duration = Duration::from_secs(30);

/// Shortest time between two decisions if nothing has changed but what is used: with many hosts one of them reports at
/// any moment.
const USAGE_EVERY: Duration = Duration::from_secs(1);

/// What a decision was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inputs {
    /// When the resources it reads last changed.
    pub(super) objects: u64,
    /// Which liveness of hosts it saw.
    pub(super) sessions: u64,
    /// Which report of what is used it saw.
    pub(super) usage: u64,
}

/// One controller's state between decisions.
#[derive(Debug, Default)]
pub(super) struct Due {
    seen: Option<Inputs>,
    wake_at: Option<Instant>,
    retry_at: Option<Instant>,
    retry: Option<Duration>,
    /// When it last decided.
    decided_at: Option<Instant>,
    /// What its decisions remember.
    pub(super) scalings: Arc<Scalings>,
}

impl Due {
    /// Whether the controller is to decide now; if so, takes note that it does.
    pub(super) fn begin(&mut self, inputs: Inputs, now: Instant) -> bool {
        let rested_at = self.decided_at.filter(|_| self.is_only_usage_new(inputs)).map(|at| at + USAGE_EVERY);
        let due = self.seen != Some(inputs) && rested_at.is_none_or(|at| at <= now)
            || self.timer().is_some_and(|at| at <= now);
        if due {
            (self.seen, self.decided_at) = (Some(inputs), Some(now));
            (self.wake_at, self.retry_at) = (None, None);
        } else if let Some(at) = rested_at {
            self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
        }
        due
    }

    fn is_only_usage_new(&self, inputs: Inputs) -> bool {
        self.seen.is_some_and(|seen| seen != inputs && Inputs { usage: inputs.usage, ..seen } == inputs)
    }

    /// The decision changes with time alone at `at`.
    pub(super) fn wake_at(&mut self, at: Option<Instant>) {
        self.wake_at = at;
    }

    /// A step was refused: ask again, later and later. A change of what it reads comes first.
    pub(super) fn refused(&mut self, now: Instant) {
        let wait = self.retry.map_or(RETRY_FIRST, |wait| (wait * 2).min(RETRY_LAST));
        self.retry = Some(wait);
        self.retry_at = Some(now + wait);
    }

    /// Every step was taken.
    pub(super) fn succeeded(&mut self) {
        self.retry = None;
    }

    /// When time alone makes it due.
    pub(super) fn timer(&self) -> Option<Instant> {
        [self.wake_at, self.retry_at].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_is_asked_on_change_on_time_and_after_refusal() {
        let (mut due, now) = (Due::default(), Instant::now());
        let inputs = |objects, sessions| Inputs { objects, sessions, usage: 0 };
        assert!(due.begin(inputs(0, 0), now), "the first time, always");
        assert!(!due.begin(inputs(0, 0), now));
        assert!(due.begin(inputs(1, 0), now) && due.begin(inputs(1, 1), now));
        let (reported, later) = (Inputs { usage: 1, ..inputs(1, 1) }, now + USAGE_EVERY);
        assert!(!due.begin(reported, now), "what is used can wait");
        assert_eq!(due.timer(), Some(later), "not for long");
        assert!(due.begin(reported, later) && due.begin(inputs(1, 1), later + USAGE_EVERY));
        let now = later + USAGE_EVERY;
        due.wake_at(Some(now + Duration::from_secs(1)));
        assert!(!due.begin(inputs(1, 1), now));
        assert!(due.begin(inputs(1, 1), now + Duration::from_secs(1)));
        assert_eq!(due.timer(), None, "once");
        due.refused(now);
        assert_eq!(due.timer(), Some(now + RETRY_FIRST));
        assert!(due.begin(inputs(1, 1), now + RETRY_FIRST));
        due.refused(now);
        assert_eq!(due.timer(), Some(now + RETRY_FIRST * 2));
        (0..20).for_each(|_| due.refused(now));
        assert_eq!(due.timer(), Some(now + RETRY_LAST));
        due.succeeded();
        due.refused(now);
        assert_eq!(due.timer(), Some(now + RETRY_FIRST), "success begins anew");
    }
}
