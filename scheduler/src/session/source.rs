//! Which ConfigMaps, Secrets and tokens a Pod refers to. Pure.
//!
//! A host gets these and no others (F83): what a Pod's spec does not name never reaches its Node.

use std::collections::BTreeSet;

use api::NamespacedName;
use api::core::{Container, Pod, ServiceAccountTokenProjection, Volume};
use protocol::v1::{Source, source::Kind};

use super::tokens::{self, Tokens};
use crate::cache::View;

/// A ConfigMap or Secret in the Pod's own namespace, or a token of its account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reference<'a> {
    ConfigMap(&'a str),
    Secret(&'a str),
    /// By the name of its source.
    Token(String),
}

/// Where what Pods refer to comes from.
#[derive(Clone, Copy)]
pub(super) struct Supply<'a> {
    pub(super) view: &'a View,
    pub(super) tokens: &'a Tokens,
}

/// Everything a Pod refers to, each once, in order.
pub(super) fn references(pod: &Pod) -> BTreeSet<Reference<'_>> {
    let mut found = BTreeSet::new();
    let Some(spec) = &pod.spec else { return found };
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    containers.for_each(|container| of_container(container, &mut found));
    spec.volumes.iter().flatten().for_each(|volume| of_volume(volume, &mut found));
    let source = |token: &ServiceAccountTokenProjection| {
        protocol::token_source(token.audience.as_deref(), token.expiration_seconds)
    };
    found.extend(tokens::projections(pod).map(|token| Reference::Token(source(token))));
    found
}

fn of_container<'a>(container: &'a Container, found: &mut BTreeSet<Reference<'a>>) {
    for variable in container.env.iter().flatten().filter_map(|e| e.value_from.as_ref()) {
        found.extend(variable.config_map_key_ref.as_ref().map(|r| Reference::ConfigMap(&r.name)));
        found.extend(variable.secret_key_ref.as_ref().map(|r| Reference::Secret(&r.name)));
    }
    for all in container.env_from.iter().flatten() {
        found.extend(all.config_map_ref.as_ref().map(|r| Reference::ConfigMap(&r.name)));
        found.extend(all.secret_ref.as_ref().map(|r| Reference::Secret(&r.name)));
    }
}

fn of_volume<'a>(volume: &'a Volume, found: &mut BTreeSet<Reference<'a>>) {
    found.extend(volume.config_map.as_ref().map(|v| Reference::ConfigMap(&v.name)));
    found.extend(volume.secret.as_ref().and_then(|v| v.secret_name.as_deref()).map(Reference::Secret));
    for part in volume.projected.iter().flat_map(|v| v.sources.iter().flatten()) {
        found.extend(part.config_map.as_ref().map(|v| Reference::ConfigMap(&v.name)));
        found.extend(part.secret.as_ref().map(|v| Reference::Secret(&v.name)));
    }
}

impl<'s> Supply<'s> {
    /// What tells one content of a reference from another: its version, or that it is absent.
    pub(super) fn version(self, pod: &Pod, reference: &Reference<'_>) -> Option<&'s str> {
        let view = self.view;
        let meta = match reference {
            Reference::ConfigMap(name) => &view.config_maps.get(&own(pod, name))?.metadata,
            Reference::Secret(name) => &view.secrets.get(&own(pod, name))?.metadata,
            Reference::Token(source) => return self.tokens.version(uid(pod), source),
        };
        meta.resource_version.as_deref()
    }

    /// The content of a reference; `None` if there is no such object.
    pub(super) fn content(self, pod: &Pod, reference: Reference<'_>) -> Option<Source> {
        let view = self.view;
        match reference {
            Reference::ConfigMap(name) => {
                let map = view.config_maps.get(&own(pod, name))?;
                let text = map.data.iter().flatten().map(|(k, v)| (k.clone(), v.clone().into_bytes().into()));
                let binary = map.binary_data.iter().flatten().map(|(k, v)| (k.clone(), v.0.clone().into()));
                Some(Source { kind: Kind::ConfigMap.into(), name: name.to_owned(), data: text.chain(binary).collect() })
            }
            Reference::Secret(name) => {
                let secret = view.secrets.get(&own(pod, name))?;
                let data = secret.data.iter().flatten().map(|(k, v)| (k.clone(), v.0.clone().into())).collect();
                Some(Source { kind: Kind::Secret.into(), name: name.to_owned(), data })
            }
            Reference::Token(name) => {
                let token = self.tokens.token(uid(pod), &name)?.to_owned();
                let data = [(protocol::TOKEN_KEY.to_owned(), token.into_bytes().into())].into();
                Some(Source { kind: Kind::ServiceAccountToken.into(), name, data })
            }
        }
    }
}

/// An object in a Pod's own namespace.
fn own(pod: &Pod, name: &str) -> NamespacedName {
    NamespacedName::new(pod.metadata.namespace.as_deref().unwrap_or_default(), name)
}

fn uid(pod: &Pod) -> &str {
    pod.metadata.uid.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_to_refer_is_found_and_nothing_else() {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {
                "containers": [{
                    "name": "c",
                    "env": [
                        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m1", "key": "k"}}},
                        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s1", "key": "k"}}},
                        {"name": "C", "value": "s9"},
                    ],
                    "envFrom": [{"configMapRef": {"name": "m2"}}, {"secretRef": {"name": "s2"}}],
                }],
                "initContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "s3"}}]}],
                "volumes": [
                    {"name": "a", "configMap": {"name": "m3"}},
                    {"name": "b", "secret": {"secretName": "s1"}},
                    {"name": "c", "projected": {"sources": [
                        {"secret": {"name": "s4"}}, {"configMap": {"name": "m4"}},
                        {"serviceAccountToken": {"path": "t", "audience": "vault"}},
                    ]}},
                ],
                "imagePullSecrets": [{"name": "s8"}],
            },
        }))
        .expect("a Pod");
        let found: Vec<_> = references(&pod)
            .into_iter()
            .map(|r| match r {
                Reference::ConfigMap(name) | Reference::Secret(name) => name.to_owned(),
                Reference::Token(source) => source,
            })
            .collect();
        assert_eq!(found, ["m1", "m2", "m3", "m4", "s1", "s2", "s3", "s4", "3600/vault"]);
    }
}
