//! Revisions: which ReplicaSet carries the Deployment's template, and how old ones are kept.

use std::collections::BTreeMap;

use api::apps::ReplicaSet;
use api::core::PodTemplateSpec;
use api::label;
use api::meta::ObjectMeta;
use api::resource::{DEPLOYMENTS, REPLICA_SETS};
use serde_json::{Value, json};

use super::rollout::{Progress, Rollout, scaled};
use crate::name::{self, Hash};
use crate::{Action, Part, object};

/// Revisions a ReplicaSet has had before its present one.
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// Old ReplicaSets that are kept, unless the spec says otherwise.
const HISTORY_LIMIT_DEFAULT: i32 = 10;
/// Annotations of a Deployment that say nothing about its ReplicaSets.
const NOT_COPIED: [&str; 5] =
    [label::LAST_APPLIED, label::REVISION, REVISION_HISTORY, label::DESIRED_REPLICAS, label::MAX_REPLICAS];

/// Whether a ReplicaSet carries a template, the hash label aside.
pub(super) fn has_template(set: &ReplicaSet, template: &PodTemplateSpec) -> bool {
    let Some(own) = set.spec.template.as_ref() else { return false };
    let empty = ObjectMeta::default();
    let ours = own.metadata.as_ref().unwrap_or(&empty);
    let theirs = template.metadata.as_ref().unwrap_or(&empty);
    same_map(ours.annotations.as_ref(), theirs.annotations.as_ref())
        && same_map(ours.labels.as_ref(), theirs.labels.as_ref())
        && own.spec == template.spec
}

type Strings = BTreeMap<String, String>;

fn same_map(a: Option<&Strings>, b: Option<&Strings>) -> bool {
    fn entries(map: Option<&Strings>) -> impl Iterator<Item = (&String, &String)> {
        map.into_iter().flatten().filter(|(key, _)| *key != label::POD_TEMPLATE_HASH)
    }
    entries(a).eq(entries(b))
}

fn revision_of(meta: &ObjectMeta) -> i64 {
    object::annotation(meta, label::REVISION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

impl Rollout<'_> {
    /// Sees to it that the ReplicaSet of the present template, if there is one, carries the highest
    /// revision: a rollback is an old ReplicaSet whose template is the present one again.
    pub(super) fn refresh_new(&mut self) -> Progress {
        let next = self.next_revision();
        let copied = self.copied_annotations();
        let min_ready_seconds = self.spec.min_ready_seconds.unwrap_or(0);
        let Some(new) = &mut self.new else { return Progress::Counts };
        new.annotations.extend(copied);
        let own = new.set.spec.min_ready_seconds.unwrap_or(0);
        new.min_ready_seconds = (own != min_ready_seconds).then_some(min_ready_seconds);

        let revision = revision_of(&new.set.metadata);
        let is_raised = revision < next;
        if is_raised {
            if revision > 0 {
                let history = object::annotation(&new.set.metadata, REVISION_HISTORY);
                let history = history.map_or_else(|| revision.to_string(), |earlier| format!("{earlier},{revision}"));
                new.annotations.insert(REVISION_HISTORY.to_owned(), history);
            }
            new.annotations.insert(label::REVISION.to_owned(), next.to_string());
        }
        let found = new.name().to_owned();
        let is_told = self.set_own_revision(revision.max(next));
        match (is_raised, is_told) {
            (true, _) => Progress::Found(found),
            (false, true) => Progress::Created(found),
            (false, false) => Progress::Counts,
        }
    }

    fn next_revision(&self) -> i64 {
        self.old.iter().map(|set| revision_of(&set.set.metadata)).max().unwrap_or(0).saturating_add(1)
    }

    /// Lets the Deployment carry the revision of its ReplicaSet; returns whether it did not yet.
    fn set_own_revision(&mut self, revision: i64) -> bool {
        let is_new = revision_of(&self.deployment.metadata) != revision;
        if is_new {
            let patch = json!({"metadata": {"annotations": {label::REVISION: revision.to_string()}}});
            self.actions.push(object::patch(&DEPLOYMENTS, &self.deployment.metadata, Part::Main, patch));
        }
        is_new
    }

    fn copied_annotations(&self) -> Strings {
        let annotations = self.deployment.metadata.annotations.iter().flatten();
        let copied = annotations.filter(|(key, _)| !NOT_COPIED.contains(&key.as_str()));
        copied.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Creates the ReplicaSet of the present template, as large as the bounds allow.
    pub(super) fn create_new(&mut self) -> Progress {
        let collisions = self.deployment.status.as_ref().and_then(|status| status.collision_count).unwrap_or(0);
        let salt = u64::try_from(collisions).unwrap_or(0);
        let hash = name::encode(Hash::new().json(&self.spec.template).number(salt).finish());
        let set_name = format!("{}-{hash}", self.name.name);
        let taken = api::NamespacedName::new(self.name.namespace.as_str(), set_name.as_str());
        if self.snapshot.replica_sets.contains_key(&taken) {
            return Progress::Collision;
        }
        let replicas = self.replicas_of_new(0);
        let revision = self.next_revision();
        let object = self.new_replica_set(&set_name, &hash, replicas, revision);
        self.actions.push(Action::Create {
            resource: &REPLICA_SETS,
            namespace: self.name.namespace.clone(),
            object,
            guard: Some(object::guard(&DEPLOYMENTS, &self.deployment.metadata)),
        });
        if replicas > 0 {
            self.actions.push(scaled(self.deployment, &set_name, 0, replicas));
        }
        Progress::Creating
    }

    fn new_replica_set(&self, name: &str, hash: &str, replicas: i32, revision: i64) -> Value {
        let mut template = self.spec.template.clone();
        let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
        labels.insert(label::POD_TEMPLATE_HASH.to_owned(), hash.to_owned());
        let labels = labels.clone();
        let mut selector = self.spec.selector.clone();
        let wanted = selector.match_labels.get_or_insert_default();
        wanted.insert(label::POD_TEMPLATE_HASH.to_owned(), hash.to_owned());
        let mut annotations = self.copied_annotations();
        annotations.insert(label::REVISION.to_owned(), revision.to_string());
        annotations.extend(self.size_annotations());
        json!({
            "apiVersion": REPLICA_SETS.api_version(),
            "kind": REPLICA_SETS.kind,
            "metadata": {
                "name": name,
                "namespace": self.name.namespace,
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [object::owner_reference(&DEPLOYMENTS, &self.deployment.metadata)],
            },
            "spec": {
                "replicas": replicas,
                "minReadySeconds": self.spec.min_ready_seconds.unwrap_or(0),
                "selector": selector,
                "template": template,
            },
        })
    }

    /// Deletes the oldest empty ReplicaSets beyond `revisionHistoryLimit`.
    pub(super) fn clean_up(&mut self) {
        let limit = self.spec.revision_history_limit.unwrap_or(HISTORY_LIMIT_DEFAULT);
        let kept = usize::try_from(limit).unwrap_or(0);
        let mut alive: Vec<_> = self.old.iter_mut().filter(|set| !object::is_terminating(&set.set.metadata)).collect();
        alive.sort_by_key(|set| revision_of(&set.set.metadata));
        let surplus = alive.len().saturating_sub(kept);
        for set in alive.into_iter().take(surplus) {
            set.is_deleted = set.wanted == 0 && set.pods.running == 0;
        }
    }
}
