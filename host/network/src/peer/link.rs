//! One lane's connections to other hosts: opened when first needed, shared by many calls, given up when they break.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::client::conn::http2::SendRequest;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::dial::dial;
use crate::Body;
use crate::delta::Peer;
use crate::lane::Lane;
use crate::limits::{PEER_CONNECTIONS_MAX, PEER_STREAMS_MAX, SUSPECT_MAX, SUSPECT_MIN};
use crate::metrics::count;
use crate::route::Table;

/// A lane's links, by Node.
#[derive(Default)]
pub(crate) struct Links(Mutex<HashMap<Arc<str>, Arc<Link>>>);

/// The connections of one lane to one host.
pub(super) struct Link {
    peer: Peer,
    state: Mutex<State>,
    /// A dial has ended, well or badly.
    changed: Notify,
}

#[derive(Default)]
struct State {
    connections: Vec<Connection>,
    dialling: bool,
    suspicion: Suspicion,
}

struct Connection {
    sender: SendRequest<Body>,
    streams: Arc<AtomicUsize>,
}

/// A connection, and the count in which a place on it is taken.
type Room = (SendRequest<Body>, Arc<AtomicUsize>);

/// A call's place on a connection, given back when dropped.
pub(super) struct Lease {
    streams: Arc<AtomicUsize>,
    /// The connection was opened after the call had begun to look for one.
    pub(super) fresh: bool,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why there is no connection for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoConnection {
    /// The host could not be reached, now or a moment ago.
    Unreachable(String),
    /// All connections there may be are full.
    Full,
}

/// Leaves a host that could not be reached alone for a while, longer each time. Pure: time is given.
#[derive(Debug, Default)]
struct Suspicion {
    why: String,
    until: Option<Instant>,
    pause: Duration,
}

impl Suspicion {
    /// Another failure; whether it is the first.
    fn failed(&mut self, now: Instant, why: String) -> bool {
        let first = self.until.is_none();
        self.pause = (self.pause * 2).clamp(SUSPECT_MIN, SUSPECT_MAX);
        self.until = Some(now + self.pause);
        self.why = why;
        first
    }

    /// Success; whether there were failures before it.
    fn cleared(&mut self) -> bool {
        std::mem::take(self).until.is_some()
    }

    fn holds(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

impl Links {
    /// Whether `peer` could not be reached a moment ago.
    pub(crate) fn suspects(&self, peer: &Peer) -> bool {
        let links = lock(&self.0);
        let link = links.get(&peer.node_name).filter(|link| link.peer.address == peer.address);
        link.is_some_and(|link| lock(&link.state).suspicion.holds(Instant::now()))
    }

    /// Forgets hosts that `table` does not list, or lists elsewhere; calls under way on their connections go on.
    pub(crate) fn retain(&self, table: &Table) {
        let listed = |link: &Link| table.peer(&link.peer.node_name).is_some_and(|p| p.address == link.peer.address);
        lock(&self.0).retain(|_, link| listed(link));
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    pub(super) fn to(&self, peer: &Peer) -> Arc<Link> {
        let mut links = lock(&self.0);
        if let Some(link) = links.get(&peer.node_name).filter(|link| link.peer.address == peer.address) {
            return link.clone();
        }
        let link = Arc::new(Link { peer: peer.clone(), state: Mutex::default(), changed: Notify::new() });
        links.insert(peer.node_name.clone(), link.clone());
        link
    }
}

impl Link {
    /// A connection with room, and the room. Dials if there is none; many callers wait for one dial.
    pub(super) async fn connection(
        self: &Arc<Self>,
        lane: &Arc<Lane>,
    ) -> Result<(SendRequest<Body>, Lease), NoConnection> {
        let mut waited = false;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(settled) = self.look(lane) {
                return settled.map(|(sender, streams)| (sender, Lease { streams, fresh: waited }));
            }
            changed.await;
            waited = true;
        }
    }

    /// Gives up the connection of `lease`, which has turned out to be at its end; calls under way on it go on.
    pub(super) fn retire(&self, lease: &Lease) {
        lock(&self.state).connections.retain(|connection| !Arc::ptr_eq(&connection.streams, &lease.streams));
    }

    /// What can be said now; `None` while a dial is under way.
    fn look(self: &Arc<Self>, lane: &Arc<Lane>) -> Option<Result<Room, NoConnection>> {
        let mut state = lock(&self.state);
        state.connections.retain(|connection| !connection.sender.is_closed());
        if let Some(room) = state.connections.iter().find_map(Connection::room) {
            return Some(Ok(room));
        }
        if state.suspicion.holds(Instant::now()) {
            return Some(Err(NoConnection::Unreachable(state.suspicion.why.clone())));
        }
        if state.connections.len() >= PEER_CONNECTIONS_MAX {
            return Some(Err(NoConnection::Full));
        }
        if !state.dialling {
            state.dialling = true;
            let (link, lane) = (self.clone(), lane.clone());
            lane.clone().spawn(async move { link.open(&lane).await });
        }
        None
    }

    async fn open(&self, lane: &Arc<Lane>) {
        count(&lane.counters.dialled);
        let dialled = dial(lane, &self.peer).await;
        let mut state = lock(&self.state);
        state.dialling = false;
        match dialled {
            Ok(sender) => {
                if state.suspicion.cleared() {
                    tracing::info!(node = %self.peer.node_name, "a peer is reachable again");
                }
                state.connections.push(Connection { sender, streams: Arc::default() });
            }
            Err(why) => {
                count(&lane.counters.unreachable);
                if state.suspicion.failed(Instant::now(), why.clone()) {
                    let (node, address) = (&self.peer.node_name, self.peer.address);
                    tracing::warn!(%node, %address, %why, "cannot reach a peer");
                }
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }
}

impl Connection {
    fn room(&self) -> Option<Room> {
        let streams_max = usize::try_from(PEER_STREAMS_MAX).unwrap_or(usize::MAX);
        if self.streams.fetch_add(1, Ordering::Relaxed) >= streams_max {
            self.streams.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some((self.sender.clone(), self.streams.clone()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspicion_grows_to_a_bound_and_ends_with_success() {
        let start = Instant::now();
        let mut suspicion = Suspicion::default();
        assert!(!suspicion.holds(start));
        assert!(suspicion.failed(start, "refused".to_owned()), "the first");
        assert!(suspicion.holds(start + SUSPECT_MIN / 2));
        assert!(!suspicion.holds(start + SUSPECT_MIN));
        for _ in 0..20 {
            assert!(!suspicion.failed(start, "refused".to_owned()), "not the first");
        }
        assert!(suspicion.holds(start + SUSPECT_MAX - Duration::from_millis(1)));
        assert!(!suspicion.holds(start + SUSPECT_MAX));
        assert!(suspicion.cleared());
        assert!(!suspicion.cleared());
        assert!(!suspicion.holds(start));
        assert!(suspicion.failed(start, "refused".to_owned()));
        assert!(!suspicion.holds(start + SUSPECT_MIN));
    }
}
