//! DaemonSet → Pods: one on every Node that is eligible, brought up to date Node by Node.
//!
//! A Pod is made for a Node by node affinity to its name, so that placement still decides whether it fits, and
//! tolerates what befalls Nodes (not ready, unreachable, cordoned, pressure), as in Kubernetes. A rolling update
//! stops old Pods as far as `maxUnavailable` allows, or with `maxSurge` makes new ones beside them first. Two
//! things are stricter than in Kubernetes: every Node without an available Pod counts against the bound, also one
//! whose old Pod was broken before, and an old Pod is left alone on a Node that would take no new one.
//!
//! What a template was is in ControllerRevisions ([`crate::history`]); a plan settles these first.

mod look;
mod manifest;
mod status;
mod steps;

use std::collections::BTreeSet;

use api::apps::DaemonSet;
use api::core::Pod;
use api::resource::{DAEMON_SETS, PODS};
use api::selector::Selector;
use api::{NamespacedName, label};
use serde_json::json;

use crate::claim::Claim;
use crate::history::{History, Latest, Owner, Revisions};
use crate::name::PodNames;
use crate::pod::Named;
use crate::replicas::Replicas;
use crate::{EventKind, Part, Plan, Snapshot, creation, namespaces, object, pod};
use look::Look;
use steps::Step;

/// Decides for every DaemonSet which Pods to make and to stop, and what its status says.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    if snapshot.daemon_sets.is_empty() {
        // Looking at every Pod would cost the many clusters that have none.
        return Plan::default();
    }
    let (replicas, revisions) = (Replicas::of(snapshot), Revisions::of(snapshot));
    let mut planner = Planner {
        snapshot,
        replicas: &replicas,
        revisions: &revisions,
        names: PodNames::default(),
        claimed: BTreeSet::new(),
        plan: Plan::default(),
    };
    for (name, set) in creation::in_turn(&snapshot.daemon_sets, snapshot.seed) {
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
    names: PodNames,
    /// UIDs of orphans adopted in this plan.
    claimed: BTreeSet<&'a str>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn is_full(&self) -> bool {
        self.plan.actions.len() >= self.snapshot.config.actions_max
    }

    fn plan_one(&mut self, name: &'a NamespacedName, set: &'a DaemonSet) {
        let selector = match Selector::from_spec(&set.spec.selector) {
            Ok(selector) if !selector.is_empty() => selector,
            Ok(_) | Err(_) => return,
        };
        let is_leaving =
            object::is_terminating(&set.metadata) || namespaces::is_terminating(self.snapshot, &name.namespace);
        let owner = owner(set);
        let pods = self.replicas.of_owner(object::uid(&set.metadata));
        if !is_leaving && self.claim(name, set, &selector, pods) {
            // Whose Pods and revisions there are is settled first.
            return;
        }
        let history = self.revisions.of_owner(owner);
        let update = match history.latest(self.snapshot, owner) {
            Latest::Stored(update) => update,
            _ if is_leaving => return,
            Latest::Unsettled(action) => return self.plan.actions.push(action),
            Latest::Collision => return self.collide(set),
        };
        let look = Look::of(self.snapshot, self.replicas, name, set, update, pods);
        self.act(&look, &history, is_leaving);
    }

    fn act(&mut self, look: &Look<'a>, history: &History<'a>, is_leaving: bool) {
        let steps = if is_leaving { Vec::new() } else { look.steps(&mut self.plan) };
        let meta = &look.set.metadata;
        let patch = object::status_change(look.set.status.as_ref(), &look.status());
        let report = patch.map(|patch| object::patch(&DAEMON_SETS, meta, Part::Status, patch));
        for step in steps {
            if self.is_full() {
                break;
            }
            match step {
                Step::Create(node) => self.create(look, node, report.is_none()),
                Step::Delete(victim) => self.delete(look, victim),
            }
        }
        self.plan.actions.extend(report);
        if !is_leaving {
            let limit = look.set.spec.revision_history_limit;
            self.plan.actions.extend(history.surplus(limit, |revision| look.needs(revision)));
        }
        for at in look.available_at() {
            self.plan.wake(at);
        }
    }

    /// Adopts and lets go; returns whether there was anything to settle.
    fn claim(&mut self, name: &NamespacedName, set: &'a DaemonSet, selector: &Selector, owned: &[Named<'a>]) -> bool {
        let before = self.plan.actions.len();
        let claim = Claim { resource: &PODS, by: &DAEMON_SETS, owner: &set.metadata, selector };
        self.plan.actions.extend(owned.iter().filter_map(|(_, pod)| claim.release(&pod.metadata)));
        for (_, pod) in self.replicas.orphans_for(&name.namespace, &set.spec.selector) {
            let uid = object::uid(&pod.metadata);
            if !pod::is_active(pod) || self.claimed.contains(uid) {
                continue;
            }
            if let Some(action) = claim.adopt(&pod.metadata) {
                self.plan.actions.push(action);
                self.claimed.insert(uid);
            }
        }
        self.plan.actions.extend(self.revisions.claims(owner(set), selector));
        self.plan.actions.len() > before
    }

    /// The next hash of the template's revision has the number of collisions in it.
    fn collide(&mut self, set: &DaemonSet) {
        let count = collisions(set).saturating_add(1);
        let patch = json!({"status": {"collisionCount": count}});
        self.plan.actions.push(object::guarded_patch(&DAEMON_SETS, &set.metadata, Part::Status, patch));
    }

    /// Makes the Pod of a Node. The wish is guarded where nothing in the same plan moves the set's version.
    fn create(&mut self, look: &Look<'a>, node: &str, is_guarded: bool) {
        let meta = &look.set.metadata;
        let guard = is_guarded.then(|| object::guard(&DAEMON_SETS, meta));
        let namespace = &look.name.namespace;
        let base = format!("{}-", look.name.name);
        let name = self.names.draw(self.snapshot, namespace, &base, object::uid(meta));
        let manifest = manifest::pod(look.set, node, look.hash);
        self.plan.actions.push(creation::pod(namespace, &name, manifest, guard));
        self.tell(look, EventKind::Normal, "SuccessfulCreate", format!("Created pod: {name}"));
    }

    fn delete(&mut self, look: &Look<'a>, (name, pod): Named<'a>) {
        self.plan.actions.push(object::delete(&PODS, &pod.metadata));
        if pod::phase(pod) == "Failed" {
            let node = manifest::node_of(pod).unwrap_or_default();
            let message = format!("Found failed daemon pod {name} on node {node}, will try to kill it");
            self.tell(look, EventKind::Warning, "FailedDaemonPod", message);
        }
        self.tell(look, EventKind::Normal, "SuccessfulDelete", format!("Deleted pod: {}", name.name));
    }

    fn tell(&mut self, look: &Look<'a>, kind: EventKind, reason: &'static str, message: String) {
        self.plan.actions.push(object::event(&DAEMON_SETS, &look.set.metadata, kind, reason, message));
    }
}

fn collisions(set: &DaemonSet) -> i32 {
    set.status.as_ref().and_then(|status| status.collision_count).unwrap_or(0)
}

fn owner(set: &DaemonSet) -> Owner<'_> {
    Owner {
        by: &DAEMON_SETS,
        meta: &set.metadata,
        template: &set.spec.template,
        collisions: collisions(set),
        hash_label: label::CONTROLLER_REVISION_HASH,
    }
}

/// The hash of the revision a Pod was made from.
fn hash_of(pod: &Pod) -> &str {
    object::label(&pod.metadata, label::CONTROLLER_REVISION_HASH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
