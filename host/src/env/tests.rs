//! What a container gets as its environment, and what stops it from starting.

use super::*;
use serde_json::{Value, json};

fn pod(container: &Value) -> Pod {
    serde_json::from_value(json!({
        "metadata": {
            "name": "web-1", "namespace": "shop", "uid": "u-1",
            "labels": {"app": "web"}, "annotations": {"insula.dev/reuse": "requests=2"},
        },
        "spec": {"nodeName": "n1", "serviceAccountName": "robot", "containers": [container]},
    }))
    .expect("is a Pod")
}

fn source(kind: source::Kind, name: &str, data: &[(&str, &[u8])]) -> Source {
    let data = data.iter().map(|(k, v)| ((*k).to_owned(), Bytes::copy_from_slice(v))).collect();
    Source { kind: kind.into(), name: name.to_owned(), data }
}

fn check(parts: &Value) -> Result<String, String> {
    let mut container = json!({"name": "c", "image": "i"});
    for (key, value) in parts.as_object().expect("is an object") {
        container[key] = value.clone();
    }
    let pod = pod(&container);
    let sources = [
        source(source::Kind::ConfigMap, "conf", &[("MODE", b"fast"), ("bad=key", b"x"), ("blob", b"\xff")]),
        source(source::Kind::ConfigMap, "plain", &[("MODE", b"fast"), ("bad=key", b"x")]),
        source(source::Kind::Secret, "keys", &[("TOKEN", b"s3cret")]),
    ];
    let scope = Scope {
        pod: &pod,
        sources: &sources,
        node_name: "n1",
        host_ip: [127, 0, 0, 1].into(),
        pod_ip: Some([127, 64, 0, 9].into()),
        cpu_millis: 2000,
        memory_bytes: 1 << 30,
    };
    let resolved = resolve(&pod.spec.as_ref().expect("has a spec").containers[0], &scope)?;
    Ok(resolved.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" "))
}

fn one(value_from: &Value) -> Result<String, String> {
    check(&json!({"env": [{"name": "X", "valueFrom": value_from}]}))
}

#[test]
fn references_are_expanded_in_the_order_written() {
    for (written, expected) in [
        (json!([{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)2"}]), "A=1 B=12"),
        (json!([{"name": "B", "value": "$(A)2"}, {"name": "A", "value": "1"}]), "A=1 B=$(A)2"),
        (json!([{"name": "A", "value": "$$(A) $ $x $(A"}]), "A=$(A) $ $x $(A"),
        (json!([{"name": "A", "value": "$(NOPE)$$$$"}]), "A=$(NOPE)$$"),
        (json!([{"name": "A"}, {"name": "A", "value": "last"}]), "A=last"),
        (json!([{"name": "A", "value": "ü$(B)ü$"}]), "A=ü$(B)ü$"),
    ] {
        assert_eq!(check(&json!({"env": written})), Ok(expected.to_owned()));
    }
}

#[test]
fn env_overrides_env_from() {
    let parts = json!({
        "envFrom": [{"configMapRef": {"name": "plain"}}, {"prefix": "P_", "secretRef": {"name": "keys"}}],
        "env": [{"name": "MODE", "value": "slow"}, {"name": "URL", "value": "x?t=$(P_TOKEN)"}],
    });
    assert_eq!(check(&parts), Ok("MODE=slow P_TOKEN=s3cret URL=x?t=s3cret".to_owned()));
    let optional = json!({"envFrom": [{"configMapRef": {"name": "none", "optional": true}}]});
    assert_eq!(check(&optional), Ok(String::new()));
    let required = json!({"envFrom": [{"secretRef": {"name": "none"}}]});
    assert_eq!(check(&required), Err("secret \"none\" not found".to_owned()));
}

// C56
#[test]
fn keys_are_looked_up_and_missing_ones_are_named() {
    assert_eq!(one(&json!({"configMapKeyRef": {"name": "conf", "key": "MODE"}})), Ok("X=fast".to_owned()));
    assert_eq!(one(&json!({"secretKeyRef": {"name": "keys", "key": "TOKEN"}})), Ok("X=s3cret".to_owned()));
    assert_eq!(one(&json!({"secretKeyRef": {"name": "keys", "key": "NO", "optional": true}})), Ok(String::new()));
    for (from, why) in [
        (json!({"configMapKeyRef": {"name": "conf", "key": "NO"}}), "couldn't find key NO in ConfigMap shop/conf"),
        (json!({"secretKeyRef": {"name": "keys", "key": "NO"}}), "couldn't find key NO in Secret shop/keys"),
        (json!({"configMapKeyRef": {"name": "none", "key": "MODE"}}), "configmap \"none\" not found"),
        (
            json!({"configMapKeyRef": {"name": "conf", "key": "blob"}}),
            "key blob of ConfigMap conf is not UTF-8, which a component's environment has to be",
        ),
        (
            json!({"fieldRef": {"fieldPath": "spec.color"}}),
            "fieldRef \"spec.color\" is not a field that can be referred to",
        ),
    ] {
        assert_eq!(one(&from), Err(why.to_owned()));
    }
}

#[test]
fn fields_of_the_pod_can_be_referred_to() {
    for (path, value) in [
        ("metadata.name", "web-1"),
        ("metadata.namespace", "shop"),
        ("metadata.uid", "u-1"),
        ("metadata.labels['app']", "web"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['insula.dev/reuse']", "requests=2"),
        ("spec.nodeName", "n1"),
        ("spec.serviceAccountName", "robot"),
        ("status.podIP", "127.64.0.9"),
        ("status.hostIP", "127.0.0.1"),
    ] {
        assert_eq!(one(&json!({"fieldRef": {"fieldPath": path}})), Ok(format!("X={value}")), "{path}");
    }
}

#[test]
fn resources_are_counted_in_divisors_rounded_up() {
    let with = |resource: &str, divisor: &str| {
        check(&json!({
            "resources": {"limits": {"cpu": "1500m", "memory": "65Mi"}, "requests": {"cpu": "250m"}},
            "env": [{"name": "X", "valueFrom": {"resourceFieldRef": {"resource": resource, "divisor": divisor}}}],
        }))
    };
    for (resource, divisor, value) in [
        ("limits.cpu", "0", "2"),
        ("limits.cpu", "1m", "1500"),
        ("requests.cpu", "1m", "250"),
        ("limits.memory", "1Mi", "65"),
        ("limits.memory", "1Gi", "1"),
        ("requests.memory", "1Mi", "65"),
    ] {
        assert_eq!(with(resource, divisor), Ok(format!("X={value}")), "{resource}/{divisor}");
    }
    assert_eq!(
        one(&json!({"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}})),
        Ok("X=1024".to_owned())
    );
    assert!(with("limits.gold", "1").is_err());
    assert!(with("limits.cpu", "-1").is_err());
}
