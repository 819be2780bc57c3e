//! StatefulSets, DaemonSets and PodDisruptionBudgets by kubectl, with `rollout`, `scale`, `drain` and `wait`.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::client::{Api, ready};
use tests::{Cluster, paths, until};

const STATEFUL: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: main, image: "web:v1", ports: [{containerPort: 8080}]}]
"#;

const DAEMONS: &str = r#"
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: log}
spec:
  selector: {matchLabels: {app: log}}
  template:
    metadata: {labels: {app: log}}
    spec:
      containers: [{name: main, image: "web:v1", ports: [{containerPort: 8080}]}]
"#;

const BUDGETED: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: "web:v1", ports: [{containerPort: 8080}]}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 75%
  selector: {matchLabels: {app: web}}
"#;

/// A cluster, the kubectl to talk to it with, and its API.
struct Talk {
    cluster: Cluster,
    kubectl: PathBuf,
}

impl Talk {
    fn new(cluster: Cluster) -> Self {
        cluster.push("hello02", "web:v1");
        cluster.push("log", "web:v2");
        Self { cluster, kubectl: paths::kubectls().remove(0) }
    }

    fn run(&self, args: &[&str]) -> String {
        self.cluster.kubectl_ok(&self.kubectl, args)
    }

    fn apply(&self, name: &str, manifest: &str) -> String {
        let file = self.cluster.path(name);
        std::fs::write(&file, manifest).expect("writes");
        self.run(&["apply", "-f", &file.display().to_string()])
    }

    /// `name=image` of every Pod with a label, in order of name.
    fn images(&self, label: &str) -> String {
        let path = "jsonpath={range .items[*]}{.metadata.name}={.spec.containers[0].image} {end}";
        self.run(&["get", "pods", "-l", label, "-o", path]).trim().to_owned()
    }

    fn settled(&self, set: &str) -> String {
        self.run(&["rollout", "status", set, "--timeout=60s"])
    }
}

