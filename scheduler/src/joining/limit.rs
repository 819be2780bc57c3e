//! How often an address may fail to join (F86). Pure.
//!
//! Secrets have 160 bits, so guessing is hopeless anyway; this keeps the attempts from costing us.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Failures an address may have within [`WINDOW`]: a person who pastes wrongly a few times.
const FAILURES_MAX: u32 = 10;
/// After this long an address begins anew.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered. When there are more, all are limited as one until the window ends.
const ADDRESSES_MAX: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    began: Instant,
}

/// Who failed lately.
#[derive(Debug, Default)]
pub(super) struct Limit {
    failures: BTreeMap<IpAddr, Failures>,
}

impl Limit {
    /// Whether an address may try.
    pub(super) fn may_try(&mut self, from: Option<IpAddr>, now: Instant) -> bool {
        let Some(from) = from else { return true };
        self.failures.retain(|_, failures| now.duration_since(failures.began) < WINDOW);
        match self.failures.get(&from) {
            Some(failures) => failures.count < FAILURES_MAX,
            None => self.failures.len() < ADDRESSES_MAX,
        }
    }

    /// Takes note of a failure.
    pub(super) fn failed(&mut self, from: Option<IpAddr>, now: Instant) {
        let Some(from) = from else { return };
        let failures = self.failures.entry(from).or_insert(Failures { count: 0, began: now });
        failures.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F86
    #[test]
    fn an_address_that_fails_often_waits() {
        let (mut limit, now) = (Limit::default(), Instant::now());
        let (a, b) = (Some(IpAddr::from([10, 0, 0, 1])), Some(IpAddr::from([10, 0, 0, 2])));
        for _ in 0..FAILURES_MAX {
            assert!(limit.may_try(a, now));
            limit.failed(a, now);
        }
        assert!(!limit.may_try(a, now));
        assert!(limit.may_try(b, now) && limit.may_try(None, now));
        assert!(limit.may_try(a, now + WINDOW));
    }

    #[test]
    fn memory_is_bounded() {
        let (mut limit, now) = (Limit::default(), Instant::now());
        for n in 0..u32::try_from(ADDRESSES_MAX).expect("fits") {
            limit.failed(Some(IpAddr::from(n.to_be_bytes())), now);
        }
        assert!(!limit.may_try(Some(IpAddr::from([255, 255, 255, 255])), now));
    }
}
