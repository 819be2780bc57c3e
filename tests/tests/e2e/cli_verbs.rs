//! The verbs of `insula` that change, watch and explain, each at least once against a real cluster.

use std::net::SocketAddr;

use serde_json::Value;
use tests::{Cluster, paths};

use crate::cli::{ended, shop};
use crate::deploy::answer;

fn json(cluster: &Cluster, args: &[&str]) -> Value {
    serde_json::from_str(&cluster.insula_ok(&[args, &["-o", "json"]].concat())).expect("JSON")
}

fn path(cluster: &Cluster, what: &str, path: &str) -> String {
    cluster.insula_ok(&["get", what, "-o", &format!("jsonpath={path}")])
}

/// A Deployment made, followed, changed, undone, exposed and described without a manifest.
#[tokio::test]
async fn a_deployment_lives_without_a_manifest() {
    let (cluster, _) = shop();
    let run = |args: &[&str]| cluster.insula_ok(args);
    assert_eq!(
        run(&["create", "deployment", "web", "--image=web:v1", "--replicas=2"]),
        "deployment.apps/web created\n"
    );
    let done = "deployment \"web\" successfully rolled out\n";
    assert_eq!(run(&["rollout", "status", "deploy/web", "--timeout=60s"]), done);
    assert_eq!(run(&["wait", "deploy/web", "--for=condition=Available"]), "deployment.apps/web condition met\n");
    assert_eq!(
        run(&["expose", "deploy/web", "--port=80", "--target-port=8080", "--type=NodePort"]),
        "service/web exposed\n"
    );
    let port = path(&cluster, "svc/web", "{.spec.ports[0].nodePort}").parse().expect("a port");
    answer(SocketAddr::new(cluster.slice.node_ip(1), port), "/").await;

    assert_eq!(
        run(&["scale", "deploy/web", "--replicas=3", "--current-replicas=2", "--timeout=30s"]),
        "deployment.apps/web scaled\n"
    );
    assert_eq!(ended(&cluster.insula(&["scale", "deploy/web", "--replicas=9", "--current-replicas=2"])).0, 1);
    assert_eq!(run(&["set", "image", "deploy/web", "web=web:v2"]), "deployment.apps/web image updated\n");
    assert_eq!(run(&["rollout", "status", "deploy/web", "--timeout=60s"]), done);
    assert_eq!(run(&["set", "env", "deploy/web", "COLOUR=red", "OLD=x"]), "deployment.apps/web env updated\n");
    assert_eq!(run(&["set", "env", "deploy/web", "OLD-"]), "deployment.apps/web env updated\n");
    assert_eq!(path(&cluster, "deploy/web", "{.spec.template.spec.containers[0].env[*].name}"), "COLOUR");
    assert!(run(&["set", "env", "deploy/web", "--list"]).contains("COLOUR=red"));
    let limits = ["set", "resources", "deploy/web", "--limits=memory=64Mi"];
    assert_eq!(run(&limits), "deployment.apps/web resource requirements updated\n");
    assert_eq!(path(&cluster, "deploy/web", "{.spec.template.spec.containers[0].resources.limits.memory}"), "64Mi");
    assert_eq!(run(&["rollout", "status", "deploy/web", "--timeout=60s"]), done);

    let history = run(&["rollout", "history", "deploy/web"]);
    assert!(history.lines().count() >= 5 && history.contains("CHANGE-CAUSE"), "{history}");
    assert!(run(&["rollout", "history", "deploy/web", "--revision=1"]).contains("image: web:v1"));
    assert_eq!(run(&["rollout", "undo", "deploy/web", "--to-revision=1"]), "deployment.apps/web rolled back\n");
    assert_eq!(path(&cluster, "deploy/web", "{.spec.template.spec.containers[0].image}"), "web:v1");
    assert_eq!(run(&["rollout", "pause", "deploy/web"]), "deployment.apps/web paused\n");
    assert_eq!(ended(&cluster.insula(&["rollout", "pause", "deploy/web"])).0, 1);
    assert_eq!(run(&["rollout", "resume", "deploy/web"]), "deployment.apps/web resumed\n");
    assert_eq!(run(&["rollout", "restart", "deploy/web"]), "deployment.apps/web restarted\n");
    assert_eq!(run(&["rollout", "status", "deploy/web", "--timeout=60s"]), done);

    for (what, wanted) in [
        ("deploy/web", &["Replicas:", "3 desired", "Strategy:", "Container web:", "ScalingReplicaSet", "1/1"][..]),
        ("svc/web", &["TargetPort:", "Endpoints:", ":8080"]),
        ("node/node-1", &["Taints:", "Allocatable:", "Requested:", "Pods:"]),
        ("pods", &["Controlled By:", "ReplicaSet/web", "Running for", "Scheduled"]),
        ("rs", &["Controlled By:", "Deployment/web"]),
        ("ns/default", &["Kind:", "Namespace", "Phase:"]),
    ] {
        let page = run(&["describe", what]);
        assert!(wanted.iter().all(|text| page.contains(text)), "{what}: {page}");
    }
    let events = run(&["events", "--for=deploy/web"]);
    assert!(events.contains("ScalingReplicaSet") && events.starts_with("LAST SEEN"), "{events}");
    assert!(run(&["events", "-A", "--types=Normal"]).contains("NAMESPACE"));
    assert!(run(&["get", "all"]).contains("deployment.apps/web"));
}

