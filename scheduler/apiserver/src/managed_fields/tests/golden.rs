//! What is documented: `kubernetes.io/docs/reference/using-api/server-side-apply` and KEP-555.

use api::resource::{CONFIG_MAPS, DEPLOYMENTS, PODS};

use super::*;

#[test]
fn managers_share_what_they_agree_on_and_conflict_about_the_rest() {
    let mut map = Cluster::new(&CONFIG_MAPS);
    map.force("one", &data(&json!({"a": "1", "b": "1"})));
    assert_eq!(
        map.apply("two", &data(&json!({"a": "2", "b": "1", "c": "1"})), Conflicts::Refuse),
        Err(vec![".data.a \"one\"".to_owned()])
    );
    map.check(&data(&json!({"a": "1", "b": "1"})), &[("one applies", &[".data.a", ".data.b"])]);
    map.apply("two", &data(&json!({"b": "1", "c": "1"})), Conflicts::Refuse).expect("they agree");
    map.check(
        &data(&json!({"a": "1", "b": "1", "c": "1"})),
        &[("one applies", &[".data.a", ".data.b"]), ("two applies", &[".data.b", ".data.c"])],
    );
    map.force("two", &data(&json!({"a": "2", "c": "1"})));
    map.check(
        &data(&json!({"a": "2", "b": "1", "c": "1"})),
        &[("one applies", &[".data.b"]), ("two applies", &[".data.a", ".data.c"])],
    );
}

#[test]
fn what_a_manager_gives_up_goes_unless_another_has_it() {
    let mut map = Cluster::new(&CONFIG_MAPS);
    map.force("one", &data(&json!({"a": "1", "b": "1"})));
    map.force("two", &data(&json!({"b": "1"})));
    map.force("one", &data(&json!({"c": "1"})));
    map.check(&data(&json!({"b": "1", "c": "1"})), &[("one applies", &[".data.c"]), ("two applies", &[".data.b"])]);
    map.force("two", &json!({}));
    map.check(&data(&json!({"c": "1"})), &[("one applies", &[".data.c"])]);
    map.force("one", &json!({"metadata": {"name": "x"}}));
    map.check(&json!({"metadata": {"name": "x"}}), &[]);
}

#[test]
fn who_writes_a_field_takes_it() {
    let mut map = Cluster::new(&CONFIG_MAPS);
    map.force("one", &data(&json!({"a": "1", "b": "1"})));
    map.update(Some("edit"), &data(&json!({"a": "2", "b": "1", "c": "1"})));
    map.check(
        &data(&json!({"a": "2", "b": "1", "c": "1"})),
        &[("edit updates", &[".data.a", ".data.c"]), ("one applies", &[".data.b"])],
    );
    let again = data(&json!({"a": "1", "b": "1"}));
    assert_eq!(map.apply("one", &again, Conflicts::Refuse), Err(vec![".data.a \"edit\" using v1".to_owned()]));
    map.apply("one", &data(&json!({"b": "1"})), Conflicts::Refuse).expect("a is not asked for");
    map.force("one", &again);
    map.check(
        &data(&json!({"a": "1", "b": "1", "c": "1"})),
        &[("edit updates", &[".data.c"]), ("one applies", &[".data.a", ".data.b"])],
    );
    map.update(None, &data(&json!({"a": "3"})));
    map.check(&data(&json!({"a": "3"})), &[]);
}

/// The documented way to hand replicas over to an autoscaler. C9
#[test]
fn replicas_are_handed_over() {
    let deployment = |replicas: Option<u32>| {
        let mut object = json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x"}]}}}});
        if let Some(replicas) = replicas {
            object["spec"]["replicas"] = json!(replicas);
        }
        object
    };
    let mut web = Cluster::new(&DEPLOYMENTS);
    web.force("kubectl", &deployment(Some(3)));
    web.update(Some("autoscaler"), &deployment(Some(7)));
    let conflict = web.apply("kubectl", &deployment(Some(3)), Conflicts::Refuse);
    assert_eq!(conflict, Err(vec![".spec.replicas \"autoscaler\" using v1".to_owned()]));
    web.apply("kubectl", &deployment(None), Conflicts::Refuse).expect("no conflict");
    assert_eq!(web.live()["spec"]["replicas"], 7);
    // An applier that gives up what nobody else has takes it along.
    let mut web = Cluster::new(&DEPLOYMENTS);
    web.force("kubectl", &deployment(Some(3)));
    web.force("kubectl", &deployment(None));
    assert_eq!(web.live()["spec"]["replicas"], Value::Null);
}

