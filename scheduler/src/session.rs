//! A host's session: everything that is pushed between one host and this server.
//!
//! Three tasks share a session, so that none delays another: the reader hears the host (heartbeats,
//! acknowledgements), the committer writes what it reports, the writer pushes Pods and routes. They meet
//! only in the [`crate::roster::Roster`] and in the session's own mailbox, and end together. A newer session
//! of the same Node replaces an older one.

mod committer;
mod delivery;
mod enrolment;
mod hearing;
mod mailbox;
mod node;
mod reader;
mod report;
mod source;
mod tokens;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use apiserver::Issuer;
use jiff::Timestamp;
use protocol::v1::{FromHost, Hello, ToHost, Welcome, from_host, to_host};
use protocol::{HEARTBEAT_EVERY, PROTOCOL_MAX, PROTOCOL_MIN};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Status, Streaming};

use crate::artifacts::Artifacts;
use crate::cache::Cache;
use crate::cidr::Cidr;
use crate::clock::Clock;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::roster::{Facts, Roster};
use crate::routing::Routing;
use crate::usage::Usages;

pub(crate) use enrolment::Enrolment;
use mailbox::Mailbox;
use node::Host;
#[cfg(test)]
pub(crate) use node::tests::hello as tests_hello;
pub(crate) use node::{INTERFACES, PEER_ADDRESS};

/// How long a host may take to say who it is.
const HELLO_MAX: Duration = Duration::from_secs(5);
/// Messages on their way to a host; one is at most a few MiB, and a host that does not read waits.
const OUTBOX: usize = 8;
/// How long a host may leave the outbox full before its session is cut off; it dials again.
const SEND_MAX: Duration = Duration::from_secs(10);
/// Streams that may be asked for at once before askers wait.
const COMMANDS: usize = 64;

/// What is the same for every session.
pub(crate) struct Ground {
    pub(crate) cluster_id: Arc<str>,
    pub(crate) term: u64,
    pub(crate) service_cidr: Cidr,
}

/// What sessions push from.
pub(crate) struct Sources {
    pub(crate) cache: Cache,
    pub(crate) routing: watch::Receiver<Routing>,
    pub(crate) artifacts: Artifacts,
    /// Signs the tokens that Pods mount.
    pub(crate) issuer: Issuer,
}

/// What sessions write to.
pub(crate) struct Sinks {
    pub(crate) objects: apiserver::Objects,
    pub(crate) events: Events,
    pub(crate) enrolment: Enrolment,
    pub(crate) usages: Usages,
    pub(crate) metrics: Arc<Metrics>,
}

/// What all sessions share.
pub(crate) struct Sessions {
    pub(crate) ground: Ground,
    pub(crate) sources: Sources,
    pub(crate) sinks: Sinks,
    pub(crate) roster: Roster,
    pub(crate) clock: Arc<Clock>,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// Messages to a host; an error ends the stream.
pub(crate) type Outbox = mpsc::Sender<Result<ToHost, Status>>;

/// One session, as its tasks see it.
#[derive(Clone)]
struct Session {
    shared: Arc<Sessions>,
    node: Arc<str>,
    number: u64,
    outbox: Outbox,
    /// Cancelled when any of the tasks ends, and by whatever ends the session from outside.
    end: CancellationToken,
}

impl Sessions {
    /// Begins the session of a Node: hears its `Hello`, enrols it, and starts the tasks.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a host that speaks for another Node; why it is not welcome otherwise.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        node: &str,
        mut inbound: Streaming<FromHost>,
    ) -> Result<mpsc::Receiver<Result<ToHost, Status>>, Status> {
        let hello = first(&mut inbound).await?;
        let protocol = self.check(node, &hello)?;
        let host = Host::of(hello).map_err(|why| Status::invalid_argument(format!("hello: {why}")))?;
        let enrolled = self.sinks.enrolment.enrol(host.clone()).await?;
        let (outbox, messages) = mpsc::channel(OUTBOX);
        let (commands, orders) = mpsc::channel(COMMANDS);
        let end = self.shutdown.child_token();
        let engine = host.hello.engine.clone().unwrap_or_default();
        let facts =
            Facts { peer_address: host.hello.peer_address.clone(), engine: engine.clone(), commands, end: end.clone() };
        let number = self.roster.join(node, facts);
        tracing::info!(node, session = number, boot = %host.hello.boot_id, "a host is connected");
        let session = Session { shared: self.clone(), node: node.into(), number, outbox, end };
        // From here on its end signs the host out, also if the caller leaves while we wait below.
        let mailbox = Arc::new(Mailbox::default());
        let reader = reader::Reader::new(session.clone(), mailbox.clone());
        let welcome = Welcome {
            cluster_id: self.ground.cluster_id.to_string(),
            node_uid: enrolled.uid,
            protocol,
            term: self.ground.term,
            pod_cidr: enrolled.pod_cidr,
            service_cidr: self.ground.service_cidr.to_string(),
            code_public_key: self.sources.artifacts.public_key().to_vec().into(),
            heartbeat_millis: u32::try_from(HEARTBEAT_EVERY.as_millis()).unwrap_or(u32::MAX),
        };
        session.send(to_host::Message::Welcome(welcome)).await?;
        session.start(inbound, engine, orders, reader, mailbox);
        Ok(messages)
    }

