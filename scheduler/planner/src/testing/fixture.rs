//! Clusters as text, one object a line: `kind namespace/name key=value flag ...`.
//!
//! ```text
//! now 100                                           seconds since EPOCH; everything is created at 0
//! node a cpu=4 mem=8Gi pods=110 zone=z1 taint=k=v:NoExecute@90 cordoned silent=7 | never | ready=Unknown
//! namespace shop leaving
//! deploy shop/web replicas=3 surge=1 unavailable=0 image=v2 recreate paused minready=5 deadline=60
//! rs shop/web-1 of=web replicas=3 image=v1 revision=1 at=10
//! pod shop/web-1-a of=web-1 node=a ready=20 | pending | failed | leaving  ip=10.0.0.1 cpu=1 mem=1Gi at=5
//! job shop/pi completions=3 parallelism=2 indexed backoff=6 deadline=60 ttl=9 spec={...} status={...}
//! pod shop/pi-a job=pi node=a index=0 phase=Failed grace=0 untracked
//! cron shop/nightly schedule=0_3_*_*_* policy=Forbid deadline=60 zone=Europe/Berlin suspend last=40
//! job shop/nightly-1 of=nightly due=30 finished=Complete@50
//! service shop/web port=http:80:8080 app=web headless publish
//! slice shop/web-x of=web ports=http:8080 endpoints=web-1-a:10.0.0.1
//! config shop/settings of=web
//! sts shop/web replicas=3 image=v2 partition=1 unavailable=2 parallel ondelete start=5 current=web-v1
//! ds shop/log image=v2 unavailable=1 surge=1 ondelete
//! crev shop/web-v1 sts=web image=v1 number=1
//! pod shop/web-0 sts=web rev=web-v1 node=a ready
//! budget shop/web min=2 max=50% app=web
//! ```

mod batch;
mod sets;

use std::collections::BTreeMap;
use std::sync::Arc;

use api::resource::{CONFIG_MAPS, SECRETS};
use api::{NamespacedName, Resource, label};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Config, Objects, Session, Snapshot};

/// Second zero of every fixture: 2026-01-01.
pub(crate) const EPOCH: i64 = 1_767_225_600;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(EPOCH + second).unwrap()
}

/// The words of one line after its kind and name.
pub(crate) struct Words<'a> {
    line: &'a str,
    words: Vec<(&'a str, &'a str)>,
}

impl<'a> Words<'a> {
    fn parse(line: &'a str) -> Self {
        Self { line, words: line.split_whitespace().skip(2).map(|w| w.split_once('=').unwrap_or((w, ""))).collect() }
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.words.iter().find(|(own, _)| *own == key).map(|(_, value)| *value)
    }

    fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.words.iter().filter(move |(own, _)| *own == key).map(|(_, value)| *value)
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.get(key).map(|text| text.parse().unwrap_or_else(|_| panic!("{key} in {}", self.line)))
    }

    /// An intstr: a number or a text such as `25%`.
    fn bound(&self, key: &str) -> Option<Value> {
        self.get(key).map(|text| text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)))
    }
}

pub(crate) fn parse(text: &str) -> Snapshot {
    let mut snapshot = Snapshot::empty(at(100), Config::default());
    snapshot.started = at(0);
    snapshot.seed = 7;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut head = line.split_whitespace();
        let (kind, name) = (head.next().unwrap(), head.next().unwrap());
        let words = Words::parse(line);
        let name = match name.split_once('/') {
            Some((namespace, name)) => NamespacedName::new(namespace, name),
            None => NamespacedName::new("", name),
        };
        add(&mut snapshot, kind, &name, &words);
    }
    snapshot
}

