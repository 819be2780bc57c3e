//! Enrolling hosts: a Node object for each, with a range of Pod addresses no other Node has.
//!
//! One task enrols one host at a time, each on a view that shows the one before, so that two new hosts
//! never get one range.

use std::sync::Arc;

use api::core::Node;
use api::{NamespacedName, resource::NODES};
use apiserver::{Objects, Patch, Subresource, WriteOptions};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::node::Host;
use crate::cache::{Cache, View};
use crate::cidr::{Cidr, NODE_HOST_BITS};

/// Hosts that wait; after a restart all come at once, and more wait in their sessions.
const QUEUE: usize = 256;
/// How often a Node that others write at the same time is tried again.
const TRIES_MAX: usize = 10;

/// A Node that a host may be.
#[derive(Debug, Clone)]
pub(crate) struct Enrolled {
    pub(crate) uid: String,
    pub(crate) pod_cidr: String,
}

type Request = (Host, oneshot::Sender<Result<Enrolled, Status>>);

/// Where sessions enrol their hosts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Enrolment {
    requests: mpsc::Sender<Request>,
}

/// Who enrols them.
pub(crate) struct Desk {
    requests: mpsc::Receiver<Request>,
    objects: Objects,
    cache: Cache,
    pod_cidr: Cidr,
}

impl Enrolment {
    pub(crate) fn new(objects: Objects, cache: Cache, pod_cidr: Cidr) -> (Self, Desk) {
        let (sender, requests) = mpsc::channel(QUEUE);
        (Self { requests: sender }, Desk { requests, objects, cache, pod_cidr })
    }

    /// Makes or refreshes the Node of a host.
    ///
    /// # Errors
    /// No range is free, or the store does not answer.
    pub(crate) async fn enrol(&self, host: Host) -> Result<Enrolled, Status> {
        let (reply, answer) = oneshot::channel();
        let closing = || Status::unavailable("the server is shutting down");
        self.requests.send((host, reply)).await.map_err(|_| closing())?;
        answer.await.map_err(|_| closing())?
    }
}

/// What one try came to.
enum Try {
    Done(Enrolled),
    /// Someone else wrote the Node; look again.
    Again,
}

impl Desk {
    /// Runs until shutdown.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        loop {
            let request = tokio::select! {
                request = self.requests.recv() => request,
                () = shutdown.cancelled() => return,
            };
            let Some((host, reply)) = request else { return };
            let result = self.enrol(&host).await;
            // A session that has ended meanwhile needs no answer.
            drop(reply.send(result));
        }
    }

    async fn enrol(&self, host: &Host) -> Result<Enrolled, Status> {
        for _ in 0..TRIES_MAX {
            if let Try::Done(enrolled) = self.attempt(host).await? {
                return Ok(enrolled);
            }
        }
        Err(Status::aborted(format!("node {} is written by too many at once", host.hello.node_name)))
    }

    async fn attempt(&self, host: &Host) -> Result<Try, Status> {
        let view = self.cache.view();
        let name = &host.hello.node_name;
        let known = view.nodes.get(&NamespacedName::new("", name.as_str())).cloned();
        let node = match known {
            Some(node) => {
                let range = if range_of(&node).is_none() { Some(self.free_range(&view)?) } else { None };
                self.patch(&node, Subresource::Main, host.main_patch(&node, range)).await?
            }
            None => {
                let object = host.object(self.free_range(&view)?);
                let created = self.objects.create(&NODES, "", object, WriteOptions::default()).await;
                self.written(created).await?
            }
        };
        let Some(node) = node else { return Ok(Try::Again) };
        let Some(node) = self.patch(&node, Subresource::Status, host.status_patch(&node)).await? else {
            return Ok(Try::Again);
        };
        let uid = node.metadata.uid.clone().unwrap_or_default();
        Ok(range_of(&node).map_or(Try::Again, |range| Try::Done(Enrolled { uid, pod_cidr: range.to_string() })))
    }

    /// The Node after a patch; `None` if someone else was faster.
    async fn patch(
        &self,
        node: &Arc<Node>,
        part: Subresource,
        patch: Option<Value>,
    ) -> Result<Option<Arc<Node>>, Status> {
        let Some(patch) = patch else { return Ok(Some(node.clone())) };
        let options = WriteOptions {
            uid: node.metadata.uid.clone(),
            resource_version: node.metadata.resource_version.clone(),
            ..WriteOptions::default()
        };
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let patched = self.objects.patch(&NODES, "", name, part, Patch::Merge(patch), options).await;
        self.written(patched).await
    }

    /// Waits until the view shows a write, so that the next enrolment counts its range.
    async fn written(&self, result: Result<Value, apiserver::Status>) -> Result<Option<Arc<Node>>, Status> {
        match result {
            Ok(object) => {
                let node: Node = serde_json::from_value(object).map_err(|e| Status::internal(e.to_string()))?;
                let revision = node.metadata.resource_version.as_deref().and_then(|v| v.parse().ok());
                self.reach(revision.unwrap_or_default()).await?;
                Ok(Some(Arc::new(node)))
            }
            Err(status) if status.is_conflict() || status.is_already_exists() || status.is_not_found() => {
                let now = self.objects.store().revision().await;
                self.reach(now).await?;
                Ok(None)
            }
            Err(status) if status.code == 422 || status.code == 400 => Err(Status::invalid_argument(status.message)),
            Err(status) => Err(Status::unavailable(status.message)),
        }
    }

    async fn reach(&self, revision: u64) -> Result<(), Status> {
        self.cache.reach(revision).await.map_err(|e| Status::unavailable(e.to_string()))
    }

    fn free_range(&self, view: &View) -> Result<Cidr, Status> {
        let taken: Vec<Cidr> = view.nodes.values().filter_map(|node| range_of(node)).collect();
        self.pod_cidr.first_free(NODE_HOST_BITS, &taken).ok_or_else(|| {
            let why = format!("no range of Pod addresses is free in {}: {} nodes have one", self.pod_cidr, taken.len());
            Status::resource_exhausted(why)
        })
    }
}

fn range_of(node: &Node) -> Option<Cidr> {
    node.spec.as_ref()?.pod_cidr.as_deref()?.parse().ok()
}
