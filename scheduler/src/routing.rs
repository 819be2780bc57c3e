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

use api::core::Pod;
use api::resource::{ENDPOINT_SLICES, NODES, PODS, SERVICES};
use api::{NamespacedName, Resource};
use planner::ServiceRoute;
use store::Revision;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cache::{Cache, View};
use crate::clock::Clock;
use crate::pace;
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

impl Routing {
    /// Takes over what is new; returns whether anything is. What is equal stays the same pointer: sessions
    /// compare by it, and look at every Pod of their Nodes when it has changed.
    fn take(&mut self, table: Arc<Table>, stopping: BTreeSet<String>) -> bool {
        let (reroutes, stops) = (self.table.revision != table.revision, *self.stopping != stopping);
        if reroutes {
            self.table = table;
        }
        if stops {
            self.stopping = Arc::new(stopping);
        }
        reroutes || stops
    }
}

/// What routes depend on: when the resources they are made from last changed, and who is heard.
type Inputs = (u64, u64, bool);

/// This server's time at the loops.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reign {
    pub(crate) term: u64,
    /// When it began to listen to hosts: the grace of those that have not dialled counts from here.
    pub(crate) began: Instant,
}

/// Computes routes whenever the cluster or the roster changes.
pub(crate) struct Router {
    cache: Cache,
    roster: Roster,
    config: planner::Config,
    clock: Arc<Clock>,
    started: Instant,
    drain: Drain,
    /// Pods that are being deleted, and when Pods last changed: acknowledgements come far more often.
    leaving: (Revision, Vec<Arc<Pod>>),
    /// Services some of whose endpoints are left out.
    oversized: BTreeSet<NamespacedName>,
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
        reign: Reign,
    ) -> (Self, watch::Receiver<Routing>) {
        let table = Arc::new(Table { revision: reign.term << TERM_SHIFT, ..Table::default() });
        let (sender, receiver) = watch::channel(Routing { table, ..Routing::default() });
        let mut router = Self {
            cache,
            roster,
            config,
            clock,
            started: reign.began,
            drain: Drain::default(),
            leaving: (0, Vec::new()),
            oversized: BTreeSet::new(),
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
            let began = Instant::now();
            let wake_at = self.step();
            pace::rest(began.elapsed()).await;
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
        self.look_for_leaving(&view);
        self.drain.observe(self.leaving.1.iter().map(Arc::as_ref), &table, now);
        let stopping = self.drain.stopping(&peers, others, now);
        self.sender.send_if_modified(|routing| routing.take(table, stopping));
        [self.drain.next_deadline(now), (now < grace_ends).then_some(grace_ends)].into_iter().flatten().min()
    }

    fn look_for_leaving(&mut self, view: &View) {
        let revision = view.changed_of(&[&PODS]);
        if self.leaving.0 != revision {
            let leaving = view.pods.values().filter(|pod| pod.metadata.deletion_timestamp.is_some());
            self.leaving = (revision, leaving.cloned().collect());
        }
    }

    /// The table of now: the present one if nothing differs, else one revision higher.
    fn table(&mut self, view: &View, peers: &Peers, benefit_of_doubt: bool) -> Arc<Table> {
        let inputs = (view.changed_of(&READS), peers.liveness, benefit_of_doubt);
        if self.made_from.replace(inputs) == Some(inputs) {
            return self.sender.borrow().table.clone();
        }
        let snapshot =
            crate::control::snapshot(view, peers, planner::Usage::default(), &self.config, &self.clock, self.started);
        let routes = planner::routes(&snapshot).into_iter();
        let services = routes.map(|route| (route.service.clone(), self.fit(route))).collect();
        let present = self.sender.borrow().table.clone();
        let peers = peers_of(view, peers, benefit_of_doubt);
        if services == present.services && peers == present.peers {
            return present;
        }
        Arc::new(Table { revision: present.revision + 1, services, peers, ..Table::default() })
    }
}

impl Router {
    /// A route as it travels; says so once if that is not all of it.
    fn fit(&mut self, mut route: ServiceRoute) -> ServiceRoute {
        let left_out = table::fit(&mut route);
        if left_out == 0 {
            self.oversized.remove(&route.service);
        } else if self.oversized.insert(route.service.clone()) {
            tracing::error!(service = %route.service, left_out, "more endpoints than a message holds; some get no traffic");
        }
        route
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_change_stays_the_same_pointer() {
        let mut routing = Routing::default();
        let uids = || BTreeSet::from(["p".to_owned()]);
        let table = |revision| Arc::new(Table { revision, ..Table::default() });
        assert!(routing.take(table(1), uids()));
        let before = routing.clone();
        assert!(!routing.take(table(1), uids()), "nothing is new");
        assert!(routing.take(table(2), uids()));
        assert!(Arc::ptr_eq(&before.stopping, &routing.stopping) && !Arc::ptr_eq(&before.table, &routing.table));
        let before = routing.clone();
        assert!(routing.take(table(2), BTreeSet::new()));
        assert!(!Arc::ptr_eq(&before.stopping, &routing.stopping) && Arc::ptr_eq(&before.table, &routing.table));
    }
}
