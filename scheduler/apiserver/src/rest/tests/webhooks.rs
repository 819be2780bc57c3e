//! Admission webhooks, as writers meet them: real servers, real TLS.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::resource::{CONFIG_MAPS, LEASES, PODS};
use serde_json::{Value, json};

use super::harness::{APPS, Cluster, SHOP, config_map, deployment, pod};
use super::webhook_server::{Said, Webhook};
use crate::kinds::Subresource;
use crate::limits::WEBHOOK_CALLS_MAX;
use crate::objects::{Patch, WriteOptions};

const GROUP: &str = "/apis/admissionregistration.k8s.io/v1";
const MAPS: &str = "/api/v1/namespaces/shop/configmaps";

/// Rules for everything there is.
fn everything() -> Value {
    json!([{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}])
}

fn rules(group: &str, resources: &[&str], operations: &[&str]) -> Value {
    json!([{"apiGroups": [group], "apiVersions": ["v1"], "operations": operations, "resources": resources}])
}

/// A configuration of one webhook.
fn configuration(kind: &str, name: &str, config: &Value, more: &Value) -> Value {
    let mut webhook = json!({
        "name": format!("{name}.example.com"), "clientConfig": config, "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "timeoutSeconds": 10, "rules": rules("", &["configmaps"], &["*"]),
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        webhook[key] = value.clone();
    }
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "webhooks": [webhook],
    })
}

async fn mutating(cluster: &Cluster, name: &str, config: &Value, more: &Value) {
    let object = configuration("MutatingWebhookConfiguration", name, config, more);
    let made = cluster.post(&format!("{GROUP}/mutatingwebhookconfigurations"), &object).await;
    assert!(made.warnings().is_empty(), "{:?}", made.warnings());
    made.expect(201);
}

async fn validating(cluster: &Cluster, name: &str, config: &Value, more: &Value) {
    let object = configuration("ValidatingWebhookConfiguration", name, config, more);
    cluster.post(&format!("{GROUP}/validatingwebhookconfigurations"), &object).await.expect(201);
}

