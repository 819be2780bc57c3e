//! Who may do what, with kubectl as its users have it: a kubeconfig with a token and nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tests::{Cluster, paths};

/// Someone with a kubeconfig of their own.
struct Person {
    kubectl: PathBuf,
    kubeconfig: PathBuf,
}

fn newest() -> PathBuf {
    paths::kubectls().remove(0)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Person {
    /// A kubeconfig with the cluster of the administrator's and a token.
    fn with_token(cluster: &Cluster, name: &str, token: &str) -> Self {
        let admin = std::fs::read_to_string(cluster.kubeconfig()).expect("reads");
        let line = |key: &str| admin.lines().find(|line| line.trim().starts_with(key)).expect("is there").to_owned();
        let text = format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n{}\n{}\nusers:\n- name: u\n  user:\n    token: {token}\n\
             contexts:\n- name: x\n  context: {{cluster: c, user: u}}\ncurrent-context: x\n",
            line("server:"),
            line("certificate-authority-data:"),
        );
        let kubeconfig = cluster.path(&format!("kubeconfig-{name}"));
        std::fs::write(&kubeconfig, text).expect("writes");
        Self { kubectl: newest(), kubeconfig }
    }

    fn run(&self, args: &[&str]) -> Output {
        let output = Command::new(&self.kubectl)
            .args(args)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", self.kubeconfig.parent().expect("a folder"))
            .stdin(Stdio::null())
            .output();
        output.expect("kubectl starts")
    }

    fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", said(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What is said to a command that must fail.
    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} must be refused: {}", said(&output));
        said(&output)
    }
}

fn token(cluster: &Cluster, account: &str) -> String {
    let token = cluster.kubectl_ok(&newest(), &["create", "token", account, "-n", "team", "--duration=1h"]);
    token.trim().to_owned()
}

fn rules_of(cluster: &Cluster, role: &str) -> String {
    cluster.kubectl_ok(&newest(), &["get", "clusterrole", role, "-o", "jsonpath={.rules}"])
}

