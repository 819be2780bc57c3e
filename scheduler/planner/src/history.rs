//! ControllerRevisions: what the template of a StatefulSet or DaemonSet was, one object for each.
//!
//! The data is the strategic merge patch that brings a template back, in Kubernetes' form: `kubectl rollout
//! undo` sends it as it is and `history` reads it. A template that comes back raises the number of its old
//! revision instead of making a new one.

use std::collections::BTreeMap;

use api::apps::ControllerRevision;
use api::core::PodTemplateSpec;
use api::meta::ObjectMeta;
use api::resource::CONTROLLER_REVISIONS;
use api::selector::Selector;
use api::{NamespacedName, Resource, label};
use serde_json::{Map, Value, json};

use crate::claim::Claim;
use crate::name::{self, Hash};
use crate::{Action, Part, Snapshot, object};

/// Longest part of a name before the hash: the whole is a label of Pods, so at most 63 characters.
const BASE_LEN_MAX: usize = 52;
/// Old revisions that are kept, unless the spec says otherwise.
const LIMIT_DEFAULT: i32 = 10;

/// Every ControllerRevision by who manages it. Built once per plan.
#[derive(Debug)]
pub(crate) struct Revisions<'a> {
    owned: BTreeMap<&'a str, Vec<&'a ControllerRevision>>,
    /// Those nobody manages, by namespace.
    orphans: BTreeMap<&'a str, Vec<&'a ControllerRevision>>,
}

/// Whose revisions are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub by: &'static Resource,
    pub meta: &'a ObjectMeta,
    pub template: &'a PodTemplateSpec,
    /// Names that turned out to be taken so far.
    pub collisions: i32,
    /// The label of a revision that holds its hash.
    pub hash_label: &'static str,
}

/// The revisions of one owner, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History<'a> {
    pub revisions: Vec<&'a ControllerRevision>,
}

/// Where the revision of the present template is.
#[derive(Debug)]
pub(crate) enum Latest<'a> {
    /// It is stored, and the newest.
    Stored(&'a ControllerRevision),
    /// This makes it so.
    Unsettled(Action),
    /// Something else has its name.
    Collision,
}

impl<'a> Revisions<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let mut found = Self { owned: BTreeMap::new(), orphans: BTreeMap::new() };
        for (name, revision) in snapshot.controller_revisions.iter() {
            let list = match object::controller_uid(&revision.metadata) {
                Some(uid) => found.owned.entry(uid),
                None => found.orphans.entry(&name.namespace),
            };
            list.or_default().push(revision);
        }
        found
    }

    /// The history of an owner, as it is.
    pub(crate) fn of_owner(&self, owner: Owner<'_>) -> History<'a> {
        let mut revisions = self.owned.get(object::uid(owner.meta)).cloned().unwrap_or_default();
        revisions.sort_by_key(|r| (number(r), object::created(&r.metadata), r.metadata.name.as_deref()));
        History { revisions }
    }

    /// What has to be adopted and let go before the history is what it should be.
    pub(crate) fn claims(&self, owner: Owner<'_>, selector: &Selector) -> Vec<Action> {
        let claim = Claim { resource: &CONTROLLER_REVISIONS, by: owner.by, owner: owner.meta, selector };
        let namespace = owner.meta.namespace.as_deref().unwrap_or_default();
        let owned = self.owned.get(object::uid(owner.meta)).into_iter().flatten();
        let orphans = self.orphans.get(namespace).into_iter().flatten();
        let released = owned.filter_map(|revision| claim.release(&revision.metadata));
        released.chain(orphans.filter_map(|revision| claim.adopt(&revision.metadata))).collect()
    }
}

