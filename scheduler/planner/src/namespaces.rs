//! Namespaces: what each must contain, and how one is emptied before it goes (F32).
//!
//! Emptying has an order. First what makes Pods and the Pods themselves; the rest only when no Pod
//! is left, so that a Pod that is stopping keeps its configuration and its routes. The API refuses
//! to create anything in a Namespace that is leaving, so what a snapshot shows empty stays empty.

use std::collections::BTreeMap;

use api::core::{Namespace, NamespaceCondition};
use api::meta::{ObjectMeta, Time};
use api::resource::{
    CONFIG_MAPS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, ENDPOINT_SLICES, EVENTS, JOBS, NAMESPACES, PODS, REPLICA_SETS,
    SERVICE_ACCOUNTS, SERVICES, STATEFUL_SETS,
};
use api::{NamespacedName, Resource};
use serde_json::json;

use crate::name::Hash;
use crate::{Action, Part, Plan, Snapshot, object};

const FINALIZER: &str = "kubernetes";
const SERVICE_ACCOUNT: &str = "default";
const ROOT_CA: &str = "kube-root-ca.crt";
/// Tells whether a stored certificate is the present one without reading it.
const CA_HASH: &str = "insula.dev/ca-hash";
const FINALIZERS_REMAINING: &str = "NamespaceFinalizersRemaining";
/// Removed first, in this order, so that nothing makes Pods anew.
static FIRST: [&Resource; 7] = [&DEPLOYMENTS, &REPLICA_SETS, &STATEFUL_SETS, &DAEMON_SETS, &CRON_JOBS, &JOBS, &PODS];

/// Whether a Namespace is leaving. One that does not exist is not: tests and bootstrap have such.
pub(crate) fn is_terminating(snapshot: &Snapshot, namespace: &str) -> bool {
    let name = NamespacedName::new("", namespace);
    snapshot.namespaces.get(&name).is_some_and(|namespace| object::is_terminating(&namespace.metadata))
}

/// Decides what Namespaces gain and lose.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    let mut contents = contents(snapshot);
    for (name, namespace) in snapshot.namespaces.iter() {
        if plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        if object::is_terminating(&namespace.metadata) {
            let content = contents.remove(name.name.as_str()).unwrap_or_default();
            empty(snapshot, namespace, &content, &mut plan);
        } else {
            furnish(snapshot, &name.name, &mut plan);
        }
    }
    plan
}

/// What a Namespace holds.
#[derive(Default)]
struct Content<'a> {
    objects: Vec<(&'static Resource, &'a ObjectMeta)>,
    /// Resources of objects that are there and cannot be read: they hold the Namespace, and those after them.
    unreadable: Vec<&'static Resource>,
}

/// Everything in Namespaces that are leaving.
fn contents(snapshot: &Snapshot) -> BTreeMap<&str, Content<'_>> {
    let leaving = snapshot.namespaces.iter().filter(|(_, namespace)| object::is_terminating(&namespace.metadata));
    let mut contents: BTreeMap<&str, Content<'_>> =
        leaving.map(|(name, _)| (name.name.as_str(), Content::default())).collect();
    if !contents.is_empty() {
        snapshot.each_meta(|resource, name, meta| {
            let is_content = resource.is_namespaced() && *resource != EVENTS;
            if let Some(content) = contents.get_mut(name.namespace.as_str()).filter(|_| is_content) {
                content.objects.push((resource, meta));
            }
        });
        for (resource, name) in snapshot.unreadable.iter().filter(|(resource, _)| resource.is_namespaced()) {
            if let Some(content) = contents.get_mut(name.namespace.as_str()) {
                content.unreadable.push(*resource);
            }
        }
    }
    contents
}

