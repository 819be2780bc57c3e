//! What the control plane wants of this host, as last told: Pods with their sources, and routes.
//!
//! Pure: messages go in, what changed comes out. Three rules guard it. A message of a term older than one
//! seen is ignored (C14). A control plane of another cluster is refused. A Pod is only dropped for not being
//! named once a session's snapshot is complete: until then silence means nothing.

pub(crate) mod file;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use protocol::v1::{Peer, PodAssignment, Pods, Routes, ServiceRoute, Welcome};

use values::Values;

/// A Pod's UID.
pub(crate) type Uid = Arc<str>;

/// Why a control plane's word does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It is not ours.
    #[error(
        "the control plane is of cluster {theirs}, but this host belongs to cluster {ours}; nothing is changed. Point the host at its own control plane, or remove its data directory to join the other"
    )]
    ForeignCluster { ours: String, theirs: String },
    /// It has been replaced.
    #[error("the control plane speaks with term {theirs}, but term {seen} was seen: it is no longer the leader")]
    OldTerm { seen: u64, theirs: u64 },
    /// It is too new or too old.
    #[error("the control plane speaks protocol {0}, which this program does not")]
    Protocol(u32),
}

/// Everything a host was told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Desired {
    /// The cluster this host belongs to; none until its first welcome, unless it joined.
    pub(crate) cluster_id: Option<String>,
    /// The last welcome; it names this Node and its ranges.
    pub(crate) welcome: Option<Welcome>,
    pub(crate) term: u64,
    /// Of the last complete snapshot of Pods.
    pub(crate) revision: u64,
    pub(crate) pods: BTreeMap<Uid, PodAssignment>,
    pub(crate) routes_revision: u64,
    pub(crate) services: BTreeMap<(String, String), ServiceRoute>,
    pub(crate) peers: Vec<Peer>,
    /// UIDs named since the session began, until its snapshot is complete.
    named: Option<BTreeSet<Uid>>,
    values: Values,
}

/// What a message about Pods changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PodsChanged {
    /// New or told anew.
    pub(crate) upserted: Vec<Uid>,
    /// No longer wanted.
    pub(crate) removed: Vec<Uid>,
    /// The message belongs to a session's first series, in which the API's own view of statuses arrives.
    pub(crate) in_snapshot: bool,
}

impl Desired {
    /// A session begins.
    ///
    /// # Errors
    /// It is not with our control plane, or with one that has been replaced.
    pub(crate) fn welcome(&mut self, welcome: Welcome) -> Result<(), Refused> {
        if let Some(ours) = self.cluster_id.as_ref().filter(|ours| **ours != welcome.cluster_id) {
            return Err(Refused::ForeignCluster { ours: ours.clone(), theirs: welcome.cluster_id });
        }
        if !(protocol::PROTOCOL_MIN..=protocol::PROTOCOL_MAX).contains(&welcome.protocol) {
            return Err(Refused::Protocol(welcome.protocol));
        }
        self.seen(welcome.term)?;
        self.cluster_id = Some(welcome.cluster_id.clone());
        self.welcome = Some(welcome);
        self.named = Some(BTreeSet::new());
        Ok(())
    }

    fn seen(&mut self, term: u64) -> Result<(), Refused> {
        if term < self.term {
            return Err(Refused::OldTerm { seen: self.term, theirs: term });
        }
        self.term = term;
        Ok(())
    }

    /// Takes Pods in.
    ///
    /// # Errors
    /// The message is of an older term; nothing has changed.
    pub(crate) fn pods(&mut self, message: Pods) -> Result<PodsChanged, Refused> {
        self.seen(message.term)?;
        let mut changed = PodsChanged { in_snapshot: self.named.is_some(), ..PodsChanged::default() };
        for assignment in message.upserts {
            let uid: Uid = assignment.uid.as_str().into();
            if let Some(named) = &mut self.named {
                named.insert(uid.clone());
            }
            self.keep(uid.clone(), assignment);
            changed.upserted.push(uid);
        }
        for uid in message.removed_uids {
            let uid: Uid = uid.into();
            if let Some(named) = &mut self.named {
                named.remove(&uid);
            }
            if self.pods.remove(&uid).is_some() {
                changed.removed.push(uid);
            }
        }
        if message.snapshot_complete {
            if let Some(named) = self.named.take() {
                let unknown: Vec<Uid> = self.pods.keys().filter(|uid| !named.contains(*uid)).cloned().collect();
                self.pods.retain(|uid, _| named.contains(uid));
                changed.removed.extend(unknown);
            }
            self.revision = message.revision;
        }
        Ok(changed)
    }

    /// Keeps what this host needs of an assignment, out of the message it arrived in, which may be a thousand times
    /// its size.
    fn keep(&mut self, uid: Uid, mut assignment: PodAssignment) {
        assignment.pod_json = Bytes::copy_from_slice(&assignment.pod_json);
        for source in &mut assignment.sources {
            for value in source.data.values_mut() {
                *value = self.values.share(value);
            }
        }
        for artifact in &mut assignment.artifacts {
            // The control plane placed the Pod by them, and loaded code names what it lacks.
            artifact.imports = Vec::new();
        }
        self.pods.insert(uid, assignment);
    }

    /// Takes routes in; returns them as the proxy is to be told.
    pub(crate) fn routes(&mut self, message: &Routes) {
        if message.complete {
            self.services.clear();
        }
        for removed in &message.removed {
            self.services.remove(&(removed.namespace.clone(), removed.name.clone()));
        }
        for service in &message.services {
            self.services.insert((service.namespace.clone(), service.name.clone()), service.clone());
        }
        self.peers.clone_from(&message.peers);
        self.routes_revision = message.revision;
    }

