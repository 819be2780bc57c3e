//! From stored entries to typed objects. Pure.

use std::sync::Arc;

use api::apps::{Deployment, ReplicaSet};
use api::batch::{CronJob, Job};
use api::core::{ConfigMap, Namespace, Node, Pod, Secret, Service};
use api::discovery::EndpointSlice;
use api::meta::ObjectMeta;
use api::{NamespacedName, Resource, label, resource};
use k8s_openapi::Metadata;
use serde::de::DeserializeOwned;
use store::{Batch, Entry, Revision};

/// One object that is, or (`None`) is no more.
pub(super) enum Object {
    Node(Option<Arc<Node>>),
    Namespace(Option<Arc<Namespace>>),
    Pod(Option<Arc<Pod>>),
    Service(Option<Arc<Service>>),
    EndpointSlice(Option<Arc<EndpointSlice>>),
    Deployment(Option<Arc<Deployment>>),
    ReplicaSet(Option<Arc<ReplicaSet>>),
    Job(Option<Arc<Job>>),
    CronJob(Option<Arc<CronJob>>),
    ConfigMap(Option<Arc<ConfigMap>>),
    Secret(Option<Arc<Secret>>),
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

/// The changes of a batch that are of interest.
pub(super) fn changes(batch: &Batch) -> impl Iterator<Item = Change> + '_ {
    batch.changes.iter().filter_map(|change| parse(change.key(), change.current.as_ref(), batch.revision))
}

/// One entry as a change.
pub(super) fn of_entry(entry: &Entry) -> Option<Change> {
    parse(&entry.key, Some(entry), entry.mod_revision)
}

/// Events and the heartbeats of Nodes are left out: no decision reads them, and they are most of the writes.
fn parse(key: &str, entry: Option<&Entry>, revision: Revision) -> Option<Change> {
    let (resource, name) = name_of(key)?;
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
        r if *r == resource::JOBS => Object::Job(decode(entry)?),
        r if *r == resource::CRON_JOBS => Object::CronJob(decode(entry)?),
        r if *r == resource::CONFIG_MAPS => Object::ConfigMap(decode(entry)?),
        r if *r == resource::SECRETS => Object::Secret(decode(entry)?),
        _ => Object::Other(entry.map(decode_meta).transpose()?),
    })
}

/// The resource, namespace and name in a key; keys of other things are `None`.
fn name_of(key: &str) -> Option<(&'static Resource, NamespacedName)> {
    let rest = key.strip_prefix(super::PREFIX)?;
    let (qualified, rest) = rest.split_once('/')?;
    let (plural, group) = qualified.split_once('.').unwrap_or((qualified, ""));
    let resource = resource::find_plural(group, plural)?;
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
            let found = name_of(key).map(|(resource, name)| (resource.plural, name.to_string()));
            assert_eq!(found.as_ref().map(|(r, n)| (*r, n.as_str())), wanted, "{key}");
        }
    }
}
