//! What every proxy must know: the endpoints that may be picked now, per Service and port.

use std::collections::BTreeMap;

use api::core::{Service, ServicePort};
use api::discovery::{Endpoint, EndpointConditions, EndpointSlice};
use api::{NamespacedName, label};

use crate::endpoints::{self, Backend};
use crate::{Snapshot, object, pod};

/// How one Service is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRoute {
    /// The Service.
    pub service: NamespacedName,
    /// Its cluster address; `None` if it is headless.
    pub cluster_ip: Option<String>,
    /// Its ports, in the order of the spec.
    pub ports: Vec<RoutePort>,
}

/// One port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePort {
    /// Name; empty if the only port has none.
    pub name: String,
    /// Port of the cluster address.
    pub port: u16,
    /// Port of every Node's address, if it has one.
    pub node_port: Option<u16>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// Who may be picked now, in stable order.
    pub endpoints: Vec<RouteEndpoint>,
}

/// One replica behind a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteEndpoint {
    /// UID of the Pod; empty for an address that is no Pod.
    pub pod_uid: String,
    /// Name of the Pod; empty for an address that is no Pod.
    pub pod_name: String,
    /// Address.
    pub ip: String,
    /// Port at that address.
    pub port: u16,
    /// Node of the Pod; empty for an address that is no Pod.
    pub node_name: String,
    /// Whether its Pod is on its way out and it is listed as a last resort only. Such an entry must
    /// not hold up the Pod's stop: there is nobody to hand over to.
    pub terminating: bool,
}

/// The routes of every Service, in order of namespace and name.
///
/// Ready endpoints if there are any, else those that are leaving and still answer (C49), else those
/// that were ready when their host was last heard: a Service is never emptied because the control
/// plane hears nobody, and a proxy that can reach such a host may use it. Addresses that others have
/// put into EndpointSlices of their own are used as they say.
#[must_use]
pub fn routes(snapshot: &Snapshot) -> Vec<ServiceRoute> {
    let foreign = foreign_slices(snapshot);
    let backends = endpoints::backends(snapshot);
    let is_routed =
        |service: &Service| service.spec.as_ref().is_some_and(|s| s.type_.as_deref() != Some("ExternalName"));
    let services = snapshot.services.iter().filter(|(_, service)| is_routed(service));
    services
        .map(|(name, service)| {
            let own = backends.get(name).map_or(&[][..], |(_, backends)| backends);
            let slices = foreign.get(name).map_or(&[][..], Vec::as_slice);
            let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
            ServiceRoute {
                service: name.clone(),
                cluster_ip: cluster_ip(service),
                ports: ports.iter().filter_map(|port| route_port(snapshot, port, own, slices)).collect(),
            }
        })
        .collect()
}

fn cluster_ip(service: &Service) -> Option<String> {
    let ip = service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref());
    ip.filter(|ip| !ip.is_empty() && !endpoints::is_headless(service)).map(str::to_owned)
}

/// The slices of each Service that others made.
fn foreign_slices(snapshot: &Snapshot) -> BTreeMap<NamespacedName, Vec<&EndpointSlice>> {
    let mut foreign: BTreeMap<NamespacedName, Vec<&EndpointSlice>> = BTreeMap::new();
    for (name, slice) in snapshot.endpoint_slices.iter() {
        let meta = &slice.metadata;
        let is_ours = object::label(meta, label::ENDPOINT_SLICE_MANAGED_BY) == Some(endpoints::MANAGER);
        if let Some(service) = object::label(meta, label::SERVICE_NAME).filter(|_| !is_ours) {
            foreign.entry(NamespacedName::new(name.namespace.as_str(), service)).or_default().push(slice);
        }
    }
    foreign
}

