//! What the proxy counts, as a plain snapshot. Counting itself is done per request runtime, without sharing.

use crate::delta::ServiceName;

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
    /// Outgoing requests of guests refused by the egress filter.
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
    /// Requests whose response has not ended.
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
