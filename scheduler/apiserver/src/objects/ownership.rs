//! Who manages the fields of an object that is written: what `managed_fields` decides, for each kind and part. Pure.

use serde_json::Value;

use super::WriteOptions;
use super::modify::Target;
use crate::kinds::{Asked, Kind, Subresource};
use crate::managed_fields::{self, Changes, Entries, Place, Reach, Sent, Writer};
use crate::value;

/// An object as a writer wants it, and what that says about its managers.
pub(super) struct Wish {
    pub(super) object: Value,
    claim: Claim,
}

enum Claim {
    /// It was written: who changes a field manages it.
    Written(Sent),
    /// It was applied, and these came of it.
    Applied(Entries),
}

impl Wish {
    /// An object that was written.
    pub(super) fn written(object: Value) -> Self {
        Self { claim: Claim::Written(Sent::read(&object)), object }
    }

    /// An object that was applied.
    pub(super) fn applied(object: Value, entries: Entries) -> Self {
        Self { object, claim: Claim::Applied(entries) }
    }

    /// Takes the object out, so that it can become another.
    pub(super) fn take(&mut self) -> Value {
        std::mem::take(&mut self.object)
    }

    /// The managers of a new object, as a list for its metadata; `None` if its creator does not say who it is.
    pub(super) fn managers_of_new(
        self,
        kind: &Kind,
        object: &Value,
        options: &WriteOptions,
        now: &str,
    ) -> Option<Value> {
        match self.claim {
            Claim::Applied(entries) => entries.encode(),
            Claim::Written(_) => {
                let writer = writer(Asked { kind, served: None }, Subresource::Main, options, now)?;
                // What the server adds besides defaults (a cluster IP, a phase) is nobody's.
                let mut said = object.clone();
                kind.fill(&mut said);
                managed_fields::created(Place::of_kind(kind), &said, &writer).encode()
            }
        }
    }

    /// Writes the managers into the object that came of the wish. Nothing is done for an object that has none, which is
    /// what keeps the many Pods small that only loops write.
    pub(super) fn settle(self, target: &Target<'_>, current: &Value, object: &mut Value, writer: Option<&Writer<'_>>) {
        value::set_meta(object, "managedFields", Value::Null);
        match self.claim {
            Claim::Written(sent) => {
                let entries = match sent {
                    Sent::Reset if target.part == Subresource::Main => Entries::default(),
                    Sent::Entries(entries) if target.part == Subresource::Main => entries,
                    Sent::Nothing | Sent::Reset | Sent::Entries(_) => managed_fields::of(current),
                };
                let changes = |version: &str| changes_in(target.kind, current, object, version);
                let entries = managed_fields::updated(entries, &changes, writer);
                managed_fields::write(object, entries, None);
            }
            Claim::Applied(entries) => {
                let unchanged = same_but_for_managers(current, object).then_some(current);
                managed_fields::write(object, entries, unchanged);
            }
        }
    }
}

fn same_but_for_managers(current: &Value, object: &Value) -> bool {
    let bare = |object: &Value| {
        let mut bare = object.clone();
        ["managedFields", "resourceVersion"].iter().for_each(|key| value::set_meta(&mut bare, key, Value::Null));
        bare
    };
    bare(current) == bare(object)
}

/// What has changed between two stored objects, as seen in an API version of their kind.
pub(super) fn changes_in(kind: &Kind, old: &Value, new: &Value, version: &str) -> Option<Changes> {
    let stored = Asked { kind, served: None };
    if version == kind.resource.api_version() || kind.custom.is_some() {
        return Some(managed_fields::compare(Place::of_kind(kind), Some(old), Some(new)));
    }
    let served = kind.also.iter().find(|served| served.resource.api_version() == version)?;
    let asked = Asked { served: Some(served), ..stored };
    let (old, new) = (asked.show(old.clone()), asked.show(new.clone()));
    Some(managed_fields::compare(Place::of(served.resource), Some(&old), Some(&new)))
}

/// Who writes, if it says so.
pub(super) fn writer<'a>(
    asked: Asked<'_>,
    part: Subresource,
    options: &'a WriteOptions,
    now: &str,
) -> Option<Writer<'a>> {
    let name = options.field_manager.as_deref()?;
    Some(Writer {
        name: if name.is_empty() { UNKNOWN } else { name },
        api_version: asked.resource().api_version(),
        subresource: part.name(),
        reach: reach(asked.kind, part),
        time: now.to_owned(),
    })
}

/// What a client is called that has no name.
const UNKNOWN: &str = "unknown";

/// The fields that writing a part can change.
fn reach(kind: &Kind, part: Subresource) -> Reach {
    match part {
        Subresource::Status => Reach::Status,
        Subresource::Scale | Subresource::Finalize => Reach::Spec,
        _ if kind.has(Subresource::Status) => Reach::AllButStatus,
        _ => Reach::All,
    }
}
