//! Follows the policies and bindings that are stored, and says in their status what types have against them.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::resource::{VALIDATING_ADMISSION_POLICIES as POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS as BINDINGS};
use serde_json::{Value, json};
use store::{Error, Page, Watch};

use super::{Bound, Policy, compile};
use crate::field::Problems;
use crate::kinds::Subresource;
use crate::objects::{Objects, Patch, WriteOptions, decode_entry};
use crate::value;

/// What the keys of both kinds begin with.
const PREFIX: &str = "/registry/validatingadmissionpolic";

/// Keeps the policies in force.
pub(crate) struct Follower {
    objects: Objects,
    watch: Watch,
    known: BTreeMap<String, Value>,
}

impl Follower {
    /// Reads what is stored and puts it in force; [`Follower::run`] must be spawned.
    pub(crate) async fn start(objects: Objects) -> Result<Self, Error> {
        let listing = objects.store().list(PREFIX, Page::default()).await?;
        let watch = objects.store().watch(PREFIX, listing.revision).await?;
        let read = |entry: &store::Entry| Some((entry.key.to_string(), decode_entry(entry).ok()?));
        let follower = Self { watch, known: listing.entries.iter().filter_map(read).collect(), objects };
        drop(follower.put_in_force());
        Ok(follower)
    }

    /// Runs until the store ends.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        loop {
            let policies = self.put_in_force();
            self.tell(&policies).await;
            match self.watch.next().await {
                Ok(batch) => {
                    for change in &batch.changes {
                        match change.current.as_ref().and_then(|entry| decode_entry(entry).ok()) {
                            Some(object) => drop(self.known.insert(change.key().to_string(), object)),
                            None => drop(self.known.remove(&**change.key())),
                        }
                    }
                }
                Err(Error::Lagged { .. } | Error::Compacted { .. }) => self = Self::start(self.objects).await?,
                Err(error) => return Err(error),
            }
        }
    }

    fn put_in_force(&self) -> Vec<(Value, Arc<Policy>)> {
        let of = |prefix: String| self.known.iter().filter(move |(key, _)| key.starts_with(&prefix)).map(|(_, o)| o);
        // What was found valid when it was stored compiles; problems here are those of an older server.
        let compiled = |object: &Value| (object.clone(), Arc::new(compile::policy(object, &mut Problems::default())));
        let policies: Vec<_> = of(POLICIES.prefix()).map(compiled).collect();
        let mut all = Vec::new();
        for object in of(BINDINGS.prefix()) {
            let (name, binding) = compile::binding(object, &mut Problems::default());
            if let Some((_, policy)) = policies.iter().find(|(_, policy)| policy.name == name) {
                all.push(Bound { policy: policy.clone(), binding });
            }
        }
        self.objects.policies().replace(all);
        policies
    }

    /// Writes what was found of the types, once for each generation.
    async fn tell(&self, policies: &[(Value, Arc<Policy>)]) {
        for (object, policy) in policies {
            let generation = &object["metadata"]["generation"];
            if object["status"]["observedGeneration"] == *generation || value::is_deleting(object) {
                continue;
            }
            let warning = |(field, warning)| json!({"fieldRef": field, "warning": warning});
            let warnings: Vec<_> = compile::type_warnings(object, policy).into_iter().map(warning).collect();
            let checked = if warnings.is_empty() { json!({}) } else { json!({"expressionWarnings": warnings}) };
            let patch = Patch::Merge(json!({"status": {"observedGeneration": generation, "typeChecking": checked}}));
            let options = WriteOptions {
                uid: Some(value::text(object, &["metadata", "uid"]).to_owned()),
                ..WriteOptions::default()
            };
            let told = self.objects.patch(&POLICIES, "", &policy.name, Subresource::Status, patch, options).await;
            if let Err(status) = told {
                tracing::warn!(policy = policy.name, %status, "the status of a policy cannot be written");
            }
        }
    }
}