    /// All routes as one message: what a restarted host applies before it reaches anyone.
    pub(crate) fn all_routes(&self) -> Routes {
        Routes {
            revision: self.routes_revision,
            complete: true,
            services: self.services.values().cloned().collect(),
            removed: Vec::new(),
            peers: self.peers.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::v1::ServiceName;

    fn welcome(cluster: &str, term: u64) -> Welcome {
        Welcome { cluster_id: cluster.to_owned(), term, protocol: 1, ..Welcome::default() }
    }

    fn pods(term: u64, upserts: &[&str], removed: &[&str], complete: bool) -> Pods {
        Pods {
            term,
            revision: 7,
            upserts: upserts
                .iter()
                .map(|uid| PodAssignment { uid: (*uid).to_owned(), ..PodAssignment::default() })
                .collect(),
            removed_uids: removed.iter().map(|uid| (*uid).to_owned()).collect(),
            snapshot_complete: complete,
        }
    }

    fn held(desired: &Desired) -> String {
        desired.pods.keys().map(|uid| &**uid).collect::<Vec<_>>().join(" ")
    }

    // C29
    #[test]
    fn nothing_is_dropped_for_silence_before_the_snapshot_is_complete() {
        let mut desired = Desired::default();
        desired.welcome(welcome("c", 1)).expect("is ours");
        desired.pods(pods(1, &["a", "b", "c"], &[], true)).expect("counts");
        desired.welcome(welcome("c", 1)).expect("is ours");
        let changed = desired.pods(pods(1, &["b"], &[], false)).expect("counts");
        assert!(changed.removed.is_empty() && changed.in_snapshot);
        assert_eq!(held(&desired), "a b c");
        let changed = desired.pods(pods(1, &["d"], &["b"], true)).expect("counts");
        assert_eq!(changed.removed.iter().map(|u| &**u).collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!((held(&desired).as_str(), desired.revision), ("d", 7));
        let changed = desired.pods(pods(1, &["e"], &[], true)).expect("counts");
        assert!(changed.removed.is_empty() && !changed.in_snapshot, "later deltas name only what changes");
        assert_eq!(held(&desired), "d e");
    }

    #[test]
    fn replicas_share_what_they_are_configured_with_and_imports_are_let_go() {
        use protocol::v1::{Artifact, Source};
        let told = |uid: &str| PodAssignment {
            uid: uid.to_owned(),
            sources: vec![Source {
                data: [("config".to_owned(), Bytes::from(b"much of it".to_vec()))].into(),
                ..Source::default()
            }],
            artifacts: vec![Artifact {
                imports: vec!["wasi:io/poll@0.2.0".to_owned()],
                exports: vec!["wasi:http/incoming-handler@0.2.0".to_owned()],
                ..Artifact::default()
            }],
            ..PodAssignment::default()
        };
        let mut desired = Desired::default();
        let upserts = vec![told("a"), told("b")];
        desired.pods(Pods { term: 1, upserts, ..Pods::default() }).expect("counts");
        let at = |desired: &Desired, uid: &str| desired.pods[uid].sources[0].data["config"].as_ptr();
        assert_eq!(at(&desired, "a"), at(&desired, "b"));
        let artifact = &desired.pods["a"].artifacts[0];
        assert_eq!((artifact.imports.len(), artifact.exports.len()), (0, 1));
        let saved = file::Saved::of(&desired, Vec::new(), "boot", 7).desired();
        assert_eq!(at(&saved, "a"), at(&saved, "b"), "also after a restart");
    }

    // C14
    #[test]
    fn an_older_term_is_ignored() {
        let mut desired = Desired::default();
        desired.welcome(welcome("c", 4)).expect("is ours");
        desired.pods(pods(5, &["a"], &[], true)).expect("counts");
        assert_eq!(desired.pods(pods(4, &[], &["a"], true)), Err(Refused::OldTerm { seen: 5, theirs: 4 }));
        assert_eq!(desired.welcome(welcome("c", 4)), Err(Refused::OldTerm { seen: 5, theirs: 4 }));
        assert_eq!(held(&desired), "a");
    }

    #[test]
    fn another_cluster_is_refused() {
        let mut desired = Desired::default();
        desired.welcome(welcome("c", 1)).expect("is ours");
        assert!(matches!(desired.welcome(welcome("d", 9)), Err(Refused::ForeignCluster { .. })));
        assert_eq!((desired.cluster_id.as_deref(), desired.term), (Some("c"), 1));
        let newer = Welcome { protocol: 2, ..welcome("c", 1) };
        assert_eq!(desired.welcome(newer), Err(Refused::Protocol(2)));
    }

    #[test]
    fn routes_are_merged_and_a_complete_message_replaces() {
        let service =
            |name: &str| ServiceRoute { namespace: "n".to_owned(), name: name.to_owned(), ..ServiceRoute::default() };
        let mut desired = Desired::default();
        desired.routes(&Routes { revision: 1, services: vec![service("a"), service("b")], ..Routes::default() });
        let removed = vec![ServiceName { namespace: "n".to_owned(), name: "a".to_owned() }];
        desired.routes(&Routes { revision: 2, removed, services: vec![service("c")], ..Routes::default() });
        let names = |d: &Desired| d.services.keys().map(|(_, n)| n.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(names(&desired), "b c");
        desired.routes(&Routes { revision: 3, complete: true, services: vec![service("d")], ..Routes::default() });
        assert_eq!((names(&desired).as_str(), desired.all_routes().revision), ("d", 3));
    }
}
