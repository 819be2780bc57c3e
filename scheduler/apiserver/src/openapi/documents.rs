//! The documents: drawn on first demand, then kept as bytes with the hash by which clients cache them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::operations;
use super::schemas::Schemas;
use crate::discovery;
use crate::schema::Descriptions;

/// A document as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// JSON.
    pub(crate) body: Bytes,
    /// Changes with the body: for `ETag` and for the `hash` of the index.
    pub(crate) hash: String,
}

impl Document {
    fn new(value: &Value) -> Self {
        let body = Bytes::from(value.to_string());
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        Self { body, hash: format!("{:016X}", hasher.finish()) }
    }
}

/// `/openapi/v3`: where each group version's document is.
pub(crate) fn index() -> Document {
    static INDEX: LazyLock<Document> = LazyLock::new(|| {
        let entry = |(path, document): &(String, Document)| {
            (path.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={}", document.hash)}))
        };
        Document::new(&json!({"paths": DOCUMENTS.iter().map(entry).collect::<Map<_, _>>()}))
    });
    INDEX.clone()
}

/// `/openapi/v3/api/v1` (the group is empty) or `/openapi/v3/apis/GROUP/VERSION`.
pub(crate) fn group_version(group: &str, version: &str) -> Option<Document> {
    let path = path_of(group, version);
    DOCUMENTS.iter().find(|(of, _)| *of == path).map(|(_, document)| document.clone())
}

/// `/openapi/v2`, which says no more than that there is nothing to see.
pub(crate) fn v2() -> Document {
    Document::new(&json!({"swagger": "2.0", "info": info(), "paths": {}, "definitions": {}}))
}

static DOCUMENTS: LazyLock<Vec<(String, Document)>> = LazyLock::new(|| {
    let descriptions = Descriptions::read();
    let draw = |(group, version)| (path_of(group, version), Document::new(&draw(&descriptions, group, version)));
    discovery::group_versions().into_iter().map(draw).collect()
});

fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

fn draw(descriptions: &Descriptions, group: &str, version: &str) -> Value {
    let mut schemas = Schemas::new(descriptions);
    let mut paths = Map::new();
    for row in discovery::rows(group, version) {
        operations::add(&mut paths, &mut schemas, &row);
    }
    json!({"openapi": "3.0.0", "info": info(), "paths": paths, "components": {"schemas": schemas.into_value()}})
}

fn info() -> Value {
    json!({"title": "Kubernetes", "version": env!("CARGO_PKG_VERSION")})
}
