//! What a write that is not an apply does to the managers of an object.

use serde_json::Value;

use super::Writer;
use super::compare::{Changes, compare};
use super::entries::{Entries, Operation};
use super::place::Place;

/// What a write has changed, as seen in an API version; `None` for versions the kind is not served in.
pub(crate) type ChangesIn<'a> = dyn Fn(&str) -> Option<Changes> + 'a;

/// The managers of a new object: its creator has everything it says, defaults included.
pub(crate) fn created(place: Place<'_>, object: &Value, writer: &Writer<'_>) -> Entries {
    let mut entries = Entries::default();
    entries.add(writer.entry(Operation::Update, compare(place, None, Some(object)).added));
    entries
}

/// The managers of an object after a write.
///
/// Fields that changed have the writer as their only manager, and fields that are gone have none. A writer that does
/// not say who it is (a loop of the control plane) manages nothing. An object whose fields nobody manages stays so, as
/// in Kubernetes, until it is applied for the first time.
pub(crate) fn updated(mut entries: Entries, changes_in: &ChangesIn<'_>, writer: Option<&Writer<'_>>) -> Entries {
    if entries.is_empty() {
        return entries;
    }
    entries.give_up(changes_in);
    if let Some(writer) = writer {
        let taken = changes_in(&writer.api_version).unwrap_or_default().sets();
        let entry = writer.entry(Operation::Update, taken);
        if !entry.fields.is_empty() {
            entries.add(entry);
        }
        entries.cap_updaters();
    }
    entries
}
