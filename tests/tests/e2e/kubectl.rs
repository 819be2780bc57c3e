//! kubectl, unmodified: the pinned newest one, and the older ones where the machine has them.

use std::path::Path;

use tests::{Cluster, paths};

use crate::deploy::answer;

const MANIFEST: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:v1
        ports: [{containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
";

#[tokio::test]
async fn kubectl_lives_a_whole_life_against_the_cluster() {
    let cluster = Cluster::up();
    cluster.push("hello02", "web:v1");
    cluster.push("log", "web:v2");
    let manifest = cluster.path("web.yaml");
    std::fs::write(&manifest, MANIFEST).expect("writes");
    for kubectl in paths::kubectls() {
        println!("{}", kubectl.display());
        life(&cluster, &kubectl, &manifest.display().to_string()).await;
    }
}

async fn life(cluster: &Cluster, kubectl: &Path, manifest: &str) {
    let run = |args: &[&str]| cluster.kubectl_ok(kubectl, args);
    let _ = run(&["version"]);
    let _ = run(&["api-resources"]);
    assert!(run(&["create", "namespace", "team"]).contains("created"));
    assert!(run(&["create", "configmap", "c", "--from-literal=a=b", "-n", "team"]).contains("created"));
    assert!(run(&["create", "secret", "generic", "s", "--from-literal=a=b", "-n", "team"]).contains("created"));
    assert!(
        run(&["create", "deployment", "plain", "--image=web:v1", "--replicas=2", "-n", "team"]).contains("created")
    );
    assert!(run(&["create", "service", "clusterip", "plain", "--tcp=80:8080", "-n", "team"]).contains("created"));
    let _ = run(&["wait", "--for=condition=Available", "deployment/plain", "-n", "team", "--timeout=60s"]);

    assert!(differs(cluster, kubectl, manifest), "diff shows what apply would make");
    let _ = run(&["apply", "-f", manifest, "-n", "team"]);
    assert!(!differs(cluster, kubectl, manifest), "and then nothing");
    assert!(run(&["apply", "-f", manifest, "-n", "team"]).contains("unchanged"), "apply twice changes nothing");
    assert!(run(&["rollout", "status", "deployment/web", "-n", "team", "--timeout=60s"]).contains("successfully"));
    let port = run(&["get", "service", "web", "-n", "team", "-o", "jsonpath={.spec.ports[0].nodePort}"]);
    let addr = std::net::SocketAddr::new(cluster.slice.node_ip(1), port.parse().expect("a port"));
    answer(addr, "/").await;

    let pods = run(&["get", "pods", "-n", "team", "-o", "wide"]);
    assert_eq!(pods.matches("1/1").count(), 4, "{pods}");
    let _ = run(&["get", "all", "-n", "team"]);
    assert!(run(&["describe", "deployment", "web", "-n", "team"]).contains("ScalingReplicaSet"));
    let _ = run(&["describe", "pods", "-n", "team"]);
    let _ = run(&["describe", "node", "node-1"]);
    let _ = run(&["describe", "service", "web", "-n", "team"]);
    assert!(run(&["get", "events", "-n", "team"]).contains("Scheduled"));
    assert!(run(&["explain", "deployment.spec.replicas"]).contains("replicas"));
    assert!(run(&["auth", "can-i", "create", "pods"]).contains("yes"));

    let _ = run(&["scale", "deployment/web", "--replicas=3", "-n", "team"]);
    let _ = run(&["rollout", "status", "deployment/web", "-n", "team", "--timeout=60s"]);
    let _ = run(&["set", "image", "deployment/web", "web=web:v2", "-n", "team"]);
    let _ = run(&["rollout", "status", "deployment/web", "-n", "team", "--timeout=60s"]);
    answer(addr, "/?lines=3").await;
    let logs = tests::until("a Pod has logged", || async {
        let output = cluster.kubectl(kubectl, &["logs", "deployment/web", "-n", "team", "--tail=5"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.trim().is_empty() {
            answer(addr, "/?lines=3").await;
            None
        } else {
            Some(text)
        }
    });
    assert!(!logs.await.is_empty());
    assert!(run(&["rollout", "history", "deployment/web", "-n", "team"]).contains('2'));
    let _ = run(&["rollout", "undo", "deployment/web", "-n", "team"]);
    let _ = run(&["rollout", "status", "deployment/web", "-n", "team", "--timeout=60s"]);
    assert_eq!(
        run(&["get", "deployment", "web", "-n", "team", "-o", "jsonpath={.spec.template.spec.containers[0].image}"]),
        "web:v1"
    );
    let _ = run(&["rollout", "restart", "deployment/web", "-n", "team"]);
    let _ = run(&["rollout", "status", "deployment/web", "-n", "team", "--timeout=60s"]);
    let _ = run(&["label", "deployment", "web", "tier=front", "-n", "team"]);
    let _ = run(&["annotate", "deployment", "web", "note=x", "-n", "team"]);
    let _ = run(&["patch", "deployment", "web", "-n", "team", "-p", r#"{"spec":{"replicas":1}}"#]);
    let _ = run(&["cordon", "node-1"]);
    let _ = run(&["uncordon", "node-1"]);
    let _ = run(&["drain", "node-1", "--timeout=60s"]);
    let _ = run(&["uncordon", "node-1"]);
    let _ = run(&["wait", "--for=condition=Available", "deployment/web", "-n", "team", "--timeout=60s"]);
    assert!(run(&["events", "-n", "team"]).contains("Scheduled"));
    change_and_look(cluster, kubectl);

    let _ = run(&["delete", "-f", manifest, "-n", "team", "--timeout=60s"]);
    let _ = run(&["delete", "namespace", "team", "--timeout=60s"]);
    assert!(!cluster.kubectl(kubectl, &["get", "namespace", "team"]).status.success());
}

/// `kubectl diff` ends with 0 for no difference and 1 for some.
fn differs(cluster: &Cluster, kubectl: &Path, manifest: &str) -> bool {
    let output = cluster.kubectl(kubectl, &["diff", "-f", manifest, "-n", "team"]);
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1)), "diff: {}", String::from_utf8_lossy(&output.stderr));
    code == Some(1)
}

/// Runs a command that would go on for ever, and returns what it said until it was ended.
fn for_a_while(cluster: &Cluster, kubectl: &Path, args: &[&str]) -> String {
    let mut command = std::process::Command::new("timeout");
    let output = command.arg("2").arg(kubectl).args(args).env("KUBECONFIG", cluster.kubeconfig()).output();
    let output = output.expect("starts");
    assert_eq!(output.status.code(), Some(124), "{args:?} ended: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What was read is put back; while a rollout writes its status, others are faster, and one reads again.
fn replace(cluster: &Cluster, kubectl: &Path) {
    let file = cluster.path("replace.yaml");
    let tries = (0..50).any(|_| {
        let read = cluster.kubectl_ok(kubectl, &["get", "deployment", "web", "-n", "team", "-o", "yaml"]);
        std::fs::write(&file, read).expect("writes");
        let output = cluster.kubectl(kubectl, &["replace", "-f", &file.display().to_string()]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() || said.contains("(Conflict)"), "{said}");
        output.status.success()
    });
    assert!(tries, "somebody writes it all the time");
}

/// The commands that change an object in other ways, and those that look at it.
fn change_and_look(cluster: &Cluster, kubectl: &Path) {
    let run = |args: &[&str]| cluster.kubectl_ok(kubectl, args);
    let template = |path: &str| run(&["get", "deploy", "web", "-n", "team", "-o", &format!("jsonpath={{{path}}}")]);
    let _ = run(&["rollout", "pause", "deployment/web", "-n", "team"]);
    let _ = run(&["set", "env", "deployment/web", "COLOUR=red", "-n", "team"]);
    let _ = run(&["set", "resources", "deployment/web", "--limits=memory=32Mi", "-n", "team"]);
    let _ = run(&["rollout", "resume", "deployment/web", "-n", "team"]);
    let _ = run(&["rollout", "status", "deployment/web", "-n", "team", "--timeout=60s"]);
    assert_eq!(template(".spec.template.spec.containers[0].env[0].value"), "red");

    let edited = std::process::Command::new(kubectl)
        .args(["edit", "deployment/web", "-n", "team"])
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("KUBE_EDITOR", "sed -i s/red/blue/")
        .output()
        .expect("starts");
    assert!(edited.status.success(), "edit: {}", String::from_utf8_lossy(&edited.stderr));
    assert_eq!(template(".spec.template.spec.containers[0].env[0].value"), "blue");
    replace(cluster, kubectl);
    let _ = run(&["rollout", "status", "deployment/web", "-n", "team", "--timeout=60s"]);

    let pod = run(&["get", "pods", "-n", "team", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}"]);
    let _ = run(&["logs", &pod, "-n", "team", "--since=1h", "--timestamps"]);
    assert!(for_a_while(cluster, kubectl, &["get", "pods", "-n", "team", "--watch"]).contains(&pod));
    let _ = for_a_while(cluster, kubectl, &["logs", &pod, "-n", "team", "--follow"]);
    let _ = run(&["get", "pod", &pod, "-n", "team", "-o", "yaml"]);
    let _ = run(&["delete", "pod", &pod, "-n", "team", "--timeout=60s"]);
    let _ = run(&["wait", "--for=delete", &format!("pod/{pod}"), "-n", "team", "--timeout=60s"]);
    let _ = run(&["wait", "--for=condition=Available", "deployment/web", "-n", "team", "--timeout=60s"]);
    assert!(run(&["auth", "whoami"]).contains("system:masters"));

    let _ = run(&["delete", "deployment", "plain", "-n", "team", "--cascade=orphan"]);
    let orphan = run(&["get", "replicasets", "-n", "team", "-l", "app=plain", "-o", "name"]);
    assert!(orphan.contains("replicaset"), "its ReplicaSet stays: {orphan}");
    let _ = run(&["delete", "-n", "team", orphan.trim(), "--cascade=foreground", "--timeout=60s"]);
    assert!(run(&["get", "pods", "-n", "team", "-l", "app=plain", "-o", "name"]).is_empty());
}
