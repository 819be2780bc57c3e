//! The cluster at one revision, typed and indexed. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::apps::{Deployment, ReplicaSet};
use api::core::{ConfigMap, Namespace, Node, Pod, Secret, Service};
use api::discovery::EndpointSlice;
use api::meta::ObjectMeta;
use api::{NamespacedName, Resource};
use planner::Objects;
use store::{Entry, Revision};

use super::index::{self, Change, Object};

/// Pods of one Node, by UID.
pub(crate) type PodsOfNode = Arc<BTreeMap<String, Arc<Pod>>>;

/// Everything of interest at one revision. Clones share; a change copies only what someone still holds.
#[derive(Clone, Default)]
pub(crate) struct View {
    /// Everything up to here is in.
    pub(crate) revision: Revision,
    /// When each resource last changed.
    pub(crate) changed: Arc<BTreeMap<&'static Resource, Revision>>,
    pub(crate) nodes: Objects<Node>,
    pub(crate) namespaces: Objects<Namespace>,
    pub(crate) pods: Objects<Pod>,
    pub(crate) services: Objects<Service>,
    pub(crate) endpoint_slices: Objects<EndpointSlice>,
    pub(crate) deployments: Objects<Deployment>,
    pub(crate) replica_sets: Objects<ReplicaSet>,
    pub(crate) config_maps: Objects<ConfigMap>,
    pub(crate) secrets: Objects<Secret>,
    /// Metadata of what has no typed map above, and of ConfigMaps and Secrets too: owners and namespaces need it.
    pub(crate) others: BTreeMap<&'static Resource, Objects<ObjectMeta>>,
    by_node: Arc<BTreeMap<String, PodsOfNode>>,
}

impl View {
    /// The view of a listing.
    pub(super) fn of(entries: &[Entry], revision: Revision) -> Self {
        let mut view = Self::default();
        entries.iter().filter_map(index::of_entry).for_each(|change| view.apply(change));
        view.revision = revision;
        view
    }

    /// Pods bound to a Node, by UID. The same pointer means that none changed.
    pub(crate) fn pods_of(&self, node: &str) -> PodsOfNode {
        self.by_node.get(node).cloned().unwrap_or_default()
    }

    /// When the newest of some resources changed; of none, when anything did.
    pub(crate) fn changed_of(&self, resources: &[&'static Resource]) -> Revision {
        let newest = |revisions: &mut dyn Iterator<Item = Revision>| revisions.max().unwrap_or_default();
        if resources.is_empty() {
            return newest(&mut self.changed.values().copied());
        }
        newest(&mut resources.iter().filter_map(|r| self.changed.get(r).copied()))
    }

    pub(super) fn apply(&mut self, change: Change) {
        let Change { resource, name, revision, object } = change;
        self.revision = self.revision.max(revision);
        let changed = Arc::make_mut(&mut self.changed).entry(resource).or_default();
        *changed = (*changed).max(revision);
        match object {
            Object::Node(node) => set(&mut self.nodes, name, node),
            Object::Namespace(namespace) => set(&mut self.namespaces, name, namespace),
            Object::Pod(pod) => self.set_pod(name, pod),
            Object::Service(service) => set(&mut self.services, name, service),
            Object::EndpointSlice(slice) => set(&mut self.endpoint_slices, name, slice),
            Object::Deployment(deployment) => set(&mut self.deployments, name, deployment),
            Object::ReplicaSet(replica_set) => set(&mut self.replica_sets, name, replica_set),
            Object::ConfigMap(map) => {
                let meta = map.as_ref().map(|map| Arc::new(map.metadata.clone()));
                set(self.others.entry(resource).or_default(), name.clone(), meta);
                set(&mut self.config_maps, name, map);
            }
            Object::Secret(secret) => {
                let meta = secret.as_ref().map(|secret| Arc::new(secret.metadata.clone()));
                set(self.others.entry(resource).or_default(), name.clone(), meta);
                set(&mut self.secrets, name, secret);
            }
            Object::Other(meta) => set(self.others.entry(resource).or_default(), name, meta),
        }
    }

    fn set_pod(&mut self, name: NamespacedName, pod: Option<Arc<Pod>>) {
        let before = self.pods.get(&name).cloned();
        if let Some((node, uid)) = before.as_deref().and_then(place) {
            let nodes = Arc::make_mut(&mut self.by_node);
            if let Some(pods) = nodes.get_mut(node) {
                Arc::make_mut(pods).remove(uid);
                if pods.is_empty() {
                    nodes.remove(node);
                }
            }
        }
        if let Some((node, uid)) = pod.as_deref().and_then(place) {
            let pods = Arc::make_mut(&mut self.by_node).entry(node.to_owned()).or_default();
            pod.clone().and_then(|pod| Arc::make_mut(pods).insert(uid.to_owned(), pod));
        }
        set(&mut self.pods, name, pod);
    }
}

/// The Node a Pod is bound to, and its UID.
fn place(pod: &Pod) -> Option<(&str, &str)> {
    let node = pod.spec.as_ref()?.node_name.as_deref().filter(|node| !node.is_empty())?;
    Some((node, pod.metadata.uid.as_deref()?))
}

fn set<T>(objects: &mut Objects<T>, name: NamespacedName, object: Option<Arc<T>>) {
    let objects = Arc::make_mut(objects);
    match object {
        Some(object) => objects.insert(name, object),
        None => objects.remove(&name),
    };
}
