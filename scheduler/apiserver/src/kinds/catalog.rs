//! The rows in force: those of the table, and those that CustomResourceDefinitions add.
//!
//! Built rows are static and cost a search of the table, as ever. Custom rows are a snapshot that a writer
//! replaces as a whole; a reader takes a reference to it and is never in a writer's way. A request keeps the
//! row it began with.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use api::Resource;

use super::{Kind, ROWS, Served};
use crate::openapi::Documents;

/// A row, whoever made it.
#[derive(Clone)]
pub(crate) enum Row {
    /// Of the table.
    Built(&'static Kind),
    /// Of a CustomResourceDefinition.
    Custom(Arc<Kind>),
}

impl Deref for Row {
    type Target = Kind;

    fn deref(&self) -> &Kind {
        match self {
            Self::Built(kind) => kind,
            Self::Custom(kind) => kind,
        }
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(&raw const **self, &raw const **other)
    }
}

/// One custom resource: a row for each of its versions.
#[derive(Clone)]
pub(crate) struct Defined {
    /// The versions that are served, most wanted first.
    pub(crate) served: Vec<Arc<Kind>>,
    /// The version that objects are stored in, served or not.
    pub(crate) storage: Arc<Kind>,
}

/// Every custom resource at one moment, by its qualified name, `widgets.example.com`.
#[derive(Default)]
pub(crate) struct Customs {
    defined: BTreeMap<String, Defined>,
    /// Drawn on first demand, once for all who ask.
    documents: OnceLock<Documents>,
}

impl Customs {
    /// Every row.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.defined.values().flat_map(|defined| &defined.served)
    }

    /// The OpenAPI documents of the group versions that have custom resources.
    pub(crate) fn documents(&self) -> &Documents {
        self.documents.get_or_init(|| Documents::draw(self))
    }

    fn find(&self, group: &str, plural: &str, version: &str) -> Option<Row> {
        if self.defined.is_empty() {
            return None;
        }
        let defined = self.defined.get(&format!("{plural}.{group}"))?;
        defined.served.iter().find(|kind| kind.resource.version == version).map(|kind| Row::Custom(kind.clone()))
    }
}

/// Finds rows. Cheap to clone; clones share.
#[derive(Clone, Default)]
pub(crate) struct Kinds {
    customs: Arc<RwLock<Arc<Customs>>>,
}

impl Kinds {
    /// The custom rows at this moment.
    pub(crate) fn customs(&self) -> Arc<Customs> {
        self.customs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The row of a plural in a version of a group, and the version if it is not the row's own.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<(Row, Option<&'static Served>)> {
        let is_it =
            |resource: &Resource| (resource.group, resource.version, resource.plural) == (group, version, plural);
        let built = ROWS.iter().find_map(|kind| {
            if is_it(kind.resource) {
                return Some((Row::Built(kind), None));
            }
            let served = kind.also.iter().find(|served| is_it(served.resource))?;
            Some((Row::Built(kind), Some(served)))
        });
        built.or_else(|| Some((self.customs().find(group, plural, version)?, None)))
    }

    /// The row of a resource. One in a version that is not served any more has the row of the stored version:
    /// whoever holds it saw the resource before it changed.
    pub(crate) fn of(&self, resource: &Resource) -> Option<Row> {
        if let Some(kind) = ROWS.iter().find(|kind| kind.resource == resource) {
            return Some(Row::Built(kind));
        }
        let customs = self.customs();
        let found = customs.find(resource.group, resource.plural, resource.version);
        found.or_else(|| Some(Row::Custom(customs.defined.get(&resource.qualified())?.storage.clone())))
    }

    /// The row of the stored version of a custom resource.
    pub(crate) fn find_any(&self, group: &str, plural: &str) -> Option<Row> {
        Some(Row::Custom(self.customs().defined.get(&format!("{plural}.{group}"))?.storage.clone()))
    }

    /// The row of a kind in a version of a group.
    pub(crate) fn find_kind(&self, group: &str, version: &str, kind: &str) -> Option<Row> {
        let is_it = |resource: &Resource| (resource.group, resource.version, resource.kind) == (group, version, kind);
        let built = ROWS.iter().find(|row| is_it(row.resource)).map(Row::Built);
        built.or_else(|| self.customs().rows().find(|row| is_it(row.resource)).cloned().map(Row::Custom))
    }

    /// Puts a custom resource in force, or another in its place.
    pub(crate) fn put(&self, name: &str, defined: Defined) {
        self.change(|all| drop(all.insert(name.to_owned(), defined)));
    }

    /// Ends a custom resource.
    pub(crate) fn remove(&self, name: &str) {
        self.change(|all| drop(all.remove(name)));
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Defined>)) {
        let mut current = self.customs.write().unwrap_or_else(PoisonError::into_inner);
        let mut defined = current.defined.clone();
        change(&mut defined);
        *current = Arc::new(Customs { defined, documents: OnceLock::new() });
    }
}

#[cfg(test)]
mod tests {
    use api::resource::{PODS, Scope, intern};

    use super::super::rows;
    use super::*;
    use crate::{discovery, openapi};

    fn row(version: &'static str) -> Arc<Kind> {
        let wanted = intern::Wanted {
            group: "example.com",
            version,
            kind: "Widget",
            plural: "widgets",
            scope: Scope::Namespaced,
        };
        let resource = intern::resource(&wanted).expect("has room");
        Arc::new(Kind { resource, singular: "widget", ..rows::PLAIN })
    }

    #[test]
    fn a_custom_resource_is_found_while_it_is_in_force() {
        let kinds = Kinds::default();
        assert!(kinds.find("", "v1", "pods").is_some_and(|(row, _)| row == Row::Built(super::super::of(&PODS))));
        assert!(kinds.find("example.com", "v1", "widgets").is_none());
        let (old, new) = (row("v1"), row("v2"));
        kinds.put("widgets.example.com", Defined { served: vec![new.clone()], storage: old.clone() });
        assert!(kinds.find("example.com", "v2", "widgets").is_some_and(|(row, _)| row.resource.version == "v2"));
        assert!(kinds.find("example.com", "v1", "widgets").is_none(), "it is not served");
        assert!(kinds.of(old.resource).is_some_and(|row| row.resource.version == "v1"), "it is stored");
        kinds.remove("widgets.example.com");
        assert!(kinds.of(new.resource).is_none());
    }

    #[test]
    fn a_custom_resource_is_told_to_clients() {
        let kinds = Kinds::default();
        kinds.put("widgets.example.com", Defined { served: vec![row("v1beta1"), row("v1")], storage: row("v1") });
        let customs = kinds.customs();
        let group = discovery::api_group(&customs, "example.com").expect("is served");
        assert_eq!(group["preferredVersion"]["version"], "v1");
        let list = discovery::api_resource_list(&customs, "example.com", "v1beta1").expect("is served");
        assert_eq!(list["resources"][0]["kind"], "Widget");
        assert!(openapi::group_version(&customs, "example.com", "v1").is_some());
        assert!(openapi::group_version(&customs, "apps", "v1").is_some());
    }
}
