//! What must be refused, with a sentence that says what, why and how to mend it; and nothing is lost.

use serde_json::Value;
use tests::{Cluster, paths};

fn stderr(output: &std::process::Output) -> String {
    assert!(!output.status.success(), "it must be refused");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// F46: what is not a component never enters the registry.
#[tokio::test]
async fn a_file_that_is_no_component_is_refused_at_push() {
    let cluster = Cluster::up();
    let file = cluster.path("text.wasm");
    std::fs::write(&file, "not wasm").expect("writes");
    let said = stderr(&cluster.insula(&["push", &file.display().to_string(), "x:v1"]));
    assert!(said.contains("not WebAssembly") && said.contains("wasm32-wasip2"), "{said}");
    let mut bent = std::fs::read(paths::guest("hello02")).expect("reads");
    bent.truncate(bent.len() / 2);
    std::fs::write(&file, bent).expect("writes");
    let said = stderr(&cluster.insula(&["push", &file.display().to_string(), "x:v1"]));
    assert!(said.contains("cannot be pushed"), "{said}");
}

/// F9: one data directory, one process; also after a kill.
#[tokio::test]
async fn a_second_process_on_one_data_directory_is_refused() {
    let mut cluster = Cluster::server();
    let second = |cluster: &Cluster| {
        let dir = cluster.path("server").display().to_string();
        let api = cluster.slice.server_addr(7443).to_string();
        let hosts = cluster.slice.server_addr(7444).to_string();
        let args = ["server", "--data-dir", &dir, "--api-addr", &api, "--host-addr", &hosts];
        std::process::Command::new(paths::insula()).args(args).output().expect("starts")
    };
    let said = stderr(&second(&cluster));
    assert!(said.contains("another process") || said.contains("in use"), "{said}");
    cluster.server.kill();
    cluster.restart_server();
    let said = stderr(&second(&cluster));
    assert!(said.contains("another process") || said.contains("in use"), "{said}");
}

/// F79, F80: tokens that are wrong, used or of another cluster.
#[tokio::test]
async fn join_tokens_are_good_for_one_host_of_one_cluster() {
    let mut cluster = Cluster::server();
    cluster.join();
    let server = cluster.host_addr().to_string();
    let join = |token: &str, name: &str| {
        let dir = cluster.path(name).display().to_string();
        let node_ip = cluster.slice.node_ip(9).to_string();
        let args = ["join", token, "--server", &server, "--data-dir", &dir, "--name", name, "--node-ip", &node_ip];
        let output = std::process::Command::new("timeout").arg("20").arg(paths::insula()).args(args).output();
        stderr(&output.expect("starts"))
    };
    let said = join("nonsense", "a");
    assert!(said.contains("token"), "{said}");
    let token = cluster.join_token();
    let bent = token.replacen('.', ".x", 1);
    assert!(join(&bent, "b").contains("token"));
    // A token of another cluster names another CA: the host turns away before it shows its secret.
    let other = Cluster::server();
    let said = join(&other.join_token(), "c");
    assert!(said.contains("CA") || said.contains("certificate"), "{said}");
    // node-2 has joined: its name is taken, and a refusal is an Event.
    let said = join(&cluster.join_token(), "node-2");
    assert!(said.contains("node-2"), "{said}");
    let api = cluster.api().await;
    tests::until("the refusal is an Event", || async {
        let events = api.items("/api/v1/events").await;
        events.into_iter().find(|event| event["reason"] == "JoinRefused")
    })
    .await;
}

/// Every refusal of the API is a Kubernetes `Status` that names the field.
#[tokio::test]
async fn a_bad_manifest_names_its_field() {
    let cluster = Cluster::up();
    let api = cluster.api().await;
    let object = serde_json::json!({
        "metadata": { "name": "web" },
        "spec": {
            "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "other" } }, "spec": { "containers": [] } },
        },
    });
    let refused = api.create("/apis/apps/v1/namespaces/default/deployments", &object).await;
    let Err(tests::client::Refused::Status(code, status)) = refused else { panic!("accepted") };
    assert_eq!((code.as_u16(), &status["reason"]), (422, &Value::from("Invalid")));
    let causes = status["details"]["causes"].to_string();
    assert!(
        causes.contains("spec.template.metadata.labels") && causes.contains("spec.template.spec.containers"),
        "{causes}"
    );
}
