//! `insula` as a client of its own cluster: every verb, its exit codes, and what it prints beside what kubectl prints.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tests::{Cluster, paths};

const MANIFEST: &str = r"
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web, app.kubernetes.io/name: shop}}
data:
  colour: red
  'yes': 'no'
  text: |
    two
    lines
---
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {word: sesame}
---
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
metadata: {name: web, labels: {app: web}}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
";

/// A cluster with the manifest's file; what it needs is pushed.
pub(crate) fn shop() -> (Cluster, String) {
    let cluster = Cluster::up();
    cluster.push("hello02", "web:v1");
    cluster.push("log", "web:v2");
    let manifest = cluster.path("web.yaml");
    std::fs::write(&manifest, MANIFEST).expect("writes");
    let manifest = manifest.display().to_string();
    (cluster, manifest)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The exit code, and what was printed to either place.
pub(crate) fn ended(output: &Output) -> (i32, String, String) {
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn run_with(cluster: &Cluster, program: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    let home = cluster.path("").display().to_string();
    Command::new(program)
        .args(args)
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("HOME", home)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("starts")
}

/// What scripts rely on: codes, and which of the two places something is told at.
#[tokio::test]
async fn exit_codes_tell_failures_from_mistakes() {
    let (cluster, manifest) = shop();
    for (args, code, place) in [
        (&["get", "pods"][..], 0, "No resources found in default namespace."),
        (&["get", "pods", "none"], 1, "pods \"none\" not found"),
        (&["get", "pods", "none", "--ignore-not-found"], 0, ""),
        (&["get", "gets"], 1, "no kind \"gets\""),
        (&["get"], 2, "get what?"),
        (&["get", "pod/a", "b"], 2, "TYPE/NAME"),
        (&["get", "pods", "-o", "csv"], 2, "wide, json, yaml"),
        (&["get", "pods", "--unheard-of"], 2, "unexpected argument"),
        (&["delete", "pods"], 2, "which pods?"),
        (&["apply", "-f", "/none.yaml"], 1, "cannot open /none.yaml"),
        (&["apply", "-f", "https://example.org/a.yaml"], 2, "curl"),
        (&["apply", "--prune", "-f", &manifest], 2, "insula delete"),
        (&["wait", "pod/none", "--for=condition=Ready"], 1, "not found"),
        (&["wait", "pod/none", "--for=create", "--timeout=100ms"], 1, "timed out"),
        (&["wait", "pod/none", "--for=delete"], 0, ""),
        (&["rollout", "status", "deploy/none"], 1, "not found"),
        (&["scale", "configmap/kube-root-ca.crt", "--replicas=2"], 1, "no replicas"),
        (&["get", "pods", "--context", "none"], 1, "config get-contexts"),
        (&["get", "pods", "--request-timeout=1ns"], 1, "--request-timeout"),
    ] {
        let (found, out, err) = ended(&cluster.insula(args));
        assert_eq!(found, code, "{args:?}: {out}{err}");
        assert!(err.contains(place), "{args:?}: {err}");
        assert!(code == 0 || out.is_empty(), "{args:?}: {out}");
    }
}

/// The same templates and forms give what kubectl gives.
#[tokio::test]
async fn forms_are_those_of_kubectl() {
    let (cluster, manifest) = shop();
    drop(cluster.insula_ok(&["apply", "-f", &manifest]));
    drop(cluster.insula_ok(&["rollout", "status", "deploy/web", "--timeout=60s"]));
    let kubectl = paths::kubectls().remove(0);
    for path in [
        "{.metadata.name}",
        "{.spec.replicas}",
        "{.spec.template.spec.containers[*].image}",
        "{.spec.template.spec.containers[0].ports[0]['containerPort','protocol']}",
        r#"{.status.conditions[?(@.type=="Available")].status}"#,
        r#"{range .status.conditions[*]}{.type}={.status}{"\n"}{end}"#,
        "{.none}|{.metadata.none.more}",
        "{.spec.selector.matchLabels}",
        "{..containerPort}",
        "{.spec.template.spec.containers[-1:].name}",
    ] {
        let args = ["get", "deploy", "web", "-o", &format!("jsonpath={path}")];
        assert_eq!(cluster.insula_ok(&args), cluster.kubectl_ok(&kubectl, &args), "{path}");
    }
    for path in [
        "{.items[*].metadata.name}",
        r#"{range .items[*]}{.kind}/{.metadata.name}{"\t"}{.metadata.labels.app\.kubernetes\.io/name}{"\n"}{end}"#,
        r#"{.items[?(@.metadata.name=="settings")].data.colour}"#,
    ] {
        let args = ["get", "configmaps,services", "-l", "app=web", "-o", &format!("jsonpath={path}")];
        assert_eq!(cluster.insula_ok(&args), cluster.kubectl_ok(&kubectl, &args), "{path}");
    }
    for args in [
        &["get", "configmap,secret,deploy,svc", "-o", "name"][..],
        &["get", "deploy/web", "svc/web", "-o", "name"],
        &[
            "get",
            "deploy",
            "-o",
            "custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[*].image,NO:.none",
        ],
        &["get", "nodes", "-o", "name"],
        &["get", "configmap", "settings", "-o", "jsonpath={.data.text}"],
        &["get", "configmaps", "--sort-by=.metadata.name", "-o", "name"],
    ] {
        assert_eq!(cluster.insula_ok(args), cluster.kubectl_ok(&kubectl, args), "{args:?}");
    }
    // Ages differ from one moment to the next.
    for args in [
        &["get", "svc", "web", "-L", "app"][..],
        &["get", "deploy", "--show-labels", "-o", "wide"],
        &["get", "no", "-A"],
    ] {
        let headings = |table: String| {
            table.lines().next().unwrap_or_default().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(headings(cluster.insula_ok(args)), headings(cluster.kubectl_ok(&kubectl, args)), "{args:?}");
    }
    for form in ["yaml", "json"] {
        for what in [&["deploy", "web"][..], &["configmap", "settings"], &["secrets"]] {
            let args = [&["get"], what, &["-o", form]].concat();
            let read = |text: String| serde_saphyr::from_str::<Value>(&text).expect("reads");
            assert_eq!(read(cluster.insula_ok(&args)), read(cluster.kubectl_ok(&kubectl, &args)), "{args:?}");
        }
    }
}

/// A manifest's life: planned, applied, planned again, changed, planned, deleted.
#[tokio::test]
async fn a_plan_shows_what_apply_would_change_and_keeps_secrets() {
    let (cluster, manifest) = shop();
    let plan = |code: i32| {
        let (found, out, err) = ended(&cluster.insula(&["plan", "-f", &manifest]));
        assert_eq!(found, code, "{out}{err}");
        (out, err)
    };
    let (out, err) = plan(1);
    assert!(out.contains("+ deployment.apps/web is created") && out.contains("+  replicas: 2"), "{out}");
    assert!(err.contains("4 to create, 0 to change, 0 unchanged"), "{err}");
    let applied = cluster.insula_ok(&["apply", "-f", &manifest]);
    assert_eq!(applied.lines().filter(|line| line.ends_with(" created")).count(), 4, "{applied}");
    let (out, err) = plan(0);
    assert!(out.is_empty() && err.contains("4 unchanged"), "{out}{err}");
    let applied = cluster.insula_ok(&["apply", "-f", &manifest]);
    assert_eq!(applied.lines().filter(|line| line.ends_with(" unchanged")).count(), 4, "{applied}");

    std::fs::write(&manifest, MANIFEST.replace("replicas: 2", "replicas: 3").replace("sesame", "barley"))
        .expect("writes");
    let (out, err) = plan(1);
    assert!(out.contains("-  replicas: 2") && out.contains("+  replicas: 3"), "{out}");
    assert!(out.contains("*** (before)") && out.contains("*** (after)"), "{out}");
    // C67
    for secret in ["sesame", "barley", "c2VzYW1l", "YmFybGV5"] {
        assert!(!out.contains(secret), "{out}");
    }
    assert!(err.contains("0 to create, 2 to change, 2 unchanged"), "{err}");
    assert!(!out.contains('\u{1b}') && !out.contains("managedFields") && !out.contains("resourceVersion"), "{out}");
    let replicas = cluster.insula_ok(&["get", "deploy", "web", "-o", "jsonpath={.spec.replicas}"]);
    assert_eq!(replicas, "2", "a plan changes nothing");
    std::fs::write(&manifest, "apiVersion: v1\nkind: ConfigMap\n").expect("writes");
    let (_, err) = plan(2);
    assert!(err.contains("metadata.name is missing"), "{err}");
    let dry = cluster.insula_ok(&["delete", "deploy", "web", "--dry-run=server"]);
    assert!(dry.contains("deployment.apps \"web\" deleted (server dry run)"), "{dry}");
    let gone = cluster.insula_ok(&["delete", "deploy/web", "svc/web", "--timeout=30s"]);
    assert_eq!(gone, "deployment.apps \"web\" deleted\nservice \"web\" deleted\n");
    assert_eq!(ended(&cluster.insula(&["get", "deploy", "web"])).0, 1);
}

/// `insula edit` with an editor that is a program.
#[tokio::test]
async fn an_object_is_changed_in_an_editor() {
    let (cluster, manifest) = shop();
    drop(cluster.insula_ok(&["apply", "-f", &manifest]));
    let edit = |editor: &str| {
        run_with(
            &cluster,
            &paths::insula(),
            &["edit", "cm/settings"],
            &[("EDITOR", editor), ("TMPDIR", &cluster.path("").display().to_string())],
        )
    };
    let (code, out, err) = ended(&edit("sed -i s/red/blue/"));
    assert_eq!((code, out.as_str()), (0, "configmap/settings edited\n"), "{err}");
    assert_eq!(cluster.insula_ok(&["get", "cm/settings", "-o", "jsonpath={.data.colour}"]), "blue");
    assert_eq!(ended(&edit("true")), (0, "configmap/settings unchanged\n".to_owned(), String::new()));
    assert_eq!(ended(&edit("false")).0, 1);
    let (code, _, err) = ended(&edit("sed -i 's/^kind:.*/kind: [/'"));
    assert_eq!(code, 1);
    let file = err.split("what was edited is in ").nth(1).and_then(|rest| rest.split(':').next()).expect(&err);
    assert!(std::fs::read_to_string(file.trim()).expect("is there").contains("kind: ["), "{err}");
}

/// What the shell asks, and what it is offered.
#[tokio::test]
async fn the_shell_completes_kinds_names_and_namespaces_from_the_cluster() {
    let (cluster, manifest) = shop();
    drop(cluster.insula_ok(&["apply", "-f", &manifest]));
    let complete = |line: &[&str]| {
        let args = [&["--", "insula"], line].concat();
        let index = line.len().to_string();
        let output = run_with(
            &cluster,
            &paths::insula(),
            &args,
            &[("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", &index), ("_CLAP_IFS", "\n")],
        );
        let (code, out, err) = ended(&output);
        assert_eq!((code, err.as_str()), (0, ""), "{line:?}");
        out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    for (line, wanted) in [
        (&["ge"][..], "get"),
        (&["get", "deploym"], "deployments"),
        (&["get", "configmaps", ""], "settings"),
        (&["get", "configmaps", "set"], "settings"),
        (&["describe", "svc/w"], "svc/web"),
        (&["get", "pods,conf"], "pods,configmaps"),
        (&["get", "pods", "-n", "kube-"], "kube-system"),
        (&["get", "pods", "-n", "kube-system", "-o", "js"], "json"),
        (&["rollout", "status", "deployments", "w"], "web"),
        (&["get", "pods", "--context", ""], "insula"),
    ] {
        let offered = complete(line);
        assert!(offered.iter().any(|word| word == wanted), "{line:?}: {offered:?}");
    }
    // Nobody answers: nothing is offered, and soon.
    let begin = std::time::Instant::now();
    let nobody = run_with(
        &cluster,
        &paths::insula(),
        &["--", "insula", "get", "po"],
        &[("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "2"), ("KUBECONFIG", "/none")],
    );
    assert_eq!(ended(&nobody), (0, String::new(), String::new()));
    assert!(begin.elapsed().as_secs() < 5);
}

/// `kubectl insula get pods`: kubectl finds the program by its name.
#[tokio::test]
async fn it_is_a_plugin_of_kubectl_by_a_link() {
    let (cluster, _) = shop();
    let bin = cluster.path("bin");
    std::fs::create_dir(&bin).expect("makes a folder");
    std::os::unix::fs::symlink(paths::insula(), bin.join("kubectl-insula")).expect("links");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let kubectl: PathBuf = paths::kubectls().remove(0);
    let (code, out, err) =
        ended(&run_with(&cluster, &kubectl, &["insula", "get", "nodes", "-o", "name"], &[("PATH", &path)]));
    assert_eq!((code, out.as_str()), (0, "node/node-1\n"), "{err}");
    let (_, out, _) = ended(&run_with(&cluster, &kubectl, &["insula", "--help"], &[("PATH", &path)]));
    assert!(out.contains("Usage: kubectl insula"), "{out}");
}
