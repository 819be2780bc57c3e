//! One kind of objects: its names, its place in the API, what can be done with it.

use crate::query::encode;

/// A resource as discovery tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resource {
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) subresources: Vec<String>,
}

impl Resource {
    /// `v1`, `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods`, `deployments.apps`: what names the resource in the whole cluster.
    pub(crate) fn qualified(&self) -> String {
        in_group(&self.plural, &self.group)
    }

    /// `pod/web`, `deployment.apps/web`, as kubectl prints objects.
    pub(crate) fn label(&self, name: &str) -> String {
        format!("{}/{name}", in_group(&self.singular(), &self.group))
    }

    /// `pod "web"`, `deployment.apps "web"`, as kubectl prints them in sentences.
    pub(crate) fn quoted(&self, name: &str) -> String {
        format!("{} {name:?}", in_group(&self.singular(), &self.group))
    }

    /// The singular in lower case.
    pub(crate) fn singular(&self) -> String {
        if self.singular.is_empty() { self.kind.to_lowercase() } else { self.singular.clone() }
    }

    /// Whether the place after a name's first dot is this one: a group, or a version and a group.
    pub(super) fn is_in(&self, place: &str) -> bool {
        place == self.group || place == self.version || place == format!("{}.{}", self.version, self.group)
    }

    /// Whether people call it so: plural, singular, kind or short name, in lower case.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let short = self.short_names.iter().any(|short| short == name);
        short || name == self.plural || name == self.singular() || name == self.kind.to_lowercase()
    }

    /// Whether discovery lists the verb.
    pub(crate) fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// The URL of the objects of a namespace, or of all if there is none.
    pub(crate) fn collection(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let (version, plural) = (self.api_version(), &self.plural);
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/{version}/namespaces/{}/{plural}", encode(namespace)),
            None => format!("{root}/{version}/{plural}"),
        }
    }

    /// The URL of one object.
    pub(crate) fn path(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), encode(name))
    }
}

fn in_group(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}
