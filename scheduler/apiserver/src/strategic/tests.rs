//! Strategic merge patches by table: directives, keys, order.

#![expect(clippy::needless_pass_by_value, reason = "a table of literals reads best")]

use api::resource::{DEPLOYMENTS, NODES, PODS, SERVICES};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check(resource: &Resource, current: Value, patch: Value, expected: Value) {
    let mut patched = current;
    apply(resource, &mut patched, &patch).expect("applies");
    // As text, so that the order of members and elements counts.
    assert_eq!(patched.to_string(), expected.to_string());
    apply(resource, &mut patched, &patch).expect("applies again");
    assert_eq!(patched.to_string(), expected.to_string(), "the second time changes nothing");
}

#[track_caller]
fn refuse(current: Value, patch: Value, expected: &str) {
    let mut current = current;
    assert_eq!(apply(&PODS, &mut current, &patch), Err(expected.to_owned()));
}

fn containers(list: Value) -> Value {
    json!({"spec": {"containers": list}})
}

#[test]
fn containers_merge_by_name_and_new_ones_stand_first() {
    // The example of "Update API Objects in Place Using kubectl patch".
    check(
        &DEPLOYMENTS,
        json!({"spec": {"template": {"spec": {"containers": [{"name": "patch-demo-ctr", "image": "nginx"}]}}}}),
        json!({"spec": {"template": {"spec": {"containers": [{"name": "patch-demo-ctr-2", "image": "redis"}]}}}}),
        json!({"spec": {"template": {"spec": {"containers": [
            {"name": "patch-demo-ctr-2", "image": "redis"}, {"name": "patch-demo-ctr", "image": "nginx"}]}}}}),
    );
}

#[test]
fn ports_and_env_merge_by_their_own_keys() {
    check(
        &PODS,
        containers(json!([{"name": "a", "image": "x:1", "ports": [{"containerPort": 80, "name": "http"}],
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}])),
        containers(json!([{"name": "a", "image": "x:2", "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "env": [{"name": "B", "value": "3"}, {"name": "A", "$patch": "delete"}]}])),
        containers(json!([{"name": "a", "image": "x:2",
            "ports": [{"containerPort": 80, "name": "http", "protocol": "TCP"}], "env": [{"name": "B", "value": "3"}]}])),
    );
    check(
        &SERVICES,
        json!({"spec": {"ports": [{"port": 80, "targetPort": 8080}, {"port": 443}]}}),
        json!({"spec": {"ports": [{"port": 80, "nodePort": 30080}]}}),
        json!({"spec": {"ports": [{"port": 80, "targetPort": 8080, "nodePort": 30080}, {"port": 443}]}}),
    );
}

#[test]
fn lists_without_a_key_are_replaced() {
    let toleration = |key: &str| json!({"key": key, "operator": "Exists"});
    check(
        &PODS,
        json!({"spec": {"tolerations": [toleration("a"), toleration("b")], "containers": [{"name": "a", "args": ["x", "y"]}]}}),
        json!({"spec": {"tolerations": [toleration("c")], "containers": [{"name": "a", "args": ["z"]}]}}),
        json!({"spec": {"tolerations": [toleration("c")], "containers": [{"name": "a", "args": ["z"]}]}}),
    );
}

#[test]
fn plain_values_merge_where_the_schema_says_so() {
    check(
        &PODS,
        json!({"metadata": {"finalizers": ["a", "b"]}}),
        json!({"metadata": {"finalizers": ["b", "c"]}}),
        json!({"metadata": {"finalizers": ["a", "b", "c"]}}),
    );
    check(
        &PODS,
        json!({"metadata": {"finalizers": ["a", "b", "c"]}}),
        json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["b"], "$setElementOrder/finalizers": ["c", "a"]}}),
        json!({"metadata": {"finalizers": ["c", "a"]}}),
    );
    check(
        &NODES,
        json!({"spec": {"podCIDRs": ["10.0.0.0/24"]}}),
        json!({"spec": {"podCIDRs": ["10.0.1.0/24"]}}),
        json!({"spec": {"podCIDRs": ["10.0.1.0/24", "10.0.0.0/24"]}}),
    );
}

#[test]
fn null_removes_and_absence_keeps() {
    check(
        &PODS,
        json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"nodeName": "n", "hostNetwork": true}}),
        json!({"metadata": {"labels": {"a": null, "c": "3", "d": null}}, "spec": {"nodeName": null, "affinity": null}}),
        json!({"metadata": {"labels": {"b": "2", "c": "3"}}, "spec": {"hostNetwork": true}}),
    );
}

