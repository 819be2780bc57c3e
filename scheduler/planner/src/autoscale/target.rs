//! What autoscalers scale: the target's number, its selector, and the Pods that selects.

use std::collections::BTreeMap;

use api::autoscaling::HorizontalPodAutoscaler;
use api::meta::{LabelSelector, ObjectMeta};
use api::resource::{DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS};
use api::selector::Selector;
use api::{NamespacedName, Resource};

use crate::Snapshot;
use crate::pod::Named;

/// A target, as its scale shows it.
#[derive(Debug)]
pub(super) struct Scaled<'a> {
    pub resource: &'static Resource,
    pub meta: &'a ObjectMeta,
    /// As many as are wished for.
    pub replicas: i64,
    selector: Result<Selector, String>,
    pub pods: Vec<Named<'a>>,
}

/// The targets of all autoscalers.
pub(super) struct Targets<'a> {
    /// Or why there is none.
    scaled: BTreeMap<&'a NamespacedName, Result<Scaled<'a>, String>>,
    /// Which autoscalers scale a Pod, if there is more than one.
    shared: BTreeMap<&'a NamespacedName, Vec<&'a NamespacedName>>,
}

impl<'a> Targets<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let all = snapshot.autoscalers.iter();
        let scaled: BTreeMap<_, _> = all.map(|(name, of)| (name, find(snapshot, name, of))).collect();
        let mut shared: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, found) in &scaled {
            for (pod, _) in found.iter().flat_map(|found| &found.pods) {
                shared.entry(*pod).or_default().push(*name);
            }
        }
        shared.retain(|_, by| by.len() > 1);
        Self { scaled, shared }
    }

    /// The target of an autoscaler, or why there is none.
    pub(super) fn scaled(&self, name: &NamespacedName) -> Result<&Scaled<'a>, String> {
        match self.scaled.get(name) {
            Some(found) => found.as_ref().map_err(Clone::clone),
            None => Err("it is not known".to_owned()),
        }
    }

    /// Whether a target's Pods can be told, and are scaled by nobody else: or a reason and a sentence.
    pub(super) fn check(&self, name: &NamespacedName, scaled: &Scaled<'_>) -> Result<(), (&'static str, String)> {
        match &scaled.selector {
            Ok(selector) if selector.is_empty() => {
                return Err(("InvalidSelector", "the HPA target's scale is missing a selector".to_owned()));
            }
            Err(why) => {
                let message = format!("couldn't convert selector into a corresponding internal selector object: {why}");
                return Err(("InvalidSelector", message));
            }
            Ok(_) => {}
        }
        let Some(by) = scaled.pods.iter().find_map(|(pod, _)| self.shared.get(pod)) else { return Ok(()) };
        let others: Vec<_> = by.iter().filter(|other| **other != name).map(ToString::to_string).collect();
        let message = format!("pods of the target are controlled by other HPAs too: {}", others.join(", "));
        Err(("AmbiguousSelector", message))
    }
}

fn find<'a>(
    snapshot: &'a Snapshot,
    name: &NamespacedName,
    autoscaler: &HorizontalPodAutoscaler,
) -> Result<Scaled<'a>, String> {
    let reference = &autoscaler.spec.scale_target_ref;
    let group = reference.api_version.as_deref().and_then(|version| version.rsplit_once('/')).map_or("", |(g, _)| g);
    let target = NamespacedName::new(name.namespace.as_str(), reference.name.as_str());
    let absent = |resource: &Resource| format!("{} {:?} not found", resource.qualified(), target.name);
    match (group, reference.kind.as_str()) {
        ("apps", "Deployment") => {
            let found = snapshot.deployments.get(&target).ok_or_else(|| absent(&DEPLOYMENTS))?;
            Ok(scaled(snapshot, &DEPLOYMENTS, &found.metadata, found.spec.replicas, &found.spec.selector))
        }
        ("apps", "ReplicaSet") => {
            let found = snapshot.replica_sets.get(&target).ok_or_else(|| absent(&REPLICA_SETS))?;
            Ok(scaled(snapshot, &REPLICA_SETS, &found.metadata, found.spec.replicas, &found.spec.selector))
        }
        ("apps", "StatefulSet") => {
            let found = snapshot.stateful_sets.get(&target).ok_or_else(|| absent(&STATEFUL_SETS))?;
            Ok(scaled(snapshot, &STATEFUL_SETS, &found.metadata, found.spec.replicas, &found.spec.selector))
        }
        (group, kind) => Err(format!("no kind {kind:?} in group {group:?} is scaled here")),
    }
}

fn scaled<'a>(
    snapshot: &'a Snapshot,
    resource: &'static Resource,
    meta: &'a ObjectMeta,
    replicas: Option<i32>,
    selector: &LabelSelector,
) -> Scaled<'a> {
    let selector = Selector::from_spec(selector);
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    let pods = match &selector {
        Ok(selector) if !selector.is_empty() => {
            let all = snapshot.pods.range(NamespacedName::new(namespace, "")..);
            let here = all.take_while(|(name, _)| name.namespace == namespace);
            here.filter(|(_, pod)| selector.matches(pod.metadata.labels.as_ref())).map(|(n, p)| (n, &**p)).collect()
        }
        Ok(_) | Err(_) => Vec::new(),
    };
    Scaled { resource, meta, replicas: replicas.unwrap_or(1).into(), selector, pods }
}
