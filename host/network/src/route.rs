//! The routing table: which endpoints answer for a Service, a cluster IP, a Node port or a Pod's address.
//!
//! Pure: a table never changes, [`Table::apply`] makes the next one, and what did not change is shared between them.
//! What outlives a table is the share each request runtime has in a Service port: whose turn it is, and what was
//! counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::balance::Ring;
use crate::delta::{Delta, Endpoint, Peer, Service, ServiceName, ServicePort};
use crate::metrics::Share;
use crate::name::PodName;

/// Which endpoints answer where.
#[derive(Debug, Clone)]
pub struct Table {
    revision: u64,
    node_name: Arc<str>,
    lanes: usize,
    /// By namespace, then name. A namespace is copied only when one of its Services changes.
    services: HashMap<Arc<str>, Arc<Namespace>>,
    /// Every claim of a Service port has a holder: the one that has had it longest.
    held: HashMap<Claim, Arc<Backend>>,
    pods: HashMap<IpAddr, PodAddress>,
    peers: Arc<HashMap<Arc<str>, Peer>>,
    /// Rises when the addresses to listen on may have changed.
    addresses_version: u64,
}

/// The Services of one namespace, by name.
type Namespace = HashMap<Arc<str>, Arc<Entry>>;

#[derive(Debug)]
struct Entry {
    backends: Vec<Arc<Backend>>,
}

/// One port of a Service: who answers, and the shares of the request runtimes.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) service: ServiceName,
    pub(crate) port: u16,
    node_port: Option<u16>,
    cluster_ip: Option<IpAddr>,
    pub(crate) ring: Ring,
    pub(crate) shares: Arc<[Arc<Share>]>,
}

/// An address of which a Service port may have one and no other can have it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Claim {
    NodePort { port: u16 },
    ClusterIp { ip: IpAddr, port: u16 },
}

impl Backend {
    fn claims(&self) -> impl Iterator<Item = Claim> + use<> {
        let cluster_ip = self.cluster_ip.map(|ip| Claim::ClusterIp { ip, port: self.port });
        self.node_port.map(|port| Claim::NodePort { port }).into_iter().chain(cluster_ip)
    }
}

/// A Pod known by its address, from the endpoints that name it.
#[derive(Debug, Clone)]
pub(crate) struct PodAddress {
    pub(crate) uid: Arc<str>,
    pub(crate) node_name: Arc<str>,
    pub(crate) local: bool,
    mentions: usize,
}

/// Where a request is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A port of this Node.
    NodePort { port: u16 },
    /// A Service's address.
    ClusterIp { ip: IpAddr, port: u16 },
    /// A Service by name.
    Service { name: ServiceName, port: u16 },
    /// A Pod of this host.
    Pod { uid: Arc<str>, port: u16 },
    /// A Pod anywhere, by its address.
    PodIp { ip: IpAddr, port: u16 },
}

/// An address the proxy should listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) at: SocketAddr,
    pub(crate) target: Target,
    /// The Service port behind it now: connections that outlive the address go on reaching it.
    pub(crate) service: Target,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodePort { port } => write!(f, "Node port {port}"),
            Self::ClusterIp { ip, port } => write!(f, "cluster IP {}", SocketAddr::new(*ip, *port)),
            Self::Service { name, port } => write!(f, "Service {name} port {port}"),
            Self::Pod { uid, port } => write!(f, "Pod {uid} port {port}"),
            Self::PodIp { ip, port } => write!(f, "Pod address {}", SocketAddr::new(*ip, *port)),
        }
    }
}

impl Table {
    /// An empty table of the Node `node_name`, for `lanes` request runtimes.
    #[must_use]
    pub fn new(node_name: &str, lanes: usize) -> Self {
        Self {
            revision: 0,
            node_name: node_name.into(),
            lanes,
            services: HashMap::new(),
            held: HashMap::new(),
            pods: HashMap::new(),
            peers: Arc::default(),
            addresses_version: 0,
        }
    }

    /// The state of the cluster this table shows.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The table after `delta`.
    ///
    /// If two Services ask for one Node port or address, the one that has it keeps it, and the other gets it when that
    /// one lets go of it.
    #[must_use]
    pub fn apply(&self, delta: Delta) -> Self {
        let mut next = self.clone();
        next.revision = delta.revision;
        let fresh: BTreeMap<_, _> = delta.services.into_iter().map(|s| (s.name.clone(), s)).collect();
        let mut before = BTreeMap::new();
        let mut freed = Vec::new();
        let gone: Vec<ServiceName> = if delta.complete { self.names().collect() } else { delta.removed };
        for name in gone.iter().chain(fresh.keys()) {
            if let Some(entry) = next.take_out(name, &mut freed) {
                before.insert(name.clone(), entry);
            }
        }
        let names: Vec<ServiceName> = fresh.keys().cloned().collect();
        for service in fresh.into_values() {
            let before = before.remove(&service.name);
            next.put_in(service, before.as_deref());
        }
        next.settle(freed, &names);
        next.addresses_version += u64::from(!before.is_empty());
        if let Some(peers) = delta.peers {
            next.peers = Arc::new(peers.into_iter().map(|peer| (peer.node_name.clone(), peer)).collect());
        }
        next
    }

