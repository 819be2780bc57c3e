//! Routes on their way to the proxy, and the ports at which they expect Pods of this host.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use network::{Delta, Endpoint, Peer, Proxy, Service, ServiceName, ServicePort};
use protocol::v1;
use tokio::sync::Notify;

use crate::desired::{Desired, Uid};
use crate::up::Up;
use crate::up::events::{About, Kind};

/// The protocol's routes as the proxy knows them. What does not parse is left out: it cannot be routed to.
pub(super) fn delta(routes: &v1::Routes) -> Delta {
    Delta {
        revision: routes.revision,
        complete: routes.complete,
        services: routes.services.iter().map(service).collect(),
        removed: routes.removed.iter().map(|name| ServiceName::new(&name.namespace, &name.name)).collect(),
        peers: Some(routes.peers.iter().filter_map(peer).collect()),
    }
}

fn service(route: &v1::ServiceRoute) -> Service {
    Service {
        name: ServiceName::new(&route.namespace, &route.name),
        cluster_ip: route.cluster_ip.parse().ok(),
        ports: route.ports.iter().filter_map(port).collect(),
    }
}

fn port(port: &v1::ServicePort) -> Option<ServicePort> {
    Some(ServicePort {
        name: port.name.clone(),
        port: u16::try_from(port.port).ok()?,
        node_port: u16::try_from(port.node_port).ok().filter(|port| *port > 0),
        endpoints: port.endpoints.iter().filter_map(endpoint).collect(),
    })
}

fn endpoint(endpoint: &v1::Endpoint) -> Option<Endpoint> {
    Some(Endpoint {
        pod_uid: endpoint.pod_uid.as_str().into(),
        pod_name: endpoint.pod_name.as_str().into(),
        ip: endpoint.ip.parse::<IpAddr>().ok()?,
        port: u16::try_from(endpoint.port).ok()?,
        node_name: endpoint.node_name.as_str().into(),
    })
}

fn peer(peer: &v1::Peer) -> Option<Peer> {
    let address = peer.address.parse().ok()?;
    Some(Peer { node_name: peer.node_name.as_str().into(), address, reachable: peer.reachable })
}

/// The ports of this host's Pods that Services name: a Pod may be reached at one it does not declare.
#[derive(Debug, Default)]
pub(super) struct Ports {
    by_service: BTreeMap<(String, String), BTreeSet<(Uid, u16)>>,
    counts: BTreeMap<Uid, BTreeMap<u16, usize>>,
}

impl Ports {
    /// Takes in what a message changed; returns the Pods it may concern.
    pub(super) fn update(&mut self, node_name: &str, routes: &v1::Routes) -> BTreeSet<Uid> {
        let mut touched = BTreeSet::new();
        let named: BTreeSet<(String, String)> =
            routes.services.iter().map(|s| (s.namespace.clone(), s.name.clone())).collect();
        if routes.complete {
            let gone: Vec<_> = self.by_service.keys().filter(|name| !named.contains(*name)).cloned().collect();
            gone.iter().for_each(|name| self.replace(name, BTreeSet::new(), &mut touched));
        }
        for name in &routes.removed {
            self.replace(&(name.namespace.clone(), name.name.clone()), BTreeSet::new(), &mut touched);
        }
        for service in &routes.services {
            let here = service.ports.iter().flat_map(|port| &port.endpoints).filter(|e| e.node_name == node_name);
            let ports = here.filter_map(|e| Some((e.pod_uid.as_str().into(), u16::try_from(e.port).ok()?))).collect();
            self.replace(&(service.namespace.clone(), service.name.clone()), ports, &mut touched);
        }
        touched
    }

    fn replace(&mut self, name: &(String, String), ports: BTreeSet<(Uid, u16)>, touched: &mut BTreeSet<Uid>) {
        let before = self.by_service.remove(name).unwrap_or_default();
        for (uid, port) in before.difference(&ports) {
            if let Some(counts) = self.counts.get_mut(uid) {
                match counts.get_mut(port) {
                    Some(count) if *count > 1 => *count -= 1,
                    _ => drop(counts.remove(port)),
                }
                if counts.is_empty() {
                    self.counts.remove(uid);
                }
            }
            touched.insert(uid.clone());
        }
        for (uid, port) in ports.difference(&before) {
            *self.counts.entry(uid.clone()).or_default().entry(*port).or_default() += 1;
            touched.insert(uid.clone());
        }
        if !ports.is_empty() {
            self.by_service.insert(name.clone(), ports);
        }
    }

    pub(super) fn of(&self, uid: &str) -> impl Iterator<Item = u16> {
        self.counts.get(uid).into_iter().flat_map(BTreeMap::keys).copied()
    }
}

/// The parts of a first series that have come so far.
///
/// The first of them replaces everything that is known. Were it applied alone, every Service of a later part
/// would be gone for a moment; so nothing is taken over before the part that makes it whole.
#[derive(Debug, Default)]
pub(super) struct Parts {
    held: Option<v1::Routes>,
}

