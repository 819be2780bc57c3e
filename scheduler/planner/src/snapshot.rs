//! The state of the cluster at one revision: all that a decision may look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::apps::{Deployment, ReplicaSet};
use api::core::{Namespace, Node, Pod, Service};
use api::discovery::EndpointSlice;
use api::meta::ObjectMeta;
use api::resource::{DEPLOYMENTS, ENDPOINT_SLICES, NAMESPACES, NODES, PODS, REPLICA_SETS, SERVICES};
use api::{NamespacedName, Resource};
use jiff::Timestamp;

use crate::Config;

/// Objects of one resource, shared with the shell's cache; every object has a UID and a resource version.
pub type Objects<T> = Arc<BTreeMap<NamespacedName, Arc<T>>>;

/// The cluster at one revision. Cloning it costs reference counts.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The time of the decision. The shell derives it from a monotonic clock, so that a jump of
    /// the wall clock neither evicts nor revives anything.
    pub now: Timestamp,
    /// When this leader began to listen to hosts. A Node without a session has been silent since then.
    pub started: Timestamp,
    /// Where names take their randomness from; differs between decisions.
    pub seed: u64,
    /// Tunables.
    pub config: Config,
    /// Nodes; the namespace of the key is empty.
    pub nodes: Objects<Node>,
    /// Pods.
    pub pods: Objects<Pod>,
    /// Services.
    pub services: Objects<Service>,
    /// EndpointSlices, ours and others'.
    pub endpoint_slices: Objects<EndpointSlice>,
    /// Deployments.
    pub deployments: Objects<Deployment>,
    /// ReplicaSets.
    pub replica_sets: Objects<ReplicaSet>,
    /// Namespaces; the namespace of the key is empty.
    pub namespaces: Objects<Namespace>,
    /// Metadata of every other resource that can have owners or live in a Namespace (ConfigMaps,
    /// Secrets, ServiceAccounts, Leases, ...). Events may be left out: they expire by themselves.
    pub others: BTreeMap<&'static Resource, Objects<ObjectMeta>>,
    /// What is known of the sessions of hosts, by Node name.
    pub sessions: Arc<BTreeMap<String, Session>>,
}

/// What is known of a host's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Whether the host is heard. The shell says no as soon as the stream ends or heartbeats stay
    /// away for the lost-after bound.
    pub connected: bool,
    /// Connected: since when. Not connected: when the host was last heard. On the time line of
    /// `Snapshot::now`, which the shell keeps monotonic.
    pub since: Timestamp,
}

impl Snapshot {
    /// An empty cluster.
    #[must_use]
    pub fn empty(now: Timestamp, config: Config) -> Self {
        Self {
            now,
            started: now,
            seed: 0,
            config,
            nodes: Objects::default(),
            pods: Objects::default(),
            services: Objects::default(),
            endpoint_slices: Objects::default(),
            deployments: Objects::default(),
            replica_sets: Objects::default(),
            namespaces: Objects::default(),
            others: BTreeMap::new(),
            sessions: Arc::default(),
        }
    }

    /// Calls `visit` with the metadata of every object, resource by resource.
    pub(crate) fn each_meta<'a>(
        &'a self,
        mut visit: impl FnMut(&'static Resource, &'a NamespacedName, &'a ObjectMeta),
    ) {
        self.nodes.iter().for_each(|(name, object)| visit(&NODES, name, &object.metadata));
        self.namespaces.iter().for_each(|(name, object)| visit(&NAMESPACES, name, &object.metadata));
        self.services.iter().for_each(|(name, object)| visit(&SERVICES, name, &object.metadata));
        self.endpoint_slices.iter().for_each(|(name, object)| visit(&ENDPOINT_SLICES, name, &object.metadata));
        self.deployments.iter().for_each(|(name, object)| visit(&DEPLOYMENTS, name, &object.metadata));
        self.replica_sets.iter().for_each(|(name, object)| visit(&REPLICA_SETS, name, &object.metadata));
        self.pods.iter().for_each(|(name, object)| visit(&PODS, name, &object.metadata));
        for (resource, objects) in &self.others {
            objects.iter().for_each(|(name, meta)| visit(resource, name, meta));
        }
    }

    /// The metadata of one object, if it exists.
    pub(crate) fn meta(&self, resource: &Resource, name: &NamespacedName) -> Option<&ObjectMeta> {
        match resource {
            r if *r == NODES => self.nodes.get(name).map(|object| &object.metadata),
            r if *r == NAMESPACES => self.namespaces.get(name).map(|object| &object.metadata),
            r if *r == SERVICES => self.services.get(name).map(|object| &object.metadata),
            r if *r == ENDPOINT_SLICES => self.endpoint_slices.get(name).map(|object| &object.metadata),
            r if *r == DEPLOYMENTS => self.deployments.get(name).map(|object| &object.metadata),
            r if *r == REPLICA_SETS => self.replica_sets.get(name).map(|object| &object.metadata),
            r if *r == PODS => self.pods.get(name).map(|object| &object.metadata),
            _ => self.others.iter().find(|(r, _)| **r == resource)?.1.get(name).map(|meta| &**meta),
        }
    }
}
