//! How many Pods a budget expects, and how many of them must be healthy.

use std::collections::BTreeMap;

use api::IntOrString;
use api::meta::OwnerReference;
use api::policy::PodDisruptionBudget;
use api::resource::{DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS};
use api::{NamespacedName, Resource};

use crate::pod::Named;
use crate::share::{self, Round};
use crate::{Snapshot, object};

/// What a budget asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// Pods there should be.
    pub pods: i32,
    /// Pods that must stay healthy.
    pub healthy: i32,
}

/// Percentages round up, as in Kubernetes.
///
/// # Errors
/// Why nobody can tell, for the condition.
pub(super) fn of(snapshot: &Snapshot, budget: &PodDisruptionBudget, pods: &[Named<'_>]) -> Result<Expected, String> {
    let spec = budget.spec.as_ref();
    if let Some(bound) = spec.and_then(|spec| spec.max_unavailable.as_ref()) {
        let total = scale(snapshot, pods)?;
        return Ok(Expected { pods: total, healthy: total.saturating_sub(resolve(bound, total)?).max(0) });
    }
    match spec.and_then(|spec| spec.min_available.as_ref()) {
        Some(IntOrString::Int(number)) => Ok(Expected { pods: object::count(pods.len()), healthy: *number }),
        Some(bound) => {
            let total = scale(snapshot, pods)?;
            Ok(Expected { pods: total, healthy: resolve(bound, total)? })
        }
        None => Ok(Expected { pods: 0, healthy: 0 }),
    }
}

fn resolve(bound: &IntOrString, total: i32) -> Result<i32, String> {
    share::resolve(bound, total, Round::Up).ok_or_else(|| "invalid value for IntOrString: not a percentage".to_owned())
}

/// The sum of what the owners of Pods ask for, each once. Pods that nobody manages are not expected.
fn scale(snapshot: &Snapshot, pods: &[Named<'_>]) -> Result<i32, String> {
    let mut known = BTreeMap::new();
    let mut asked: BTreeMap<&str, i32> = BTreeMap::new();
    for (name, pod) in pods {
        let Some(owner) = object::controller(&pod.metadata) else { continue };
        if known.insert(owner.uid.as_str(), ()).is_some() {
            continue;
        }
        let (uid, replicas) = scale_of(snapshot, &name.namespace, &name.name, owner)?;
        asked.insert(uid, replicas);
    }
    Ok(asked.values().fold(0, |sum, replicas| i32::saturating_add(sum, *replicas)))
}

/// The UID and the replicas of whoever scales the owner of a Pod.
fn scale_of<'a>(
    snapshot: &'a Snapshot,
    namespace: &str,
    pod: &str,
    owner: &'a OwnerReference,
) -> Result<(&'a str, i32), String> {
    let group = owner.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let resource = snapshot.find_kind(group, &owner.kind);
    let name = NamespacedName::new(namespace, owner.name.as_str());
    let is = |known: &Resource| resource.is_some_and(|resource| resource == known);
    let missing = || format!("found no controllers for pod {pod:?}");
    if is(&REPLICA_SETS) {
        let set = snapshot.replica_sets.get(&name).filter(|set| object::uid(&set.metadata) == owner.uid);
        let set = set.ok_or_else(missing)?;
        return Ok(deployment_of(snapshot, namespace, object::controller(&set.metadata))
            .unwrap_or_else(|| (object::uid(&set.metadata), set.spec.replicas.unwrap_or(1))));
    }
    if is(&STATEFUL_SETS) {
        let set = snapshot.stateful_sets.get(&name).filter(|set| object::uid(&set.metadata) == owner.uid);
        let set = set.ok_or_else(missing)?;
        return Ok((object::uid(&set.metadata), set.spec.replicas.unwrap_or(1)));
    }
    let kind = resource.map_or_else(|| owner.kind.clone(), Resource::qualified);
    Err(format!("{kind} does not implement the scale subresource"))
}

fn deployment_of<'a>(
    snapshot: &'a Snapshot,
    namespace: &str,
    owner: Option<&OwnerReference>,
) -> Option<(&'a str, i32)> {
    let owner = owner.filter(|owner| owner.kind == DEPLOYMENTS.kind)?;
    let name = NamespacedName::new(namespace, owner.name.as_str());
    let deployment = snapshot.deployments.get(&name)?;
    let uid = object::uid(&deployment.metadata);
    (uid == owner.uid).then(|| (uid, deployment.spec.replicas.unwrap_or(1)))
}
