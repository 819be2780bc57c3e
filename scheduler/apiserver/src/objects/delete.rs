//! Deleting an object: the decision is [`super::deletion`]'s, this does it.

use jiff::Timestamp;
use serde_json::Value;

use super::commit::{self, Commit, Draft};
use super::deletion::{self, Step};
use super::modify::{Target, check_preconditions};
use super::{Objects, allocation, stamp};
use crate::auth::User;
use crate::kinds::{Kind, Subresource};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::policy::{Attempt, How, Operation, Remarks};
use crate::status::Status;
use crate::webhook;

/// How to delete.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    /// Precondition: the object's UID.
    pub uid: Option<String>,
    /// Precondition: the object's resourceVersion.
    pub resource_version: Option<String>,
    /// Time a Pod gets to end; `None` for its own, `Some(0)` to remove it at once.
    pub grace_seconds: Option<i64>,
    /// What becomes of dependents; `None` leaves the decision to the object's finalizers.
    pub propagation: Option<Propagation>,
    /// Do everything but store it.
    pub dry_run: bool,
    /// Who deletes, for admission; `None` for the control loops.
    pub author: Option<User>,
    /// What admission says of a deletion.
    pub remarks: Remarks,
}

/// What becomes of the objects that a deleted object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted after it.
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay.
    Orphan,
}

impl Propagation {
    /// Reads Kubernetes' word for it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "Background" => Some(Self::Background),
            "Foreground" => Some(Self::Foreground),
            "Orphan" => Some(Self::Orphan),
            _ => None,
        }
    }
}

/// What a deletion came to.
#[derive(Debug)]
pub(crate) enum Deleted {
    /// The object is gone; this is how it was.
    Removed(Value),
    /// The object is marked and waits.
    Marked(Value),
}

impl Deleted {
    pub(crate) fn into_object(self) -> Value {
        match self {
            Self::Removed(object) | Self::Marked(object) => object,
        }
    }
}

/// Namespaces the cluster cannot be without.
const NAMESPACES_FOR_LIFE: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// See [`Objects::delete`].
pub(super) async fn delete(
    objects: &Objects,
    kind: &Kind,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> Result<Deleted, Status> {
    let resource = kind.resource;
    let key = resource.key(namespace, name);
    let target = Target { kind, namespace, name, part: Subresource::Main, served: None };
    if resource == &api::resource::NAMESPACES && NAMESPACES_FOR_LIFE.contains(&name) {
        return Err(Status::forbidden(resource, name, "this namespace may not be deleted"));
    }
    for _ in 0..CONFLICT_RETRIES_MAX {
        let (entry, _) = objects.store.get(&key).await?;
        let entry = entry.ok_or_else(|| Status::not_found(resource, name))?;
        let mut object = kind.decode(&entry)?;
        check_preconditions(&target, &object, options.uid.as_deref(), options.resource_version.as_deref())?;
        let attempt = Attempt {
            kind,
            part: Subresource::Main,
            namespace,
            name,
            operation: Operation::Delete,
            object: None,
            old: Some(&object),
            how: How::Delete(options),
        };
        webhook::admit(objects, &attempt).await?;
        let mut txn = Draft::default();
        let mut marked = match deletion::step(&object, options, Timestamp::now()) {
            Step::Wait => return Ok(Deleted::Marked(object)),
            Step::Remove => {
                allocation::release_all(objects, kind, &object, &mut txn).await?;
                txn.remove(key.clone(), entry.mod_revision);
                None
            }
            Step::Mark(mut marked) => {
                txn.replace(key.clone(), entry.mod_revision, kind.encode(&mut marked)?);
                Some(marked)
            }
        };
        let done =
            if options.dry_run { Commit::Done(entry.mod_revision) } else { commit::commit(objects, txn).await? };
        if let Commit::Done(revision) = done {
            let left = marked.as_mut().unwrap_or(&mut object);
            stamp::set_version(left, revision);
            return Ok(marked.map_or(Deleted::Removed(object), Deleted::Marked));
        }
    }
    Err(commit::exhausted(resource, name))
}