impl Parts {
    /// Adds a message; returns what is whole with it. Only a part that is not the last has no revision.
    pub(super) fn add(&mut self, message: v1::Routes) -> Option<v1::Routes> {
        let whole = match self.held.take() {
            Some(mut held) if !message.complete => {
                held.services.extend(message.services);
                held.removed.extend(message.removed);
                v1::Routes { revision: message.revision, peers: message.peers, ..held }
            }
            _ => message,
        };
        if whole.revision == 0 {
            self.held = Some(whole);
            return None;
        }
        Some(whole)
    }
}

/// Deltas that the proxy has not taken yet; a host that falls behind applies many as one.
#[derive(Default)]
pub(super) struct Pipe {
    waiting: Mutex<Option<Delta>>,
    bell: Notify,
}

impl Pipe {
    pub(super) fn put(&self, delta: Delta) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = Some(match waiting.take() {
            Some(before) => before.then(delta),
            None => delta,
        });
        self.bell.notify_one();
    }

    /// Applies what comes, for ever; says what is in force.
    pub(super) async fn run(self: Arc<Self>, proxy: Proxy, up: Arc<Up>) {
        loop {
            self.bell.notified().await;
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(delta) = next else { continue };
            let applied = proxy.apply(delta).await;
            for problem in &applied.problems {
                up.event(About::NODE, Kind::Warning, "AddressNotBound", || problem.to_string());
            }
            up.routes_applied(applied.revision);
        }
    }
}

/// All routes that are known, as one delta.
pub(super) fn all(desired: &Desired) -> v1::Routes {
    desired.all_routes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(name: &str, endpoints: &[(&str, u32, &str)]) -> v1::ServiceRoute {
        let endpoints = endpoints.iter().map(|(uid, port, node)| v1::Endpoint {
            pod_uid: (*uid).to_owned(),
            ip: "127.64.0.1".to_owned(),
            port: *port,
            node_name: (*node).to_owned(),
            ..v1::Endpoint::default()
        });
        v1::ServiceRoute {
            namespace: "n".to_owned(),
            name: name.to_owned(),
            ports: vec![v1::ServicePort { port: 80, endpoints: endpoints.collect(), ..v1::ServicePort::default() }],
            ..v1::ServiceRoute::default()
        }
    }

    fn routes(services: Vec<v1::ServiceRoute>, complete: bool) -> v1::Routes {
        v1::Routes { revision: 1, complete, services, ..v1::Routes::default() }
    }

    fn ports(ports: &Ports, uid: &str) -> Vec<u16> {
        ports.of(uid).collect()
    }

    #[test]
    fn ports_are_those_that_any_service_names_on_this_node() {
        let mut held = Ports::default();
        let two =
            routes(vec![route("a", &[("u", 8080, "n1"), ("v", 1, "n2")]), route("b", &[("u", 8080, "n1")])], true);
        assert_eq!(held.update("n1", &two).into_iter().map(|u| u.to_string()).collect::<Vec<_>>(), ["u"]);
        assert_eq!((ports(&held, "u"), ports(&held, "v")), (vec![8080], vec![]));
        held.update("n1", &routes(vec![route("b", &[("u", 9090, "n1")])], false));
        assert_eq!(ports(&held, "u"), [8080, 9090]);
        let removed = v1::ServiceName { namespace: "n".to_owned(), name: "a".to_owned() };
        held.update("n1", &v1::Routes { removed: vec![removed], ..v1::Routes::default() });
        assert_eq!(ports(&held, "u"), [9090]);
        assert!(held.update("n1", &routes(vec![route("b", &[("u", 9090, "n1")])], false)).is_empty());
        held.update("n1", &routes(Vec::new(), true));
        assert!(held.counts.is_empty() && held.by_service.is_empty());
    }

    #[test]
    fn a_first_series_is_taken_over_as_a_whole() {
        let part = |revision, complete, name| v1::Routes { revision, ..routes(vec![route(name, &[])], complete) };
        let names = |routes: &v1::Routes| routes.services.iter().map(|s| s.name.clone()).collect::<Vec<_>>().join(" ");
        let mut parts = Parts::default();
        assert!(parts.add(part(0, true, "lost")).is_none(), "and its session breaks");
        assert!(parts.add(part(0, true, "a")).is_none());
        assert!(parts.add(part(0, false, "b")).is_none());
        let whole = parts.add(part(7, false, "c")).expect("is whole");
        assert_eq!((whole.revision, whole.complete, names(&whole)), (7, true, "a b c".to_owned()));
        let delta = parts.add(part(8, false, "d")).expect("is whole");
        assert_eq!((delta.complete, names(&delta)), (false, "d".to_owned()));
        assert!(parts.add(part(9, true, "e")).is_some(), "mostly a series has one part");
    }

    #[test]
    fn what_does_not_parse_is_not_routed_to() {
        let mut bad = route("a", &[("u", 8080, "n1"), ("v", 70_000, "n1")]);
        bad.cluster_ip = "None".to_owned();
        bad.ports.push(v1::ServicePort { port: 70_000, ..v1::ServicePort::default() });
        let delta = delta(&routes(vec![bad], true));
        let service = &delta.services[0];
        assert_eq!((service.cluster_ip, service.ports.len(), service.ports[0].endpoints.len()), (None, 1, 1));
    }
}
