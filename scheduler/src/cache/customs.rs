//! The resources that CustomResourceDefinitions add, as the cache meets them.
//!
//! A definition is stored before its first object and goes after its last, so in the order of the store a key can
//! always be told. A resource that was known stays known: its objects are then known to be gone, and what they
//! owned may go too.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Resource;
use api::resource::{CUSTOM_RESOURCE_DEFINITIONS, Scope, intern};
use serde::Deserialize;
use store::Entry;

/// Custom resources by qualified name, `widgets.example.com`.
pub(super) type All = Arc<BTreeMap<String, &'static Resource>>;

/// What is known of custom resources.
#[derive(Default)]
pub(super) struct Customs {
    all: All,
}

/// The part of a definition that names things.
#[derive(Deserialize)]
struct Definition {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    group: String,
    scope: String,
    names: Names,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Names {
    plural: String,
    kind: String,
}

#[derive(Deserialize)]
struct Version {
    name: String,
    #[serde(default)]
    storage: bool,
}

impl Customs {
    /// All that are known.
    pub(super) fn all(&self) -> All {
        self.all.clone()
    }

    /// The resource with a qualified name.
    pub(super) fn find(&self, qualified: &str) -> Option<&'static Resource> {
        self.all.get(qualified).copied()
    }

    /// Takes note of an entry, if it is a definition.
    pub(super) fn see(&mut self, key: &str, entry: Option<&Entry>) {
        let Some(entry) = entry.filter(|_| key.starts_with(&CUSTOM_RESOURCE_DEFINITIONS.prefix())) else { return };
        let Ok(Definition { spec }) = serde_json::from_slice(&entry.value) else { return };
        let Some(version) = spec.versions.iter().find(|version| version.storage) else { return };
        let wanted = intern::Wanted {
            group: &spec.group,
            version: &version.name,
            kind: &spec.names.kind,
            plural: &spec.names.plural,
            scope: if spec.scope == "Cluster" { Scope::Cluster } else { Scope::Namespaced },
        };
        let qualified = format!("{}.{}", wanted.plural, wanted.group);
        // The stored version may change; that does not make it another resource.
        let is_same = |known: &Resource| known.kind == wanted.kind && known.scope == wanted.scope;
        if self.find(&qualified).is_some_and(is_same) {
            return;
        }
        match intern::resource(&wanted) {
            Ok(resource) => drop(Arc::make_mut(&mut self.all).insert(qualified, resource)),
            Err(error) => tracing::error!(%qualified, %error, "objects of a custom resource are not looked after"),
        }
    }
}
