//! Read, change, commit; again if someone else was faster.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;
use store::Entry;

use super::admission::{self, quota};
use super::commit::{self, Commit, Draft};
use super::ownership::{self, Wish};
use super::{Objects, WriteOptions, allocation, deletion, draft, part, scale, stamp};
use crate::kinds::{Asked, Kind, Served, Subresource};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::policy::{Attempt, How, Operation};
use crate::status::Status;
use crate::value;
use crate::webhook::{self, Patience};

/// What is changed.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) part: Subresource,
    /// The version the writer speaks; `None` for the one that is stored.
    pub(crate) served: Option<&'static Served>,
}

impl Target<'_> {
    /// The kind in the version the writer speaks.
    pub(crate) fn asked(&self) -> Asked<'_> {
        Asked { kind: self.kind, served: self.served }
    }

    /// An object that is created at the target though none is stored: a binding, an eviction.
    pub(super) fn creating<'a>(&'a self, object: &'a Value, how: How<'a>) -> Attempt<'a> {
        Attempt {
            kind: self.kind,
            part: self.part,
            namespace: self.namespace,
            name: self.name,
            operation: Operation::Create,
            object: Some(object),
            old: None,
            how,
        }
    }
}

/// Makes the wanted object from the current one (both stamped, both as they are stored). May be asked several times.
pub(super) type Make<'a> = dyn Fn(&Value) -> Result<Wish, Status> + Send + Sync + 'a;

/// As [`Make`], for a Scale or an object in the version of the target.
pub(super) type MakePart<'a> = dyn Fn(&Value) -> Result<Value, Status> + Send + Sync + 'a;

/// Replaces what `target` names, a Scale by a Scale, by what `make` makes of it.
pub(super) async fn change(
    objects: &Objects,
    target: &Target<'_>,
    make: &MakePart<'_>,
    options: &WriteOptions,
) -> Result<Value, Status> {
    let whole = |current: &Value| match target.part {
        Subresource::Scale => scale::apply(target, current, make).map(Wish::written),
        _ if target.served.is_none() => make(current).map(Wish::written),
        _ => target.asked().keep(make(&target.asked().show(current.clone()))?).map(Wish::written),
    };
    modify(objects, target, &whole, options).await
}

/// Replaces what `target` names by what `make` makes of it.
///
/// When the made object carries a resourceVersion it must be the current one (C1); without one the
/// change applies to whatever is there.
pub(super) async fn modify(
    objects: &Objects,
    target: &Target<'_>,
    make: &Make<'_>,
    options: &WriteOptions,
) -> Result<Value, Status> {
    let resource = target.kind.resource;
    if !target.kind.has(target.part) {
        return Err(Status::no_such_path());
    }
    let key = resource.key(target.namespace, target.name);
    let patience = Patience::begin(options.author.as_ref());
    for _ in 0..CONFLICT_RETRIES_MAX {
        let (entry, _) = objects.store.get(&key).await?;
        let entry = entry.ok_or_else(|| Status::not_found(resource, target.name))?;
        let current = target.kind.decode(&entry)?;
        check_preconditions(target, &current, options.uid.as_deref(), options.resource_version.as_deref())?;
        let mut wish = make(&current)?;
        let mut made = part::join(target, &current, wish.take())?;
        let now = draft::at_second(Timestamp::now());
        let writer = ownership::writer(target.asked(), target.part, options, &now);
        wish.settle(target, &current, &mut made, writer.as_ref());
        made = mutate(objects, target, &current, made, options, patience).await?;
        part::check(target, &current, &mut made)?;
        let change = Change { target, entry: &entry, current: &current, options, patience };
        let Some(object) = step(objects, &change, made).await? else { continue };
        return if target.part == Subresource::Scale { scale::of(target.kind, &object) } else { Ok(object) };
    }
    Err(commit::exhausted(resource, target.name))
}

/// What the mutating webhooks make of an object that is about to replace the current one. Whose fields are whose has
/// been settled: what a webhook changes is nobody's, as in Kubernetes.
async fn mutate(
    objects: &Objects,
    target: &Target<'_>,
    current: &Value,
    made: Value,
    options: &WriteOptions,
    patience: Patience,
) -> Result<Value, Status> {
    let (shown, old) = (part_of(target, &made)?, part_of(target, current)?);
    let attempt = attempt(target, &shown, &old, options);
    let Some(mutated) = webhook::mutate(objects, &attempt, patience).await? else { return Ok(made) };
    let whole = match target.part {
        Subresource::Scale => scale::apply(target, current, &|_| Ok(mutated.clone()))?,
        _ => mutated,
    };
    let mut object = part::join(target, current, whole)?;
    let managers = value::at(&made, &["metadata", "managedFields"]).cloned().unwrap_or_default();
    value::set_meta(&mut object, "managedFields", managers);
    Ok(object)
}

