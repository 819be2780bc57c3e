//! Making Pods for an owner: how many at once, whose turn it is, and when a failed one is replaced.

use std::time::Duration;

use api::NamespacedName;
use api::core::Pod;
use api::resource::PODS;
use jiff::Timestamp;
use serde_json::Value;

use crate::{Action, Guard, Objects, object, pod};

/// Pods created in the first batch of an owner. If they are refused (a quota, say), no more than these are
/// tried per round; each batch that succeeds triples what there is.
const FIRST_BATCH: i32 = 32;
/// A Pod that failed sooner than this after it was made would fail again at once.
const LIVED: Duration = Duration::from_secs(60);
/// Wait before such a Pod makes room for its successor (C40's first wait): a Node that rejects a Pod must not
/// get thousands of them (F30).
const FAILED_KEPT: Duration = Duration::from_secs(10);

/// How many of `missing` Pods an owner that has `active` ones makes now; none if none are missing.
pub(crate) fn batch(missing: i32, active: i32) -> i32 {
    missing.min(FIRST_BATCH.max(active.saturating_mul(2))).max(0)
}

/// Owners by name, beginning elsewhere in each decision, so that refused Pods of one never starve the others.
pub(crate) fn in_turn<T>(objects: &Objects<T>, seed: u64) -> impl Iterator<Item = (&NamespacedName, &T)> {
    let start = usize::try_from(seed % (objects.len().max(1) as u64)).unwrap_or(0);
    objects.iter().skip(start).chain(objects.iter().take(start)).map(|(name, object)| (name, &**object))
}

/// Creates the Pod of a manifest under a name.
pub(crate) fn pod(namespace: &str, name: &str, mut manifest: Value, guard: Option<Guard>) -> Action {
    manifest["metadata"]["name"] = Value::String(name.to_owned());
    Action::Create { resource: &PODS, namespace: namespace.to_owned(), object: manifest, guard }
}

/// When a Pod that has ended, although it never should, is removed for a successor.
pub(crate) fn replaced_at(pod: &Pod) -> Timestamp {
    let (made, failed) = (object::created(&pod.metadata), pod::failed_at(pod));
    if failed < object::after(made, LIVED) { object::after(failed, FAILED_KEPT) } else { failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_triples_what_there_is_and_never_exceeds_what_is_missing() {
        for (missing, active, wanted) in [(5, 0, 5), (100, 0, 32), (100, 32, 64), (10, 32, 10), (-3, 9, 0)] {
            assert_eq!(batch(missing, active), wanted, "{missing} missing beside {active}");
        }
    }
}
