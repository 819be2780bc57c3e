//! StatefulSet → Pods with ordinals: names for life, one after the other, never two of one ordinal (C58).
//!
//! The order is Kubernetes': an OrderedReady set makes its Pods from the lowest ordinal up, each after the one
//! before is available, and stops them from the highest down, each after the one above is gone; a Parallel set
//! does not wait. Updates go from the highest ordinal down to the partition and stop Pods only as far as
//! `maxUnavailable` allows. A name is free when its Pod is gone from the API, which for a Pod on a Node means
//! that its host has said so: this is what makes the ordinal the Pod's alone.
//!
//! One thing is better than in Kubernetes, where a broken revision holds up the revision that mends it until
//! someone deletes the broken Pod (k/k#67250): here a Pod that is not ready, and that the update is due to
//! replace, is replaced at once. It serves nobody.
//!
//! What a template was is in ControllerRevisions ([`crate::history`]); a plan settles these first.

mod claims;
mod look;
mod manifest;
mod status;
mod steps;

use std::collections::BTreeSet;

use api::NamespacedName;
use api::apps::StatefulSet;
use api::label;
use api::resource::{PODS, STATEFUL_SETS};
use api::selector::Selector;
use serde_json::json;

use crate::claim::Claim;
use crate::history::{History, Latest, Owner, Revisions};
use crate::pod::Named;
use crate::replicas::Replicas;
use crate::{EventKind, Part, Plan, Snapshot, creation, namespaces, object, pod};
use look::Look;
use steps::Step;

