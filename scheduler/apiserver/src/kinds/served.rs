//! A resource in more than one version or group: which it is served in beside the one it is stored in.
//!
//! There is one stored object, whatever it is called in a URL. A row lists its other versions; each says how an object
//! is shown in it and how one that was sent in it is stored. Lists, watches, patches, tables, discovery and OpenAPI
//! then follow for every such row alike. `apiVersion` and `kind` are exchanged here; the two functions of a version
//! do the rest, and neither may lose a field that the other cannot restore.

use api::Resource;
use serde_json::Value;

use super::Kind;
use crate::field::Problems;
use crate::status::Status;
use crate::value;

/// One more version of a resource.
pub(crate) struct Served {
    /// Its names. Never a key of the store: keys are those of the row's own resource.
    pub(crate) resource: &'static Resource,
    /// Field selectors of this version and what they are called in the stored one; none if they are the same.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// Makes an object of this version from a stored one.
    pub(crate) from_stored: fn(&mut Value),
    /// Makes a stored object from one of this version, whose shape is not to be trusted.
    pub(crate) to_stored: fn(&mut Value),
    /// What a new object of this version must be, beyond the rules of the row.
    pub(crate) check: fn(&Value, &mut Problems),
}

/// A kind in the version a client asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'k> {
    pub(crate) kind: &'k Kind,
    /// `None` for the version it is stored in.
    pub(crate) served: Option<&'static Served>,
}

impl Asked<'_> {
    /// A resource of the table in the version it is stored in.
    pub(crate) fn of(resource: &Resource) -> Self {
        Self { kind: super::of(resource), served: None }
    }

    /// Its names, as the client knows them.
    pub(crate) fn resource(self) -> &'static Resource {
        self.served.map_or(self.kind.resource, |served| served.resource)
    }

    /// Whether the client gets objects as they are stored, so that they need not be decoded.
    pub(crate) fn is_stored_form(self) -> bool {
        self.served.is_none() && self.kind.custom.is_none()
    }

    /// A stored object as the client wants it.
    pub(crate) fn show(self, mut object: Value) -> Value {
        if let Some(custom) = &self.kind.custom {
            custom.present(self.kind.resource, &mut object);
        }
        let Some(served) = self.served else { return object };
        (served.from_stored)(&mut object);
        rename(&mut object, served.resource);
        value::in_order(object)
    }

    /// What the client sent, as it is stored.
    ///
    /// # Errors
    /// `BadRequest` for an object of another version.
    pub(crate) fn keep(self, mut object: Value) -> Result<Value, Status> {
        let Some(served) = self.served else { return Ok(object) };
        if !object.is_object() {
            return Err(Status::bad_request(format!("the body is not an object of kind {}", served.resource.kind)));
        }
        check_header(served.resource, &mut object)?;
        (served.to_stored)(&mut object);
        rename(&mut object, self.kind.resource);
        Ok(object)
    }

    /// As [`Self::keep`], for an object that is to be created.
    ///
    /// # Errors
    /// Also `Invalid`, with every problem.
    pub(crate) fn keep_new(self, mut object: Value) -> Result<Value, Status> {
        if let Some(served) = self.served.filter(|_| object.is_object()) {
            value::strip_nulls(&mut object);
            check_header(served.resource, &mut object)?;
            let mut problems = Problems::default();
            (served.check)(&object, &mut problems);
            if !problems.is_empty() {
                let name = value::text(&object, &["metadata", "name"]);
                return Err(Status::invalid(served.resource, name, &problems));
            }
        }
        self.keep(object)
    }
}

fn rename(object: &mut Value, resource: &Resource) {
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".to_owned(), resource.api_version().into());
        map.insert("kind".to_owned(), resource.kind.into());
    }
}

/// `apiVersion` and `kind` may be absent (the URL says them) but not different.
pub(crate) fn check_header(resource: &Resource, object: &mut Value) -> Result<(), Status> {
    let wanted = [("apiVersion", resource.api_version()), ("kind", resource.kind.to_owned())];
    for (key, wanted) in wanted {
        match object.get(key) {
            None | Some(Value::Null) => object[key] = Value::String(wanted),
            Some(Value::String(found)) if *found == wanted => {}
            Some(found) => {
                let message = format!(
                    "{key} in the data ({found}) does not match the expected {key} of the request ({wanted:?})"
                );
                return Err(Status::bad_request(message));
            }
        }
    }
    Ok(())
}

/// Gives fields other names, old and new; whatever holds a new name already is replaced.
pub(super) fn rename_fields(object: &mut Value, names: impl Iterator<Item = (&'static str, &'static str)>) {
    let Some(map) = object.as_object_mut() else { return };
    for (old, new) in names {
        if let Some(value) = map.shift_remove(old) {
            map.insert(new.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Kinds;
    use super::*;

    #[test]
    fn every_version_has_a_schema_and_names_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for resource in super::super::ROWS
            .iter()
            .flat_map(|kind| std::iter::once(kind.resource).chain(kind.also.iter().map(|served| served.resource)))
        {
            let found = crate::schema::find(resource.group, resource.version, resource.kind);
            assert!(found.is_some(), "{resource:?}");
            assert!(seen.insert((resource.group, resource.version, resource.plural)), "{resource:?}");
        }
    }

    #[test]
    fn selectors_of_a_version_lead_to_fields_that_are_stored() {
        for kind in super::super::ROWS.iter() {
            for (_, stored) in kind.also.iter().flat_map(|served| served.fields) {
                assert!(kind.fields.iter().any(|(label, _)| label == stored), "{stored}");
            }
        }
    }

    #[test]
    fn a_round_trip_through_another_version_changes_nothing() {
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "a", "namespace": "x"},
            "involvedObject": {"kind": "Pod", "name": "p"}, "reason": "Started", "message": "m", "type": "Normal",
            "source": {"component": "host"}, "firstTimestamp": "2026-01-01T00:00:00Z", "count": 2, "foreign": 1,
        });
        let found = Kinds::default().find("events.k8s.io", "v1", "events").expect("is served");
        let asked = Asked { kind: &found.0, served: found.1 };
        let shown = asked.show(event.clone());
        assert_eq!(shown["apiVersion"], "events.k8s.io/v1");
        assert_eq!(
            (&shown["regarding"]["name"], &shown["note"], &shown["deprecatedCount"]),
            (&json!("p"), &json!("m"), &json!(2))
        );
        let mut kept = asked.keep(shown).expect("is kept");
        value::strip_nulls(&mut kept);
        assert_eq!(kept, event);
        assert_eq!(asked.keep(event).map_err(|status| status.code), Err(400), "is of another version");
    }
}
