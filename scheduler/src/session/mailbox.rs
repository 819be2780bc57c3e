//! What a host has reported and nobody has committed yet: the newest status of each Pod.
//!
//! Reports arrive as fast as the host likes; the committer takes all at once. A newer report replaces an
//! older one of the same Pod, so the mailbox is bounded by the Pods of the Node, and a slow store makes
//! reports coarser, never the session slower.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use protocol::v1::{PodStatus, PodStatuses};
use tokio::sync::Notify;

/// Reports on their way from the reader to the committer.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    pending: Mutex<Pending>,
    arrived: Notify,
}

/// Everything that has arrived since the last taking.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) statuses: BTreeMap<String, PodStatus>,
    /// The highest sequence among them: committing all acknowledges it.
    pub(super) sequence: u64,
}

impl Mailbox {
    /// Adds a batch. `known` says which UIDs are Pods of this Node now; others are late and dropped (C8).
    pub(super) fn put(&self, batch: PodStatuses, known: impl Fn(&str) -> bool) {
        {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.sequence = pending.sequence.max(batch.sequence);
            for mut status in batch.statuses.into_iter().filter(|status| known(&status.uid)) {
                // That a Pod has stopped is said once and stays true.
                status.stopped |= pending.statuses.get(&status.uid).is_some_and(|before| before.stopped);
                pending.statuses.insert(status.uid.clone(), status);
            }
        }
        self.arrived.notify_one();
    }

    /// Waits for reports and takes all of them.
    pub(super) async fn take(&self) -> Pending {
        loop {
            let taken = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
            if taken.sequence > 0 {
                return taken;
            }
            self.arrived.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(uid: &str, json: &'static str, stopped: bool) -> PodStatus {
        PodStatus { uid: uid.to_owned(), status_json: json.into(), stopped, ..PodStatus::default() }
    }

    // C8
    #[tokio::test]
    async fn the_newest_report_of_each_known_pod_is_taken() {
        let mailbox = Mailbox::default();
        let known = |uid: &str| uid != "gone";
        mailbox.put(
            PodStatuses { sequence: 1, statuses: vec![status("a", "1", true), status("gone", "1", false)] },
            known,
        );
        mailbox
            .put(PodStatuses { sequence: 2, statuses: vec![status("a", "2", false), status("b", "1", false)] }, known);
        let taken = mailbox.take().await;
        assert_eq!(taken.sequence, 2);
        assert_eq!(taken.statuses.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(&*taken.statuses["a"].status_json, b"2");
        assert!(taken.statuses["a"].stopped, "a stop is not forgotten");
        mailbox.put(PodStatuses { sequence: 3, statuses: vec![status("gone", "1", false)] }, known);
        assert_eq!(mailbox.take().await.sequence, 3, "a batch of late reports is acknowledged all the same");
    }
}
