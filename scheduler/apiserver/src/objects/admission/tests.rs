//! Admission as tables: priorities, classes, limit ranges.

use api::core::LimitRange;
use api::scheduling::PriorityClass;
use serde_json::{Value, json};

use super::{classes, limits, memory, priority, runtime_class};

fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("decodes")
}

fn class(name: &str, value: i32, policy: &str) -> PriorityClass {
    typed(json!({"metadata": {"name": name}, "value": value, "globalDefault": true, "preemptionPolicy": policy}))
}

#[test]
fn a_pod_gets_the_number_of_its_class_and_may_not_contradict_it() {
    let high = class("high", 7, "Never");
    for (spec, expected) in [
        (json!({}), Ok(json!({"priorityClassName": "high", "priority": 7, "preemptionPolicy": "Never"}))),
        (json!({"priority": 7}), Ok(json!({"priority": 7, "priorityClassName": "high", "preemptionPolicy": "Never"}))),
        (json!({"priority": 8}), Err("the integer value of priority (8)")),
        (json!({"preemptionPolicy": "PreemptLowerPriority"}), Err("the string value of PreemptionPolicy")),
    ] {
        let mut pod = json!({"spec": spec});
        let found = priority::resolve(Some(&high), &mut pod).map(|()| pod["spec"].clone());
        match (found, expected) {
            (Err(why), Err(start)) => assert!(why.starts_with(start), "{why}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned)),
        }
    }
    let mut plain = json!({"spec": {}});
    priority::resolve(None, &mut plain).expect("resolves");
    assert_eq!(plain["spec"], json!({"priority": 0, "preemptionPolicy": "PreemptLowerPriority"}));
    let least = priority::default_of(&[class("b", 9, "Never"), class("a", 3, "Never")]).expect("one");
    assert_eq!(least.metadata.name.as_deref(), Some("a"));
}

// F39
#[test]
fn a_pod_is_told_the_memory_of_its_namespace_and_cannot_choose_it() {
    let namespace = json!({"metadata": {"annotations": {"insula.dev/memory-limit": "2Gi"}}});
    let wished = json!({"metadata": {"annotations": {"a": "b", "insula.dev/namespace-memory-limit": "9Ti"}}});
    for (namespace, pod, annotations) in [
        (Some(&namespace), json!({"metadata": {}}), json!({"insula.dev/namespace-memory-limit": "2Gi"})),
        (Some(&namespace), wished.clone(), json!({"a": "b", "insula.dev/namespace-memory-limit": "2Gi"})),
        (None, wished, json!({"a": "b"})),
    ] {
        let mut pod = pod;
        memory::give_limit(namespace, &mut pod);
        assert_eq!(pod["metadata"]["annotations"], annotations);
    }
}

#[test]
fn a_runtime_class_adds_where_a_pod_may_run_and_what_it_costs() {
    let class = typed(json!({
        "metadata": {"name": "walled"},
        "handler": "wasm-isolated",
        "overhead": {"podFixed": {"memory": "8Mi"}},
        "scheduling": {"nodeSelector": {"walls": "yes"}, "tolerations": [{"key": "w", "operator": "Exists"}]},
    }));
    let merged = |pod: Value| {
        let mut pod = pod;
        runtime_class::merge(Some(&class), &mut pod).map(|()| pod)
    };
    let pod = merged(json!({"metadata": {}, "spec": {"nodeSelector": {"a": "b"}}})).expect("merges");
    let tolerations = json!([{"key": "w", "operator": "Exists"}]);
    assert_eq!(
        pod["spec"],
        json!({"nodeSelector": {"a": "b", "walls": "yes"}, "overhead": {"memory": "8Mi"}, "tolerations": tolerations})
    );
    assert_eq!(pod["metadata"]["annotations"]["insula.dev/runtime-handler"], "wasm-isolated");
    assert_eq!(merged(pod.clone()).as_ref(), Ok(&pod), "once is as good as twice");
    for (spec, why) in [
        (json!({"nodeSelector": {"walls": "no"}}), "conflict: runtimeClass.scheduling.nodeSelector[walls] = yes"),
        (json!({"overhead": {"memory": "9Mi"}}), "pod rejected: Pod's Overhead doesn't match"),
    ] {
        assert!(merged(json!({"spec": spec})).is_err_and(|found| found.starts_with(why)), "{why}");
    }
    let mut own = json!({"metadata": {"annotations": {"insula.dev/runtime-handler": "x"}}, "spec": {}});
    runtime_class::merge(None, &mut own).expect("merges");
    assert_eq!(own["metadata"]["annotations"], json!({}), "nobody chooses a handler past the classes");
    let mut cheat = json!({"spec": {"overhead": {"cpu": "1"}}});
    assert!(runtime_class::merge(None, &mut cheat).is_err());
}

fn range(items: &Value) -> LimitRange {
    typed(json!({"spec": {"limits": items}}))
}

#[test]
fn a_container_that_asks_for_nothing_gets_the_default() {
    let range = range(&json!([
        {"type": "Container", "default": {"cpu": "1", "memory": "1Gi"}, "defaultRequest": {"cpu": "100m"}},
    ]));
    let own = json!({"limits": {"cpu": "2"}, "requests": {"cpu": "2"}});
    let mut pod = json!({
        "metadata": {},
        "spec": {"containers": [{"name": "a"}, {"name": "b", "resources": own}], "initContainers": [{"name": "i"}]},
    });
    limits::give_defaults(&range, &mut pod);
    let both = json!({"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "1Gi"}});
    assert_eq!(pod["spec"]["containers"][0]["resources"], both);
    assert_eq!(
        pod["spec"]["containers"][1]["resources"],
        json!({"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "2"}})
    );
    assert_eq!(pod["spec"]["initContainers"][0]["resources"], both);
    assert_eq!(
        pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container a; cpu, memory limit for container a; memory limit for \
         container b; cpu request for init container i; cpu, memory limit for init container i"
    );
}

#[test]
fn everything_out_of_range_is_told_in_kubernetes_words() {
    let range = range(&json!([
        {"type": "Container", "min": {"cpu": "100m"}, "max": {"cpu": "1"}, "maxLimitRequestRatio": {"memory": "2"}},
        {"type": "Pod", "max": {"memory": "1Gi"}},
        {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}},
    ]));
    let check = |resources: Value| {
        let pod = typed(json!({"spec": {"containers": [{"name": "a", "resources": resources}]}}));
        limits::verdict(limits::of_pod(&range, &pod).into_iter())
    };
    let fine = json!({"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}});
    assert_eq!(check(fine), Ok(()));
    let small = json!({"requests": {"cpu": "50m", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "3Gi"}});
    assert_eq!(
        check(small).expect_err("refused"),
        "[minimum cpu usage per Container is 100m, but request is 50m, maximum cpu usage per Container is 1, but limit \
         is 2, memory max limit to request ratio per Container is 2, but provided ratio is 3.000000, maximum memory \
         usage per Pod is 1Gi, but limit is 3Gi]"
    );
    assert_eq!(
        check(json!({})).expect_err("refused"),
        "[minimum cpu usage per Container is 100m.  No request is specified, maximum cpu usage per Container is 1.  No \
         limit is specified, memory max limit to request ratio per Container is 2, but no request is specified or \
         request is 0, maximum memory usage per Pod is 1Gi.  No limit is specified]"
    );
    for (storage, why) in [
        ("1Gi", None),
        ("512Mi", Some("minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi")),
        ("3Gi", Some("maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi")),
    ] {
        let claim = typed(json!({"spec": {"resources": {"requests": {"storage": storage}}}}));
        assert_eq!(limits::of_claim(&range, &claim).first().map(String::as_str), why);
    }
}

#[test]
fn of_several_default_classes_the_newest_counts() {
    let class = |name: &str, created: &str, is_default: &str| {
        let mark = json!({"storageclass.kubernetes.io/is-default-class": is_default});
        json!({"metadata": {"name": name, "creationTimestamp": created, "annotations": mark}})
    };
    let all = [
        class("a", "2026-01-01T00:00:00Z", "true"),
        class("b", "2026-01-02T00:00:00Z", "true"),
        class("c", "2026-01-03T00:00:00Z", "false"),
    ];
    assert_eq!(classes::default_of(&api::resource::STORAGE_CLASSES, &all).as_deref(), Some("b"));
    assert_eq!(classes::default_of(&api::resource::INGRESS_CLASSES, &all), None);
}
