//! The routes of one revision, and the messages that bring a host from one to another. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use api::NamespacedName;
use planner::{RouteEndpoint, RoutePort, ServiceRoute};
use prost::Message;
use protocol::v1;

/// Bytes of routes in one message: half of what a host accepts, as sizes are summed before encoding.
const MESSAGE_BYTES: usize = protocol::MESSAGE_BYTES_MAX / 2;

/// Most bytes of one Service's endpoints, which travel in one message: what a host accepts, less room for
/// ports and every Node's proxy. About twenty thousand endpoints.
const SERVICE_BYTES_MAX: usize = protocol::MESSAGE_BYTES_MAX / 4 * 3;
/// What frames an endpoint and its fields, at most.
const ENDPOINT_FRAME_BYTES: usize = 24;

/// Leaves out the endpoints of a Service that one message cannot hold; returns how many. A route to
/// thousands of replicas is worth more than a session that breaks on it again and again.
pub(super) fn fit(route: &mut ServiceRoute) -> usize {
    let all = route.ports.iter().flat_map(|port| &port.endpoints);
    if all.map(bytes_of).sum::<usize>() <= SERVICE_BYTES_MAX {
        return 0;
    }
    let share = SERVICE_BYTES_MAX / route.ports.len().max(1);
    let mut left_out = 0;
    for port in &mut route.ports {
        let mut bytes = 0;
        let fits = port.endpoints.iter().take_while(|endpoint| {
            bytes += bytes_of(endpoint);
            bytes <= share
        });
        let fits = fits.count();
        left_out += port.endpoints.len() - fits;
        port.endpoints.truncate(fits);
    }
    left_out
}

/// No less than what it takes in a message.
fn bytes_of(endpoint: &RouteEndpoint) -> usize {
    let texts = [&endpoint.pod_uid, &endpoint.pod_name, &endpoint.ip, &endpoint.node_name];
    texts.into_iter().map(String::len).sum::<usize>() + ENDPOINT_FRAME_BYTES
}

/// Every Service's routes and every Node's proxy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// Rises with every change of the content.
    pub(crate) revision: u64,
    pub(crate) services: BTreeMap<NamespacedName, ServiceRoute>,
    pub(crate) peers: Vec<Peer>,
    /// See [`Table::pod_uids`]; made when first asked for.
    pub(crate) pickable: OnceLock<BTreeSet<String>>,
}

/// One Node's proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) node: String,
    pub(crate) address: String,
    pub(crate) reachable: bool,
}

impl Table {
    /// Pods that may be picked. Not those that are leaving and are listed as a last resort: nobody takes
    /// over from them, so there is nothing to wait for.
    pub(crate) fn pod_uids(&self) -> &BTreeSet<String> {
        self.pickable.get_or_init(|| {
            let endpoints = self.services.values().flat_map(|s| &s.ports).flat_map(|p| &p.endpoints);
            let picked = endpoints.filter(|e| !e.terminating && !e.pod_uid.is_empty());
            picked.map(|e| e.pod_uid.clone()).collect()
        })
    }

    /// The messages that bring a host from `sent` (`None`: from nothing) to this table.
    ///
    /// Usually one. Only the last carries this table's revision, so that what a host acknowledges is
    /// whole; the ones before repeat `sent`'s. In a first series the leading message replaces
    /// everything, the rest adds to it, and a host holds them back (their revision is 0) until the last
    /// one is there: it would else forget, for a moment, every Service that is still to come.
    pub(crate) fn messages(&self, sent: Option<&Self>) -> Vec<v1::Routes> {
        let nothing = BTreeMap::new();
        let before = sent.map_or(&nothing, |table| &table.services);
        let changed = self.services.iter().filter(|(name, route)| before.get(name) != Some(route));
        let removed = before.keys().filter(|name| !self.services.contains_key(name));
        let mut messages = vec![v1::Routes {
            complete: sent.is_none(),
            removed: removed
                .map(|n| v1::ServiceName { namespace: n.namespace.clone(), name: n.name.clone() })
                .collect(),
            ..v1::Routes::default()
        }];
        let mut room = MESSAGE_BYTES;
        for (_, route) in changed {
            let route = message_of(route);
            let size = route.encoded_len() + 8;
            if size > room {
                messages.push(v1::Routes::default());
                room = MESSAGE_BYTES;
            }
            room = room.saturating_sub(size);
            if let Some(last) = messages.last_mut() {
                last.services.push(route);
            }
        }
        let (before, count) = (sent.map_or(0, |table| table.revision), messages.len());
        for (at, message) in messages.iter_mut().enumerate() {
            message.revision = if at + 1 == count { self.revision } else { before };
            message.peers = self.peers.iter().map(Peer::message).collect();
        }
        messages
    }
}

impl Peer {
    fn message(&self) -> v1::Peer {
        v1::Peer { node_name: self.node.clone(), address: self.address.clone(), reachable: self.reachable }
    }
}

