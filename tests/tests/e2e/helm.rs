//! helm 4, unmodified: the whole life of the chart that `helm create` makes, with components for images.

use std::path::PathBuf;
use std::process::{Command, Output};

use tests::{Cluster, paths};

/// What the chart's own values become: a component behind its Service, and a command for its test.
const VALUES: &str = "image: {repository: web, tag: v1}\ntest: [exit, \"0\"]\nhook: \"0\"\n";

/// A hook that runs before every upgrade.
const HOOK: &str = r#"
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "demo.fullname" . }}-before
  annotations: {"helm.sh/hook": pre-upgrade, "helm.sh/hook-delete-policy": before-hook-creation}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: job, image: "job:v1", args: ["exit", {{ quote .Values.hook }}]}]
"#;

struct Helm {
    cluster: Cluster,
    program: PathBuf,
    kubectl: PathBuf,
}

impl Helm {
    fn new() -> Self {
        let helm = Self { cluster: Cluster::up(), program: paths::helm(), kubectl: paths::kubectl() };
        helm.cluster.push("hello02", "web:v1");
        helm.cluster.push("hello03", "web:v2");
        helm.cluster.push("job", "job:v1");
        let _ = helm.ok(&["create", "demo"]);
        let file = helm.cluster.path("demo/templates/tests/test-connection.yaml");
        let test = std::fs::read_to_string(&file).expect("the chart has a test");
        let line = test.lines().find(|line| line.trim().starts_with("args:")).expect("it has arguments");
        let test = test
            .replace("image: busybox", "image: job:v1")
            .replace("command: ['wget']", "command: ['job']")
            .replace(line, "      args: {{ toJson .Values.test }}");
        std::fs::write(&file, test).expect("writes");
        std::fs::write(helm.cluster.path("demo/templates/before.yaml"), HOOK).expect("writes");
        std::fs::write(helm.cluster.path("values.yaml"), VALUES).expect("writes");
        helm
    }

    fn output(&self, args: &[&str]) -> Output {
        let home = self.cluster.path("");
        Command::new(&self.program)
            .args(args)
            .current_dir(&home)
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .env("HOME", &home)
            .env_remove("XDG_CACHE_HOME")
            .output()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.display()))
    }

    fn ok(&self, args: &[&str]) -> String {
        let output = self.output(args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "helm {args:?} failed:\n{said}");
        said
    }

    fn fails(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert!(!output.status.success(), "helm {args:?} succeeded");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// An upgrade of the release, with more arguments.
    fn upgrade<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["upgrade", "demo", "./demo", "-n", "team", "-f", "values.yaml", "--timeout", "60s"][..], more].concat()
    }

    fn kubectl(&self, args: &[&str]) -> String {
        self.cluster.kubectl_ok(&self.kubectl, &[args, &["-n", "team"]].concat())
    }

    fn deployment(&self, path: &str) -> String {
        self.kubectl(&["get", "deployment", "demo", "-o", &format!("jsonpath={{{path}}}")])
    }

    fn image(&self) -> String {
        self.deployment(".spec.template.spec.containers[0].image")
    }

    /// The status of the newest revision, and its number.
    fn newest(&self) -> (String, i64) {
        let history = self.ok(&["history", "demo", "-n", "team", "-o", "json"]);
        let list: serde_json::Value = serde_json::from_str(&history).expect("JSON");
        let last = list.as_array().and_then(|list| list.last()).expect("revisions").clone();
        (last["status"].as_str().unwrap_or_default().to_owned(), last["revision"].as_i64().unwrap_or_default())
    }
}

