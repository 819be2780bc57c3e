//! Who is connected: one entry per Node that has dialled since this server started.
//!
//! Sessions write it, everyone reads it, and every change wakes the readers. Liveness is measured with a
//! monotonic clock (F13); a newer session of a Node replaces the older, whose writes no longer count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use protocol::v1::{Engine, ForwardRequest, LogsRequest};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// What the server may ask of a session out of turn.
#[derive(Debug)]
pub(crate) enum Command {
    /// Start a stream of logs under this id.
    OpenLogs { id: String, request: LogsRequest },
    /// Call with a connection into a Pod under this id.
    OpenForward { id: String, request: ForwardRequest },
    /// The reader of a stream has gone.
    Cancel { id: String },
}

/// What a host said that does not change while its session lasts.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) peer_address: String,
    pub(crate) engine: Engine,
    pub(crate) commands: mpsc::Sender<Command>,
    /// Ends the session.
    pub(crate) end: CancellationToken,
}

/// One host, as last heard.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Which of the Node's sessions this is.
    pub(crate) session: u64,
    /// Whether it is heard.
    pub(crate) connected: bool,
    /// Connected: since when. Not connected: when it was last heard.
    pub(crate) since: Instant,
    /// The newest routes it has acknowledged in this session; 0 for none.
    pub(crate) acknowledged: u64,
    pub(crate) facts: Arc<Facts>,
}

/// Everyone, at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peers {
    /// Rises with every change of liveness; acknowledgements do not count.
    pub(crate) liveness: u64,
    pub(crate) by_node: Arc<BTreeMap<String, Peer>>,
}

impl Peers {
    /// What the planner knows of one session.
    pub(crate) fn session(&self, node: &str, clock: &Clock) -> Option<planner::Session> {
        let peer = self.by_node.get(node)?;
        Some(planner::Session { connected: peer.connected, since: clock.at(peer.since) })
    }

    /// What the planner knows of sessions.
    pub(crate) fn sessions(&self, clock: &Clock) -> BTreeMap<String, planner::Session> {
        let session = |peer: &Peer| planner::Session { connected: peer.connected, since: clock.at(peer.since) };
        self.by_node.iter().map(|(node, peer)| (node.clone(), session(peer))).collect()
    }
}

/// Where sessions sign in and out. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    peers: Arc<watch::Sender<Peers>>,
}

impl Roster {
    pub(crate) fn new() -> Self {
        Self { peers: Arc::new(watch::Sender::new(Peers::default())) }
    }

    /// Wakes on every change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Peers> {
        self.peers.subscribe()
    }

    /// Everyone now.
    pub(crate) fn peers(&self) -> Peers {
        self.peers.borrow().clone()
    }

    /// Signs a session in and ends its Node's older one; returns its number, larger than every earlier one.
    pub(crate) fn join(&self, node: &str, facts: Facts) -> u64 {
        let mut session = 0;
        self.peers.send_modify(|peers| {
            peers.liveness += 1;
            session = peers.liveness;
            let peer =
                Peer { session, connected: true, since: Instant::now(), acknowledged: 0, facts: Arc::new(facts) };
            if let Some(older) = Arc::make_mut(&mut peers.by_node).insert(node.to_owned(), peer) {
                older.facts.end.cancel();
            }
        });
        session
    }

    /// The session is heard (again).
    pub(crate) fn heard(&self, node: &str, session: u64) {
        self.turn(node, session, true, Instant::now());
    }

    /// The session is silent or over; it was last heard at `last`.
    pub(crate) fn lost(&self, node: &str, session: u64, last: Instant) {
        self.turn(node, session, false, last);
    }

    fn turn(&self, node: &str, session: u64, connected: bool, since: Instant) {
        self.peers.send_if_modified(|peers| {
            let turns = |peer: &Peer| peer.session == session && peer.connected != connected;
            if !peers.by_node.get(node).is_some_and(turns) {
                return false;
            }
            peers.liveness += 1;
            if let Some(peer) = Arc::make_mut(&mut peers.by_node).get_mut(node) {
                (peer.connected, peer.since) = (connected, since);
            }
            true
        });
    }

    /// The host uses routes of this revision on every core.
    pub(crate) fn acknowledged(&self, node: &str, session: u64, revision: u64) {
        self.peers.send_if_modified(|peers| {
            let newer = |peer: &Peer| peer.session == session && peer.acknowledged < revision;
            if !peers.by_node.get(node).is_some_and(newer) {
                return false;
            }
            if let Some(peer) = Arc::make_mut(&mut peers.by_node).get_mut(node) {
                peer.acknowledged = revision;
            }
            true
        });
    }

    /// Ends the sessions of Nodes that are no more and forgets them; returns their names. A host that is
    /// still there dials again and is a new Node.
    pub(crate) fn forget(&self, exists: impl Fn(&str) -> bool) -> Vec<String> {
        let mut gone = Vec::new();
        self.peers.send_if_modified(|peers| {
            gone = peers.by_node.keys().filter(|node| !exists(node)).cloned().collect();
            for node in &gone {
                peers.liveness += 1;
                if let Some(peer) = Arc::make_mut(&mut peers.by_node).remove(node) {
                    peer.facts.end.cancel();
                }
            }
            !gone.is_empty()
        });
        gone
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn facts(address: &str) -> Facts {
        Facts {
            peer_address: address.to_owned(),
            engine: Engine::default(),
            commands: mpsc::channel(1).0,
            end: CancellationToken::new(),
        }
    }

    #[test]
    fn an_older_session_has_no_say() {
        let roster = Roster::new();
        let first = facts("1");
        let end = first.end.clone();
        let old = roster.join("a", first);
        let new = roster.join("a", facts("2"));
        assert!(new > old && end.is_cancelled());
        roster.lost("a", old, Instant::now());
        roster.acknowledged("a", old, 9);
        let peer = roster.peers().by_node["a"].clone();
        assert!(peer.connected && peer.acknowledged == 0 && peer.facts.peer_address == "2");
        roster.acknowledged("a", new, 3);
        roster.acknowledged("a", new, 2);
        assert_eq!(roster.peers().by_node["a"].acknowledged, 3, "acknowledgements do not fall");
    }

    #[test]
    fn silence_and_return_wake_once_each() {
        let roster = Roster::new();
        let session = roster.join("a", facts("1"));
        let mut wakes = roster.subscribe();
        wakes.mark_unchanged();
        roster.heard("a", session);
        assert!(!wakes.has_changed().expect("open"), "nothing turned");
        let last = Instant::now();
        roster.lost("a", session, last);
        assert!(wakes.has_changed().expect("open"));
        assert_eq!(roster.peers().by_node["a"].since, last, "when it was last heard");
        assert!(roster.forget(|_| true).is_empty());
        assert_eq!(roster.forget(|_| false), ["a"]);
        assert!(roster.peers().by_node.is_empty());
    }
}