fn message_of(route: &ServiceRoute) -> v1::ServiceRoute {
    v1::ServiceRoute {
        namespace: route.service.namespace.clone(),
        name: route.service.name.clone(),
        cluster_ip: route.cluster_ip.clone().unwrap_or_default(),
        // The protocol knows TCP: a port of another kind has no listener anywhere.
        ports: route.ports.iter().filter(|port| port.protocol == "TCP").map(port_message).collect(),
    }
}

fn port_message(port: &RoutePort) -> v1::ServicePort {
    let endpoint = |e: &planner::RouteEndpoint| v1::Endpoint {
        pod_uid: e.pod_uid.clone(),
        pod_name: e.pod_name.clone(),
        ip: e.ip.clone(),
        port: e.port.into(),
        node_name: e.node_name.clone(),
    };
    v1::ServicePort {
        name: port.name.clone(),
        port: port.port.into(),
        node_port: port.node_port.unwrap_or_default().into(),
        endpoints: port.endpoints.iter().map(endpoint).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(name: &str, endpoints: usize) -> (NamespacedName, ServiceRoute) {
        let service = NamespacedName::new("n", name);
        let endpoints = (0..endpoints)
            .map(|n| RouteEndpoint {
                pod_uid: format!("00000000-0000-0000-0000-{n:012}"),
                pod_name: format!("{name}-{n}"),
                ip: "127.64.0.2".to_owned(),
                port: 8080,
                node_name: "a".to_owned(),
                terminating: false,
            })
            .collect();
        let port =
            RoutePort { name: String::new(), port: 80, node_port: Some(30000), protocol: "TCP".to_owned(), endpoints };
        (service.clone(), ServiceRoute { service, cluster_ip: Some("127.128.0.9".to_owned()), ports: vec![port] })
    }

    fn table(revision: u64, routes: &[(&str, usize)]) -> Table {
        Table { revision, services: routes.iter().map(|(n, e)| route(n, *e)).collect(), ..Table::default() }
    }

    fn text(messages: &[v1::Routes]) -> Vec<String> {
        let names = |m: &v1::Routes| m.services.iter().map(|s| format!("+{}", s.name)).collect::<Vec<_>>().join(" ");
        let gone = |m: &v1::Routes| m.removed.iter().map(|s| format!("-{}", s.name)).collect::<Vec<_>>().join(" ");
        let one = |m: &v1::Routes| format!("{} {} {} {}", m.revision, m.complete, names(m), gone(m)).trim().to_owned();
        messages.iter().map(one).collect()
    }

    #[test]
    fn only_what_differs_travels() {
        let before = table(4, &[("a", 1), ("b", 1), ("c", 1)]);
        let after = table(5, &[("a", 1), ("b", 2), ("d", 1)]);
        assert_eq!(text(&after.messages(None)), ["5 true +a +b +d"]);
        assert_eq!(text(&after.messages(Some(&before))), ["5 false +b +d -c"]);
        assert_eq!(text(&after.messages(Some(&after))), ["5 false"]);
    }

    #[test]
    fn a_large_table_travels_in_parts_of_which_the_last_counts() {
        let large: Vec<(String, usize)> = (0..8).map(|n| (format!("s{n}"), 8_000)).collect();
        let large = table(7, &large.iter().map(|(n, e)| (n.as_str(), *e)).collect::<Vec<_>>());
        let messages = large.messages(None);
        assert!(messages.len() > 1);
        assert!(messages.iter().all(|m| m.encoded_len() < protocol::MESSAGE_BYTES_MAX));
        assert!(messages[0].complete && messages[1..].iter().all(|m| !m.complete));
        let revisions: Vec<_> = messages.iter().map(|m| m.revision).collect();
        assert_eq!(revisions.last(), Some(&7));
        assert!(revisions[..revisions.len() - 1].iter().all(|r| *r == 0));
        assert_eq!(messages.iter().map(|m| m.services.len()).sum::<usize>(), 8);
    }

    #[test]
    fn a_service_that_no_message_holds_loses_what_is_too_much() {
        let (name, mut route) = route("huge", 60_000);
        let mut admin = route.ports[0].clone();
        admin.port = 81;
        route.ports.push(admin);
        let left_out = fit(&mut route);
        assert!(left_out > 60_000 && route.ports.iter().all(|port| port.endpoints.len() > 5_000), "{left_out}");
        assert_eq!(fit(&mut route), 0);
        let table = Table { revision: 1, services: [(name, route)].into(), ..Table::default() };
        let sizes: Vec<_> = table.messages(None).iter().map(Message::encoded_len).collect();
        assert!(sizes.iter().all(|size| *size < protocol::MESSAGE_BYTES_MAX), "{sizes:?}");
        let (_, mut small) = self::route("small", 8_000);
        assert_eq!(fit(&mut small), 0);
    }

    #[test]
    fn ports_no_proxy_serves_are_left_out() {
        let (name, mut udp) = route("dns", 1);
        udp.ports[0].protocol = "UDP".to_owned();
        let table = Table { revision: 1, services: [(name, udp)].into(), ..Table::default() };
        assert!(table.messages(None)[0].services[0].ports.is_empty());
    }
}