fn add(snapshot: &mut Snapshot, kind: &str, name: &NamespacedName, words: &Words<'_>) {
    match kind {
        "now" => snapshot.now = at(name.name.parse().unwrap()),
        "started" => snapshot.started = at(name.name.parse().unwrap()),
        "limit" => snapshot.config.actions_max = name.name.parse().unwrap(),
        "ca" => snapshot.config.ca_pem = Arc::from(name.name.as_str()),
        "node" => {
            session(snapshot, &name.name, words);
            put(&mut snapshot.nodes, name, node(name, words));
        }
        "namespace" => put(&mut snapshot.namespaces, name, namespace(name, words)),
        "deploy" => put(&mut snapshot.deployments, name, deployment(name, words)),
        "rs" => put(&mut snapshot.replica_sets, name, replica_set(name, words)),
        "sts" => put(&mut snapshot.stateful_sets, name, sets::stateful_set(name, words)),
        "ds" => put(&mut snapshot.daemon_sets, name, sets::daemon_set(name, words)),
        "crev" => put(&mut snapshot.controller_revisions, name, sets::controller_revision(name, words)),
        "budget" => put(&mut snapshot.pod_disruption_budgets, name, sets::budget(name, words)),
        "job" => put(&mut snapshot.jobs, name, batch::job(name, words)),
        "cron" => put(&mut snapshot.cron_jobs, name, batch::cron_job(name, words)),
        "pod" => put(&mut snapshot.pods, name, pod(name, words)),
        "service" => put(&mut snapshot.services, name, service(name, words)),
        "slice" => put(&mut snapshot.endpoint_slices, name, slice(name, words)),
        "config" | "secret" => {
            let resource: &'static Resource = if kind == "config" { &CONFIG_MAPS } else { &SECRETS };
            let mut object = json!({"metadata": meta(name, kind, words)});
            own(&mut object, name, "apps/v1", "Deployment", "deploy", words);
            let meta = serde_json::from_value(object["metadata"].take()).unwrap();
            snapshot.others.entry(resource).or_default().insert(name.clone(), Arc::new(meta));
        }
        other => panic!("{other} is no kind of fixture"),
    }
}

fn put<T: serde::de::DeserializeOwned + Clone>(objects: &mut Objects<T>, name: &NamespacedName, object: Value) {
    let object = serde_json::from_value(object).unwrap_or_else(|why| panic!("{name}: {why}"));
    objects.insert(name.clone(), Arc::new(object));
}

/// Metadata every object has; the UID tells kinds apart.
fn meta(name: &NamespacedName, kind: &str, words: &Words<'_>) -> Value {
    let mut meta = json!({
        "name": name.name,
        "uid": words.get("uid").map_or_else(|| format!("{kind}-{}", name.name), str::to_owned),
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": at(words.number("at").unwrap_or(0)).to_string(),
    });
    if !name.namespace.is_empty() {
        meta["namespace"] = json!(name.namespace);
    }
    if words.has("leaving") {
        meta["deletionTimestamp"] = json!(at(50).to_string());
        meta["deletionGracePeriodSeconds"] = json!(words.number("grace").unwrap_or(30));
    }
    let finalizers: Vec<_> = words.all("finalizer").collect();
    if !finalizers.is_empty() {
        meta["finalizers"] = json!(finalizers);
    }
    meta
}

/// Adds the owner that `of=NAME` (or `of=NAME:UID`) names.
fn own(object: &mut Value, name: &NamespacedName, version: &str, kind: &str, prefix: &str, words: &Words<'_>) {
    let _ = name;
    let Some(owner) = words.get("of") else { return };
    let (owner, uid) = owner
        .split_once(':')
        .map_or_else(|| (owner, format!("{prefix}-{owner}")), |(owner, uid)| (owner, uid.to_owned()));
    object["metadata"]["ownerReferences"] = json!([{
        "apiVersion": version, "kind": kind, "name": owner, "uid": uid, "controller": true, "blockOwnerDeletion": true,
    }]);
}

fn session(snapshot: &mut Snapshot, name: &str, words: &Words<'_>) {
    if words.has("never") {
        return;
    }
    let session = match words.number("silent") {
        None => Session { connected: true, since: at(0) },
        Some(seconds) => Session { connected: false, since: at(snapshot.now.as_second() - EPOCH - seconds) },
    };
    Arc::make_mut(&mut snapshot.sessions).insert(name.to_owned(), session);
}

fn node(name: &NamespacedName, words: &Words<'_>) -> Value {
    let mut labels = BTreeMap::from([(label::HOSTNAME.to_owned(), name.name.clone())]);
    labels.extend(words.get("zone").map(|zone| (label::ZONE.to_owned(), zone.to_owned())));
    labels.extend(words.all("label").map(|l| l.split_once('=').unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned())));
    let taints: Vec<_> = words.all("taint").map(taint).collect();
    let mut meta = meta(name, "node", words);
    meta["labels"] = json!(labels);
    json!({
        "metadata": meta,
        "spec": {"taints": taints, "unschedulable": words.has("cordoned")},
        "status": {
            "allocatable": {
                "cpu": words.get("cpu").unwrap_or("8"),
                "memory": words.get("mem").unwrap_or("16Gi"),
                "pods": words.get("pods").unwrap_or("1000"),
            },
            "conditions": [{
                "type": "Ready",
                "status": words.get("ready").unwrap_or("True"),
                "message": words.get("message").unwrap_or("host is connected").replace('_', " "),
                "lastTransitionTime": at(0).to_string(),
            }],
        },
    })
}

