//! What may be done to objects, and what follows from it.
//!
//! REST and the control loops both write through [`Objects`], so defaults, validation, conflicts,
//! finalizers and allocations hold for everyone. Pure parts (`draft`, `part`, `deletion`) say what
//! an object becomes; the rest reads, commits and repeats when another writer was faster.
//!
//! Every write is one store transaction guarded by the revision of everything it was decided on.

mod account;
mod address;
mod admission;
mod allocation;
mod apply;
mod binding;
mod budget;
mod commit;
mod create;
mod delete;
mod deletion;
mod draft;
mod evict;
mod list;
mod modify;
mod name;
mod ownership;
mod part;
mod patch;
mod scale;
mod selection;
mod stamp;
mod together;
mod zeros;

use std::ops::RangeInclusive;
use std::sync::Arc;

use api::Resource;
use serde_json::Value;
use store::{Guard, Store};

pub use self::address::Cidr;
pub(crate) use self::apply::Applied;
pub(crate) use self::delete::Deleted;
pub use self::delete::{DeleteOptions, Propagation};
pub use self::list::{List, ListOptions, VersionMatch};
pub(crate) use self::list::{Page, too_large_version};
pub(crate) use self::modify::Target;
use self::ownership::Wish;
pub use self::patch::Patch;
pub(crate) use self::scale::of as scale_of;
pub use self::selection::FieldSelector;
pub(crate) use self::selection::Selection;
pub use self::stamp::decode_entry;
pub(crate) use self::stamp::{encode as encode_object, set_version, splice, splice_head};
pub use self::together::{CHANGES_MAX, Change};
use crate::auth::User;
use crate::kinds::{self, Kinds, Row};
use crate::managed_fields::Conflicts;
use crate::policy::{Policies, Remarks};
use crate::status::Status;
use crate::webhook::Webhooks;

/// Addresses and ports that Services may be given.
#[derive(Debug, Clone)]
pub struct ObjectsConfig {
    /// Range of cluster IPs.
    pub service_cidr: Cidr,
    /// Range of node ports.
    pub node_port_range: RangeInclusive<u16>,
}

impl Default for ObjectsConfig {
    fn default() -> Self {
        Self { service_cidr: Cidr::default(), node_port_range: 30_000..=32_767 }
    }
}

/// A last look at an object before it is stored: at the present one, if there is one, and at what is to replace it.
type Look = dyn Fn(Option<&Value>, &Value) -> Result<(), Status> + Send + Sync;

/// What must hold for a write, beyond what holds for everyone: whether this writer may write this.
#[derive(Clone)]
pub struct Approval(Arc<Look>);

impl Approval {
    /// Asks `look`, possibly several times.
    pub(crate) fn new(look: impl Fn(Option<&Value>, &Value) -> Result<(), Status> + Send + Sync + 'static) -> Self {
        Self(Arc::new(look))
    }
}

impl std::fmt::Debug for Approval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Approval")
    }
}

/// How to write.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Do everything but store it.
    pub dry_run: bool,
    /// Who writes, for `metadata.managedFields`. Without it the writer manages nothing, and the fields it changes lose
    /// their managers; a loop that writes what users write, too, should say who it is.
    pub field_manager: Option<String>,
    /// Precondition: the object's UID.
    pub uid: Option<String>,
    /// Precondition: the object's resourceVersion.
    pub resource_version: Option<String>,
    /// What else must hold.
    pub approval: Option<Approval>,
    /// Who writes, for admission; `None` for the control loops.
    pub author: Option<User>,
    /// What admission says of a write.
    pub remarks: Remarks,
}

impl WriteOptions {
    /// Holds a write against its approval.
    fn approve(&self, present: Option<&Value>, object: &Value) -> Result<(), Status> {
        self.approval.as_ref().map_or(Ok(()), |approval| (approval.0)(present, object))
    }
}

/// The objects of the cluster. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn Store>,
    config: Arc<ObjectsConfig>,
    kinds: Kinds,
    policies: Policies,
    webhooks: Webhooks,
    /// What must hold for any write of this handle: the leader's term, an owner's revision.
    guards: Arc<[Guard]>,
    /// Who writes a namespace's quotas now.
    turns: Arc<admission::quota::Turns>,
}

