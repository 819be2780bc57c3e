//! Services → EndpointSlices: who answers for a Service, for everyone who watches.
//!
//! An endpoint is ready while its Pod is ready and stays, and its host is heard. Proxies do not
//! wait for the slices: [`crate::routes`] is made from the same backends, one commit earlier.

mod backend;
mod slice;

use std::collections::BTreeMap;

use api::NamespacedName;
use api::discovery::EndpointSlice;
use api::label;

use crate::{Plan, Snapshot, namespaces, object};
use slice::Slices;

pub(crate) use backend::{Backend, backends, is_headless, target_port};
pub(crate) use slice::MANAGER;

/// Decides the EndpointSlices of every Service with a selector.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let stored = stored(snapshot);
    let zones = zones(snapshot);
    let mut plan = Plan::default();
    for (name, (selecting, backends)) in backends(snapshot) {
        let is_leaving = object::is_terminating(&selecting.service.metadata)
            || namespaces::is_terminating(snapshot, &name.namespace);
        if is_leaving {
            continue;
        }
        if plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        let own = stored.get(name).map_or(&[][..], Vec::as_slice);
        Slices::new(snapshot, selecting, own, &zones).plan(&backends, &mut plan);
    }
    plan.wake_at_end_of_grace(snapshot);
    plan
}

/// Our slices by Service, oldest name first.
fn stored(snapshot: &Snapshot) -> BTreeMap<NamespacedName, Vec<&EndpointSlice>> {
    let mut stored: BTreeMap<NamespacedName, Vec<&EndpointSlice>> = BTreeMap::new();
    for (name, slice) in snapshot.endpoint_slices.iter() {
        let is_ours = object::label(&slice.metadata, label::ENDPOINT_SLICE_MANAGED_BY) == Some(MANAGER);
        let service = object::label(&slice.metadata, label::SERVICE_NAME).filter(|_| is_ours);
        if let Some(service) = service.filter(|_| !object::is_terminating(&slice.metadata)) {
            stored.entry(NamespacedName::new(name.namespace.as_str(), service)).or_default().push(slice);
        }
    }
    stored
}

/// Zones by name of the Node.
fn zones(snapshot: &Snapshot) -> BTreeMap<&str, &str> {
    let zone = |node| object::label(node, label::ZONE);
    snapshot.nodes.iter().filter_map(|(name, node)| Some((name.name.as_str(), zone(&node.metadata)?))).collect()
}

#[cfg(test)]
mod tests;
