//! Which happenings become objects, which raise a count, which are too many. Pure.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{About, Happening};

/// Happenings of one object that may come at once; Kubernetes' burst.
const BURST: u32 = 25;
/// After which one more may come; Kubernetes' rate.
const REFILL_EVERY: Duration = Duration::from_secs(300);
/// How long a repeat counts as one; Kubernetes' interval.
const SAME_WITHIN: Duration = Duration::from_secs(600);
/// Kinds of happening that are remembered. When there are more, the older half is forgotten and
/// their next repeat is a new object.
const REMEMBERED_MAX: usize = 4096;

/// What to do with a happening.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Too many.
    Drop,
    /// It is new.
    Create { name: String },
    /// It happened before.
    Count { name: String, count: u32 },
}

type Key = (About, &'static str, String, String);

#[derive(Debug)]
struct Known {
    name: String,
    count: u32,
    last: Instant,
}

#[derive(Debug)]
struct Bucket {
    tokens: u32,
    filled: Instant,
}

/// What happened lately.
#[derive(Debug)]
pub(super) struct Aggregate {
    known: BTreeMap<Key, Known>,
    buckets: BTreeMap<String, Bucket>,
    sequence: u64,
}

impl Aggregate {
    /// Names are numbered from `first`, which must rise across restarts.
    pub(super) fn new(first: u64) -> Self {
        Self { known: BTreeMap::new(), buckets: BTreeMap::new(), sequence: first }
    }

    /// Adds a happening at `now`.
    pub(super) fn add(&mut self, happening: &Happening, now: Instant) -> Step {
        self.forget(now);
        if !self.admit(&happening.about.uid, now) {
            return Step::Drop;
        }
        let key = (happening.about.clone(), happening.kind, happening.reason.clone(), happening.message.clone());
        match self.known.get_mut(&key) {
            Some(known) if now.duration_since(known.last) < SAME_WITHIN => {
                known.count = known.count.saturating_add(happening.count);
                known.last = now;
                Step::Count { name: known.name.clone(), count: known.count }
            }
            _ => {
                let name = self.name(&happening.about);
                self.known.insert(key, Known { name: name.clone(), count: happening.count, last: now });
                Step::Create { name }
            }
        }
    }

    fn name(&mut self, about: &About) -> String {
        self.sequence += 1;
        let base: String = about.name.name.chars().take(200).collect();
        format!("{}.{:x}", base.trim_end_matches(['.', '-']), self.sequence)
    }

    fn admit(&mut self, uid: &str, now: Instant) -> bool {
        let bucket = self.buckets.entry(uid.to_owned()).or_insert(Bucket { tokens: BURST, filled: now });
        let refills = now.duration_since(bucket.filled).as_secs() / REFILL_EVERY.as_secs();
        if refills > 0 {
            bucket.tokens = bucket.tokens.saturating_add(u32::try_from(refills).unwrap_or(BURST)).min(BURST);
            bucket.filled = now;
        }
        let admitted = bucket.tokens > 0;
        bucket.tokens = bucket.tokens.saturating_sub(1);
        admitted
    }

    fn forget(&mut self, now: Instant) {
        if self.known.len() >= REMEMBERED_MAX {
            let mut times: Vec<_> = self.known.values().map(|known| known.last).collect();
            times.sort();
            let middle = times[times.len() / 2];
            self.known.retain(|_, known| known.last > middle);
        }
        if self.buckets.len() >= REMEMBERED_MAX {
            self.buckets.retain(|_, bucket| now.duration_since(bucket.filled) < SAME_WITHIN && bucket.tokens < BURST);
        }
        if self.buckets.len() >= REMEMBERED_MAX {
            self.buckets.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::NamespacedName;
    use api::resource::PODS;

    fn happening(uid: &str, message: &str) -> Happening {
        Happening {
            about: About { resource: &PODS, name: NamespacedName::new("n", "p"), uid: uid.to_owned() },
            kind: "Warning",
            reason: "Trap".to_owned(),
            message: message.to_owned(),
            component: "host",
            host: String::new(),
            count: 2,
        }
    }

    #[test]
    fn repeats_count_and_storms_are_cut() {
        let (mut aggregate, now) = (Aggregate::new(1), Instant::now());
        let Step::Create { name } = aggregate.add(&happening("u", "a"), now) else { panic!("is new") };
        assert!(name.starts_with("p."));
        assert_eq!(aggregate.add(&happening("u", "a"), now), Step::Count { name: name.clone(), count: 4 });
        let Step::Create { name: other } = aggregate.add(&happening("u", "b"), now) else { panic!("is new") };
        assert_ne!(name, other);
        let admitted = (0..100).filter(|_| aggregate.add(&happening("u", "a"), now) != Step::Drop).count();
        assert_eq!(admitted, 22, "a burst of 25, three of which are gone");
        assert_ne!(aggregate.add(&happening("v", "a"), now), Step::Drop, "others are not cut");
        let later = now + REFILL_EVERY * 2;
        assert!(matches!(aggregate.add(&happening("u", "a"), later), Step::Create { .. }), "a new day");
    }

    #[test]
    fn memory_is_bounded() {
        let (mut aggregate, now) = (Aggregate::new(1), Instant::now());
        for n in 0..3 * REMEMBERED_MAX {
            aggregate.add(&happening(&n.to_string(), "a"), now);
        }
        assert!(aggregate.known.len() <= REMEMBERED_MAX && aggregate.buckets.len() <= REMEMBERED_MAX);
    }
}