/// What admission is shown of an object: a Scale, if that is what is written.
fn part_of<'a>(target: &Target<'_>, object: &'a Value) -> Result<Cow<'a, Value>, Status> {
    match target.part {
        Subresource::Scale => scale::of(target.kind, object).map(Cow::Owned),
        _ => Ok(Cow::Borrowed(object)),
    }
}

fn attempt<'a>(target: &Target<'a>, object: &'a Value, old: &'a Value, options: &'a WriteOptions) -> Attempt<'a> {
    Attempt {
        kind: target.kind,
        part: target.part,
        namespace: target.namespace,
        name: target.name,
        operation: Operation::Update,
        object: Some(object),
        old: Some(old),
        how: How::Write(options),
    }
}

/// A change that is about to be made.
struct Change<'a> {
    target: &'a Target<'a>,
    entry: &'a Entry,
    current: &'a Value,
    options: &'a WriteOptions,
    patience: Patience,
}

/// Commits one change; `None` if another writer was faster.
async fn step(objects: &Objects, change: &Change<'_>, mut object: Value) -> Result<Option<Value>, Status> {
    let Change { target, entry, current, options, patience } = *change;
    let kind = target.kind;
    let key = entry.key.to_string();
    let mut txn = Draft::default();
    allocation::allocate(objects, kind, Some(current), &mut object, &mut txn).await?;
    if target.part == Subresource::Main {
        admission::admit_change(objects, kind, &object).await?;
    }
    let encoded = kind.encode(&mut object)?;
    options.approve(Some(current), &object)?;
    {
        let (shown, old) = (part_of(target, &object)?, part_of(target, current)?);
        webhook::judge(objects, &attempt(target, &shown, &old, options), patience).await?;
    }
    let ends = deletion::is_finished(&object);
    if ends {
        txn = Draft::default();
        allocation::release_all(objects, kind, current, &mut txn).await?;
        txn.remove(key, entry.mod_revision);
    } else if is_same(current, &object) && kind.is_stored_in_its_version(entry) {
        // Nothing changed: no revision, no event.
        return Ok(Some(current.clone()));
    } else {
        txn.replace(key, entry.mod_revision, encoded);
    }
    // Only these can ask for more once they are there.
    let may_grow = [&api::resource::SERVICES, &api::resource::PERSISTENT_VOLUME_CLAIMS].contains(&kind.resource);
    let _turn = if may_grow && !ends && target.part == Subresource::Main {
        let charge = quota::Charge { kind, namespace: target.namespace, before: Some(current), object: &object };
        quota::charge(objects, &charge, &mut txn).await?
    } else {
        None
    };
    if options.dry_run {
        stamp::set_version(&mut object, entry.mod_revision);
        return Ok(Some(object));
    }
    match commit::commit(objects, txn).await? {
        Commit::Done(revision) => {
            stamp::set_version(&mut object, revision);
            Ok(Some(object))
        }
        Commit::Lost(_) => Ok(None),
    }
}

/// Whether `object` is what `current` is; only `current` carries a version.
fn is_same(current: &Value, object: &Value) -> bool {
    let mut unstamped = current.clone();
    value::set_meta(&mut unstamped, "resourceVersion", Value::Null);
    unstamped == *object
}

/// Holds an object against what a writer expects of it.
pub(super) fn check_preconditions(
    target: &Target<'_>,
    current: &Value,
    uid: Option<&str>,
    version: Option<&str>,
) -> Result<(), Status> {
    let (resource, name) = (target.kind.resource, target.name);
    let found = value::text(current, &["metadata", "uid"]);
    if let Some(wanted) = uid.filter(|wanted| !wanted.is_empty() && *wanted != found) {
        let why = format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}");
        return Err(Status::conflict(resource, name, &why));
    }
    let found = value::text(current, &["metadata", "resourceVersion"]);
    if let Some(wanted) = version.filter(|wanted| !wanted.is_empty() && *wanted != found) {
        let why = format!(
            "Precondition failed: ResourceVersion in precondition: {wanted}, ResourceVersion in object meta: {found}"
        );
        return Err(Status::conflict(resource, name, &why));
    }
    Ok(())
}
