//! The cluster at one revision, typed and indexed. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::apps::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use api::autoscaling::HorizontalPodAutoscaler;
use api::batch::{CronJob, Job};
use api::core::{ConfigMap, Namespace, Node, PersistentVolumeClaim, Pod, ResourceQuota, Secret, Service};
use api::discovery::EndpointSlice;
use api::meta::ObjectMeta;
use api::policy::PodDisruptionBudget;
use api::rbac::ClusterRole;
use api::{NamespacedName, Resource, resource};
use planner::Objects;
use store::{Entry, Revision};

use super::customs::Customs;
use super::index::{self, Change, Object};

/// Pods of one Node, by UID.
pub(crate) type PodsOfNode = Arc<BTreeMap<String, Arc<Pod>>>;

/// Everything of interest at one revision. Clones share, and a change copies only what leads to it.
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
    pub(crate) stateful_sets: Objects<StatefulSet>,
    pub(crate) daemon_sets: Objects<DaemonSet>,
    pub(crate) controller_revisions: Objects<ControllerRevision>,
    pub(crate) pod_disruption_budgets: Objects<PodDisruptionBudget>,
    pub(crate) jobs: Objects<Job>,
    pub(crate) cron_jobs: Objects<CronJob>,
    pub(crate) persistent_volume_claims: Objects<PersistentVolumeClaim>,
    pub(crate) resource_quotas: Objects<ResourceQuota>,
    pub(crate) autoscalers: Objects<HorizontalPodAutoscaler>,
    pub(crate) config_maps: Objects<ConfigMap>,
    pub(crate) secrets: Objects<Secret>,
    pub(crate) cluster_roles: Objects<ClusterRole>,
    /// Metadata of what has no typed map above, and of ConfigMaps, Secrets and ClusterRoles too: owners and namespaces need it.
    pub(crate) others: BTreeMap<&'static Resource, Objects<ObjectMeta>>,
    /// Objects that are there and cannot be read. Above they are as they last could be, if they ever could.
    pub(crate) unreadable: Arc<BTreeSet<(&'static Resource, NamespacedName)>>,
    /// Resources that CustomResourceDefinitions have added.
    pub(crate) customs: Arc<BTreeMap<String, &'static Resource>>,
    by_node: Arc<BTreeMap<String, PodsOfNode>>,
}

