//! Golden cases after KEP-555 and structured-merge-diff, and properties.

mod golden;
mod properties;

use serde_json::{Value, json};

use super::*;

/// An object, and who manages it.
#[derive(Clone)]
struct Cluster {
    place: Place<'static>,
    live: Option<Value>,
    entries: Entries,
    clock: u32,
}

/// Without the type's whole schema.
impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {:?}", self.live(), self.owners())
    }
}

impl Cluster {
    fn new(resource: &api::Resource) -> Self {
        Self { place: Place::of(resource), live: None, entries: Entries::default(), clock: 0 }
    }

    fn writer<'a>(&mut self, name: &'a str) -> Writer<'a> {
        self.clock += 1;
        let time = format!("2026-01-01T00:00:{:02}Z", self.clock % 60);
        Writer { name, api_version: "v1".to_owned(), subresource: "", reach: Reach::AllButStatus, time }
    }

    /// Applies, or says in which fields and with whom that conflicts.
    fn apply(&mut self, manager: &str, wanted: &Value, conflicts: Conflicts) -> Result<(), Vec<String>> {
        let writer = self.writer(manager);
        let (place, live) = (self.place, self.live.clone());
        let apply = Apply {
            place,
            live: self.live.as_ref(),
            entries: self.entries.clone(),
            wanted,
            writer: &writer,
            conflicts,
            changes_in: &|object, _| Some(compare(place, live.as_ref(), Some(object))),
        };
        let applied = apply.run().map_err(|refusal| match refusal {
            Refusal::Shapeless(problems) => problems,
            Refusal::Conflicts(conflicts) => {
                let shown = |conflict: &Conflict| {
                    conflict.fields.paths().into_iter().map(|path| format!("{path} {}", conflict.manager)).collect()
                };
                conflicts.iter().flat_map::<Vec<String>, _>(shown).collect()
            }
        })?;
        let mut object = applied.object;
        value::strip_nulls(&mut object);
        (self.live, self.entries) = (Some(object), applied.entries);
        Ok(())
    }

    fn force(&mut self, manager: &str, wanted: &Value) {
        self.apply(manager, wanted, Conflicts::Force).unwrap_or_else(|why| panic!("{why:?}"));
    }

    /// Writes; nobody is a loop of the control plane.
    fn update(&mut self, manager: Option<&str>, object: &Value) {
        let writer = manager.map(|manager| self.writer(manager));
        self.entries = match (&self.live, &writer) {
            (Some(live), _) => {
                let changes = |_: &str| Some(compare(self.place, Some(live), Some(object)));
                updated(self.entries.clone(), &changes, writer.as_ref())
            }
            (None, Some(writer)) => created(self.place, object, writer),
            (None, None) => Entries::default(),
        };
        self.live = Some(object.clone());
    }

    fn live(&self) -> Value {
        self.live.clone().unwrap_or_default()
    }

    /// Every manager and the paths it has.
    fn owners(&self) -> Vec<(String, Vec<String>)> {
        let shown = |entry: &Entry| {
            let how = if entry.manager.operation == Operation::Apply { "applies" } else { "updates" };
            (format!("{} {how}", entry.manager.name), entry.fields.paths())
        };
        self.entries.iter().map(shown).collect()
    }

    #[track_caller]
    fn check(&self, live: &Value, owners: &[(&str, &[&str])]) {
        assert_eq!(self.live(), *live);
        let expected: Vec<(String, Vec<String>)> = owners
            .iter()
            .map(|(who, paths)| ((*who).to_owned(), paths.iter().map(|path| (*path).to_owned()).collect()))
            .collect();
        let mut found = self.owners();
        found.sort();
        assert_eq!(found, expected);
    }
}

fn data(data: &Value) -> Value {
    json!({"data": data})
}
