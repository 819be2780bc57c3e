//! What a RuntimeClass adds to a Pod: where it may run, what its sandbox costs, what runs it. Pure.

use std::collections::BTreeMap;

use api::node::RuntimeClass;
use api::{Quantity, label, quota};
use serde_json::{Value, json};

use crate::value;

/// Merges a class into a Pod, or says what contradicts it. Without a class a Pod has no overhead of its own.
pub(super) fn merge(class: Option<&RuntimeClass>, pod: &mut Value) -> Result<(), String> {
    let fixed = class.and_then(|class| class.overhead.as_ref()).and_then(|overhead| overhead.pod_fixed.as_ref());
    set_overhead(fixed, pod)?;
    set_handler(class, pod);
    let Some(scheduling) = class.and_then(|class| class.scheduling.as_ref()) else { return Ok(()) };
    for (key, wanted) in scheduling.node_selector.iter().flatten() {
        let Some(selector) = value::map(pod, &["spec", "nodeSelector"]) else { return Ok(()) };
        match selector.get(key).and_then(Value::as_str) {
            Some(found) if found != wanted => {
                return Err(format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted}; pod.spec.nodeSelector[{key}] = \
                     {found}"
                ));
            }
            _ => drop(selector.insert(key.clone(), json!(wanted))),
        }
    }
    let Some(spec) = value::map(pod, &["spec"]) else { return Ok(()) };
    let added: Vec<Value> = scheduling.tolerations.iter().flatten().map(|toleration| json!(toleration)).collect();
    if !added.is_empty()
        && let Some(list) = spec.entry("tolerations").or_insert_with(|| json!([])).as_array_mut()
    {
        let new: Vec<Value> = added.into_iter().filter(|toleration| !list.contains(toleration)).collect();
        list.extend(new);
    }
    Ok(())
}

fn set_overhead(fixed: Option<&BTreeMap<String, Quantity>>, pod: &mut Value) -> Result<(), String> {
    let found: Option<BTreeMap<String, Quantity>> =
        value::at(pod, &["spec", "overhead"]).and_then(|found| serde_json::from_value(found.clone()).ok());
    let found = found.filter(|found| !found.is_empty());
    match (fixed, found) {
        (None, Some(_)) => {
            Err("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead".to_owned())
        }
        (Some(fixed), Some(found)) if quota::read(Some(fixed)) != quota::read(Some(&found)) => {
            Err("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead".to_owned())
        }
        (Some(fixed), _) => {
            if let Some(spec) = value::map(pod, &["spec"]) {
                spec.insert("overhead".to_owned(), json!(fixed));
            }
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

/// Hosts know handlers and not classes. A class that is called as its handler needs no word for it.
fn set_handler(class: Option<&RuntimeClass>, pod: &mut Value) {
    let named = |class: &&RuntimeClass| class.metadata.name.as_deref() != Some(class.handler.as_str());
    match class.filter(named) {
        Some(class) => {
            if let Some(annotations) = value::map(pod, &["metadata", "annotations"]) {
                annotations.insert(label::RUNTIME_HANDLER.to_owned(), json!(class.handler));
            }
        }
        // Nobody chooses a handler but through a class.
        None => {
            if let Some(annotations) = value::existing(pod, &["metadata", "annotations"]).and_then(Value::as_object_mut)
            {
                annotations.shift_remove(label::RUNTIME_HANDLER);
            }
        }
    }
}