/// Writes a letter behind those in the label `seen`.
fn sign(letter: &'static str) -> impl Fn(&Value) -> Said + Send + Sync + 'static {
    move |request| {
        let labels = &request["object"]["metadata"]["labels"];
        let seen = format!("{}{letter}", labels["seen"].as_str().unwrap_or_default());
        let patch = if labels.is_object() {
            json!([{"op": "add", "path": "/metadata/labels/seen", "value": seen}])
        } else {
            json!([{"op": "add", "path": "/metadata/labels", "value": {"seen": seen}}])
        };
        Said::patch(&patch)
    }
}

fn map(name: &str) -> Value {
    config_map(name, &json!({"k": "v"}))
}

// C10
#[tokio::test]
async fn c10_webhooks_change_in_the_order_of_their_names_and_once_more_if_they_wish() {
    for (policy, wanted) in [("Never", "ab"), ("IfNeeded", "aba")] {
        let cluster = Cluster::new().await;
        let (a, b) = (Webhook::start(sign("a")).await, Webhook::start(sign("b")).await);
        // The later name is there first.
        mutating(&cluster, "b", &b.config(), &json!({})).await;
        mutating(&cluster, "a", &a.config(), &json!({"reinvocationPolicy": policy})).await;
        let made = cluster.post(MAPS, &map("m")).await.expect(201);
        assert_eq!(made["metadata"]["labels"]["seen"], wanted);
        assert_eq!(cluster.get(&format!("{MAPS}/m")).await.body["metadata"]["labels"]["seen"], wanted, "it is stored");
        let changed = cluster.merge(&format!("{MAPS}/m"), &json!({"metadata": {"labels": {"seen": "x"}}})).await;
        assert_eq!(changed.expect(200)["metadata"]["labels"]["seen"], format!("x{wanted}"));
    }
}

#[tokio::test]
async fn what_a_webhook_makes_is_defaulted_and_checked_and_nobodys_own() {
    let cluster = Cluster::new().await;
    let sidecar = |request: &Value| {
        let patch = match request["object"]["metadata"]["name"].as_str() {
            Some("wrong") => json!([{"op": "add", "path": "/spec/replicas", "value": -1}]),
            _ => {
                json!([{"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "side", "image": "s"}}])
            }
        };
        Said::patch(&patch)
    };
    let webhook = Webhook::start(sidecar).await;
    let rules = rules("apps", &["deployments"], &["CREATE"]);
    mutating(&cluster, "a", &webhook.config(), &json!({"rules": rules})).await;
    let path = format!("{APPS}/deployments");
    let apply = async |name: &str| {
        let text = deployment(name).to_string();
        cluster.call("PATCH", &format!("{path}/{name}?fieldManager=ann"), "application/apply-patch+yaml", text).await
    };
    let made = apply("web").await.expect(201);
    let side = &made["spec"]["template"]["spec"]["containers"][1];
    assert_eq!((&side["name"], &side["imagePullPolicy"]), (&json!("side"), &json!("Always")), "{side}");
    assert!(!made["metadata"]["managedFields"].to_string().contains("side"), "{made}");
    assert_eq!(webhook.asked()[0]["object"]["spec"]["replicas"], 1, "it sees defaults");
    apply("web").await.expect(200);
    let wrong = apply("wrong").await;
    assert_eq!((wrong.code, &wrong.body["reason"]), (422, &json!("Invalid")), "{}", wrong.text);
    assert!(wrong.text.contains("spec.replicas"), "{}", wrong.text);
}

#[tokio::test]
async fn a_refusal_has_its_message_and_code_and_warnings_are_heard() {
    let cluster = Cluster::new().await;
    let webhook = Webhook::start(|request| {
        let is_bad = request["name"] == "bad";
        let status = json!({"message": "no such maps", "code": 418, "reason": "Forbidden"});
        Said::response(json!({"allowed": !is_bad, "status": status, "warnings": ["maps are old"]}))
    })
    .await;
    validating(&cluster, "v", &webhook.config(), &json!({})).await;
    let made = cluster.post(MAPS, &map("good")).await;
    assert_eq!(made.warnings(), ["299 - \"maps are old\""]);
    made.expect(201);
    let refused = cluster.post(MAPS, &map("bad")).await;
    assert_eq!((refused.code, &refused.body["code"], &refused.body["reason"]), (418, &json!(418), &json!("Forbidden")));
    assert_eq!(refused.body["message"], "admission webhook \"v.example.com\" denied the request: no such maps");
    cluster.get(&format!("{MAPS}/bad")).await.expect(404);
}

#[tokio::test]
async fn a_review_says_everything_of_a_write() {
    let cluster = Cluster::new().await;
    let webhook = Webhook::start(|_| Said::allow()).await;
    let more = json!({
        "rules": rules("", &["configmaps", "pods/eviction", "pods/portforward", "pods/binding"], &["*"]),
    });
    validating(&cluster, "v", &webhook.config(), &more).await;
    cluster.post(&format!("{MAPS}?fieldManager=ann&dryRun=All"), &map("m")).await.expect(201);
    let asked = webhook.asked();
    let [dry] = asked.as_slice() else { panic!("{asked:?}") };
    let config_maps = json!({"group": "", "version": "v1", "resource": "configmaps"});
    assert_eq!(dry["kind"], json!({"group": "", "version": "v1", "kind": "ConfigMap"}));
    assert_eq!((&dry["resource"], &dry["requestResource"]), (&config_maps, &config_maps));
    assert_eq!((&dry["name"], &dry["namespace"], &dry["operation"]), (&json!("m"), &json!("shop"), &json!("CREATE")));
    assert_eq!((&dry["dryRun"], &dry["userInfo"]["username"]), (&json!(true), &json!("master")));
    assert_eq!(dry["options"]["fieldManager"], "ann");
    assert_eq!((&dry["object"]["data"]["k"], &dry["oldObject"]), (&json!("v"), &Value::Null));

    cluster.post(MAPS, &map("m")).await.expect(201);
    cluster.merge(&format!("{MAPS}/m"), &json!({"data": {"k": "w"}})).await.expect(200);
    cluster.delete(&format!("{MAPS}/m?gracePeriodSeconds=7")).await.expect(200);
    let asked = webhook.asked();
    let told = |at: usize| {
        let request = &asked[at];
        let data = |key: &str| request[key]["data"]["k"].as_str().unwrap_or_default().to_owned();
        (request["operation"].as_str().unwrap_or_default(), data("object"), data("oldObject"))
    };
    assert_eq!(told(2), ("UPDATE", "w".to_owned(), "v".to_owned()));
    assert_eq!(told(3), ("DELETE", String::new(), "w".to_owned()));
    assert_eq!(asked[3]["options"]["gracePeriodSeconds"], 7);

    cluster.post(&format!("{SHOP}/pods"), &pod("web")).await.expect(201);
    let target = json!({"target": {"kind": "Node", "name": "n"}});
    cluster.post(&format!("{SHOP}/pods/web/binding"), &target).await.expect(201);
    cluster.get(&format!("{SHOP}/pods/web/portforward?ports=80")).await.expect(400);
    cluster.post(&format!("{SHOP}/pods/web/eviction"), &json!({})).await.expect(201);
    let parts: Vec<_> = webhook.asked()[4..].iter().map(|request| request["object"].clone()).collect();
    assert_eq!(parts[0]["target"]["name"], "n");
    assert_eq!(parts[1], json!({"apiVersion": "v1", "kind": "PodPortForwardOptions", "ports": [80]}));
    assert_eq!((&parts[2]["kind"], &parts[2]["metadata"]["name"]), (&json!("Eviction"), &json!("web")));
}

#[tokio::test]
async fn a_scale_is_shown_and_changed_as_a_scale() {
    let cluster = Cluster::new().await;
    let webhook = Webhook::start(|request| {
        assert_eq!(request["kind"]["kind"], "Scale");
        Said::patch(&json!([{"op": "replace", "path": "/spec/replicas", "value": 5}]))
    })
    .await;
    mutating(&cluster, "a", &webhook.config(), &json!({"rules": rules("apps", &["deployments/scale"], &["*"])})).await;
    let path = format!("{APPS}/deployments");
    cluster.post(&path, &deployment("web")).await.expect(201);
    let scaled = cluster.merge(&format!("{path}/web/scale"), &json!({"spec": {"replicas": 3}})).await.expect(200);
    assert_eq!(scaled["spec"]["replicas"], 5);
    assert_eq!(webhook.asked()[0]["oldObject"]["spec"]["replicas"], 1);
    assert_eq!(cluster.get(&format!("{path}/web")).await.body["spec"]["replicas"], 5);
}

// C10
#[tokio::test]
async fn c10_a_webhook_that_does_not_answer_obeys_its_failure_policy() {
    let config = Webhook::start(|_| Said::Nothing).await;
    for (policy, code) in [("Fail", 500), ("Ignore", 201)] {
        let cluster = Cluster::new().await;
        validating(&cluster, "v", &config.config(), &json!({"timeoutSeconds": 1, "failurePolicy": policy})).await;
        let began = Instant::now();
        let answer = cluster.post(MAPS, &map("m")).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert_eq!(answer.code, code, "{}", answer.text);
        if code == 500 {
            let message = answer.body["message"].as_str().unwrap_or_default();
            let lead =
                "Internal error occurred: failed calling webhook \"v.example.com\": failed to call webhook: Post";
            assert!(message.starts_with(lead), "{message}");
            assert!(message.ends_with("/?timeout=1s\": context deadline exceeded"), "{message}");
        }
    }
}

// C10
#[tokio::test]
async fn c10_what_is_no_answer_is_a_failure() {
    let review = |response: &Value| {
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).to_string()
    };
    let raw = |code: u16, text: String| move |_: &Value| Said::Raw(code, text.clone());
    let patch = |patch: Value| move |_: &Value| Said::patch(&patch);
    type Answers = Box<dyn Fn(&Value) -> Said + Send + Sync>;
    let cases: Vec<(Answers, &str)> = vec![
        (Box::new(raw(200, "garbage".to_owned())), "its answer"),
        (Box::new(raw(200, format!("\"{}\"", "x".repeat(4 << 20)))), "its answer (at most"),
        (Box::new(raw(200, review(&json!({"uid": "other", "allowed": true})))), "expected response.uid="),
        (Box::new(raw(200, "{}".to_owned())), "expected webhook response of admission.k8s.io/v1"),
        (Box::new(raw(404, String::new())), "the server answered 404"),
        (Box::new(raw(302, String::new())), "the server answered 302"),
        (Box::new(patch(json!([{"op": "remove", "path": "/absent"}]))), "failed calling webhook"),
        (Box::new(patch(json!({"a": 1}))), "the JSON patch is not understood"),
        (
            Box::new(patch(json!([{"op": "replace", "path": "/metadata/name", "value": "x"}]))),
            "may not change metadata.name",
        ),
    ];
    let cluster = Cluster::new().await;
    let path = format!("{GROUP}/mutatingwebhookconfigurations/a");
    for (answers, wanted) in cases {
        let webhook = Webhook::start(answers).await;
        for (policy, code) in [("Fail", 500), ("Ignore", 201)] {
            mutating(&cluster, "a", &webhook.config(), &json!({"failurePolicy": policy})).await;
            let answer = cluster.post(MAPS, &map("m")).await;
            assert_eq!(answer.code, code, "{wanted}: {}", answer.text);
            assert!(code == 201 || answer.text.contains(wanted), "{wanted}: {}", answer.text);
            cluster.delete(&path).await.expect(200);
        }
        cluster.delete(&format!("{MAPS}/m")).await.expect(200);
    }
}

// C10
#[tokio::test]
async fn c10_a_dead_webhook_for_everything_can_be_taken_away() {
    let cluster = Cluster::new().await;
    let config = Webhook::dead().await;
    mutating(&cluster, "m", &config, &json!({"rules": everything()})).await;
    validating(&cluster, "v", &config, &json!({"rules": everything()})).await;
    let refused = cluster.post(MAPS, &map("m")).await;
    assert_eq!((refused.code, &refused.body["reason"]), (500, &json!("InternalError")));
    assert!(refused.text.contains("failed calling webhook \\\"m.example.com\\\""), "{}", refused.text);

    // The loops go on: who leads, what Pods are like, what ends.
    let objects = &cluster.objects;
    let lease = json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "x"}});
    let loops = WriteOptions::default;
    objects.create(&LEASES, "shop", lease, loops()).await.expect("leases are kept");
    objects.create(&PODS, "shop", pod("own"), loops()).await.expect("what nobody owns is the loops' own");
    let running = Patch::Merge(json!({"status": {"phase": "Running"}}));
    objects.patch(&PODS, "shop", "own", Subresource::Status, running, loops()).await.expect("status is written");
    objects.delete(&PODS, "shop", "own", crate::DeleteOptions::default()).await.expect("Pods end");
    let mut owned = pod("web");
    owned["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u", "controller": true}]);
    let refused = objects.create(&PODS, "shop", owned, loops()).await.expect_err("it is made for a user");
    assert_eq!(refused.code, 500);

    // And people mend it.
    let path = format!("{GROUP}/validatingwebhookconfigurations/v");
    let narrow = json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]);
    cluster.call("PATCH", &path, "application/json-patch+json", narrow.to_string()).await.expect(200);
    cluster.delete(&format!("{GROUP}/mutatingwebhookconfigurations/m")).await.expect(200);
    cluster.post(MAPS, &map("m")).await.expect(201);
    cluster.delete(&path).await.expect(200);
    cluster.delete(&format!("{MAPS}/m")).await.expect(200);
}

