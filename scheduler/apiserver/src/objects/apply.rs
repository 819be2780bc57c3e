//! Server-side apply: an object is made what one manager says, and created if it is not there.

use jiff::Timestamp;
use serde_json::Value;

use super::modify::{self, Target};
use super::ownership::{self, Wish};
use super::{Objects, WriteOptions, commit, create, draft, scale};
use crate::kinds::{Asked, Subresource};
use crate::limits::{CONFLICT_RETRIES_MAX, CONFLICTS_SHOWN_MAX, QUOTED_MAX};
use crate::managed_fields::{self, Apply, Conflict, Conflicts, Entries, Place, Refusal, Writer};
use crate::status::{Cause, Status};
use crate::value;

/// What became of an apply.
#[derive(Debug)]
pub(crate) enum Applied {
    /// There was no such object, and now there is.
    Created(Value),
    /// The object is now like this.
    Changed(Value),
}

/// A look at what is about to be stored, and at what was there before.
pub(super) type Check<'a> = dyn Fn(Option<&Value>, &Value) -> Result<(), Status> + Send + Sync + 'a;

/// See `Objects::apply`.
pub(super) async fn apply(
    objects: &Objects,
    target: &Target<'_>,
    wanted: &Value,
    conflicts: Conflicts,
    options: &WriteOptions,
    check: &Check<'_>,
) -> Result<Applied, Status> {
    let now = draft::at_second(Timestamp::now());
    let writer = ownership::writer(target.asked(), target.part, options, &now).ok_or_else(Status::manager_required)?;
    let wanted = accept(target, wanted, &writer)?;
    let make = |current: &Value| {
        let (object, entries) = lay_over(target, Some(current), &wanted, &writer, conflicts)?;
        check(Some(&target.asked().show(current.clone())), &object)?;
        let object = if target.part == Subresource::Scale { object } else { target.asked().keep(object)? };
        Ok(Wish::applied(object, entries))
    };
    for _ in 0..CONFLICT_RETRIES_MAX {
        match modify::modify(objects, target, &make, options).await {
            Err(status) if status.is_not_found() && target.part == Subresource::Main => {}
            changed => return changed.map(Applied::Changed),
        }
        check_absent(target, &wanted)?;
        let (object, entries) = lay_over(target, None, &wanted, &writer, conflicts)?;
        check(None, &object)?;
        let wish = Wish::applied(target.asked().keep_new(object)?, entries);
        match create::create(objects, target.kind, target.namespace, wish, options).await {
            Err(status) if status.is_already_exists() => {}
            created => return created.map(Applied::Created),
        }
    }
    Err(commit::exhausted(target.kind.resource, target.name))
}

/// Checks what may be applied at all, and drops what the part does not reach.
fn accept(target: &Target<'_>, wanted: &Value, writer: &Writer<'_>) -> Result<Value, Status> {
    let resource = target.asked().resource();
    let is_scale = target.part == Subresource::Scale;
    let (version, kind) =
        if is_scale { (scale::API_VERSION.to_owned(), scale::KIND) } else { (resource.api_version(), resource.kind) };
    let given = |key| value::text(wanted, &[key]);
    if !wanted.is_object() || given("apiVersion") != version {
        let message = "Incorrect version specified in apply patch. Specified patch version:";
        return Err(Status::bad_request(format!("{message} {}, expected: {version}", given("apiVersion"))));
    }
    if given("kind") != kind {
        return Err(Status::bad_request(format!("invalid object type: {}, expected: {kind}", given("kind"))));
    }
    if value::at(wanted, &["metadata", "managedFields"]).is_some() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let named = value::text(wanted, &["metadata", "name"]);
    if !named.is_empty() && named != target.name {
        let message = format!("the name of the object ({named}) does not match the name on the URL ({})", target.name);
        return Err(Status::bad_request(message));
    }
    let mut wanted = if is_scale { scale::to_object(target, wanted)? } else { wanted.clone() };
    writer.reach.cut(&mut wanted);
    value::set_meta(&mut wanted, "name", target.name.into());
    Ok(wanted)
}