impl<'a> History<'a> {
    /// The revision of the present template, which must be the newest.
    pub(crate) fn latest(&self, snapshot: &Snapshot, owner: Owner<'_>) -> Latest<'a> {
        let data = data(owner.template);
        let next = self.revisions.last().map_or(0, |newest| number(newest)).saturating_add(1);
        let Some(at) = self.revisions.iter().rposition(|revision| revision.data.0 == data) else {
            return create(snapshot, owner, &data, next);
        };
        let found = self.revisions[at];
        if at + 1 == self.revisions.len() {
            return Latest::Stored(found);
        }
        let patch = json!({"revision": next});
        Latest::Unsettled(object::guarded_patch(&CONTROLLER_REVISIONS, &found.metadata, Part::Main, patch))
    }

    /// The revision of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&'a ControllerRevision> {
        self.revisions.iter().find(|revision| self::name(revision) == name).copied()
    }

    /// Removes the oldest of those that no Pod needs any more, beyond the limit.
    pub(crate) fn surplus(&self, limit: Option<i32>, is_live: impl Fn(&ControllerRevision) -> bool) -> Vec<Action> {
        let dead: Vec<_> = self.revisions.iter().filter(|revision| !is_live(revision)).collect();
        let limit = usize::try_from(limit.unwrap_or(LIMIT_DEFAULT)).unwrap_or(0);
        let surplus = dead.len().saturating_sub(limit);
        dead.iter().take(surplus).map(|revision| object::delete(&CONTROLLER_REVISIONS, &revision.metadata)).collect()
    }
}

pub(crate) fn name(revision: &ControllerRevision) -> &str {
    revision.metadata.name.as_deref().unwrap_or_default()
}

/// The template a revision brings back; `None` if its data is not of our making.
pub(crate) fn template(revision: &ControllerRevision) -> Option<PodTemplateSpec> {
    serde_json::from_value(revision.data.0.pointer("/spec/template")?.clone()).ok()
}

fn number(revision: &ControllerRevision) -> i64 {
    revision.revision.unwrap_or(0)
}

/// The patch that replaces a template.
pub(crate) fn data(template: &PodTemplateSpec) -> Value {
    let mut replaced = Map::from_iter([("$patch".to_owned(), json!("replace"))]);
    if let Value::Object(fields) = serde_json::to_value(template).expect("a template is plain data") {
        replaced.extend(fields);
    }
    json!({"spec": {"template": replaced}})
}

fn create<'a>(snapshot: &Snapshot, owner: Owner<'_>, data: &Value, number: i64) -> Latest<'a> {
    let mut hash = Hash::new().json(data);
    if owner.collisions > 0 {
        hash = hash.number(u64::from(owner.collisions.unsigned_abs()));
    }
    let hash = name::encode(hash.finish());
    let base: String = owner.meta.name.iter().flat_map(|name| name.chars()).take(BASE_LEN_MAX).collect();
    let namespace = owner.meta.namespace.clone().unwrap_or_default();
    let name = NamespacedName::new(namespace.as_str(), format!("{base}-{hash}"));
    if snapshot.controller_revisions.contains_key(&name) {
        return Latest::Collision;
    }
    let mut labels = owner.template.metadata.as_ref().and_then(|meta| meta.labels.clone()).unwrap_or_default();
    labels.insert(owner.hash_label.to_owned(), hash);
    let annotations = owner.meta.annotations.iter().flatten().filter(|(key, _)| *key != label::LAST_APPLIED);
    let object = json!({
        "apiVersion": CONTROLLER_REVISIONS.api_version(),
        "kind": CONTROLLER_REVISIONS.kind,
        "metadata": {
            "name": name.name,
            "namespace": namespace,
            "labels": labels,
            "annotations": annotations.collect::<BTreeMap<_, _>>(),
            "ownerReferences": [object::owner_reference(owner.by, owner.meta)],
        },
        "data": data,
        "revision": number,
    });
    let guard = Some(object::guard(owner.by, owner.meta));
    Latest::Unsettled(Action::Create { resource: &CONTROLLER_REVISIONS, namespace, object, guard })
}
