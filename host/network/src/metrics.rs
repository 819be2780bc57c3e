//! What the proxy counts, as a plain snapshot. Counting itself is done per request runtime, without sharing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

use crate::balance::Rotation;
use crate::delta::ServiceName;
use crate::route::{Backend, Table};

/// Everything counted since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Per Service port. A Service that is gone is no longer here.
    pub services: Vec<ServiceMetrics>,
    /// Requests to Pods' own addresses.
    pub pods: PathMetrics,
    /// Requests other hosts sent to Pods here.
    pub from_peers: PathMetrics,
    /// Calls to other hosts.
    pub peers: PeerMetrics,
    /// Open connections of clients.
    pub connections: u64,
    /// Connections of clients refused because of a bound.
    pub connections_refused: u64,
    /// Requests refused before they were routed: malformed, upgrades.
    pub refused: u64,
    /// Requests of guests within the cluster that may not be sent. Those to the outside are counted by `egress`.
    pub denied: u64,
}

/// One Service port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceMetrics {
    /// The Service.
    pub service: ServiceName,
    /// Its port.
    pub port: u16,
    /// Its requests.
    pub path: PathMetrics,
}

/// Requests on one path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PathMetrics {
    /// Responses by class: 1xx, 2xx, 3xx, 4xx, 5xx.
    pub responses: [u64; 5],
    /// Requests whose response has not begun.
    pub in_flight: u64,
}

/// Calls to other hosts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeerMetrics {
    /// Requests sent again to another endpoint, for whatever reason.
    pub retries: u64,
    /// Endpoints that said they are gone, here or elsewhere.
    pub gone: u64,
    /// Connections opened.
    pub dialled: u64,
    /// Connections that could not be opened.
    pub unreachable: u64,
    /// Calls whose connection broke before the response.
    pub broken: u64,
}

/// Counters of one path on one request runtime.
///
/// Aligned so that two runtimes' counters never lie in one cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct PathCounters {
    responses: [AtomicU64; 5],
    in_flight: AtomicU64,
}

impl PathCounters {
    pub(crate) fn add_to(&self, sum: &mut PathMetrics) {
        for (sum, count) in sum.responses.iter_mut().zip(&self.responses) {
            *sum += count.load(Ordering::Relaxed);
        }
        sum.in_flight += self.in_flight.load(Ordering::Relaxed);
    }
}

/// One request, counted as in flight until dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<PathCounters>);

impl InFlight {
    pub(crate) fn begin(path: Arc<PathCounters>) -> Self {
        path.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(path)
    }

    /// The response has begun.
    pub(crate) fn answered(self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.0.responses[class].fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What one request runtime has of a Service port: whose turn it is, and its counters.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) rotation: Rotation,
    pub(crate) path: Arc<PathCounters>,
}

impl Share {
    pub(crate) fn new(node_name: &str, lane: usize) -> Self {
        Self { rotation: Rotation::new(node_name, lane), path: Arc::default() }
    }
}

/// What one request runtime counts besides paths.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct LaneCounters {
    pub(crate) connections: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) denied: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) gone: AtomicU64,
    pub(crate) dialled: AtomicU64,
    pub(crate) unreachable: AtomicU64,
    pub(crate) broken: AtomicU64,
}

/// Adds one to a counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl LaneCounters {
    pub(crate) fn add_to(&self, sum: &mut Metrics) {
        for (sum, counter) in [
            (&mut sum.connections, &self.connections),
            (&mut sum.connections_refused, &self.connections_refused),
            (&mut sum.refused, &self.refused),
            (&mut sum.denied, &self.denied),
            (&mut sum.peers.retries, &self.retries),
            (&mut sum.peers.gone, &self.gone),
            (&mut sum.peers.dialled, &self.dialled),
            (&mut sum.peers.unreachable, &self.unreachable),
            (&mut sum.peers.broken, &self.broken),
        ] {
            *sum += counter.load(Ordering::Relaxed);
        }
    }
}

impl Metrics {
    /// The Service ports of `table`, summed over request runtimes.
    pub(crate) fn of_services(table: &Table) -> Vec<ServiceMetrics> {
        let sum = |backend: &Backend| {
            let mut path = PathMetrics::default();
            backend.shares.iter().for_each(|share| share.path.add_to(&mut path));
            ServiceMetrics { service: backend.service.clone(), port: backend.port, path }
        };
        table.backends().into_iter().map(|backend| sum(backend)).collect()
    }
}