    fn take_out(&mut self, name: &ServiceName, freed: &mut Vec<(Claim, ServiceName)>) -> Option<Arc<Entry>> {
        let namespace = self.services.get_mut(&name.namespace)?;
        let entry = Arc::make_mut(namespace).remove(&name.name)?;
        if namespace.is_empty() {
            self.services.remove(&name.namespace);
        }
        for backend in &entry.backends {
            for claim in backend.claims() {
                if self.held.get(&claim).is_some_and(|held| Arc::ptr_eq(held, backend)) {
                    self.held.remove(&claim);
                    freed.push((claim, name.clone()));
                }
            }
            for spot in backend.ring.spots() {
                self.forget_pod(&spot.endpoint);
            }
        }
        Some(entry)
    }

    fn put_in(&mut self, service: Service, before: Option<&Entry>) {
        let Service { name, cluster_ip, ports } = service;
        let earlier = |port: u16| before.and_then(|entry| entry.backends.iter().find(|b| b.port == port));
        let backends: Vec<Arc<Backend>> =
            ports.into_iter().map(|port| self.backend(&name, cluster_ip, earlier(port.port), port)).collect();
        let addresses =
            |list: &[Arc<Backend>]| -> Vec<_> { list.iter().map(|b| (b.port, b.node_port, b.cluster_ip)).collect() };
        if before.map(|entry| addresses(&entry.backends)) != Some(addresses(&backends)) {
            self.addresses_version += 1;
        }
        for spot in backends.iter().flat_map(|backend| backend.ring.spots()) {
            self.remember_pod(&spot.endpoint);
        }
        let namespace = self.services.entry(name.namespace).or_default();
        Arc::make_mut(namespace).insert(name.name, Arc::new(Entry { backends }));
    }

    /// Gives every claim a holder again: of the `freed` ones the Service that had it, if it still claims it. No other
    /// claims are without than those and the ones of the Services that are `fresh`.
    fn settle(&mut self, freed: Vec<(Claim, ServiceName)>, fresh: &[ServiceName]) {
        let mut vacant = false;
        for (claim, name) in freed {
            let again = self.entry(&name).and_then(|it| it.backends.iter().find(|b| b.claims().any(|c| c == claim)));
            match again.cloned() {
                Some(backend) => drop(self.held.insert(claim, backend)),
                None => vacant = true,
            }
        }
        let claimants: Vec<Arc<Backend>> = if vacant {
            self.addresses_version += 1;
            self.backends().into_iter().cloned().collect()
        } else {
            fresh.iter().filter_map(|name| self.entry(name)).flat_map(|entry| &entry.backends).cloned().collect()
        };
        for backend in claimants {
            for claim in backend.claims() {
                self.held.entry(claim).or_insert_with(|| backend.clone());
            }
        }
    }

    fn entry(&self, name: &ServiceName) -> Option<&Arc<Entry>> {
        self.services.get(&name.namespace)?.get(&name.name)
    }

    fn backend(
        &self,
        service: &ServiceName,
        cluster_ip: Option<IpAddr>,
        before: Option<&Arc<Backend>>,
        port: ServicePort,
    ) -> Arc<Backend> {
        let fresh = || (0..self.lanes).map(|lane| Arc::new(Share::new(&self.node_name, lane))).collect();
        Arc::new(Backend {
            service: service.clone(),
            port: port.port,
            node_port: port.node_port.filter(|port| *port != 0),
            cluster_ip,
            ring: Ring::new(port.endpoints, &self.node_name),
            shares: before.map_or_else(fresh, |before| before.shares.clone()),
        })
    }

    fn remember_pod(&mut self, endpoint: &Endpoint) {
        let known = self.pods.get_mut(&endpoint.ip).filter(|pod| pod.uid == endpoint.pod_uid);
        if let Some(pod) = known {
            pod.mentions += 1;
            return;
        }
        // If the address had another Pod, mentions of that one are on their way out.
        let local = endpoint.node_name == self.node_name;
        let (uid, node_name) = (endpoint.pod_uid.clone(), endpoint.node_name.clone());
        self.pods.insert(endpoint.ip, PodAddress { uid, node_name, local, mentions: 1 });
    }

