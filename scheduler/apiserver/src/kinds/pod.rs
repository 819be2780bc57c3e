//! Pods.

use api::core::Pod;
use api::resource::PODS;
use serde_json::{Value, json};

use super::{decode, pod_spec, resources};
use crate::field::{Path, Problems};
use crate::status::Status;
use crate::value;

/// Fills in what a Pod leaves out.
pub(super) fn defaults(pod: &mut Value) {
    let Some(spec) = pod.get_mut("spec") else { return };
    value::default(spec, "enableServiceLinks", true);
    pod_spec::align_accounts(spec);
    value::default(spec, "serviceAccountName", "default");
    pod_spec::defaults(spec);
    let on_host = spec.get("hostNetwork").is_some_and(|found| found == true);
    for list in ["initContainers", "containers"] {
        for container in value::elements(spec, &[list]) {
            if let Some(found) = container.get_mut("resources") {
                resources::default_requests(found);
            }
            for port in value::elements(container, &["ports"]).iter_mut().filter(|_| on_host) {
                if let Some(number) = port.get("containerPort").cloned() {
                    value::default(port, "hostPort", number);
                }
            }
        }
    }
}

/// A new Pod waits for a Node.
pub(super) fn prepare(pod: &mut Value) {
    let class = qos_class(pod);
    if let Some(map) = pod.as_object_mut() {
        map.insert("status".to_owned(), json!({"phase": "Pending", "qosClass": class}));
    }
}

/// Guaranteed: every container has equal requests and limits of CPU and memory. BestEffort: none has any.
fn qos_class(pod: &Value) -> &'static str {
    let lists = ["initContainers", "containers"].map(|list| value::at(pod, &["spec", list]).and_then(Value::as_array));
    let containers: Vec<&Value> = lists.into_iter().flatten().flatten().collect();
    // Compared as amounts, because `1` and `1000m` are the same; an amount of zero counts as none.
    let read = |container: &Value, list: &str, name: &str| {
        resources::amount_of(name, value::at(container, &["resources", list, name])?)
    };
    let names = ["cpu", "memory"];
    let some = |container: &&Value| {
        let is_some = |list: &str, name: &str| read(container, list, name).is_some_and(|amount| amount > 0);
        names.iter().any(|name| is_some("limits", name) || is_some("requests", name))
    };
    let guaranteed = |container: &&Value| {
        names.iter().all(|name| {
            let limit = read(container, "limits", name).filter(|limit| *limit > 0);
            limit.is_some() && read(container, "requests", name).is_none_or(|request| Some(request) == limit)
        })
    };
    if !containers.iter().any(some) {
        "BestEffort"
    } else if containers.iter().all(guaranteed) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// Decodes and checks a Pod.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let pod: Pod = decode(&PODS, object)?;
    let path = Path::new("spec");
    match &pod.spec {
        Some(spec) => pod_spec::check(&path, spec, problems),
        None => problems.required(&path.child("containers"), ""),
    }
    Ok(())
}

/// A Pod is what it was born as, but for its images and how long and where it may stay.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    let (Some(before), Some(after)) = (old.get("spec"), new.get("spec")) else { return };
    let path = Path::new("spec");
    check_tolerations(&path.child("tolerations"), before, after, problems);
    let mut frozen = after.clone();
    for field in ["tolerations", "activeDeadlineSeconds", "terminationGracePeriodSeconds"] {
        match (before.get(field), frozen.as_object_mut()) {
            (Some(value), Some(map)) => map.insert(field.to_owned(), value.clone()),
            (None, Some(map)) => map.shift_remove(field),
            _ => None,
        };
    }
    for list in ["initContainers", "containers"] {
        let images: Vec<Option<Value>> = before
            .get(list)
            .and_then(Value::as_array)
            .map(|containers| containers.iter().map(|container| container.get("image").cloned()).collect())
            .unwrap_or_default();
        for (container, image) in value::elements(&mut frozen, &[list]).iter_mut().zip(images) {
            if let (Some(map), Some(image)) = (container.as_object_mut(), image) {
                map.insert("image".to_owned(), image);
            }
        }
    }
    if frozen != *before {
        let why = "pod updates may not change fields other than `spec.containers[*].image`,\
                   `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` \
                   (only additions to existing tolerations),`spec.terminationGracePeriodSeconds`";
        problems.forbidden(&path, why);
    }
}

