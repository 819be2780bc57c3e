//! Whose names are whose: within a group, no two resources share a plural, a singular, a short name or a kind. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::kinds::ROWS;
use crate::value;

/// The names that are taken in a group, and by which definition.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Plurals, singulars and short names share one space; kinds and list kinds another.
    resources: BTreeMap<String, String>,
    kinds: BTreeMap<String, String>,
}

impl Taken {
    /// The names of built resources of a group.
    pub(super) fn built(group: &str) -> Self {
        let mut taken = Self::default();
        for kind in ROWS.iter().filter(|kind| kind.resource.group == group) {
            let names = [kind.resource.plural, kind.singular].into_iter().chain(kind.short_names.iter().copied());
            taken.resources.extend(names.map(|name| (name.to_owned(), String::new())));
            taken.kinds.insert(kind.resource.kind.to_owned(), String::new());
        }
        taken
    }

    /// Adds what a definition has been given.
    pub(super) fn add(&mut self, definition: &Value) {
        let owner = value::text(definition, &["metadata", "name"]);
        let accepted = &definition["status"]["acceptedNames"];
        self.resources.extend(resource_names(accepted).into_iter().map(|name| (name, owner.to_owned())));
        self.kinds.extend(kind_names(accepted).into_iter().map(|name| (name, owner.to_owned())));
    }

    /// What stands in a definition's way; nothing if it may have all its names.
    pub(super) fn conflict(&self, definition: &Value) -> Option<String> {
        let owner = value::text(definition, &["metadata", "name"]);
        let names = &definition["spec"]["names"];
        let other = |found: Option<&String>| found.is_some_and(|found| found != owner);
        let resource = resource_names(names).into_iter().find(|name| other(self.resources.get(name)));
        let kind = kind_names(names).into_iter().find(|name| other(self.kinds.get(name)));
        resource.or(kind).map(|name| format!("{name:?} is already in use"))
    }
}

fn resource_names(names: &Value) -> Vec<String> {
    let one = ["plural", "singular"].into_iter().map(|key| value::text(names, &[key]));
    let short = names["shortNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    one.chain(short).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn kind_names(names: &Value) -> Vec<String> {
    let names = ["kind", "listKind"].into_iter().map(|key| value::text(names, &[key]));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// What the status of a definition should say. Names once accepted stay, and what was established stays so.
pub(super) fn status(definition: &Value, conflict: Option<&str>, now: &str) -> Value {
    let mut status = definition["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    let was_established = holds(definition, "Established");
    match conflict {
        None => {
            status["acceptedNames"] = definition["spec"]["names"].clone();
            set(&mut status, ["NamesAccepted", "True", "NoConflicts", "no conflicts found"], now);
            set(
                &mut status,
                ["Established", "True", "InitialNamesAccepted", "the initial names have been accepted"],
                now,
            );
        }
        Some(why) => {
            set(&mut status, ["NamesAccepted", "False", "NameConflict", why], now);
            if !was_established {
                set(&mut status, ["Established", "False", "NotAccepted", "not all names are accepted"], now);
            }
        }
    }
    status
}

/// Whether a condition of a definition is true.
pub(super) fn holds(definition: &Value, kind: &str) -> bool {
    let conditions = definition["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    conditions.iter().any(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// Sets a condition: type, status, reason, message. Its time is that of its last change.
pub(super) fn set(status: &mut Value, [kind, truth, reason, message]: [&str; 4], now: &str) {
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(conditions) = status["conditions"].as_array_mut() else { return };
    let found = conditions.iter_mut().find(|condition| condition["type"] == kind);
    let since = match &found {
        Some(found) if found["status"] == truth => found["lastTransitionTime"].clone(),
        _ => json!(now),
    };
    let condition = json!({
        "type": kind, "status": truth, "reason": reason, "message": message, "lastTransitionTime": since,
    });
    match found {
        Some(found) => *found = condition,
        None => conditions.push(condition),
    }
}
