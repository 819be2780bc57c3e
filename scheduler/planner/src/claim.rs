//! Who manages what: adoption of orphans by selector, and release of what no longer matches.
//!
//! Ownership is by UID (C7): an object that another controller manages is never taken, and a
//! recreated namesake does not inherit.

use api::Resource;
use api::meta::ObjectMeta;
use api::selector::Selector;
use serde_json::{Value, json};

use crate::{Action, Part, object};

/// The wish of one owner for objects of one resource.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    /// What is claimed.
    pub resource: &'static Resource,
    /// What the owner is.
    pub by: &'static Resource,
    /// The owner.
    pub owner: &'a ObjectMeta,
    /// Which objects it wants.
    pub selector: &'a Selector,
}

impl Claim<'_> {
    /// Takes an object without a manager, if it is wanted and not leaving.
    pub(crate) fn adopt(&self, orphan: &ObjectMeta) -> Option<Action> {
        if object::is_terminating(orphan) || !self.selector.matches(orphan.labels.as_ref()) {
            return None;
        }
        let mut references = references(orphan);
        references.push(object::owner_reference(self.by, self.owner));
        Some(self.set_references(orphan, &references))
    }

    /// Lets go of a managed object that is no longer wanted.
    pub(crate) fn release(&self, managed: &ObjectMeta) -> Option<Action> {
        if self.selector.matches(managed.labels.as_ref()) || object::is_terminating(managed) {
            return None;
        }
        let mut references = references(managed);
        references.retain(|reference| reference.get("uid").and_then(Value::as_str) != Some(object::uid(self.owner)));
        Some(self.set_references(managed, &references))
    }

    fn set_references(&self, meta: &ObjectMeta, references: &[Value]) -> Action {
        let patch = json!({"metadata": {"ownerReferences": references}});
        object::guarded_patch(self.resource, meta, Part::Main, patch)
    }
}

fn references(meta: &ObjectMeta) -> Vec<Value> {
    let references = meta.owner_references.as_deref().unwrap_or_default();
    references.iter().map(|one| serde_json::to_value(one).expect("an owner reference is plain data")).collect()
}