fn route_port(
    snapshot: &Snapshot,
    port: &ServicePort,
    own: &[Backend<'_>],
    foreign: &[&EndpointSlice],
) -> Option<RoutePort> {
    let mut choices = Choices::default();
    let is_heard = |node: Option<&str>| node.is_none_or(|node| snapshot.silent_since(node).is_none());
    for backend in own {
        let Some(list) = choices.list(stand_of(*backend, is_heard(backend.node))) else { continue };
        let Some(number) = endpoints::target_port(backend.pod, port).and_then(to_port) else { continue };
        list.push(endpoint_of(*backend, number));
    }
    for (endpoint, number) in foreign.iter().flat_map(|slice| endpoints_of(slice, port)) {
        let stand = stand_of_foreign(endpoint, is_heard(endpoint.node_name.as_deref()));
        let Some(list) = choices.list(stand) else { continue };
        let is_leaving = stand == Stand::Leaving;
        list.extend(endpoint.addresses.iter().map(|ip| foreign_endpoint(endpoint, ip, number, is_leaving)));
    }
    Some(RoutePort {
        name: port.name.clone().unwrap_or_default(),
        port: to_port(port.port)?,
        node_port: port.node_port.and_then(to_port),
        protocol: port.protocol.clone().unwrap_or_else(|| "TCP".to_owned()),
        endpoints: choices.best(),
    })
}

/// How good a choice an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Ready,
    /// On its way out, and it still answers.
    Leaving,
    /// It was ready when its host was last heard.
    Silent,
    /// Never to be picked.
    Out,
}

/// One that is leaving is never ready, whatever its Service publishes: its stop waits for routes without it.
fn stand_of(backend: Backend<'_>, is_heard: bool) -> Stand {
    let answers = backend.is_ready || backend.is_serving;
    match (backend.is_terminating, is_heard) {
        (true, true) if answers => Stand::Leaving,
        (false, true) if backend.is_ready => Stand::Ready,
        (false, false) if backend.is_ready || pod::is_ready(backend.pod) => Stand::Silent,
        _ => Stand::Out,
    }
}

fn stand_of_foreign(endpoint: &Endpoint, is_heard: bool) -> Stand {
    let says = |read: fn(&EndpointConditions) -> Option<bool>| endpoint.conditions.as_ref().and_then(read);
    let is_ready = says(|c| c.ready).unwrap_or(true);
    let is_terminating = says(|c| c.terminating) == Some(true);
    match (is_terminating, is_heard) {
        (true, true) if is_ready || says(|c| c.serving) == Some(true) => Stand::Leaving,
        (false, true) if is_ready => Stand::Ready,
        (false, false) if is_ready => Stand::Silent,
        _ => Stand::Out,
    }
}

/// The endpoints of a port, by how good a choice they are.
#[derive(Debug, Default)]
struct Choices {
    ready: Vec<RouteEndpoint>,
    leaving: Vec<RouteEndpoint>,
    silent: Vec<RouteEndpoint>,
}

impl Choices {
    fn list(&mut self, stand: Stand) -> Option<&mut Vec<RouteEndpoint>> {
        match stand {
            Stand::Ready => Some(&mut self.ready),
            Stand::Leaving => Some(&mut self.leaving),
            Stand::Silent => Some(&mut self.silent),
            Stand::Out => None,
        }
    }

    /// The best there are: a worse list counts only if every better one is empty.
    fn best(self) -> Vec<RouteEndpoint> {
        [self.ready, self.leaving, self.silent].into_iter().find(|list| !list.is_empty()).unwrap_or_default()
    }
}

fn to_port(number: i32) -> Option<u16> {
    u16::try_from(number).ok().filter(|number| *number > 0)
}

fn endpoint_of(backend: Backend<'_>, port: u16) -> RouteEndpoint {
    RouteEndpoint {
        pod_uid: object::uid(&backend.pod.metadata).to_owned(),
        pod_name: backend.name.name.clone(),
        ip: backend.ip.to_owned(),
        port,
        node_name: backend.node.unwrap_or_default().to_owned(),
        terminating: backend.is_terminating,
    }
}

/// The endpoints of a slice with the number its port of this name has.
fn endpoints_of<'a>(slice: &'a EndpointSlice, port: &ServicePort) -> impl Iterator<Item = (&'a Endpoint, u16)> {
    let wanted = port.name.as_deref().unwrap_or_default();
    let mut ports = slice.ports.iter().flatten();
    let own = ports.find(|own| own.name.as_deref().unwrap_or_default() == wanted);
    let number = own.and_then(|own| own.port).and_then(to_port);
    slice.endpoints.iter().flatten().filter_map(move |endpoint| Some((endpoint, number?)))
}

fn foreign_endpoint(endpoint: &Endpoint, ip: &str, port: u16, terminating: bool) -> RouteEndpoint {
    let pod = endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"));
    RouteEndpoint {
        pod_uid: pod.and_then(|pod| pod.uid.clone()).unwrap_or_default(),
        pod_name: pod.and_then(|pod| pod.name.clone()).unwrap_or_default(),
        ip: ip.to_owned(),
        port,
        node_name: endpoint.node_name.clone().unwrap_or_default(),
        terminating,
    }
}
