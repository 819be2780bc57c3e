//! Server-side apply (KEP-555): one manager says everything it wants, and gives up what it no longer says.

use serde_json::Value;

use super::Writer;
use super::claim::claims;
use super::compare::{Changes, compare};
use super::entries::{Entries, Entry, Manager, Operation};
use super::last_applied;
use super::merge::{merge, prune};
use super::place::Place;
use super::set::Set;
use super::update::ChangesIn;

/// Whom the fields belong to that an object had before it was applied for the first time.
pub(super) const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// What to do about fields of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflicts {
    /// Refuse.
    Refuse,
    /// Take them.
    Force,
}

/// Why an object is not applied.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// The object cannot be shared: sentences that begin with a path.
    Shapeless(Vec<String>),
    /// Others manage fields that would change.
    Conflicts(Vec<Conflict>),
}

/// Fields that another manager has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conflict {
    pub(crate) manager: Manager,
    pub(crate) fields: Set,
}

/// An object, applied.
#[derive(Debug, PartialEq)]
pub(crate) struct Applied {
    pub(crate) object: Value,
    pub(crate) entries: Entries,
}

/// What is applied to what, all in the writer's version.
pub(crate) struct Apply<'a> {
    pub(crate) place: Place<'a>,
    /// The object that is there; `None` for a new one.
    pub(crate) live: Option<&'a Value>,
    /// Its managers; a new object has none.
    pub(crate) entries: Entries,
    pub(crate) wanted: &'a Value,
    pub(crate) writer: &'a Writer<'a>,
    pub(crate) conflicts: Conflicts,
    /// What changes in an API version when the live object becomes another.
    pub(crate) changes_in: &'a (dyn Fn(&Value, &str) -> Option<Changes> + 'a),
}

impl Apply<'_> {
    /// Lays the wanted object over the live one.
    ///
    /// # Errors
    /// That it cannot be applied at all, or not without taking fields from others.
    pub(crate) fn run(self) -> Result<Applied, Refusal> {
        let Self { place, wanted, writer, mut entries, .. } = self;
        let said = claims(place, wanted).map_err(Refusal::Shapeless)?;
        let entry = writer.entry(Operation::Apply, said.clone());
        let Some(live) = self.live else {
            entries.set(entry);
            return Ok(Applied { object: wanted.clone(), entries });
        };
        if entries.is_empty() {
            let before = Writer { name: BEFORE_FIRST_APPLY, ..writer.clone() };
            entries.add(before.entry(Operation::Update, compare(place, None, Some(live)).added));
        }
        let mut object = merge(place, live, wanted);
        let last = entries.fields_of(&entry.manager).cloned().unwrap_or_default();
        // Also what nobody manages: as long as an object has a name, its metadata stays.
        let mut kept = said;
        entries.others(&entry.manager).for_each(|other| kept.extend(&other.fields));
        prune(place, &mut object, &last, &kept);

        let changes_in = |version: &str| (self.changes_in)(&object, version);
        if self.conflicts == Conflicts::Refuse {
            let own = last_applied::unchanged(place, live, &entry.manager);
            let contested = contested(&entries, &entry.manager, &own, &changes_in);
            if !contested.is_empty() {
                return Err(Refusal::Conflicts(contested));
            }
        }
        entries.give_up(&changes_in);
        entries.set(entry.clone());
        last_applied::renew(&mut object, wanted, &entry.manager);
        Ok(Applied { object, entries })
    }
}

/// The fields of others that change, but for those that are the manager's `own`.
fn contested(entries: &Entries, manager: &Manager, own: &Set, changes_in: &ChangesIn<'_>) -> Vec<Conflict> {
    let of = |other: &Entry| {
        let mut fields = other.fields.intersection(&changes_in(&other.manager.api_version)?.sets());
        fields.subtract(own);
        Some(Conflict { manager: other.manager.clone(), fields }).filter(|conflict| !conflict.fields.is_empty())
    };
    entries.others(manager).filter_map(of).collect()
}
