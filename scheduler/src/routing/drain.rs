//! When a Pod that is being deleted may stop: decided from acknowledgements, never from a sleep. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use api::core::Pod;

use super::table::Table;
use crate::roster::Peers;

/// Grace of a Pod that names none: Kubernetes' default.
const GRACE_DEFAULT: Duration = Duration::from_secs(30);

/// Whether every host that may still serve is among the peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// Every host has dialled, or has had its time to.
    Known,
    /// Some host has not dialled since this server started.
    Expected,
}

/// What is known of the Pods that are being deleted.
#[derive(Debug, Default)]
pub(super) struct Drain {
    pods: BTreeMap<String, Leaving>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leaving {
    /// When its grace is over, from when it was first seen to leave.
    deadline: Instant,
    /// The first routes without it; `None` while it may still be picked.
    absent_since: Option<u64>,
}

impl Drain {
    /// Takes note of who is leaving, and of the routes that were made from the same view.
    pub(super) fn observe<'a>(&mut self, leaving: impl Iterator<Item = &'a Pod>, table: &Table, now: Instant) {
        let mut leaving = leaving.peekable();
        if leaving.peek().is_none() {
            // Mostly so; then the Pods of the table need not be known.
            self.pods.clear();
            return;
        }
        let pickable = table.pod_uids();
        let mut pods = BTreeMap::new();
        for pod in leaving {
            let Some(uid) = pod.metadata.uid.as_deref() else { continue };
            let known = self.pods.get(uid);
            let deadline = known.map_or_else(|| now + grace(pod), |known| known.deadline.min(now + grace(pod)));
            let absent_since = if pickable.contains(uid) {
                None
            } else {
                known.and_then(|known| known.absent_since).or(Some(table.revision))
            };
            pods.insert(uid.to_owned(), Leaving { deadline, absent_since });
        }
        self.pods = pods;
    }

    /// Who may stop now. While hosts are expected to dial again (after a restart of the server), they serve
    /// by routes this server knows nothing of, so it waits for them.
    pub(super) fn stopping(&self, peers: &Peers, others: Others, now: Instant) -> BTreeSet<String> {
        let acknowledged = match others {
            Others::Expected => Some(0),
            Others::Known => acknowledged_by_all(peers),
        };
        let may = |(_, pod): &(&String, &Leaving)| may_stop(pod.absent_since, acknowledged, now >= pod.deadline);
        self.pods.iter().filter(may).map(|(uid, _)| uid.clone()).collect()
    }

    /// When the next Pod's grace is over, among those whose time has not come.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.pods.values().map(|pod| pod.deadline).filter(|deadline| *deadline > now).min()
    }
}

/// The newest routes that every connected host uses; `None` if no host is connected.
fn acknowledged_by_all(peers: &Peers) -> Option<u64> {
    peers.by_node.values().filter(|peer| peer.connected).map(|peer| peer.acknowledged).min()
}

/// Without a connected host there is no one to wait for.
fn may_stop(absent_since: Option<u64>, acknowledged: Option<u64>, grace_over: bool) -> bool {
    grace_over || absent_since.is_some_and(|absent| acknowledged.is_none_or(|acknowledged| acknowledged >= absent))
}

