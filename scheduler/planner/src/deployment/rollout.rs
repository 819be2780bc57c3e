//! One Deployment in the middle of a decision: its ReplicaSets, and what has been decided so far.

use std::collections::BTreeMap;

use api::apps::{Deployment, DeploymentSpec, ReplicaSet};
use api::resource::{DEPLOYMENTS, REPLICA_SETS};
use api::{NamespacedName, label};
use serde_json::{Map, Value, json};

use super::limits::{self, Limits};
use super::revision;
use crate::replicas::{Replicas, Tally};
use crate::{Action, EventKind, Part, Plan, Snapshot, object};

/// A ReplicaSet, what its Pods do, and what it shall become.
#[derive(Debug)]
pub(super) struct Set<'a> {
    pub set: &'a ReplicaSet,
    /// What its Pods do now.
    pub pods: Tally,
    /// Replicas its spec asks for; changed by the decision.
    pub wanted: i32,
    /// Annotations the decision adds.
    pub annotations: BTreeMap<String, String>,
    /// `minReadySeconds`, if the decision changes it.
    pub min_ready_seconds: Option<i32>,
    /// Whether the decision deletes it.
    pub is_deleted: bool,
}

/// One Deployment in the middle of a decision.
#[derive(Debug)]
pub(super) struct Rollout<'a> {
    pub snapshot: &'a Snapshot,
    pub name: &'a NamespacedName,
    pub deployment: &'a Deployment,
    pub spec: &'a DeploymentSpec,
    pub replicas: i32,
    pub limits: Limits,
    pub is_paused: bool,
    pub is_recreate: bool,
    /// The ReplicaSet whose template is the Deployment's.
    pub new: Option<Set<'a>>,
    /// All others, oldest first.
    pub old: Vec<Set<'a>>,
    /// What to do besides changing ReplicaSets.
    pub actions: Vec<Action>,
}

/// What a step achieved, for the Progressing condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing worth telling beyond the counts.
    #[default]
    Counts,
    /// A ReplicaSet is about to be created, guarded by the Deployment: what there is to tell of it
    /// is written when it is there.
    Creating,
    /// A ReplicaSet of this name has been created.
    Created(String),
    /// The template went back to that of an existing ReplicaSet.
    Found(String),
    /// A ReplicaSet's name is taken by something else.
    Collision,
}