/// `key=value:Effect@second`.
fn taint(text: &str) -> Value {
    let (text, time) = text.split_once('@').map_or((text, None), |(text, time)| (text, Some(time)));
    let (text, effect) = text.rsplit_once(':').unwrap();
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    let time = time.map(|second| at(second.parse().unwrap()).to_string());
    json!({"key": key, "value": value, "effect": effect, "timeAdded": time})
}

fn namespace(name: &NamespacedName, words: &Words<'_>) -> Value {
    let finalizers: Vec<_> = if words.has("bare") { vec![] } else { vec!["kubernetes"] };
    json!({"metadata": meta(name, "namespace", words), "spec": {"finalizers": finalizers}})
}

fn app<'a>(name: &'a NamespacedName, words: &Words<'a>) -> &'a str {
    words.get("app").or_else(|| words.get("of")).unwrap_or(&name.name).split(['-', ':']).next().unwrap()
}

/// A template whose revisions differ in their image.
fn template(app: &str, words: &Words<'_>, hash: Option<&str>) -> Value {
    let mut labels = json!({"app": app});
    if let Some(hash) = hash {
        labels[label::POD_TEMPLATE_HASH] = json!(hash);
    }
    json!({"metadata": {"labels": labels}, "spec": pod_spec(words)})
}

fn deployment(name: &NamespacedName, words: &Words<'_>) -> Value {
    let app = app(name, words);
    let rolling = json!({"maxSurge": words.bound("surge"), "maxUnavailable": words.bound("unavailable")});
    let strategy = if words.has("recreate") {
        json!({"type": "Recreate"})
    } else {
        json!({"type": "RollingUpdate", "rollingUpdate": rolling})
    };
    let mut meta = meta(name, "deploy", words);
    meta["annotations"] = json!({"team": "red"});
    if let Some(revision) = words.get("revision") {
        meta["annotations"][label::REVISION] = json!(revision);
    }
    json!({
        "metadata": meta,
        "spec": {
            "replicas": words.number("replicas"),
            "paused": words.has("paused"),
            "minReadySeconds": words.number("minready").unwrap_or(0),
            "progressDeadlineSeconds": words.number("deadline").unwrap_or(600),
            "revisionHistoryLimit": words.number("history").unwrap_or(10),
            "selector": {"matchLabels": {"app": app}},
            "strategy": strategy,
            "template": template(app, words, None),
        },
        "status": words.get("status").map(|text| serde_json::from_str::<Value>(text).unwrap()),
    })
}

fn replica_set(name: &NamespacedName, words: &Words<'_>) -> Value {
    let app = app(name, words);
    let hash = name.name.rsplit('-').next().unwrap();
    let mut meta = meta(name, "rs", words);
    meta["labels"] = json!({"app": app, (label::POD_TEMPLATE_HASH): hash});
    let desired = words.number("desired").or(words.number("replicas")).unwrap_or(0);
    meta["annotations"] = json!({"team": "red", (label::DESIRED_REPLICAS): desired.to_string()});
    meta["annotations"][label::MAX_REPLICAS] = json!(words.number("max").unwrap_or(desired + 1).to_string());
    if let Some(revision) = words.get("revision") {
        meta["annotations"][label::REVISION] = json!(revision);
    }
    let mut object = json!({
        "metadata": meta,
        "spec": {
            "replicas": words.number("replicas").unwrap_or(0),
            "minReadySeconds": words.number("minready").unwrap_or(0),
            "selector": {"matchLabels": {"app": app, (label::POD_TEMPLATE_HASH): hash}},
            "template": template(app, words, Some(hash)),
        },
    });
    own(&mut object, name, "apps/v1", "Deployment", "deploy", words);
    object
}

fn pod_spec(words: &Words<'_>) -> Value {
    let requests: BTreeMap<_, _> = [("cpu", words.get("cpu")), ("memory", words.get("mem")), ("gpu", words.get("gpu"))]
        .into_iter()
        .filter_map(|(name, amount)| Some((name, amount?)))
        .collect();
    let ports: Vec<_> = words
        .all("port")
        .map(|port| match port.split_once(':') {
            Some((name, number)) => json!({"name": name, "containerPort": number.parse::<i32>().unwrap()}),
            None => json!({"containerPort": port.parse::<i32>().unwrap()}),
        })
        .chain(words.all("hostport").map(|port| json!({"containerPort": 80, "hostPort": port.parse::<i32>().unwrap()})))
        .collect();
    let mut spec = json!({
        "containers": [{
            "name": "main",
            "image": words.get("image").unwrap_or("v1"),
            "ports": ports,
            "resources": {"requests": requests},
        }],
    });
    if let Some(more) = words.get("spec") {
        let more: Value = serde_json::from_str(more).unwrap_or_else(|why| panic!("{}: {why}", words.line));
        json_merge(&mut spec, &more);
    }
    spec
}