#[test]
fn helm_lives_a_whole_life_against_the_cluster() {
    let helm = Helm::new();
    let values = ["-n", "team", "-f", "values.yaml", "--timeout", "60s", "--wait"];
    let installed = helm.ok(&[&["install", "demo", "./demo", "--create-namespace"][..], &values].concat());
    assert!(installed.contains("STATUS: deployed"), "{installed}");
    assert!(helm.ok(&["list", "-n", "team"]).contains("demo-0.1.0"));
    assert!(helm.ok(&["status", "demo", "-n", "team"]).contains("STATUS: deployed"));
    let manifest = helm.ok(&["get", "manifest", "demo", "-n", "team"]);
    assert!(manifest.contains("kind: Deployment") && manifest.contains("kind: ServiceAccount"), "{manifest}");
    assert!(helm.ok(&["get", "values", "demo", "-n", "team"]).contains("repository: web"));
    let kind = helm.kubectl(&["get", "secret", "-l", "owner=helm,name=demo", "-o", "jsonpath={.items[0].type}"]);
    assert_eq!(kind, "helm.sh/release.v1");
    assert_eq!(helm.deployment(".status.readyReplicas"), "1", "--wait has waited");
    assert!(helm.deployment(".metadata.managedFields[*].manager").contains("helm"));
    let tested = helm.ok(&["test", "demo", "-n", "team", "--timeout", "60s"]);
    assert!(tested.contains("Succeeded"), "{tested}");

    let upgraded = helm.ok(&Helm::upgrade(&["--wait", "--set", "image.tag=v2,replicaCount=2"]));
    assert!(upgraded.contains("REVISION: 2"), "{upgraded}");
    assert_eq!((helm.image().as_str(), helm.deployment(".status.readyReplicas").as_str()), ("web:v2", "2"));
    let _ = helm.ok(&["rollback", "demo", "1", "-n", "team", "--wait", "--timeout", "60s"]);
    assert_eq!((helm.image().as_str(), helm.deployment(".spec.replicas").as_str()), ("web:v1", "1"));
    assert_eq!(helm.newest(), ("deployed".to_owned(), 3));

    failures(&helm);

    let _ = helm.ok(&["uninstall", "demo", "-n", "team", "--wait", "--timeout", "60s"]);
    assert!(!helm.ok(&["list", "-n", "team"]).contains("demo-0.1.0"));
    let left = helm.kubectl(&[
        "get",
        "deployment,service,serviceaccount,secret",
        "-l",
        "app.kubernetes.io/instance=demo",
        "-o",
        "name",
    ]);
    assert!(left.is_empty(), "{left}");
    let _ = helm.ok(&[&["upgrade", "--install", "again", "./demo"][..], &values].concat());
    assert!(helm.ok(&["list", "-n", "team"]).contains("again"));
}

/// What goes wrong, and how it is set right.
fn failures(helm: &Helm) {
    // A test that fails.
    let _ = helm.ok(&Helm::upgrade(&["--wait", "--set", "test[0]=exit", "--set-string", "test[1]=1"]));
    let said = helm.fails(&["test", "demo", "-n", "team", "--timeout", "60s"]);
    assert!(said.contains("failed"), "{said}");
    // A hook that fails keeps the release as it was.
    let said = helm.fails(&Helm::upgrade(&["--set-string", "hook=1", "--set", "image.tag=v2"]));
    assert!(said.contains("pre-upgrade hooks failed"), "{said}");
    assert_eq!((helm.newest().0.as_str(), helm.image().as_str()), ("failed", "web:v1"));
    // An image that is not there, rolled back.
    let said = helm.fails(&Helm::upgrade(&["--rollback-on-failure", "--set", "image.tag=none", "--timeout", "10s"]));
    assert!(said.contains("rollback-on-failure") || said.contains("rolled back"), "{said}");
    assert_eq!((helm.newest().0.as_str(), helm.image().as_str()), ("deployed", "web:v1"));
    // What someone else has changed is a conflict, until it is forced.
    let _ = helm.kubectl(&["scale", "deployment/demo", "--replicas=3"]);
    let said = helm.fails(&Helm::upgrade(&["--set", "replicaCount=2"]));
    // kubectl calls itself what its file is called.
    assert!(said.contains("conflict with \"kubectl-1.37\" with subresource \"scale\""), "{said}");
    let _ = helm.ok(&Helm::upgrade(&["--force-conflicts", "--wait", "--set", "replicaCount=2"]));
    assert_eq!(helm.deployment(".spec.replicas"), "2");
}
