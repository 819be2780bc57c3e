//! Several changes that must all happen or not at all: one transaction over several objects.
//!
//! For what would otherwise be counted twice, or never, if the writer died in between. Every change names
//! the version it was decided on, so there is nothing to repeat: who loses the race decides anew.

use api::Resource;

use super::commit::{self, Commit, Draft};
use super::modify::{Target, check_preconditions};
use super::ownership::Wish;
use super::patch::Patch;
use super::{Objects, allocation, deletion, part};
use crate::kinds::Subresource;
use crate::status::Status;

/// Most changes of one transaction: what the store takes, less room for the guards of the writer.
pub const CHANGES_MAX: usize = store::TXN_OPERATIONS_MAX - 8;

/// One of several changes.
#[derive(Debug, Clone)]
pub struct Change {
    /// Which resource.
    pub resource: &'static Resource,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Which object.
    pub name: String,
    /// Precondition: its UID.
    pub uid: String,
    /// Precondition: its resourceVersion.
    pub resource_version: String,
    /// Which part is written.
    pub part: Subresource,
    /// The patch.
    pub patch: Patch,
}

/// See [`Objects::patch_together`].
pub(super) async fn patch(objects: &Objects, changes: Vec<Change>) -> Result<(), Status> {
    if changes.len() > CHANGES_MAX {
        return Err(Status::internal(format!("{} changes at once; the limit is {CHANGES_MAX}", changes.len())));
    }
    let mut txn = Draft::default();
    for change in &changes {
        add(objects, change, &mut txn).await?;
    }
    match commit::commit(objects, txn).await? {
        Commit::Done(_) => Ok(()),
        Commit::Lost(key) => {
            let is_lost = |change: &&Change| change.resource.key(&change.namespace, &change.name) == key;
            let lost = changes.iter().find(is_lost).or(changes.first());
            Err(lost.map_or_else(|| Status::fenced(&key), |change| Status::modified(change.resource, &change.name)))
        }
    }
}

async fn add(objects: &Objects, change: &Change, txn: &mut Draft) -> Result<(), Status> {
    let kind = &*objects.kind(change.resource)?;
    let target = Target { kind, namespace: &change.namespace, name: &change.name, part: change.part, served: None };
    if !kind.has(change.part) {
        return Err(Status::no_such_path());
    }
    let key = change.resource.key(&change.namespace, &change.name);
    let (entry, _) = objects.store.get(&key).await?;
    let entry = entry.ok_or_else(|| Status::not_found(change.resource, &change.name))?;
    let current = kind.decode(&entry)?;
    check_preconditions(&target, &current, Some(&change.uid), Some(&change.resource_version))?;
    let mut wish = Wish::written(change.patch.apply(change.resource, change.part, &current)?);
    let mut object = part::merge(&target, &current, wish.take())?;
    wish.settle(&target, &current, &mut object, None);
    let mut own = Draft::default();
    allocation::allocate(objects, kind, Some(&current), &mut object, &mut own).await?;
    let encoded = kind.encode(&mut object)?;
    if deletion::is_finished(&object) {
        own = Draft::default();
        allocation::release_all(objects, kind, &current, &mut own).await?;
        own.remove(key, entry.mod_revision);
    } else {
        own.replace(key, entry.mod_revision, encoded);
    }
    txn.guards.extend(own.guards);
    txn.writes.extend(own.writes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::resource::{CONFIG_MAPS, NAMESPACES};
    use serde_json::{Value, json};

    use super::*;
    use crate::objects::{ObjectsConfig, WriteOptions};

    async fn objects() -> Objects {
        let objects = Objects::new(Arc::new(store::Memory::new()), ObjectsConfig::default());
        let options = WriteOptions::default;
        let namespace = json!({"metadata": {"name": "n"}});
        objects.create(&NAMESPACES, "", namespace, options()).await.expect("creates");
        for name in ["a", "b"] {
            let held = json!({"metadata": {"name": name, "finalizers": ["x/y"]}, "data": {"count": "0"}});
            objects.create(&CONFIG_MAPS, "n", held, options()).await.expect("creates");
        }
        objects
    }

    async fn get(objects: &Objects, name: &str) -> Result<Value, Status> {
        objects.get(&CONFIG_MAPS, "n", name).await
    }

    async fn change(objects: &Objects, name: &str, patch: Value) -> Change {
        let found = get(objects, name).await.expect("is there");
        let text = |key: &str| found["metadata"][key].as_str().expect("text").to_owned();
        Change {
            resource: &CONFIG_MAPS,
            namespace: "n".to_owned(),
            name: name.to_owned(),
            uid: text("uid"),
            resource_version: text("resourceVersion"),
            part: Subresource::Main,
            patch: Patch::Merge(patch),
        }
    }

    #[tokio::test]
    async fn all_changes_happen_or_none() {
        let objects = objects().await;
        objects.delete(&CONFIG_MAPS, "n", "b", crate::DeleteOptions::default()).await.expect("marks");
        let count = change(&objects, "a", json!({"data": {"count": "1"}})).await;
        let release = change(&objects, "b", json!({"metadata": {"finalizers": null}})).await;
        let mut stale = release.clone();
        stale.resource_version = "1".to_owned();
        let refused = objects.patch_together(vec![count.clone(), stale]).await.expect_err("b has moved");
        assert!(refused.is_conflict(), "{refused}");
        assert_eq!(get(&objects, "a").await.expect("is there")["data"]["count"], "0");
        objects.patch_together(vec![count.clone(), release.clone()]).await.expect("commits");
        assert_eq!(get(&objects, "a").await.expect("is there")["data"]["count"], "1");
        assert!(get(&objects, "b").await.expect_err("is gone").is_not_found(), "its last finalizer went");
        let again = objects.patch_together(vec![count, release]).await.expect_err("is done");
        assert!(again.is_conflict() || again.is_not_found(), "{again}");
    }

    #[tokio::test]
    async fn too_many_changes_are_refused_before_they_reach_the_store() {
        let objects = objects().await;
        let one = change(&objects, "a", json!({})).await;
        assert_eq!(objects.patch_together(vec![one; CHANGES_MAX + 1]).await.map_err(|s| s.code), Err(500));
    }
}
