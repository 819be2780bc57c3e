//! The roles and bindings every cluster has, and how they are kept.
//!
//! Names, labels and rules are Kubernetes', as far as they are about what is served here, so that charts and people
//! find what they know: `kubectl create rolebinding --clusterrole=view`. At each start what is missing is made and
//! rules that are missing are added; what an operator added stays, and the annotation
//! `rbac.authorization.kubernetes.io/autoupdate: "false"` keeps an object as it is.

mod rules;

use api::Resource;
use api::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES};
use serde_json::{Value, json};

use self::rules::{BINDINGS, GATHERED, ROLES};
use crate::kinds::Subresource;
use crate::objects::{Objects, Patch, WriteOptions};
use crate::status::Status;
use crate::value;

const AUTOUPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";
const BOOTSTRAPPING: &str = "kubernetes.io/bootstrapping";

/// Makes and mends what every cluster has.
///
/// # Errors
/// The store's.
pub async fn ensure_roles(objects: &Objects) -> Result<(), Status> {
    for role in roles() {
        ensure(objects, &CLUSTER_ROLES, role, mended_role).await?;
    }
    for binding in bindings() {
        ensure(objects, &CLUSTER_ROLE_BINDINGS, binding, mended_binding).await?;
    }
    Ok(())
}

async fn ensure(
    objects: &Objects,
    resource: &'static Resource,
    wanted: Value,
    mend: fn(&Value, &Value) -> Option<Value>,
) -> Result<(), Status> {
    let name = value::text(&wanted, &["metadata", "name"]).to_owned();
    match objects.get(resource, "", &name).await {
        Ok(present) => match mend(&present, &wanted) {
            None => Ok(()),
            Some(patch) => {
                let options = WriteOptions::default();
                objects.patch(resource, "", &name, Subresource::Main, Patch::Merge(patch), options).await.map(drop)
            }
        },
        Err(status) if status.is_not_found() => {
            match objects.create(resource, "", wanted, WriteOptions::default()).await {
                // Another server has begun at the same time.
                Err(status) if !status.is_already_exists() => Err(status),
                _ => Ok(()),
            }
        }
        Err(status) => Err(status),
    }
}

fn metadata(name: &str, labels: &[(&str, &str)]) -> Value {
    let mut metadata =
        json!({"name": name, "annotations": {AUTOUPDATE: "true"}, "labels": {BOOTSTRAPPING: "rbac-defaults"}});
    for (key, text) in labels {
        metadata["labels"][*key] = json!(text);
    }
    metadata
}

fn words(text: &str) -> Vec<String> {
    // The core group has no name, so it is written `core`.
    text.split_whitespace().map(|word| if word == "core" { String::new() } else { word.to_owned() }).collect()
}

