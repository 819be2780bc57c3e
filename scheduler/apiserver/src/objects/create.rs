//! Creating an object: a draft, a namespace that lives, a name that is free, one transaction.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::admission::{self, quota};
use super::commit::{self, Commit, Draft};
use super::draft::{self, Given};
use super::ownership::Wish;
use super::{Objects, WriteOptions, account, allocation, name, stamp};
use crate::kinds::{Kind, Subresource};
use crate::limits::{CONFLICT_RETRIES_MAX, DRAWS_MAX};
use crate::policy::{Attempt, How, Operation};
use crate::status::{Cause, Status};
use crate::value;
use crate::webhook::{self, Patience};

/// See [`Objects::create`].
pub(super) async fn create(
    objects: &Objects,
    kind: &Kind,
    namespace: &str,
    mut wish: Wish,
    options: &WriteOptions,
) -> Result<Value, Status> {
    let resource = kind.resource;
    let wanted = draft::accept(kind, namespace, wish.take())?;
    draft::check_fresh(&wanted)?;
    let managers = wish.managers_of_new(kind, &wanted, options, &draft::at_second(Timestamp::now()));
    let (fixed_name, base) = draft::wanted_name(resource, &wanted)?;
    let new = New { objects, kind, namespace, managers: managers.unwrap_or_default(), options };
    let patience = Patience::begin(options.author.as_ref());
    let mut names_drawn = 0;
    for _ in 0..CONFLICT_RETRIES_MAX {
        let uid = Uuid::new_v4();
        let drawn = fixed_name.is_empty().then(|| name::generate(&base, Uuid::new_v4().as_u128()));
        let given =
            Given { name: drawn.as_deref().unwrap_or(&fixed_name), uid: &uid.to_string(), now: Timestamp::now() };
        let mut txn = Draft::default();
        if resource.is_namespaced() {
            require_namespace(objects, kind, namespace, given.name, &mut txn).await?;
        }
        if let Some(custom) = &kind.custom {
            require_definition(objects, &custom.definition, &mut txn).await?;
        }
        let mut object = new.admitted(wanted.clone(), &given, patience).await?;
        allocation::allocate(objects, kind, None, &mut object, &mut txn).await?;
        let charge = quota::Charge { kind, namespace, before: None, object: &object };
        let _turn = quota::charge(objects, &charge, &mut txn).await?;
        let key = resource.key(namespace, given.name);
        txn.insert(key.clone(), kind.encode(&mut object)?);
        match attempt(objects, &key, txn, options).await? {
            Commit::Done(revision) => {
                if !options.dry_run {
                    stamp::set_version(&mut object, revision);
                }
                return Ok(object);
            }
            Commit::Lost(lost) if lost == key => {
                names_drawn += 1;
                if drawn.is_none() || names_drawn >= DRAWS_MAX {
                    return Err(Status::already_exists(resource, given.name));
                }
            }
            Commit::Lost(_) => {}
        }
    }
    Err(commit::exhausted(resource, &fixed_name))
}

/// An object on its way in.
struct New<'a> {
    objects: &'a Objects,
    kind: &'a Kind,
    namespace: &'a str,
    managers: Value,
    options: &'a WriteOptions,
}

impl New<'_> {
    /// The object as it is to be stored, but for what is allocated to it: completed, changed by webhooks, checked and
    /// judged.
    async fn admitted(&self, wanted: Value, given: &Given<'_>, patience: Patience) -> Result<Value, Status> {
        let mut object = self.completed(wanted, given).await?;
        if let Some(mutated) = webhook::mutate(self.objects, &self.attempt(given, &object), patience).await? {
            // What a webhook brings in has defaults, limits and an account of its own.
            object = self.completed(draft::accept(self.kind, self.namespace, mutated)?, given).await?;
        }
        draft::check(self.kind, &object)?;
        self.options.approve(None, &object)?;
        webhook::judge(self.objects, &self.attempt(given, &object), patience).await?;
        Ok(object)
    }

    async fn completed(&self, mut object: Value, given: &Given<'_>) -> Result<Value, Status> {
        draft::complete(self.kind, &mut object, given);
        value::set_meta(&mut object, "managedFields", self.managers.clone());
        account::give(self.objects, self.kind, self.namespace, &mut object).await?;
        admission::admit(self.objects, self.kind, self.namespace, &mut object).await?;
        Ok(object)
    }

    fn attempt<'a>(&'a self, given: &Given<'a>, object: &'a Value) -> Attempt<'a> {
        Attempt {
            kind: self.kind,
            part: Subresource::Main,
            namespace: self.namespace,
            name: given.name,
            operation: Operation::Create,
            object: Some(object),
            old: None,
            how: How::Write(self.options),
        }
    }
}

/// Commits, or on a dry run only looks whether the name is free.
async fn attempt(objects: &Objects, key: &str, txn: Draft, options: &WriteOptions) -> Result<Commit, Status> {
    if !options.dry_run {
        return commit::commit(objects, txn).await;
    }
    let (entry, revision) = objects.store.get(key).await?;
    Ok(if entry.is_some() { Commit::Lost(key.to_owned()) } else { Commit::Done(revision) })
}

/// Requires a namespace that exists and stays: nothing is created into one that is being deleted (F32).
async fn require_namespace(
    objects: &Objects,
    kind: &Kind,
    namespace: &str,
    name: &str,
    txn: &mut Draft,
) -> Result<(), Status> {
    let namespaces = &api::resource::NAMESPACES;
    let key = namespaces.key("", namespace);
    let (entry, _) = objects.store.get(&key).await?;
    let entry = entry.ok_or_else(|| Status::not_found(namespaces, namespace))?;
    if value::is_deleting(&stamp::decode_entry(&entry)?) {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut status = Status::forbidden(kind.resource, name, &why);
        let message = format!("namespace {namespace} is being terminated");
        let cause = Cause { reason: "NamespaceTerminating", message, field: "metadata.namespace".to_owned() };
        status.details.get_or_insert_default().causes.push(cause);
        return Err(status);
    }
    txn.require(key, entry.mod_revision);
    Ok(())
}

/// Requires a definition that is there and stays: its last object must not come after its end.
async fn require_definition(objects: &Objects, name: &str, txn: &mut Draft) -> Result<(), Status> {
    let key = api::resource::CUSTOM_RESOURCE_DEFINITIONS.key("", name);
    let (entry, _) = objects.store.get(&key).await?;
    let entry = entry.ok_or_else(Status::no_such_path)?;
    if value::is_deleting(&stamp::decode_entry(&entry)?) {
        let why = "create not allowed while custom resource definition is terminating";
        return Err(Status::method_not_allowed(why));
    }
    txn.require(key, entry.mod_revision);
    Ok(())
}