/// Labels, annotations, patches of each type, replace.
#[tokio::test]
async fn objects_are_changed_in_many_ways() {
    let (cluster, manifest) = shop();
    let run = |args: &[&str]| cluster.insula_ok(args);
    let code = |args: &[&str]| ended(&cluster.insula(args)).0;
    let _ = run(&["apply", "-f", &manifest]);
    assert_eq!(run(&["label", "cm/settings", "tier=front"]), "configmap/settings labeled\n");
    assert_eq!(run(&["label", "cm/settings", "tier=front"]), "configmap/settings not labeled\n");
    assert_eq!(code(&["label", "cm", "settings", "tier=back"]), 1);
    assert_eq!(run(&["label", "cm", "settings", "tier=back", "--overwrite"]), "configmap/settings labeled\n");
    assert_eq!(run(&["get", "cm", "-l", "tier in (back)", "-o", "name"]), "configmap/settings\n");
    assert_eq!(run(&["label", "cm", "-l", "tier=back", "tier-"]), "configmap/settings unlabeled\n");
    assert_eq!(run(&["annotate", "cm/settings", "note=a=b"]), "configmap/settings annotated\n");
    assert_eq!(path(&cluster, "cm/settings", "{.metadata.annotations.note}"), "a=b");
    for (kind, patch) in [
        ("strategic", r#"{"data":{"colour":"green"}}"#),
        ("merge", "data: {colour: blue}"),
        ("json", r#"[{"op":"replace","path":"/data/colour","value":"black"}]"#),
    ] {
        let patched = run(&["patch", "cm", "settings", "--type", kind, "-p", patch]);
        assert_eq!(patched, "configmap/settings patched\n", "{kind}");
    }
    let same = run(&["patch", "cm/settings", "-p", r#"{"data":{"colour":"black"}}"#]);
    assert_eq!(same, "configmap/settings patched (no change)\n");
    assert_eq!(code(&["patch", "cm/settings", "--type=json", "-p", "{}"]), 2);

    let mut object = json(&cluster, &["get", "cm/settings"]);
    object["data"] = serde_json::json!({ "only": "this" });
    let file = cluster.path("replace.json").display().to_string();
    std::fs::write(&file, object.to_string()).expect("writes");
    assert_eq!(run(&["replace", "-f", &file]), "configmap/settings replaced\n");
    assert_eq!(code(&["replace", "-f", &file]), 1, "the version is an old one now");
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
        metadata.remove("uid");
    }
    std::fs::write(&file, object.to_string()).expect("writes");
    let before = path(&cluster, "cm/settings", "{.metadata.uid}");
    assert_eq!(run(&["replace", "--force", "-f", &file]), "configmap/settings replaced\n");
    assert_ne!(path(&cluster, "cm/settings", "{.metadata.uid}"), before);
    assert_eq!(code(&["create", "-f", &file]), 1, "it is there already");

    let folder = cluster.path("literals");
    std::fs::create_dir(&folder).expect("makes a folder");
    std::fs::write(folder.join("a.txt"), "of a file").expect("writes");
    let from = format!("--from-file={}", folder.display());
    assert_eq!(run(&["create", "configmap", "made", "--from-literal=k=v", &from]), "configmap/made created\n");
    assert_eq!(path(&cluster, "cm/made", r"{.data.a\.txt}{.data.k}"), "of a filev");
    let _ = run(&["create", "secret", "generic", "made", "--from-literal=k=v"]);
    assert_eq!(path(&cluster, "secret/made", "{.data.k}"), "dg==");
    let page = run(&["describe", "secret", "made"]);
    assert!(page.contains("1 bytes") && !page.contains("dg=="), "{page}");
    let printed = run(&["create", "deployment", "x", "--image=web:v1", "--dry-run=client", "-o", "yaml"]);
    assert!(printed.starts_with("apiVersion: apps/v1\nkind: Deployment\n"), "{printed}");
    assert_eq!(code(&["get", "deploy", "x"]), 1);
    assert_eq!(run(&["create", "namespace", "team"]), "namespace/team created\n");
    assert_eq!(run(&["-n", "team", "create", "serviceaccount", "robot"]), "serviceaccount/robot created\n");
    assert_eq!(run(&["delete", "ns", "team", "--timeout=60s"]), "namespace \"team\" deleted\n");
}

/// What is asked of a cluster about itself.
#[tokio::test]
async fn the_cluster_is_asked_about_itself() {
    let (cluster, _) = shop();
    let run = |args: &[&str]| cluster.insula_ok(args);
    let kubectl = paths::kubectls().remove(0);
    let both = |args: &[&str]| assert_eq!(run(args), cluster.kubectl_ok(&kubectl, args), "{args:?}");
    both(&["api-resources", "-o", "name", "--namespaced=true", "--api-group=apps"]);
    both(&["api-versions"]);
    both(&["auth", "can-i", "create", "pods"]);
    both(&["config", "current-context"]);
    both(&["config", "get-contexts", "-o", "name"]);
    assert!(run(&["api-resources"]).lines().any(|line| line.starts_with("deployments") && line.contains("apps/v1")));
    assert!(run(&["auth", "can-i", "--list"]).contains("*"));
    assert!(run(&["auth", "whoami"]).contains("Username"));
    assert!(run(&["explain", "deploy.spec.replicas"]).contains("FIELD: replicas <integer>"));
    assert!(run(&["explain", "deployments.apps"]).contains("spec\t<DeploymentSpec>"));
    assert!(run(&["explain", "pods.spec", "--recursive"]).contains("containers\t<[]Container>"));
    assert_eq!(ended(&cluster.insula(&["explain", "pods.spec.none"])).0, 1);
    assert!(run(&["version"]).contains("Server Version:"));
    assert!(run(&["get", "--raw", "/readyz"]).contains("ok"));
    let view = run(&["config", "view"]);
    assert!(view.contains("client-key-data: DATA+OMITTED") && view.contains("current-context: insula"), "{view}");
    assert!(run(&["config", "set-context", "--current", "--namespace=kube-system"]).contains("modified"));
    assert_eq!(ended(&cluster.insula(&["get", "pods"])).2, "No resources found in kube-system namespace.\n");
    // kubectl reads what was written.
    let namespace = cluster.kubectl_ok(&kubectl, &["config", "view", "--minify", "-o", "jsonpath={..namespace}"]);
    assert_eq!(namespace, "kube-system");
    assert_eq!(ended(&cluster.insula(&["config", "use-context", "none"])).0, 1);
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completion", shell]).contains("COMPLETE="), "{shell}");
    }
}

/// A Node is emptied and filled again.
#[tokio::test]
async fn a_node_is_drained_and_tainted() {
    let (cluster, manifest) = shop();
    let run = |args: &[&str]| cluster.insula_ok(args);
    let _ = run(&["apply", "-f", &manifest]);
    let _ = run(&["rollout", "status", "deploy/web", "--timeout=60s"]);
    assert_eq!(run(&["cordon", "node-1"]), "node/node-1 cordoned\n");
    assert_eq!(run(&["cordon", "node-1"]), "node/node-1 already cordoned\n");
    assert!(run(&["get", "nodes"]).contains("SchedulingDisabled"));
    assert_eq!(run(&["uncordon", "node-1"]), "node/node-1 uncordoned\n");
    let drained = run(&["drain", "node-1", "--timeout=60s"]);
    assert!(drained.matches(" evicted").count() == 2 && drained.ends_with("node/node-1 drained\n"), "{drained}");
    let _ = run(&["uncordon", "node-1"]);
    let _ = run(&["wait", "deploy/web", "--for=condition=Available", "--timeout=60s"]);
    assert_eq!(run(&["taint", "node", "node-1", "a=b:NoSchedule"]), "node/node-1 tainted\n");
    assert!(run(&["describe", "node", "node-1"]).contains("a=b:NoSchedule"));
    assert_eq!(run(&["taint", "node", "node-1", "a-"]), "node/node-1 untainted\n");
    assert_eq!(ended(&cluster.insula(&["taint", "node", "node-1", "a-"])).0, 1);
    let alone = run(&["get", "pods", "-o", "jsonpath={.items[0].metadata.name}"]);
    assert_eq!(run(&["delete", "pod", &alone, "--now", "--wait=false"]), format!("pod {alone:?} deleted\n"));
}