fn roles() -> Vec<Value> {
    let header = |metadata: Value| json!({"apiVersion": CLUSTER_ROLES.api_version(), "kind": "ClusterRole", "metadata": metadata});
    let plain = ROLES.iter().map(|role| {
        let labels: Vec<_> = role.gathered_by.iter().map(|label| (*label, "true")).collect();
        let mut object = header(metadata(role.name, &labels));
        let resources = role.resources.iter().map(|(verbs, groups, resources)| {
            json!({"verbs": words(verbs), "apiGroups": words(groups), "resources": words(resources)})
        });
        let paths =
            role.paths.iter().map(|(verbs, paths)| json!({"verbs": words(verbs), "nonResourceURLs": words(paths)}));
        object["rules"] = resources.chain(paths).collect();
        object
    });
    let gathered = GATHERED.iter().map(|(name, gathers, gathered_by)| {
        let labels: Vec<_> = gathered_by.iter().map(|label| (*label, "true")).collect();
        let mut object = header(metadata(name, &labels));
        object["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {*gathers: "true"}}]});
        object
    });
    plain.chain(gathered).collect()
}

fn bindings() -> Vec<Value> {
    let binding = |(role, groups): &(&str, &str)| {
        let group = |name: &str| json!({"kind": "Group", "apiGroup": CLUSTER_ROLES.group, "name": name});
        json!({
            "apiVersion": CLUSTER_ROLE_BINDINGS.api_version(),
            "kind": "ClusterRoleBinding",
            "metadata": metadata(role, &[]),
            "roleRef": {"apiGroup": CLUSTER_ROLES.group, "kind": "ClusterRole", "name": role},
            "subjects": groups.split_whitespace().map(group).collect::<Vec<_>>(),
        })
    };
    BINDINGS.iter().map(binding).collect()
}

fn is_left_alone(present: &Value) -> bool {
    value::text(present, &["metadata", "annotations", AUTOUPDATE]) == "false" || value::is_deleting(present)
}

/// What of a list is not in another, after it.
fn joined(present: &Value, wanted: &Value) -> Option<Value> {
    let mut all = present.as_array().cloned().unwrap_or_default();
    let missing: Vec<_> = wanted.as_array()?.iter().filter(|one| !all.contains(one)).cloned().collect();
    if missing.is_empty() {
        return None;
    }
    all.extend(missing);
    Some(all.into())
}

/// Labels and annotations that are missing. One that is there with another value is the operator's.
fn mended_metadata(present: &Value, wanted: &Value) -> Option<Value> {
    let mut patch = json!({});
    for field in ["labels", "annotations"] {
        let there = &present["metadata"][field];
        for (key, text) in wanted["metadata"][field].as_object().into_iter().flatten() {
            if there.get(key).is_none() {
                patch[field][key] = text.clone();
            }
        }
    }
    patch.as_object().is_some_and(|patch| !patch.is_empty()).then_some(patch)
}

/// The patch that gives a role what it lacks. Rules of a role that gathers others are its controller's.
fn mended_role(present: &Value, wanted: &Value) -> Option<Value> {
    if is_left_alone(present) {
        return None;
    }
    let mut patch = json!({});
    if let Some(metadata) = mended_metadata(present, wanted) {
        patch["metadata"] = metadata;
    }
    if let Some(selectors) = wanted.pointer("/aggregationRule/clusterRoleSelectors") {
        if let Some(all) = joined(&present["aggregationRule"]["clusterRoleSelectors"], selectors) {
            patch["aggregationRule"]["clusterRoleSelectors"] = all;
        }
    } else if let Some(all) = joined(&present["rules"], &wanted["rules"]) {
        patch["rules"] = all;
    }
    patch.as_object().is_some_and(|patch| !patch.is_empty()).then_some(patch)
}

/// The patch that gives a binding the subjects it lacks.
fn mended_binding(present: &Value, wanted: &Value) -> Option<Value> {
    if is_left_alone(present) {
        return None;
    }
    let mut patch = json!({});
    if let Some(metadata) = mended_metadata(present, wanted) {
        patch["metadata"] = metadata;
    }
    if let Some(all) = joined(&present["subjects"], &wanted["subjects"]) {
        patch["subjects"] = all;
    }
    patch.as_object().is_some_and(|patch| !patch.is_empty()).then_some(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_added_and_what_an_operator_added_stays() {
        let wanted = roles().into_iter().find(|role| role["metadata"]["name"] == "system:discovery").expect("is there");
        assert_eq!(mended_role(&wanted, &wanted), None);
        let mut present = wanted.clone();
        let own = json!({"verbs": ["get"], "nonResourceURLs": ["/own"]});
        present["rules"] = json!([own]);
        present["metadata"]["labels"] = json!({"team": "a"});
        let patch = mended_role(&present, &wanted).expect("is mended");
        assert_eq!(patch["rules"][0], own);
        assert_eq!(patch["rules"][1], wanted["rules"][0]);
        assert_eq!(patch["metadata"]["labels"], json!({BOOTSTRAPPING: "rbac-defaults"}));
        present["metadata"]["annotations"][AUTOUPDATE] = json!("false");
        assert_eq!(mended_role(&present, &wanted), None, "left alone by wish");
    }

    #[test]
    fn every_binding_names_a_role_that_is_made_and_every_gathering_finds_one() {
        let roles = roles();
        let named = |name: &Value| roles.iter().any(|role| role["metadata"]["name"] == *name);
        for binding in bindings() {
            assert!(named(&binding["roleRef"]["name"]), "{binding}");
        }
        for (_, gathers, _) in GATHERED {
            assert!(roles.iter().any(|role| role["metadata"]["labels"].get(*gathers).is_some()), "{gathers}");
        }
    }
}