    fn forget_pod(&mut self, endpoint: &Endpoint) {
        let Some(pod) = self.pods.get_mut(&endpoint.ip).filter(|pod| pod.uid == endpoint.pod_uid) else { return };
        pod.mentions = pod.mentions.saturating_sub(1);
        if pod.mentions == 0 {
            self.pods.remove(&endpoint.ip);
        }
    }

    fn names(&self) -> impl Iterator<Item = ServiceName> {
        self.services.iter().flat_map(|(namespace, entries)| {
            entries.keys().map(|name| ServiceName { namespace: namespace.clone(), name: name.clone() })
        })
    }

    /// Who answers for `target`; Pods are not looked up here.
    pub(crate) fn backend_of(&self, target: &Target) -> Option<&Arc<Backend>> {
        match target {
            Target::NodePort { port } => self.held.get(&Claim::NodePort { port: *port }),
            Target::ClusterIp { ip, port } => self.cluster_ip(*ip, *port),
            Target::Service { name, port } => self.service_port(&name.namespace, &name.name, *port),
            Target::Pod { .. } | Target::PodIp { .. } => None,
        }
    }

    /// The port `port` of a Service.
    pub(crate) fn service_port(&self, namespace: &str, name: &str, port: u16) -> Option<&Arc<Backend>> {
        self.services.get(namespace)?.get(name)?.backends.iter().find(|backend| backend.port == port)
    }

    pub(crate) fn has_service(&self, namespace: &str, name: &str) -> bool {
        self.services.get(namespace).is_some_and(|entries| entries.contains_key(name))
    }

    /// The addresses of a Service, each once.
    pub(crate) fn cluster_ips(&self, namespace: &str, name: &str) -> Vec<IpAddr> {
        let entry = self.services.get(namespace).and_then(|entries| entries.get(name));
        let ips: BTreeSet<IpAddr> = entry.iter().flat_map(|e| &e.backends).filter_map(|b| b.cluster_ip).collect();
        ips.into_iter().collect()
    }

    /// The address of a Pod by its name below a Service without an address of its own.
    pub(crate) fn pod_named(&self, wanted: PodName<'_>) -> Option<IpAddr> {
        let entry = self.services.get(wanted.namespace)?.get(wanted.service)?;
        let headless = entry.backends.iter().filter(|backend| backend.cluster_ip.is_none());
        let mut endpoints = headless.flat_map(|backend| backend.ring.spots()).map(|spot| &spot.endpoint);
        endpoints.find(|endpoint| &*endpoint.pod_name == wanted.pod).map(|endpoint| endpoint.ip)
    }

    pub(crate) fn cluster_ip(&self, ip: IpAddr, port: u16) -> Option<&Arc<Backend>> {
        self.held.get(&Claim::ClusterIp { ip, port })
    }

    pub(crate) fn pod(&self, ip: IpAddr) -> Option<&PodAddress> {
        self.pods.get(&ip)
    }

    /// Whether `ip` is the address of a Service, a Pod or a Node.
    pub(crate) fn owns(&self, ip: IpAddr) -> bool {
        self.pods.contains_key(&ip)
            || self.peers.values().any(|peer| peer.address.ip() == ip)
            || self.held.keys().any(|claim| matches!(claim, Claim::ClusterIp { ip: it, .. } if *it == ip))
    }

    pub(crate) fn peer(&self, node_name: &str) -> Option<&Peer> {
        self.peers.get(node_name)
    }

    pub(crate) fn addresses_version(&self) -> u64 {
        self.addresses_version
    }

    /// Every Service port, in order of name.
    pub(crate) fn backends(&self) -> Vec<&Arc<Backend>> {
        let mut all: Vec<_> =
            self.services.values().flat_map(|entries| entries.values().flat_map(|e| &e.backends)).collect();
        all.sort_by_key(|backend| (backend.service.clone(), backend.port));
        all
    }

    /// Where the proxy should listen: Node ports on `node_ip`, Services on their own addresses.
    pub(crate) fn addresses(&self, node_ip: IpAddr) -> Vec<Address> {
        let address = |(claim, backend): (&Claim, &Arc<Backend>)| {
            let (at, target) = match *claim {
                Claim::NodePort { port } => (SocketAddr::new(node_ip, port), Target::NodePort { port }),
                Claim::ClusterIp { ip, port } => (SocketAddr::new(ip, port), Target::ClusterIp { ip, port }),
            };
            let service = Target::Service { name: backend.service.clone(), port: backend.port };
            Address { at, target, service }
        };
        let mut all: Vec<_> = self.held.iter().map(address).collect();
        all.sort_by_key(|address| address.at);
        all
    }
}

#[cfg(test)]
mod tests;
