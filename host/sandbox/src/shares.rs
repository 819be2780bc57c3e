//! Shares of the burners: workloads that compute at the same time get CPU by their weight, however many requests each
//! has.
//!
//! Every workload has a virtual time, which runs the slower the more it weighs, as in the Linux scheduler (CFS). One that
//! is ahead of the others by more than a slice pauses until they have caught up. One that waits for something else has
//! nothing to catch up with: it does not count, and when it computes again it begins where the others are, so that
//! nobody saves time up. A workload alone never pauses.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How far one may be ahead: a few turns, so that most of them need no pause.
const AHEAD_MAX: Duration = Duration::from_millis(4);
thread_local! {
    /// Whether the guest that was last at work on this thread had to give way.
    static CUT_SHORT: Cell<bool> = const { Cell::new(false) };
}

/// A tick has come, and the guest at work on this thread gives way: it has more to compute.
pub(crate) fn cut_short() {
    CUT_SHORT.set(true);
}

/// A guest begins a turn on this thread.
pub(crate) fn begin_turn() {
    CUT_SHORT.set(false);
}

/// Whether the turn that has just ended was cut short; otherwise the guest waits for something.
pub(crate) fn was_cut_short() -> bool {
    CUT_SHORT.get()
}

/// What a workload weighs that says nothing.
pub(crate) const WEIGHT_DEFAULT: u32 = 100;

/// Who computes, and how much they had.
#[derive(Default)]
pub(crate) struct Shares(Mutex<HashMap<u64, Share>>);

#[derive(Clone, Copy)]
struct Share {
    /// In nanoseconds of a workload that weighs [`WEIGHT_DEFAULT`].
    time: u64,
    /// Requests of it that compute.
    computing: usize,
}

/// One request's part in its workload's share. It counts while it computes, and no longer than it lives.
pub(crate) struct Part<'s> {
    shares: &'s Shares,
    workload: u64,
    weight: u32,
    counts: bool,
}

impl Shares {
    pub(crate) fn part(&self, workload: u64, weight: u32) -> Part<'_> {
        Part { shares: self, workload, weight: weight.max(1), counts: false }
    }

    /// Held for a handful of additions.
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Share>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part<'_> {
    /// A turn has ended after so long, because it was cut short or because the guest waits. Whether the request should
    /// pause before its next.
    pub(crate) fn computed(&mut self, turn: Duration, cut_short: bool) -> bool {
        if !cut_short {
            self.withdraw();
            return false;
        }
        let mut shares = self.shares.lock();
        let least = shares.values().map(|share| share.time).min().unwrap_or(0);
        let share = shares.entry(self.workload).or_insert(Share { time: least, computing: 0 });
        share.computing += usize::from(!self.counts);
        self.counts = true;
        let nanos = u64::try_from(turn.as_nanos()).unwrap_or(u64::MAX);
        share.time = share.time.saturating_add(nanos.saturating_mul(WEIGHT_DEFAULT.into()) / u64::from(self.weight));
        is_ahead(&shares, self.workload)
    }

    /// Whether it is still ahead.
    pub(crate) fn is_ahead(&self) -> bool {
        self.counts && is_ahead(&self.shares.lock(), self.workload)
    }

    fn withdraw(&mut self) {
        if !std::mem::take(&mut self.counts) {
            return;
        }
        let mut shares = self.shares.lock();
        if let Some(share) = shares.get_mut(&self.workload) {
            share.computing = share.computing.saturating_sub(1);
            if share.computing == 0 {
                shares.remove(&self.workload);
            }
        }
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.withdraw();
    }
}

fn is_ahead(shares: &HashMap<u64, Share>, workload: u64) -> bool {
    let least = shares.values().map(|share| share.time).min().unwrap_or(0);
    let ahead = u64::try_from(AHEAD_MAX.as_nanos()).unwrap_or(u64::MAX);
    shares.get(&workload).is_some_and(|share| share.time > least.saturating_add(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: Duration = Duration::from_millis(1);

    /// Gives a CPU to whoever may run, in turn, for so many turns; returns what each part had.
    fn run(parts: &mut [Part<'_>], turns: usize) -> Vec<usize> {
        let mut had = vec![0; parts.len()];
        for turn in 0..turns {
            let ready = (0..parts.len()).map(|step| (turn + step) % parts.len()).find(|at| !parts[*at].is_ahead());
            let at = ready.expect("somebody may always run");
            parts[at].computed(TURN, true);
            had[at] += 1;
        }
        had
    }

    // C70, F38
    #[test]
    fn a_workload_of_many_requests_gets_no_more_than_one_of_few() {
        let shares = Shares::default();
        let mut parts: Vec<_> = (0..8).map(|_| shares.part(1, 100)).chain([shares.part(2, 100)]).collect();
        let had = run(&mut parts, 1_000);
        let (many, few) = (had[..8].iter().sum::<usize>(), had[8]);
        assert!(many.abs_diff(few) <= 20, "{many} and {few}");
    }

    #[test]
    fn shares_follow_weights() {
        let shares = Shares::default();
        let mut parts = [shares.part(1, 300), shares.part(2, 100)];
        let had = run(&mut parts, 1_000);
        assert!(had[0].abs_diff(750) <= 20, "{had:?}");
    }

    #[test]
    fn who_is_alone_never_pauses_and_who_waits_saves_nothing_up() {
        let shares = Shares::default();
        let mut alone = shares.part(1, 1);
        assert!((0..1_000).all(|_| !alone.computed(TURN, true)));
        let mut late = shares.part(2, 100);
        assert!(!late.computed(TURN, true) && !alone.is_ahead(), "the late one begins where the other is");
        assert!(!late.computed(TURN, false), "it waits for something");
        assert!((0..100).all(|_| !alone.computed(TURN, true)), "and holds nobody up meanwhile");
        drop(late);
        drop(alone);
        assert!(shares.lock().is_empty());
    }
}
