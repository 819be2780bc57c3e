//! What holds a guest back that computes for long: its workload's ceiling, and among the burners its share.

use std::pin::Pin;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use tokio::time::{Sleep, sleep};

use crate::settings::{CEILING_WINDOW, TICK};
use crate::shares::Part;
use crate::workload::Shared;

/// The most CPU that a workload may have, whatever is free: `millis` thousandths of one.
///
/// It is a bucket of computing time that fills at that rate, up to what it may have in a [`CEILING_WINDOW`]. A turn may
/// overdraw it, and what is owed is waited for; so over some windows it has what it may have and no more.
pub(crate) struct Ceiling {
    millis: u32,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    /// Nanoseconds of computing. Below zero they are owed.
    left: i64,
    /// As of then.
    at: Instant,
}

impl Ceiling {
    pub(crate) fn new(millis: u32, now: Instant) -> Self {
        let millis = millis.max(1);
        Self { millis, bucket: Mutex::new(Bucket { left: window_nanos(millis), at: now }) }
    }

    /// It has computed for so long.
    pub(crate) fn charge(&self, time: Duration, now: Instant) {
        let mut bucket = self.filled(now);
        bucket.left = bucket.left.saturating_sub(nanos(time));
    }

    /// How long it must wait before it computes again; none if it may at once.
    fn pause(&self, now: Instant) -> Option<Duration> {
        let owed = self.filled(now).left.checked_neg().filter(|owed| *owed >= 0)?;
        let pause = u64::try_from(owed).unwrap_or(0).saturating_add(1).saturating_mul(1_000) / u64::from(self.millis);
        // Shorter pauses would be as long: the runtime's timer counts milliseconds.
        Some(Duration::from_nanos(pause).max(TICK))
    }

    /// The bucket as it is now.
    fn filled(&self, now: Instant) -> std::sync::MutexGuard<'_, Bucket> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = nanos(now.saturating_duration_since(bucket.at));
        let more = (i128::from(passed) * i128::from(self.millis) / 1_000).try_into().unwrap_or(i64::MAX);
        bucket.left = bucket.left.saturating_add(more).min(window_nanos(self.millis));
        bucket.at = bucket.at.max(now);
        bucket
    }
}

fn window_nanos(millis: u32) -> i64 {
    (nanos(CEILING_WINDOW) / 1_000).saturating_mul(millis.into())
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// Holds one request's guest back while its workload is over its ceiling. A new one is needed on another runtime.
#[derive(Default)]
pub(crate) struct Hold(Option<Pin<Box<Sleep>>>);

impl Hold {
    /// Whether the guest has to wait; then the task is woken for another look.
    pub(crate) fn holds(&mut self, shared: &Shared, cx: &mut Context<'_>) -> bool {
        let Some(ceiling) = &shared.ceiling else { return false };
        while let Some(pause) = ceiling.pause(Instant::now()) {
            let timer = self.0.get_or_insert_with(|| Box::pin(sleep(pause)));
            timer.as_mut().reset(tokio::time::Instant::now() + pause);
            if timer.poll_unpin(cx).is_pending() {
                return true;
            }
        }
        false
    }
}

/// The pace of one request's guest among the burners, where workloads share the CPU by their weight.
pub(crate) struct Pace<'s> {
    part: Part<'s>,
    /// Whether it waits for the others to catch up.
    ahead: bool,
    pause: Pin<Box<Sleep>>,
}

impl<'s> Pace<'s> {
    pub(crate) fn new(shared: &'s Shared) -> Self {
        let part = shared.engine.shares().part(shared.id, shared.config.cpu_weight);
        Self { part, ahead: false, pause: Box::pin(sleep(Duration::ZERO)) }
    }

    /// Whether it is the guest's turn; if not, the task is woken for another look.
    pub(crate) fn may_go(&mut self, cx: &mut Context<'_>) -> bool {
        while self.ahead {
            if self.pause.poll_unpin(cx).is_pending() {
                return false;
            }
            self.ahead = self.part.is_ahead();
            self.wait_a_tick();
        }
        true
    }

    /// The guest had a turn of so long, which was cut short or at whose end it waits.
    pub(crate) fn turned(&mut self, turn: Duration, cut_short: bool, cx: &mut Context<'_>) {
        self.ahead = self.part.computed(turn, cut_short);
        if self.ahead {
            self.wait_a_tick();
            // Heard by the timer, as nobody else wakes it.
            self.ahead = matches!(self.pause.poll_unpin(cx), Poll::Pending);
        }
    }

    fn wait_a_tick(&mut self) {
        self.pause.as_mut().reset(tokio::time::Instant::now() + TICK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computes in turns of two ticks whenever it may, for ten seconds; returns how long it computed.
    fn spun(millis: u32) -> Duration {
        let begin = Instant::now();
        let ceiling = Ceiling::new(millis, begin);
        let (mut now, mut had) = (begin, Duration::ZERO);
        while now < begin + Duration::from_secs(10) {
            match ceiling.pause(now) {
                Some(pause) => now += pause,
                None => {
                    now += 2 * TICK;
                    had += 2 * TICK;
                    ceiling.charge(2 * TICK, now);
                }
            }
        }
        had
    }

    // C70
    #[test]
    fn who_spins_gets_its_ceiling_and_no_more() {
        for millis in [1, 10, 100, 500, 900] {
            let most = Duration::from_millis(10) * millis;
            let had = spun(millis);
            let window = CEILING_WINDOW / 1_000 * millis;
            assert!(
                had <= most + window + 3 * TICK && had + window + 3 * TICK >= most,
                "{millis}: {had:?} of {most:?}"
            );
        }
        assert!(spun(1_000) >= Duration::from_secs(10), "one thread cannot have more than a CPU");
    }

    #[test]
    fn nothing_is_saved_up_beyond_a_window() {
        let begin = Instant::now();
        let ceiling = Ceiling::new(500, begin);
        let later = begin + Duration::from_secs(60);
        assert_eq!(ceiling.pause(later), None);
        ceiling.charge(CEILING_WINDOW / 2, later);
        assert!(ceiling.pause(later).is_some());
        // What several threads owe together is waited for.
        ceiling.charge(CEILING_WINDOW, later);
        assert!(ceiling.pause(later + CEILING_WINDOW).is_some());
        assert_eq!(ceiling.pause(later + 3 * CEILING_WINDOW), None);
    }
}