#[test]
fn lists_are_shared_by_their_keys() {
    let pod = |containers: &Value| json!({"spec": {"containers": containers}});
    let mut web = Cluster::new(&PODS);
    web.force("one", &pod(&json!([{"name": "a", "image": "x", "ports": [{"containerPort": 80}]}])));
    web.force(
        "two",
        &pod(&json!([{"name": "b", "image": "y"}, {"name": "a", "ports": [{"containerPort": 80, "protocol": "UDP"}]}])),
    );
    let ports = json!([{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]);
    let live = pod(&json!([{"name": "b", "image": "y"}, {"name": "a", "image": "x", "ports": ports}]));
    assert_eq!(web.live(), live);
    web.force("one", &pod(&json!([])));
    let ports = json!([{"containerPort": 80, "protocol": "UDP"}]);
    web.check(
        &pod(&json!([{"name": "b", "image": "y"}, {"name": "a", "ports": ports}])),
        &[(
            "two applies",
            &[
                ".spec.containers[name=\"a\"].name",
                ".spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"UDP\"].containerPort",
                ".spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"UDP\"].protocol",
                ".spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"UDP\"]",
                ".spec.containers[name=\"a\"]",
                ".spec.containers[name=\"b\"].image",
                ".spec.containers[name=\"b\"].name",
                ".spec.containers[name=\"b\"]",
            ],
        )],
    );
}

#[test]
fn atomic_values_are_owned_whole() {
    let pod = |args: &Value, selector: &Value| json!({"spec": {"nodeSelector": selector, "containers": [{"name": "a", "args": args}]}});
    let mut web = Cluster::new(&PODS);
    web.force("one", &pod(&json!(["1", "2"]), &json!({"a": "1"})));
    let other = pod(&json!(["1", "2", "3"]), &json!({"b": "1"}));
    assert_eq!(
        web.apply("two", &other, Conflicts::Refuse),
        Err(vec![".spec.containers[name=\"a\"].args \"one\"".to_owned(), ".spec.nodeSelector \"one\"".to_owned()])
    );
    web.force("two", &other);
    assert_eq!(web.live(), other);
}

#[test]
fn sets_are_shared_by_their_values() {
    let map = |names: &[&str]| json!({"metadata": {"finalizers": names}});
    let mut held = Cluster::new(&CONFIG_MAPS);
    held.force("one", &map(&["a/a", "b/b"]));
    held.force("two", &map(&["b/b", "c/c"]));
    assert_eq!(held.live(), map(&["a/a", "b/b", "c/c"]));
    held.force("one", &json!({}));
    held.check(
        &map(&["b/b", "c/c"]),
        &[("two applies", &[".metadata.finalizers[=\"b/b\"]", ".metadata.finalizers[=\"c/c\"]"])],
    );
}

#[test]
fn an_object_without_managers_gets_one_at_its_first_apply() {
    let mut map = Cluster::new(&CONFIG_MAPS);
    map.update(None, &data(&json!({"a": "1", "b": "1"})));
    map.update(Some("edit"), &data(&json!({"a": "1", "b": "2"})));
    map.check(&data(&json!({"a": "1", "b": "2"})), &[]);
    let wanted = data(&json!({"a": "1", "b": "1"}));
    assert_eq!(
        map.apply("kubectl", &wanted, Conflicts::Refuse),
        Err(vec![".data.b \"before-first-apply\" using v1".to_owned()])
    );
    map.force("kubectl", &wanted);
    map.check(
        &wanted,
        &[("before-first-apply updates", &[".data.a", ".data"]), ("kubectl applies", &[".data.a", ".data.b"])],
    );
}

#[test]
fn kubectl_moves_from_client_side_to_server_side_without_conflicts() {
    let annotated = |data: &Value, applied: &Value| {
        let text = format!("{}\n", json!({"data": applied}));
        json!({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": text}}, "data": data})
    };
    let mut map = Cluster::new(&CONFIG_MAPS);
    let ours = json!({"a": "1", "b": "1"});
    map.update(Some("kubectl-client-side-apply"), &annotated(&ours, &ours));
    map.apply("flux", &data(&json!({"a": "2"})), Conflicts::Refuse).expect_err("not everyone is kubectl");
    let wanted = json!({"a": "2", "b": "1"});
    map.apply("kubectl", &data(&wanted), Conflicts::Refuse).expect("what is as it was applied is kubectl's own");
    assert_eq!(map.live(), annotated(&wanted, &wanted), "the way back stays open");
    map.update(Some("edit"), &annotated(&json!({"a": "3", "b": "1"}), &wanted));
    let conflict = map.apply("kubectl", &data(&wanted), Conflicts::Refuse);
    assert_eq!(conflict, Err(vec![".data.a \"edit\" using v1".to_owned()]), "what another has changed is not");
}

#[test]
fn identity_and_status_are_nobodys() {
    let mut web = Cluster::new(&PODS);
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "n", "uid": "u", "generation": 1, "labels": {"a": "b"}},
        "spec": {"nodeName": "x"},
        "status": {"phase": "Running"},
    });
    web.update(Some("kubectl"), &pod);
    web.check(&pod, &[("kubectl updates", &[".metadata.labels.a", ".metadata.labels", ".spec.nodeName"])]);
}
