//! One DaemonSet and its Pods by Node, and which Nodes it wants.

use std::collections::BTreeMap;

use api::apps::{ControllerRevision, DaemonSet};
use api::core::{Node, PodSpec, Taint};
use api::resource::NODES;
use api::{NamespacedName, label};
use jiff::Timestamp;

use super::{hash_of, manifest};
use crate::pod::Named;
use crate::replicas::{Readiness, Replicas};
use crate::{Snapshot, node, object, placement, pod};

/// What all decisions about one DaemonSet look at.
pub(super) struct Look<'a> {
    pub snapshot: &'a Snapshot,
    pub name: &'a NamespacedName,
    pub set: &'a DaemonSet,
    /// Hash of the present template's revision.
    pub hash: &'a str,
    /// One for each Node, in order of name.
    pub posts: Vec<Post<'a>>,
    /// Pods that wait for a Node that does not exist.
    pub strays: Vec<Named<'a>>,
}

/// One Node as the DaemonSet sees it.
pub(super) struct Post<'a> {
    pub node: &'a str,
    pub stand: Stand,
    /// Its Pods here, oldest first; those that have ended and are told to stop are left out.
    pub daemons: Vec<Daemon<'a>>,
}

/// What a Node is to a DaemonSet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// It shall have a Pod.
    Wanted,
    /// It gets no Pod, and keeps the one it has: a taint `NoSchedule` came after it.
    Kept,
    /// It shall have none.
    Unwanted,
}

/// One Pod on a Node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Daemon<'a> {
    pub named: Named<'a>,
    /// Made from the present template.
    pub is_new: bool,
    pub readiness: Readiness,
}

impl Daemon<'_> {
    pub(super) fn is_active(&self) -> bool {
        pod::is_active(self.named.1)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.is_active() && self.readiness != Readiness::NotReady
    }

    pub(super) fn is_available(&self) -> bool {
        self.is_active() && self.readiness == Readiness::Available
    }
}

impl<'a> Post<'a> {
    pub(super) fn active(&self) -> impl Iterator<Item = &Daemon<'a>> {
        self.daemons.iter().filter(|daemon| daemon.is_active())
    }

    pub(super) fn is_available(&self) -> bool {
        self.daemons.iter().any(Daemon::is_available)
    }
}

impl<'a> Look<'a> {
    pub(super) fn of(
        snapshot: &'a Snapshot,
        replicas: &Replicas<'_>,
        name: &'a NamespacedName,
        set: &'a DaemonSet,
        update: &'a ControllerRevision,
        pods: &[Named<'a>],
    ) -> Self {
        let hash = object::label(&update.metadata, label::CONTROLLER_REVISION_HASH).unwrap_or_default();
        let min_ready_seconds = set.spec.min_ready_seconds.unwrap_or(0);
        let mut by_node: BTreeMap<&str, Vec<Daemon<'a>>> = BTreeMap::new();
        for named in pods.iter().filter(|(_, pod)| !(pod::is_finished(pod) && pod::is_terminating(pod))) {
            let readiness = replicas.readiness(*named, min_ready_seconds);
            let daemon = Daemon { named: *named, is_new: hash_of(named.1) == hash, readiness };
            by_node.entry(manifest::node_of(named.1).unwrap_or_default()).or_default().push(daemon);
        }
        let spec = manifest::spec(set);
        let post = |(name, node): (&'a NamespacedName, &'a std::sync::Arc<Node>)| {
            let mut daemons = by_node.remove(name.name.as_str()).unwrap_or_default();
            daemons.sort_by_key(|daemon| (object::created(&daemon.named.1.metadata), daemon.named.0));
            Post { node: &name.name, stand: stand(&spec, node), daemons }
        };
        let posts = snapshot.nodes.iter().map(post).collect();
        // One that is bound is left to who collects the Pods of Nodes that are gone.
        let waits = |daemon: &Daemon<'_>| pod::node(daemon.named.1).is_none() && daemon.is_active();
        let is_gone = |node: &str| !snapshot.is_unreadable(&NODES, &NamespacedName::new("", node));
        let strays = by_node.into_iter().filter(|(node, _)| is_gone(node)).flat_map(|(_, daemons)| daemons);
        let strays = strays.filter(waits).map(|daemon| daemon.named).collect();
        Self { snapshot, name, set, hash, posts, strays }
    }

    /// Whether a revision is that of the present template, or of a Pod.
    pub(super) fn needs(&self, revision: &ControllerRevision) -> bool {
        let hash = object::label(&revision.metadata, label::CONTROLLER_REVISION_HASH).unwrap_or_default();
        hash == self.hash || self.daemons().any(|daemon| hash_of(daemon.named.1) == hash)
    }

    fn daemons(&self) -> impl Iterator<Item = &Daemon<'a>> {
        self.posts.iter().flat_map(|post| &post.daemons)
    }

    /// When Pods become available by time alone.
    pub(super) fn available_at(&self) -> impl Iterator<Item = Timestamp> {
        self.daemons().filter(|daemon| daemon.is_active()).filter_map(|daemon| match daemon.readiness {
            Readiness::ReadyUntilAvailable(at) => at,
            Readiness::NotReady | Readiness::Available => None,
        })
    }
}

/// Kubernetes' rule: name and affinity must fit, and taints be tolerated; a Pod that is there outlives a new
/// `NoSchedule`.
fn stand(spec: &PodSpec, node: &Node) -> Stand {
    let is_named =
        spec.node_name.as_deref().is_none_or(|name| name.is_empty() || node.metadata.name.as_deref() == Some(name));
    if !is_named || !placement::is_required(spec, node) {
        return Stand::Unwanted;
    }
    let tolerations = spec.tolerations.as_deref().unwrap_or_default();
    let repels = |effect: &str| {
        let is_untolerated = |taint: &&Taint| node::toleration(tolerations, taint).is_none();
        node::taints(node).iter().filter(is_untolerated).any(|taint| taint.effect == effect)
    };
    match (repels(node::NO_EXECUTE), repels(node::NO_SCHEDULE)) {
        (true, _) => Stand::Unwanted,
        (false, true) => Stand::Kept,
        (false, false) => Stand::Wanted,
    }
}