// C10
#[tokio::test]
async fn c10_few_writes_wait_for_a_dead_webhook_and_others_not_at_all() {
    let cluster = Arc::new(Cluster::new().await);
    let webhook = Webhook::start(|_| Said::Nothing).await;
    validating(&cluster, "v", &webhook.config(), &json!({"timeoutSeconds": 1})).await;
    let writes = |count: usize| {
        let write = |at: usize| {
            let cluster = cluster.clone();
            tokio::spawn(async move { cluster.post(MAPS, &map(&format!("m{at}"))).await.code })
        };
        (0..count).map(write).collect::<Vec<_>>()
    };
    for write in writes(1) {
        assert_eq!(write.await.expect("ends"), 500);
    }
    // It has failed, so that nobody queues for it.
    let (began, many) = (Instant::now(), writes(4 * WEBHOOK_CALLS_MAX));
    cluster.post(&format!("{SHOP}/pods"), &pod("web")).await.expect(201);
    for write in many {
        assert_eq!(write.await.expect("ends"), 500);
    }
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert!(webhook.asked().len() <= 1 + WEBHOOK_CALLS_MAX, "{}", webhook.asked().len());
    // The loops do not even ask.
    let mut owned = map("o");
    owned["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}]);
    let asked = webhook.asked().len();
    let refused = cluster.objects.create(&CONFIG_MAPS, "shop", owned, WriteOptions::default()).await;
    assert!(refused.expect_err("is refused").message.contains("is not asked again so soon"));
    assert_eq!(webhook.asked().len(), asked);
}

#[tokio::test]
async fn conditions_and_selectors_decide_who_is_asked() {
    let cluster = Cluster::new().await;
    let webhook = Webhook::start(|_| Said::response(json!({"allowed": false}))).await;
    let more = json!({
        "matchConditions": [
            {"name": "named", "expression": "request.name.startsWith('x')"},
            {"name": "broken", "expression": "object.data.absent == 'y'"},
        ],
        "objectSelector": {"matchLabels": {"checked": "yes"}},
    });
    validating(&cluster, "v", &webhook.config(), &more).await;
    let labelled = |name: &str| {
        let mut map = map(name);
        map["metadata"]["labels"] = json!({"checked": "yes"});
        map
    };
    cluster.post(MAPS, &map("x0")).await.expect(201);
    cluster.post(MAPS, &labelled("a")).await.expect(201);
    assert!(webhook.asked().is_empty());
    let broken = cluster.post(MAPS, &labelled("x1")).await;
    assert_eq!(broken.code, 500);
    assert!(broken.text.contains("match condition 'broken' resulted in error: no such key"), "{}", broken.text);
    let mut whole = labelled("x2");
    whole["data"] = json!({"absent": "y"});
    let refused = cluster.post(MAPS, &whole).await;
    assert_eq!(refused.code, 400);
    assert!(refused.text.contains("denied the request without explanation"), "{}", refused.text);
}

#[tokio::test]
async fn a_write_that_lost_a_race_is_shown_again() {
    let cluster = Cluster::new().await;
    cluster.post(MAPS, &map("m")).await.expect(201);
    let (objects, calls) = (cluster.objects.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = calls.clone();
    let webhook = Webhook::start(move |_| {
        if counted.fetch_add(1, Ordering::SeqCst) > 0 {
            return Said::allow();
        }
        // Somebody is faster, once.
        let objects = objects.clone();
        Said::Later(Box::pin(async move {
            let patch = Patch::Merge(json!({"data": {"other": "x"}}));
            let patched = objects.patch(&CONFIG_MAPS, "shop", "m", Subresource::Main, patch, WriteOptions::default());
            patched.await.map(drop).unwrap_or_else(|status| panic!("{status}"));
        }))
    })
    .await;
    validating(&cluster, "v", &webhook.config(), &json!({})).await;
    let changed = cluster.merge(&format!("{MAPS}/m"), &json!({"data": {"k": "w"}})).await.expect(200);
    assert_eq!(changed["data"], json!({"k": "w", "other": "x"}));
    assert_eq!(webhook.asked()[1]["oldObject"]["data"]["other"], "x");
}

#[tokio::test]
async fn a_service_is_entered_at_its_ready_endpoints_by_its_name() {
    let cluster = Cluster::new().await;
    let webhook = Webhook::start(|_| Said::response(json!({"allowed": false, "status": {"message": "served"}}))).await;
    let config = json!({"caBundle": webhook.config()["caBundle"], "service": {"name": "s", "namespace": "shop"}});
    validating(&cluster, "v", &config, &json!({})).await;
    let message = async || cluster.post(MAPS, &map("m")).await.body["message"].as_str().unwrap_or_default().to_owned();
    let absent = message().await;
    assert!(absent.ends_with("Post \"https://s.shop.svc:443/?timeout=10s\": services \"s\" not found"), "{absent}");
    let ports = json!([{"name": "https", "port": 443, "targetPort": 8443}]);
    let service = json!({"metadata": {"name": "s"}, "spec": {"ports": ports}});
    cluster.post(&format!("{SHOP}/services"), &service).await.expect(201);
    assert!(message().await.contains("no endpoints available for service \"s\""));
    let slice = |name: &str, more: &Value| {
        let mut endpoint = json!({"addresses": ["127.0.0.1"], "conditions": {"ready": true}});
        for (key, value) in more.as_object().into_iter().flatten() {
            endpoint[key] = value.clone();
        }
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": "s"}},
            "ports": [{"name": "https", "port": webhook.port(), "protocol": "TCP"}], "endpoints": [endpoint],
        })
    };
    let slices = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";
    let uid = cluster.post(&format!("{SHOP}/pods"), &pod("p")).await.expect(201)["metadata"]["uid"].clone();
    let in_pod = slice("a", &json!({"targetRef": {"kind": "Pod", "name": "p", "uid": uid}}));
    cluster.post(slices, &in_pod).await.expect(201);
    assert!(message().await.ends_with("nobody listens"), "a Pod is reached through its host");
    cluster.delete(&format!("{slices}/a")).await.expect(200);
    cluster.post(slices, &slice("b", &json!({}))).await.expect(201);
    assert_eq!(message().await, "admission webhook \"v.example.com\" denied the request: served");
}

