//! Who shares what comes: the replicas of one workload. Pure.

use api::meta::ObjectMeta;

/// The label by which a Deployment tells its ReplicaSets apart.
const HASH: &str = "pod-template-hash";

/// The queue group of a Pod's container: all replicas of a Deployment, of either revision while it rolls out, and else
/// of whatever owns the Pod. A Pod that nobody owns listens for itself.
pub(crate) fn group(pod: &ObjectMeta, container: &str) -> String {
    let owners = pod.owner_references.iter().flatten();
    let owner = owners.clone().find(|owner| owner.controller == Some(true));
    let own_name = pod.name.as_deref().unwrap_or_default();
    let Some(owner) = owner else { return format!("Pod/{own_name}/{container}") };
    let hash = pod.labels.as_ref().and_then(|labels| labels.get(HASH));
    let deployment = hash.and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'));
    match (owner.kind.as_str(), deployment) {
        ("ReplicaSet", Some(deployment)) => format!("Deployment/{deployment}/{container}"),
        (kind, _) => format!("{kind}/{}/{container}", owner.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_of_one_workload_share_whatever_their_revision() {
        let check = |meta: serde_json::Value, wanted: &str| {
            let meta = serde_json::from_value(meta).expect("is metadata");
            assert_eq!(group(&meta, "c"), wanted);
        };
        let owned = |kind: &str, name: &str, hash: &str| {
            let owner =
                serde_json::json!({"apiVersion": "v1", "kind": kind, "name": name, "uid": "u", "controller": true});
            serde_json::json!({"name": "p", "labels": {HASH: hash}, "ownerReferences": [owner]})
        };
        check(owned("ReplicaSet", "web-1a", "1a"), "Deployment/web/c");
        check(owned("ReplicaSet", "web-2b", "2b"), "Deployment/web/c");
        check(owned("ReplicaSet", "own", "2b"), "ReplicaSet/own/c");
        check(owned("Job", "job-2b", "2b"), "Job/job-2b/c");
        check(serde_json::json!({"name": "p"}), "Pod/p/c");
    }
}
