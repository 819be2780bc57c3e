//! How often an address may show credentials that are wrong (F86). Pure.
//!
//! What is counted are different ones: whoever guesses sends many, and a program whose token has expired sends the
//! same one for ever and must not lock its neighbours out. A credential that was good a while ago may always be shown.
//! Secrets have 256 bits, so guessing is hopeless anyway; this keeps the attempts from costing us.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Different wrong credentials an address may show within [`WINDOW`]: a dozen programs with stale tokens.
pub(super) const WRONG_MAX: usize = 20;
/// After this long an address begins anew.
pub(super) const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered. When there are more, all others are limited as one until the window ends.
const ADDRESSES_MAX: usize = 4096;
/// Good credentials that are remembered; when there are more, the memory begins anew.
const GOOD_MAX: usize = 16_384;

/// A hash of a credential; not enough to find it.
pub(super) type Print = u64;

#[derive(Debug)]
struct Wrong {
    prints: BTreeSet<Print>,
    began: Instant,
}

/// Who failed lately.
#[derive(Debug, Default)]
pub(super) struct Failures {
    wrong: BTreeMap<IpAddr, Wrong>,
    good: BTreeSet<Print>,
    swept: Option<Instant>,
}

impl Failures {
    /// Whether an address may have a credential looked at.
    pub(super) fn may_try(&mut self, from: Option<IpAddr>, print: Print, now: Instant) -> bool {
        let Some(from) = from else { return true };
        if self.good.contains(&print) {
            return true;
        }
        self.sweep(now);
        match self.wrong.get(&from) {
            Some(wrong) if now.duration_since(wrong.began) < WINDOW => {
                wrong.prints.len() < WRONG_MAX || wrong.prints.contains(&print)
            }
            Some(_) => true,
            None => self.wrong.len() < ADDRESSES_MAX,
        }
    }

    /// Takes note of a credential that is wrong, and good no more if it ever was.
    pub(super) fn failed(&mut self, from: Option<IpAddr>, print: Print, now: Instant) {
        self.good.remove(&print);
        let Some(from) = from else { return };
        let fresh = || Wrong { prints: BTreeSet::new(), began: now };
        let wrong = self.wrong.entry(from).or_insert_with(fresh);
        if now.duration_since(wrong.began) >= WINDOW {
            *wrong = fresh();
        }
        if wrong.prints.len() < WRONG_MAX {
            wrong.prints.insert(print);
        }
    }

    /// Takes note of a credential that is good.
    pub(super) fn succeeded(&mut self, print: Print) {
        if self.good.len() >= GOOD_MAX {
            self.good.clear();
        }
        self.good.insert(print);
    }

    /// Forgets what is past, at most once in a window: looking at all for every request would be worth an attack.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_none_or(|swept| now.duration_since(swept) >= WINDOW) {
            self.wrong.retain(|_, wrong| now.duration_since(wrong.began) < WINDOW);
            self.swept = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> Option<IpAddr> {
        Some(IpAddr::from(n.to_be_bytes()))
    }

    // F86
    #[test]
    fn an_address_that_guesses_waits_and_nobody_else_does() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        failures.succeeded(7777);
        for print in 0..WRONG_MAX as u64 {
            assert!(failures.may_try(address(1), print, now));
            failures.failed(address(1), print, now);
        }
        assert!(!failures.may_try(address(1), 999, now), "another guess");
        assert!(failures.may_try(address(1), 3, now), "the same wrong one costs nothing");
        assert!(failures.may_try(address(1), 7777, now), "one that was good");
        assert!(failures.may_try(address(2), 999, now) && failures.may_try(None, 999, now));
        failures.failed(address(1), 7777, now);
        assert!(!failures.may_try(address(1), 7777, now), "revoked is not good any more");
        assert!(failures.may_try(address(1), 999, now + WINDOW));
    }

    #[test]
    fn a_stale_token_in_a_loop_locks_nobody_out() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        for _ in 0..10_000 {
            failures.failed(address(1), 5, now);
        }
        assert!(failures.may_try(address(1), 6, now));
    }

    #[test]
    fn memory_is_bounded() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        for n in 0..u32::try_from(ADDRESSES_MAX).expect("fits") {
            assert!(failures.may_try(address(n), 1, now));
            failures.failed(address(n), 1, now);
        }
        assert!(!failures.may_try(address(u32::MAX), 1, now));
        assert!(failures.may_try(address(u32::MAX), 1, now + WINDOW));
        (0..2 * GOOD_MAX as u64).for_each(|print| failures.succeeded(print));
        assert!(failures.good.len() <= GOOD_MAX);
    }
}
