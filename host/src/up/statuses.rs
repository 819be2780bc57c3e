//! Statuses on their way: the latest of each Pod, in one batch at a time, until acknowledged.
//!
//! Pure. A batch leaves as soon as the one before it was acknowledged: under load batches grow by
//! themselves, and an idle host's status leaves at once.

use std::collections::BTreeMap;

use protocol::MESSAGE_BYTES_MAX;
use protocol::v1::{PodStatus, PodStatuses};

use crate::desired::Uid;

/// Bytes of a batch: a quarter of what a message may hold, so that no one Pod waits for megabytes.
const BATCH_BYTES_MAX: usize = MESSAGE_BYTES_MAX / 4;
/// Statuses of a batch: the server commits a batch together, and a commit has 128 operations.
const BATCH_STATUSES_MAX: usize = 128;

/// Statuses that the control plane has not acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Statuses {
    pending: BTreeMap<Uid, (u64, PodStatus)>,
    in_flight: Option<(u64, Vec<(Uid, u64)>)>,
    version: u64,
    sequence: u64,
}

impl Statuses {
    /// Replaces whatever was to be told about this Pod.
    pub(crate) fn put(&mut self, uid: Uid, status: PodStatus) {
        self.version += 1;
        self.pending.insert(uid, (self.version, status));
    }

    /// The Pod is gone from the API; nobody wants to know any more.
    pub(crate) fn forget(&mut self, uid: &str) {
        self.pending.remove(uid);
    }

    /// The next batch, unless one is under way or nothing waits.
    pub(crate) fn next(&mut self) -> Option<PodStatuses> {
        if self.in_flight.is_some() || self.pending.is_empty() {
            return None;
        }
        let (mut statuses, mut versions, mut bytes) = (Vec::new(), Vec::new(), 0);
        for (uid, (version, status)) in &self.pending {
            bytes += status.status_json.len() + status.name.len() + status.namespace.len() + uid.len();
            if statuses.len() == BATCH_STATUSES_MAX || (bytes > BATCH_BYTES_MAX && !statuses.is_empty()) {
                break;
            }
            statuses.push(status.clone());
            versions.push((uid.clone(), *version));
        }
        self.sequence += 1;
        self.in_flight = Some((self.sequence, versions));
        Some(PodStatuses { sequence: self.sequence, statuses })
    }

    /// A batch was committed; what changed since then still waits.
    pub(crate) fn committed(&mut self, sequence: u64) {
        let Some((_, versions)) = self.in_flight.take_if(|(in_flight, _)| *in_flight == sequence) else { return };
        for (uid, version) in versions {
            if self.pending.get(&uid).is_some_and(|(latest, _)| *latest == version) {
                self.pending.remove(&uid);
            }
        }
    }

    /// The session is lost, and with it the hope for an acknowledgement.
    pub(crate) fn lost(&mut self) {
        self.in_flight = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: &str, bytes: usize) -> PodStatus {
        PodStatus { name: name.to_owned(), status_json: vec![b'x'; bytes].into(), ..PodStatus::default() }
    }

    fn names(batch: Option<PodStatuses>) -> (u64, String) {
        let batch = batch.expect("there is a batch");
        (batch.sequence, batch.statuses.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn only_the_latest_counts_and_stays_until_acknowledged() {
        let mut statuses = Statuses::default();
        assert!(statuses.next().is_none());
        statuses.put("a".into(), status("a1", 1));
        statuses.put("a".into(), status("a2", 1));
        assert_eq!(names(statuses.next()), (1, "a2".to_owned()));
        statuses.put("a".into(), status("a3", 1));
        statuses.put("b".into(), status("b1", 1));
        assert!(statuses.next().is_none(), "one batch at a time");
        statuses.committed(99);
        assert!(statuses.next().is_none(), "another's acknowledgement");
        statuses.committed(1);
        assert_eq!(names(statuses.next()), (2, "a3 b1".to_owned()));
        statuses.lost();
        statuses.forget("a");
        assert_eq!(names(statuses.next()), (3, "b1".to_owned()), "told again in the next session");
        statuses.committed(3);
        assert!(statuses.next().is_none());
    }

    #[test]
    fn batches_are_bounded() {
        let mut statuses = Statuses::default();
        for n in 0..200_u32 {
            statuses.put(format!("{n:03}").as_str().into(), status("s", 10));
        }
        assert_eq!(statuses.next().expect("a batch").statuses.len(), BATCH_STATUSES_MAX);
        let mut statuses = Statuses::default();
        for n in 0..3 {
            statuses.put(format!("{n}").as_str().into(), status("s", BATCH_BYTES_MAX * 2 / 3));
        }
        assert_eq!(statuses.next().expect("a batch").statuses.len(), 1);
    }
}
