//! Hears a host: that it lives, what it reports, what it has applied.
//!
//! A host may speak only of itself and of the Pods that are bound to it. One that speaks of another's is
//! cut off (F83); one that speaks of a Pod that is no more is late, and not heard (C8).

use std::sync::Arc;
use std::time::Instant;

use api::{NamespacedName, resource};
use protocol::v1::{FromHost, HeartbeatSeen, HostEvent, PodStatuses, ToHost, from_host, to_host};
use tonic::{Status, Streaming};

use super::Session;
use super::hearing::Hearing;
use super::mailbox::Mailbox;
use crate::events::{About, Happening};

/// Events of one message that are looked at; a host sends them in small batches.
const EVENTS_MAX: usize = 256;
/// Longest reason of an Event; Kubernetes' own bound.
const REASON_LEN_MAX: usize = 128;

/// The hearing part of a session.
pub(super) struct Reader {
    session: Session,
    mailbox: Arc<Mailbox>,
    hearing: Hearing,
}

impl Reader {
    pub(super) fn new(session: Session, mailbox: Arc<Mailbox>) -> Self {
        session.shared.sinks.metrics.session_began();
        Self { session, mailbox, hearing: Hearing::new(Instant::now()) }
    }

    /// Runs until the host hangs up or says what it may not.
    pub(super) async fn run(mut self, mut inbound: Streaming<FromHost>) {
        loop {
            let due = self.hearing.due();
            // What has arrived is heard first: after a stall of ours both are ready.
            let message = tokio::select! {
                biased;
                message = inbound.message() => message,
                () = until(due) => {
                    self.silence();
                    continue;
                }
            };
            let message = match message {
                Ok(Some(FromHost { message: Some(message) })) => message,
                Ok(Some(_)) => continue,
                Ok(None) => return,
                Err(status) => {
                    tracing::debug!(node = %self.session.node, %status, "a session broke");
                    return;
                }
            };
            self.alive();
            if let Err(status) = self.hear(message) {
                tracing::warn!(node = %self.session.node, %status, "a host is cut off");
                // A full outbox means that it does not listen; the end of the stream tells it as well.
                drop(self.session.outbox.try_send(Err(status)));
                return;
            }
        }
    }

    fn alive(&mut self) {
        if self.hearing.voice(Instant::now()) {
            tracing::info!(node = %self.session.node, "a host is heard again");
            self.session.shared.roster.heard(&self.session.node, self.session.number);
        }
    }

    fn silence(&mut self) {
        if self.hearing.silence(Instant::now()) {
            tracing::warn!(node = %self.session.node, "a host is silent");
            self.session.shared.roster.lost(&self.session.node, self.session.number, self.hearing.last());
        }
    }

    fn hear(&self, message: from_host::Message) -> Result<(), Status> {
        let (shared, node) = (&self.session.shared, &*self.session.node);
        match message {
            from_host::Message::Hello(_) => return Err(Status::invalid_argument("hello comes first, and only first")),
            from_host::Message::Heartbeat(heartbeat) => {
                let seen = to_host::Message::HeartbeatSeen(HeartbeatSeen { sequence: heartbeat.sequence });
                // A full outbox tells the host as much: something is on its way.
                drop(self.session.outbox.try_send(Ok(ToHost { message: Some(seen) })));
            }
            from_host::Message::PodStatuses(batch) => self.statuses(batch)?,
            from_host::Message::RoutesApplied(applied) => {
                shared.roster.acknowledged(node, self.session.number, applied.revision);
            }
            from_host::Message::Usage(usage) => {
                let own = shared.sources.cache.view().pods_of(node);
                shared.sinks.usages.told(node, usage, &own, shared.now());
            }
            from_host::Message::Events(events) => {
                for event in events.events.into_iter().take(EVENTS_MAX) {
                    self.event(event)?;
                }
            }
        }
        Ok(())
    }

    fn statuses(&self, batch: PodStatuses) -> Result<(), Status> {
        for status in &batch.statuses {
            self.check_own(&status.namespace, &status.name, &status.uid)?;
        }
        let own = self.session.shared.sources.cache.view().pods_of(&self.session.node);
        self.mailbox.put(batch, |uid| own.contains_key(uid));
        Ok(())
    }

    /// Refuses a Pod that is another Node's. One that no longer exists passes here and is dropped later.
    fn check_own(&self, namespace: &str, name: &str, uid: &str) -> Result<(), Status> {
        let view = self.session.shared.sources.cache.view();
        let Some(pod) = view.pods.get(&NamespacedName::new(namespace, name)) else { return Ok(()) };
        let same = pod.metadata.uid.as_deref() == Some(uid);
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).unwrap_or_default();
        if same && node != &*self.session.node {
            let why = format!("pod {namespace}/{name} is not a pod of node {}", self.session.node);
            return Err(Status::permission_denied(why));
        }
        Ok(())
    }

    fn event(&self, event: HostEvent) -> Result<(), Status> {
        let (shared, node) = (&self.session.shared, &*self.session.node);
        let about = if event.pod_uid.is_empty() {
            let name = NamespacedName::new("", node);
            let uid = shared.sources.cache.view().nodes.get(&name).and_then(|n| n.metadata.uid.clone());
            About { resource: &resource::NODES, name, uid: uid.unwrap_or_default() }
        } else {
            self.check_own(&event.namespace, &event.name, &event.pod_uid)?;
            // By UID alone: the names are the host's words, and a namespace is not its to choose (F83).
            let own = shared.sources.cache.view().pods_of(node);
            let Some(pod) = own.get(&event.pod_uid) else { return Ok(()) };
            About { resource: &resource::PODS, name: NamespacedName::of(&pod.metadata), uid: event.pod_uid }
        };
        shared.sinks.events.record(Happening {
            about,
            kind: if event.r#type == "Warning" { "Warning" } else { "Normal" },
            reason: event.reason.chars().take(REASON_LEN_MAX).collect(),
            message: event.message,
            component: "host",
            host: node.to_owned(),
            count: event.count.max(1),
        });
        Ok(())
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

impl Drop for Reader {
    /// However the session ends, routing to the host stops now. Unless it is this server that goes: then the
    /// host serves on, and no other host may hear otherwise on the way out.
    fn drop(&mut self) {
        let (shared, node) = (&self.session.shared, &self.session.node);
        shared.sinks.metrics.session_ended();
        if !shared.shutdown.is_cancelled() {
            shared.roster.lost(node, self.session.number, self.hearing.last());
        }
        tracing::info!(%node, session = self.session.number, "a session has ended");
    }
}
