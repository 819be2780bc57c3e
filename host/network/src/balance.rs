//! Round robin over the endpoints of one Service port, equally over all hosts.
//!
//! Endpoints stand on a ring in the order of a hash of their identity, and a rotation remembers whom it picked last
//! and takes the next one round. So a change of the list disturbs nobody else's turn, which an index modulo the
//! length does: under churn it can starve an endpoint. Each request runtime has a rotation of its own and starts
//! somewhere else, so runtimes share nothing and hosts do not march in step.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::delta::Endpoint;

/// An endpoint with its place on the ring.
#[derive(Debug)]
pub(crate) struct Spot {
    /// Its place; unique on its ring, and the same on every host.
    pub(crate) key: u64,
    /// Whether its Pod is on this host.
    pub(crate) local: bool,
    pub(crate) endpoint: Endpoint,
}

/// The endpoints of one Service port, in ring order.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    spots: Box<[Spot]>,
}

impl Ring {
    /// Orders `endpoints`. Those without a Pod are left out, and one that is named twice counts once.
    pub(crate) fn new(endpoints: Vec<Endpoint>, node_name: &str) -> Self {
        let mut spots: Vec<Spot> = endpoints
            .into_iter()
            .filter(|endpoint| !endpoint.pod_uid.is_empty() && endpoint.port != 0)
            .map(|endpoint| Spot {
                key: hash(&[endpoint.pod_uid.as_bytes(), &endpoint.port.to_be_bytes()]),
                local: *endpoint.node_name == *node_name,
                endpoint,
            })
            .collect();
        let identity = |spot: &Spot| (spot.key, spot.endpoint.pod_uid.clone(), spot.endpoint.port);
        spots.sort_by_cached_key(identity);
        spots.dedup_by(|a, b| identity(a) == identity(b));
        part_collisions(&mut spots);
        Self { spots: spots.into() }
    }

    /// All, from the one after `key` on, once round.
    pub(crate) fn after(&self, key: u64) -> impl Iterator<Item = &Spot> {
        let at = self.spots.partition_point(|spot| spot.key <= key);
        let (before, after) = self.spots.split_at(at);
        after.iter().chain(before)
    }

    pub(crate) fn spots(&self) -> &[Spot] {
        &self.spots
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }
}

/// Two different endpoints with one hash would take one turn between them.
fn part_collisions(spots: &mut [Spot]) {
    let mut last: Option<u64> = None;
    for spot in spots {
        if let Some(last) = last.filter(|last| spot.key <= *last) {
            spot.key = last.saturating_add(1);
        }
        last = Some(spot.key);
    }
}

/// Whose turn it was last, on one request runtime.
#[derive(Debug)]
pub(crate) struct Rotation(AtomicU64);

impl Rotation {
    /// A rotation of request runtime `lane` of the Node `node_name`.
    pub(crate) fn new(node_name: &str, lane: usize) -> Self {
        Self(AtomicU64::new(hash(&[node_name.as_bytes(), &lane.to_be_bytes()])))
    }

    /// The next endpoint on `ring` that `may` be picked.
    pub(crate) fn next<'r>(&self, ring: &'r Ring, may: impl Fn(&Spot) -> bool) -> Option<&'r Spot> {
        let spot = ring.after(self.0.load(Ordering::Relaxed)).find(|spot| may(spot))?;
        self.0.store(spot.key, Ordering::Relaxed);
        Some(spot)
    }
}

/// FNV-1a, then mixed (splitmix64), because FNV spreads short texts poorly. Not against an adversary: whoever can
/// choose Pod UIDs owns the cluster.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().copied().flatten() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn endpoint(uid: &str, node: &str) -> Endpoint {
        Endpoint {
            pod_uid: uid.into(),
            pod_name: uid.into(),
            ip: [127, 64, 0, 1].into(),
            port: 80,
            node_name: node.into(),
        }
    }

    fn ring(uids: &[&str]) -> Ring {
        Ring::new(uids.iter().map(|uid| endpoint(uid, "here")).collect(), "here")
    }

    fn turns(rotation: &Rotation, ring: &Ring, count: usize) -> BTreeMap<String, usize> {
        let mut turns = BTreeMap::new();
        for _ in 0..count {
            let spot = rotation.next(ring, |_| true).expect("someone");
            *turns.entry(spot.endpoint.pod_uid.to_string()).or_default() += 1;
        }
        turns
    }

    #[test]
    fn everyone_has_the_same_number_of_turns() {
        let ring = ring(&["a", "b", "c", "d", "e"]);
        let turns = turns(&Rotation::new("here", 0), &ring, 500);
        assert_eq!(turns.values().copied().collect::<Vec<_>>(), [100; 5]);
    }

    #[test]
    fn a_newcomer_that_comes_and_goes_takes_no_turn_from_the_others() {
        let (with, without) = (ring(&["a", "b", "c"]), ring(&["a", "b"]));
        let rotation = Rotation::new("here", 0);
        let mut sum: BTreeMap<String, usize> = BTreeMap::new();
        for round in 0..600 {
            let list = if round % 2 == 0 { &with } else { &without };
            for (uid, count) in turns(&rotation, list, 1) {
                *sum.entry(uid).or_default() += count;
            }
        }
        let (a, b) = (sum["a"], sum["b"]);
        assert!(a.abs_diff(b) <= 300, "{sum:?}");
        assert!(a > 100 && b > 100, "{sum:?}");
    }

    #[test]
    fn refused_ones_are_skipped_and_none_is_nobody() {
        let ring = ring(&["a", "b", "c"]);
        let rotation = Rotation::new("here", 1);
        for _ in 0..6 {
            assert_ne!(
                &*rotation.next(&ring, |s| &*s.endpoint.pod_uid != "b").expect("two left").endpoint.pod_uid,
                "b"
            );
        }
        assert!(rotation.next(&ring, |_| false).is_none());
        assert!(rotation.next(&Ring::default(), |_| true).is_none());
    }

    #[test]
    fn addresses_without_a_pod_and_duplicates_are_left_out() {
        let mut list = vec![endpoint("a", "here"), endpoint("", "here"), endpoint("a", "here"), endpoint("b", "there")];
        list.push(Endpoint { port: 0, ..endpoint("c", "here") });
        let ring = Ring::new(list, "here");
        assert_eq!(ring.spots().len(), 2);
        assert_eq!(ring.spots().iter().filter(|s| s.local).count(), 1);
    }

    #[test]
    fn equal_hashes_still_take_turns() {
        let spot = |key, uid: &str| Spot { key, local: true, endpoint: endpoint(uid, "here") };
        let mut spots = vec![spot(7, "a"), spot(7, "b"), spot(7, "c"), spot(8, "d")];
        part_collisions(&mut spots);
        assert_eq!(spots.iter().map(|s| s.key).collect::<Vec<_>>(), [7, 8, 9, 10]);
    }

    #[test]
    fn runtimes_start_in_different_places() {
        let ring = ring(&["a", "b", "c", "d", "e", "f", "g", "h"]);
        let first = |lane| Rotation::new("here", lane).next(&ring, |_| true).map(|s| s.key);
        assert!((1..8).any(|lane| first(lane) != first(0)));
    }
}
