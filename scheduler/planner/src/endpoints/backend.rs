//! Who stands behind a Service, and whether he serves. EndpointSlices and routes are both made of this.

use std::collections::BTreeMap;
use std::net::IpAddr;

use api::core::{Pod, Service, ServicePort};
use api::selector::Selector;
use api::{IntOrString, NamespacedName};

use crate::pod::Named;
use crate::{Snapshot, pod};

/// One address of a Pod behind a Service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backend<'a> {
    pub name: &'a NamespacedName,
    pub pod: &'a Pod,
    pub ip: &'a str,
    pub family: Family,
    pub node: Option<&'a str>,
    /// Answers, whether leaving or not.
    pub is_serving: bool,
    pub is_terminating: bool,
    /// May be picked.
    pub is_ready: bool,
}

/// Address families, as EndpointSlices name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }

    fn of(ip: &str) -> Option<Self> {
        Some(match ip.parse().ok()? {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        })
    }
}

/// A Service whose backends the cluster finds by selector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selecting<'a> {
    pub name: &'a NamespacedName,
    pub service: &'a Service,
}

/// Services with a selector. Others are left to whoever made them, and external names have no backends.
pub(crate) fn selecting<'a>(name: &'a NamespacedName, service: &'a Service) -> Option<Selecting<'a>> {
    let spec = service.spec.as_ref()?;
    let is_external = spec.type_.as_deref() == Some("ExternalName");
    let has_selector = spec.selector.as_ref().is_some_and(|selector| !selector.is_empty());
    (has_selector && !is_external).then_some(Selecting { name, service })
}

pub(crate) fn is_headless(service: &Service) -> bool {
    service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref()) == Some("None")
}

/// The backends of every Service with a selector, by Service and then by name of the Pod.
///
/// Pods are looked up by one label of each selector, so that a namespace with many Services does
/// not compare every Pod with every Service.
pub(crate) fn backends(snapshot: &Snapshot) -> BTreeMap<&NamespacedName, (Selecting<'_>, Vec<Backend<'_>>)> {
    type Wanted<'a> = BTreeMap<(&'a str, &'a str, &'a str), Vec<(Selecting<'a>, Selector)>>;
    let mut found = BTreeMap::new();
    let mut wanted = Wanted::new();
    for (name, service) in snapshot.services.iter() {
        let Some(selecting) = selecting(name, service) else { continue };
        found.insert(name, (selecting, Vec::new()));
        let labels = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        if let Some((labels, (key, value))) = labels.and_then(|labels| Some((labels, labels.iter().next()?))) {
            let entry = wanted.entry((&name.namespace, key, value)).or_default();
            entry.push((selecting, Selector::from_labels(labels)));
        }
    }
    for (name, pod) in snapshot.pods.iter() {
        let Some(labels) = &pod.metadata.labels else { continue };
        for (key, value) in labels {
            let interested = wanted.get(&(name.namespace.as_str(), key.as_str(), value.as_str()));
            for (selecting, selector) in interested.into_iter().flatten() {
                if selector.matches(Some(labels))
                    && let Some((_, backends)) = found.get_mut(selecting.name)
                {
                    backends.extend(addresses(snapshot, *selecting, (name, pod)));
                }
            }
        }
    }
    found
}

/// The addresses of a Pod that a Service may use; none before it has one and after it has ended.
fn addresses<'a>(
    snapshot: &'a Snapshot,
    selecting: Selecting<'a>,
    named: Named<'a>,
) -> impl Iterator<Item = Backend<'a>> {
    let (name, pod) = named;
    let status = pod.status.as_ref().filter(|_| !pod::is_finished(pod) && !pod::is_gone(pod));
    let first = status.and_then(|status| status.pod_ip.as_deref());
    let more = status.and_then(|status| status.pod_ips.as_deref()).unwrap_or_default();
    let more = more.iter().map(|ip| ip.ip.as_str()).filter(move |ip| Some(*ip) != first);
    let spec = selecting.service.spec.as_ref();
    let families = spec.and_then(|spec| spec.ip_families.as_deref()).unwrap_or_default();
    let publishes_all = spec.and_then(|spec| spec.publish_not_ready_addresses).unwrap_or(false);
    let node = pod::node(pod);
    // A lost session stops routing at once; what the host last said of its Pods is then hearsay.
    let is_serving = pod::is_ready(pod) && node.is_some_and(|node| snapshot.silent_since(node).is_none());
    let is_terminating = pod::is_terminating(pod);
    first.into_iter().chain(more).filter(|ip| !ip.is_empty()).filter_map(move |ip| {
        let family = Family::of(ip)?;
        let is_wanted = families.is_empty() || families.iter().any(|wanted| wanted == family.as_str());
        let is_ready = publishes_all || is_serving && !is_terminating;
        is_wanted.then_some(Backend { name, pod, ip, family, node, is_serving, is_terminating, is_ready })
    })
}

/// The port of a Pod that a Service's port leads to.
///
/// A number always resolves: the first container that exports `wasi:http` answers every port that
/// no other container declares. A name has to be declared.
pub(crate) fn target_port(pod: &Pod, port: &ServicePort) -> Option<i32> {
    let wanted = match &port.target_port {
        None => return Some(port.port),
        Some(IntOrString::Int(0)) => return Some(port.port),
        Some(IntOrString::Int(number)) => return Some(*number),
        Some(IntOrString::String(name)) => name,
    };
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    let spec = pod::spec(pod)?;
    let sidecars = spec.init_containers.iter().flatten();
    let sidecars = sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let ports = spec.containers.iter().chain(sidecars).flat_map(|container| container.ports.iter().flatten());
    let mut named = ports.filter(|declared| {
        declared.name.as_deref() == Some(wanted) && declared.protocol.as_deref().unwrap_or("TCP") == protocol
    });
    named.next().map(|declared| declared.container_port)
}
