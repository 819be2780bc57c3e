//! Pages as they are read.

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "tables read better")]
fn check(kind: &str, object: Value, events: &[Value], related: &[Value], wanted: Expect) {
    let now = "2026-01-01T00:10:00Z".parse().expect("a time");
    wanted.assert_eq(&page(kind, &Subject { object: &object, events, related, now }));
}

#[test]
fn any_kind_has_a_page() {
    let object = json!({
        "apiVersion": "example.org/v1", "kind": "Well",
        "metadata": { "name": "a", "namespace": "n", "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [1] },
        "spec": { "deepMetres": 7, "pumps": [{ "name": "x", "on": true }, { "name": "y" }], "tags": ["p", "q"], "none": {} },
        "status": { "said": "two\nlines" },
    });
    check(
        "Well",
        object,
        &[],
        &[],
        expect![[r"
        Name:         a
        Namespace:    n
        Labels:       <none>
        Annotations:  <none>
        API Version:  example.org/v1
        Kind:         Well
        Metadata:
          Creation Timestamp:  2026-01-01T00:00:00Z
        Spec:
          Deep Metres:  7
          Pumps:
            Name:  x
            On:    true
            -:
            Name:  y
          Tags:  p
                 q
          None:  {}
        Status:
          Said:
            two
            lines
        Events:  <none>
    "]],
    );
}

#[test]
fn a_secret_keeps_its_values_to_itself() {
    let object =
        json!({"kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque", "data": {"password": "aHVudGVyMg=="}});
    let now = "2026-01-01T00:10:00Z".parse().expect("a time");
    let page = page("Secret", &Subject { object: &object, events: &[], related: &[], now });
    assert!(page.contains("password:  7 bytes") && !page.contains("aHV"), "{page}");
}

#[test]
fn a_pod_says_why_it_waits() {
    let object = json!({
        "metadata": { "name": "web-1", "namespace": "n", "labels": { "app": "web" }, "creationTimestamp": "2026-01-01T00:00:00Z",
            "ownerReferences": [{ "kind": "ReplicaSet", "name": "web", "controller": true }] },
        "spec": { "nodeName": "node-1", "containers": [{
            "name": "web", "image": "web:v1", "ports": [{ "containerPort": 8080 }],
            "resources": { "limits": { "memory": "64Mi" } },
            "readinessProbe": { "httpGet": { "path": "/ready", "port": 8080 } },
            "env": [{ "name": "A", "value": "b" }, { "name": "P", "valueFrom": { "secretKeyRef": { "name": "s", "key": "p" } } }],
        }] },
        "status": { "phase": "Pending", "podIP": "127.64.0.1",
            "conditions": [{ "type": "Ready", "status": "False", "reason": "ContainersNotReady" }],
            "containerStatuses": [{ "name": "web", "ready": false, "restartCount": 2,
                "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off" } },
                "lastState": { "terminated": { "exitCode": 134, "finishedAt": "2026-01-01T00:09:30Z", "reason": "Error" } } }] },
    });
    let events = [json!({ "type": "Warning", "reason": "GuestTrapped", "message": "a trap", "count": 3,
        "firstTimestamp": "2026-01-01T00:05:00Z", "lastTimestamp": "2026-01-01T00:09:55Z", "source": { "component": "host" } })];
    check(
        "Pod",
        object,
        &events,
        &[],
        expect![[r#"
            Name:           web-1
            Namespace:      n
            Labels:         app=web
            Annotations:    <none>
            Created:        2026-01-01T00:00:00Z (10m ago)
            Node:           node-1
            Status:         Pending
            IP:             127.64.0.1
            Controlled By:  ReplicaSet/web
            Containers:
              web:
                Image:      web:v1
                Ports:      8080/TCP
                Limits:     memory=64Mi
                Readiness:  http-get 8080:/ready delay=0s timeout=1s period=10s #success=1 #failure=3
                State:      Waiting
                  Reason:   CrashLoopBackOff
                  Message:  back-off
                Last State:  Terminated, exit code 134, 30s ago
                  Reason:  Error
                Ready:          False
                Restart Count:  2
                Environment:    A=b
                                P=<p of Secret s>
            Conditions:
              Type    Status   Reason               Message
              Ready   False    ContainersNotReady
            Node-Selectors:  <none>
            Tolerations:     <none>
            Events:
              Type      Reason         Age               From   Message
              Warning   GuestTrapped   5s (x3 over 5m)   host   a trap
        "#]],
    );
}

#[test]
fn a_service_shows_who_answers() {
    let object = json!({
        "metadata": { "name": "web", "creationTimestamp": "2026-01-01T00:00:00Z" },
        "spec": { "type": "NodePort", "clusterIP": "127.96.0.1", "selector": { "app": "web" },
            "ports": [{ "name": "http", "port": 80, "targetPort": 8080, "nodePort": 30080, "protocol": "TCP" }] },
    });
    let slice = json!({ "ports": [{ "name": "http", "port": 8080 }], "endpoints": [
        { "addresses": ["127.64.0.2"], "conditions": { "ready": true } },
        { "addresses": ["127.64.0.3"], "conditions": { "ready": false } },
    ] });
    check(
        "Service",
        object,
        &[],
        &[slice],
        expect![[r"
        Name:         web
        Labels:       <none>
        Annotations:  <none>
        Created:      2026-01-01T00:00:00Z (10m ago)
        Selector:     app=web
        Type:         NodePort
        IP:           127.96.0.1
        Port:         http  80/TCP
        TargetPort:   8080
        NodePort:     30080
        Endpoints:    127.64.0.2:8080; 1 not ready
        Events:       <none>
    "]],
    );
}

#[test]
fn a_deployment_shows_its_rollout_and_its_pods() {
    let object = json!({
        "metadata": { "name": "web", "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z" },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%" } },
            "template": { "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "web", "image": "web:v1" }] } } },
        "status": { "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 1, "availableReplicas": 1 },
    });
    let pod = json!({ "metadata": { "name": "web-1" }, "spec": { "nodeName": "n", "containers": [{}] },
        "status": { "phase": "Running", "containerStatuses": [{ "ready": true, "restartCount": 0 }] } });
    check(
        "Deployment",
        object,
        &[],
        &[pod],
        expect![[r#"
        Name:         web
        Labels:       <none>
        Annotations:  <none>
        Created:      2026-01-01T00:00:00Z (10m ago)
        Selector:     app=web
        Replicas:     2 desired | 2 updated | 2 total | 1 ready | 1 available
        Strategy:     RollingUpdate (maxSurge=25%)
        Rollout:      Waiting for deployment "web" rollout to finish: 1 of 2 updated replicas are available...
        Pod Template:
          Labels:  app=web
          Container web:
            Image:  web:v1
        Pods:
          Name    Ready   Status    Restarts   Node
          web-1   1/1     Running   0          n
        Events:  <none>
    "#]],
    );
}
