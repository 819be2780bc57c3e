//! What an autoscaler remembers of itself: what it wished for, and how it changed the number.
//!
//! It is no object, and lost when another server takes over; then an autoscaler begins as a new one does, which is
//! slow to take replicas away. What is remembered is bounded: by the longest window, and by a grain of time.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::object;

/// By UID of the autoscaler.
pub type Scalings = BTreeMap<String, Scaling>;

/// The longest window there may be.
const WINDOW_MAX: Duration = Duration::from_secs(3600);
/// The longest period of a policy there may be.
const PERIOD_MAX: Duration = Duration::from_secs(1800);
/// Wishes that end within so little time are remembered together, by the least and the most of them.
const GRAIN: Duration = Duration::from_secs(5);
/// Steps that are remembered one by one; older ones are put together. Rates are counted in tens of seconds.
const STEPS_MAX: usize = 256;

/// What one autoscaler remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scaling {
    /// What it wished for, before windows and limits; it holds until the next wish.
    wish: Option<i64>,
    past: Vec<Past>,
    steps: Vec<Step>,
    /// When its status was last written.
    pub(super) told_at: Option<Timestamp>,
}

/// Wishes that do not hold any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Past {
    /// When the first of them ended.
    from: Timestamp,
    /// When the last of them ended.
    until: Timestamp,
    least: i64,
    most: i64,
}

/// A change of the number that it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub at: Timestamp,
    from: i64,
    to: i64,
    /// It has been seen.
    is_done: bool,
}

/// Which way a number changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

impl Scaling {
    /// Wishes for so many. The very first time the present number is what was wished for before.
    pub(super) fn wish(&mut self, replicas: i64, current: i64, now: Timestamp) {
        let before = self.wish.replace(replicas).unwrap_or(current);
        self.past.retain(|past| object::after(past.until, WINDOW_MAX) > now);
        if before == replicas {
            return;
        }
        match self.past.last_mut().filter(|past| object::after(past.from, GRAIN) > now) {
            Some(past) => {
                (past.until, past.least, past.most) = (now, past.least.min(before), past.most.max(before));
            }
            None => self.past.push(Past { from: now, until: now, least: before, most: before }),
        }
    }

    /// The lowest (for a way up) or highest (for a way down) wish of a window, and when that will be another one, if it
    /// is not the present wish.
    pub(super) fn stabilized(
        &self,
        way: Direction,
        wish: i64,
        window: Duration,
        now: Timestamp,
    ) -> (i64, Option<Timestamp>) {
        let value = |past: &Past| if way == Direction::Up { past.least } else { past.most };
        let within = || self.past.iter().filter(|past| object::after(past.until, window) > now);
        let kept = within().map(value).fold(wish, |kept, value| match way {
            Direction::Up => kept.min(value),
            Direction::Down => kept.max(value),
        });
        let keepers = within().filter(|past| kept != wish && value(past) == kept);
        let until = keepers.map(|past| object::after(past.until, window)).max();
        (kept, until)
    }

    /// The present number is `current`: whether a step that was asked for is seen for the first time. One that was not
    /// taken is forgotten.
    pub(super) fn observe(&mut self, current: i64, now: Timestamp) -> Option<Step> {
        self.steps.retain(|step| object::after(step.at, PERIOD_MAX) > now);
        let last = self.steps.last_mut().filter(|step| !step.is_done)?;
        if last.from == current && last.to != current {
            self.steps.pop();
            return None;
        }
        last.is_done = true;
        Some(*last)
    }

    /// Asks for a change.
    pub(super) fn step(&mut self, from: i64, to: i64, now: Timestamp) {
        if self.steps.len() == STEPS_MAX {
            let oldest = self.steps.remove(0);
            // As if the two had been one, at the later's time: never quicker than they were.
            self.steps[0].from += oldest.from - oldest.to;
        }
        self.steps.push(Step { at: now, from, to, is_done: false });
    }

    /// By how much the number has changed in one direction within the last `period`.
    pub(super) fn changed(&self, way: Direction, period: Duration, now: Timestamp) -> i64 {
        let within = self.steps.iter().filter(|step| object::after(step.at, period) > now);
        let by = within.map(|step| match way {
            Direction::Up => step.to - step.from,
            Direction::Down => step.from - step.to,
        });
        by.filter(|by| *by > 0).sum()
    }

    /// When the first of the changes within the last `period` will be longer ago than that.
    pub(super) fn next_end(&self, period: Duration, now: Timestamp) -> Option<Timestamp> {
        self.steps.iter().map(|step| object::after(step.at, period)).find(|end| *end > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    // C62
    #[test]
    fn a_wish_holds_until_the_next_and_counts_until_its_window_has_passed() {
        let mut scaling = Scaling::default();
        scaling.wish(5, 2, at(0));
        scaling.wish(1, 5, at(100));
        let down = |scaling: &Scaling, second| scaling.stabilized(Direction::Down, 1, seconds(60), at(second));
        assert_eq!(down(&scaling, 100), (5, Some(at(160))));
        assert_eq!(down(&scaling, 159), (5, Some(at(160))));
        assert_eq!(down(&scaling, 160), (1, None));
        let up = scaling.stabilized(Direction::Up, 1, Duration::ZERO, at(100));
        assert_eq!(up, (1, None), "no window");
        let mut first = Scaling::default();
        first.wish(1, 4, at(0));
        assert_eq!(down(&first, 10), (4, Some(at(60))), "the present number counts as a wish");
    }

    #[test]
    fn many_wishes_are_remembered_by_their_bounds() {
        let mut scaling = Scaling::default();
        for second in 0..100_000 {
            scaling.wish(second % 7, 0, at(second));
        }
        assert!(scaling.past.len() <= 721, "{}", scaling.past.len());
        let (now, window) = (at(100_000), seconds(300));
        assert_eq!(scaling.stabilized(Direction::Down, 3, window, now).0, 6);
        assert_eq!(scaling.stabilized(Direction::Up, 3, window, now).0, 0);
    }

    #[test]
    fn a_step_counts_once_it_was_seen() {
        let mut scaling = Scaling::default();
        scaling.step(2, 6, at(0));
        assert_eq!(scaling.observe(2, at(1)), None, "it was not taken");
        assert_eq!(scaling.changed(Direction::Up, seconds(15), at(1)), 0);
        scaling.step(2, 6, at(2));
        assert_eq!(scaling.observe(6, at(3)).map(|step| step.at), Some(at(2)));
        assert_eq!(scaling.observe(6, at(4)), None, "once");
        scaling.step(6, 5, at(5));
        let changed = |way, second| scaling.changed(way, seconds(15), at(second));
        assert_eq!((changed(Direction::Up, 10), changed(Direction::Down, 10)), (4, 1));
        assert_eq!((changed(Direction::Up, 17), changed(Direction::Down, 17)), (0, 1));
        assert_eq!(scaling.next_end(seconds(15), at(10)), Some(at(17)));
    }

    #[test]
    fn steps_are_bounded_and_add_up() {
        let mut scaling = Scaling::default();
        for n in 0..1_000 {
            scaling.step(n, n + 1, at(n));
            scaling.observe(n + 1, at(n));
        }
        assert_eq!(scaling.steps.len(), STEPS_MAX);
        assert_eq!(scaling.changed(Direction::Up, PERIOD_MAX, at(1_000)), 1_000);
    }
}
