//! Who may come in at the hosts' port: a few who have yet to prove who they are, and the Nodes.
//!
//! Anybody can dial, so those who have proved nothing have a bound of their own, for all and for one source, and take
//! no Node's place.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::{PEER_ACCEPTED_MAX, PEER_HANDSHAKES_MAX, PEER_HANDSHAKES_PER_SOURCE_MAX};

/// The counts.
#[derive(Default)]
pub(super) struct Gate(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    knocking: usize,
    by_source: HashMap<IpAddr, usize>,
    inside: usize,
    /// Somebody was turned away since nobody knocked.
    crowded: bool,
    /// A Node was turned away since one last came in.
    full: bool,
}

/// There is no room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRoom {
    /// It is news: the first time since there was room.
    pub(super) first: bool,
}

impl Gate {
    /// Somebody at `from` begins to prove who it is.
    pub(super) fn knock(self: &Arc<Self>, from: IpAddr) -> Result<Knock, NoRoom> {
        let source = source(from);
        let mut counts = self.counts();
        let of_source = counts.by_source.get(&source).copied().unwrap_or_default();
        if counts.knocking >= PEER_HANDSHAKES_MAX || of_source >= PEER_HANDSHAKES_PER_SOURCE_MAX {
            return Err(NoRoom { first: !std::mem::replace(&mut counts.crowded, true) });
        }
        counts.knocking += 1;
        counts.by_source.insert(source, of_source + 1);
        drop(counts);
        Ok(Knock { gate: self.clone(), source })
    }

    /// A Node comes in.
    pub(super) fn enter(self: &Arc<Self>) -> Result<Place, NoRoom> {
        let mut counts = self.counts();
        if counts.inside >= PEER_ACCEPTED_MAX {
            return Err(NoRoom { first: !std::mem::replace(&mut counts.full, true) });
        }
        counts.full = false;
        counts.inside += 1;
        drop(counts);
        Ok(Place(self.clone()))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who has yet to prove who it is.
pub(super) struct Knock {
    gate: Arc<Gate>,
    source: IpAddr,
}

impl Knock {
    /// Where.
    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        let mut counts = self.gate.counts();
        counts.knocking -= 1;
        counts.crowded &= counts.knocking > 0;
        match counts.by_source.get_mut(&self.source) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.by_source.remove(&self.source)),
        }
    }
}

/// A Node's connection.
pub(super) struct Place(Arc<Gate>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.counts().inside -= 1;
    }
}

/// What counts as one source: of IPv6 the network, because whoever has one address there has 2^64.
fn source(from: IpAddr) -> IpAddr {
    const NETWORK: u128 = !0 << 64;
    match from.to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & NETWORK).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(last: usize) -> IpAddr {
        [127, 0, 0, u8::try_from(last).expect("small")].into()
    }

    #[test]
    fn one_source_leaves_room_for_others_and_strangers_leave_room_for_nodes() {
        let gate = Arc::new(Gate::default());
        let mut knocks = Vec::new();
        for source in 0..PEER_HANDSHAKES_MAX / PEER_HANDSHAKES_PER_SOURCE_MAX {
            for _ in 0..PEER_HANDSHAKES_PER_SOURCE_MAX {
                knocks.push(gate.knock(v4(source)).expect("room"));
            }
            assert!(gate.knock(v4(source)).is_err(), "one source too often");
        }
        assert!(gate.knock(v4(200)).is_err(), "too many in all");
        let places: Vec<_> = (0..PEER_ACCEPTED_MAX).map(|_| gate.enter().expect("room")).collect();
        assert!(gate.enter().is_err());
        drop(places);
        knocks.pop();
        assert!(gate.knock(v4(200)).is_ok());
        drop(knocks);
        let counts = gate.counts();
        assert_eq!((counts.knocking, counts.inside, counts.by_source.len()), (0, 0, 0));
    }

    #[test]
    fn a_refusal_is_news_once_until_there_was_room() {
        let gate = Arc::new(Gate::default());
        for _ in 0..2 {
            let knocks: Vec<_> =
                (0..PEER_HANDSHAKES_PER_SOURCE_MAX).map(|_| gate.knock(v4(1)).expect("room")).collect();
            assert_eq!(gate.knock(v4(1)).err(), Some(NoRoom { first: true }));
            assert!(gate.knock(v4(2)).is_ok(), "which changes nothing");
            assert_eq!(gate.knock(v4(1)).err(), Some(NoRoom { first: false }));
            drop(knocks);
        }
        let mut places: Vec<_> = (0..PEER_ACCEPTED_MAX).map(|_| gate.enter().expect("room")).collect();
        for first in [true, false] {
            assert_eq!(gate.enter().err(), Some(NoRoom { first }));
        }
        places.pop();
        places.push(gate.enter().expect("room"));
        assert_eq!(gate.enter().err(), Some(NoRoom { first: true }));
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let ip = |text: &str| source(text.parse().expect("an address"));
        assert_eq!(ip("2001:db8::1"), ip("2001:db8::ffff:1"));
        assert_ne!(ip("2001:db8::1"), ip("2001:db8:0:1::1"));
        assert_ne!(ip("127.0.0.1"), ip("127.0.0.2"));
        assert_eq!(ip("::ffff:127.0.0.1"), ip("127.0.0.1"));
    }
}
