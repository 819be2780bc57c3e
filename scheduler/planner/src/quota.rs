//! ResourceQuotas counted anew: what has gone no longer counts, and a new quota learns what was there before it.
//!
//! The API charges each create to `status.used` in the transaction that stores it, so the record is never too low. It is
//! written here only as the snapshot has the quota: if that is its present version, nothing has been charged since, and
//! what the snapshot holds is all there is to count. How much an object counts is `api::quota`'s to say.

use std::collections::BTreeMap;

use api::core::{ResourceQuotaSpec, ResourceQuotaStatus};
use api::quota::{self, Subject};
use api::resource::{PERSISTENT_VOLUME_CLAIMS, PODS, RESOURCE_QUOTAS, SERVICES};
use api::{NamespacedName, Quantity, Resource};

use crate::{Objects, Part, Plan, Snapshot, object};

/// Objects of a namespace by resource, where they count as pieces only.
type Pieces<'a> = BTreeMap<&'a str, BTreeMap<&'static Resource, usize>>;

/// Decides which quotas have a record that is not what is there.
pub(crate) fn plan(snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    if snapshot.resource_quotas.is_empty() {
        return plan;
    }
    let pieces = pieces(snapshot);
    for (name, quota) in snapshot.resource_quotas.iter() {
        if plan.actions.len() >= snapshot.config.actions_max {
            break;
        }
        let (Some(spec), false) = (&quota.spec, object::is_terminating(&quota.metadata)) else { continue };
        let status = status(snapshot, &pieces, &name.namespace, spec);
        if let Some(patch) = object::status_change(quota.status.as_ref(), &status) {
            plan.actions.push(object::guarded_patch(&RESOURCE_QUOTAS, &quota.metadata, Part::Status, patch));
        }
    }
    plan
}

fn pieces(snapshot: &Snapshot) -> Pieces<'_> {
    let mut pieces: Pieces<'_> =
        snapshot.resource_quotas.keys().map(|name| (name.namespace.as_str(), BTreeMap::new())).collect();
    snapshot.each_meta(|resource, name, _| {
        let is_piece = ![&PODS, &SERVICES, &PERSISTENT_VOLUME_CLAIMS].contains(&resource);
        if let Some(found) = pieces.get_mut(name.namespace.as_str()).filter(|_| is_piece) {
            *found.entry(resource).or_default() += 1;
        }
    });
    pieces
}

fn status(snapshot: &Snapshot, pieces: &Pieces<'_>, namespace: &str, spec: &ResourceQuotaSpec) -> ResourceQuotaStatus {
    let pods = within(&snapshot.pods, namespace).map(Subject::Pod);
    let services = within(&snapshot.services, namespace).map(Subject::Service);
    let claims = within(&snapshot.persistent_volume_claims, namespace).map(Subject::Claim);
    let others = pieces.get(namespace).into_iter().flatten();
    let others = others.flat_map(|(resource, count)| std::iter::repeat_n(Subject::Other(resource), *count));
    let used = quota::count(spec, pods.chain(services).chain(claims).chain(others));
    let shown = used.into_iter().map(|(name, amount)| {
        let text = quota::show(&name, amount);
        (name, Quantity(text))
    });
    ResourceQuotaStatus { hard: spec.hard.clone(), used: Some(shown.collect()) }
}

/// The objects of one namespace.
fn within<'a, T>(objects: &'a Objects<T>, namespace: &'a str) -> impl Iterator<Item = &'a T> {
    let from = NamespacedName::new(namespace, "");
    objects.range(from..).take_while(move |(name, _)| name.namespace == namespace).map(|(_, object)| &**object)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::core::ResourceQuota;
    use serde_json::json;

    use super::*;
    use crate::Action;
    use crate::testing::fixture;

    fn quota(hard: &serde_json::Value, status: &serde_json::Value) -> Arc<ResourceQuota> {
        let object = json!({
            "metadata": {"name": "q", "namespace": "s", "uid": "u", "resourceVersion": "9"},
            "spec": {"hard": hard},
            "status": status,
        });
        Arc::new(serde_json::from_value(object).expect("a quota"))
    }

    // C64
    #[test]
    fn what_has_ended_no_longer_counts_and_what_is_leaving_still_does() {
        let mut snapshot = fixture::parse(
            "pod s/a cpu=1\npod s/b cpu=1 leaving\npod s/c cpu=1 phase=Succeeded\npod t/d cpu=1\nconfig s/x\nservice s/web port=http:80:80 app=web",
        );
        let hard = json!({"pods": "9", "count/pods": "9", "requests.cpu": "4", "configmaps": "3", "services": "1"});
        let name = NamespacedName::new("s", "q");
        let mut put = |status: serde_json::Value| snapshot.resource_quotas.insert(name.clone(), quota(&hard, &status));
        put(json!({"hard": hard, "used": {"pods": "3"}}));
        let settled = plan(&snapshot);
        let Some(Action::Patch { patch, resource_version, .. }) = settled.actions.first() else { panic!("{settled}") };
        assert_eq!(resource_version.as_deref(), Some("9"), "only while nothing was charged since");
        let used = json!({"pods": "2", "count/pods": "3", "requests.cpu": "2", "configmaps": "1", "services": "1"});
        assert_eq!(patch["status"]["used"], used);
        let mut put = |status: serde_json::Value| snapshot.resource_quotas.insert(name.clone(), quota(&hard, &status));
        put(json!({"hard": hard, "used": used}));
        assert!(plan(&snapshot).is_settled());
    }
}
