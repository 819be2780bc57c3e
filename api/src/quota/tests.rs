//! What Pods, Services and claims count as, and what a quota asks to be said.

use serde_json::{Value, json};

use super::*;
use crate::resource::{CONFIG_MAPS, DEPLOYMENTS};

fn decode<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("decodes")
}

fn pod(spec: &Value) -> Pod {
    decode(json!({"spec": spec}))
}

fn shown(amounts: &Amounts) -> String {
    let parts: Vec<String> = amounts.iter().map(|(name, amount)| format!("{name}={}", show(name, *amount))).collect();
    parts.join(",")
}

#[test]
fn a_pod_counts_by_every_name() {
    let resources = json!({"requests": {"cpu": "500m", "memory": "64Mi", "x.io/gpu": 1}, "limits": {"memory": "1Gi"}});
    let spec =
        json!({"containers": [{"name": "a", "resources": resources}], "overhead": {"cpu": "250m", "memory": "1Mi"}});
    assert_eq!(
        shown(&usage(Subject::Pod(&pod(&spec)))),
        "count/pods=1,cpu=750m,limits.memory=1025Mi,memory=65Mi,pods=1,requests.cpu=750m,requests.memory=65Mi,\
         requests.x.io/gpu=1"
    );
    let finished: Pod = decode(json!({"spec": {"containers": []}, "status": {"phase": "Succeeded"}}));
    assert_eq!(shown(&usage(Subject::Pod(&finished))), "count/pods=1");
}

#[test]
fn services_claims_and_others_count_as_kubernetes_counts_them() {
    let service = |spec: Value| -> Service { decode(json!({"spec": spec})) };
    let ports = json!([{"port": 80}, {"port": 81}]);
    for (spec, expected) in [
        (json!({"type": "ClusterIP", "ports": ports}), "count/services=1,services=1"),
        (json!({"type": "NodePort", "ports": ports}), "count/services=1,services=1,services.nodeports=2"),
        (
            json!({"type": "LoadBalancer", "ports": ports}),
            "count/services=1,services=1,services.loadbalancers=1,services.nodeports=2",
        ),
    ] {
        assert_eq!(shown(&usage(Subject::Service(&service(spec)))), expected);
    }
    let spec = json!({"storageClassName": "gold", "resources": {"requests": {"storage": "3Gi"}}});
    let claim: PersistentVolumeClaim = decode(json!({"spec": spec}));
    assert_eq!(
        shown(&usage(Subject::Claim(&claim))),
        "count/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,\
         gold.storageclass.storage.k8s.io/requests.storage=3Gi,persistentvolumeclaims=1,requests.storage=3Gi"
    );
    assert_eq!(shown(&usage(Subject::Other(&CONFIG_MAPS))), "configmaps=1,count/configmaps=1");
    assert_eq!(shown(&usage(Subject::Other(&DEPLOYMENTS))), "count/deployments.apps=1");
}

#[test]
fn scopes_choose_pods_and_nothing_else() {
    let best_effort = pod(&json!({"containers": [{"name": "a"}]}));
    let paid = pod(&json!({
        "priorityClassName": "gold",
        "activeDeadlineSeconds": 5,
        "containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}],
    }));
    let scoped = |scope: &str| -> ResourceQuotaSpec { decode(json!({"scopes": [scope]})) };
    let selected = |operator: &str, values: Value| -> ResourceQuotaSpec {
        let expression = json!({"scopeName": "PriorityClass", "operator": operator, "values": values});
        decode(json!({"scopeSelector": {"matchExpressions": [expression]}}))
    };
    for (spec, expected) in [
        (decode(json!({})), (true, true, true)),
        (scoped("BestEffort"), (true, false, false)),
        (scoped("NotBestEffort"), (false, true, false)),
        (scoped("Terminating"), (false, true, false)),
        (scoped("NotTerminating"), (true, false, false)),
        (scoped("PriorityClass"), (false, true, false)),
        (scoped("CrossNamespacePodAffinity"), (false, false, false)),
        (selected("In", json!(["gold"])), (false, true, false)),
        (selected("NotIn", json!(["gold"])), (true, false, false)),
        (selected("DoesNotExist", json!([])), (true, false, false)),
    ] {
        let subjects = [Subject::Pod(&best_effort), Subject::Pod(&paid), Subject::Other(&CONFIG_MAPS)];
        let [a, b, c] = subjects.map(|subject| covers(&spec, subject));
        assert_eq!((a, b, c), expected, "{spec:?}");
    }
}

#[test]
fn what_a_quota_bounds_must_be_said_by_every_container() {
    let hard = Amounts::from([("limits.memory".to_owned(), 1), ("requests.cpu".to_owned(), 1), ("pods".to_owned(), 1)]);
    let said = json!({"requests": {"cpu": "1"}, "limits": {"memory": "1"}});
    let one = pod(
        &json!({"containers": [{"name": "b", "resources": said}, {"name": "a"}], "initContainers": [{"name": "i"}]}),
    );
    let found: Vec<String> = missing(&one, &hard).iter().map(|(name, who)| format!("{name} {who:?}")).collect();
    assert_eq!(found, [r#"limits.memory {"a", "i"}"#, r#"requests.cpu {"a", "i"}"#]);
    let whole = pod(&json!({"resources": said, "containers": [{"name": "a"}]}));
    assert!(missing(&whole, &hard).is_empty());
}

#[test]
fn counting_sums_what_is_bound() {
    let spec: ResourceQuotaSpec = decode(json!({"hard": {"pods": "5", "requests.cpu": "2", "secrets": "1"}}));
    let pods: Vec<Pod> = (0..3)
        .map(|_| {
            pod(&json!({"containers": [{"name": "a", "resources": {"requests": {"cpu": "100m", "memory": "1Mi"}}}]}))
        })
        .collect();
    let used = count(&spec, pods.iter().map(Subject::Pod));
    assert_eq!(shown(&used), "pods=3,requests.cpu=300m,secrets=0");
}
