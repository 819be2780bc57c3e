//! Custom resources and admission policies with kubectl, and an operator that is written with kube-rs.

use std::path::Path;

use api::extensions::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions};
use kube::{CustomResource, CustomResourceExt, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tests::{Cluster, paths};

const DEFINITION: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd], categories: [all]}
  versions:
"#;

const VERSION: &str = r#"  - name: NAME
    served: true
    storage: STORAGE
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    additionalPrinterColumns:
    - {name: Colour, type: string, jsonPath: .spec.colour}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [colour]
            properties:
              colour: {type: string, enum: [red, green], description: What it looks like.}
              replicas: {type: integer, default: 1}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, number: {type: integer}}
            x-kubernetes-validations:
            - {rule: self.replicas <= 10, message: at most ten replicas}
          status:
            type: object
            properties: {replicas: {type: integer}}
"#;

const WIDGET: &str = "
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {colour: red}
";

fn write(cluster: &Cluster, name: &str, text: &str) -> String {
    let path = cluster.path(name);
    std::fs::write(&path, text).expect("writes");
    path.display().to_string()
}

#[tokio::test]
async fn custom_resources_live_a_whole_life_with_kubectl() {
    let cluster = Cluster::up();
    let version = |name: &str, storage: &str| VERSION.replace("NAME", name).replace("STORAGE", storage);
    let plain = [DEFINITION, &version("v1", "true"), &version("v1beta1", "false")].concat();
    let (definition, widget) = (write(&cluster, "crd.yaml", &plain), write(&cluster, "widget.yaml", WIDGET));
    for kubectl in paths::kubectls() {
        println!("{}", kubectl.display());
        life(&cluster, &kubectl, &definition, &widget);
    }
}