async fn roles_are_gathered(cluster: &Cluster) {
    tests::until("the roles are gathered", || async {
        let admin = rules_of(cluster, "admin");
        (admin.contains("rolebindings") && admin.contains("secrets") && admin.contains("pods/log")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_viewer_by_token_sees_one_namespace_and_changes_nothing() {
    let cluster = Cluster::server();
    let run = |args: &[&str]| cluster.kubectl_ok(&newest(), args);
    roles_are_gathered(&cluster).await;
    let _ = run(&["create", "namespace", "team"]);
    let _ = run(&["create", "serviceaccount", "viewer", "-n", "team"]);
    let _ =
        run(&["create", "rolebinding", "viewers", "--clusterrole=view", "--serviceaccount=team:viewer", "-n", "team"]);
    let _ = run(&["create", "configmap", "settings", "--from-literal=a=b", "-n", "team"]);
    let viewer = Person::with_token(&cluster, "viewer", &token(&cluster, "viewer"));

    let who = viewer.ok(&["auth", "whoami"]);
    assert!(who.contains("system:serviceaccount:team:viewer") && who.contains("system:serviceaccounts:team"), "{who}");
    assert!(viewer.ok(&["get", "configmaps", "-n", "team"]).contains("settings"));
    assert_eq!(viewer.ok(&["auth", "can-i", "list", "pods", "-n", "team"]).trim(), "yes");
    assert_eq!(viewer.run(&["auth", "can-i", "delete", "pods", "-n", "team"]).status.code(), Some(1));
    assert_eq!(viewer.run(&["auth", "can-i", "list", "pods", "-n", "default"]).status.code(), Some(1));
    let list = viewer.ok(&["auth", "can-i", "--list", "-n", "team"]);
    assert!(list.lines().any(|l| l.starts_with("pods/log ") && l.contains("[get list watch]")), "{list}");
    assert!(list.contains("selfsubjectaccessreviews.authorization.k8s.io") && list.contains("[/healthz]"), "{list}");
    let refused = viewer.refused(&["delete", "configmap", "settings", "-n", "team"]);
    let words = "configmaps \"settings\" is forbidden: User \"system:serviceaccount:team:viewer\" cannot delete resource \
                 \"configmaps\" in API group \"\" in the namespace \"team\"";
    assert!(refused.contains("Error from server (Forbidden)") && refused.contains(words), "{refused}");
    for refused in [
        &["get", "secrets", "-n", "team"][..],
        &["get", "configmaps", "-n", "default"],
        &["get", "configmaps", "-A"],
        &["get", "nodes"],
        &["get", "roles", "-n", "team"],
        &["create", "configmap", "x", "-n", "team"],
        &["create", "token", "viewer", "-n", "team"],
        &["get", "pods", "-n", "team", "--as=system:admin", "--as-group=system:masters"],
        &["get", "--raw", "/metrics"],
    ] {
        let said = viewer.refused(refused);
        assert!(said.contains("orbidden"), "{refused:?}: {said}");
    }
    // A role that is taken away is gone with the answer, and so is an account.
    let _ = run(&["delete", "rolebinding", "viewers", "-n", "team"]);
    assert!(viewer.refused(&["get", "configmaps", "-n", "team"]).contains("Forbidden"));
    let _ = run(&["create", "clusterrolebinding", "viewers", "--clusterrole=view", "--serviceaccount=team:viewer"]);
    assert!(viewer.ok(&["get", "configmaps", "-A"]).contains("settings"));
    let _ = run(&["delete", "serviceaccount", "viewer", "-n", "team"]);
    let said = viewer.refused(&["get", "configmaps", "-n", "team"]);
    assert!(said.contains("Unauthorized"), "{said}");
    let strange = Person::with_token(&cluster, "strange", "eyJhbGciOiJub25lIn0.e30.");
    assert!(strange.refused(&["get", "pods"]).contains("Unauthorized"));
}

#[tokio::test]
async fn roles_are_made_shown_and_reconciled_and_nobody_grants_what_they_lack() {
    let cluster = Cluster::server();
    let admin = Person { kubectl: newest(), kubeconfig: cluster.kubeconfig() };
    roles_are_gathered(&cluster).await;
    for args in [
        &["create", "namespace", "team"][..],
        &["create", "serviceaccount", "lead", "-n", "team"],
        &["create", "rolebinding", "leads", "--clusterrole=admin", "--serviceaccount=team:lead", "-n", "team"],
        &["create", "role", "reader", "--verb=get,list", "--resource=pods,deployments.apps,pods/log", "-n", "team"],
        &["create", "rolebinding", "readers", "--role=reader", "--user=ann", "--group=dev", "-n", "team"],
        &["create", "clusterrole", "nodes", "--verb=get,list,watch", "--resource=nodes"],
        &["create", "clusterrole", "metrics", "--verb=get", "--non-resource-url=/metrics"],
        &["create", "clusterrole", "all", "--aggregation-rule=team=a"],
        &["create", "clusterrolebinding", "nodes", "--clusterrole=nodes", "--user=ann"],
        &["label", "clusterrole", "nodes", "team=a"],
    ] {
        let _ = admin.ok(args);
    }
    let roles = admin.ok(&["get", "roles", "-n", "team"]);
    assert!(roles.contains("CREATED AT") && roles.contains("reader"), "{roles}");
    let bindings = admin.ok(&["get", "rolebindings", "-n", "team", "-o", "wide"]);
    for word in
        ["ROLE", "USERS", "GROUPS", "SERVICEACCOUNTS", "Role/reader", "ClusterRole/admin", "ann", "dev", "team/lead"]
    {
        assert!(bindings.contains(word), "{word}: {bindings}");
    }
    assert!(admin.ok(&["describe", "role", "reader", "-n", "team"]).contains("deployments.apps"));
    assert!(admin.ok(&["describe", "clusterrolebinding", "nodes"]).contains("ann"));
    tests::until("the role is gathered", || async { rules_of(&cluster, "all").contains("nodes").then_some(()) }).await;

    // Acting as someone else shows what they may.
    assert!(admin.ok(&["get", "nodes", "--as=ann"]).is_empty());
    assert!(admin.refused(&["get", "nodes", "--as=bob"]).contains("User \"bob\" cannot list resource \"nodes\""));
    assert!(admin.refused(&["get", "secrets", "-n", "team", "--as=bob", "--as-group=dev"]).contains("Forbidden"));
    assert!(admin.ok(&["auth", "can-i", "list", "pods", "-n", "team", "--as=bob", "--as-group=dev"]).contains("yes"));
    let user = "--as=system:serviceaccount:team:lead";
    assert!(admin.ok(&["auth", "can-i", "create", "rolebindings", "-n", "team", user]).contains("yes"));

    nobody_escalates(&cluster, &admin);
    reconcile(&cluster, &admin);
}

/// Whoever makes roles and bindings gives no more than they have.
fn nobody_escalates(cluster: &Cluster, admin: &Person) {
    let lead = Person::with_token(cluster, "lead", &token(cluster, "lead"));
    let _ = lead.ok(&["create", "role", "mine", "--verb=get", "--resource=secrets", "-n", "team"]);
    let _ = lead.ok(&["create", "rolebinding", "mine", "--role=mine", "--user=eve", "-n", "team"]);
    let _ = lead.ok(&["create", "rolebinding", "views", "--clusterrole=view", "--user=eve", "-n", "team"]);
    for args in [
        &["create", "role", "more", "--verb=get", "--resource=nodes", "-n", "team"][..],
        &["create", "role", "more", "--verb=*", "--resource=*.*", "-n", "team"],
        &["create", "rolebinding", "more", "--clusterrole=cluster-admin", "--serviceaccount=team:lead", "-n", "team"],
        &[
            "patch",
            "role",
            "mine",
            "-n",
            "team",
            "--type=json",
            "-p",
            r#"[{"op":"add","path":"/rules/0/resources/-","value":"nodes"}]"#,
        ],
    ] {
        let said = lead.refused(args);
        assert!(said.contains("is attempting to grant RBAC permissions not currently held"), "{args:?}: {said}");
    }
    assert!(lead.refused(&["create", "clusterrole", "more", "--verb=get", "--resource=pods"]).contains("Forbidden"));
    assert!(
        lead.refused(&["create", "rolebinding", "none", "--clusterrole=none", "--user=eve", "-n", "team"])
            .contains("not found")
    );
    let _ = admin.ok(&[
        "create",
        "role",
        "binder",
        "--verb=bind",
        "--resource=clusterroles.rbac.authorization.k8s.io",
        "--resource-name=nodes",
        "-n",
        "team",
    ]);
    let _ = admin.ok(&["create", "rolebinding", "binder", "--role=binder", "--serviceaccount=team:lead", "-n", "team"]);
    let _ = lead.ok(&["create", "rolebinding", "more", "--clusterrole=nodes", "--user=eve", "-n", "team"]);
}

/// `auth reconcile`, and that a binding's role is for life.
fn reconcile(cluster: &Cluster, admin: &Person) {
    let manifest = cluster.path("roles.yaml");
    let write = |resources: &str, role: &str| {
        let text = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: kept, namespace: team}}\nrules:\n\
             - {{apiGroups: [''], resources: [{resources}], verbs: [get]}}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: kept, namespace: team}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {role}}}\n\
             subjects: [{{kind: User, name: ann, apiGroup: rbac.authorization.k8s.io}}]\n"
        );
        std::fs::write(&manifest, text).expect("writes");
    };
    let file = manifest.display().to_string();
    write("pods", "kept");
    assert!(admin.ok(&["auth", "reconcile", "-f", &file]).contains("reconciled"));
    write("services", "kept");
    let _ = admin.ok(&["auth", "reconcile", "-f", &file]);
    let rules = admin.ok(&["get", "role", "kept", "-n", "team", "-o", "jsonpath={.rules[*].resources}"]);
    assert!(rules.contains("pods") && rules.contains("services"), "what was there stays: {rules}");
    write("services", "reader");
    let refused = admin.refused(&["replace", "-f", &file]);
    assert!(refused.contains("cannot change roleRef"), "{refused}");
    let bad = admin.run(&["create", "-f", &file, "--dry-run=server", "-o", "name"]);
    assert!(said(&bad).contains("already exists"), "{}", said(&bad));
}

