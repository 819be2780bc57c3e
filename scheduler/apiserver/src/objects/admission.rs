//! What the cluster's own policies make of an object before it is checked and stored.
//!
//! A Pod gets its priority, what its runtime class adds and what LimitRanges give by default; a claim and an Ingress
//! get the default class. Then LimitRanges bound what is asked for. [`quota`] comes last and is part of the
//! transaction. Each policy is a pure function of objects; this file reads them. Everyone who creates is under them,
//! control loops too. What policies users write themselves is not known here.

mod classes;
mod limits;
mod memory;
mod priority;
pub(super) mod quota;
mod runtime_class;

use api::Resource;
use api::core::LimitRange;
use api::resource::{
    INGRESS_CLASSES, INGRESSES, LIMIT_RANGES, NAMESPACES, PERSISTENT_VOLUME_CLAIMS, PODS, PRIORITY_CLASSES,
    RUNTIME_CLASSES, STORAGE_CLASSES,
};
use api::scheduling::PriorityClass;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Entry, Page};

use super::{Objects, draft};
use crate::field::Problems;
use crate::kinds::{self, Kind};
use crate::status::Status;
use crate::value;

/// Mends a new object by the policies for its kind, or refuses it.
pub(super) async fn admit(objects: &Objects, kind: &Kind, namespace: &str, object: &mut Value) -> Result<(), Status> {
    match kind.resource {
        resource if resource == &PODS => admit_pod(objects, kind, namespace, object).await,
        resource if resource == &PERSISTENT_VOLUME_CLAIMS => admit_claim(objects, kind, namespace, object).await,
        resource if resource == &PRIORITY_CLASSES => admit_priority_class(objects, kind, object).await,
        resource if resource == &INGRESSES => {
            let mut problems = Problems::default();
            kinds::check_class_named_once(object, &mut problems);
            draft::finish(kind, object, &problems)?;
            if !kinds::names_class(object)
                && let Some(class) = default_class(objects, &INGRESS_CLASSES).await?
            {
                classes::give(object, "ingressClassName", &class);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Refuses a change that the policies for a kind do not allow.
pub(super) async fn admit_change(objects: &Objects, kind: &Kind, object: &Value) -> Result<(), Status> {
    if kind.resource == &PRIORITY_CLASSES { admit_priority_class(objects, kind, object).await } else { Ok(()) }
}

fn refuse(kind: &Kind, object: &Value, why: &str) -> Status {
    Status::forbidden(kind.resource, value::text(object, &["metadata", "name"]), why)
}

async fn admit_pod(objects: &Objects, kind: &Kind, namespace: &str, pod: &mut Value) -> Result<(), Status> {
    if !value::at(pod, &["spec"]).is_some_and(Value::is_object) {
        // What is no Pod is refused by its shape, with every mistake.
        return Ok(());
    }
    let named = value::text(pod, &["spec", "priorityClassName"]).to_owned();
    let class = if named.is_empty() {
        priority::default_of(&global_defaults(objects).await?)
    } else {
        let found: Option<PriorityClass> = read(objects, &PRIORITY_CLASSES, &named).await?;
        let why = || format!("no PriorityClass with name {named} was found");
        Some(found.ok_or_else(|| refuse(kind, pod, &why()))?)
    };
    priority::resolve(class.as_ref(), pod).map_err(|why| refuse(kind, pod, &why))?;

    let named = value::text(pod, &["spec", "runtimeClassName"]).to_owned();
    let class = if named.is_empty() {
        None
    } else {
        let found: Option<api::node::RuntimeClass> = read(objects, &RUNTIME_CLASSES, &named).await?;
        let why = || format!("pod rejected: RuntimeClass \"{named}\" not found");
        Some(found.ok_or_else(|| refuse(kind, pod, &why()))?)
    };
    runtime_class::merge(class.as_ref(), pod).map_err(|why| refuse(kind, pod, &why))?;

    memory::give_limit(read::<Value>(objects, &NAMESPACES, namespace).await?.as_ref(), pod);

    let ranges = limit_ranges(objects, namespace).await?;
    ranges.iter().for_each(|range| limits::give_defaults(range, pod));
    if !ranges.is_empty()
        && let Ok(typed) = serde_json::from_value(pod.clone())
    {
        limits::verdict(ranges.iter().flat_map(|range| limits::of_pod(range, &typed)))
            .map_err(|why| refuse(kind, pod, &why))?;
    }
    // The class of service follows from requests and limits, which may have come just now.
    (kind.prepare)(pod);
    Ok(())
}

async fn admit_claim(objects: &Objects, kind: &Kind, namespace: &str, claim: &mut Value) -> Result<(), Status> {
    if !classes::is_claim_of_a_class(claim)
        && let Some(class) = default_class(objects, &STORAGE_CLASSES).await?
    {
        classes::give(claim, "storageClassName", &class);
    }
    let ranges = limit_ranges(objects, namespace).await?;
    if ranges.is_empty() {
        return Ok(());
    }
    let Ok(typed) = serde_json::from_value(claim.clone()) else { return Ok(()) };
    let broken = ranges.iter().flat_map(|range| limits::of_claim(range, &typed));
    limits::verdict(broken).map_err(|why| refuse(kind, claim, &why))
}

/// There is one default at most.
async fn admit_priority_class(objects: &Objects, kind: &Kind, class: &Value) -> Result<(), Status> {
    if class.get("globalDefault") != Some(&Value::Bool(true)) {
        return Ok(());
    }
    let own = value::text(class, &["metadata", "name"]);
    let others = global_defaults(objects).await?;
    let other = others.iter().filter_map(|other| other.metadata.name.as_deref()).find(|other| *other != own);
    let why = |other| format!("PriorityClass {other} is already marked as default. Only one default can exist");
    other.map_or(Ok(()), |other| Err(refuse(kind, class, &why(other))))
}

/// The classes that Pods without one could be given.
async fn global_defaults(objects: &Objects) -> Result<Vec<PriorityClass>, Status> {
    // Every Pod asks; decoding them all each time would show.
    let is_default = |entry: &Entry| contains(&entry.value, b"\"globalDefault\":true");
    let entries = list(objects, &PRIORITY_CLASSES, "").await?;
    entries.iter().filter(|entry| is_default(entry)).map(decode).collect()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

async fn limit_ranges(objects: &Objects, namespace: &str) -> Result<Vec<LimitRange>, Status> {
    list(objects, &LIMIT_RANGES, namespace).await?.iter().map(decode).collect()
}

/// The name of the default class of a resource.
async fn default_class(objects: &Objects, resource: &'static Resource) -> Result<Option<String>, Status> {
    let entries = list(objects, resource, "").await?;
    let found: Vec<Value> = entries.iter().map(decode).collect::<Result<_, _>>()?;
    Ok(classes::default_of(resource, &found))
}

/// Everything of a resource in a namespace, or in the cluster.
async fn list(objects: &Objects, resource: &Resource, namespace: &str) -> Result<Vec<Entry>, Status> {
    Ok(objects.store.list(&resource.prefix_in(namespace), Page::default()).await?.entries)
}

async fn read<T: DeserializeOwned>(objects: &Objects, resource: &Resource, name: &str) -> Result<Option<T>, Status> {
    let (entry, _) = objects.store.get(&resource.key("", name)).await?;
    entry.as_ref().map(decode).transpose()
}

fn decode<T: DeserializeOwned>(entry: &Entry) -> Result<T, Status> {
    serde_json::from_slice(&entry.value)
        .map_err(|error| Status::internal(format!("{} is not stored as an object of its kind: {error}", entry.key)))
}

#[cfg(test)]
mod tests;
