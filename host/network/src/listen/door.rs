//! A door: one listening socket on one lane, with where it leads and how many are inside.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::drain::Drain;
use crate::lane::Lane;
use crate::limits::Limits;
use crate::metrics::count;
use crate::route::Target;

pub(super) struct Door {
    target: Target,
    /// Where connections lead that outlive the door's address.
    afterwards: OnceLock<Target>,
    pub(super) drain: Drain,
    inside: AtomicUsize,
}

impl Door {
    pub(super) fn new(target: Target) -> Self {
        Self { target, afterwards: OnceLock::new(), drain: Drain::default(), inside: AtomicUsize::new(0) }
    }

    /// Where a request that comes in now is to go.
    pub(super) fn target(&self) -> &Target {
        self.afterwards.get().unwrap_or(&self.target)
    }

    /// Accepts no more, and lets connections end with their next response. They lead to `afterwards`, if given.
    pub(super) fn close(&self, afterwards: Option<Target>) {
        if let Some(target) = afterwards {
            // Closing twice changes nothing.
            drop(self.afterwards.set(target));
        }
        self.drain.begin();
    }
}

/// A connection's place among those a lane and a door have room for.
pub(super) struct Place {
    lane: Arc<Lane>,
    door: Arc<Door>,
}

impl Place {
    /// Takes a place, if there is one.
    pub(super) fn take(lane: &Arc<Lane>, door: &Arc<Door>) -> Option<Self> {
        let Limits { connections_max, connections_per_listener_max, .. } = lane.shared.limits;
        let open = usize::try_from(lane.counters.connections.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let inside = door.inside.load(Ordering::Relaxed);
        if open >= connections_max || inside >= connections_per_listener_max {
            count(&lane.counters.connections_refused);
            return None;
        }
        lane.counters.connections.fetch_add(1, Ordering::Relaxed);
        door.inside.fetch_add(1, Ordering::Relaxed);
        Some(Self { lane: lane.clone(), door: door.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lane.counters.connections.fetch_sub(1, Ordering::Relaxed);
        self.door.inside.fetch_sub(1, Ordering::Relaxed);
    }
}
