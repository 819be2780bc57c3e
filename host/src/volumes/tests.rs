//! Tables of what a container sees.

use api::core::Pod;
use protocol::v1::Source;
use serde_json::{Value, json};

use super::*;

fn source(kind: Kind, name: &str, data: &[(&str, &str)]) -> Source {
    let data = data.iter().map(|(k, v)| ((*k).to_owned(), Bytes::from((*v).to_owned()))).collect();
    Source { kind: kind.into(), name: name.to_owned(), data }
}

/// What a container with this mount sees of this volume.
fn sees(mount: Value, mut volume: Value) -> Result<Wanted, String> {
    let mut mount = mount;
    mount["name"] = json!("v");
    volume["name"] = json!("v");
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": "p", "namespace": "n", "labels": {"b": "2", "a": "1\"x"}},
        "spec": {"volumes": [volume], "containers": [{
            "name": "c", "volumeMounts": [mount], "resources": {"limits": {"memory": "64Mi"}},
        }]},
    }))
    .expect("is a Pod");
    let sources = [
        source(Kind::ConfigMap, "m", &[("one", "1"), ("two", "2")]),
        source(Kind::Secret, "s", &[("key", "secret")]),
        source(Kind::ConfigMap, "bad", &[("..", "x")]),
        source(Kind::ServiceAccountToken, &protocol::token_source(Some("vault"), Some(600)), &[("token", "jwt")]),
    ];
    let scope = Scope {
        pod: &pod,
        sources: &sources,
        node_name: "node",
        host_ip: [127, 0, 0, 1].into(),
        pod_ip: None,
        cpu_millis: 1000,
        memory_bytes: 1 << 30,
    };
    let container = &pod.spec.as_ref().expect("has a spec").containers[0];
    let mut wanted = of(container, &scope).map_err(|refusal| format!("{}: {}", refusal.reason, refusal.message))?;
    Ok(wanted.remove(0))
}

fn files(volume: Value) -> Result<String, String> {
    let wanted = sees(json!({"mountPath": "/v"}), volume)?;
    let Content::Files(files) = wanted.content else { return Err("no files".to_owned()) };
    assert_eq!(wanted.access, Access::ReadOnly, "sources are not for guests to change");
    let text = files.iter().map(|(path, bytes)| format!("{path}={}", String::from_utf8_lossy(bytes)));
    Ok(text.collect::<Vec<_>>().join(" "))
}

#[test]
fn sources_become_files() {
    let labels = json!({"fieldRef": {"fieldPath": "metadata.labels"}, "path": "labels"});
    let memory = json!({"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}, "path": "memory"});
    for (volume, expected) in [
        (json!({"configMap": {"name": "m"}}), Ok("one=1 two=2")),
        (json!({"configMap": {"name": "m", "items": [{"key": "two", "path": "a/b"}]}}), Ok("a/b=2")),
        (json!({"configMap": {"name": "none", "optional": true}}), Ok("")),
        (json!({"configMap": {"name": "none"}}), Err("FailedMount: volume \"v\": configmap \"none\" not found")),
        (
            json!({"configMap": {"name": "m", "items": [{"key": "three", "path": "x"}]}}),
            Err("FailedMount: volume \"v\": configmap \"m\" has no key \"three\""),
        ),
        (json!({"secret": {"secretName": "s"}}), Ok("key=secret")),
        (json!({"downwardAPI": {"items": [labels, memory]}}), Ok("labels=a=\"1\\\"x\"\nb=\"2\" memory=64")),
        (
            json!({"projected": {"sources": [{"configMap": {"name": "m"}}, {"secret": {"name": "s"}}]}}),
            Ok("key=secret one=1 two=2"),
        ),
        (
            json!({"projected": {"sources": [
                {"serviceAccountToken": {"path": "a/token", "audience": "vault", "expirationSeconds": 600}},
            ]}}),
            Ok("a/token=jwt"),
        ),
        (
            json!({"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}),
            Err("FailedMount: volume \"v\": no token: the Pod's service account is not there"),
        ),
    ] {
        assert_eq!(files(volume.clone()), expected.map(str::to_owned).map_err(str::to_owned), "{volume}");
    }
}

// F48
#[test]
fn no_path_leads_out_of_its_volume() {
    for volume in [
        json!({"configMap": {"name": "bad"}}),
        json!({"configMap": {"name": "m", "items": [{"key": "one", "path": "../x"}]}}),
        json!({"configMap": {"name": "m", "items": [{"key": "one", "path": "a/../../x"}]}}),
        json!({"configMap": {"name": "m", "items": [{"key": "one", "path": "/etc/x"}]}}),
        json!({"configMap": {"name": "m", "items": [{"key": "one", "path": "..data"}]}}),
    ] {
        assert!(files(volume.clone()).is_err_and(|why| why.contains("is no path inside")), "{volume}");
    }
    for path in ["../x", "/x", "a/./b", "a//b"] {
        let refused = sees(json!({"mountPath": "/v", "subPath": path}), json!({"emptyDir": {}}));
        assert!(refused.is_err_and(|why| why.contains("subPath")), "{path}");
    }
}

#[test]
fn directories_may_be_written_unless_the_mount_says_otherwise() {
    let access = |mount: Value, volume: Value| sees(mount, volume).map(|wanted| wanted.access);
    let writable = json!({"mountPath": "/v"});
    let not = json!({"mountPath": "/v", "readOnly": true});
    assert_eq!(access(writable.clone(), json!({"emptyDir": {}})), Ok(Access::ReadWrite));
    assert_eq!(access(not.clone(), json!({"emptyDir": {}})), Ok(Access::ReadOnly));
    assert_eq!(access(not, json!({"hostPath": {"path": "/srv"}})), Ok(Access::ReadOnly));
    let refused = access(writable.clone(), json!({"hostPath": {"path": "/dev/null", "type": "CharDevice"}}));
    assert!(refused.is_err_and(|why| why.contains("CharDevice")));
    let refused = access(writable, json!({"nfs": {"server": "s", "path": "/"}}));
    assert!(refused.is_err_and(|why| why.contains("not supported")));
}
