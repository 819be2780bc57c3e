//! One StatefulSet and its Pods by ordinal.

use std::borrow::Cow;
use std::collections::BTreeMap;

use api::apps::{ControllerRevision, StatefulSet, StatefulSetSpec};
use api::core::PodTemplateSpec;
use api::{NamespacedName, label};
use jiff::Timestamp;

use crate::history::{self, History};
use crate::pod::Named;
use crate::replicas::{Readiness, Replicas};
use crate::share::{self, Round};
use crate::{Snapshot, object, pod};

/// What all decisions about one StatefulSet look at.
pub(super) struct Look<'a> {
    pub snapshot: &'a Snapshot,
    pub name: &'a NamespacedName,
    pub set: &'a StatefulSet,
    pub spec: &'a StatefulSetSpec,
    /// The revision all Pods were made from before the update.
    pub current: &'a ControllerRevision,
    /// The revision of the present template.
    pub update: &'a ControllerRevision,
    /// Its Pods by ordinal.
    pub members: BTreeMap<i32, Member<'a>>,
}

/// The Pod of one ordinal.
#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    pub named: Named<'a>,
    /// Name of the revision it was made from.
    pub revision: &'a str,
    readiness: Readiness,
}

impl<'a> Member<'a> {
    pub(super) fn is_terminating(&self) -> bool {
        pod::is_terminating(self.named.1)
    }

    pub(super) fn is_finished(&self) -> bool {
        pod::is_finished(self.named.1)
    }

    /// Runs and is ready, whether told to stop or not.
    pub(super) fn is_ready(&self) -> bool {
        pod::phase(self.named.1) == "Running" && self.readiness != Readiness::NotReady
    }

    /// Has been ready for long enough, and stays.
    pub(super) fn is_available(&self) -> bool {
        self.is_ready() && self.readiness == Readiness::Available && !self.is_terminating()
    }

    /// When it becomes available by time alone.
    pub(super) fn available_at(&self) -> Option<Timestamp> {
        match self.readiness {
            Readiness::ReadyUntilAvailable(at) if !self.is_terminating() => at,
            _ => None,
        }
    }
}

impl<'a> Look<'a> {
    pub(super) fn of(
        snapshot: &'a Snapshot,
        replicas: &Replicas<'_>,
        name: &'a NamespacedName,
        set: &'a StatefulSet,
        history: &History<'a>,
        update: &'a ControllerRevision,
        pods: &[Named<'a>],
    ) -> Self {
        let before = set.status.as_ref().and_then(|status| status.current_revision.as_deref());
        let min_ready_seconds = set.spec.min_ready_seconds.unwrap_or(0);
        let member = |named: &Named<'a>| {
            let ordinal = ordinal_of(&name.name, &named.0.name)?;
            let revision = object::label(&named.1.metadata, label::CONTROLLER_REVISION_HASH).unwrap_or_default();
            let readiness = replicas.readiness(*named, min_ready_seconds);
            Some((ordinal, Member { named: *named, revision, readiness }))
        };
        Self {
            snapshot,
            name,
            set,
            spec: &set.spec,
            current: before.and_then(|name| history.find(name)).unwrap_or(update),
            update,
            members: pods.iter().filter_map(member).collect(),
        }
    }

    pub(super) fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1).max(0)
    }

    /// The ordinals that shall have a Pod.
    pub(super) fn ordinals(&self) -> std::ops::Range<i32> {
        let start = self.spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).unwrap_or(0).max(0);
        start..start.saturating_add(self.replicas())
    }

    /// Pods of ordinals that shall have one, lowest first.
    pub(super) fn wanted(&self) -> impl DoubleEndedIterator<Item = (&i32, &Member<'a>)> {
        self.members.range(self.ordinals())
    }

    /// Pods of ordinals that shall have none, highest first.
    pub(super) fn condemned(&self) -> impl Iterator<Item = &Member<'a>> {
        let wanted = self.ordinals();
        self.members.iter().rev().filter(move |(ordinal, _)| !wanted.contains(ordinal)).map(|(_, member)| member)
    }

    /// Whether each Pod waits for the one before.
    pub(super) fn is_ordered(&self) -> bool {
        self.spec.pod_management_policy.as_deref() != Some("Parallel")
    }

    /// Whether the set replaces Pods by itself.
    pub(super) fn is_rolling(&self) -> bool {
        let strategy = self.spec.update_strategy.as_ref().and_then(|strategy| strategy.type_.as_deref());
        strategy != Some("OnDelete")
    }

    /// The ordinal from which on Pods are of the new revision.
    pub(super) fn first_updated(&self) -> i32 {
        let strategy = self.spec.update_strategy.as_ref().filter(|_| self.is_rolling());
        let partition = strategy.and_then(|strategy| strategy.rolling_update.as_ref()?.partition).unwrap_or(0);
        self.ordinals().start.saturating_add(partition.max(0))
    }

    /// How many Pods may be unavailable at once; at least one, or nothing could move.
    pub(super) fn unavailable_max(&self) -> i32 {
        let strategy = self.spec.update_strategy.as_ref();
        let bound = strategy.and_then(|strategy| strategy.rolling_update.as_ref()?.max_unavailable.as_ref());
        bound.and_then(|bound| share::resolve(bound, self.replicas(), Round::Down)).unwrap_or(1).max(1)
    }

    /// Whether the update is due to replace a Pod.
    pub(super) fn is_outdated(&self, ordinal: i32, member: &Member<'_>) -> bool {
        self.is_rolling() && ordinal >= self.first_updated() && member.revision != history::name(self.update)
    }

    /// Whether a revision is one of the two that count, or that of a Pod.
    pub(super) fn needs(&self, revision: &ControllerRevision) -> bool {
        let name = history::name(revision);
        let stands = [self.current, self.update].iter().any(|stands| history::name(stands) == name);
        stands || self.members.values().any(|member| member.revision == name)
    }

    pub(super) fn pod_name(&self, ordinal: i32) -> String {
        format!("{}-{ordinal}", self.name.name)
    }

    /// Whether the name of an ordinal belongs to a Pod of somebody else.
    pub(super) fn is_taken(&self, ordinal: i32) -> bool {
        let name = NamespacedName::new(self.name.namespace.as_str(), self.pod_name(ordinal));
        !self.members.contains_key(&ordinal) && self.snapshot.pods.contains_key(&name)
    }

    /// What a new Pod is made from: below the partition it is what it was.
    pub(super) fn template_for(&self, ordinal: i32) -> Option<(&'a str, Cow<'a, PodTemplateSpec>)> {
        let is_updated = ordinal >= self.first_updated() || history::name(self.current) == history::name(self.update);
        if is_updated {
            return Some((history::name(self.update), Cow::Borrowed(&self.spec.template)));
        }
        Some((history::name(self.current), Cow::Owned(history::template(self.current)?)))
    }
}

/// The ordinal of a Pod, if its name is one of the set's: `web-0`.
pub(super) fn ordinal_of(set: &str, pod: &str) -> Option<i32> {
    let digits = pod.strip_prefix(set)?.strip_prefix('-')?;
    let is_plain = digits == "0" || !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinal_is_a_plain_number_after_the_name() {
        for (pod, wanted) in [
            ("web-0", Some(0)),
            ("web-17", Some(17)),
            ("web-01", None),
            ("web-+1", None),
            ("web-", None),
            ("web-a", None),
            ("web", None),
            ("web-web-1", None),
            ("web-4294967296", None),
        ] {
            assert_eq!(ordinal_of("web", pod), wanted, "{pod}");
        }
    }
}
