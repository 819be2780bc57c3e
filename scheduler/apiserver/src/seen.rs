//! How far a follower of the store has come, and waiting until it has come far enough: who has just written something
//! that others go by is answered when it counts.

use std::sync::Arc;
use std::time::Duration;

use api::Resource;
use store::Revision;
use tokio::sync::{Notify, watch};

/// How often a waiter asks anew whether the store has moved without touching the resource.
const ASK_AGAIN: Duration = Duration::from_millis(5);
/// How long an answer to a write is held back until the write counts. Longer means that something is wrong, and the
/// write has been done.
const SETTLE_MAX: Duration = Duration::from_secs(2);

/// How far one resource has been followed, for who waits.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) resource: &'static Resource,
    revision: watch::Receiver<Revision>,
    ask: Arc<Notify>,
}

/// The same, for who follows.
pub(crate) struct Teller {
    revision: watch::Sender<Revision>,
    ask: Arc<Notify>,
}

/// Both ends, for a resource that was read at a revision.
pub(crate) fn pair(resource: &'static Resource, revision: Revision) -> (Teller, Seen) {
    let (sender, receiver) = watch::channel(revision);
    let ask = Arc::new(Notify::new());
    (Teller { revision: sender, ask: ask.clone() }, Seen { resource, revision: receiver, ask })
}

impl Seen {
    /// Waits until everything up to a revision counts, for a bounded time.
    pub(crate) async fn reach(&self, revision: Revision) {
        let mut seen = self.revision.clone();
        let reached = async {
            while tokio::time::timeout(ASK_AGAIN, seen.wait_for(|seen| *seen >= revision)).await.is_err() {
                self.ask.notify_one();
            }
        };
        if tokio::time::timeout(SETTLE_MAX, reached).await.is_err() {
            tracing::warn!(resource = self.resource.plural, revision, "what was written does not count yet");
        }
    }
}

impl Teller {
    /// Everything up to a revision counts.
    pub(crate) fn tell(&self, revision: Revision) {
        self.revision.send_replace(revision);
    }

    /// Returns when somebody waits.
    pub(crate) async fn asked(&self) {
        self.ask.notified().await;
    }
}
