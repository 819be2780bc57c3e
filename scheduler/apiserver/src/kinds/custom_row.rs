//! What every kind does to its objects, be it by the functions of its row or by the schema of its definition.

use api::Resource;
use serde_json::Value;
use store::Entry;

use super::{Generation, Kind, Subresource, rows, without_status};
use crate::custom::{Custom, set_version};
use crate::field::Problems;
use crate::objects::{decode_entry, encode_object};
use crate::status::Status;
use crate::value;

/// The names of a custom kind, kept.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) singular: &'static str,
    pub(crate) short: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
}

/// The row of a custom kind in one version.
pub(crate) fn make(
    resource: &'static Resource,
    names: Names,
    subresources: &'static [Subresource],
    custom: Custom,
) -> Kind {
    let has_status = subresources.contains(&Subresource::Status);
    Kind {
        resource,
        singular: names.singular,
        short_names: names.short,
        categories: names.categories,
        subresources,
        generation: Generation::Counts,
        prepare: if has_status { without_status } else { super::nothing },
        validate: |_, _| Ok(()),
        custom: Some(Box::new(custom)),
        ..rows::PLAIN
    }
}

impl Kind {
    /// Drops what means nothing: nulls, and fields that a definition does not know.
    pub(crate) fn clean(&self, object: &mut Value) {
        match &self.custom {
            Some(custom) => custom.clean(object),
            None => value::strip_nulls(object),
        }
    }

    /// Fills in what the user left out.
    pub(crate) fn fill(&self, object: &mut Value) {
        (self.defaults)(object);
        if let Some(custom) = &self.custom {
            custom.fill(object);
        }
    }

    /// Finds everything wrong with an object; `old` is what it was, if it was.
    pub(crate) fn judge(&self, old: Option<&Value>, object: &Value, problems: &mut Problems) -> Result<(), Status> {
        (self.validate)(object, problems)?;
        if let Some(old) = old {
            (self.validate_update)(old, object, problems);
        }
        if let Some(custom) = &self.custom {
            custom.check(old, object, problems);
        }
        Ok(())
    }

    /// A stored object, in this version of the kind and as its definition has it now.
    pub(crate) fn decode(&self, entry: &Entry) -> Result<Value, Status> {
        let mut object = decode_entry(entry)?;
        if let Some(custom) = &self.custom {
            custom.present(self.resource, &mut object);
        }
        Ok(object)
    }

    /// An object for the store, in the version that is stored.
    pub(crate) fn encode(&self, object: &mut Value) -> Result<Vec<u8>, Status> {
        let Some(custom) = self.custom.as_ref().filter(|custom| !std::ptr::eq(custom.storage, self.resource)) else {
            return encode_object(self.resource, object);
        };
        set_version(object, custom.storage);
        let encoded = encode_object(custom.storage, object);
        set_version(object, self.resource);
        encoded
    }

    /// Whether an object is stored in the version in which objects are stored now; a write mends it.
    pub(crate) fn is_stored_in_its_version(&self, entry: &Entry) -> bool {
        let Some(custom) = &self.custom else { return true };
        let head = format!("{{\"apiVersion\":\"{}\"", custom.storage.api_version());
        entry.value.starts_with(head.as_bytes())
    }
}
