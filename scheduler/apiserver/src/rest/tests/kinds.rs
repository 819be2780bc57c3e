//! Every mistake of the kinds that charts install, told at once and in Kubernetes' words.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::harness::{Cluster, SHOP};

const NETWORKING: &str = "/apis/networking.k8s.io/v1/namespaces/shop";

async fn check(path: &str, body: Value, expected: Expect) {
    let cluster = Cluster::new().await;
    let refused = cluster.post(path, &body).await.expect(422);
    let causes = refused["details"]["causes"].as_array().expect("causes").iter();
    let lines = causes.map(|cause| {
        format!("{}: {}", cause["field"].as_str().unwrap_or_default(), cause["message"].as_str().unwrap_or_default())
    });
    expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn ingresses() {
    let paths = json!([
        {"path": "api", "pathType": "Prefix", "backend": {}},
        {"path": "/a/../b", "pathType": "Exact", "backend": {"service": {"name": "Web", "port": {}}}},
        {"pathType": "Regex", "backend": {"service": {"name": "web", "port": {"number": 80, "name": "http"}}}},
        {"path": "/", "pathType": "", "backend": {"service": {"name": "web", "port": {"number": 70000}}}},
    ]);
    let rules = json!([{"host": "10.1.2.3"}, {"host": "*.Shop", "http": {"paths": paths}}, {"http": {"paths": []}}]);
    let body =
        json!({"metadata": {"name": "a"}, "spec": {"rules": rules, "tls": [{"hosts": ["-"], "secretName": "A"}]}});
    check(&format!("{NETWORKING}/ingresses"), body, expect![[r#"
        spec.rules[0].host: Invalid value: "10.1.2.3": must be a DNS name, not an IP address
        spec.rules[1].host: Invalid value: "*.Shop": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com')
        spec.rules[1].http.paths[0].path: Invalid value: "api": must be an absolute path
        spec.rules[1].http.paths[0].backend: Required value: resource or service backend is required
        spec.rules[1].http.paths[1].path: Invalid value: "/a/../b": must not contain '/../'
        spec.rules[1].http.paths[1].backend.service.name: Invalid value: "Web": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name', or 'abc-123')
        spec.rules[1].http.paths[1].backend.service.port: Required value: port name or number is required
        spec.rules[1].http.paths[2].pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"
        spec.rules[1].http.paths[2].backend.service.port: Invalid value: "": cannot set both port name & port number
        spec.rules[1].http.paths[3].pathType: Required value: pathType must be specified
        spec.rules[1].http.paths[3].backend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive
        spec.rules[2].http.paths: Required value
        spec.tls[0].hosts[0]: Invalid value: "-": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')
        spec.tls[0].secretName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')"#]]).await;
    let empty = json!({"metadata": {"name": "a"}, "spec": {}});
    check(
        &format!("{NETWORKING}/ingresses"),
        empty,
        expect!["spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"],
    )
    .await;
}

#[tokio::test]
async fn network_policies() {
    let block = json!({"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "11.0.0.0/16", "x"]});
    let body = json!({"metadata": {"name": "a"}, "spec": {
        "policyTypes": ["Ingress", "Sideways"],
        "ingress": [{"from": [{}, {"ipBlock": block, "podSelector": {}}, {"ipBlock": block}],
            "ports": [{"port": "web", "endPort": 90}, {"port": 80, "endPort": 70, "protocol": "ICMP"}, {"endPort": 1}]}],
    }});
    check(&format!("{NETWORKING}/networkpolicies"), body, expect![[r#"
        spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric
        spec.ingress[0].ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"
        spec.ingress[0].ports[1].endPort: Invalid value: 70: must be greater than or equal to `port`
        spec.ingress[0].ports[2].endPort: Invalid value: 1: may not be specified when `port` is not specified
        spec.ingress[0].from[0]: Required value: must specify a peer
        spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer
        spec.ingress[0].from[2].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr` "10.0.0.0/8"
        spec.ingress[0].from[2].ipBlock.except[2]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)
        spec.policyTypes[1]: Unsupported value: "Sideways": supported values: "Egress", "Ingress""#]]).await;
}

#[tokio::test]
async fn classes() {
    let parameters = json!({"kind": "", "name": "x", "scope": "Namespace"});
    let body = json!({"metadata": {"name": "a"}, "spec": {"controller": "nginx", "parameters": parameters}});
    check(
        "/apis/networking.k8s.io/v1/ingressclasses",
        body,
        expect![[r#"
        spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")
        spec.parameters.kind: Required value
        spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"#]],
    )
    .await;
    let body =
        json!({"metadata": {"name": "a"}, "provisioner": "a//b", "reclaimPolicy": "Keep", "volumeBindingMode": "Late"});
    check("/apis/storage.k8s.io/v1/storageclasses", body, expect![[r#"
        provisioner: Invalid value: "a//b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName', or 'my.name', or '123-abc')
        reclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Retain"
        volumeBindingMode: Unsupported value: "Late": supported values: "Immediate", "WaitForFirstConsumer""#]]).await;
    let body = json!({"metadata": {"name": "system-mine"}, "value": 2_000_000_000, "preemptionPolicy": "Always"});
    check("/apis/scheduling.k8s.io/v1/priorityclasses", body, expect![[r#"
        metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class
        preemptionPolicy: Unsupported value: "Always": supported values: "Never", "PreemptLowerPriority""#]]).await;
    let body = json!({"metadata": {"name": "large"}, "value": 1_000_000_001});
    check(
        "/apis/scheduling.k8s.io/v1/priorityclasses",
        body,
        expect!["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
    )
    .await;
    let tolerations = json!([{"operator": "Equal", "value": "x"}]);
    let body = json!({"metadata": {"name": "a"}, "handler": "A_b", "overhead": {"podFixed": {"cpu": "-1"}},
        "scheduling": {"tolerations": tolerations}});
    check("/apis/node.k8s.io/v1/runtimeclasses", body, expect![[r#"
        handler: Invalid value: "A_b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name', or '123-abc')
        overhead.podFixed[cpu]: Invalid value: "-1": must be greater than or equal to 0
        scheduling.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys""#]]).await;
}

#[tokio::test]
async fn quotas_and_limit_ranges() {
    let expression = json!({"scopeName": "BestEffort", "operator": "In", "values": []});
    let body = json!({"metadata": {"name": "a"}, "spec": {
        "hard": {"pods": "500m", "apples": "3", "cpu": "-1", "memory": "x"},
        "scopes": ["BestEffort", "NotBestEffort", "Sometimes"],
        "scopeSelector": {"matchExpressions": [expression]},
    }});
    check(&format!("{SHOP}/resourcequotas"), body, expect![[r#"
        spec.hard[apples]: Invalid value: "apples": must be a standard resource for quotas
        spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0
        spec.hard[memory]: Invalid value: "x": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
        spec.hard[pods]: Invalid value: "500m": must be an integer
        spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Sometimes"]: unsupported scope applied to resource
        spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Sometimes"]: unsupported scope applied to resource
        spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Sometimes"]: unsupported scope
        spec.scopes: Invalid value: ["BestEffort","NotBestEffort","Sometimes"]: conflicting scopes
        spec.scopeSelector.matchExpressions[0].operator: Invalid value: "In": must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity
        spec.scopeSelector.matchExpressions[0].values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"#]]).await;
    let limits = json!([
        {"type": "Pod", "default": {"cpu": "1"}},
        {"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}, "defaultRequest": {"cpu": "3"}},
        {"type": "Container", "maxLimitRequestRatio": {"cpu": "500m"}},
        {"type": "PersistentVolumeClaim"},
        {"type": "Thing"},
    ]);
    let body = json!({"metadata": {"name": "a"}, "spec": {"limits": limits}});
    check(&format!("{SHOP}/limitranges"), body, expect![[r#"
        spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'
        spec.limits[1].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1
        spec.limits[1].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than max value 1
        spec.limits[1].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than default limit value 1
        spec.limits[1].default[cpu]: Invalid value: "1": min value 2 is greater than default value 1
        spec.limits[2].type: Duplicate value: "Container"
        spec.limits[2].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1
        spec.limits[3]: Required value: either minimum or maximum storage value is required, but neither was provided
        spec.limits[4].type: Invalid value: "Thing": must be a standard limit type or fully qualified"#]]).await;
}

#[tokio::test]
async fn volumes_and_claims() {
    let body = json!({"metadata": {"name": "a"}, "spec": {
        "capacity": {"storage": "0", "cpu": "1"}, "accessModes": ["ReadSometimes"], "hostPath": {"path": "/a/../b"},
        "local": {"path": ""}, "persistentVolumeReclaimPolicy": "Keep", "volumeMode": "Tape",
    }});
    check("/api/v1/persistentvolumes", body, expect![[r#"
        spec.accessModes: Unsupported value: "ReadSometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"
        spec.capacity: Unsupported value: "cpu, storage": supported values: "storage"
        spec.capacity[storage]: Invalid value: "0": must be greater than zero
        spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Recycle", "Retain"
        spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"
        spec.local: Forbidden: may not specify more than 1 volume type
        spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'
        spec.local.path: Required value
        spec.nodeAffinity: Required value: Local volume requires node affinity"#]]).await;
    check(
        "/api/v1/persistentvolumes",
        json!({"metadata": {"name": "a"}, "spec": {}}),
        expect![[r#"
        spec.accessModes: Required value: at least 1 access mode is required
        spec.capacity: Required value
        spec: Required value: must specify a volume type"#]],
    )
    .await;
    let body = json!({"metadata": {"name": "a"}, "spec": {"accessModes": ["ReadWriteOncePod", "ReadWriteMany"],
        "storageClassName": "A", "volumeMode": "Tape"}});
    check(&format!("{SHOP}/persistentvolumeclaims"), body, expect![[r#"
        spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes
        spec.resources[storage]: Required value
        spec.storageClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')
        spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem""#]]).await;
}

#[tokio::test]
async fn what_is_for_life_may_not_change() {
    let cluster = Cluster::new().await;
    let volume = json!({"metadata": {"name": "v"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/data"}}});
    let claim = json!({"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}}}});
    let class = json!({"metadata": {"name": "s"}, "provisioner": "example.com/disk"});
    let rank = json!({"metadata": {"name": "p"}, "value": 1});
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}, "scopes": ["BestEffort"]}});
    for (path, body, patch, fine) in [
        ("/api/v1/persistentvolumes", &volume, json!({"spec": {"hostPath": {"path": "/other"}}}), false),
        ("/api/v1/persistentvolumes", &volume, json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}}), true),
        (
            "/api/v1/namespaces/shop/persistentvolumeclaims",
            &claim,
            json!({"spec": {"accessModes": ["ReadWriteMany"]}}),
            false,
        ),
        ("/api/v1/namespaces/shop/persistentvolumeclaims", &claim, json!({"spec": {"volumeName": "v"}}), true),
        ("/apis/storage.k8s.io/v1/storageclasses", &class, json!({"provisioner": "example.com/tape"}), false),
        ("/apis/storage.k8s.io/v1/storageclasses", &class, json!({"allowVolumeExpansion": true}), true),
        ("/apis/scheduling.k8s.io/v1/priorityclasses", &rank, json!({"value": 2}), false),
        ("/apis/scheduling.k8s.io/v1/priorityclasses", &rank, json!({"description": "x"}), true),
        ("/api/v1/namespaces/shop/resourcequotas", &quota, json!({"spec": {"scopes": ["NotBestEffort"]}}), false),
        ("/api/v1/namespaces/shop/resourcequotas", &quota, json!({"spec": {"hard": {"pods": "9"}}}), true),
    ] {
        let created = cluster.post(path, body).await;
        assert!([201, 409].contains(&created.code), "{}", created.text);
        let name = body["metadata"]["name"].as_str().expect("a name");
        let answer = cluster.merge(&format!("{path}/{name}"), &patch).await;
        assert_eq!(answer.code, if fine { 200 } else { 422 }, "{path} {patch} {}", answer.text);
    }
}
