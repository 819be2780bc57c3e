//! Where a kind keeps the template of its Pods.

use serde_json::{Value, json};

use crate::value::items;

/// The pointer to the Pod's `spec` within an object of the kind; none if it runs no Pods.
pub(crate) fn pod_spec(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Pod" => "/spec",
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ReplicationController" | "Job" => {
            "/spec/template/spec"
        }
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => return None,
    })
}

/// An object with nothing but `value` at the pointer.
pub(crate) fn nested(pointer: &str, value: Value) -> Value {
    pointer.rsplit('/').filter(|key| !key.is_empty()).fold(value, |inner, key| json!({ key: inner }))
}

/// The names of the containers of a Pod's spec that `wanted` names; `*` is all of them.
pub(crate) fn containers(pod_spec: &Value, wanted: &str) -> Vec<String> {
    let names = items(pod_spec, "/containers").filter_map(|container| container["name"].as_str());
    names.filter(|name| wanted == "*" || wanted == *name).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_nested_where_the_kind_keeps_its_template() {
        let at = pod_spec("CronJob").expect("has Pods");
        assert_eq!(nested(at, json!(1)), json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": 1}}}}}));
        assert_eq!(nested("", json!(1)), json!(1));
        assert_eq!(pod_spec("ConfigMap"), None);
    }

    #[test]
    fn a_star_names_every_container() {
        let spec = json!({"containers": [{"name": "a"}, {"name": "b"}]});
        assert_eq!(containers(&spec, "*"), ["a", "b"]);
        assert_eq!(containers(&spec, "b"), ["b"]);
        assert!(containers(&spec, "c").is_empty());
    }
}