/// Decides for every StatefulSet which Pods to make and to stop, and what its status says.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    if snapshot.stateful_sets.is_empty() {
        // Looking at every Pod would cost the many clusters that have none.
        return Plan::default();
    }
    let (replicas, revisions) = (Replicas::of(snapshot), Revisions::of(snapshot));
    let mut planner = Planner {
        snapshot,
        replicas: &replicas,
        revisions: &revisions,
        claimed: BTreeSet::new(),
        plan: Plan::default(),
    };
    for (name, set) in creation::in_turn(&snapshot.stateful_sets, snapshot.seed) {
        if planner.is_full() {
            break;
        }
        planner.plan_one(name, set);
    }
    planner.plan.wake_at_end_of_grace(snapshot);
    planner.plan
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    replicas: &'a Replicas<'a>,
    revisions: &'a Revisions<'a>,
    /// UIDs of orphans adopted in this plan.
    claimed: BTreeSet<&'a str>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn is_full(&self) -> bool {
        self.plan.actions.len() >= self.snapshot.config.actions_max
    }

    fn plan_one(&mut self, name: &'a NamespacedName, set: &'a StatefulSet) {
        let selector = match Selector::from_spec(&set.spec.selector) {
            Ok(selector) if !selector.is_empty() => selector,
            Ok(_) | Err(_) => return,
        };
        let is_leaving =
            object::is_terminating(&set.metadata) || namespaces::is_terminating(self.snapshot, &name.namespace);
        let before = self.plan.actions.len();
        let pods = if is_leaving { self.owned(set) } else { self.claim(name, set, &selector) };
        let owner = owner(set);
        let history = self.revisions.of_owner(owner);
        if !is_leaving {
            self.plan.actions.extend(self.revisions.claims(owner, &selector));
        }
        if self.plan.actions.len() > before {
            // Whose Pods and revisions there are is settled first.
            return;
        }
        let update = match history.latest(self.snapshot, owner) {
            Latest::Stored(update) => update,
            _ if is_leaving => return,
            Latest::Unsettled(action) => return self.plan.actions.push(action),
            Latest::Collision => return self.collide(set),
        };
        let look = Look::of(self.snapshot, self.replicas, name, set, &history, update, &pods);
        self.act(&look, &history, is_leaving);
    }

    fn act(&mut self, look: &Look<'a>, history: &History<'a>, is_leaving: bool) {
        let steps = if is_leaving { Vec::new() } else { look.steps(&mut self.plan) };
        let (status, told) = look.status();
        let meta = &look.set.metadata;
        let patch = object::status_change(look.set.status.as_ref(), &status);
        let report = patch.map(|patch| object::patch(&STATEFUL_SETS, meta, Part::Status, patch));
        for step in steps {
            if self.is_full() {
                break;
            }
            match step {
                Step::Create(ordinal) => self.create(look, ordinal, report.is_none()),
                Step::Delete(victim) => self.delete(look, victim),
            }
        }
        if report.is_some() {
            self.plan.actions.extend(report);
            self.plan.actions.extend(told);
        }
        if !is_leaving {
            let limit = look.spec.revision_history_limit;
            self.plan.actions.extend(history.surplus(limit, |revision| look.needs(revision)));
        }
        for at in look.members.values().filter_map(look::Member::available_at) {
            self.plan.wake(at);
        }
    }

    fn owned(&self, set: &StatefulSet) -> Vec<Named<'a>> {
        self.replicas.of_owner(object::uid(&set.metadata)).to_vec()
    }

    /// The Pods of a set; what is to be adopted or let go becomes part of the plan. Only a Pod whose name is one
    /// of the set's can be one of its replicas.
    fn claim(&mut self, name: &NamespacedName, set: &'a StatefulSet, selector: &Selector) -> Vec<Named<'a>> {
        let claim = Claim { resource: &PODS, by: &STATEFUL_SETS, owner: &set.metadata, selector };
        let owned = self.owned(set);
        self.plan.actions.extend(owned.iter().filter_map(|(_, pod)| claim.release(&pod.metadata)));
        for (pod_name, pod) in self.replicas.orphans_for(&name.namespace, &set.spec.selector) {
            let uid = object::uid(&pod.metadata);
            let is_ours = look::ordinal_of(&name.name, &pod_name.name).is_some();
            if !is_ours || !pod::is_active(pod) || self.claimed.contains(uid) {
                continue;
            }
            if let Some(action) = claim.adopt(&pod.metadata) {
                self.plan.actions.push(action);
                self.claimed.insert(uid);
            }
        }
        owned
    }

    /// The next hash of the template's revision has the number of collisions in it.
    fn collide(&mut self, set: &StatefulSet) {
        let count = collisions(set).saturating_add(1);
        let patch = json!({"status": {"collisionCount": count}});
        self.plan.actions.push(object::guarded_patch(&STATEFUL_SETS, &set.metadata, Part::Status, patch));
    }

    /// Makes the Pod of an ordinal, and before it the claims it mounts. The wish is guarded where nothing in the
    /// same plan moves the set's version.
    fn create(&mut self, look: &Look<'a>, ordinal: i32, is_guarded: bool) {
        let guard = is_guarded.then(|| object::guard(&STATEFUL_SETS, &look.set.metadata));
        let Some((revision, template)) = look.template_for(ordinal) else { return };
        let name = look.pod_name(ordinal);
        self.plan.actions.extend(claims::missing(self.snapshot, look.set, ordinal, guard.as_ref()));
        let manifest = manifest::pod(look.set, ordinal, revision, &template);
        self.plan.actions.push(creation::pod(&look.name.namespace, &name, manifest, guard));
        self.tell(look, "SuccessfulCreate", "create", &name);
    }

    fn delete(&mut self, look: &Look<'a>, (name, pod): Named<'a>) {
        self.plan.actions.push(object::delete(&PODS, &pod.metadata));
        self.tell(look, "SuccessfulDelete", "delete", &name.name);
    }

    fn tell(&mut self, look: &Look<'a>, reason: &'static str, verb: &str, pod: &str) {
        let message = format!("{verb} Pod {pod} in StatefulSet {} successful", look.name.name);
        let event = object::event(&STATEFUL_SETS, &look.set.metadata, EventKind::Normal, reason, message);
        self.plan.actions.push(event);
    }
}

fn collisions(set: &StatefulSet) -> i32 {
    set.status.as_ref().and_then(|status| status.collision_count).unwrap_or(0)
}

fn owner(set: &StatefulSet) -> Owner<'_> {
    Owner {
        by: &STATEFUL_SETS,
        meta: &set.metadata,
        template: &set.spec.template,
        collisions: collisions(set),
        hash_label: label::REVISION_HASH,
    }
}

/// Whether a StatefulSet manages a Pod: then nobody may hold its name while it may still run somewhere.
pub(crate) fn manages(pod: &api::core::Pod) -> bool {
    object::controller(&pod.metadata)
        .is_some_and(|owner| owner.kind == STATEFUL_SETS.kind && owner.api_version == STATEFUL_SETS.api_version())
}

#[cfg(test)]
mod tests;
