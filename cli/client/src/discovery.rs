//! Which kinds a cluster has, as its aggregated discovery tells (KEP-3352), and how people name them.
//!
//! It is asked anew by every command, two requests: a cache on disk would be stale just when a custom kind was added.

mod document;
mod resource;

#[cfg(test)]
mod tests;

use anyhow::{Result, bail};

use crate::client::Client;

pub(crate) use resource::Resource;

/// Everything that is served, the core group first, preferred versions before others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Discovery {
    resources: Vec<Resource>,
}

const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

impl Discovery {
    /// Asks a cluster.
    pub(crate) async fn ask(client: &Client) -> Result<Self> {
        let (core, groups) = tokio::try_join!(client.get_as("/api", ACCEPT), client.get_as("/apis", ACCEPT))?;
        Ok(Self::of([&core, &groups]))
    }

    fn of<'a>(documents: impl IntoIterator<Item = &'a serde_json::Value>) -> Self {
        Self { resources: documents.into_iter().flat_map(document::resources).collect() }
    }

    /// All of it.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter()
    }

    /// The resource of an object, by what the object says it is.
    pub(crate) fn of_object(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.kind == kind && resource.api_version() == api_version)
    }

    /// The resource a word stands for: `pods`, `pod`, `po`, `Pod`, `deployments.apps`, `deployments.v1.apps`.
    pub(crate) fn find(&self, word: &str) -> Result<&Resource> {
        let word = word.to_lowercase();
        let (name, place) = word.split_once('.').unwrap_or((&word, ""));
        let here = |resource: &&Resource| place.is_empty() || resource.is_in(place);
        // As with kubectl, what comes first wins by either name, so that no custom kind takes `svc` away.
        match self.resources.iter().filter(here).find(|resource| resource.is_named(name)) {
            Some(resource) => Ok(resource),
            None => bail!("this cluster has no kind {word:?}{}", self.resembling(name)),
        }
    }

    /// What a list of words stands for: kinds between commas, and categories such as `all`.
    pub(crate) fn find_all(&self, words: &str) -> Result<Vec<Resource>> {
        let mut found: Vec<Resource> = Vec::new();
        for word in words.split(',').filter(|word| !word.is_empty()) {
            let of_category: Vec<_> =
                self.resources.iter().filter(|r| r.categories.iter().any(|c| c == word)).collect();
            let matching = if of_category.is_empty() { vec![self.find(word)?] } else { of_category };
            for resource in matching {
                // The same objects in an older version, or in another group, are not shown twice.
                if !found.iter().any(|known| known.plural == resource.plural && known.group == resource.group) {
                    found.push(resource.clone());
                }
            }
        }
        Ok(found)
    }

    /// A hint for a word that is no kind.
    fn resembling(&self, word: &str) -> String {
        let alike = |resource: &&Resource| {
            let (plural, singular) = (resource.plural.as_str(), resource.singular.as_str());
            let stem = word.get(..word.len().saturating_sub(2)).unwrap_or_default();
            stem.len() >= 2 && (plural.starts_with(stem) || singular.contains(word))
        };
        match self.resources.iter().find(alike) {
            Some(resource) => format!("; is {} meant?", resource.plural),
            None => "; `insula api-resources` lists those it has".to_owned(),
        }
    }
}
