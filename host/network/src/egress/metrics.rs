//! What is counted of requests to the outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Everything counted since the start, all Pods together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EgressMetrics {
    /// Requests.
    pub requests: u64,
    /// Those the filter refused.
    pub denied: u64,
    /// Those that got no response for another reason: no address, no connection, no room, no time.
    pub failed: u64,
    /// Names looked up.
    pub lookups: u64,
    /// Connections opened.
    pub dialled: u64,
    /// Connections open now.
    pub connections: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) requests: AtomicU64,
    pub(super) denied: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) lookups: AtomicU64,
    pub(super) dialled: AtomicU64,
    pub(super) connections: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> EgressMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EgressMetrics {
            requests: read(&self.requests),
            denied: read(&self.denied),
            failed: read(&self.failed),
            lookups: read(&self.lookups),
            dialled: read(&self.dialled),
            connections: read(&self.connections),
        }
    }
}

/// One open connection, counted until dropped.
#[derive(Debug)]
pub(super) struct Open(Arc<Counters>);

impl Open {
    pub(super) fn count(counters: &Arc<Counters>) -> Self {
        counters.dialled.fetch_add(1, Ordering::Relaxed);
        counters.connections.fetch_add(1, Ordering::Relaxed);
        Self(counters.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
