//! The lines of a watch.

use api::Resource;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Entry, Revision};

use crate::objects::{set_version, splice};
use crate::rest::negotiate::Form;
use crate::status::Status;
use crate::table::{self, IncludeObject};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Added,
    Modified,
    Deleted,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// Annotation of the bookmark that ends the initial events.
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// Turns changes into lines, in the form one client wants.
pub(super) struct Encoder {
    resource: &'static Resource,
    form: Form,
    include: IncludeObject,
    /// A table's columns are told once.
    columns_told: bool,
}

fn line(kind: &str, object: &Value) -> Bytes {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n").into()
}

impl Encoder {
    pub(super) fn new(resource: &'static Resource, form: Form, include: IncludeObject) -> Self {
        Self { resource, form, include, columns_told: false }
    }

    /// A change of one object, at the revision of the change.
    pub(super) fn object(&mut self, kind: Kind, entry: &Entry, revision: Revision) -> Result<Bytes, Status> {
        if self.form == Form::Object {
            let mut out = Vec::with_capacity(entry.value.len() + 80);
            out.extend_from_slice(format!("{{\"type\":\"{}\",\"object\":", kind.word()).as_bytes());
            splice(&mut out, &entry.value, revision);
            out.extend_from_slice(b"}\n");
            return Ok(out.into());
        }
        let mut object = crate::objects::decode_entry(entry)?;
        set_version(&mut object, revision);
        Ok(line(kind.word(), &self.shaped(&object, revision)))
    }

    fn shaped(&mut self, object: &Value, revision: Revision) -> Value {
        if self.form == Form::Partial {
            return table::partial(object);
        }
        let rows = std::slice::from_ref(object);
        let mut rendered = table::render(self.resource, rows, self.include, Timestamp::now());
        rendered["metadata"] = json!({"resourceVersion": revision.to_string()});
        if std::mem::replace(&mut self.columns_told, true) {
            rendered["columnDefinitions"] = json!([]);
        }
        rendered
    }

    /// Nothing happened up to here.
    pub(super) fn bookmark(&self, revision: Revision) -> Bytes {
        self.mark(&json!({"resourceVersion": revision.to_string(), "creationTimestamp": null}))
    }

    /// Everything that was there has been sent.
    pub(super) fn initial_end(&self, revision: Revision) -> Bytes {
        self.mark(&json!({
            "resourceVersion": revision.to_string(),
            "creationTimestamp": null,
            "annotations": {INITIAL_END: "true"},
        }))
    }

    fn mark(&self, meta: &Value) -> Bytes {
        let (kind, api_version) = match self.form {
            Form::Object => (self.resource.kind, self.resource.api_version()),
            Form::Partial => ("PartialObjectMetadata", "meta.k8s.io/v1".to_owned()),
            Form::Table => {
                let row = json!({"cells": [], "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}});
                let rows = if meta.get("annotations").is_some() { json!([row]) } else { json!([]) };
                let table = json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"resourceVersion": meta["resourceVersion"]}, "columnDefinitions": [], "rows": rows});
                return line("BOOKMARK", &table);
            }
        };
        line("BOOKMARK", &json!({"kind": kind, "apiVersion": api_version, "metadata": meta}))
    }

    /// The watch cannot go on.
    pub(super) fn error(&self, status: &Status) -> Bytes {
        line("ERROR", &status.to_value())
    }
}