impl Objects {
    /// Objects kept in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, config: ObjectsConfig) -> Self {
        Self {
            store,
            config: Arc::new(config),
            kinds: Kinds::default(),
            policies: Policies::default(),
            webhooks: Webhooks::default(),
            guards: Arc::new([]),
            turns: Arc::default(),
        }
    }

    /// The same objects through a handle whose every transaction also carries `guard`. A write that
    /// fails on it answers [`Status::fenced`] and is not repeated.
    #[must_use]
    pub fn guarded(&self, guard: Guard) -> Self {
        let guards = self.guards.iter().cloned().chain([guard]).collect();
        Self { guards, ..self.clone() }
    }

    /// Where the objects are kept, for watching.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The kinds in force.
    pub(crate) fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// The admission policies in force.
    pub(crate) fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The admission webhooks in force.
    pub(crate) fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// The row of a resource; a custom resource whose definition is gone has none.
    pub(crate) fn kind(&self, resource: &Resource) -> Result<Row, Status> {
        self.kinds.of(resource).ok_or_else(Status::no_such_path)
    }

    /// Reads one object.
    ///
    /// # Errors
    /// `NotFound`, or that the store does not answer.
    pub async fn get(&self, resource: &'static Resource, namespace: &str, name: &str) -> Result<Value, Status> {
        let (entry, _) = self.store.get(&resource.key(namespace, name)).await?;
        self.kind(resource)?.decode(&entry.ok_or_else(|| Status::not_found(resource, name))?)
    }

    /// Creates an object and returns it as stored.
    ///
    /// # Errors
    /// `Invalid` with every problem, `AlreadyExists`, `NotFound` or `Forbidden` for the namespace.
    pub async fn create(
        &self,
        resource: &'static Resource,
        namespace: &str,
        object: Value,
        options: WriteOptions,
    ) -> Result<Value, Status> {
        create::create(self, &*self.kind(resource)?, namespace, Wish::written(object), &options).await
    }

    /// Replaces an object, or one part of it, and returns it as stored. For `Scale`, the object is
    /// a Scale, in and out.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` when the object's resourceVersion or a precondition is not current,
    /// `Invalid` with every problem.
    pub async fn update(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        part: kinds::Subresource,
        object: Value,
        options: WriteOptions,
    ) -> Result<Value, Status> {
        let kind = self.kind(resource)?;
        let target = modify::Target { kind: &kind, namespace, name, part, served: None };
        modify::change(self, &target, &|_| Ok(object.clone()), &options).await
    }

    /// Patches an object, or one part of it. Repeated when others write the same object meanwhile,
    /// unless the patch or the options name a resourceVersion.
    ///
    /// # Errors
    /// As [`Objects::update`], and when the patch does not apply.
    pub async fn patch(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        part: kinds::Subresource,
        patch: Patch,
        options: WriteOptions,
    ) -> Result<Value, Status> {
        let kind = self.kind(resource)?;
        let target = modify::Target { kind: &kind, namespace, name, part, served: None };
        modify::change(self, &target, &|current| patch.apply(resource, part, current), &options).await
    }

    /// Patches several objects in one transaction: all of them or none. Each must be as the writer saw it;
    /// nothing is repeated.
    ///
    /// # Errors
    /// As [`Objects::patch`], of the first change that fails; `Conflict` when any object has moved.
    pub async fn patch_together(&self, changes: Vec<Change>) -> Result<(), Status> {
        together::patch(self, changes).await
    }

    /// As [`Objects::update`], for a writer who may speak another version; the answer is as stored.
    pub(crate) async fn update_asked(
        &self,
        target: modify::Target<'_>,
        object: &Value,
        options: &WriteOptions,
    ) -> Result<Value, Status> {
        modify::change(self, &target, &|_| Ok(object.clone()), options).await
    }

    /// As [`Objects::patch`], with a look at the patched object before it is used: for problems that
    /// only the edge reports.
    pub(crate) async fn patch_checked(
        &self,
        target: modify::Target<'_>,
        patch: &Patch,
        options: &WriteOptions,
        check: &(dyn Fn(&Value, &Value) -> Result<(), Status> + Sync),
    ) -> Result<Value, Status> {
        let make = |current: &Value| {
            let patched = patch.apply(target.asked().resource(), target.part, current)?;
            check(current, &patched).map(|()| patched)
        };
        modify::change(self, &target, &make, options).await
    }

    /// Applies an object, or one part of it: makes it what `object` says, without what the same manager
    /// (`options.field_manager`) said before and says no more, and creates it if it is not there (KEP-555). `check`
    /// sees what was there and what is about to be stored.
    ///
    /// # Errors
    /// As [`Objects::update`] and [`Objects::create`], and `Conflict` when others manage fields that would change.
    pub(crate) async fn apply(
        &self,
        target: modify::Target<'_>,
        object: &Value,
        conflicts: Conflicts,
        options: &WriteOptions,
        check: &apply::Check<'_>,
    ) -> Result<Applied, Status> {
        apply::apply(self, &target, object, conflicts, options, check).await
    }

    /// Deletes an object: at once, or by marking it for its finalizers, its host (Pods) or the
    /// namespace controller. Returns the object as it was left, or last seen.
    ///
    /// A Namespace ends when its last `spec.finalizers` entry is removed through the `Finalize`
    /// part, and any object when its last `metadata.finalizers` entry is removed.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` on a precondition, `Forbidden` for the namespaces that must stay.
    pub async fn delete(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        options: DeleteOptions,
    ) -> Result<Value, Status> {
        self.delete_outcome(resource, namespace, name, &options).await.map(Deleted::into_object)
    }

    pub(crate) async fn delete_outcome(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted, Status> {
        delete::delete(self, &*self.kind(resource)?, namespace, name, options).await
    }

    /// Deletes a Pod, unless its PodDisruptionBudget refuses; a disruption is taken from the budget in the same
    /// transaction.
    ///
    /// # Errors
    /// As [`Objects::delete`]; `TooManyRequests` with the cause `DisruptionBudget` when the budget refuses.
    pub async fn evict(&self, namespace: &str, name: &str, options: DeleteOptions) -> Result<(), Status> {
        evict::evict(self, namespace, name, &options).await
    }

    /// Assigns a Pod to a Node: sets `spec.nodeName` once and for all.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when the Pod is bound, is being deleted, or is not what `options` expect.
    pub async fn bind(&self, namespace: &str, name: &str, node: &str, options: WriteOptions) -> Result<Value, Status> {
        binding::bind(self, namespace, name, node, &options).await
    }

    /// Lists objects, one page of them if asked.
    ///
    /// # Errors
    /// `Expired` when the wanted version is compacted, `BadRequest` for a foreign continue token.
    pub async fn list(
        &self,
        resource: &'static Resource,
        namespace: Option<&str>,
        options: ListOptions,
    ) -> Result<List, Status> {
        list::list(self, resource, namespace, &options).await?.decode()
    }

    pub(crate) async fn page(
        &self,
        resource: &'static Resource,
        namespace: Option<&str>,
        options: &ListOptions,
    ) -> Result<Page, Status> {
        list::list(self, resource, namespace, options).await
    }
}
