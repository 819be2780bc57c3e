//! Binding: a Pod gets its Node, once.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::commit::{self, Commit, Draft};
use super::modify::{Target, check_preconditions};
use super::{Objects, WriteOptions, draft, stamp};
use crate::kinds::{self, Subresource};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::policy::How;
use crate::status::Status;
use crate::value;
use crate::webhook;

/// See [`Objects::bind`].
pub(super) async fn bind(
    objects: &Objects,
    namespace: &str,
    name: &str,
    node: &str,
    options: &WriteOptions,
) -> Result<Value, Status> {
    let pods = &api::resource::PODS;
    let target = Target { kind: kinds::of(pods), namespace, name, part: Subresource::Binding, served: None };
    let key = pods.key(namespace, name);
    for _ in 0..CONFLICT_RETRIES_MAX {
        let (entry, _) = objects.store.get(&key).await?;
        let entry = entry.ok_or_else(|| Status::not_found(pods, name))?;
        let mut pod = stamp::decode_entry(&entry)?;
        check_preconditions(&target, &pod, options.uid.as_deref(), options.resource_version.as_deref())?;
        admit(objects, &target, node, options).await?;
        assign(&mut pod, name, node, Timestamp::now())?;
        let mut txn = Draft::default();
        txn.replace(key.clone(), entry.mod_revision, stamp::encode(pods, &mut pod)?);
        let done =
            if options.dry_run { Commit::Done(entry.mod_revision) } else { commit::commit(objects, txn).await? };
        if let Commit::Done(revision) = done {
            stamp::set_version(&mut pod, revision);
            return Ok(pod);
        }
    }
    Err(commit::exhausted(pods, name))
}

/// A binding is an object that is created, though none is stored.
async fn admit(objects: &Objects, target: &Target<'_>, node: &str, options: &WriteOptions) -> Result<(), Status> {
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": target.name, "namespace": target.namespace},
        "target": {"kind": "Node", "name": node},
    });
    webhook::admit(objects, &target.creating(&binding, How::Write(options))).await
}

fn assign(pod: &mut Value, name: &str, node: &str, now: Timestamp) -> Result<(), Status> {
    let pods = &api::resource::PODS;
    if value::is_deleting(pod) {
        return Err(Status::conflict(
            pods,
            name,
            &format!("pod {name} is being deleted, cannot be assigned to a host"),
        ));
    }
    let bound = value::text(pod, &["spec", "nodeName"]);
    if !bound.is_empty() {
        let why = format!("pod {name} is already assigned to node \"{bound}\"");
        return Err(Status::conflict(pods, name, &why));
    }
    if let Some(spec) = value::map(pod, &["spec"]) {
        spec.insert("nodeName".to_owned(), json!(node));
    }
    let scheduled = json!({"type": "PodScheduled", "status": "True", "lastTransitionTime": draft::at_second(now)});
    if let Some(status) = value::map(pod, &["status"]) {
        // It no longer waits for the room of a Node.
        status.shift_remove("nominatedNodeName");
        let conditions = status.entry("conditions").or_insert_with(|| json!([]));
        if let Some(list) = conditions.as_array_mut() {
            list.retain(|condition| condition["type"] != "PodScheduled");
            list.push(scheduled);
        }
    }
    Ok(())
}