/// Lays the wanted object over the one that is there. What comes of it is in the version of the target.
fn lay_over(
    target: &Target<'_>,
    current: Option<&Value>,
    wanted: &Value,
    writer: &Writer<'_>,
    conflicts: Conflicts,
) -> Result<(Value, Entries), Status> {
    let kind = target.kind;
    // A Scale is laid over the object it is of, which has one version.
    let asked = if target.part == Subresource::Scale { Asked { kind, served: None } } else { target.asked() };
    let live = current.map(|current| {
        let mut live = asked.show(current.clone());
        value::set_meta(&mut live, "managedFields", Value::Null);
        live
    });
    let changes_in = |object: &Value, version: &str| {
        ownership::changes_in(kind, current?, &asked.keep(object.clone()).ok()?, version)
    };
    let apply = Apply {
        place: if asked.served.is_some() { Place::of(asked.resource()) } else { Place::of_kind(kind) },
        live: live.as_ref(),
        entries: current.map(managed_fields::of).unwrap_or_default(),
        wanted,
        writer,
        conflicts,
        changes_in: &changes_in,
    };
    let applied = apply.run().map_err(|refusal| refused(target, refusal))?;
    Ok((applied.object, applied.entries))
}

/// A version or a UID speaks of an object that should be there.
fn check_absent(target: &Target<'_>, wanted: &Value) -> Result<(), Status> {
    let resource = target.kind.resource;
    let uid = value::text(wanted, &["metadata", "uid"]);
    if !uid.is_empty() {
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: ");
        return Err(Status::conflict(resource, target.name, &why));
    }
    if value::text(wanted, &["metadata", "resourceVersion"]).is_empty() {
        return Ok(());
    }
    Err(Status::modified(resource, target.name))
}

fn refused(target: &Target<'_>, refusal: Refusal) -> Status {
    let resource = target.asked().resource();
    match refusal {
        Refusal::Shapeless(problems) => {
            let problems: Vec<String> = problems.iter().map(|problem| shortened(problem)).collect();
            let problems = match problems.as_slice() {
                [only] => only.clone(),
                many => format!("errors:\n  {}", many.join("\n  ")),
            };
            Status::bad_request(format!(
                "failed to create typed patch object ({}/{}; {}/{}, Kind={}): {problems}",
                target.namespace, target.name, resource.group, resource.version, resource.kind
            ))
        }
        Refusal::Conflicts(conflicts) => contested(&conflicts),
    }
}

/// 409, with a cause for each field, in Kubernetes' words.
fn contested(conflicts: &[Conflict]) -> Status {
    let (mut causes, mut lists, mut count) = (Vec::new(), Vec::new(), 0);
    for conflict in conflicts {
        let paths = conflict.fields.paths();
        count += paths.len();
        let shown: Vec<String> =
            paths.iter().take(CONFLICTS_SHOWN_MAX - causes.len()).map(|path| shortened(path)).collect();
        if shown.is_empty() {
            continue;
        }
        lists.push(format!("conflicts with {}:\n- {}", conflict.manager, shown.join("\n- ")));
        let cause = |field| Cause {
            reason: "FieldManagerConflict",
            message: format!("conflict with {}", conflict.manager),
            field,
        };
        causes.extend(shown.into_iter().map(cause));
    }
    let message = match causes.as_slice() {
        [only] if count == 1 => format!("Apply failed with 1 conflict: {}: {}", only.message, only.field),
        _ => format!("Apply failed with {count} conflicts: {}", lists.join("\n")),
    };
    Status::contested(message, causes)
}

/// A path as messages show it: its end is what tells most.
fn shortened(text: &str) -> String {
    match text.char_indices().nth_back(QUOTED_MAX * 2) {
        Some((at, _)) => format!("...{}", &text[at..]),
        None => text.to_owned(),
    }
}
