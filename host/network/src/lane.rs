//! A lane: one request runtime's own part of the proxy.
//!
//! Whatever a request touches belongs to the lane it runs on, or is read only: turns, counters, connections to other
//! hosts, the retry budget. What all lanes share ([`Shared`]) changes rarely.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits::Limits;
use crate::local::LocalPods;
use crate::metrics::{LaneCounters, PathCounters};
use crate::peer::{Credentials, Links};
use crate::retry::Budget;
use crate::route::Table;

/// What all lanes read.
pub(crate) struct Shared {
    pub(crate) table: ArcSwap<Table>,
    pub(crate) local: Arc<dyn LocalPods>,
    pub(crate) limits: Limits,
    pub(crate) credentials: ArcSwap<Credentials>,
    /// Every task of the proxy, so that shutdown can wait for them.
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// One request runtime's own part.
pub(crate) struct Lane {
    pub(crate) index: usize,
    pub(crate) handle: Handle,
    pub(crate) shared: Arc<Shared>,
    pub(crate) links: Links,
    pub(crate) budget: Budget,
    pub(crate) counters: LaneCounters,
    pub(crate) to_pods: Arc<PathCounters>,
    pub(crate) from_peers: Arc<PathCounters>,
}

impl Lane {
    pub(crate) fn new(index: usize, handle: Handle, shared: Arc<Shared>) -> Self {
        Self {
            index,
            handle,
            shared,
            links: Links::default(),
            budget: Budget::new(),
            counters: LaneCounters::default(),
            to_pods: Arc::default(),
            from_peers: Arc::default(),
        }
    }

    /// Runs `task` on this lane, known to shutdown.
    pub(crate) fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // Nobody joins a single task: the tracker waits for all of them.
        drop(self.shared.tasks.spawn_on(task, &self.handle));
    }
}