#[test]
fn the_patch_may_replace_or_delete_whole_objects_and_lists() {
    check(
        &PODS,
        json!({"spec": {"securityContext": {"runAsUser": 1, "fsGroup": 2}, "affinity": {"nodeAffinity": {}}}}),
        json!({"spec": {"securityContext": {"$patch": "replace", "fsGroup": 3}, "affinity": {"$patch": "delete"}}}),
        json!({"spec": {"securityContext": {"fsGroup": 3}, "affinity": {}}}),
    );
    check(
        &PODS,
        containers(json!([{"name": "a"}, {"name": "b"}])),
        containers(json!([{"$patch": "replace"}, {"name": "c", "image": "x"}])),
        containers(json!([{"name": "c", "image": "x"}])),
    );
    check(
        &PODS,
        containers(json!([{"name": "a"}, {"name": "b"}, {"name": "c"}])),
        containers(json!([{"name": "b", "$patch": "delete"}, {"name": "never", "$patch": "delete"}])),
        containers(json!([{"name": "a"}, {"name": "c"}])),
    );
    check(
        &PODS,
        json!({"spec": {}}),
        json!({"spec": {"containers": [{"name": "a", "$patch": "delete"}, {"name": "b", "image": null}], "affinity": {"$patch": "delete"}}}),
        json!({"spec": {"containers": [{"name": "b"}]}}),
    );
    check(
        &PODS,
        json!({"spec": {"nodeSelector": {"a": "b"}}}),
        json!({"spec": {"nodeSelector": {"$patch": "merge", "c": "d"}}}),
        json!({"spec": {"nodeSelector": {"a": "b", "c": "d"}}}),
    );
}

#[test]
fn the_order_can_be_set() {
    check(
        &PODS,
        containers(json!([{"name": "a"}, {"name": "b"}, {"name": "c"}])),
        json!({"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "n"}, {"name": "a"}],
            "containers": [{"name": "n", "image": "x"}]}}),
        containers(json!([{"name": "b"}, {"name": "c"}, {"name": "n", "image": "x"}, {"name": "a"}])),
    );
    check(
        &PODS,
        json!({"spec": {}}),
        json!({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
            "containers": [{"name": "b"}, {"name": "a"}]}}),
        containers(json!([{"name": "b"}, {"name": "a"}])),
    );
    check(
        &PODS,
        containers(json!([{"name": "a"}, {"name": "b"}])),
        json!({"spec": {"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a", "$patch": "delete"}]}}),
        containers(json!([{"name": "b"}])),
    );
}

#[test]
fn what_kubectl_apply_sends_is_understood() {
    // kubectl 1.37 removes container a, changes the image of b and adds c.
    let template = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    check(
        &DEPLOYMENTS,
        template(json!({"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1", "tty": true}]})),
        template(json!({
            "$setElementOrder/containers": [{"name": "b"}, {"name": "c"}],
            "containers": [{"image": "b:2", "name": "b"}, {"image": "c:1", "name": "c", "ports": [{"containerPort": 80}]},
                {"$patch": "delete", "name": "a"}],
        })),
        template(json!({"containers": [{"name": "b", "image": "b:2", "tty": true},
            {"image": "c:1", "name": "c", "ports": [{"containerPort": 80}]}]})),
    );
}

#[test]
fn retained_keys_make_unions_change_sides() {
    check(
        &DEPLOYMENTS,
        json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}),
        json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}),
        json!({"spec": {"strategy": {"type": "Recreate"}}}),
    );
    check(
        &PODS,
        json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}),
        json!({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]}}),
        json!({"spec": {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}}),
    );
}

