//! The state of the cluster at one revision: all that a decision may look at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::apps::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use api::autoscaling::HorizontalPodAutoscaler;
use api::batch::{CronJob, Job};
use api::core::{Namespace, Node, PersistentVolumeClaim, Pod, ResourceQuota, Service};
use api::discovery::EndpointSlice;
use api::meta::ObjectMeta;
use api::policy::PodDisruptionBudget;
use api::rbac::ClusterRole;
use api::resource::{
    CONTROLLER_REVISIONS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, ENDPOINT_SLICES, EVENTS, HORIZONTAL_POD_AUTOSCALERS,
    JOBS, LEASES, NAMESPACES, NODES, PERSISTENT_VOLUME_CLAIMS, POD_DISRUPTION_BUDGETS, PODS, REPLICA_SETS,
    RESOURCE_QUOTAS, SERVICES, STATEFUL_SETS,
};
use api::{NamespacedName, Resource, label, resource};
use imbl::OrdMap;
use jiff::Timestamp;

use crate::{Config, Scalings, Usage, object};

/// Objects of one resource, by namespace and name; every object has a UID and a resource version. The shell's cache
/// goes on changing its own copy, which costs what changes and not what is there.
pub type Objects<T> = OrdMap<NamespacedName, Arc<T>>;

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
    /// StatefulSets.
    pub stateful_sets: Objects<StatefulSet>,
    /// DaemonSets.
    pub daemon_sets: Objects<DaemonSet>,
    /// ControllerRevisions.
    pub controller_revisions: Objects<ControllerRevision>,
    /// PodDisruptionBudgets.
    pub pod_disruption_budgets: Objects<PodDisruptionBudget>,
    /// Jobs.
    pub jobs: Objects<Job>,
    /// CronJobs.
    pub cron_jobs: Objects<CronJob>,
    /// PersistentVolumeClaims.
    pub persistent_volume_claims: Objects<PersistentVolumeClaim>,
    /// ResourceQuotas.
    pub resource_quotas: Objects<ResourceQuota>,
    /// Why the API last refused what an object wishes to create, by the object's UID. An owner is here until all it
    /// wishes is taken; another leader starts with none.
    pub refusals: Arc<BTreeMap<String, String>>,
    /// HorizontalPodAutoscalers.
    pub autoscalers: Objects<HorizontalPodAutoscaler>,
    /// Namespaces; the namespace of the key is empty.
    pub namespaces: Objects<Namespace>,
    /// ClusterRoles; the namespace of the key is empty. Their metadata is in `others` too.
    pub cluster_roles: Objects<ClusterRole>,
    /// Metadata of every other resource (ConfigMaps, Secrets, ServiceAccounts, Leases, ...); one
    /// without an entry has no objects. Events and the heartbeats of Nodes are left out, and
    /// nothing is concluded from their absence.
    pub others: BTreeMap<&'static Resource, Objects<ObjectMeta>>,
    /// Objects that are stored and cannot be read. They are absent above, or as they last could be read;
    /// nothing is concluded from that absence.
    pub unreadable: Arc<BTreeSet<(&'static Resource, NamespacedName)>>,
    /// The resources that CustomResourceDefinitions add, by qualified name (`widgets.example.com`). Their objects
    /// are among `others`. One whose definition is gone is still here: its objects are known to be gone too.
    pub customs: Arc<BTreeMap<String, &'static Resource>>,
    /// What is known of the sessions of hosts, by Node name.
    pub sessions: Arc<BTreeMap<String, Session>>,
    /// What hosts say is used. A controller that reads it says so by reading `PodMetrics`.
    pub usage: Usage,
    /// What autoscalers remember, as [`Plan::scalings`](crate::Plan::scalings) said last.
    pub scalings: Arc<Scalings>,
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
            stateful_sets: Objects::default(),
            daemon_sets: Objects::default(),
            controller_revisions: Objects::default(),
            pod_disruption_budgets: Objects::default(),
            jobs: Objects::default(),
            cron_jobs: Objects::default(),
            persistent_volume_claims: Objects::default(),
            resource_quotas: Objects::default(),
            refusals: Arc::default(),
            autoscalers: Objects::default(),
            namespaces: Objects::default(),
            cluster_roles: Objects::default(),
            others: BTreeMap::new(),
            unreadable: Arc::default(),
            customs: Arc::default(),
            sessions: Arc::default(),
            usage: Usage::default(),
            scalings: Arc::default(),
        }
    }

    /// Whether a host is heard right now. One that has not dialled since this leader began to
    /// listen is not: nothing new is given to it.
    pub(crate) fn is_connected(&self, node: &str) -> bool {
        self.sessions.get(node).is_some_and(|session| session.connected)
    }

    /// Since when a host has been silent; `None` while it is heard or has the benefit of the doubt.
    ///
    /// After a restart of the control plane no host has dialled yet. Traffic goes on (fail static),
    /// so they get `restart_grace` before their silence means anything.
    pub(crate) fn silent_since(&self, node: &str) -> Option<Timestamp> {
        match self.sessions.get(node) {
            Some(session) if session.connected => None,
            Some(session) => Some(session.since),
            None => Some(self.grace_ends(node)).filter(|end| *end <= self.now),
        }
    }

    /// When the silence of a host that has never dialled begins to count.
    pub(crate) fn grace_ends(&self, node: &str) -> Timestamp {
        let name = NamespacedName::new("", node);
        let created = self.nodes.get(&name).map_or(Timestamp::MIN, |node| object::created(&node.metadata));
        object::after(self.started.max(created), self.config.restart_grace)
    }

    /// When the next host that has not dialled yet loses the benefit of the doubt.
    pub(crate) fn next_grace_end(&self) -> Option<Timestamp> {
        let silent = self.nodes.keys().filter(|name| !self.sessions.contains_key(&name.name));
        silent.map(|name| self.grace_ends(&name.name)).filter(|at| *at > self.now).min()
    }

    /// The resource of a kind, built or custom.
    pub(crate) fn find_kind(&self, group: &str, kind: &str) -> Option<&'static Resource> {
        let custom = || self.customs.values().copied().find(|r| r.group == group && r.kind == kind);
        resource::find_kind(group, kind).or_else(custom)
    }

    /// Whether this object does not exist if it is absent: the snapshot holds all others that can be read.
    pub(crate) fn is_complete_for(&self, resource: &'static Resource, name: &NamespacedName) -> bool {
        let is_heartbeat = *resource == LEASES && name.namespace == label::NODE_LEASE_NAMESPACE;
        *resource != EVENTS && !is_heartbeat && !self.is_unreadable(resource, name)
    }

    /// Whether an object is stored and cannot be read.
    pub(crate) fn is_unreadable(&self, resource: &'static Resource, name: &NamespacedName) -> bool {
        !self.unreadable.is_empty() && self.unreadable.contains(&(resource, name.clone()))
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
        self.stateful_sets.iter().for_each(|(name, object)| visit(&STATEFUL_SETS, name, &object.metadata));
        self.daemon_sets.iter().for_each(|(name, object)| visit(&DAEMON_SETS, name, &object.metadata));
        self.controller_revisions
            .iter()
            .for_each(|(name, object)| visit(&CONTROLLER_REVISIONS, name, &object.metadata));
        self.pod_disruption_budgets
            .iter()
            .for_each(|(name, object)| visit(&POD_DISRUPTION_BUDGETS, name, &object.metadata));
        self.jobs.iter().for_each(|(name, object)| visit(&JOBS, name, &object.metadata));
        self.cron_jobs.iter().for_each(|(name, object)| visit(&CRON_JOBS, name, &object.metadata));
        let claims = &self.persistent_volume_claims;
        claims.iter().for_each(|(name, object)| visit(&PERSISTENT_VOLUME_CLAIMS, name, &object.metadata));
        self.resource_quotas.iter().for_each(|(name, object)| visit(&RESOURCE_QUOTAS, name, &object.metadata));
        self.autoscalers.iter().for_each(|(name, object)| visit(&HORIZONTAL_POD_AUTOSCALERS, name, &object.metadata));
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
            r if *r == STATEFUL_SETS => self.stateful_sets.get(name).map(|object| &object.metadata),
            r if *r == DAEMON_SETS => self.daemon_sets.get(name).map(|object| &object.metadata),
            r if *r == CONTROLLER_REVISIONS => self.controller_revisions.get(name).map(|object| &object.metadata),
            r if *r == POD_DISRUPTION_BUDGETS => self.pod_disruption_budgets.get(name).map(|object| &object.metadata),
            r if *r == JOBS => self.jobs.get(name).map(|object| &object.metadata),
            r if *r == CRON_JOBS => self.cron_jobs.get(name).map(|object| &object.metadata),
            r if *r == PERSISTENT_VOLUME_CLAIMS => {
                self.persistent_volume_claims.get(name).map(|object| &object.metadata)
            }
            r if *r == RESOURCE_QUOTAS => self.resource_quotas.get(name).map(|object| &object.metadata),
            r if *r == HORIZONTAL_POD_AUTOSCALERS => self.autoscalers.get(name).map(|object| &object.metadata),
            r if *r == PODS => self.pods.get(name).map(|object| &object.metadata),
            _ => self.others.iter().find(|(r, _)| **r == resource)?.1.get(name).map(|meta| &**meta),
        }
    }
}
