//! Who manages which field, and server-side apply, which is built on it. Pure.
//!
//! Every field that a client writes has the managers that set it, kept in `metadata.managedFields` as sets of paths
//! ([`Set`]). The schema says how values are shared ([`Place`]). A write takes the fields it changes ([`updated`]); an
//! apply shares or takes those it names, and gives up those it names no more ([`Apply`]). The rules are those of KEP-555
//! and of structured-merge-diff, whose words messages use.
//!
//! Nothing here reads or stores objects, knows defaults, or judges what values say.

mod apply;
mod claim;
mod compare;
mod element;
mod entries;
mod last_applied;
mod merge;
mod place;
mod set;
mod update;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub(crate) use self::apply::{Apply, Conflict, Conflicts, Refusal};
pub(crate) use self::compare::{Changes, compare};
pub(crate) use self::entries::{Entries, Entry, Manager, Operation};
pub(crate) use self::place::Place;
pub(crate) use self::set::Set;
pub(crate) use self::update::{created, updated};
use crate::value;

/// Who writes what, and when.
#[derive(Debug, Clone)]
pub(crate) struct Writer<'a> {
    /// The field manager.
    pub(crate) name: &'a str,
    /// The version of the objects it writes, `apps/v1`.
    pub(crate) api_version: String,
    /// The subresource it writes to; empty for the object itself.
    pub(crate) subresource: &'static str,
    /// Which top-level fields it can write.
    pub(crate) reach: Reach,
    /// Now, RFC 3339 with whole seconds.
    pub(crate) time: String,
}

/// The top-level fields that a write can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All.
    All,
    /// All but `status`, which has a subresource of its own.
    AllButStatus,
    /// `status`.
    Status,
    /// `spec`: the number of replicas, the finalizers of a Namespace.
    Spec,
}

/// Metadata that identifies an object or is the server's own: nobody manages it.
const UNMANAGED: [&[&str]; 12] = [
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

impl Reach {
    /// Whether a top-level field is within reach.
    pub(crate) fn holds(self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::AllButStatus => name != "status",
            Self::Status => name == "status",
            Self::Spec => name == "spec",
        }
    }
}

/// Metadata that an applied object may say although it is beyond reach: which object is meant.
const IDENTITY: [&str; 4] = ["name", "namespace", "uid", "resourceVersion"];

impl Reach {
    /// Drops what is beyond reach from an object to be applied.
    pub(crate) fn cut(self, wanted: &mut Value) {
        let Some(members) = wanted.as_object_mut() else { return };
        members.retain(|name, _| self.holds(name) || matches!(name.as_str(), "apiVersion" | "kind" | "metadata"));
        if let (false, Some(Value::Object(meta))) = (self.holds("metadata"), members.get_mut("metadata")) {
            meta.retain(|name, _| IDENTITY.contains(&name.as_str()));
        }
    }
}

impl Writer<'_> {
    /// What this writer gets of some fields.
    fn entry(&self, operation: Operation, mut fields: Set) -> Entry {
        fields.retain_members(|name| self.reach.holds(name));
        UNMANAGED.iter().for_each(|path| fields.remove(path));
        let manager = Manager {
            name: self.name.to_owned(),
            operation,
            api_version: self.api_version.clone(),
            subresource: self.subresource.to_owned(),
        };
        Entry { manager, time: self.time.clone(), fields }
    }
}

/// What a written object says about its managers.
#[derive(Debug, PartialEq)]
pub(crate) enum Sent {
    /// Nothing that could be understood: the managers are those of the live object.
    Nothing,
    /// That there are none: an empty list, or one with an empty entry.
    Reset,
    /// These.
    Entries(Entries),
}

impl Sent {
    /// Reads the metadata of a written object.
    pub(crate) fn read(object: &Value) -> Self {
        let Some(list) = list(object) else { return Self::Nothing };
        match list.as_array().map(Vec::as_slice) {
            Some([]) => Self::Reset,
            Some([Value::Object(only)]) if only.is_empty() => Self::Reset,
            _ => match Entries::decode(list) {
                Some(entries) if !entries.is_empty() => Self::Entries(entries),
                Some(_) | None => Self::Nothing,
            },
        }
    }
}

fn list(object: &Value) -> Option<&Value> {
    value::at(object, &["metadata", "managedFields"]).filter(|list| !list.is_null())
}

/// The managers of a stored object. What is not understood is not kept, as in Kubernetes.
pub(crate) fn of(object: &Value) -> Entries {
    list(object).and_then(Entries::decode).unwrap_or_default()
}

/// Writes managers into an object.
///
/// If nothing else has changed, the live object is given: when the same managers have the same fields in it, its list
/// is kept, so that applying again does not change times either.
pub(crate) fn write(object: &mut Value, entries: Entries, unchanged: Option<&Value>) {
    let kept = unchanged.filter(|live| of(live).same_fields(&entries)).and_then(list).cloned();
    value::set_meta(object, "managedFields", kept.or_else(|| entries.encode()).unwrap_or_default());
}
