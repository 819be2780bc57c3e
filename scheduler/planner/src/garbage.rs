//! Owners and dependents: what goes when its owner goes.
//!
//! An owner is a UID (C7): a namesake that was made anew owns nothing of its predecessor. The
//! snapshot is one revision of everything, so an owner that is absent is gone, not late; a kind the
//! snapshot does not hold is never judged.
//!
//! Deletion is the API's in two phases (C6): an owner deleted in the foreground waits, with a
//! finalizer, for the dependents that block it; one that orphans waits until they have let go.

use std::collections::{BTreeMap, BTreeSet};

use api::meta::{ObjectMeta, OwnerReference};
use api::{NamespacedName, Resource};
use serde_json::json;

use crate::{Action, Part, Plan, Snapshot, object};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Decides what is deleted with its owners, and which owners may go.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut collector = Collector {
        snapshot,
        plan: Plan::default(),
        known: BTreeMap::new(),
        dependents: BTreeMap::new(),
        owning: BTreeSet::new(),
    };
    let mut waiting = Vec::new();
    snapshot.each_meta(|resource, _, meta| {
        if waits(meta) {
            collector.dependents.insert(object::uid(meta), Vec::new());
            waiting.push((resource, meta));
        }
    });
    if !waiting.is_empty() {
        snapshot.each_meta(|_, _, meta| {
            collector.owning.extend(meta.owner_references.iter().flatten().map(|owner| owner.uid.as_str()));
        });
    }
    snapshot.each_meta(|resource, name, meta| {
        if meta.owner_references.as_ref().is_some_and(|owners| !owners.is_empty()) {
            collector.judge(resource, name, meta);
        }
    });
    for (resource, meta) in waiting {
        collector.release(resource, meta);
    }
    collector.plan
}

/// Whether an object is leaving and waits for its dependents.
fn waits(meta: &ObjectMeta) -> bool {
    object::is_terminating(meta) && (object::has_finalizer(meta, FOREGROUND) || object::has_finalizer(meta, ORPHAN))
}

/// What is known of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// It exists, or nobody can tell.
    Solid,
    /// It exists and waits for its dependents to go first.
    Waiting,
    /// It exists and lets its dependents go free.
    Orphaning,
    /// It is gone.
    Absent,
}

struct Collector<'a> {
    snapshot: &'a Snapshot,
    plan: Plan,
    /// Owners by UID; replicas share theirs.
    known: BTreeMap<&'a str, Owner>,
    /// Dependents of owners that wait, by the owner's UID.
    dependents: BTreeMap<&'a str, Vec<(&'static Resource, &'a ObjectMeta)>>,
    /// UIDs that someone names as owner; known only if an owner waits.
    owning: BTreeSet<&'a str>,
}

impl<'a> Collector<'a> {
    fn is_full(&self) -> bool {
        self.plan.actions.len() >= self.snapshot.config.actions_max
    }

    /// Decides whether an object stays, by its owners.
    fn judge(&mut self, resource: &'static Resource, name: &'a NamespacedName, meta: &'a ObjectMeta) {
        let references = meta.owner_references.as_deref().unwrap_or_default();
        let mut kept = Vec::new();
        let (mut solid, mut waiting, mut freed) = (0, 0, 0);
        for reference in references {
            if let Some(dependents) = self.dependents.get_mut(reference.uid.as_str()) {
                dependents.push((resource, meta));
            }
            match self.owner(name, reference) {
                Owner::Solid => {
                    solid += 1;
                    kept.push(reference);
                }
                Owner::Waiting => waiting += 1,
                Owner::Orphaning => freed += 1,
                Owner::Absent => {}
            }
        }
        if kept.len() == references.len() || self.is_full() {
            return;
        }
        if solid > 0 || freed > 0 {
            // Someone still wants it, or it was set free: it stays and forgets the others.
            let patch = json!({"metadata": {"ownerReferences": kept}});
            self.plan.actions.push(object::guarded_patch(resource, meta, Part::Main, patch));
        } else if !object::is_terminating(meta) {
            self.collect(resource, meta, waiting > 0);
        }
    }

    fn collect(&mut self, resource: &'static Resource, meta: &'a ObjectMeta, owner_waits: bool) {
        let propagation = if object::has_finalizer(meta, ORPHAN) {
            "Orphan"
        } else if object::has_finalizer(meta, FOREGROUND) || owner_waits && self.owning.contains(object::uid(meta)) {
            "Foreground"
        } else {
            "Background"
        };
        self.plan.actions.push(Action::Delete {
            resource,
            name: NamespacedName::of(meta),
            uid: object::uid(meta).to_owned(),
            resource_version: Some(object::version(meta).to_owned()),
            grace_seconds: None,
            propagation: Some(propagation),
        });
    }

    fn owner(&mut self, dependent: &NamespacedName, reference: &'a OwnerReference) -> Owner {
        if let Some(known) = self.known.get(reference.uid.as_str()) {
            return *known;
        }
        let owner = self.look_up(dependent, reference);
        self.known.insert(&reference.uid, owner);
        owner
    }

    fn look_up(&self, dependent: &NamespacedName, reference: &OwnerReference) -> Owner {
        let group = reference.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let Some(resource) = self.snapshot.find_kind(group, &reference.kind) else { return Owner::Solid };
        // An owner in a namespace cannot own what is in none; nobody can say which one is meant.
        let is_unclear = resource.is_namespaced() && dependent.namespace.is_empty();
        let namespace = if resource.is_namespaced() { dependent.namespace.as_str() } else { "" };
        let name = NamespacedName::new(namespace, reference.name.as_str());
        if is_unclear || !self.snapshot.is_complete_for(resource, &name) {
            return Owner::Solid;
        }
        match self.snapshot.meta(resource, &name) {
            Some(meta) if object::uid(meta) != reference.uid => Owner::Absent,
            None => Owner::Absent,
            Some(meta) if !object::is_terminating(meta) => Owner::Solid,
            Some(meta) if object::has_finalizer(meta, ORPHAN) => Owner::Orphaning,
            Some(meta) if object::has_finalizer(meta, FOREGROUND) => Owner::Waiting,
            Some(_) => Owner::Solid,
        }
    }

    /// Lets an owner go once nothing it waits for is left.
    fn release(&mut self, resource: &'static Resource, meta: &'a ObjectMeta) {
        let dependents = self.dependents.get(object::uid(meta)).map_or(&[][..], Vec::as_slice);
        let is_orphaning = object::has_finalizer(meta, ORPHAN);
        let holds_up = |dependent: &ObjectMeta| {
            let mut references = dependent.owner_references.iter().flatten();
            let own = references.find(|reference| reference.uid == object::uid(meta));
            is_orphaning || own.is_some_and(|reference| reference.block_owner_deletion == Some(true))
        };
        if self.is_full() || dependents.iter().any(|(_, dependent)| holds_up(dependent)) {
            return;
        }
        let done = if is_orphaning { ORPHAN } else { FOREGROUND };
        let left: Vec<_> = meta.finalizers.iter().flatten().filter(|finalizer| *finalizer != done).collect();
        let patch = json!({"metadata": {"finalizers": left}});
        self.plan.actions.push(object::guarded_patch(resource, meta, Part::Main, patch));
    }
}

#[cfg(test)]
mod tests;
