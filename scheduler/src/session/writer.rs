//! Tells a host what it should know: its Pods, the routes, and streams that are wanted of it.
//!
//! Everything is level-triggered: whatever woke the writer, it compares what the host has been told with
//! what is true now and sends the difference. The first series of Pods ends with a mark; before it a host
//! stops nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::core::{ConfigMap, Secret};
use planner::Objects;
use protocol::v1::{Cancel, Engine, Open, Pods, open, to_host};
use tokio::sync::{mpsc, watch};
use tonic::Status;

use super::Session;
use super::delivery::{Assignment, Told};
use super::source::Supply;
use super::tokens::Tokens;
use crate::accounts::accounts;
use crate::cache::{PodsOfNode, View};
use crate::roster::Command;
use crate::routing::Routing;
use crate::routing::table::Table;

/// The telling part of a session.
pub(super) struct Writer {
    session: Session,
    engine: Engine,
    routing: watch::Receiver<Routing>,
    artifacts: watch::Receiver<u64>,
    told: Told,
    tokens: Tokens,
    /// How long the tokens are good enough.
    tokens_last: Option<Duration>,
    told_table: Option<Arc<Table>>,
    /// What the last comparison of Pods was made from.
    last: Option<Inputs>,
    is_complete: bool,
}

/// Everything assignments are made from, as pointers: the same pointers, the same assignments.
struct Inputs {
    pods: PodsOfNode,
    config_maps: Objects<ConfigMap>,
    secrets: Objects<Secret>,
    tokens: u64,
    stopping: Arc<BTreeSet<String>>,
    artifacts: u64,
}

impl Inputs {
    /// Whether nothing differs.
    fn same(&self, other: &Self) -> bool {
        same_pods(&self.pods, &other.pods)
            && self.artifacts == other.artifacts
            && self.same_sources(other)
            && Arc::ptr_eq(&self.stopping, &other.stopping)
    }

    /// Whether every ConfigMap, Secret and token is the same.
    fn same_sources(&self, other: &Self) -> bool {
        self.tokens == other.tokens
            && self.config_maps.ptr_eq(&other.config_maps)
            && self.secrets.ptr_eq(&other.secrets)
    }
}

impl Writer {
    pub(super) fn new(session: Session, engine: Engine) -> Self {
        let routing = session.shared.sources.routing.clone();
        let artifacts = session.shared.sources.artifacts.changes();
        let tokens = Tokens::new(session.shared.sources.issuer.clone());
        Self {
            session,
            engine,
            routing,
            artifacts,
            told: Told::default(),
            tokens,
            tokens_last: None,
            told_table: None,
            last: None,
            is_complete: false,
        }
    }