/// C58
#[tokio::test]
async fn a_stateful_set_behind_a_headless_service_is_rolled_by_partition_and_undone() {
    let talk = Talk::new(Cluster::up());
    let applied = talk.apply("db.yaml", STATEFUL);
    assert!(applied.contains("statefulset.apps/db created"), "{applied}");
    let _ = talk.settled("statefulset/db");
    assert_eq!(talk.images("app=db"), "db-0=web:v1 db-1=web:v1 db-2=web:v1");
    assert!(talk.run(&["get", "statefulsets"]).contains("3/3"));
    assert!(talk.run(&["get", "all"]).contains("statefulset.apps/db"));
    assert!(talk.run(&["describe", "statefulset", "db"]).contains("create Pod db-2 in StatefulSet db successful"));
    assert!(
        talk.run(&["get", "pod", "db-1", "-o", "jsonpath={.metadata.labels}"])
            .contains(r#""apps.kubernetes.io/pod-index":"1""#)
    );
    let api = talk.cluster.api().await;
    until("the names of all Pods are published", || async {
        (hostnames(&api).await == ["db-0", "db-1", "db-2"]).then_some(())
    })
    .await;

    let partition = |n: u8| format!(r#"{{"spec":{{"updateStrategy":{{"rollingUpdate":{{"partition":{n}}}}}}}}}"#);
    let _ = talk.run(&["patch", "statefulset", "db", "-p", &partition(2)]);
    let _ = talk.run(&["set", "image", "statefulset/db", "main=web:v2"]);
    let told = talk.settled("statefulset/db");
    assert!(told.contains("partitioned roll out complete: 1 new pods"), "{told}");
    assert_eq!(talk.images("app=db"), "db-0=web:v1 db-1=web:v1 db-2=web:v2");
    let _ = talk.run(&["patch", "statefulset", "db", "-p", &partition(0)]);
    let updated = "--for=jsonpath={.status.updatedReplicas}=3";
    let _ = talk.run(&["wait", updated, "statefulset/db", "--timeout=60s"]);
    let _ = talk.settled("statefulset/db");
    assert_eq!(talk.images("app=db"), "db-0=web:v2 db-1=web:v2 db-2=web:v2");

    let history = talk.run(&["rollout", "history", "statefulset/db"]);
    assert_eq!(history.lines().filter(|line| line.starts_with(['1', '2'])).count(), 2, "{history}");
    assert!(talk.run(&["rollout", "history", "statefulset/db", "--revision=1"]).contains("web:v1"));
    let _ = talk.run(&["rollout", "undo", "statefulset/db"]);
    let _ = talk.settled("statefulset/db");
    assert_eq!(talk.images("app=db"), "db-0=web:v1 db-1=web:v1 db-2=web:v1");
    let _ = talk.run(&["rollout", "restart", "statefulset/db"]);
    let _ = talk.settled("statefulset/db");
    orphans_and_scale(&talk, &api).await;
}

async fn orphans_and_scale(talk: &Talk, api: &Api) {
    let _ = talk.run(&["delete", "statefulset", "db", "--cascade=orphan"]);
    assert_eq!(talk.images("app=db").split(' ').count(), 3, "Pods outlive a set that lets them go");
    let _ = talk.apply("db.yaml", STATEFUL);
    let _ = talk.run(&["wait", "--for=jsonpath={.status.replicas}=3", "statefulset/db", "--timeout=60s"]);
    let _ = talk.run(&["scale", "statefulset/db", "--replicas=1"]);
    let _ = talk.run(&["wait", "--for=delete", "pod/db-2", "pod/db-1", "--timeout=60s"]);
    let _ = talk.run(&["wait", "--for=jsonpath={.status.replicas}=1", "statefulset/db", "--timeout=60s"]);
    let _ = talk.run(&["delete", "statefulset", "db", "--cascade=foreground"]);
    let _ = talk.run(&["wait", "--for=delete", "pod/db-0", "--timeout=60s"]);
    until("revisions go with their set", || async {
        api.items("/apis/apps/v1/namespaces/default/controllerrevisions").await.is_empty().then_some(())
    })
    .await;
}

/// Names that the EndpointSlices of the Service `db` give.
async fn hostnames(api: &Api) -> Vec<String> {
    let slices = api.items("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices").await;
    let own = slices.iter().filter(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == "db");
    let endpoints = own.filter_map(|slice| slice["endpoints"].as_array()).flatten();
    let mut names: Vec<_> = endpoints.filter_map(|endpoint| endpoint["hostname"].as_str().map(str::to_owned)).collect();
    names.sort();
    names
}

/// Nodes with the image that runs there: `node-2=web:v1`.
async fn placed(api: &Api, app: &str) -> Vec<String> {
    let pods = api.items("/api/v1/namespaces/default/pods").await;
    let own = ready(&pods).into_iter().filter(|pod| pod["metadata"]["labels"]["app"] == app);
    let text = |pod: &Value, path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or("?").to_owned();
    let place = |pod| format!("{}={}", text(pod, "/spec/nodeName"), text(pod, "/spec/containers/0/image"));
    let mut places: Vec<_> = own.map(place).collect();
    places.sort();
    places
}

async fn two_nodes() -> (Talk, Api) {
    let mut cluster = Cluster::server();
    cluster.join();
    cluster.join();
    let api = cluster.api().await;
    until("two Nodes are there", || async { (api.items("/api/v1/nodes").await.len() == 2).then_some(()) }).await;
    (Talk::new(cluster), api)
}

#[tokio::test]
async fn a_daemon_set_has_a_pod_on_every_host_also_on_one_that_joins() {
    let (mut talk, api) = two_nodes().await;
    let _ = talk.apply("log.yaml", DAEMONS);
    let _ = talk.settled("daemonset/log");
    assert_eq!(placed(&api, "log").await, ["node-2=web:v1", "node-3=web:v1"]);
    talk.cluster.join();
    until("the new host has its Pod", || async { (placed(&api, "log").await.len() == 3).then_some(()) }).await;
    let _ = talk.run(&["set", "image", "daemonset/log", "main=web:v2"]);
    let _ = talk.settled("daemonset/log");
    assert_eq!(placed(&api, "log").await, ["node-2=web:v2", "node-3=web:v2", "node-4=web:v2"]);
    assert!(talk.run(&["get", "daemonsets"]).contains("log    3         3         3       3            3"));
    assert!(talk.run(&["rollout", "history", "daemonset/log", "--revision=1"]).contains("web:v1"));
    let _ = talk.run(&["rollout", "undo", "daemonset/log"]);
    let _ = talk.settled("daemonset/log");
    assert_eq!(placed(&api, "log").await, ["node-2=web:v1", "node-3=web:v1", "node-4=web:v1"]);
    let _ = talk.run(&["drain", "node-2", "--ignore-daemonsets", "--timeout=60s"]);
    assert_eq!(placed(&api, "log").await.len(), 3, "daemons stay where nobody else may go");
    assert!(talk.run(&["describe", "daemonset", "log"]).contains("Created pod"));
}

/// C63, C45: a drain waits where a budget says so, and proceeds when Pods have moved.
#[tokio::test]
async fn a_drain_waits_for_the_budget_and_proceeds() {
    let (talk, api) = two_nodes().await;
    let _ = talk.apply("web.yaml", BUDGETED);
    let _ = talk.settled("deployment/web");
    let _ = talk.run(&["wait", "--for=jsonpath={.status.disruptionsAllowed}=1", "pdb/web", "--timeout=60s"]);
    assert!(talk.run(&["get", "pdb"]).contains("75%             N/A               1"));
    let _ = talk.run(&["describe", "pdb", "web"]);
    let before = placed(&api, "web").await;
    assert!(before.iter().filter(|place| place.starts_with("node-2")).count() > 1, "{before:?}");
    let drain = ["drain", "node-2", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=90s"];
    let out = talk.cluster.kubectl(&talk.kubectl, &drain);
    let told = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{told}");
    assert!(told.contains("Cannot evict pod as it would violate the pod's disruption budget"), "{told}");
    until("all four serve from the other host", || async {
        let places = placed(&api, "web").await;
        (places.len() == 4 && places.iter().all(|place| place.starts_with("node-3"))).then_some(())
    })
    .await;
    refused_for_good(&talk, &talk.kubectl);
}

/// A budget that allows nothing stops a drain with a reason.
fn refused_for_good(talk: &Talk, kubectl: &Path) {
    let _ = talk.run(&["patch", "pdb", "web", "-p", r#"{"spec":{"minAvailable":4}}"#]);
    let _ = talk.run(&["wait", "--for=jsonpath={.status.disruptionsAllowed}=0", "pdb/web", "--timeout=60s"]);
    let out = talk.cluster.kubectl(kubectl, &["drain", "node-3", "--ignore-daemonsets", "--timeout=3s"]);
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && told.contains("disruption budget"), "{told}");
}
