//! How many requests are inside a Pod, on average over time: what autoscalers go by.
//!
//! A look at the count now and then would miss what comes between the looks, so time is summed up: an entry takes the
//! time at which it happens from the sum, an exit adds it. With `n` inside, `sum + n * now` is the time that all
//! requests so far have spent inside. Sum and number share one word, so that no reader sees one without the other.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bits of the sum, in microseconds. It wraps; only differences count, and those of many years fit.
const SUM_BITS: u32 = 48;
const SUM_MASK: u64 = (1 << SUM_BITS) - 1;
/// Most requests that are told apart; more than any Pod is given, so that an overflow has to be invented first.
const INSIDE_MAX: u64 = (1 << (u64::BITS - SUM_BITS)) - 1;

/// The average of one Pod.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    word: AtomicU64,
    /// Time spent inside when somebody last asked; written by that one alone.
    told: AtomicU64,
}

/// Number and sum.
fn parts(word: u64) -> (u64, u64) {
    (word >> SUM_BITS, word & SUM_MASK)
}

fn word(inside: u64, sum: u64) -> u64 {
    inside << SUM_BITS | sum & SUM_MASK
}

/// Microseconds since this process first asked.
fn now_micros() -> u64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGIN.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Gauge {
    /// A request comes in.
    pub(super) fn enter(&self) {
        self.enter_at(now_micros());
    }

    /// A request goes out.
    pub(super) fn leave(&self) {
        self.leave_at(now_micros());
    }

    /// Thousandths of a request inside, on average over `window`: the time since this was last asked, or that part of
    /// it in which anyone was inside.
    pub(super) fn take_average_milli(&self, window: Duration) -> u64 {
        self.take_average_milli_at(now_micros(), window)
    }

    fn enter_at(&self, now: u64) {
        self.change(|inside, sum| word((inside + 1).min(INSIDE_MAX), sum.wrapping_sub(now)));
    }

    fn leave_at(&self, now: u64) {
        self.change(|inside, sum| word(inside.saturating_sub(1), sum.wrapping_add(now)));
    }

    fn change(&self, to: impl Fn(u64, u64) -> u64) {
        let change = |word| {
            let (inside, sum) = parts(word);
            Some(to(inside, sum))
        };
        let _it_never_refuses = self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
    }

    fn take_average_milli_at(&self, now: u64, window: Duration) -> u64 {
        let (inside, sum) = parts(self.word.load(Ordering::Acquire));
        let spent = sum.wrapping_add(inside.wrapping_mul(now)) & SUM_MASK;
        let before = self.told.swap(spent, Ordering::Relaxed);
        let passed = u64::try_from(window.as_micros()).unwrap_or(u64::MAX).max(1);
        (spent.wrapping_sub(before) & SUM_MASK).saturating_mul(1000) / passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_micros(100);

    #[test]
    fn what_is_inside_counts_by_its_time() {
        let gauge = Gauge::default();
        gauge.enter_at(0);
        gauge.leave_at(50);
        assert_eq!(gauge.take_average_milli_at(100, WINDOW), 500, "one for half of the time");
        gauge.enter_at(100);
        gauge.enter_at(150);
        assert_eq!(gauge.take_average_milli_at(200, WINDOW), 1500, "also while they are inside");
        assert_eq!(gauge.take_average_milli_at(300, WINDOW), 2000);
        gauge.leave_at(300);
        gauge.leave_at(300);
        assert_eq!(gauge.take_average_milli_at(400, WINDOW), 0);
        gauge.enter_at(90_000);
        assert_eq!(gauge.take_average_milli_at(90_050, WINDOW), 500, "also after a long pause");
    }

    #[test]
    fn a_long_life_changes_nothing() {
        let (gauge, late) = (Gauge::default(), (1 << 50) + 12_345);
        gauge.enter_at(late);
        gauge.take_average_milli_at(late, WINDOW);
        gauge.enter_at(late + 100);
        gauge.leave_at(late + 150);
        assert_eq!(gauge.take_average_milli_at(late + 150, WINDOW), 2000);
    }

    #[test]
    fn entries_and_exits_of_many_threads_add_up() {
        let gauge = Gauge::default();
        let pass = |at| {
            gauge.enter_at(at);
            gauge.leave_at(at + 1);
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(pass));
            }
        });
        assert_eq!(parts(gauge.word.load(Ordering::Acquire)), (0, 4_000));
    }
}