/// The grace that is left is measured by our own clock from when the deletion was seen: the wall clock
/// that stamped it may have jumped since (F13).
fn grace(pod: &Pod) -> Duration {
    let seconds = pod.metadata.deletion_grace_period_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    seconds.map_or(GRACE_DEFAULT, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{Roster, tests::facts};
    use api::NamespacedName;
    use planner::{RouteEndpoint, RoutePort, ServiceRoute};

    fn table(revision: u64, uids: &[&str]) -> Table {
        let endpoints = uids
            .iter()
            .map(|uid| RouteEndpoint {
                pod_uid: (*uid).to_owned(),
                pod_name: (*uid).to_owned(),
                ip: "127.64.0.2".to_owned(),
                port: 80,
                node_name: "a".to_owned(),
                terminating: false,
            })
            .collect();
        let port = RoutePort { name: String::new(), port: 80, node_port: None, protocol: "TCP".to_owned(), endpoints };
        let service = NamespacedName::new("n", "s");
        let route = ServiceRoute { service: service.clone(), cluster_ip: None, ports: vec![port] };
        Table { revision, services: [(service, route)].into(), ..Table::default() }
    }

    fn leaving(uid: &str, grace: i64) -> Pod {
        let mut pod = Pod::default();
        pod.metadata.uid = Some(uid.to_owned());
        pod.metadata.deletion_grace_period_seconds = Some(grace);
        pod
    }

    #[test]
    fn the_decision() {
        for (absent, acknowledged, over, wanted, why) in [
            (None, Some(9), false, false, "still picked"),
            (Some(5), Some(4), false, false, "someone has not heard"),
            (Some(5), Some(5), false, true, "everyone has heard"),
            (Some(5), Some(7), false, true, "everyone has heard more"),
            (Some(5), None, false, true, "no one to wait for"),
            (None, None, false, false, "still picked, by hosts that may come back"),
            (None, Some(0), true, true, "its grace is over"),
        ] {
            assert_eq!(may_stop(absent, acknowledged, over), wanted, "{why}");
        }
    }

    // C44
    #[test]
    fn a_pod_stops_after_every_connected_host_has_heard() {
        let (roster, mut drain, now) = (Roster::new(), Drain::default(), Instant::now());
        let (a, b) = (roster.join("a", facts("")), roster.join("b", facts("")));
        let pod = leaving("p", 30);
        let stops = |drain: &Drain| drain.stopping(&roster.peers(), Others::Known, now).contains("p");
        drain.observe([&pod].into_iter(), &table(1, &["p"]), now);
        roster.acknowledged("a", a, 1);
        roster.acknowledged("b", b, 1);
        assert!(!stops(&drain), "all have acknowledged, but routes with it");
        drain.observe([&pod].into_iter(), &table(2, &[]), now);
        drain.observe([&pod].into_iter(), &table(3, &["q"]), now);
        roster.acknowledged("a", a, 2);
        assert!(!stops(&drain));
        roster.lost("b", b, now);
        assert!(stops(&drain), "a lost host is not waited for");
        roster.heard("b", b);
        assert!(!stops(&drain), "until it is back");
        roster.acknowledged("b", b, 3);
        assert!(stops(&drain));
        drain.observe(std::iter::empty(), &table(3, &[]), now);
        assert!(!stops(&drain), "what is gone is forgotten");
    }

    #[test]
    fn hosts_that_are_yet_to_dial_are_waited_for() {
        let (roster, mut drain, now) = (Roster::new(), Drain::default(), Instant::now());
        drain.observe([&leaving("p", 30)].into_iter(), &table(7, &[]), now);
        assert!(drain.stopping(&roster.peers(), Others::Expected, now).is_empty());
        let over = now + Duration::from_secs(30);
        assert_eq!(drain.stopping(&roster.peers(), Others::Expected, over).len(), 1, "not beyond its grace");
        assert_eq!(drain.stopping(&roster.peers(), Others::Known, now).len(), 1);
    }

    #[test]
    fn grace_bounds_the_wait_and_can_only_shrink() {
        let (roster, mut drain, now) = (Roster::new(), Drain::default(), Instant::now());
        roster.join("a", facts(""));
        drain.observe([&leaving("p", 30)].into_iter(), &table(1, &["p"]), now);
        let in_thirty = now + Duration::from_secs(30);
        assert_eq!(drain.next_deadline(now), Some(in_thirty));
        assert_eq!(drain.next_deadline(in_thirty), None, "by the time of the decision, not of the question");
        drain.observe([&leaving("p", 1)].into_iter(), &table(1, &["p"]), now);
        drain.observe([&leaving("p", 99)].into_iter(), &table(1, &["p"]), now);
        let soon = now + Duration::from_secs(1);
        assert!(drain.stopping(&roster.peers(), Others::Known, now).is_empty());
        assert!(drain.stopping(&roster.peers(), Others::Known, soon).contains("p"));
    }
}
