//! Pods by the ReplicaSet that manages them, and how many of them serve.

use std::collections::{BTreeMap, BTreeSet};

use api::meta::LabelSelector;
use jiff::Timestamp;

use crate::pod::Named;
use crate::{Snapshot, node, object, pod};

/// Every Pod, grouped by the UID of its controller. Built once per plan.
#[derive(Debug)]
pub(crate) struct Replicas<'a> {
    by_owner: BTreeMap<&'a str, Vec<Named<'a>>>,
    orphans: Orphans<'a>,
    lost_nodes: BTreeSet<&'a str>,
    now: Timestamp,
}

/// Pods without a controller, also by each of their labels: a thousand ReplicaSets must not each look at
/// every Pod of their namespace.
#[derive(Debug, Default)]
struct Orphans<'a> {
    by_namespace: BTreeMap<&'a str, Vec<Named<'a>>>,
    by_label: BTreeMap<(&'a str, &'a str, &'a str), Vec<Named<'a>>>,
}

impl<'a> Orphans<'a> {
    fn add(&mut self, named: Named<'a>) {
        let namespace = named.0.namespace.as_str();
        self.by_namespace.entry(namespace).or_default().push(named);
        for (key, value) in named.1.metadata.labels.iter().flatten() {
            self.by_label.entry((namespace, key, value)).or_default().push(named);
        }
    }
}

/// How many Pods of one owner are in which part of their lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Neither finished nor terminating.
    pub active: i32,
    /// Active and ready, on a Node that is heard.
    pub ready: i32,
    /// Ready for at least the owner's `minReadySeconds`.
    pub available: i32,
    /// Told to stop and not yet gone.
    pub terminating: i32,
    /// Not finished, whether told to stop or not.
    pub running: i32,
    /// When the next ready Pod becomes available by time alone.
    pub next_available: Option<Timestamp>,
}

/// How far a Pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Not ready, or on a Node that is not heard.
    NotReady,
    /// Ready, but not for long enough.
    ReadyUntilAvailable(Option<Timestamp>),
    /// Ready for long enough.
    Available,
}

impl<'a> Replicas<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let mut by_owner: BTreeMap<&str, Vec<Named<'_>>> = BTreeMap::new();
        let mut orphans = Orphans::default();
        for (name, pod) in snapshot.pods.iter() {
            match object::controller_uid(&pod.metadata) {
                Some(uid) => by_owner.entry(uid).or_default().push((name, &**pod)),
                None => orphans.add((name, &**pod)),
            }
        }
        Self { by_owner, orphans, lost_nodes: node::unheard(snapshot), now: snapshot.now }
    }

    /// The Pods that `uid` manages, by name.
    pub(crate) fn of_owner(&self, uid: &str) -> &[Named<'a>] {
        self.by_owner.get(uid).map_or(&[], Vec::as_slice)
    }

    /// The Pods of a namespace that nothing manages and a selector may match, by name.
    pub(crate) fn orphans_for<'b>(&'b self, namespace: &'b str, selector: &'b LabelSelector) -> &'b [Named<'a>] {
        let orphans = match selector.match_labels.iter().flatten().next() {
            Some((key, value)) => self.orphans.by_label.get(&(namespace, key.as_str(), value.as_str())),
            None => self.orphans.by_namespace.get(namespace),
        };
        orphans.map_or(&[], Vec::as_slice)
    }

    pub(crate) fn readiness(&self, named: Named<'_>, min_ready_seconds: i32) -> Readiness {
        let (_, pod) = named;
        let is_heard = pod::node(pod).is_none_or(|node| !self.lost_nodes.contains(node));
        if !pod::is_ready(pod) || !is_heard {
            return Readiness::NotReady;
        }
        if min_ready_seconds <= 0 {
            return Readiness::Available;
        }
        match pod::ready_since(pod).map(|since| object::after_seconds(since, min_ready_seconds.into())) {
            Some(at) if at <= self.now => Readiness::Available,
            at => Readiness::ReadyUntilAvailable(at),
        }
    }

    /// Counts Pods. C57: what has not been ready for long enough is not available.
    pub(crate) fn tally(&self, pods: &[Named<'_>], min_ready_seconds: i32) -> Tally {
        let mut tally = Tally::default();
        for named in pods {
            let (_, pod) = *named;
            if pod::is_finished(pod) {
                continue;
            }
            tally.running += 1;
            if pod::is_terminating(pod) {
                tally.terminating += 1;
                continue;
            }
            tally.active += 1;
            match self.readiness(*named, min_ready_seconds) {
                Readiness::NotReady => {}
                Readiness::ReadyUntilAvailable(at) => {
                    tally.ready += 1;
                    tally.next_available = tally.next_available.into_iter().chain(at).min();
                }
                Readiness::Available => {
                    tally.ready += 1;
                    tally.available += 1;
                }
            }
        }
        tally
    }
}