#[test]
fn fields_outside_the_schema_merge_as_plain_json() {
    check(
        &PODS,
        json!({"later": {"a": 1, "list": [1, 2]}, "spec": {"x": "text"}}),
        json!({"later": {"b": 2, "list": [3]}, "spec": {"x": {"y": {"z": null}}}}),
        json!({"later": {"a": 1, "list": [3], "b": 2}, "spec": {"x": {"y": {}}}}),
    );
}

#[test]
fn refusals_say_where() {
    refuse(json!({}), json!([]), "a strategic merge patch must be an object");
    refuse(
        containers(json!([{"name": "a"}])),
        containers(json!([{"image": "x"}])),
        r#"spec.containers: {"image":"x"} does not contain declared merge key "name""#,
    );
    refuse(containers(json!([{"name": "a"}])), containers(json!(["a"])), r#"spec.containers: "a" is not an object"#);
    refuse(
        json!({"spec": {"affinity": {}}}),
        json!({"spec": {"affinity": {"$patch": "explode"}}}),
        r#"spec.affinity: $patch: "explode" is not delete, replace or merge"#,
    );
    refuse(
        json!({"spec": {"affinity": {}}}),
        json!({"spec": {"affinity": {"$retainKeys": [], "nodeAffinity": {}}}}),
        r#"spec.affinity: $retainKeys must list "nodeAffinity", which the patch sets"#,
    );
    refuse(
        containers(json!([{"name": "a"}, {"name": "b"}])),
        json!({"spec": {"$setElementOrder/containers": [{"name": "a"}, {"name": "b"}],
            "containers": [{"name": "b"}, {"name": "a"}]}}),
        r#"spec.containers: the order in the patch's list does not match $setElementOrder at "a""#,
    );
}

/// Objects and patches from a small vocabulary, so that they meet each other.
fn pod() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let env = prop::collection::vec((name.clone(), 0..3), 0..4)
        .prop_map(|env| env.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect::<Vec<_>>());
    let container = (name.clone(), env).prop_map(|(name, env)| json!({"name": name, "env": env}));
    let names = prop::collection::vec(name, 0..4);
    (prop::collection::vec(container, 0..4), names.clone(), names).prop_map(|(mut containers, finalizers, args)| {
        unique(&mut containers);
        json!({"metadata": {"finalizers": finalizers}, "spec": {"containers": containers, "x": args}})
    })
}

fn unique(elements: &mut Vec<Value>) {
    let mut seen = std::collections::HashSet::new();
    elements.retain(|element| seen.insert(element["name"].to_string()));
    for env in elements.iter_mut().filter_map(|element| element["env"].as_array_mut()) {
        let mut seen = std::collections::HashSet::new();
        env.retain(|element| seen.insert(element["name"].to_string()));
    }
}

/// A pod's patch, with some of its elements turned into deletions.
fn patch() -> impl Strategy<Value = Value> {
    (pod(), prop::collection::vec(any::<bool>(), 4), any::<bool>()).prop_map(|(mut patch, deletes, nulls)| {
        let containers = patch["spec"]["containers"].as_array_mut().expect("a list");
        for (container, _) in containers.iter_mut().zip(deletes).filter(|(_, delete)| *delete) {
            container["$patch"] = "delete".into();
        }
        if nulls {
            patch["metadata"] = Value::Null;
        }
        patch
    })
}

proptest! {
    #[test]
    fn an_empty_patch_changes_nothing(current in pod()) {
        let mut patched = current.clone();
        apply(&PODS, &mut patched, &json!({})).expect("applies");
        prop_assert_eq!(patched, current);
    }

    #[test]
    fn applying_twice_is_applying_once(current in pod(), patch in patch()) {
        let mut once = current;
        apply(&PODS, &mut once, &patch).expect("applies");
        let mut twice = once.clone();
        apply(&PODS, &mut twice, &patch).expect("applies");
        prop_assert_eq!(once.to_string(), twice.to_string());
    }

    #[test]
    fn no_directive_survives(current in pod(), patch in patch()) {
        let mut patched = current;
        apply(&PODS, &mut patched, &patch).expect("applies");
        prop_assert!(!patched.to_string().contains('$'), "{}", patched);
    }
}
