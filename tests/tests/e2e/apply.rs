//! Server-side apply with kubectl: ownership, conflicts, and the way there from client-side apply.

use std::path::Path;
use std::process::Command;

use tests::{Cluster, paths, until};

/// A Deployment that needs no image: what counts is who manages its fields.
fn web(replicas: Option<u32>, colour: &str) -> String {
    let replicas = replicas.map(|replicas| format!("  replicas: {replicas}\n")).unwrap_or_default();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, labels: {{colour: {colour}}}}}\nspec:\n{replicas}  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: \
         {{containers: [{{name: web, image: \"web:v1\", ports: [{{containerPort: 80}}]}}]}}\n"
    )
}

fn config_map(name: &str, data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{{data}}}\n")
}

fn settings(data: &str) -> String {
    config_map("settings", data)
}

#[tokio::test]
async fn kubectl_applies_on_the_server() {
    let cluster = Cluster::server();
    let versions: Vec<_> =
        [37, 36, 33, 32, 31, 30].into_iter().filter_map(|minor| paths::kubectl_of(1, minor)).collect();
    assert!(!versions.is_empty(), "`cargo xtask clients` fetches some");
    for (at, kubectl) in versions.iter().enumerate() {
        println!("{}", kubectl.display());
        let session = Session { cluster: &cluster, kubectl, namespace: format!("apply-{at}") };
        let _ = session.run(&["create", "namespace", &session.namespace]);
        session.replicas_stay_with_who_scales().await;
        session.migrates_from_the_client_side();
        session.edits_and_replaces();
    }
}

struct Session<'a> {
    cluster: &'a Cluster,
    kubectl: &'a Path,
    namespace: String,
}

impl Session<'_> {
    fn args<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [args, &["-n", &self.namespace]].concat()
    }

    fn run(&self, args: &[&str]) -> String {
        self.cluster.kubectl_ok(self.kubectl, &self.args(args))
    }

    /// What a command that must fail says, and its exit code.
    fn fails(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.cluster.kubectl(self.kubectl, &self.args(args));
        assert!(!output.status.success(), "{args:?} succeeded");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let file = self.cluster.path(&format!("{}-{name}", self.namespace));
        std::fs::write(&file, text).expect("writes");
        file.display().to_string()
    }

    fn get(&self, object: &str, path: &str) -> String {
        self.run(&["get", object, "-o", &format!("jsonpath={{{path}}}")])
    }

    /// C9
    async fn replicas_stay_with_who_scales(&self) {
        let two = self.file("two.yaml", &web(Some(2), "red"));
        let differs = self.fails(&["diff", "--server-side", "-f", &two]);
        assert_eq!(differs.0, Some(1), "there is a difference, not an error: {}", differs.1);
        assert!(self.run(&["apply", "--server-side", "-f", &two]).contains("serverside-applied"));
        // The controller may write between the two looks that a diff takes.
        let diff = self.args(&["diff", "--server-side", "-f", &two]);
        until("there is no difference", || async {
            self.cluster.kubectl(self.kubectl, &diff).status.success().then_some(())
        })
        .await;
        let version = self.get("deployment/web", ".metadata.resourceVersion");
        let shown = self.run(&["get", "deployment", "web", "-o", "yaml", "--show-managed-fields"]);
        assert!(shown.contains("manager: kubectl") && shown.contains("operation: Apply"), "{shown}");
        assert!(shown.contains("k:{\"containerPort\":80,\"protocol\":\"TCP\"}"), "{shown}");
        assert!(!self.run(&["get", "deployment", "web", "-o", "yaml"]).contains("managedFields"));
        let _ = self.run(&["apply", "--server-side", "-f", &two]);
        // The controller may have written status meanwhile; the spec has not moved.
        assert_eq!(self.get("deployment/web", ".metadata.generation"), "1", "since {version}");

        let _ = self.run(&["scale", "deployment/web", "--replicas=5"]);
        let (_, said) = self.fails(&["apply", "--server-side", "-f", &two]);
        // kubectl calls itself what its file is called.
        let name = self.kubectl.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let conflict = format!("conflict with \"{name}\" with subresource \"scale\" using apps/v1: .spec.replicas");
        assert!(said.contains("Apply failed with 1 conflict") && said.contains(&conflict), "{said}");
        let none = self.file("none.yaml", &web(None, "blue"));
        let _ = self.run(&["apply", "--server-side", "-f", &none]);
        assert_eq!(self.get("deployment/web", ".spec.replicas"), "5");
        assert_eq!(self.get("deployment/web", ".metadata.labels.colour"), "blue");
        let (_, said) = self.fails(&["apply", "--server-side", "--field-manager=other", "-f", &two]);
        assert!(said.contains("Apply failed with 2 conflicts") && said.contains(".metadata.labels.colour"), "{said}");
        let _ = self.run(&["apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", &two]);
        assert_eq!(self.get("deployment/web", ".spec.replicas"), "2");
        let _ = self.run(&["delete", "deployment", "web"]);

        // Client-side apply leaves alone what it does not say, too.
        let _ = self.run(&["apply", "-f", &none]);
        let _ = self.run(&["scale", "deployment/web", "--replicas=4"]);
        let _ = self.run(&["apply", "-f", &self.file("none.yaml", &web(None, "green"))]);
        assert_eq!(self.get("deployment/web", ".spec.replicas"), "4");
    }

    fn migrates_from_the_client_side(&self) {
        let managers = || self.get("configmap/settings", ".metadata.managedFields[*].manager");
        let last = || self.run(&["apply", "view-last-applied", "configmap/settings", "-o", "json"]);
        let _ = self.run(&["apply", "-f", &self.file("a.yaml", &settings("a: one, b: one"))]);
        assert!(managers().contains("kubectl-client-side-apply"), "{}", managers());
        let _ = self.run(&["apply", "--server-side", "-f", &self.file("b.yaml", &settings("a: two, b: one"))]);
        assert_eq!(self.get("configmap/settings", ".data.a"), "two", "no conflict with its former self");
        let _ = self.run(&["apply", "--server-side", "-f", &self.file("b.yaml", &settings("a: two"))]);
        assert_eq!(self.get("configmap/settings", ".data"), "{\"a\":\"two\"}", "and what it gives up goes");
        assert!(!managers().contains("kubectl-client-side-apply"), "{}", managers());
        // The way back: the annotation says what was applied last.
        assert!(last().contains("\"a\": \"two\"") && !last().contains("\"b\""), "{}", last());
        let _ = self.run(&["apply", "-f", &self.file("c.yaml", &settings("c: three"))]);
        assert_eq!(self.get("configmap/settings", ".data"), "{\"c\":\"three\"}");
        // Whoever sets the annotation has it, so that this must come after: kubectl asks who does when it migrates.
        let set = self.file("c.yaml", &settings("c: three, d: none"));
        let _ = self.run(&["apply", "set-last-applied", "-f", &set]);
        assert!(last().contains("\"d\": \"none\""), "{}", last());
    }

    /// On an object that was never applied by the client: kubectl takes what its annotation says for its own.
    fn edits_and_replaces(&self) {
        let plain = |data: &str| config_map("plain", data);
        let _ = self.run(&["apply", "--server-side", "-f", &self.file("d.yaml", &plain("c: three, d: four"))]);
        let edited = Command::new(self.kubectl)
            .args(self.args(&["edit", "configmap/plain"]))
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .env("KUBE_EDITOR", "sed -i s/four/five/")
            .output()
            .expect("starts");
        assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
        let (_, said) =
            self.fails(&["apply", "--server-side", "-f", &self.file("d.yaml", &plain("c: three, d: four"))]);
        assert!(said.contains("conflict with \"kubectl-edit\" using v1: .data.d"), "{said}");
        let _ = self.run(&["replace", "-f", &self.file("d.yaml", &plain("c: three, d: six"))]);
        let (_, said) = self.fails(&["apply", "--server-side", "-f", &self.file("d.yaml", &plain("d: four"))]);
        assert!(said.contains("conflict with \"kubectl-replace\" using v1: .data.d"), "{said}");
        assert_eq!(self.get("configmap/plain", ".data.d"), "six");
    }
}