impl View {
    /// The view of a listing. Every resource counts as changed: what was deleted since an earlier view shows
    /// in no entry.
    pub(super) fn of(entries: &[Entry], revision: Revision, customs: &mut Customs) -> Self {
        let mut view = Self::default();
        // Definitions first: their objects may sort before them.
        entries.iter().for_each(|entry| customs.see(&entry.key, Some(entry)));
        view.customs = customs.all();
        for entry in entries {
            index::parse(&entry.into(), customs).into_iter().for_each(|change| view.apply(change));
        }
        view.revision = revision;
        view.changed = Arc::new(resource::ALL.iter().map(|resource| (*resource, revision)).collect());
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

    /// Takes over what custom resources there are. One of another kind or scope takes the place of its namesake,
    /// whose objects go by its name from now on.
    pub(super) fn define(&mut self, customs: Arc<BTreeMap<String, &'static Resource>>) {
        if Arc::ptr_eq(&self.customs, &customs) {
            return;
        }
        for (qualified, resource) in &*customs {
            if let Some(before) = self.customs.get(qualified).filter(|before| *before != resource)
                && let Some(objects) = self.others.remove(before)
            {
                self.others.insert(resource, objects);
            }
        }
        self.customs = customs;
    }

    pub(super) fn apply(&mut self, change: Change) {
        let Change { resource, name, revision, object } = change;
        self.revision = self.revision.max(revision);
        let changed = Arc::make_mut(&mut self.changed).entry(resource).or_default();
        *changed = (*changed).max(revision);
        if matches!(object, Object::Unreadable) {
            Arc::make_mut(&mut self.unreadable).insert((resource, name));
            return;
        }
        if !self.unreadable.is_empty() {
            Arc::make_mut(&mut self.unreadable).remove(&(resource, name.clone()));
        }
        match object {
            Object::Unreadable => {}
            Object::Node(node) => set(&mut self.nodes, name, node),
            Object::Namespace(namespace) => set(&mut self.namespaces, name, namespace),
            Object::Pod(pod) => self.set_pod(name, pod),
            Object::Service(service) => set(&mut self.services, name, service),
            Object::EndpointSlice(slice) => set(&mut self.endpoint_slices, name, slice),
            Object::Deployment(deployment) => set(&mut self.deployments, name, deployment),
            Object::ReplicaSet(replica_set) => set(&mut self.replica_sets, name, replica_set),
            Object::StatefulSet(object) => set(&mut self.stateful_sets, name, object),
            Object::DaemonSet(object) => set(&mut self.daemon_sets, name, object),
            Object::ControllerRevision(object) => set(&mut self.controller_revisions, name, object),
            Object::PodDisruptionBudget(object) => set(&mut self.pod_disruption_budgets, name, object),
            Object::Job(job) => set(&mut self.jobs, name, job),
            Object::CronJob(cron_job) => set(&mut self.cron_jobs, name, cron_job),
            Object::PersistentVolumeClaim(claim) => set(&mut self.persistent_volume_claims, name, claim),
            Object::ResourceQuota(quota) => set(&mut self.resource_quotas, name, quota),
            Object::Autoscaler(autoscaler) => set(&mut self.autoscalers, name, autoscaler),
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
            Object::ClusterRole(role) => {
                let meta = role.as_ref().map(|role| Arc::new(role.metadata.clone()));
                set(self.others.entry(resource).or_default(), name.clone(), meta);
                set(&mut self.cluster_roles, name, role);
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
    match object {
        Some(object) => objects.insert(name, object),
        None => objects.remove(&name),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::resource::{CONFIG_MAPS, NODES, PODS};

    fn entry(key: String, value: &str, revision: Revision) -> Entry {
        Entry { key: key.into(), value: value.to_owned().into(), create_revision: 1, mod_revision: revision }
    }

    fn apply(view: &mut View, entry: &Entry) {
        view.apply(index::parse(&entry.into(), &mut Customs::default()).expect("is of interest"));
    }

    // A Node that cannot be read is not a Node that is gone.
    #[test]
    fn what_cannot_be_read_stays_as_it_was_until_it_can_or_is_gone() {
        let (key, name) = (NODES.key("", "a"), NamespacedName::new("", "a"));
        let good = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"a","uid":"u"}}"#;
        let mut view = View::of(&[entry(key.clone(), good, 1)], 1, &mut Customs::default());
        apply(&mut view, &entry(key.clone(), "{", 2));
        assert!(view.nodes.contains_key(&name) && view.unreadable.contains(&(&NODES, name.clone())));
        assert_eq!(view.changed_of(&[&NODES]), 2);
        apply(&mut view, &entry(key.clone(), good, 3));
        assert!(view.unreadable.is_empty());
        let mut view = View::of(&[entry(key, r#"{"metadata":3}"#, 4)], 4, &mut Customs::default());
        assert!(view.nodes.is_empty() && view.unreadable.contains(&(&NODES, name.clone())));
        view.apply(Change { resource: &NODES, name, revision: 5, object: Object::Node(None) });
        assert!(view.unreadable.is_empty());
        apply(&mut view, &entry("/registry/leases.coordination.k8s.io/n/x".to_owned(), "{", 6));
        assert_eq!(view.unreadable.len(), 1, "also where only metadata is of interest");
    }

    #[test]
    fn objects_of_custom_resources_are_known_by_their_definition() {
        let definition = r#"{"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
            "names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1","storage":true}]}}"#;
        let key = api::resource::CUSTOM_RESOURCE_DEFINITIONS.key("", "widgets.example.com");
        // `apples` sorts before the definitions.
        let apples = definition.replace("widgets", "apples").replace("Widget", "Apple");
        let object = r#"{"metadata":{"name":"b","namespace":"a","uid":"u"}}"#;
        let entries = [
            entry("/registry/apples.example.com/a/b".to_owned(), object, 2),
            entry(key.replace("widgets", "apples"), &apples, 1),
            entry(key, definition, 1),
            entry("/registry/widgets.example.com/a/b".to_owned(), object, 3),
            entry("/registry/unknown.example.com/a/b".to_owned(), object, 3),
        ];
        let mut customs = Customs::default();
        let view = View::of(&entries, 3, &mut customs);
        let kinds: Vec<_> = view.others.iter().map(|(resource, objects)| (resource.kind, objects.len())).collect();
        assert_eq!(kinds, [("CustomResourceDefinition", 2), ("Apple", 1), ("Widget", 1)]);
        let again = index::parse(&(&entries[3]).into(), &mut customs).expect("is known");
        assert_eq!((again.resource.version, again.name.to_string()), ("v1", "a/b".to_owned()));
    }

    #[test]
    fn after_a_reload_everything_counts_as_changed() {
        let view = View::of(&[], 9, &mut Customs::default());
        for resource in [&PODS, &CONFIG_MAPS] {
            assert_eq!(view.changed_of(&[resource]), 9, "what is gone has changed too");
        }
    }
}
