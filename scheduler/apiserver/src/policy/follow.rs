//! Follows the policies, bindings and webhooks that are stored, and says in the status of policies what types have
//! against them.

use std::sync::Arc;

use api::resource::{
    MUTATING_WEBHOOK_CONFIGURATIONS as MUTATING, VALIDATING_ADMISSION_POLICIES as POLICIES,
    VALIDATING_ADMISSION_POLICY_BINDINGS as BINDINGS, VALIDATING_WEBHOOK_CONFIGURATIONS as VALIDATING,
};
use serde_json::{Value, json};
use store::Error;

use super::stored::Stored;
use super::{Bound, Policy, compile};
use crate::field::Problems;
use crate::kinds::Subresource;
use crate::objects::{Objects, Patch, WriteOptions};
use crate::value;
use crate::webhook::Manner;

/// Keeps policies and webhooks in force.
pub(crate) struct Follower {
    objects: Objects,
    policies: Stored,
    bindings: Stored,
    mutating: Stored,
    validating: Stored,
}

impl Follower {
    /// Reads what is stored and puts it in force; [`Follower::run`] must be spawned.
    pub(crate) async fn start(objects: Objects) -> Result<Self, Error> {
        let start = |resource| Stored::start(objects.store().clone(), resource);
        let (policies, of_policies) = start(&POLICIES).await?;
        let (bindings, of_bindings) = start(&BINDINGS).await?;
        let (mutating, of_mutating) = start(&MUTATING).await?;
        let (validating, of_validating) = start(&VALIDATING).await?;
        objects.policies().follow([of_policies, of_bindings, of_mutating, of_validating].into());
        let follower = Self { policies, bindings, mutating, validating, objects };
        drop(follower.put_policies_in_force());
        follower.put_webhooks_in_force();
        Ok(follower)
    }

    /// Runs until the store ends.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        loop {
            let policies = self.put_policies_in_force();
            self.put_webhooks_in_force();
            [&self.policies, &self.bindings, &self.mutating, &self.validating].into_iter().for_each(Stored::counts);
            self.tell(&policies).await;
            tokio::select! {
                changed = self.policies.changed() => changed?,
                changed = self.bindings.changed() => changed?,
                changed = self.mutating.changed() => changed?,
                changed = self.validating.changed() => changed?,
            }
        }
    }

    fn put_policies_in_force(&self) -> Vec<(Value, Arc<Policy>)> {
        // What was found valid when it was stored compiles; problems here are those of an older server.
        let compiled = |object: &Value| (object.clone(), Arc::new(compile::policy(object, &mut Problems::default())));
        let policies: Vec<_> = self.policies.all().map(compiled).collect();
        let mut all = Vec::new();
        for object in self.bindings.all() {
            let (name, binding) = compile::binding(object, &mut Problems::default());
            if let Some((_, policy)) = policies.iter().find(|(_, policy)| policy.name == name) {
                all.push(Bound { policy: policy.clone(), binding });
            }
        }
        self.objects.policies().replace(all);
        policies
    }

    fn put_webhooks_in_force(&self) {
        let webhooks = self.objects.webhooks();
        webhooks.replace(Manner::Mutating, self.mutating.all());
        webhooks.replace(Manner::Validating, self.validating.all());
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
