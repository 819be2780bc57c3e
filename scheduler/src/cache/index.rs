//! From stored entries to typed objects. Pure.

use std::sync::Arc;

use api::apps::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use api::autoscaling::HorizontalPodAutoscaler;
use api::batch::{CronJob, Job};
use api::core::{ConfigMap, Namespace, Node, PersistentVolumeClaim, Pod, ResourceQuota, Secret, Service};
use api::discovery::EndpointSlice;
use api::meta::ObjectMeta;
use api::policy::PodDisruptionBudget;
use api::rbac::ClusterRole;
use api::{NamespacedName, Resource, label, resource};
use k8s_openapi::Metadata;
use serde::de::DeserializeOwned;
use store::{Batch, Entry, Revision};

use super::customs::Customs;

/// One object that is, or (`None`) is no more.
pub(super) enum Object {
    Node(Option<Arc<Node>>),
    Namespace(Option<Arc<Namespace>>),
    Pod(Option<Arc<Pod>>),
    Service(Option<Arc<Service>>),
    EndpointSlice(Option<Arc<EndpointSlice>>),
    Deployment(Option<Arc<Deployment>>),
    ReplicaSet(Option<Arc<ReplicaSet>>),
    StatefulSet(Option<Arc<StatefulSet>>),
    DaemonSet(Option<Arc<DaemonSet>>),
    ControllerRevision(Option<Arc<ControllerRevision>>),
    PodDisruptionBudget(Option<Arc<PodDisruptionBudget>>),
    Job(Option<Arc<Job>>),
    CronJob(Option<Arc<CronJob>>),
    PersistentVolumeClaim(Option<Arc<PersistentVolumeClaim>>),
    ResourceQuota(Option<Arc<ResourceQuota>>),
    Autoscaler(Option<Arc<HorizontalPodAutoscaler>>),
    ConfigMap(Option<Arc<ConfigMap>>),
    Secret(Option<Arc<Secret>>),
    ClusterRole(Option<Arc<ClusterRole>>),
    /// Only its metadata is of interest.
    Other(Option<Arc<ObjectMeta>>),
    /// It is there, and nobody can tell what it says.
    Unreadable,
}

/// An entry that is no object of its resource.
struct Unreadable;

/// A change of one object.
pub(super) struct Change {
    pub(super) resource: &'static Resource,
    pub(super) name: NamespacedName,
    pub(super) revision: Revision,
    pub(super) object: Object,
}

/// A change as the store tells it.
pub(super) struct Stored<'a> {
    pub(super) key: &'a str,
    pub(super) entry: Option<&'a Entry>,
    pub(super) revision: Revision,
}

impl<'a> From<&'a Entry> for Stored<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self { key: &entry.key, entry: Some(entry), revision: entry.mod_revision }
    }
}

/// The changes of a batch.
pub(super) fn changes(batch: &Batch) -> impl Iterator<Item = Stored<'_>> {
    let revision = batch.revision;
    batch.changes.iter().map(move |change| Stored { key: change.key(), entry: change.current.as_ref(), revision })
}

/// A change, if it is of interest; definitions are taken note of. Events and the heartbeats of Nodes are left out:
/// no decision reads them, and they are most of the writes.
pub(super) fn parse(stored: &Stored<'_>, customs: &mut Customs) -> Option<Change> {
    let Stored { key, entry, revision } = *stored;
    customs.see(key, entry);
    let (resource, name) = name_of(key, customs)?;
    let is_heartbeat = *resource == resource::LEASES && name.namespace == label::NODE_LEASE_NAMESPACE;
    if *resource == resource::EVENTS || is_heartbeat {
        return None;
    }
    let object = object(resource, entry).unwrap_or_else(|Unreadable| Object::Unreadable);
    Some(Change { resource, name, revision, object })
}

