//! Writes what a host reports, acknowledges it after the commit, and keeps the Node's Lease.
//!
//! Statuses are written side by side, so that a thousand Pods that turn ready share a few disk syncs. A
//! status of a Pod that is no more is dropped (C8). What the store refuses for now is tried again, and not
//! acknowledged before.

use std::sync::Arc;
use std::time::Duration;

use api::core::Pod;
use api::resource::{LEASES, PODS};
use api::{NamespacedName, label};
use apiserver::{DeleteOptions, Objects, Patch, Status, Subresource, WriteOptions};
use futures::StreamExt;
use protocol::v1::{PodStatus, StatusesCommitted, to_host};
use serde_json::{Value, json};

use super::mailbox::{Mailbox, Pending};
use super::{Session, report};

/// Statuses of one host that are written at once.
const AT_ONCE: usize = 128;
/// How often a Pod that others write at the same time is read again.
const TRIES_MAX: usize = 16;
/// How long to wait for a store that is full or away.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often a Lease is renewed: Kubernetes' own rate. Nothing here reads it, other tools do.
const LEASE_EVERY: Duration = Duration::from_secs(10);
/// What a Lease promises; Kubernetes' own.
const LEASE_SECONDS: i32 = 40;

/// The writing part of a session.
pub(super) struct Committer {
    session: Session,
    mailbox: Arc<Mailbox>,
}

impl Committer {
    pub(super) fn new(session: Session, mailbox: Arc<Mailbox>) -> Self {
        Self { session, mailbox }
    }

