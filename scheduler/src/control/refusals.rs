//! Owners whose objects are refused, and when they may ask again. Pure.
//!
//! A controller is asked on every change, and a wish that cannot be granted would be made each time: thousands
//! of refused writes a minute in a busy cluster. So each owner waits by itself, later and later, and holds up
//! nobody else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// First wait of an owner.
const WAIT_FIRST: Duration = Duration::from_secs(1);
/// Longest wait: what refuses (a webhook, a quota) is mended by people.
const WAIT_LAST: Duration = Duration::from_secs(30);
/// How long after its wait an owner is remembered, so that the next refusal doubles it.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Owners that are remembered; with more of them the whole cluster is refused, and all are forgotten.
const OWNERS_MAX: usize = 4096;

/// Who waits, by UID of the owner.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    owners: BTreeMap<String, Waiting>,
}

#[derive(Debug, Clone)]
struct Waiting {
    until: Instant,
    wait: Duration,
    why: String,
}

impl Refusals {
    /// Whether an owner's objects may be tried.
    pub(super) fn may_try(&self, owner: &str, now: Instant) -> bool {
        self.owners.get(owner).is_none_or(|waiting| waiting.until <= now)
    }

    /// Some of its objects were refused.
    pub(super) fn refused(&mut self, owner: &str, why: &str, now: Instant) {
        self.owners.retain(|_, waiting| now < waiting.until + REMEMBERED);
        if self.owners.len() >= OWNERS_MAX {
            self.owners.clear();
        }
        let wait = self.owners.get(owner).map_or(WAIT_FIRST, |waiting| (waiting.wait * 2).min(WAIT_LAST));
        self.owners.insert(owner.to_owned(), Waiting { until: now + wait, wait, why: why.to_owned() });
    }

    /// Why each of them was refused.
    pub(super) fn reasons(&self) -> BTreeMap<String, String> {
        self.owners.iter().map(|(owner, waiting)| (owner.clone(), waiting.why.clone())).collect()
    }

    /// All of its objects were taken.
    pub(super) fn taken(&mut self, owner: &str) {
        self.owners.remove(owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_waits_longer_each_time_and_others_do_not() {
        let (mut refusals, mut now) = (Refusals::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..7 {
            refusals.refused("web", "no", now);
            assert!(!refusals.may_try("web", now) && refusals.may_try("other", now));
            let start = now;
            while !refusals.may_try("web", now) {
                now += Duration::from_secs(1);
            }
            waits.push(now.duration_since(start).as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        refusals.taken("web");
        refusals.refused("web", "no", now);
        assert!(refusals.may_try("web", now + WAIT_FIRST), "success begins anew");
        (0..2 * OWNERS_MAX).for_each(|n| refusals.refused(&n.to_string(), "no", now));
        assert!(refusals.owners.len() <= OWNERS_MAX);
    }
}
