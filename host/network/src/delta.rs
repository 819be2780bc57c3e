//! What the control plane tells a proxy, as plain data: the content of the host protocol's `Routes`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A change of the routing table. Services not named stay as they are, unless `complete`.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// Which state of the cluster this brings the table to.
    pub revision: u64,
    /// This delta is the whole truth: what it does not name is gone.
    pub complete: bool,
    /// New and changed Services, each whole.
    pub services: Vec<Service>,
    /// Services that are gone.
    pub removed: Vec<ServiceName>,
    /// All other hosts; `None` leaves them as they were.
    pub peers: Option<Vec<Peer>>,
}

impl Delta {
    /// Adds `later`, so that a host which fell behind applies many deltas as one.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        if later.complete {
            return Self { peers: later.peers.or(self.peers), ..later };
        }
        let mut services: BTreeMap<_, _> = self.services.into_iter().map(|s| (s.name.clone(), s)).collect();
        let mut removed: std::collections::BTreeSet<_> = self.removed.into_iter().collect();
        for name in later.removed {
            services.remove(&name);
            removed.insert(name);
        }
        for service in later.services {
            services.insert(service.name.clone(), service);
        }
        Self {
            revision: later.revision,
            complete: self.complete,
            services: services.into_values().collect(),
            removed: removed.into_iter().collect(),
            peers: later.peers.or(self.peers),
        }
    }
}

/// A Service's identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceName {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl ServiceName {
    /// The Service `name` in `namespace`.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A Service with everything a proxy needs of it.
#[derive(Debug, Clone)]
pub struct Service {
    /// Who it is.
    pub name: ServiceName,
    /// Its address inside the cluster; `None` for a headless Service.
    pub cluster_ip: Option<IpAddr>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// One port of a Service.
#[derive(Debug, Clone)]
pub struct ServicePort {
    /// Its name; empty if the Service has one port and did not name it.
    pub name: String,
    /// The port clients inside the cluster use.
    pub port: u16,
    /// The port on every Node, if the Service has one.
    pub node_port: Option<u16>,
    /// Who answers now. One without a Pod behind it is never picked: an address in a hand-made EndpointSlice would
    /// otherwise reach anything.
    pub endpoints: Vec<Endpoint>,
}

/// A Pod's port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The Pod.
    pub pod_uid: Arc<str>,
    /// Its name, for messages.
    pub pod_name: Arc<str>,
    /// Its address.
    pub ip: IpAddr,
    /// The port the Pod answers on.
    pub port: u16,
    /// The Node it runs on.
    pub node_name: Arc<str>,
}

/// Another host's proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The Node; also the name its certificate must carry.
    pub node_name: Arc<str>,
    /// Where its mutual-TLS listener is.
    pub address: SocketAddr,
    /// Whether the control plane hears from it.
    pub reachable: bool,
}
