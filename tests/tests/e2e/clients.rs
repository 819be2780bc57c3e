//! Client libraries of other languages, unmodified, through scripts in `tests/clients`; and Kubernetes' own schemas
//! held against what the cluster returns.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tests::{Cluster, paths};

#[test]
fn pythons_official_client_works_typed_dynamic_and_as_a_leader() {
    script(&mut python("official.py"));
}

#[test]
fn kr8s_and_lightkube_work() {
    script(&mut python("small.py"));
}

#[test]
fn nodes_client_follows_pods_with_an_informer() {
    let libraries = paths::clients().join("node");
    let program = std::fs::read_to_string(libraries.join("node.path")).expect("`cargo xtask clients` makes it");
    let mut node = Command::new(program);
    node.arg(sources("node/informer.mjs")).arg("web:v1").arg(libraries);
    script(&mut node);
}

/// Runs a script that ends with `ok` against a cluster that knows the component `web:v1`.
fn script(command: &mut Command) {
    let cluster = Cluster::up();
    cluster.push("hello02", "web:v1");
    let output = command.env("KUBECONFIG", cluster.kubeconfig()).env("NODE_NO_WARNINGS", "1").output().expect("starts");
    assert!(output.status.success() && said(&output).ends_with("ok\n"), "{}", said(&output));
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn python(name: &str) -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", paths::clients().join("python")).env("PYTHONDONTWRITEBYTECODE", "1");
    python.arg(sources("python").join(name)).arg("web:v1");
    python
}

fn sources(path: &str) -> PathBuf {
    paths::root().join("tests/clients").join(path)
}

/// Objects of every kind in its fullest everyday form: by generators of kubectl, by manifests, by the control plane.
#[test]
fn every_object_returned_is_as_kubernetes_schemas_say() {
    let cluster = Cluster::up();
    cluster.push("hello02", "web:v1");
    cluster.push("job", "job:v1");
    let kubectl = paths::kubectl();
    let run = |args: &[&str]| cluster.kubectl_ok(&kubectl, args);
    let _ = run(&["apply", "-f", &sources("kinds.yaml").display().to_string()]);
    let _ = run(&["wait", "--for=condition=Available", "deployment", "--all", "-n", "kinds", "--timeout=60s"]);
    let _ = run(&["wait", "--for=condition=Complete", "job", "--all", "-n", "kinds", "--timeout=60s"]);
    let _ = run(&["delete", "pod", "bare", "-n", "kinds"]);

    let folder = cluster.path("returned");
    std::fs::create_dir(&folder).expect("a folder");
    let mut lines = String::new();
    for resource in run(&["api-resources", "--verbs=list", "-o", "name"]).lines() {
        let list: Value = serde_json::from_str(&run(&["get", resource, "-A", "-o", "json"])).expect("JSON");
        lines += &format!("{}\n", json!({"test": "kinds", "asked": resource, "document": list}));
    }
    std::fs::write(folder.join("kinds.json"), lines).expect("writes");
    let mut judge = Command::new("python3");
    judge.env("PYTHONPATH", paths::clients().join("python")).arg(sources("python/schemas.py")).arg(&folder);
    let output = judge.output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));

    // A judge that finds nothing is believed only if it finds what is there.
    let bent = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bent", "labels": []}});
    let line = json!({"test": "kinds", "asked": "planted", "document": bent});
    std::fs::write(folder.join("bent.json"), line.to_string()).expect("writes");
    let output = judge.output().expect("starts");
    assert!(!output.status.success() && said(&output).contains("Pod /bent: metadata/labels"), "{}", said(&output));
}