    /// Runs until the session ends or this server's term has.
    pub(super) async fn run(self) {
        let mut lease = tokio::time::interval(LEASE_EVERY);
        lease.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let pending = tokio::select! {
                pending = self.mailbox.take() => pending,
                _ = lease.tick() => {
                    self.renew_lease().await;
                    continue;
                }
            };
            let sequence = pending.sequence;
            if !self.commit(pending).await {
                return;
            }
            let committed = to_host::Message::StatusesCommitted(StatusesCommitted { sequence });
            if self.session.send(committed).await.is_err() {
                return;
            }
        }
    }

    /// Commits all of it, however often it takes; false when this server may not write any more.
    async fn commit(&self, pending: Pending) -> bool {
        let mut left: Vec<PodStatus> = pending.statuses.into_values().collect();
        loop {
            let count = left.len();
            let write = |status: PodStatus| async {
                let result = self.write(&status).await;
                (status, result)
            };
            let results: Vec<_> = futures::stream::iter(left).map(write).buffer_unordered(AT_ONCE).collect().await;
            left = Vec::new();
            for (status, result) in results {
                match result {
                    Ok(()) => {}
                    Err(error) if error.is_fenced() => return false,
                    Err(error) if error.code >= 500 || error.code == 429 => left.push(status),
                    Err(error) => {
                        let pod = format!("{}/{}", status.namespace, status.name);
                        tracing::warn!(pod, %error, "a status was refused");
                    }
                }
            }
            self.session.shared.sinks.metrics.statuses_committed(count - left.len());
            if left.is_empty() {
                return true;
            }
            tracing::warn!(node = %self.session.node, left = left.len(), "the store takes no statuses; trying again");
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    async fn write(&self, status: &PodStatus) -> Result<(), Status> {
        let objects = &self.session.shared.sinks.objects;
        let name = NamespacedName::new(status.namespace.as_str(), status.name.as_str());
        for _ in 0..TRIES_MAX {
            // Not from the view, which may be older than our own last write: a report that says what the view
            // shows would be dropped, though the Pod says otherwise by now.
            let object = match objects.get(&PODS, &name.namespace, &name.name).await {
                Ok(object) => object,
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) => return Err(error),
            };
            // A Pod that cannot be read is complained of where the view is made.
            let pod: Option<Pod> = serde_json::from_value(object).ok();
            let Some(pod) = pod.filter(|pod| pod.metadata.uid.as_deref() == Some(&status.uid)) else {
                return Ok(());
            };
            match self.write_over(&pod, status).await {
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) if error.is_conflict() => {}
                other => return other,
            }
        }
        Err(Status::too_many_requests(format!("pod {name} is written by too many at once")))
    }

    /// Writes a report over the Pod as it is known.
    async fn write_over(&self, pod: &Pod, status: &PodStatus) -> Result<(), Status> {
        let objects = &self.session.shared.sinks.objects;
        let is_leaving = pod.metadata.deletion_timestamp.is_some();
        let has_finalizers = pod.metadata.finalizers.as_ref().is_some_and(|f| !f.is_empty());
        if !(status.stopped && is_leaving) || has_finalizers {
            self.write_status(pod, status).await?;
        }
        if status.stopped && is_leaving {
            crate::control::remove_stopped(objects, &status.namespace, &status.name, &status.uid).await?;
            tracing::info!(pod = %format!("{}/{}", status.namespace, status.name), "stopped and removed");
        }
        Ok(())
    }

    async fn write_status(&self, pod: &Pod, status: &PodStatus) -> Result<(), Status> {
        let reported = report::parse(&status.status_json).map_err(Status::bad_request)?;
        let current = pod.status.clone().unwrap_or_default();
        let Some(next) = report::merge(&current, reported, self.session.shared.now()) else { return Ok(()) };
        let patch = Patch::Merge(json!({"status": difference(&current, &next)}));
        let options = WriteOptions {
            uid: pod.metadata.uid.clone(),
            resource_version: pod.metadata.resource_version.clone(),
            ..WriteOptions::default()
        };
        let objects = &self.session.shared.sinks.objects;
        let (namespace, name) = (status.namespace.as_str(), status.name.as_str());
        objects.patch(&PODS, namespace, name, Subresource::Status, patch, options).await.map(|_| ())
    }

    /// Not worth a retry: the next one comes by itself.
    async fn renew_lease(&self) {
        let (objects, node) = (&self.session.shared.sinks.objects, &*self.session.node);
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let patch = Patch::Merge(json!({"spec": {"renewTime": now, "holderIdentity": node}}));
        let namespace = label::NODE_LEASE_NAMESPACE;
        let options = WriteOptions::default();
        let renewed = objects.patch(&LEASES, namespace, node, Subresource::Main, patch, options).await;
        let written = match renewed {
            Err(status) if status.is_not_found() => {
                let lease = json!({
                    "apiVersion": "coordination.k8s.io/v1",
                    "kind": "Lease",
                    "metadata": {"name": node, "namespace": namespace},
                    "spec": {"holderIdentity": node, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now},
                });
                objects.create(&LEASES, namespace, lease, WriteOptions::default()).await
            }
            other => other,
        };
        if let Err(status) = written {
            tracing::debug!(node, %status, "a lease was not renewed");
        }
    }
}

/// The merge patch from one status to another: fields that are gone are `null`.
fn difference(current: &api::core::PodStatus, next: &api::core::PodStatus) -> Value {
    let encode = |status| serde_json::to_value(status).unwrap_or_default();
    let (current, mut next): (Value, Value) = (encode(current), encode(next));
    if let (Some(current), Some(next)) = (current.as_object(), next.as_object_mut()) {
        for key in current.keys().filter(|key| !next.contains_key(*key)).cloned().collect::<Vec<_>>() {
            next.insert(key, Value::Null);
        }
        next.retain(|key, value| current.get(key) != Some(value));
    }
    next
}

/// Removes the heartbeats of a Node that is no more.
pub(super) async fn remove_lease(objects: &Objects, node: &str) {
    let removed = objects.delete(&LEASES, label::NODE_LEASE_NAMESPACE, node, DeleteOptions::default()).await;
    if let Err(status) = removed.map(|_| ()) {
        tracing::debug!(node, %status, "no lease was removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_written_and_what_is_gone_is_null() {
        let status = |value: Value| serde_json::from_value(value).expect("a status");
        let current = status(json!({"phase": "Pending", "message": "wait", "podIP": "127.64.0.2"}));
        let next = status(json!({"phase": "Running", "podIP": "127.64.0.2"}));
        assert_eq!(difference(&current, &next), json!({"phase": "Running", "message": null}));
    }
}
