//! The loops end to end, code, logs, and what survives a restart.

use std::time::Duration;

use protocol::v1::{AnswerChunk, CodeRequest, open};
use serde_json::{Value, json};
use tonic::Code;

use super::host::FakeHost;
use super::{Api, config, eventually, start};
use crate::{Error, Server};

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn deployment(replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "web:1"}]},
            },
        },
    })
}

/// The smallest component there is: it imports and exports nothing.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Pushes an artifact as an OCI client does: blob, config, manifest.
async fn push(api: &Api, name: &str, tag: &str, wasm: &[u8]) {
    let digest = |bytes: &[u8]| format!("sha256:{}", protocol::code::sha256_hex(bytes));
    for blob in [wasm, b"{}"] {
        let path = format!("/v2/{name}/blobs/uploads/?digest={}", digest(blob));
        let (code, body) = api.send("POST", &path, "application/octet-stream", blob).await;
        assert_eq!(code, 201, "{}", String::from_utf8_lossy(&body));
    }
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": kind,
        "config": {"mediaType": "application/vnd.wasm.config.v0+json", "digest": digest(b"{}"), "size": 2},
        "layers": [{"mediaType": "application/wasm", "digest": digest(wasm), "size": wasm.len()}],
    });
    let (code, body) =
        api.send("PUT", &format!("/v2/{name}/manifests/{tag}"), kind, manifest.to_string().as_bytes()).await;
    assert_eq!(code, 201, "{}", String::from_utf8_lossy(&body));
}

#[tokio::test]
async fn a_deployment_becomes_pods_on_a_host_and_available() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut host = FakeHost::dial(server.pipe("a"), "a").await;
    api.create(DEPLOYMENTS, &deployment(3)).await;
    host.until("three pods", |host| host.pods.len() == 3).await;
    let told: Vec<Value> =
        host.pods.values().map(|pod| serde_json::from_slice(&pod.pod_json).expect("a pod")).collect();
    for (n, pod) in told.iter().enumerate() {
        host.report_ready(pod, &format!("127.64.0.{}", n + 2)).await;
    }
    let available = eventually("available", || async {
        let found = api.get(&format!("{DEPLOYMENTS}/web")).await?;
        (found["status"]["availableReplicas"] == 3).then_some(found)
    });
    let (_, ()) = tokio::join!(available, host.until("routes", |host| host.routes.is_some()));
    server.shutdown().await;
}

// C5
#[tokio::test]
async fn a_deployment_never_makes_more_pods_than_it_wants() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut host = FakeHost::dial(server.pipe("a"), "a").await;
    api.create(DEPLOYMENTS, &deployment(40)).await;
    let ever = |host: &FakeHost| host.pods.len() + host.removed.len();
    host.until("forty pods", |host| host.pods.len() == 40).await;
    host.throughout(Duration::from_millis(300), "never more", |host| ever(host) == 40).await;
    let pods = api.get(PODS).await.expect("lists");
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(40));
    server.shutdown().await;
}

// F54, F83
#[tokio::test]
async fn code_is_signed_and_only_for_hosts_that_run_it() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut a = FakeHost::dial(server.pipe("a"), "a").await;
    let mut b = FakeHost::dial(server.pipe("b"), "b").await;
    let pod = api.pod("web", "a", |_| {}).await;
    let uid = pod["metadata"]["uid"].as_str().expect("has a uid").to_owned();
    let artifact = |host: &FakeHost| host.pods[&uid].artifacts[0].clone();
    a.until("the pod", |host| host.pods.contains_key(&uid)).await;
    assert_eq!(artifact(&a).reason, "ErrImagePull");
    push(&api, "web", "1", COMPONENT).await;
    a.until("the push", |host| !artifact(host).code_key.is_empty()).await;
    let (key, digest) = (artifact(&a).code_key, artifact(&a).digest);
    let engine = super::host::hello("a").engine.expect("has an engine");
    assert_eq!(key, protocol::code::key(&digest, &engine));
    let mut chunks = a.client.fetch_code(CodeRequest { code_key: key.clone() }).await.expect("is there").into_inner();
    let first = chunks.message().await.expect("answers").expect("has a chunk");
    let mut code = first.bytes.to_vec();
    while let Some(chunk) = chunks.message().await.expect("answers") {
        code.extend_from_slice(&chunk.bytes);
    }
    assert_eq!(first.total_bytes, code.len() as u64);
    assert!(protocol::code::verify(&a.welcome.code_public_key, &key, &code, &first.signature));
    let refused = b.client.fetch_code(CodeRequest { code_key: key }).await.expect_err("is not b's");
    assert_eq!(refused.code(), Code::PermissionDenied);
    // What was tested is what runs: another push under the tag does not reach this pod.
    let mut other = COMPONENT.to_vec();
    other.extend_from_slice(b"\0\x02\x01x");
    push(&api, "web", "1", &other).await;
    let second = api.pod("second", "a", |_| {}).await;
    let second_uid = second["metadata"]["uid"].as_str().expect("has a uid").to_owned();
    a.until("the second pod", |host| host.pods.contains_key(&second_uid)).await;
    assert_ne!(a.pods[&second_uid].artifacts[0].digest, digest);
    assert_eq!(artifact(&a).digest, digest);
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_pushed_is_compiled_before_it_is_deployed() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let _host = FakeHost::dial(server.pipe("a"), "a").await;
    push(&api, "web", "1", COMPONENT).await;
    eventually("compiled code", || async {
        let mut entries = std::fs::read_dir(dir.path().join("code")).ok()?;
        entries.any(|entry| entry.is_ok_and(|e| e.path().extension().is_some_and(|x| x == "code"))).then_some(())
    })
    .await;
    server.shutdown().await;
}

