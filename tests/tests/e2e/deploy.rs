//! `insula up`, `insula deploy`: one command each, from nothing to an answer.

use std::net::SocketAddr;

use http::StatusCode;
use tests::{Cluster, load, paths, until};

/// The URL that `insula deploy --expose` prints.
pub(crate) fn exposed(output: &str) -> SocketAddr {
    let url = output.lines().find_map(|line| line.strip_prefix("http://")).expect("a URL");
    url.trim_end_matches('/').parse().expect("an address")
}

/// Deploys a guest behind a NodePort and returns its address.
pub(crate) fn deploy(cluster: &Cluster, name: &str, guest: &str, more: &[&str]) -> SocketAddr {
    let file = paths::guest(guest).display().to_string();
    let args = [&["deploy", name, &file, "--expose"], more].concat();
    exposed(&cluster.insula_ok(&args))
}

/// Asks until the answer is 200.
pub(crate) async fn answer(addr: SocketAddr, path: &str) -> String {
    until(&format!("{addr}{path} answers 200"), || async {
        load::get(addr, path).await.ok().filter(|(status, ..)| *status == StatusCode::OK).map(|(.., body)| body)
    })
    .await
}

#[tokio::test]
async fn one_command_deploys_a_component_behind_a_node_port() {
    let cluster = Cluster::up();
    for guest in ["hello02", "hello03"] {
        let addr = deploy(&cluster, guest, guest, &["--replicas", "2"]);
        assert!(answer(addr, "/").await.to_lowercase().contains("hello"), "{guest} says hello");
    }
    let table = cluster.insula_ok(&["get", "pods"]);
    assert_eq!(table.matches("Running").count(), 4, "{table}");
    let status = cluster.insula_ok(&["status"]);
    assert!(status.contains("node-1") && status.contains("connected"), "{status}");
}

#[tokio::test]
async fn environment_reaches_the_guest_and_a_redeploy_changes_it() {
    let cluster = Cluster::up();
    let addr = deploy(&cluster, "echo", "echo", &["--env", "GREETING=salve"]);
    assert!(answer(addr, "/env").await.contains("GREETING=salve"));
    let again = deploy(&cluster, "echo", "echo", &["--env", "GREETING=vale"]);
    assert_eq!(addr, again, "the Service keeps its port");
    until("the new environment is served", || async {
        load::get(addr, "/env").await.ok().filter(|(.., body)| body.contains("GREETING=vale"))
    })
    .await;
}

#[tokio::test]
async fn a_stopped_cluster_ends_well_and_comes_back_with_everything() {
    let mut cluster = Cluster::up();
    let addr = deploy(&cluster, "hello", "hello02", &["--replicas", "3"]);
    answer(addr, "/").await;
    assert!(cluster.server.terminate(), "SIGTERM is a clean end:\n{}", cluster.server.log());
    assert!(load::get(addr, "/").await.is_err(), "nothing listens after the end");
    cluster.restart_server();
    answer(addr, "/").await;
    assert_eq!(cluster.insula_ok(&["get", "pods"]).matches("Running").count(), 3);
}

#[tokio::test]
async fn an_unknown_image_is_accepted_and_says_why_it_does_not_run() {
    let cluster = Cluster::up();
    let output = cluster.insula(&["deploy", "ghost", "ghost:v1", "--timeout", "3s"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("ErrImagePull") || said.contains("ImagePullBackOff"), "{said}");
    let output = cluster.insula(&["deploy", "ghost", "ghost:v1", "--namespace", "nowhere"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("insula create namespace nowhere"), "what, where and how to mend it: {said}");
    // The image appears later: nobody has to touch the Deployment.
    cluster.push("hello02", "ghost:v1");
    let api = cluster.api().await;
    until("the Pod runs once its image is there", || async {
        let pods = api.items("/api/v1/namespaces/default/pods").await;
        (!tests::client::ready(&pods).is_empty()).then_some(())
    })
    .await;
}