fn check_tolerations(path: &Path, before: &Value, after: &Value, problems: &mut Problems) {
    let read = |spec: &Value| {
        let mut tolerations = spec.get("tolerations").and_then(Value::as_array).cloned().unwrap_or_default();
        for toleration in tolerations.iter_mut().filter_map(Value::as_object_mut) {
            toleration.shift_remove("tolerationSeconds");
        }
        tolerations
    };
    let kept = read(after);
    if read(before).iter().any(|toleration| !kept.contains(toleration)) {
        problems.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(resources: &Value) -> &'static str {
        qos_class(&json!({"spec": {"containers": [{"resources": resources}]}}))
    }

    #[test]
    fn classes_follow_requests_and_limits() {
        assert_eq!(class(&json!({})), "BestEffort");
        assert_eq!(class(&json!({"requests": {"cpu": "1"}})), "Burstable");
        let both = json!({"cpu": "1", "memory": "1Mi"});
        assert_eq!(class(&json!({"limits": both})), "Guaranteed");
        assert_eq!(class(&json!({"limits": both, "requests": {"cpu": "500m", "memory": "1Mi"}})), "Burstable");
        let same = json!({"cpu": "1000m", "memory": 1_048_576});
        assert_eq!(class(&json!({"limits": both, "requests": same})), "Guaranteed", "one amount in other words");
        assert_eq!(class(&json!({"limits": both, "requests": {"cpu": "0"}})), "Burstable");
        assert_eq!(class(&json!({"requests": {"cpu": "0"}})), "BestEffort");
    }

    #[test]
    fn requests_default_from_limits() {
        let mut pod =
            json!({"spec": {"containers": [{"name": "a", "image": "a:1", "resources": {"limits": {"cpu": 2}}}]}});
        defaults(&mut pod);
        let container = &pod["spec"]["containers"][0];
        assert_eq!(container["resources"], json!({"limits": {"cpu": "2"}, "requests": {"cpu": "2"}}));
        assert_eq!(container["imagePullPolicy"], "IfNotPresent");
        assert_eq!(pod["spec"]["serviceAccount"], "default");
        defaults(&mut json!({"spec": {"containers": "nonsense"}}));
    }

    #[test]
    fn the_older_name_of_the_account_counts_too() {
        for (spec, account) in [
            (json!({}), "default"),
            (json!({"serviceAccount": "x"}), "x"),
            (json!({"serviceAccountName": "x"}), "x"),
            (json!({"serviceAccountName": "x", "serviceAccount": "z"}), "x"),
        ] {
            let mut pod = json!({"spec": spec});
            defaults(&mut pod);
            let found = (&pod["spec"]["serviceAccountName"], &pod["spec"]["serviceAccount"]);
            assert_eq!(found, (&json!(account), &json!(account)), "{spec}");
        }
    }

    #[test]
    fn a_toleration_may_only_change_how_long_it_lasts() {
        let pod = |tolerations: Value| json!({"spec": {"tolerations": tolerations, "containers": []}});
        let old = pod(json!([{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}]));
        for (wanted, fine) in [
            (json!([{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}]), true),
            (json!([{"key": "a", "operator": "Exists", "effect": "NoExecute"}, {"operator": "Exists"}]), true),
            (json!([{"key": "b", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}]), false),
            (json!([]), false),
        ] {
            let mut problems = Problems::default();
            validate_update(&old, &pod(wanted.clone()), &mut problems);
            assert_eq!(problems.is_empty(), fine, "{wanted}");
        }
    }
}
