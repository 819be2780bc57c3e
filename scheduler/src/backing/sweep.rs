//! Deletes what namespaces have kept that exist no more.
//!
//! It compares what there is with what there should be, at the start and whenever a namespace goes, so that a crash
//! between a namespace's end and that of its data leaves nothing for ever.

use std::collections::BTreeSet;
use std::time::Duration;

use api::resource::NAMESPACES;
use backing::{Error, Namespace};
use tokio_util::sync::CancellationToken;

use super::Stores;
use crate::cache::{Cache, View};

/// When a sweep that failed is tried again: a Redis that was away is back by then, or not for long.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Sweeps until shutdown.
pub(crate) struct Sweep {
    cache: Cache,
    stores: Stores,
}

impl Sweep {
    pub(crate) fn new(cache: Cache, stores: Stores) -> Self {
        Self { cache, stores }
    }

    pub(crate) async fn run(self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.keep()).await;
    }

    async fn keep(&self) {
        let mut views = self.cache.subscribe();
        let mut swept: Option<BTreeSet<String>> = None;
        loop {
            let there = existing(&views.borrow_and_update());
            let is_due = |swept: &BTreeSet<String>| there.as_ref().is_some_and(|there| !swept.is_subset(there));
            if let Some(there) = there.clone().filter(|_| swept.as_ref().is_none_or(is_due)) {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "what namespaces that are gone have kept is not deleted yet");
                    tokio::time::sleep(RETRY_AFTER).await;
                    continue;
                }
                swept = Some(there);
            } else if let (Some(swept), Some(there)) = (&mut swept, there) {
                swept.extend(there);
            }
            if views.changed().await.is_err() {
                return;
            }
        }
    }

    /// What is kept is listed before it is seen who there is: a namespace keeps nothing before it is seen.
    async fn sweep(&self) -> Result<(), Error> {
        let kept = self.stores.keyvalue.namespaces().await?;
        for uid in self.gone(kept) {
            self.stores.keyvalue.forget(&uid).await?;
            tracing::info!(%uid, "deleted the key-value data of a namespace that is gone");
        }
        let kept = self.stores.blobs.namespaces().await?;
        for uid in self.gone(kept) {
            self.stores.blobs.forget(&uid).await?;
            tracing::info!(%uid, "deleted the blobs of a namespace that is gone");
        }
        Ok(())
    }
}

impl Sweep {
    /// Those of `kept` that exist no more; none while that is not known of all.
    fn gone(&self, kept: Vec<Namespace>) -> Vec<Namespace> {
        let Some(there) = existing(&self.cache.view()) else { return Vec::new() };
        kept.into_iter().filter(|uid| !there.contains(uid.as_str())).collect()
    }
}

/// The UIDs of the namespaces there are; `None` while one cannot be read, which is not gone.
fn existing(view: &View) -> Option<BTreeSet<String>> {
    let unreadable = view.unreadable.iter().any(|(resource, _)| **resource == NAMESPACES);
    let uids = view.namespaces.values().filter_map(|namespace| namespace.metadata.uid.clone());
    (!unreadable).then(|| uids.collect())
}
