//! The columns that kubectl users know.

#![expect(clippy::needless_pass_by_value, reason = "a table of literals reads best")]

use api::resource as r;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;

/// Renders as `kubectl get -o wide` would.
fn check(resource: &Resource, objects: Value, expected: Expect) {
    let objects = objects.as_array().expect("a list").clone();
    let table = render(resource, &objects, IncludeObject::None, "2026-03-01T12:00:00Z".parse().expect("a time"));
    let mut lines = vec![line(table["columnDefinitions"].as_array().expect("a list").iter().map(heading))];
    lines.extend(table["rows"].as_array().expect("a list").iter().map(|row| {
        line(row["cells"].as_array().expect("a list").iter().map(|cell| match cell {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }))
    }));
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

fn heading(column: &Value) -> String {
    let wide = if column["priority"] == 1 { "*" } else { "" };
    format!("{}{wide}", column["name"].as_str().expect("text").to_uppercase())
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(" | ")
}

fn meta(name: &str) -> Value {
    json!({"name": name, "creationTimestamp": "2026-03-01T11:55:30Z"})
}

fn pod(name: &str, spec: Value, status: Value) -> Value {
    json!({"kind": "Pod", "metadata": meta(name), "spec": spec, "status": status})
}

fn containers(count: usize) -> Value {
    (0..count).map(|n| json!({"name": format!("c{n}")})).collect()
}

/// The status of a running container.
fn running(n: usize) -> Value {
    json!({"name": format!("c{n}"), "ready": true, "state": {"running": {}}, "restartCount": 0})
}

#[test]
fn pods_tell_what_keeps_them() {
    let crash = json!({
        "name": "c0", "ready": false, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-03-01T11:59:00Z"}},
    });
    let one = || json!({"containers": containers(1)});
    let two = json!({
        "containers": containers(2), "nodeName": "a", "readinessGates": [{"conditionType": "x"}],
    });
    let both = json!({"phase": "Running", "podIP": "127.64.0.2", "containerStatuses": [running(0), running(1)],
        "conditions": [{"type": "x", "status": "True"}]});
    let pull = json!([{"name": "c0", "state": {"waiting": {"reason": "ErrImagePull"}}}]);
    let gate = json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]);
    check(
        &r::PODS,
        json!([
            pod("new", one(), json!({})),
            pod("pending", one(), json!({"phase": "Pending"})),
            pod("web", two.clone(), both),
            pod("crash", two, json!({"phase": "Running", "containerStatuses": [crash, running(1)]})),
            pod("pull", one(), json!({"phase": "Pending", "containerStatuses": pull})),
            pod("gated", one(), json!({"phase": "Pending", "conditions": gate})),
        ]),
        expect![[r#"
            NAME | READY | STATUS | RESTARTS | AGE | IP* | NODE* | NOMINATED NODE* | READINESS GATES*
            new | 0/1 |  | 0 | 4m30s | <none> | <none> | <none> | <none>
            pending | 0/1 | Pending | 0 | 4m30s | <none> | <none> | <none> | <none>
            web | 2/2 | Running | 0 | 4m30s | 127.64.0.2 | a | <none> | 1/1
            crash | 1/2 | CrashLoopBackOff | 3 (60s ago) | 4m30s | <none> | a | <none> | 0/1
            pull | 0/1 | ErrImagePull | 0 | 4m30s | <none> | <none> | <none> | <none>
            gated | 0/1 | SchedulingGated | 0 | 4m30s | <none> | <none> | <none> | <none>
        "#]],
    );
}

#[test]
fn pods_tell_how_they_ended() {
    let one = || json!({"containers": containers(1)});
    let ended = |name: &str, phase: &str, end: Value| {
        pod(name, one(), json!({"phase": phase, "containerStatuses": [{"name": "c0", "state": {"terminated": end}}]}))
    };
    let mut going = pod("going", one(), json!({"phase": "Running", "containerStatuses": [running(0)]}));
    going["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:00Z".into();
    let mut lost = going.clone();
    lost["status"]["reason"] = "NodeLost".into();
    check(
        &r::PODS,
        json!([
            ended("done", "Succeeded", json!({"reason": "Completed", "exitCode": 0})),
            ended("oom", "Failed", json!({"reason": "OOMKilled"})),
            ended("exit", "Failed", json!({"exitCode": 7})),
            ended("signal", "Failed", json!({"signal": 9})),
            pod("evicted", one(), json!({"phase": "Failed", "reason": "Evicted"})),
            going,
            lost,
        ]),
        expect![[r#"
            NAME | READY | STATUS | RESTARTS | AGE | IP* | NODE* | NOMINATED NODE* | READINESS GATES*
            done | 0/1 | Completed | 0 | 4m30s | <none> | <none> | <none> | <none>
            oom | 0/1 | OOMKilled | 0 | 4m30s | <none> | <none> | <none> | <none>
            exit | 0/1 | ExitCode:7 | 0 | 4m30s | <none> | <none> | <none> | <none>
            signal | 0/1 | Signal:9 | 0 | 4m30s | <none> | <none> | <none> | <none>
            evicted | 0/1 | Evicted | 0 | 4m30s | <none> | <none> | <none> | <none>
            going | 1/1 | Terminating | 0 | 4m30s | <none> | <none> | <none> | <none>
            going | 1/1 | Unknown | 0 | 4m30s | <none> | <none> | <none> | <none>
        "#]],
    );
}

#[test]
fn init_containers_are_counted_until_they_are_done() {
    let spec = json!({
        "containers": containers(1),
        "initContainers": [{"name": "i0"}, {"name": "i1"}, {"name": "side", "restartPolicy": "Always"}],
    });
    let done = json!({"name": "i0", "restartCount": 2, "state": {"terminated": {"exitCode": 0}}});
    let done1 = json!({"name": "i1", "state": {"terminated": {"exitCode": 0}}});
    let side = json!({"name": "side", "started": true, "ready": true, "restartCount": 1, "state": {"running": {}}});
    let init = |list: Value| pod("p", spec.clone(), json!({"phase": "Pending", "initContainerStatuses": list}));
    check(
        &r::PODS,
        json!([
            init(json!([{"name": "i0", "state": {"running": {}}}])),
            init(json!([done, {"name": "i1", "state": {"waiting": {"reason": "PodInitializing"}}}])),
            init(
                json!([done, {"name": "i1", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 4}])
            ),
            init(json!([{"name": "i0", "state": {"terminated": {"exitCode": 2}}}])),
            pod(
                "p",
                spec.clone(),
                json!({"phase": "Running", "initContainerStatuses": [done, done1, side],
                "containerStatuses": [{"name": "c0", "ready": true, "state": {"running": {}}}]})
            ),
        ]),
        expect![[r#"
            NAME | READY | STATUS | RESTARTS | AGE | IP* | NODE* | NOMINATED NODE* | READINESS GATES*
            p | 0/2 | Init:0/3 | 0 | 4m30s | <none> | <none> | <none> | <none>
            p | 0/2 | Init:1/3 | 2 | 4m30s | <none> | <none> | <none> | <none>
            p | 0/2 | Init:CrashLoopBackOff | 6 | 4m30s | <none> | <none> | <none> | <none>
            p | 0/2 | Init:ExitCode:2 | 0 | 4m30s | <none> | <none> | <none> | <none>
            p | 2/2 | Running | 1 | 4m30s | <none> | <none> | <none> | <none>
        "#]],
    );
}

#[test]
fn workloads_count_their_pods() {
    let object = json!({
        "metadata": meta("web"),
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"tier": "front", "app": "web"}, "matchExpressions": [
                {"key": "zone", "operator": "NotIn", "values": ["b", "a"]}, {"key": "canary", "operator": "DoesNotExist"}]},
            "template": {"spec": {"containers": [{"name": "web", "image": "web:1"}, {"name": "log", "image": "log:2"}]}},
        },
        "status": {"replicas": 3, "readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1},
    });
    check(
        &r::DEPLOYMENTS,
        json!([object, {"metadata": meta("new")}]),
        expect![[r#"
        NAME | READY | UP-TO-DATE | AVAILABLE | AGE | CONTAINERS* | IMAGES* | SELECTOR*
        web | 2/3 | 3 | 1 | 4m30s | web,log | web:1,log:2 | app=web,!canary,tier=front,zone notin (a,b)
        new | 0/0 | 0 | 0 | 4m30s |  |  | <none>
    "#]],
    );
    check(
        &r::REPLICA_SETS,
        json!([object]),
        expect![[r#"
        NAME | DESIRED | CURRENT | READY | AGE | CONTAINERS* | IMAGES* | SELECTOR*
        web | 3 | 3 | 2 | 4m30s | web,log | web:1,log:2 | app=web,!canary,tier=front,zone notin (a,b)
    "#]],
    );
}

#[test]
fn jobs_and_cron_jobs_tell_how_far_they_are() {
    let spec = |spec: Value| {
        let mut whole = json!({
            "selector": {"matchLabels": {"uid": "u"}},
            "template": {"spec": {"containers": [{"name": "main", "image": "job:1"}]}},
        });
        spec.as_object().expect("fields").iter().for_each(|(key, value)| whole[key] = value.clone());
        whole
    };
    let job =
        |name: &str, more: Value, status: Value| json!({"metadata": meta(name), "spec": spec(more), "status": status});
    let holds =
        |kind: &str| json!({"conditions": [{"type": kind, "status": "True"}], "startTime": "2026-03-01T11:55:31Z"});
    let mut done = holds("Complete");
    (done["succeeded"], done["completionTime"]) = (json!(3), json!("2026-03-01T11:55:41Z"));
    check(
        &r::JOBS,
        json!([
            job("new", json!({"completions": 1}), json!({})),
            job("done", json!({"completions": 3}), done),
            job("failed", json!({"completions": 3}), holds("Failed")),
            job("failing", json!({"completions": 3}), holds("FailureTarget")),
            job("paused", json!({"completions": 3}), holds("Suspended")),
            job("queue", json!({"parallelism": 4}), json!({"succeeded": 2})),
            job("worker", json!({"parallelism": 1}), json!({})),
        ]),
        expect![[r#"
            NAME | STATUS | COMPLETIONS | DURATION | AGE | CONTAINERS* | IMAGES* | SELECTOR*
            new | Running | 0/1 |  | 4m30s | main | job:1 | uid=u
            done | Complete | 3/3 | 10s | 4m30s | main | job:1 | uid=u
            failed | Failed | 0/3 | 4m29s | 4m30s | main | job:1 | uid=u
            failing | FailureTarget | 0/3 | 4m29s | 4m30s | main | job:1 | uid=u
            paused | Suspended | 0/3 | 4m29s | 4m30s | main | job:1 | uid=u
            queue | Running | 2/1 of 4 |  | 4m30s | main | job:1 | uid=u
            worker | Running | 0/1 |  | 4m30s | main | job:1 | uid=u
        "#]],
    );
    let template = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "job:1"}]}}}});
    let cron = |name: &str, more: Value, status: Value| {
        let mut whole = json!({"schedule": "0 3 * * *", "jobTemplate": template});
        more.as_object().expect("fields").iter().for_each(|(key, value)| whole[key] = value.clone());
        json!({"metadata": meta(name), "spec": whole, "status": status})
    };
    let ran = json!({"active": [{}, {}], "lastScheduleTime": "2026-03-01T11:59:00Z"});
    check(
        &r::CRON_JOBS,
        json!([
            cron("new", json!({"suspend": false}), json!({})),
            cron("busy", json!({"suspend": true, "timeZone": "Europe/Berlin"}), ran),
        ]),
        expect![[r#"
            NAME | SCHEDULE | TIMEZONE | SUSPEND | ACTIVE | LAST SCHEDULE | AGE | CONTAINERS* | IMAGES* | SELECTOR*
            new | 0 3 * * * | <none> | False | 0 | <none> | 4m30s | main | job:1 | <none>
            busy | 0 3 * * * | Europe/Berlin | True | 2 | 60s | 4m30s | main | job:1 | <none>
        "#]],
    );
}

#[test]
fn services_show_where_they_can_be_reached() {
    let service = |name: &str, spec: Value| json!({"metadata": meta(name), "spec": spec});
    let mut balanced =
        service("lb", json!({"type": "LoadBalancer", "clusterIP": "127.128.0.9", "ports": [{"port": 443}]}));
    let pending = balanced.clone();
    balanced["status"] = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "lb.example"}]}});
    check(
        &r::SERVICES,
        json!([
            service(
                "web",
                json!({"type": "NodePort", "clusterIP": "127.128.0.2", "selector": {"app": "web"},
                "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]})
            ),
            service("headless", json!({"type": "ClusterIP", "clusterIP": "None"})),
            service("name", json!({"type": "ExternalName", "externalName": "db.example"})),
            pending,
            balanced,
        ]),
        expect![[r#"
            NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE | SELECTOR*
            web | NodePort | 127.128.0.2 | <none> | 80:30080/TCP,53/UDP | 4m30s | app=web
            headless | ClusterIP | None | <none> | <none> | 4m30s | <none>
            name | ExternalName | <none> | db.example | <none> | 4m30s | <none>
            lb | LoadBalancer | 127.128.0.9 | <pending> | 443/TCP | 4m30s | <none>
            lb | LoadBalancer | 127.128.0.9 | 192.0.2.1,lb.example | 443/TCP | 4m30s | <none>
        "#]],
    );
}

#[test]
fn endpoints_are_shortened() {
    let endpoint = |n: usize| json!({"addresses": [format!("127.64.0.{n}")]});
    check(
        &r::ENDPOINT_SLICES,
        json!([
            {"metadata": meta("web-x"), "addressType": "IPv4", "ports": [{"port": 8080}, {"name": "any"}],
             "endpoints": (1..6).map(endpoint).collect::<Vec<_>>()},
            {"metadata": meta("none"), "addressType": "IPv4", "ports": null, "endpoints": []},
        ]),
        expect![[r#"
            NAME | ADDRESSTYPE | PORTS | ENDPOINTS | AGE
            web-x | IPv4 | 8080,any | 127.64.0.1,127.64.0.2,127.64.0.3 + 2 more... | 4m30s
            none | IPv4 | <unset> | <unset> | 4m30s
        "#]],
    );
}

#[test]
fn the_old_endpoints_are_addresses_with_ports() {
    let addresses = json!([{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]);
    check(
        &r::ENDPOINTS,
        json!([
            {"metadata": meta("web"), "subsets": [{"addresses": addresses, "ports": [{"port": 80}, {"port": 81}]}]},
            {"metadata": meta("none")},
        ]),
        expect![[r#"
            NAME | ENDPOINTS | AGE
            web | 10.0.0.1:80,10.0.0.1:81,10.0.0.2:80 + 1 more... | 4m30s
            none | <none> | 4m30s
        "#]],
    );
}

#[test]
fn nodes_show_their_state_and_roles() {
    let ready = |status: &str| json!([{"type": "Ready", "status": status}]);
    check(
        &r::NODES,
        json!([
            {"metadata": {"name": "a", "creationTimestamp": "2026-02-01T12:00:00Z", "labels": {
                "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/edge": "", "kubernetes.io/role": "old"}},
             "status": {"conditions": ready("True"), "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                "nodeInfo": {"kubeletVersion": "v1.37.0", "osImage": "Debian", "kernelVersion": "6.1", "containerRuntimeVersion": "insula://0.1"}}},
            {"metadata": meta("b"), "spec": {"unschedulable": true}, "status": {"conditions": ready("Unknown")}},
            {"metadata": meta("c")},
        ]),
        expect![[r#"
            NAME | STATUS | ROLES | AGE | VERSION | INTERNAL-IP* | EXTERNAL-IP* | OS-IMAGE* | KERNEL-VERSION* | CONTAINER-RUNTIME*
            a | Ready | edge,old,worker | 28d | v1.37.0 | 127.0.0.1 | <none> | Debian | 6.1 | insula://0.1
            b | NotReady,SchedulingDisabled | <none> | 4m30s |  | <none> | <none> | <unknown> | <unknown> | <unknown>
            c | Unknown | <none> | 4m30s |  | <none> | <none> | <unknown> | <unknown> | <unknown>
        "#]],
    );
}

#[test]
fn events_show_when_and_what() {
    check(
        &r::EVENTS,
        json!([
            {"metadata": meta("old"), "type": "Warning", "reason": "BackOff", "message": " restarting\n", "count": 4,
             "firstTimestamp": "2026-03-01T11:00:00Z", "lastTimestamp": "2026-03-01T11:59:30Z",
             "involvedObject": {"kind": "Pod", "name": "web-1", "fieldPath": "spec.containers{web}"},
             "source": {"component": "host", "host": "a"}},
            {"metadata": meta("new"), "type": "Normal", "reason": "Scheduled", "message": "to a", "eventTime": "2026-03-01T11:58:00.000000Z",
             "involvedObject": {"kind": "Pod", "name": "web-2"}, "reportingComponent": "scheduler", "firstTimestamp": null, "series": null},
            {"metadata": meta("series"), "eventTime": "2026-03-01T11:58:00.000000Z", "involvedObject": {"kind": "Node"},
             "series": {"count": 9, "lastObservedTime": "2026-03-01T11:59:59.000000Z"}},
        ]),
        expect![[r#"
            LAST SEEN | TYPE | REASON | OBJECT | SUBOBJECT* | SOURCE* | MESSAGE | FIRST SEEN* | COUNT* | NAME*
            30s | Warning | BackOff | pod/web-1 | spec.containers{web} | host, a | restarting | 60m | 4 | old
            2m | Normal | Scheduled | pod/web-2 |  | scheduler | to a | 2m | 1 | new
            1s |  |  | node |  |  |  | 2m | 9 | series
        "#]],
    );
}

#[test]
fn the_rest_is_short() {
    let object = json!([{"metadata": meta("x"), "type": "Opaque", "data": {"a": "", "b": ""}, "binaryData": {"c": ""},
        "status": {"phase": "Active"}, "secrets": [{}], "spec": {"holderIdentity": "a"}}]);
    for (resource, expected) in [
        (
            &r::NAMESPACES,
            expect![[r#"
            NAME | STATUS | AGE
            x | Active | 4m30s
        "#]],
        ),
        (
            &r::CONFIG_MAPS,
            expect![[r#"
            NAME | DATA | AGE
            x | 3 | 4m30s
        "#]],
        ),
        (
            &r::SECRETS,
            expect![[r#"
            NAME | TYPE | DATA | AGE
            x | Opaque | 2 | 4m30s
        "#]],
        ),
        (
            &r::SERVICE_ACCOUNTS,
            expect![[r#"
            NAME | SECRETS | AGE
            x | 1 | 4m30s
        "#]],
        ),
        (
            &r::LEASES,
            expect![[r#"
            NAME | HOLDER | AGE
            x | a | 4m30s
        "#]],
        ),
    ] {
        check(resource, object.clone(), expected);
    }
}

#[test]
fn rows_carry_what_was_asked_for() {
    let done = pod("done", json!({}), json!({"phase": "Succeeded"}));
    let now = Timestamp::UNIX_EPOCH;
    let row = |include| render(&r::PODS, std::slice::from_ref(&done), include, now)["rows"][0].clone();
    assert_eq!(row(IncludeObject::None)["object"], Value::Null);
    assert_eq!(row(IncludeObject::Object)["object"], done);
    let partial = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta("done")});
    assert_eq!(row(IncludeObject::default())["object"], partial);
    assert_eq!(row(IncludeObject::None)["conditions"][0]["reason"], "Succeeded");
    assert!(IncludeObject::parse("All").is_err());
}

#[test]
fn no_object_is_too_strange_to_show() {
    let strange = [json!(null), json!([]), json!({"metadata": 1, "spec": [], "status": {"conditions": {"a": 1}}})];
    for resource in r::ALL {
        let table = render(resource, &strange, IncludeObject::Metadata, Timestamp::UNIX_EPOCH);
        let columns = table["columnDefinitions"].as_array().map(Vec::len);
        for row in table["rows"].as_array().expect("a list") {
            assert_eq!(row["cells"].as_array().map(Vec::len), columns, "{resource:?}");
        }
    }
}

#[test]
fn autoscalers_tell_what_they_go_by() {
    let resource =
        |name: &str, target: Value| json!({"type": "Resource", "resource": {"name": name, "target": target}});
    let cpu = resource("cpu", json!({"type": "Utilization", "averageUtilization": 50}));
    let memory = resource("memory", json!({"type": "AverageValue", "averageValue": "64Mi"}));
    let pods = json!({"type": "Pods", "pods": {"target": {"averageValue": "5"}}});
    let hpa = |name: &str, metrics: Value, current: Value| {
        let target = json!({"kind": "Deployment", "name": "web"});
        json!({
            "metadata": meta(name),
            "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9, "metrics": metrics},
            "status": {"currentReplicas": 3, "currentMetrics": current},
        })
    };
    let current = json!([{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 70}}}]);
    check(
        &r::HORIZONTAL_POD_AUTOSCALERS,
        json!([
            hpa("one", json!([cpu]), current.clone()),
            hpa("three", json!([cpu, memory, pods]), current),
            hpa("requests", json!([pods]), json!([{"type": "Pods", "pods": {"current": {"averageValue": "4500m"}}}])),
            hpa("none", json!([]), json!([])),
        ]),
        expect![[r#"
            NAME | REFERENCE | TARGETS | MINPODS | MAXPODS | REPLICAS | AGE
            one | Deployment/web | cpu: 70%/50% | 1 | 9 | 3 | 4m30s
            three | Deployment/web | cpu: 70%/50%, memory: <unknown>/64Mi + 1 more... | 1 | 9 | 3 | 4m30s
            requests | Deployment/web | 4500m/5 | 1 | 9 | 3 | 4m30s
            none | Deployment/web | <none> | 1 | 9 | 3 | 4m30s
        "#]],
    );
}

#[test]
fn sets_and_budgets_show_their_numbers() {
    let template =
        || json!({"spec": {"nodeSelector": {"disk": "ssd"}, "containers": [{"name": "main", "image": "db:1"}]}});
    let selector = || json!({"matchLabels": {"app": "db"}});
    check(
        &r::STATEFUL_SETS,
        json!([{"metadata": meta("db"), "spec": {"replicas": 3, "selector": selector(), "template": template()},
            "status": {"readyReplicas": 2}}]),
        expect![[r#"
            NAME | READY | AGE | CONTAINERS* | IMAGES*
            db | 2/3 | 4m30s | main | db:1
        "#]],
    );
    check(
        &r::DAEMON_SETS,
        json!([{"metadata": meta("log"), "spec": {"selector": selector(), "template": template()},
            "status": {"desiredNumberScheduled": 5, "currentNumberScheduled": 4, "numberReady": 3,
                "updatedNumberScheduled": 2, "numberAvailable": 1}}]),
        expect![[r#"
            NAME | DESIRED | CURRENT | READY | UP-TO-DATE | AVAILABLE | NODE SELECTOR | AGE | CONTAINERS* | IMAGES* | SELECTOR*
            log | 5 | 4 | 3 | 2 | 1 | disk=ssd | 4m30s | main | db:1 | app=db
        "#]],
    );
    let mut owned = meta("db-7c6f965b79");
    owned["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "controller": true}]);
    check(
        &r::CONTROLLER_REVISIONS,
        json!([{"metadata": owned, "revision": 2}, {"metadata": meta("lone"), "revision": 1}]),
        expect![[r#"
            NAME | CONTROLLER | REVISION | AGE
            db-7c6f965b79 | statefulset.apps/db | 2 | 4m30s
            lone | <none> | 1 | 4m30s
        "#]],
    );
    check(
        &r::POD_DISRUPTION_BUDGETS,
        json!([
            {"metadata": meta("db"), "spec": {"minAvailable": 2}, "status": {"disruptionsAllowed": 1}},
            {"metadata": meta("web"), "spec": {"maxUnavailable": "25%"}},
        ]),
        expect![[r#"
            NAME | MIN AVAILABLE | MAX UNAVAILABLE | ALLOWED DISRUPTIONS | AGE
            db | 2 | N/A | 1 | 4m30s
            web | N/A | 25% | 0 | 4m30s
        "#]],
    );
}
