//! Volumes of the Pods that are kept: placed before a container starts, brought up to date, removed with the Pod.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use api::core::Pod as ApiPod;
use protocol::v1::PodAssignment;
use sandbox::Mount;
use tokio::time::timeout;

use super::admit::parse;
use super::core::Core;
use super::pods::{Pod, Progress};
use crate::desired::Uid;
use crate::env::Scope;
use crate::pod::spec::Refusal;
use crate::up::events::Kind;
use crate::volumes::disk::Disk;
use crate::volumes::{self, Wanted};

/// How long making a container's directories may take: they are a few links and small files.
const PLACE_WITHIN: Duration = Duration::from_secs(10);

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
        let placed = tokio::task::spawn_blocking(move || disk.place(&uid, &wanted));
        // A directory of a file system that hangs must not hang the host too.
        let placed = match timeout(PLACE_WITHIN, placed).await {
            Ok(placed) => placed.unwrap_or_else(|error| Err(error.to_string())),
            Err(_) => Err(format!("the directories were not there within {PLACE_WITHIN:?}")),
        };
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
                if let Some(pod) = self.pods.get_mut(uid) {
                    pod.sources_changed = true;
                }
                self.event_of(uid, Kind::Warning, "FailedMount", || refusal.message);
            }
        }
    }

    /// Puts the volumes of a Pod that is gone aside, and deletes them in the background.
    pub(super) async fn remove_volumes(&self, uid: &Uid) {
        let gone = uid.clone();
        self.put_aside(move |disk| disk.remove(&gone)).await;
    }

    /// The same for the volumes of all Pods that are not known.
    pub(super) async fn remove_other_volumes(&self) {
        let known: BTreeSet<String> = self.desired.pods.keys().map(ToString::to_string).collect();
        self.put_aside(move |disk| disk.retain(&known)).await;
    }

    /// Putting aside is renaming and soon done, so that it is waited for; deleting may take as long as there are files.
    async fn put_aside(&self, put: impl FnOnce(&Disk) -> io::Result<()> + Send + 'static) {
        let disk = self.context.volumes.clone();
        let aside = tokio::task::spawn_blocking(move || {
            put(&disk)?;
            Ok::<_, io::Error>(disk)
        });
        match aside.await {
            Ok(Ok(disk)) => drop(tokio::task::spawn_blocking(move || {
                if let Err(error) = disk.empty_trash() {
                    tracing::warn!(%error, "volumes of Pods that are gone are left; they are deleted at the next start");
                }
            })),
            Ok(Err(error)) => tracing::warn!(%error, "volumes of Pods that are gone are not removed"),
            Err(error) => tracing::error!(%error, "volumes are not removed"),
        }
    }
}
