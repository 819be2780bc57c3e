//! How much each namespace keeps: counted once from what lies there, then kept in step.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::TryStreamExt;
use object_store::ObjectStore;

use super::{failed, path};
use crate::limits::BLOB_OVERHEAD_BYTES;
use crate::{Error, Namespace};

/// The counts. Cheap to clone.
#[derive(Clone)]
pub(super) struct Usage {
    store: Arc<dyn ObjectStore>,
    max: u64,
    counts: Arc<Mutex<HashMap<Namespace, u64>>>,
}

/// What a blob of this size counts.
pub(super) fn cost(size: u64) -> u64 {
    size.saturating_add(BLOB_OVERHEAD_BYTES)
}

impl Usage {
    pub(super) fn new(store: Arc<dyn ObjectStore>, max: u64) -> Self {
        Self { store, max, counts: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Namespace, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that a namespace is counted. Call it with the namespace's lock held, before anything else here.
    pub(super) async fn count(&self, namespace: &Namespace) -> Result<(), Error> {
        if self.lock().contains_key(namespace) {
            return Ok(());
        }
        let all = self.store.list(Some(&path::namespace(namespace)?));
        let bytes = all.try_fold(0_u64, async |sum, meta| Ok(sum.saturating_add(cost(meta.size)))).await;
        let bytes = bytes.map_err(failed)?;
        self.lock().insert(namespace.clone(), bytes);
        Ok(())
    }

    /// Sets bytes aside, if there are so many left. They count until the reservation goes or is kept.
    pub(super) fn reserve(&self, namespace: &Namespace, bytes: u64) -> Result<Reservation, Error> {
        let mut reservation = Reservation { usage: self.clone(), namespace: namespace.clone(), bytes: 0 };
        reservation.extend(bytes)?;
        Ok(reservation)
    }

    /// Gives bytes back.
    pub(super) fn release(&self, namespace: &Namespace, bytes: u64) {
        if let Some(count) = self.lock().get_mut(namespace) {
            *count = count.saturating_sub(bytes);
        }
    }

    /// Nothing is left of a namespace.
    pub(super) fn forget(&self, namespace: &Namespace) {
        self.lock().remove(namespace);
    }
}

/// Bytes set aside.
pub(super) struct Reservation {
    usage: Usage,
    namespace: Namespace,
    bytes: u64,
}

impl Reservation {
    pub(super) fn extend(&mut self, bytes: u64) -> Result<(), Error> {
        let mut counts = self.usage.lock();
        let count = counts.entry(self.namespace.clone()).or_default();
        let wanted = count.saturating_add(bytes);
        if wanted > self.usage.max {
            return Err(Error::Quota(format!(
                "the blobs of namespace {} may have {} bytes, and this write would make it {wanted}; delete some",
                self.namespace, self.usage.max
            )));
        }
        *count = wanted;
        self.bytes += bytes;
        Ok(())
    }

    /// They are used.
    pub(super) fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.usage.release(&self.namespace, self.bytes);
    }
}