#[tokio::test]
async fn a_certificate_of_someone_else_is_not_trusted() {
    let cluster = Cluster::new().await;
    let (webhook, other) = (Webhook::start(|_| Said::allow()).await, Webhook::start(|_| Said::allow()).await);
    let config = json!({"url": webhook.config()["url"], "caBundle": other.config()["caBundle"]});
    validating(&cluster, "v", &config, &json!({})).await;
    let refused = cluster.post(MAPS, &map("m")).await;
    assert_eq!(refused.code, 500);
    assert!(refused.text.contains("tls: invalid peer certificate"), "{}", refused.text);
    assert!(webhook.asked().is_empty());
}

#[tokio::test]
async fn connections_are_kept_and_what_was_noted_is_in_the_audit_log() {
    let (sink, mut events) = crate::AuditSink::new();
    let cluster = Cluster::recorded(sink).await;
    let webhook =
        Webhook::start(|_| Said::response(json!({"allowed": true, "auditAnnotations": {"checked": "yes"}}))).await;
    validating(&cluster, "v", &webhook.config(), &json!({})).await;
    for name in ["a", "b", "c"] {
        cluster.post(MAPS, &map(name)).await.expect(201);
    }
    assert_eq!(webhook.connections(), 1);
    let mut noted = 0;
    while let Ok(event) = events.try_recv() {
        noted += usize::from(event.to_value()["annotations"]["v.example.com/checked"] == "yes");
    }
    assert_eq!(noted, 3);
}

