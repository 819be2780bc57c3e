//! Routes for every proxy, and which Pods may stop because no proxy picks them any more (C44, C49).
//!
//! One task turns (view, roster) into a [`table::Table`] and the set of Pods that may stop; sessions push
//! both. A Pod that is being deleted stops when every connected host has acknowledged routes without it.
//! A host that is lost is not waited for, and no Pod waits longer than its grace period.

mod drain;
pub(crate) mod table;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::resource::{ENDPOINT_SLICES, NODES, PODS, SERVICES};
use api::{NamespacedName, Resource};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, View};
use crate::clock::Clock;
use crate::roster::{Peers, Roster};
use crate::session::PEER_ADDRESS;
use drain::{Drain, Others};
use table::{Peer, Table};

/// After a restart, a Node that has not dialled yet keeps its traffic this long: hosts come back with
/// jitter, and a lost control plane must not cost requests. The same as the planner's `restart_grace`.
pub(crate) const RESTART_GRACE: Duration = Duration::from_secs(10);

/// The resources routes are made from.
static READS: [&Resource; 4] = [&SERVICES, &ENDPOINT_SLICES, &PODS, &NODES];

/// What sessions push.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routing {
    pub(crate) table: Arc<Table>,
    /// UIDs of Pods that may stop.
    pub(crate) stopping: Arc<BTreeSet<String>>,
}

/// What routes depend on: when the resources they are made from last changed, and who is heard.
type Inputs = (u64, u64, bool);

/// Computes routes whenever the cluster or the roster changes.
pub(crate) struct Router {
    cache: Cache,
    roster: Roster,
    config: planner::Config,
    clock: Arc<Clock>,
    started: Instant,
    drain: Drain,
    /// What the present table was made from.
    made_from: Option<Inputs>,
    sender: watch::Sender<Routing>,
}

impl Router {
    /// A router whose revisions rise above those of every earlier term.
    pub(crate) fn new(
        cache: Cache,
        roster: Roster,
        config: planner::Config,
        clock: Arc<Clock>,
        term: u64,
    ) -> (Self, watch::Receiver<Routing>) {
        let table = Arc::new(Table { revision: term << TERM_SHIFT, ..Table::default() });
        let (sender, receiver) = watch::channel(Routing { table, ..Routing::default() });
        let mut router = Self {
            cache,
            roster,
            config,
            clock,
            started: Instant::now(),
            drain: Drain::default(),
            made_from: None,
            sender,
        };
        router.step();
        (router, receiver)
    }

    /// Runs until shutdown.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let (mut views, mut peers) = (self.cache.subscribe(), self.roster.subscribe());
        loop {
            let wake_at = self.step();
            let wake = async {
                match wake_at {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = views.changed() => if changed.is_err() { return },
                changed = peers.changed() => if changed.is_err() { return },
                () = wake => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// One round; returns when time alone will change the outcome.
    fn step(&mut self) -> Option<Instant> {
        // The roster first: a host that signs in after this wakes the next round.
        let peers = self.roster.peers();
        let view = self.cache.view();
        let now = Instant::now();
        let grace_ends = self.started + RESTART_GRACE;
        let table = self.table(&view, &peers, now < grace_ends);
        let all_dialled = view.nodes.keys().all(|node| peers.by_node.contains_key(&node.name));
        let others = if now >= grace_ends || all_dialled { Others::Known } else { Others::Expected };
        let pods = view.pods.values().filter(|pod| pod.metadata.deletion_timestamp.is_some());
        self.drain.observe(pods.map(Arc::as_ref), &table, now);
        let stopping = self.drain.stopping(&peers, others, now);
        self.sender.send_if_modified(|routing| {
            let moved = routing.table.revision != table.revision || *routing.stopping != stopping;
            if moved {
                *routing = Routing { table, stopping: Arc::new(stopping) };
            }
            moved
        });
        [self.drain.next_deadline(), (now < grace_ends).then_some(grace_ends)].into_iter().flatten().min()
    }

    /// The table of now: the present one if nothing differs, else one revision higher.
    fn table(&mut self, view: &View, peers: &Peers, benefit_of_doubt: bool) -> Arc<Table> {
        let inputs = (view.changed_of(&READS), peers.liveness, benefit_of_doubt);
        if self.made_from.replace(inputs) == Some(inputs) {
            return self.sender.borrow().table.clone();
        }
        let snapshot = crate::control::snapshot(view, peers, &self.config, &self.clock, self.started);
        let services = planner::routes(&snapshot).into_iter().map(|route| (route.service.clone(), route)).collect();
        let present = self.sender.borrow().table.clone();
        let next = Table { revision: present.revision, services, peers: peers_of(view, peers, benefit_of_doubt) };
        if next == *present { present } else { Arc::new(Table { revision: present.revision + 1, ..next }) }
    }
}

/// Revisions of routes are `term << TERM_SHIFT` plus a count: they rise within a server's life and
/// across restarts, without a write. 2^40 changes are 34 years at a thousand per second.
const TERM_SHIFT: u32 = 40;

/// Every Node's proxy. The address comes from the session, or (before the host has dialled again) from
/// the Node.
fn peers_of(view: &View, peers: &Peers, benefit_of_doubt: bool) -> Vec<Peer> {
    let of_node = |name: &NamespacedName| {
        let annotation = || view.nodes.get(name)?.metadata.annotations.as_ref()?.get(PEER_ADDRESS).cloned();
        let known = peers.by_node.get(&name.name);
        let address = known.map(|peer| peer.facts.peer_address.clone()).or_else(annotation).unwrap_or_default();
        let reachable = known.map_or(benefit_of_doubt, |peer| peer.connected);
        Peer { node: name.name.clone(), address, reachable }
    };
    view.nodes.keys().map(of_node).filter(|peer| !peer.address.is_empty()).collect()
}
