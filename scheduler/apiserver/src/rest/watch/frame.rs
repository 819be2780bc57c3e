//! The lines of a watch.

use bytes::Bytes;
use serde_json::{Value, json};
use store::{Entry, Revision};

use crate::kinds::{Asked, Row, Served};
use crate::objects::{set_version, splice, splice_head};
use crate::rest::negotiate::Form;
use crate::rest::read::rows;
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
    kind: Row,
    served: Option<&'static Served>,
    form: Form,
    include: IncludeObject,
    /// A table's columns are told once.
    columns_told: bool,
}

/// One line, in the pieces it is sent in: what is made for this watch, and what every watch shares.
#[derive(Debug)]
pub(super) struct Line([Bytes; 3]);

impl Line {
    /// The pieces in order, none of them empty.
    pub(super) fn into_pieces(self) -> impl Iterator<Item = Bytes> + Send {
        self.0.into_iter().filter(|piece| !piece.is_empty())
    }
}

impl From<Vec<u8>> for Line {
    fn from(whole: Vec<u8>) -> Self {
        Self([whole.into(), Bytes::new(), Bytes::new()])
    }
}

/// How an object's line begins.
fn opening(kind: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":")
}

/// How every line ends.
const CLOSING: &[u8] = b"}\n";

fn line(kind: &str, object: &Value) -> Line {
    let mut out = opening(kind).into_bytes();
    out.extend_from_slice(object.to_string().as_bytes());
    out.extend_from_slice(CLOSING);
    out.into()
}

/// An object as it is stored. Only its head is copied; what follows the version is the store's own bytes.
fn whole(kind: Kind, stored: &Bytes, revision: Revision) -> Line {
    let mut out = opening(kind.word()).into_bytes();
    match splice_head(&mut out, stored, revision) {
        Some(rest) => Line([out.into(), stored.slice(rest..), Bytes::from_static(CLOSING)]),
        None => {
            splice(&mut out, stored, revision);
            out.extend_from_slice(CLOSING);
            out.into()
        }
    }
}

impl Encoder {
    pub(super) fn new(kind: Row, served: Option<&'static Served>, form: Form, include: IncludeObject) -> Self {
        Self { kind, served, form, include, columns_told: false }
    }

    fn asked(&self) -> Asked<'_> {
        Asked { kind: &self.kind, served: self.served }
    }

    /// A change of one object, at the revision of the change.
    pub(super) fn object(&mut self, kind: Kind, entry: &Entry, revision: Revision) -> Result<Line, Status> {
        if self.form == Form::Object && self.asked().is_stored_form() {
            return Ok(whole(kind, &entry.value, revision));
        }
        let mut object = self.kind.decode(entry)?;
        set_version(&mut object, revision);
        Ok(line(kind.word(), &self.shaped(object, revision)))
    }

    fn shaped(&mut self, object: Value, revision: Revision) -> Value {
        match self.form {
            Form::Object => return self.asked().show(object),
            Form::Partial => return table::partial(&object),
            Form::Table => {}
        }
        let mut rendered = rows(self.asked(), &[object], self.include);
        rendered["metadata"] = json!({"resourceVersion": revision.to_string()});
        if std::mem::replace(&mut self.columns_told, true) {
            rendered["columnDefinitions"] = json!([]);
        }
        rendered
    }

    /// Nothing happened up to here.
    pub(super) fn bookmark(&self, revision: Revision) -> Line {
        self.mark(&json!({"resourceVersion": revision.to_string(), "creationTimestamp": null}))
    }

    /// Everything that was there has been sent.
    pub(super) fn initial_end(&self, revision: Revision) -> Line {
        self.mark(&json!({
            "resourceVersion": revision.to_string(),
            "creationTimestamp": null,
            "annotations": {INITIAL_END: "true"},
        }))
    }

    fn mark(&self, meta: &Value) -> Line {
        let (kind, api_version) = match self.form {
            Form::Object => (self.asked().resource().kind, self.asked().resource().api_version()),
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
    pub(super) fn error(&self, status: &Status) -> Line {
        line("ERROR", &status.to_value())
    }
}

#[cfg(test)]
mod tests {
    use api::resource::PODS;

    use super::*;

    #[test]
    fn watches_share_the_stored_bytes() {
        let stored = Bytes::from(format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"a"}},"spec":"{}"}}"#,
            "x".repeat(5_000)
        ));
        let entry = Entry { key: "/a".into(), value: stored.clone(), create_revision: 3, mod_revision: 3 };
        let mut encoder =
            Encoder::new(Row::Built(crate::kinds::of(&PODS)), None, Form::Object, IncludeObject::Metadata);
        let line = encoder.object(Kind::Modified, &entry, 7).expect("a line");
        let pieces: Vec<Bytes> = line.into_pieces().collect();
        let shared = |piece: &Bytes| stored.as_ptr_range().contains(&piece.as_ptr());
        let copied: usize = pieces.iter().filter(|piece| !shared(piece)).map(Bytes::len).sum();
        assert!(copied < 200, "{copied}");
        let text = pieces.concat();
        assert_eq!(text.last(), Some(&b'\n'));
        let told: Value = serde_json::from_slice(&text).expect("is JSON");
        let mut object: Value = serde_json::from_slice(&stored).expect("is JSON");
        set_version(&mut object, 7);
        assert_eq!(told, json!({"type": "MODIFIED", "object": object}));
    }
}