fn object(resource: &Resource, entry: Option<&Entry>) -> Result<Object, Unreadable> {
    Ok(match resource {
        r if *r == resource::NODES => Object::Node(decode(entry)?),
        r if *r == resource::NAMESPACES => Object::Namespace(decode(entry)?),
        r if *r == resource::PODS => Object::Pod(decode(entry)?),
        r if *r == resource::SERVICES => Object::Service(decode(entry)?),
        r if *r == resource::ENDPOINT_SLICES => Object::EndpointSlice(decode(entry)?),
        r if *r == resource::DEPLOYMENTS => Object::Deployment(decode(entry)?),
        r if *r == resource::REPLICA_SETS => Object::ReplicaSet(decode(entry)?),
        r if *r == resource::STATEFUL_SETS => Object::StatefulSet(decode(entry)?),
        r if *r == resource::DAEMON_SETS => Object::DaemonSet(decode(entry)?),
        r if *r == resource::CONTROLLER_REVISIONS => Object::ControllerRevision(decode(entry)?),
        r if *r == resource::POD_DISRUPTION_BUDGETS => Object::PodDisruptionBudget(decode(entry)?),
        r if *r == resource::JOBS => Object::Job(decode(entry)?),
        r if *r == resource::CRON_JOBS => Object::CronJob(decode(entry)?),
        r if *r == resource::PERSISTENT_VOLUME_CLAIMS => Object::PersistentVolumeClaim(decode(entry)?),
        r if *r == resource::RESOURCE_QUOTAS => Object::ResourceQuota(decode(entry)?),
        r if *r == resource::HORIZONTAL_POD_AUTOSCALERS => Object::Autoscaler(decode(entry)?),
        r if *r == resource::CONFIG_MAPS => Object::ConfigMap(decode(entry)?),
        r if *r == resource::SECRETS => Object::Secret(decode(entry)?),
        r if *r == resource::CLUSTER_ROLES => Object::ClusterRole(decode(entry)?),
        _ => Object::Other(entry.map(decode_meta).transpose()?),
    })
}

/// The resource, namespace and name in a key; keys of other things are `None`.
fn name_of(key: &str, customs: &Customs) -> Option<(&'static Resource, NamespacedName)> {
    let rest = key.strip_prefix(super::PREFIX)?;
    let (qualified, rest) = rest.split_once('/')?;
    let (plural, group) = qualified.split_once('.').unwrap_or((qualified, ""));
    let resource = resource::find_plural(group, plural).or_else(|| customs.find(qualified))?;
    if !resource.is_namespaced() {
        return Some((resource, NamespacedName::new("", rest)));
    }
    let (namespace, name) = rest.split_once('/')?;
    Some((resource, NamespacedName::new(namespace, name)))
}

fn decode<T: DeserializeOwned + Metadata<Ty = ObjectMeta>>(
    entry: Option<&Entry>,
) -> Result<Option<Arc<T>>, Unreadable> {
    let Some(entry) = entry else { return Ok(None) };
    let mut object: T = serde_json::from_slice(&entry.value).map_err(|error| unreadable(entry, &error))?;
    object.metadata_mut().resource_version = Some(entry.mod_revision.to_string());
    Ok(Some(Arc::new(object)))
}

fn decode_meta(entry: &Entry) -> Result<Arc<ObjectMeta>, Unreadable> {
    #[derive(serde::Deserialize)]
    struct OnlyMeta {
        metadata: ObjectMeta,
    }
    let mut object: OnlyMeta = serde_json::from_slice(&entry.value).map_err(|error| unreadable(entry, &error))?;
    object.metadata.resource_version = Some(entry.mod_revision.to_string());
    Ok(Arc::new(object.metadata))
}

/// The API decodes before it stores, so this is a damaged or foreign entry. It is passed over, loudly: one
/// bad object must not stop the cluster. It must not count as gone either, or what it owns would go too.
fn unreadable(entry: &Entry, error: &serde_json::Error) -> Unreadable {
    tracing::error!(key = %entry.key, %error, "a stored object cannot be read; decisions go by what it said before");
    Unreadable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_their_object() {
        for (key, wanted) in [
            ("/registry/pods/shop/web", Some(("pods", "shop/web"))),
            ("/registry/nodes/a.b", Some(("nodes", "a.b"))),
            ("/registry/deployments.apps/shop/web", Some(("deployments", "shop/web"))),
            ("/registry/cronjobs.batch/shop/nightly", Some(("cronjobs", "shop/nightly"))),
            ("/registry/endpointslices.discovery.k8s.io/a/b", Some(("endpointslices", "a/b"))),
            ("/registry/widgets/a/b", None),
            ("/registry/pods/shop", None),
            ("/insula/term", None),
        ] {
            let found = name_of(key, &Customs::default()).map(|(resource, name)| (resource.plural, name.to_string()));
            assert_eq!(found.as_ref().map(|(r, n)| (*r, n.as_str())), wanted, "{key}");
        }
    }
}
