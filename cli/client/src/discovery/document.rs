//! Reads `APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2`.

use serde_json::Value;

use super::Resource;
use crate::value::{items, text};

/// Every resource of a document, in its order: groups, their versions by preference, their resources.
pub(super) fn resources(document: &Value) -> Vec<Resource> {
    let mut found = Vec::new();
    for group in items(document, "/items") {
        for version in items(group, "/versions") {
            let (name, version_name) = (text(group, "/metadata/name"), text(version, "/version"));
            let all = items(version, "/resources").map(|resource| one(name, version_name, resource));
            found.extend(all.filter(|resource| !resource.kind.is_empty()));
        }
    }
    found
}

fn one(group: &str, version: &str, resource: &Value) -> Resource {
    // A resource may answer with a kind of another group (`responseKind.group`); its URL is that of its own.
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: text(resource, "/responseKind/kind").to_owned(),
        plural: text(resource, "/resource").to_owned(),
        singular: text(resource, "/singularResource").to_owned(),
        short_names: texts(resource, "/shortNames"),
        categories: texts(resource, "/categories"),
        namespaced: text(resource, "/scope") == "Namespaced",
        verbs: texts(resource, "/verbs"),
        subresources: items(resource, "/subresources").map(|sub| text(sub, "/subresource").to_owned()).collect(),
    }
}

fn texts(value: &Value, pointer: &str) -> Vec<String> {
    items(value, pointer).filter_map(Value::as_str).map(str::to_owned).collect()
}