    /// Runs until the session ends.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Command>) {
        if let Err(status) = self.tell(&mut orders).await {
            tracing::debug!(node = %self.session.node, %status, "a session cannot be told");
            // The host may not be listening any more.
            drop(self.session.outbox.try_send(Err(status)));
        }
    }

    async fn tell(&mut self, orders: &mut mpsc::Receiver<Command>) -> Result<(), Status> {
        let closing = |_| Status::unavailable("the server is shutting down");
        let mut views = self.session.shared.sources.cache.subscribe();
        loop {
            // Marked before they are read, so that a change in between wakes us again.
            views.mark_unchanged();
            let routing = self.routing.borrow_and_update().clone();
            self.tell_pods(routing.stopping).await?;
            self.tell_routes(routing.table).await?;
            tokio::select! {
                changed = views.changed() => changed.map_err(closing)?,
                changed = self.routing.changed() => changed.map_err(closing)?,
                changed = self.artifacts.changed() => changed.map_err(closing)?,
                () = when(self.tokens_last) => {}
                order = orders.recv() => match order {
                    Some(order) => self.session.send(to_host::Message::Open(open(order))).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn tell_pods(&mut self, stopping: Arc<BTreeSet<String>>) -> Result<(), Status> {
        let artifacts = *self.artifacts.borrow_and_update();
        let view = self.session.shared.sources.cache.view();
        let pods = view.pods_of(&self.session.node);
        self.tokens_last = self.tokens.refresh(&pods, &accounts(&view), self.session.shared.now());
        let inputs = Inputs {
            pods,
            tokens: self.tokens.generation(),
            config_maps: view.config_maps.clone(),
            secrets: view.secrets.clone(),
            stopping,
            artifacts,
        };
        if self.last.as_ref().is_some_and(|last| last.same(&inputs)) {
            return Ok(());
        }
        let (news, waiting) = self.news(&view, &inputs);
        let keep = inputs.pods.keys().map(String::as_str).collect();
        let term = self.session.shared.ground.term;
        let mut messages = self.told.tell(Supply { view: &view, tokens: &self.tokens }, term, news, &keep);
        if !self.is_complete && !waiting {
            self.is_complete = true;
            let mark = Pods { term, revision: view.revision, snapshot_complete: true, ..Pods::default() };
            match messages.last_mut() {
                Some(last) => last.snapshot_complete = true,
                None => messages.push(mark),
            }
        }
        self.last = Some(inputs);
        drop(view);
        for message in messages {
            message.removed_uids.iter().for_each(|uid| self.session.shared.sources.artifacts.forget(uid));
            self.session.send(to_host::Message::Pods(message)).await?;
        }
        Ok(())
    }

    /// The assignments that may differ from what was told, and whether any still waits for the registry.
    ///
    /// A Pod of which nothing differs is passed over by cheap comparisons: what its artifacts are is costly
    /// to ask, and one Pod that stops must not make the others wait for that.
    fn news(&self, view: &View, inputs: &Inputs) -> (Vec<(String, Assignment)>, bool) {
        let supply = Supply { view, tokens: &self.tokens };
        let (mut news, mut waiting) = (Vec::new(), false);
        let same_artifacts = self.last.as_ref().is_some_and(|last| last.artifacts == inputs.artifacts);
        let same_sources = self.last.as_ref().is_some_and(|last| last.same_sources(inputs));
        for (uid, pod) in inputs.pods.iter() {
            let stop = inputs.stopping.contains(uid);
            let is_told = |told: &Assignment| told.is_of(pod, stop) && (same_sources || told.has_sources_of(supply));
            if same_artifacts && self.told.of(uid).is_some_and(is_told) {
                continue;
            }
            match self.session.shared.sources.artifacts.of(pod, &self.engine) {
                Some(artifacts) => news.push((uid.clone(), Assignment::new(supply, pod, artifacts, stop))),
                None => waiting = true,
            }
        }
        (news, waiting)
    }

    /// Not before the Pods: a host that has just dialled learns first what it runs.
    async fn tell_routes(&mut self, table: Arc<Table>) -> Result<(), Status> {
        if !self.is_complete || self.told_table.as_ref().is_some_and(|told| Arc::ptr_eq(told, &table)) {
            return Ok(());
        }
        for message in table.messages(self.told_table.as_deref()) {
            self.session.send(to_host::Message::Routes(message)).await?;
        }
        self.told_table = Some(table);
        Ok(())
    }
}

/// Returns after a while; never, if there is nothing to wait for.
async fn when(last: Option<Duration>) {
    match last {
        Some(last) => tokio::time::sleep(last).await,
        None => std::future::pending().await,
    }
}

/// The default of a Node without Pods is a new pointer each time.
fn same_pods(a: &PodsOfNode, b: &PodsOfNode) -> bool {
    Arc::ptr_eq(a, b) || (a.is_empty() && b.is_empty())
}

fn open(order: Command) -> Open {
    match order {
        Command::OpenLogs { id, request } => Open { id, kind: Some(open::Kind::Logs(request)) },
        Command::OpenForward { id, request } => Open { id, kind: Some(open::Kind::Forward(request)) },
        Command::Cancel { id } => Open { id, kind: Some(open::Kind::Cancel(Cancel {})) },
    }
}