#[tokio::test]
async fn tokens_are_given_bound_shortened_and_published() {
    let cluster = Cluster::server();
    let admin = Person { kubectl: newest(), kubeconfig: cluster.kubeconfig() };
    roles_are_gathered(&cluster).await;
    let _ = admin.ok(&["create", "namespace", "team"]);
    let _ = admin.ok(&["create", "serviceaccount", "ci", "-n", "team"]);
    let _ = admin.ok(&["create", "rolebinding", "ci", "--clusterrole=edit", "--serviceaccount=team:ci", "-n", "team"]);
    let _ = admin.ok(&["create", "secret", "generic", "life", "-n", "team"]);
    let give = |more: &[&str]| admin.run(&[&["create", "token", "ci", "-n", "team"][..], more].concat());
    let token_of = |output: &Output| String::from_utf8_lossy(&output.stdout).trim().to_owned();

    let bound = give(&["--bound-object-kind=Secret", "--bound-object-name=life"]);
    let holder = Person::with_token(&cluster, "bound", &token_of(&bound));
    let _ = holder.ok(&["create", "configmap", "made", "-n", "team"]);
    let _ = admin.ok(&["delete", "secret", "life", "-n", "team"]);
    assert!(holder.refused(&["get", "configmaps", "-n", "team"]).contains("Unauthorized"), "it died with its Secret");
    let elsewhere = give(&["--audience=vault"]);
    let holder = Person::with_token(&cluster, "elsewhere", &token_of(&elsewhere));
    assert!(holder.refused(&["get", "pods", "-n", "team"]).contains("Unauthorized"), "it is for another");
    let long = give(&["--duration=48h"]);
    assert!(
        said(&long).contains("requested expiration of 172800 seconds shortened to 86400 seconds"),
        "{}",
        said(&long)
    );
    assert!(said(&give(&["--duration=5m"])).contains("may not specify a duration less than 10 minutes"));
    assert!(said(&give(&["--bound-object-kind=Pod", "--bound-object-name=none"])).contains("not found"));

    let keys = admin.ok(&["get", "--raw", "/openid/v1/jwks"]);
    assert!(keys.contains("ES256") && !keys.contains("\"d\""), "{keys}");
    let account = Person::with_token(&cluster, "ci", &token_of(&give(&[])));
    let issuer = account.ok(&["get", "--raw", "/.well-known/openid-configuration"]);
    assert!(issuer.contains("https://kubernetes.default.svc.cluster.local") && issuer.contains("/openid/v1/jwks"));

    secret_is_filled(&cluster, &admin).await;
    audited(&cluster, &token_of(&long));
}

