//! Client libraries of other languages, unmodified, through scripts in `tests/clients`; and Kubernetes' own schemas
//! held against what the cluster returns.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
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

    let objects = everything(&cluster, &run(&["api-resources", "--verbs=list", "-o", "name"]));
    assert!(objects.len() > 40, "{} objects", objects.len());
    let mut judge = python("schemas.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    let mut input = judge.stdin.take().expect("stdin is piped");
    for object in &objects {
        writeln!(input, "{object}").expect("the judge reads");
    }
    drop(input);
    let output = judge.wait_with_output().expect("ends");
    assert!(output.status.success(), "{}", said(&output));
}

fn everything(cluster: &Cluster, resources: &str) -> Vec<Value> {
    let mut objects = Vec::new();
    for resource in resources.lines() {
        let text = cluster.kubectl_ok(&paths::kubectl(), &["get", resource, "-A", "-o", "json"]);
        let list: Value = serde_json::from_str(&text).expect("JSON");
        objects.extend(list["items"].as_array().expect("a list").iter().cloned());
    }
    objects
}