#[tokio::test]
async fn a_custom_object_is_shown_in_the_version_that_is_wished() {
    let cluster = Cluster::new().await;
    let version = |name: &str, storage: bool| {
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        json!({"name": name, "served": true, "storage": storage, "schema": schema})
    };
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "toys.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "toys", "kind": "Toy"},
            "versions": [version("v1", true), version("v2", false)],
        },
    });
    cluster.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition).await.expect(201);
    let toys = "/apis/example.com/v2/namespaces/shop/toys";
    let served = async {
        while cluster.get(toys).await.code != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), served).await.expect("in time");
    let webhook = Webhook::start(sign("a")).await;
    mutating(&cluster, "a", &webhook.config(), &json!({"rules": rules("example.com", &["toys"], &["CREATE"])})).await;
    let toy = json!({"apiVersion": "example.com/v2", "kind": "Toy", "metadata": {"name": "t"}});
    let made = cluster.post(toys, &toy).await.expect(201);
    assert_eq!((&made["apiVersion"], &made["metadata"]["labels"]["seen"]), (&json!("example.com/v2"), &json!("a")));
    let asked = &webhook.asked()[0];
    assert_eq!((&asked["kind"]["version"], &asked["requestKind"]["version"]), (&json!("v1"), &json!("v2")));
    assert_eq!(asked["object"]["apiVersion"], "example.com/v1");
    let exact = json!({"rules": rules("example.com", &["toys"], &["CREATE"]), "matchPolicy": "Exact"});
    validating(&cluster, "v", &Webhook::dead().await, &exact).await;
    let other = json!({"apiVersion": "example.com/v2", "kind": "Toy", "metadata": {"name": "u"}});
    cluster.post(toys, &other).await.expect(201);
}