#[tokio::test]
async fn logs_stream_from_the_host_to_the_client() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let mut host = FakeHost::dial(server.pipe("a"), "a").await;
    api.pod("web", "a", |_| {}).await;
    let ask = |tail: u32| {
        let api = api.clone();
        async move { api.send("GET", &format!("{PODS}/web/log?tailLines={tail}"), "text/plain", b"").await }
    };
    let (asked, ()) = tokio::join!(ask(7), async {
        host.until("the request", |host| !host.opens.is_empty()).await;
        let open = host.opens.remove(0);
        let Some(open::Kind::Logs(logs)) = open.kind else { panic!("not for logs") };
        assert_eq!((logs.tail_lines, logs.container.as_str()), (Some(7), "c"));
        let chunk =
            |bytes: &'static [u8]| AnswerChunk { id: open.id.clone(), bytes: bytes.into(), error: String::new() };
        let chunks = tokio_stream::iter([chunk(b""), chunk(b"one\n"), chunk(b"two\n")]);
        host.client.answer(chunks).await.expect("is heard");
    });
    assert_eq!((asked.0, String::from_utf8_lossy(&asked.1).as_ref()), (200, "one\ntwo\n"));
    let (refused, ()) = tokio::join!(ask(1), async {
        let is_logs = |open: &protocol::v1::Open| matches!(open.kind, Some(open::Kind::Logs(_)));
        host.until("the request", |host| host.opens.iter().any(is_logs)).await;
        let open = host.opens.iter().find(|open| is_logs(open)).cloned().expect("is there");
        let error = "container c is waiting to start: ContainerCreating".to_owned();
        let chunk = AnswerChunk { id: open.id, error, ..AnswerChunk::default() };
        host.client.answer(tokio_stream::iter([chunk])).await.expect("is heard");
    });
    assert_eq!(refused.0, 400);
    assert!(String::from_utf8_lossy(&refused.1).contains("waiting to start"));
    server.shutdown().await;
}

// C4, C15, F9
#[tokio::test]
async fn a_restart_keeps_everything_and_begins_a_new_term() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    let host = FakeHost::dial(server.pipe("a"), "a").await;
    let before = host.welcome.clone();
    let pod = api.pod("web", "a", |_| {}).await;
    let refused = Server::start(config(dir.path())).await.expect_err("is held");
    assert!(matches!(refused, Error::DataDir(_)), "{refused}");
    let hooked = host;
    server.shutdown().await;
    drop(hooked);

    let (server, api) = start(dir.path()).await;
    let found = api.get(&format!("{PODS}/web")).await.expect("is there");
    assert_eq!(found["metadata"]["uid"], pod["metadata"]["uid"]);
    assert_eq!(found["metadata"]["resourceVersion"], pod["metadata"]["resourceVersion"]);
    let mut host = FakeHost::dial(server.pipe("a"), "a").await;
    assert!(host.welcome.term > before.term);
    assert_eq!(
        (&host.welcome.cluster_id, &host.welcome.node_uid, &host.welcome.pod_cidr, &host.welcome.code_public_key),
        (&before.cluster_id, &before.node_uid, &before.pod_cidr, &before.code_public_key)
    );
    host.until("its pod", |host| host.is_complete && host.pods.len() == 1).await;
    server.shutdown().await;
}

#[tokio::test]
async fn the_cluster_has_its_first_objects_and_tells_how_it_is() {
    let dir = tempfile::tempdir().expect("dir");
    let (server, api) = start(dir.path()).await;
    for path in [
        "/api/v1/namespaces/default",
        "/api/v1/namespaces/kube-system",
        "/api/v1/namespaces/kube-public",
        "/api/v1/namespaces/kube-node-lease",
        "/api/v1/namespaces/default/services/kubernetes",
    ] {
        assert!(api.get(path).await.is_some(), "{path}");
    }
    let status = api.get("/insula.dev/v1/status").await.expect("answers");
    assert_eq!(status["term"], 1);
    assert_eq!(status["hosts"], json!([]));
    let (code, text) = api.send("GET", "/metrics", "text/plain", b"").await;
    assert!(code == 200 && String::from_utf8_lossy(&text).contains("insula_store_revision"));
    let (code, _) = api.json("POST", "/insula.dev/v1/tokens", &json!({"ttlSeconds": 0})).await;
    assert_eq!(code, 400);
    let (code, _) = api.json("POST", "/insula.dev/v1/tokens", &json!({"ttl": 1})).await;
    assert_eq!(code, 400, "unknown fields are refused");
    let kubeconfig = std::fs::read_to_string(server.kubeconfig_path()).expect("is there");
    assert!(kubeconfig.contains(&server.api_addr().to_string()));
    server.shutdown().await;
}