/// What every Namespace has: an account for its Pods, and the authority they may trust.
fn furnish(snapshot: &Snapshot, namespace: &str, plan: &mut Plan) {
    let create = |resource: &'static Resource, object| Action::Create {
        resource,
        namespace: namespace.to_owned(),
        object,
        guard: None,
    };
    let account = NamespacedName::new(namespace, SERVICE_ACCOUNT);
    let is_absent = snapshot.meta(&SERVICE_ACCOUNTS, &account).is_none();
    if is_absent && !snapshot.is_unreadable(&SERVICE_ACCOUNTS, &account) {
        let metadata = json!({"name": SERVICE_ACCOUNT, "namespace": namespace});
        let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
        plan.actions.push(create(&SERVICE_ACCOUNTS, object));
    }
    let pem = &*snapshot.config.ca_pem;
    if pem.is_empty() {
        return;
    }
    let hash = format!("{:016x}", Hash::new().bytes(pem.as_bytes()).finish());
    let metadata = json!({"name": ROOT_CA, "namespace": namespace, "annotations": {CA_HASH: hash}});
    let data = json!({"ca.crt": pem});
    let ca = NamespacedName::new(namespace, ROOT_CA);
    match snapshot.meta(&CONFIG_MAPS, &ca) {
        None if snapshot.is_unreadable(&CONFIG_MAPS, &ca) => {}
        None => {
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
            plan.actions.push(create(&CONFIG_MAPS, object));
        }
        Some(stored) if object::annotation(stored, CA_HASH) != Some(&hash) && !object::is_terminating(stored) => {
            let patch = json!({"metadata": {"annotations": {CA_HASH: hash}}, "data": data});
            plan.actions.push(object::guarded_patch(&CONFIG_MAPS, stored, Part::Main, patch));
        }
        Some(_) => {}
    }
}

fn empty(snapshot: &Snapshot, namespace: &Namespace, content: &Content<'_>, plan: &mut Plan) {
    let Content { objects, unreadable } = content;
    if objects.is_empty() && unreadable.is_empty() {
        finalize(namespace, plan);
        return;
    }
    let is_first = |resource: &Resource| FIRST.iter().any(|first| **first == *resource);
    let has_first = objects.iter().map(|(resource, _)| resource).chain(unreadable).any(|resource| is_first(resource));
    let mut stage: Vec<_> = objects.iter().filter(|(resource, _)| is_first(resource) == has_first).collect();
    // Endpoints go with their Services, which own them.
    stage
        .retain(|(resource, _)| **resource != ENDPOINT_SLICES || !objects.iter().any(|(other, _)| **other == SERVICES));
    stage.sort_by_key(|(resource, _)| FIRST.iter().position(|first| **first == **resource));
    let doomed = stage.into_iter().filter(|(_, meta)| !object::is_terminating(meta));
    let room = snapshot.config.actions_max.saturating_sub(plan.actions.len());
    plan.actions.extend(doomed.take(room).map(|(resource, meta)| object::delete(resource, meta)));
    tell_remaining(snapshot, namespace, objects, plan);
}

/// The Namespace is empty: our finalizer goes, and with the last one the Namespace.
fn finalize(namespace: &Namespace, plan: &mut Plan) {
    let finalizers = namespace.spec.as_ref().and_then(|spec| spec.finalizers.as_deref()).unwrap_or_default();
    if finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
        let others: Vec<_> = finalizers.iter().filter(|finalizer| *finalizer != FINALIZER).collect();
        let patch = json!({"spec": {"finalizers": others}});
        plan.actions.push(object::guarded_patch(&NAMESPACES, &namespace.metadata, Part::Finalize, patch));
    }
}

/// Names the finalizers that hold a Namespace up (C6): their owner may be dead, and somebody has to see it.
fn tell_remaining(
    snapshot: &Snapshot,
    namespace: &Namespace,
    objects: &[(&'static Resource, &ObjectMeta)],
    plan: &mut Plan,
) {
    let mut held: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, meta) in objects.iter().filter(|(_, meta)| object::is_terminating(meta)) {
        for finalizer in meta.finalizers.iter().flatten() {
            *held.entry(finalizer).or_default() += 1;
        }
    }
    let conditions = namespace.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let told = conditions.iter().find(|condition| condition.type_ == FINALIZERS_REMAINING);
    if held.is_empty() && told.is_none() {
        return;
    }
    let parts: Vec<_> =
        held.iter().map(|(finalizer, count)| format!("{finalizer} in {count} resource instances")).collect();
    let (status, reason, message) = if held.is_empty() {
        ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_owned())
    } else {
        let message = format!("Some content in the namespace has finalizers remaining: {}", parts.join(", "));
        ("True", "SomeFinalizersRemain", message)
    };
    if told.is_some_and(|told| told.status == status && told.message.as_deref() == Some(&message)) {
        return;
    }
    let condition = NamespaceCondition {
        type_: FINALIZERS_REMAINING.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message),
        last_transition_time: Some(Time(snapshot.now)),
    };
    let others = conditions.iter().filter(|condition| condition.type_ != FINALIZERS_REMAINING);
    let conditions: Vec<_> = others.chain([&condition]).collect();
    let patch = json!({"status": {"conditions": conditions}});
    plan.actions.push(object::guarded_patch(&NAMESPACES, &namespace.metadata, Part::Status, patch));
}

#[cfg(test)]
mod tests;