fn life(cluster: &Cluster, kubectl: &Path, definition: &str, widget: &str) {
    let run = |args: &[&str]| cluster.kubectl_ok(kubectl, args);
    let _ = run(&["apply", "-f", definition]);
    let _ = run(&["wait", "--for=condition=established", "crd/widgets.example.com", "--timeout=60s"]);
    let _ = run(&["apply", "-f", widget]);
    let table = run(&["get", "wd"]);
    assert!(table.contains("COLOUR") && table.contains("red"), "{table}");
    assert!(run(&["get", "crd"]).contains("widgets.example.com"));
    assert!(run(&["explain", "widgets.spec.colour"]).contains("What it looks like."));
    let _ = run(&["scale", "widget", "w", "--replicas=3"]);
    assert_eq!(
        run(&["get", "widgets.v1beta1.example.com", "w", "-o", "jsonpath={.apiVersion} {.spec.replicas}"]),
        "example.com/v1beta1 3"
    );
    let _ = run(&["patch", "widget", "w", "--type=merge", "-p", r#"{"spec":{"colour":"green"}}"#]);
    let _ =
        run(&["patch", "widget", "w", "--type=json", "-p", r#"[{"op":"replace","path":"/spec/replicas","value":4}]"#]);
    let _ =
        run(&["patch", "widget", "w", "--subresource=status", "--type=merge", "-p", r#"{"status":{"replicas":4}}"#]);
    let _ = run(&["label", "widget", "w", "a=b"]);
    let _ = run(&["apply", "-f", widget]);
    assert_eq!(run(&["get", "widget", "w", "-o", "jsonpath={.spec.colour} {.status.replicas}"]), "red 4");
    let refused =
        cluster.kubectl(kubectl, &["patch", "widget", "w", "--type=merge", "-p", r#"{"spec":{"replicas":11}}"#]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains("at most ten replicas"), "{words}");
    let _ = run(&["describe", "widget", "w"]);
    let _ = run(&["delete", "widget", "w"]);
    let _ = run(&["apply", "-f", widget]);
    let _ = run(&["delete", "crd", "widgets.example.com"]);
    let gone = cluster.kubectl(kubectl, &["get", "widgets.example.com"]);
    assert!(!gone.status.success());
}

/// What is defined is stored, and in force again before the server says that it is ready.
#[tokio::test]
async fn definitions_policies_and_their_objects_are_back_after_a_kill() {
    let mut cluster = Cluster::server();
    let kubectl = paths::kubectl();
    let version = |name: &str, storage: &str| VERSION.replace("NAME", name).replace("STORAGE", storage);
    let both = [DEFINITION, &version("v1", "true"), &version("v1beta1", "false")].concat();
    let definition = write(&cluster, "crd.yaml", &both);
    let widget = write(&cluster, "widget.yaml", WIDGET);
    let policy = write(&cluster, "policy.yaml", &POLICY.replace("ACTION", "Deny"));
    let run = |args: &[&str]| cluster.kubectl_ok(&kubectl, args);
    let _ = run(&["apply", "-f", &definition, "-f", &policy]);
    let _ = run(&["wait", "--for=condition=established", "crd/widgets.example.com", "--timeout=60s"]);
    let _ = run(&["apply", "-f", &widget]);
    cluster.server.kill();
    cluster.restart_server();

    let run = |args: &[&str]| cluster.kubectl_ok(&kubectl, args);
    let refused = |args: &[&str], why: &str| {
        let output = cluster.kubectl(&kubectl, args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{args:?}: {said}");
    };
    refused(&["create", "deployment", "x", "--image=web:v1"], "a deployment needs the label team");
    assert!(run(&["api-resources", "--api-group=example.com"]).contains("widgets"));
    assert!(run(&["get", "wd"]).contains("COLOUR"));
    assert!(run(&["explain", "widgets.spec.colour"]).contains("What it looks like."));
    let older = ["get", "widgets.v1beta1.example.com", "w", "-o", "jsonpath={.apiVersion} {.spec.replicas}"];
    assert_eq!(run(&older), "example.com/v1beta1 1");
    refused(&["scale", "widget", "w", "--replicas=11"], "at most ten replicas");
    refused(&["patch", "widget", "w", "--type=merge", "-p", r#"{"spec":{"colour":"blue"}}"#], "Unsupported value");
    let _ = run(&["delete", "widget", "w"]);
    let _ = run(&["apply", "-f", &widget]);
    assert_eq!(run(&["get", "widget", "w", "-o", "jsonpath={.spec.replicas}"]), "1", "defaults are in force");
}

/// Two managers of one list with keys, and a person with an editor.
#[tokio::test]
async fn custom_resources_are_applied_together_and_edited() {
    let cluster = Cluster::server();
    let definition = [DEFINITION, &VERSION.replace("NAME", "v1").replace("STORAGE", "true")].concat();
    let definition = write(&cluster, "crd.yaml", &definition);
    for kubectl in paths::kubectls() {
        let apply = |manager: &str, name: &str, number: u16, more: &[&str]| {
            let text = format!("{WIDGET}  ports: [{{name: {name}, number: {number}}}]\n")
                .replace("spec: {colour: red}\n", "spec:\n  colour: red\n");
            let manifest = write(&cluster, "applied.yaml", &text);
            let manager = format!("--field-manager={manager}");
            let args = [&["apply", "--server-side", &manager, "-f", &manifest], more].concat();
            let output = cluster.kubectl(&kubectl, &args);
            (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let run = |args: &[&str]| cluster.kubectl_ok(&kubectl, args);
        let ports = || run(&["get", "widget", "w", "-o", "jsonpath={.spec.ports[*].name} {.spec.ports[*].number}"]);
        let _ = run(&["apply", "-f", &definition]);
        let _ = run(&["wait", "--for=condition=established", "crd/widgets.example.com", "--timeout=60s"]);
        let (applied, said) = apply("one", "a", 1, &[]);
        assert!(applied, "{said}");
        let (applied, said) = apply("two", "b", 2, &[]);
        assert!(applied, "{said}");
        assert_eq!(ports(), "a b 1 2", "each has an element of its own");
        let (applied, said) = apply("two", "a", 3, &[]);
        assert!(!applied && said.contains(r#"conflict with "one""#), "{said}");
        assert!(said.contains(r#".spec.ports[name="a"].number"#), "{said}");
        let (applied, said) = apply("two", "a", 3, &["--force-conflicts"]);
        assert!(applied, "{said}");
        assert_eq!(ports(), "a 3", "what it applies no more is gone, and what it forced is its own");
        let edited = std::process::Command::new(&kubectl)
            .args(["edit", "widget", "w"])
            .env("KUBECONFIG", cluster.kubeconfig())
            .env("HOME", cluster.path(""))
            .env("KUBE_EDITOR", "sed -i s/red/green/")
            .output()
            .expect("kubectl starts");
        assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
        assert_eq!(run(&["get", "widget", "w", "-o", "jsonpath={.spec.colour}"]), "green");
        let _ = run(&["delete", "crd", "widgets.example.com"]);
    }
}

const POLICY: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: team}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
  - expression: "has(object.metadata.labels) && 'team' in object.metadata.labels"
    message: a deployment needs the label team
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: team}
spec: {policyName: team, validationActions: [ACTION]}
"#;

#[tokio::test]
async fn a_policy_refuses_or_warns_as_its_binding_says() {
    let cluster = Cluster::up();
    let kubectl = paths::kubectl();
    let run = |args: &[&str]| cluster.kubectl_ok(&kubectl, args);
    let words = |args: &[&str]| {
        let output = cluster.kubectl(&kubectl, args);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let _ = run(&["create", "configmap", "warm"]);
    for (action, name, passes) in [("Warn", "one", true), ("Deny", "two", false)] {
        let manifest = write(&cluster, "policy.yaml", &POLICY.replace("ACTION", action));
        let _ = run(&["apply", "-f", &manifest]);
        let told = || words(&["create", "deployment", name, "--image=web:v1", "--dry-run=server"]);
        tests::until("the policy is in force", || async {
            let (passed, said) = told();
            (said.contains("a deployment needs the label team") && passed == passes).then_some(())
        })
        .await;
    }
    assert!(run(&["get", "validatingadmissionpolicy", "team"]).contains("VALIDATIONS"));
    let _ = run(&["delete", "validatingadmissionpolicy", "team"]);
    tests::until("the policy is gone", || async {
        words(&["create", "deployment", "two", "--image=web:v1", "--dry-run=server"]).0.then_some(())
    })
    .await;
}

#[derive(CustomResource, Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Lamp", namespaced, status = "LampStatus")]
struct LampSpec {
    watts: u32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
struct LampStatus {
    lit: bool,
}

const FINALIZER: &str = "example.com/switch-off";

#[tokio::test]
async fn an_operator_with_a_finalizer_works() {
    let cluster = Cluster::up();
    drop(rustls::crypto::ring::default_provider().install_default());
    let file = Kubeconfig::read_from(cluster.kubeconfig()).expect("a kubeconfig");
    let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.expect("sound");
    let client = kube::Client::try_from(config).expect("a client");
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let _ = definitions.create(&PostParams::default(), &Lamp::crd()).await.expect("is created");
    let established = await_condition(definitions, "lamps.example.com", conditions::is_crd_established());
    drop(
        tokio::time::timeout(std::time::Duration::from_secs(60), established).await.expect("in time").expect("watches"),
    );
    let lamps: Api<Lamp> = Api::namespaced(client, "default");
    let made = lamps.create(&PostParams::default(), &Lamp::new("l", LampSpec { watts: 9 })).await.expect("at once");
    let patch = serde_json::json!({"metadata": {"finalizers": [FINALIZER]}});
    let _ = lamps.patch("l", &PatchParams::default(), &Patch::Merge(patch)).await.expect("is patched");
    let status = serde_json::json!({"status": {"lit": true}});
    let lit = lamps.patch_status("l", &PatchParams::default(), &Patch::Merge(status)).await.expect("is patched");
    assert!(lit.status.is_some_and(|status| status.lit));
    let _ = lamps.delete("l", &DeleteParams::default()).await.expect("is marked");
    let held = lamps.get("l").await.expect("is held");
    assert!(held.metadata.deletion_timestamp.is_some() && held.finalizers() == [FINALIZER]);
    let uid = made.uid().expect("a UID");
    let gone = await_condition(lamps.clone(), "l", conditions::is_deleted(&uid));
    let release = serde_json::json!({"metadata": {"finalizers": null}});
    let released = lamps.patch("l", &PatchParams::default(), &Patch::Merge(release)).await;
    drop(released.expect("is let go"));
    drop(tokio::time::timeout(std::time::Duration::from_secs(60), gone).await.expect("in time").expect("watches"));
    assert!(lamps.get_opt("l").await.expect("answers").is_none());
}