    /// Checks that host and server can talk, and returns the protocol they do it in.
    fn check(&self, node: &str, hello: &Hello) -> Result<u32, Status> {
        if hello.node_name != node {
            let why = format!("this certificate is of node {node}, not of {}", hello.node_name);
            return Err(Status::permission_denied(why));
        }
        if !hello.cluster_id.is_empty() && *hello.cluster_id != *self.ground.cluster_id {
            let why = format!("this host belongs to cluster {}, this is {}", hello.cluster_id, self.ground.cluster_id);
            return Err(Status::failed_precondition(why));
        }
        let (lowest, highest) = (hello.protocol_min.max(PROTOCOL_MIN), hello.protocol_max.min(PROTOCOL_MAX));
        if lowest > highest {
            let why = format!(
                "the host speaks protocols {} to {}, this server {PROTOCOL_MIN} to {PROTOCOL_MAX}; upgrade the older",
                hello.protocol_min, hello.protocol_max
            );
            return Err(Status::failed_precondition(why));
        }
        Ok(highest)
    }

    /// Follows deletions of Nodes: their sessions end and their heartbeats go.
    pub(crate) async fn keep_house(self: Arc<Self>) {
        let mut views = self.sources.cache.subscribe();
        let mut nodes = self.sources.cache.view().nodes;
        loop {
            tokio::select! {
                changed = views.changed() => if changed.is_err() { return },
                () = self.shutdown.cancelled() => return,
            }
            let now = views.borrow_and_update().nodes.clone();
            if now.ptr_eq(&nodes) {
                continue;
            }
            let exists = |node: &str| now.contains_key(&api::NamespacedName::new("", node));
            self.roster.forget(exists);
            self.sinks.usages.forget(exists);
            for node in nodes.keys().filter(|node| !now.contains_key(*node)) {
                committer::remove_lease(&self.sinks.objects, &node.name).await;
            }
            nodes = now;
        }
    }

    /// Whether a Pod of this Node runs the code of this key.
    pub(crate) fn runs(&self, node: &str, key: &str) -> bool {
        let Some(peer) = self.roster.peers().by_node.get(node).cloned() else { return false };
        let pods = self.sources.cache.view().pods_of(node);
        let of = |pod: &Arc<api::core::Pod>| self.sources.artifacts.of(pod, &peer.facts.engine);
        pods.values().filter_map(of).flatten().any(|artifact| artifact.code_key == key)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Session {
    fn start(
        self,
        inbound: Streaming<FromHost>,
        engine: protocol::v1::Engine,
        orders: mpsc::Receiver<crate::roster::Command>,
        reader: reader::Reader,
        mailbox: Arc<Mailbox>,
    ) {
        let tasks = self.shared.tasks.clone();
        tasks.spawn(ending(self.end.clone(), async move { reader.run(inbound).await }));
        let committer = committer::Committer::new(self.clone(), mailbox);
        tasks.spawn(ending(self.end.clone(), async move { committer.run().await }));
        let writer = writer::Writer::new(self.clone(), engine);
        tasks.spawn(ending(self.end, async move { writer.run(orders).await }));
    }

    /// Sends a message; waits while the host is behind, but not for ever.
    async fn send(&self, message: to_host::Message) -> Result<(), Status> {
        let send = self.outbox.send(Ok(ToHost { message: Some(message) }));
        match tokio::time::timeout(SEND_MAX, send).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Status::cancelled("the host has hung up")),
            Err(_) => Err(Status::resource_exhausted("the host does not read")),
        }
    }
}

/// Runs a task of a session; whichever ends first ends the others.
async fn ending(end: CancellationToken, task: impl Future<Output = ()>) {
    let _end = end.clone().drop_guard();
    end.run_until_cancelled(task).await;
}

async fn first(inbound: &mut Streaming<FromHost>) -> Result<Hello, Status> {
    let message = tokio::time::timeout(HELLO_MAX, inbound.message());
    let message = message.await.map_err(|_| Status::deadline_exceeded("no hello in time"))??;
    match message.and_then(|m| m.message) {
        Some(from_host::Message::Hello(hello)) => Ok(hello),
        _ => Err(Status::invalid_argument("a session begins with hello")),
    }
}
