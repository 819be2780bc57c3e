//! The documents: drawn on first demand, then kept as bytes with the hash by which clients cache them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::operations;
use super::schemas::Schemas;
use crate::discovery;
use crate::kinds::Customs;
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
pub(crate) fn index(customs: &Customs) -> Document {
    let own = &customs.documents().0;
    let built = BUILT.0.iter().filter(|(path, _)| !own.contains_key(*path));
    let entry = |(path, document): (&String, &Document)| {
        (path.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={}", document.hash)}))
    };
    Document::new(&json!({"paths": built.chain(own).map(entry).collect::<Map<_, _>>()}))
}

/// `/openapi/v3/api/v1` (the group is empty) or `/openapi/v3/apis/GROUP/VERSION`.
pub(crate) fn group_version(customs: &Customs, group: &str, version: &str) -> Option<Document> {
    let path = path_of(group, version);
    customs.documents().0.get(&path).or_else(|| BUILT.0.get(&path)).cloned()
}

/// `/openapi/v2`, which says no more than that there is nothing to see.
pub(crate) fn v2() -> Document {
    Document::new(&json!({"swagger": "2.0", "info": info(), "paths": {}, "definitions": {}}))
}

/// Documents by path, `apis/apps/v1`.
#[derive(Default)]
pub(crate) struct Documents(BTreeMap<String, Document>);

/// Those that are always there.
static BUILT: LazyLock<Documents> = LazyLock::new(|| {
    let none = Customs::default();
    Documents::of(&none, discovery::group_versions(&none))
});

impl Documents {
    /// Draws the documents of the group versions that have custom resources.
    pub(crate) fn draw(customs: &Customs) -> Self {
        let wanted: BTreeSet<_> = customs.rows().map(|kind| (kind.resource.group, kind.resource.version)).collect();
        if wanted.is_empty() { Self::default() } else { Self::of(customs, wanted) }
    }

    fn of(customs: &Customs, wanted: impl IntoIterator<Item = (&'static str, &'static str)>) -> Self {
        let descriptions = Descriptions::read();
        let draw =
            |(group, version)| (path_of(group, version), Document::new(&draw(customs, &descriptions, group, version)));
        Self(wanted.into_iter().map(draw).collect())
    }
}

fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

fn draw(customs: &Customs, descriptions: &Descriptions, group: &str, version: &str) -> Value {
    let mut schemas = Schemas::new(descriptions, customs);
    let mut paths = Map::new();
    for row in discovery::rows(customs, group, version) {
        operations::add(&mut paths, &mut schemas, &row);
    }
    json!({"openapi": "3.0.0", "info": info(), "paths": paths, "components": {"schemas": schemas.into_value()}})
}

fn info() -> Value {
    json!({"title": "Kubernetes", "version": env!("CARGO_PKG_VERSION")})
}
