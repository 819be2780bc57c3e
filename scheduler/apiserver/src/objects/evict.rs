//! Eviction: a deletion that a PodDisruptionBudget may refuse.
//!
//! The budget gives a disruption and the Pod is marked in one transaction, guarded by both: of two evictions
//! that want the last disruption one is made and the other is asked to wait (C63), whoever dies in between.

use api::label;
use api::resource::{POD_DISRUPTION_BUDGETS, PODS};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Entry, Page};

use super::budget::{self, Answer};
use super::commit::{self, Commit, Draft};
use super::deletion::{self, Step};
use super::modify::{Target, check_preconditions};
use super::{DeleteOptions, Objects, allocation, draft, stamp};
use crate::kinds::{self, Subresource};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::policy::{self, How};
use crate::status::Status;
use crate::value;
use crate::webhook;

/// See [`Objects::evict`].
pub(super) async fn evict(
    objects: &Objects,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> Result<(), Status> {
    let target = Target { kind: kinds::of(&PODS), namespace, name, part: Subresource::Eviction, served: None };
    let key = PODS.key(namespace, name);
    for _ in 0..CONFLICT_RETRIES_MAX {
        let (entry, _) = objects.store.get(&key).await?;
        let entry = entry.ok_or_else(|| Status::not_found(&PODS, name))?;
        let pod = stamp::decode_entry(&entry)?;
        check_preconditions(&target, &pod, options.uid.as_deref(), options.resource_version.as_deref())?;
        admit(objects, &target, options).await?;
        let mut txn = Draft::default();
        if !budget::is_exempt(&pod) {
            spend(objects, namespace, &pod, &mut txn).await?;
        }
        if !take(objects, &target, &entry, &pod, options, &mut txn).await? || options.dry_run {
            return Ok(());
        }
        if let Commit::Done(_) = commit::commit(objects, txn).await? {
            return Ok(());
        }
    }
    Err(commit::exhausted(&PODS, name))
}

/// An eviction is an object that is created, though none is stored.
async fn admit(objects: &Objects, target: &Target<'_>, options: &DeleteOptions) -> Result<(), Status> {
    let mut eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": target.name, "namespace": target.namespace},
        "deleteOptions": {},
    });
    policy::tell_deletion(options, &mut eviction["deleteOptions"]);
    webhook::admit(objects, &target.creating(&eviction, How::Delete(options))).await
}

/// Takes a disruption of the Pod's budget, if it has one.
async fn spend(objects: &Objects, namespace: &str, pod: &Value, txn: &mut Draft) -> Result<(), Status> {
    let listing = objects.store.list(&POD_DISRUPTION_BUDGETS.prefix_in(namespace), Page::default()).await?;
    let mut own = Vec::new();
    for entry in &listing.entries {
        let found = stamp::decode_entry(entry)?;
        if budget::covers(&found, pod) {
            own.push((entry, found));
        }
    }
    let [(entry, found)] = own.as_slice() else {
        if own.is_empty() {
            return Ok(());
        }
        let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        return Err(Status::internal(why));
    };
    match budget::ask(found, pod)? {
        Answer::Free => txn.require(entry.key.to_string(), entry.mod_revision),
        Answer::Spent(mut spent) => {
            let encoded = stamp::encode(&POD_DISRUPTION_BUDGETS, &mut spent)?;
            txn.replace(entry.key.to_string(), entry.mod_revision, encoded);
        }
    }
    Ok(())
}

/// Marks or removes the Pod; returns whether there is anything to do.
async fn take(
    objects: &Objects,
    target: &Target<'_>,
    entry: &Entry,
    pod: &Value,
    options: &DeleteOptions,
    txn: &mut Draft,
) -> Result<bool, Status> {
    let now = Timestamp::now();
    match deletion::step(&announced(pod, now), options, now) {
        Step::Wait => return Ok(false),
        Step::Remove => {
            allocation::release_all(objects, target.kind, pod, txn).await?;
            txn.remove(entry.key.to_string(), entry.mod_revision);
        }
        Step::Mark(mut marked) => {
            txn.replace(entry.key.to_string(), entry.mod_revision, stamp::encode(&PODS, &mut marked)?);
        }
    }
    Ok(true)
}

/// Says of a Pod of a Job that the cluster ends it, because the Job may forgive that (`podFailurePolicy`). Nobody
/// asks it of other Pods.
fn announced(pod: &Value, now: Timestamp) -> Value {
    const DISRUPTION_TARGET: &str = "DisruptionTarget";
    let mut announced = pod.clone();
    let is_finished = matches!(value::text(pod, &["status", "phase"]), "Succeeded" | "Failed");
    if is_finished || value::is_deleting(pod) || !value::finalizers(pod).contains(&label::JOB_TRACKING) {
        return announced;
    }
    let condition = json!({
        "type": DISRUPTION_TARGET,
        "status": "True",
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
        "lastTransitionTime": draft::at_second(now),
    });
    let others = value::at(pod, &["status", "conditions"]).and_then(Value::as_array).into_iter().flatten();
    let others = others.filter(|other| value::text(other, &["type"]) != DISRUPTION_TARGET).cloned();
    let conditions: Vec<Value> = others.chain([condition]).collect();
    if let Some(status) = value::map(&mut announced, &["status"]) {
        status.insert("conditions".to_owned(), Value::Array(conditions));
    }
    announced
}