pub(crate) fn json_merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        let fields = target.as_object_mut().unwrap();
        if value.is_null() {
            fields.remove(key);
        } else {
            json_merge(fields.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn pod(name: &NamespacedName, words: &Words<'_>) -> Value {
    let app = app(name, words);
    let owner = words.get("of").map(|owner| owner.split(':').next().unwrap());
    let mut meta = meta(name, "pod", words);
    meta["labels"] = json!({"app": app});
    if let Some(hash) = owner.and_then(|owner| owner.rsplit('-').next()) {
        meta["labels"][label::POD_TEMPLATE_HASH] = json!(hash);
    }
    if let Some(cost) = words.get("cost") {
        meta["annotations"] = json!({label::POD_DELETION_COST: cost});
    }
    let mut spec = pod_spec(words);
    spec["nodeName"] = json!(words.get("node"));
    let ready = words.has("ready");
    let phase = words.get("phase").unwrap_or(match words.get("node") {
        Some(_) if !words.has("pending") => "Running",
        _ => "Pending",
    });
    let since: i64 = words.get("ready").and_then(|second| second.parse().ok()).unwrap_or(0);
    let mut object = json!({
        "metadata": meta,
        "spec": spec,
        "status": {
            "phase": phase,
            "podIP": words.get("ip"),
            "conditions": [{
                "type": "Ready",
                "status": if ready { "True" } else { "False" },
                "lastTransitionTime": at(since).to_string(),
            }],
        },
    });
    if let Some(message) = words.get("told") {
        let told = json!({
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message.replace('_', " "),
        });
        object["status"]["conditions"].as_array_mut().unwrap().push(told);
    }
    own(&mut object, name, "apps/v1", "ReplicaSet", "rs", words);
    batch::mark_pod(&mut object, words);
    sets::mark_pod(&mut object, words);
    object
}

fn service(name: &NamespacedName, words: &Words<'_>) -> Value {
    let ports: Vec<_> = words
        .all("port")
        .map(|port| {
            let parts: Vec<_> = port.split(':').collect();
            let number: i32 = parts[1].parse().unwrap();
            let target = parts.get(2).map(|t| t.parse::<i32>().map_or_else(|_| json!(t), |n| json!(n)));
            let node_port = parts.get(3).map(|text| text.parse::<i32>().unwrap());
            json!({"name": parts[0], "port": number, "targetPort": target, "nodePort": node_port})
        })
        .collect();
    let selector = (!words.has("bare")).then(|| json!({"app": app(name, words)}));
    json!({
        "metadata": meta(name, "service", words),
        "spec": {
            "clusterIP": if words.has("headless") { "None" } else { "10.1.0.1" },
            "selector": selector,
            "publishNotReadyAddresses": words.has("publish"),
            "ports": ports,
        },
    })
}

/// A slice of ours, or with `by=NAME` of another manager.
fn slice(name: &NamespacedName, words: &Words<'_>) -> Value {
    let service = words.get("of").unwrap();
    let mut meta = meta(name, "slice", words);
    meta["labels"] = json!({
        (label::SERVICE_NAME): service,
        (label::ENDPOINT_SLICE_MANAGED_BY): words.get("by").unwrap_or(crate::endpoints::MANAGER),
    });
    let ports: Vec<_> = words
        .all("port")
        .map(|port| port.split_once(':').unwrap())
        .map(|(name, number)| json!({"name": name, "port": number.parse::<i32>().unwrap(), "protocol": "TCP"}))
        .collect();
    let endpoints: Vec<_> = words
        .all("endpoint")
        .map(|endpoint| {
            let parts: Vec<_> = endpoint.split('@').collect();
            let pod = json!({"kind": "Pod", "namespace": name.namespace, "name": parts[0], "uid": format!("pod-{}", parts[0])});
            let is = |state: &str| parts.get(3).is_some_and(|states| states.contains(state));
            json!({
                "addresses": [parts[1]],
                "nodeName": parts.get(2),
                "targetRef": pod,
                "conditions": {"ready": is("r"), "serving": is("s"), "terminating": is("t")},
            })
        })
        .collect();
    json!({"metadata": meta, "addressType": "IPv4", "endpoints": endpoints, "ports": ports})
}