impl<'a> Set<'a> {
    fn new(set: &'a ReplicaSet, replicas: &Replicas<'a>) -> Self {
        let min_ready_seconds = set.spec.min_ready_seconds.unwrap_or(0);
        Self {
            set,
            pods: replicas.tally(replicas.of_owner(object::uid(&set.metadata)), min_ready_seconds),
            wanted: wanted(set),
            annotations: BTreeMap::new(),
            min_ready_seconds: None,
            is_deleted: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.set.metadata.name.as_deref().unwrap_or_default()
    }

    /// Replicas that are or will be there: what is asked for, or what has not been told to stop yet.
    pub(super) fn occupied(&self) -> i32 {
        self.wanted.max(self.pods.active)
    }

    /// Available replicas that stay, for its ReplicaSet stops the others first.
    pub(super) fn available(&self) -> i32 {
        self.pods.available.min(self.wanted)
    }

    /// An annotation that holds a number.
    pub(super) fn number(&self, key: &str) -> Option<i32> {
        object::annotation(&self.set.metadata, key)?.parse().ok()
    }

    fn patch(&self) -> Option<Action> {
        let meta = &self.set.metadata;
        let mut changes = Map::new();
        let stale = |(key, value): &(&String, &String)| object::annotation(meta, key) != Some(value.as_str());
        let annotations: BTreeMap<_, _> = self.annotations.iter().filter(stale).collect();
        if !annotations.is_empty() {
            changes.insert("metadata".to_owned(), json!({"annotations": annotations}));
        }
        let mut spec = Map::new();
        if self.wanted != wanted(self.set) {
            spec.insert("replicas".to_owned(), self.wanted.into());
        }
        if let Some(seconds) = self.min_ready_seconds {
            spec.insert("minReadySeconds".to_owned(), seconds.into());
        }
        if !spec.is_empty() {
            changes.insert("spec".to_owned(), Value::Object(spec));
        }
        (!changes.is_empty()).then(|| object::guarded_patch(&REPLICA_SETS, meta, Part::Main, Value::Object(changes)))
    }
}

fn wanted(set: &ReplicaSet) -> i32 {
    set.spec.replicas.unwrap_or(1).max(0)
}

impl<'a> Rollout<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        replicas: &Replicas<'a>,
        name: &'a NamespacedName,
        deployment: &'a Deployment,
        spec: &'a DeploymentSpec,
        sets: Vec<&'a ReplicaSet>,
    ) -> Self {
        let mut sets = sets;
        sets.sort_by_key(|set| (object::created(&set.metadata), set.metadata.name.as_deref()));
        let mut old: Vec<_> = sets.into_iter().map(|set| Set::new(set, replicas)).collect();
        let current = old.iter().position(|set| revision::has_template(set.set, &spec.template));
        let new = current.map(|at| old.remove(at));
        let wanted = spec.replicas.unwrap_or(1).max(0);
        Self {
            snapshot,
            name,
            deployment,
            spec,
            replicas: wanted,
            limits: Limits::of(spec, wanted),
            is_paused: spec.paused.unwrap_or(false),
            is_recreate: limits::is_recreate(spec),
            new,
            old,
            actions: Vec::new(),
        }
    }

    pub(super) fn sets(&self) -> impl Iterator<Item = &Set<'a>> {
        self.old.iter().chain(&self.new)
    }

    pub(super) fn sets_mut(&mut self) -> impl Iterator<Item = &mut Set<'a>> {
        self.old.iter_mut().chain(&mut self.new)
    }

    /// A sum over all ReplicaSets. Anyone may scale one to any size, so it ends at the largest number there is.
    pub(super) fn sum(&self, count: impl Fn(&Set<'a>) -> i32) -> i32 {
        self.sets().map(count).fold(0, i32::saturating_add)
    }

    /// Replicas that may exist at once.
    pub(super) fn replicas_max(&self) -> i32 {
        self.replicas.saturating_add(self.limits.surge)
    }

    /// Replicas that must stay available.
    pub(super) fn available_min(&self) -> i32 {
        self.replicas - self.limits.unavailable
    }

    /// What a ReplicaSet remembers of its Deployment's size, so that scaling can be told from rolling.
    pub(super) fn size_annotations(&self) -> [(String, String); 2] {
        [
            (label::DESIRED_REPLICAS.to_owned(), self.replicas.to_string()),
            (label::MAX_REPLICAS.to_owned(), self.replicas_max().to_string()),
        ]
    }

    /// Writes down what was decided: changed ReplicaSets with their events, then the Deployment's status.
    pub(super) fn finish(mut self, progress: &Progress, plan: &mut Plan) {
        let size = self.size_annotations();
        for set in self.old.iter_mut().chain(&mut self.new) {
            let before = wanted(set.set);
            if set.is_deleted {
                plan.actions.push(object::delete(&REPLICA_SETS, &set.set.metadata));
                continue;
            }
            if set.wanted != before {
                set.annotations.extend(size.iter().cloned());
            }
            let Some(patch) = set.patch() else { continue };
            plan.actions.push(patch);
            if set.wanted != before {
                plan.actions.push(scaled(self.deployment, set.name(), before, set.wanted));
            }
        }
        plan.actions.append(&mut self.actions);
        if *progress != Progress::Creating {
            self.write_status(progress, plan);
        }
    }
}

/// Tells that a ReplicaSet changes its size.
pub(super) fn scaled(deployment: &Deployment, set: &str, from: i32, to: i32) -> Action {
    let direction = if to > from { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {set} from {from} to {to}");
    object::event(&DEPLOYMENTS, &deployment.metadata, EventKind::Normal, "ScalingReplicaSet", message)
}
