//! Volumes of the Pods that are kept: placed before a container starts, brought up to date, removed with the Pod.

use std::collections::BTreeSet;

use api::core::Pod as ApiPod;
use protocol::v1::PodAssignment;
use sandbox::Mount;

use super::admit::parse;
use super::core::Core;
use super::pods::{Pod, Progress};
use crate::desired::Uid;
use crate::env::Scope;
use crate::pod::spec::Refusal;
use crate::up::events::Kind;
use crate::volumes::{self, Wanted};

impl Core {
    /// What a container's configuration is made from.
    pub(super) fn scope<'a>(&'a self, pod: &Pod, assignment: &'a PodAssignment, object: &'a ApiPod) -> Scope<'a> {
        let (config, facts) = (&self.context.config, &self.context.facts);
        Scope {
            pod: object,
            sources: &assignment.sources,
            node_name: &config.node_name,
            host_ip: config.node_ip,
            pod_ip: pod.ip,
            cpu_millis: facts.cpu_millis,
            memory_bytes: facts.memory_bytes,
        }
    }

    /// Sees to it that the volumes of a container are there.
    pub(super) async fn place_volumes(&self, uid: &Uid, container: usize) -> Result<Vec<Mount>, Refusal> {
        let wanted = self.wanted_volumes(uid, container)?;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let (disk, uid) = (self.context.volumes.clone(), uid.clone());
        let placed = tokio::task::spawn_blocking(move || disk.place(&uid, &wanted)).await;
        let placed = placed.unwrap_or_else(|error| Err(error.to_string()));
        placed.map_err(|why| Refusal::new("FailedMount", why))
    }

    fn wanted_volumes(&self, uid: &Uid, container: usize) -> Result<Vec<Wanted>, Refusal> {
        let (Some(pod), Some(assignment)) = (self.pods.get(uid), self.desired.pods.get(uid)) else {
            return Ok(Vec::new());
        };
        if !pod.spec.containers.get(container).is_some_and(|container| container.has_mounts) {
            return Ok(Vec::new());
        }
        let object = parse(assignment);
        let Some(own) = object.spec.as_ref().and_then(|spec| spec.containers.get(container)) else {
            return Ok(Vec::new());
        };
        volumes::of(own, &self.scope(pod, assignment, &object))
    }

    /// Brings the files of a Pod that runs to what their sources say now. What cannot be had any more stays as it was.
    pub(super) async fn update_volumes(&mut self, uid: &Uid) {
        let Some(pod) = self.pods.get_mut(uid) else { return };
        if !std::mem::take(&mut pod.sources_changed) || pod.progress != Progress::Live {
            return;
        }
        let running: Vec<usize> =
            (0..pod.containers.len()).filter(|index| pod.containers[*index].life.is_running()).collect();
        for container in running {
            if let Err(refusal) = self.place_volumes(uid, container).await {
                self.event_of(uid, Kind::Warning, "FailedMount", || refusal.message);
            }
        }
    }

    /// Deletes the volumes of a Pod that is gone.
    pub(super) async fn remove_volumes(&self, uid: &Uid) {
        let (disk, gone) = (self.context.volumes.clone(), uid.clone());
        let removed = tokio::task::spawn_blocking(move || disk.remove(&gone)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%uid, %error, "the volumes of a Pod were not removed; they are at the next start");
        }
    }

    /// Deletes the volumes of all Pods that are not known.
    pub(super) fn remove_other_volumes(&self) {
        let known: BTreeSet<String> = self.desired.pods.keys().map(ToString::to_string).collect();
        let disk = self.context.volumes.clone();
        drop(tokio::task::spawn_blocking(move || {
            if let Err(error) = disk.retain(&known) {
                tracing::warn!(%error, "volumes of earlier Pods were not removed");
            }
        }));
    }
}
