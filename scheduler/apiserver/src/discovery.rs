//! Discovery: what the server tells clients about the groups, versions and resources it has.
//!
//! There are two forms of the same facts: the plain one (`APIGroupList`, `APIResourceList`), one document
//! per group version, and the aggregated one, which answers everything at `/api` and `/apis`. Both are
//! drawn from the rows of `kinds`, built and custom; nothing is listed here that is not served there. A client that asks
//! for one version of the aggregated form and is given the other breaks, hence [`Aggregated::negotiate`].

mod rows;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::kinds::Customs;

pub(crate) use rows::{Row, Sub, group_versions, groups, of as rows, review_resource};

/// A version of the aggregated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregated {
    /// `apidiscovery.k8s.io/v2`
    V2,
    /// `apidiscovery.k8s.io/v2beta1`
    V2Beta1,
}

/// The two places discovery starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// `/api`: the core group.
    Core,
    /// `/apis`: every other group.
    Groups,
}

impl Aggregated {
    /// The first aggregated version an `Accept` header asks for; `None` asks for the plain form.
    pub(crate) fn negotiate(accept: &str) -> Option<Self> {
        for range in accept.split(',') {
            let mut parameters = range.split(';').map(str::trim);
            if !matches!(parameters.next(), Some("application/json")) {
                continue;
            }
            let parameters: Vec<_> = parameters.collect();
            if !parameters.contains(&"as=APIGroupDiscoveryList") || !parameters.contains(&"g=apidiscovery.k8s.io") {
                return None;
            }
            match parameters.iter().find_map(|parameter| parameter.strip_prefix("v=")) {
                Some("v2") => return Some(Self::V2),
                Some("v2beta1") => return Some(Self::V2Beta1),
                _ => {}
            }
        }
        None
    }

    /// The `Content-Type` by which clients recognise the form.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::V2 => "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            Self::V2Beta1 => "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        }
    }

    fn api_version(self) -> &'static str {
        match self {
            Self::V2 => "apidiscovery.k8s.io/v2",
            Self::V2Beta1 => "apidiscovery.k8s.io/v2beta1",
        }
    }
}

/// `/api` in the plain form.
pub(crate) fn api_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

/// `/apis` in the plain form.
pub(crate) fn api_group_list(customs: &Customs) -> Value {
    let groups: Vec<_> = groups(customs).into_iter().filter(|(group, _)| !group.is_empty()).map(group).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`.
pub(crate) fn api_group(customs: &Customs, name: &str) -> Option<Value> {
    let found = groups(customs).into_iter().find(|(group, _)| *group == name && !name.is_empty())?;
    let mut document = json!({"kind": "APIGroup", "apiVersion": "v1"});
    if let (Some(document), Value::Object(members)) = (document.as_object_mut(), group(found)) {
        document.extend(members);
    }
    Some(document)
}

/// `/api/v1` (the group is empty) or `/apis/GROUP/VERSION`.
pub(crate) fn api_resource_list(customs: &Customs, group: &str, version: &str) -> Option<Value> {
    let rows = self::rows(customs, group, version);
    let resources: Vec<_> = rows.iter().flat_map(plain).collect();
    let group_version = group_version(group, version);
    let list =
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources});
    (!rows.is_empty()).then_some(list)
}

/// `/api` or `/apis` in the aggregated form.
pub(crate) fn aggregated(customs: &Customs, wanted: Aggregated, root: Root) -> Value {
    let groups = groups(customs).into_iter().filter(|(group, _)| group.is_empty() == (root == Root::Core));
    let items: Vec<_> = groups
        .map(|(group, versions)| {
            let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
            let version = |version: &str| {
                let resources: Vec<_> = rows(customs, group, version).iter().map(compact).collect();
                json!({"version": version, "resources": resources, "freshness": "Current"})
            };
            json!({"metadata": metadata, "versions": versions.into_iter().map(version).collect::<Vec<_>>()})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": wanted.api_version(), "metadata": {}, "items": items})
}

fn group((name, versions): (&str, Vec<&str>)) -> Value {
    let version = |version: &str| json!({"groupVersion": group_version(name, version), "version": version});
    let versions: Vec<_> = versions.into_iter().map(version).collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions.first()})
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// The entries of an `APIResourceList`: one for the resource, one for each subresource.
fn plain(row: &Row) -> Vec<Value> {
    let mut entry = json!({
        "name": row.plural,
        "singularName": row.singular,
        "namespaced": row.namespaced,
        "kind": row.kind,
        "verbs": row.verbs,
    });
    set_unless_empty(&mut entry, "shortNames", row.short_names);
    set_unless_empty(&mut entry, "categories", row.categories);
    let subresource = |sub: &Sub| {
        let mut entry = json!({"name": format!("{}/{}", row.plural, sub.name), "singularName": ""});
        entry["namespaced"] = row.namespaced.into();
        if (sub.group, sub.version) != (row.group, row.version) {
            entry["group"] = sub.group.into();
            entry["version"] = sub.version.into();
        }
        entry["kind"] = sub.kind.into();
        entry["verbs"] = sub.verbs.into();
        entry
    };
    std::iter::once(entry).chain(row.subresources.iter().map(subresource)).collect()
}

/// The entry of a resource in the aggregated form, subresources within.
fn compact(row: &Row) -> Value {
    let response_kind =
        |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let mut entry = json!({
        "resource": row.plural,
        "responseKind": response_kind(row.group, row.version, row.kind),
        "scope": if row.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": row.singular,
        "verbs": row.verbs,
    });
    set_unless_empty(&mut entry, "shortNames", row.short_names);
    set_unless_empty(&mut entry, "categories", row.categories);
    let subresources: Vec<_> = row
        .subresources
        .iter()
        .map(|sub| {
            let response_kind = response_kind(sub.group, sub.version, sub.kind);
            json!({"subresource": sub.name, "responseKind": response_kind, "verbs": sub.verbs})
        })
        .collect();
    if !subresources.is_empty() {
        entry["subresources"] = subresources.into();
    }
    entry
}

fn set_unless_empty(entry: &mut Value, name: &str, values: &[&str]) {
    if !values.is_empty() {
        entry[name] = values.into();
    }
}