/// A Secret that asks for a token gets one, which is good as long as the Secret is there.
async fn secret_is_filled(cluster: &Cluster, admin: &Person) {
    let manifest = cluster.path("secret.yaml");
    let text = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\n\
                metadata: {name: ci-token, namespace: team, annotations: {kubernetes.io/service-account.name: ci}}\n";
    std::fs::write(&manifest, text).expect("writes");
    let _ = admin.ok(&["apply", "-f", &manifest.display().to_string()]);
    let token = tests::until("the Secret is filled", || async {
        let template = "go-template={{with .data.token}}{{. | base64decode}}{{end}}";
        let token = admin.ok(&["get", "secret", "ci-token", "-n", "team", "-o", template]);
        (!token.is_empty()).then_some(token)
    })
    .await;
    let ci = Person::with_token(cluster, "secret", &token);
    assert!(ci.ok(&["auth", "whoami"]).contains("system:serviceaccount:team:ci"));
    let _ = admin.ok(&["delete", "secret", "ci-token", "-n", "team"]);
    assert!(ci.refused(&["get", "pods", "-n", "team"]).contains("Unauthorized"));
}

/// The audit log tells who did what and holds no token.
fn audited(cluster: &Cluster, token: &str) {
    let path: &Path = &cluster.path("server/audit.log");
    let log = std::fs::read_to_string(path).expect("is written");
    assert!(!log.contains(token) && !log.contains("eyJ"), "no token is written down");
    let events: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("a line is an event")).collect();
    let find = |verb: &str, resource: &str, code: u16, user: &str| {
        events.iter().any(|event| {
            event["verb"] == verb
                && event["objectRef"]["resource"] == resource
                && event["responseStatus"]["code"] == code
                && event["user"]["username"] == user
        })
    };
    assert!(find("create", "rolebindings", 201, "insula:admin"), "{log}");
    assert!(find("create", "configmaps", 201, "system:serviceaccount:team:ci"), "{log}");
    let refused = events.iter().find(|event| event["responseStatus"]["code"] == 401).expect("a refusal");
    assert_eq!(refused["user"], serde_json::json!({}), "nobody is named who was not known");
    let made = events.iter().find(|event| event["objectRef"]["name"] == "made").expect("the name of what was made");
    assert!(made["userAgent"].as_str().is_some_and(|agent| agent.starts_with("kubectl")), "{made}");
    assert_eq!(made["annotations"]["authorization.k8s.io/decision"], "allow");
    assert!(made["sourceIPs"][0].as_str().is_some_and(|ip| ip.starts_with("127.")), "{made}");
}
