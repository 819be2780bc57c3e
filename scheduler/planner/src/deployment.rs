//! Deployment → ReplicaSets: revisions, rolling updates, scaling, pause, deadline and status.
//!
//! The steps and their order are Kubernetes'. Two things are stricter, because a snapshot holds the
//! Pods too: availability is counted from Pods instead of from ReplicaSets' statuses, and a replica
//! counts against the surge until its Pod is really told to stop, not only until its ReplicaSet is.
//! So neither bound is broken for a moment, not even between two loops.
//!
//! One plan takes one step per Deployment. The next snapshot holds its result.

mod condition;
mod limits;
mod revision;
mod rolling;
mod rollout;
mod scaling;
mod status;

use std::collections::BTreeMap;

use api::NamespacedName;
use api::apps::{Deployment, ReplicaSet};
use api::resource::{DEPLOYMENTS, REPLICA_SETS};
use api::selector::Selector;
use serde_json::json;

use crate::claim::Claim;
use crate::replicas::Replicas;
use crate::{EventKind, Part, Plan, Snapshot, namespaces, object};
use rollout::{Progress, Rollout};

/// Decides the next step of every Deployment.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let world = World::of(snapshot);
    let mut plan = Plan::default();
    for (name, deployment) in snapshot.deployments.iter() {
        if plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        plan_one(&world, name, deployment, &mut plan);
    }
    plan.wake_at_end_of_grace(snapshot);
    plan
}

/// What all Deployments look at.
struct World<'a> {
    snapshot: &'a Snapshot,
    replicas: Replicas<'a>,
    owned: BTreeMap<&'a str, Vec<&'a ReplicaSet>>,
    /// ReplicaSets without a controller, by namespace.
    orphans: BTreeMap<&'a str, Vec<&'a ReplicaSet>>,
}

impl<'a> World<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut owned: BTreeMap<&str, Vec<&ReplicaSet>> = BTreeMap::new();
        let mut orphans: BTreeMap<&str, Vec<&ReplicaSet>> = BTreeMap::new();
        for (name, set) in snapshot.replica_sets.iter() {
            match object::controller_uid(&set.metadata) {
                Some(uid) => owned.entry(uid).or_default().push(set),
                None => orphans.entry(&name.namespace).or_default().push(set),
            }
        }
        Self { snapshot, replicas: Replicas::of(snapshot), owned, orphans }
    }
}

fn plan_one(world: &World<'_>, name: &NamespacedName, deployment: &Deployment, plan: &mut Plan) {
    let spec = &deployment.spec;
    let selector = match Selector::from_spec(&spec.selector) {
        Ok(selector) if !selector.is_empty() => selector,
        Ok(_) | Err(_) => return refuse_selector(deployment, plan),
    };
    let is_leaving =
        object::is_terminating(&deployment.metadata) || namespaces::is_terminating(world.snapshot, &name.namespace);
    let Some(sets) = claim_sets(world, deployment, &selector, is_leaving, plan) else { return };

    let mut rollout = Rollout::new(world.snapshot, &world.replicas, name, deployment, spec, sets);
    let progress = if is_leaving { Progress::default() } else { step(&mut rollout) };
    rollout.finish(&progress, plan);
}

/// The ReplicaSets of a Deployment; `None` if ownership has to be settled first.
fn claim_sets<'a>(
    world: &World<'a>,
    deployment: &Deployment,
    selector: &Selector,
    is_leaving: bool,
    plan: &mut Plan,
) -> Option<Vec<&'a ReplicaSet>> {
    let namespace = deployment.metadata.namespace.as_deref().unwrap_or_default();
    let owned = world.owned.get(object::uid(&deployment.metadata)).map_or(&[][..], Vec::as_slice);
    let orphans = world.orphans.get(namespace).map_or(&[][..], Vec::as_slice);
    let claim = Claim { resource: &REPLICA_SETS, by: &DEPLOYMENTS, owner: &deployment.metadata, selector };
    let before = plan.actions.len();
    if !is_leaving {
        let released = owned.iter().filter_map(|set| claim.release(&set.metadata));
        let adopted = orphans.iter().filter_map(|set| claim.adopt(&set.metadata));
        plan.actions.extend(released.chain(adopted));
    }
    (plan.actions.len() == before).then(|| owned.to_vec())
}

/// Takes the next step.
fn step(rollout: &mut Rollout<'_>) -> Progress {
    let progress = rollout.refresh_new();
    if rollout.is_paused || rollout.is_scaling() {
        rollout.scale();
        return progress;
    }
    if rollout.new.is_none() && !rollout.is_recreate {
        return rollout.create_new();
    }
    if rollout.is_recreate { rollout.recreate(progress) } else { rollout.roll(progress) }
}

/// A selector that selects everything, or cannot be read, is acted on by nobody.
fn refuse_selector(deployment: &Deployment, plan: &mut Plan) {
    let observed = deployment.status.as_ref().and_then(|status| status.observed_generation);
    if observed == deployment.metadata.generation {
        return;
    }
    let patch = json!({"status": {"observedGeneration": deployment.metadata.generation}});
    plan.actions.push(object::patch(&DEPLOYMENTS, &deployment.metadata, Part::Status, patch));
    let message = "This deployment is selecting all pods. A non-empty selector is required.".to_owned();
    plan.actions.push(object::event(&DEPLOYMENTS, &deployment.metadata, EventKind::Warning, "SelectingAll", message));
}

#[cfg(test)]
mod tests;
