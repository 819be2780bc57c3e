//! What guests keep and say, as a host asks for it: the real service over the pipe, on the real disk.

use std::time::Duration;

use protocol::backing as wire;
use protocol::backing::backing_client::BackingClient;
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::host::FakeHost;
use super::{Api, PATIENCE, eventually, start};
use crate::Server;

type Client = BackingClient<Channel>;

/// A server, and a host `a` with a Pod in `default`.
struct House {
    server: Server,
    api: Api,
    client: Client,
    pod: Value,
    _host: FakeHost,
}

async fn house(dir: &std::path::Path) -> House {
    let (server, api) = start(dir).await;
    let mut host = FakeHost::dial(server.pipe("a"), "a").await;
    let pod = api.pod("web", "a", |_| {}).await;
    host.until("the pod", |host| !host.pods.is_empty()).await;
    let client = client(&server, "a");
    House { server, api, client, pod, _host: host }
}

fn client(server: &Server, node: &str) -> Client {
    BackingClient::new(server.pipe(node)).max_decoding_message_size(protocol::BACKING_MESSAGE_BYTES_MAX)
}

fn bucket(namespace: &str, name: &str) -> Option<wire::Bucket> {
    Some(wire::Bucket { namespace: namespace.to_owned(), name: name.to_owned() })
}

async fn set(client: &mut Client, namespace: &str, key: &str, value: &str) -> Result<(), Status> {
    let pairs = vec![wire::Pair { key: key.to_owned(), value: value.to_owned().into() }];
    client.set_many(wire::SetManyRequest { bucket: bucket(namespace, "b"), pairs }).await.map(drop)
}

async fn get(client: &mut Client, namespace: &str, key: &str) -> Result<Option<String>, Status> {
    let asked = wire::GetManyRequest { bucket: bucket(namespace, "b"), keys: vec![key.to_owned()] };
    let mut values = client.get_many(asked).await?.into_inner().values;
    let value = values.pop().expect("one answer").value;
    Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

fn container(namespace: &str, name: &str) -> wire::Container {
    wire::Container { namespace: namespace.to_owned(), name: name.to_owned() }
}

fn blob(name: &str) -> Option<wire::Blob> {
    Some(wire::Blob { container: Some(container("default", "c")), name: name.to_owned() })
}

async fn put(client: &mut Client, name: &str, content: &[u8], whole: bool) -> Result<wire::BlobInfo, Status> {
    let mut chunks = vec![wire::PutBlobChunk { blob: blob(name), ..wire::PutBlobChunk::default() }];
    let pieces = content.chunks(protocol::CHUNK_BYTES);
    chunks.extend(pieces.map(|piece| wire::PutBlobChunk { bytes: piece.to_vec().into(), ..Default::default() }));
    chunks.push(wire::PutBlobChunk { whole, ..wire::PutBlobChunk::default() });
    client.put_blob(tokio_stream::iter(chunks)).await.map(tonic::Response::into_inner)
}

fn content(text: &str) -> Option<wire::Content> {
    Some(wire::Content { data: text.to_owned().into(), ..wire::Content::default() })
}

fn text(message: &wire::Message) -> String {
    let content = message.content.as_ref().expect("has content");
    String::from_utf8_lossy(&content.data).into_owned()
}

async fn subscribe(client: &mut Client, subject: &str) -> tonic::Streaming<wire::Delivery> {
    let asked = wire::SubscribeRequest {
        namespace: "default".to_owned(),
        group: "Deployment/web/c".to_owned(),
        subjects: vec![subject.to_owned()],
    };
    let mut deliveries = client.subscribe(asked).await.expect("subscribes").into_inner();
    let first = deliveries.message().await.expect("stands").expect("stands");
    assert_eq!(first.message, None, "the first delivery says that it stands");
    deliveries
}

async fn publish(client: &mut Client, subject: &str, said: &str) -> Result<(), Status> {
    let (namespace, subject) = ("default".to_owned(), subject.to_owned());
    client.publish(wire::PublishRequest { namespace, subject, content: content(said) }).await.map(drop)
}

// F83
#[tokio::test]
async fn a_host_acts_for_the_namespaces_of_its_pods_and_no_other() {
    let dir = tempfile::tempdir().expect("dir");
    let mut house = house(dir.path()).await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}});
    house.api.create("/api/v1/namespaces", &namespace).await;
    set(&mut house.client, "default", "k", "v").await.expect("is its own");
    let mut stranger = client(&house.server, "b");
    let a = &mut house.client;
    let refusals = [
        set(a, "other", "k", "v").await.expect_err("is not a's"),
        set(a, "nowhere", "k", "v").await.expect_err("is nobody's"),
        set(a, "", "k", "v").await.expect_err("is nobody's"),
        get(&mut stranger, "default", "k").await.expect_err("is not b's"),
        a.create_container(container("other", "c")).await.expect_err("is not a's"),
        put(&mut stranger, "x", b"", true).await.expect_err("is not b's"),
        publish(&mut stranger, "s", "x").await.expect_err("is not b's"),
        stranger
            .subscribe(wire::SubscribeRequest { namespace: "default".into(), ..Default::default() })
            .await
            .map(drop)
            .expect_err("is not b's"),
        stranger
            .reply(wire::ReplyRequest { namespace: "default".into(), ..Default::default() })
            .await
            .expect_err("is not b's"),
    ];
    for refusal in refusals {
        assert_eq!(refusal.code(), Code::PermissionDenied, "{refusal}");
    }
    let lacking = a.get_many(wire::GetManyRequest::default()).await.expect_err("names no bucket");
    assert_eq!(lacking.code(), Code::InvalidArgument);
    house.server.shutdown().await;
}

#[tokio::test]
async fn a_subscription_ends_with_the_last_pod_of_its_namespace() {
    let dir = tempfile::tempdir().expect("dir");
    let mut house = house(dir.path()).await;
    let mut heard = subscribe(&mut house.client, "s").await;
    // Pods of a Node that nobody knows are collected.
    let _other_host = FakeHost::dial(house.server.pipe("b"), "b").await;
    let other = house.api.pod("other", "b", |_| {}).await;
    assert!(other["metadata"]["uid"].is_string());
    let mut b = client(&house.server, "b");
    eventually("b may speak", || {
        let mut b = b.clone();
        async move { publish(&mut b, "s", "one").await.ok() }
    })
    .await;
    let first = heard.message().await.expect("goes on").and_then(|delivery| delivery.message).expect("a message");
    assert_eq!((first.subject.as_str(), text(&first).as_str()), ("s", "one"));
    let name = house.pod["metadata"]["name"].as_str().expect("a name");
    let path = format!("/api/v1/namespaces/default/pods/{name}");
    house.api.json("DELETE", &path, &json!({"gracePeriodSeconds": 0})).await;
    eventually("a may speak no more", || {
        let mut a = house.client.clone();
        async move { publish(&mut a, "t", "x").await.err() }
    })
    .await;
    publish(&mut b, "s", "two").await.expect("b still may");
    let ended = heard.message().await.expect_err("a hears nothing more");
    assert_eq!(ended.code(), Code::PermissionDenied);
    house.server.shutdown().await;
}

#[tokio::test]
async fn values_survive_a_restart_and_increments_of_many_callers_add_up() {
    let dir = tempfile::tempdir().expect("dir");
    let house = house(dir.path()).await;
    let add = |key: &'static str| {
        let mut client = house.client.clone();
        let asked = wire::IncrementRequest { bucket: bucket("default", "b"), key: key.to_owned(), delta: 2 };
        async move { client.increment(asked).await.expect("adds").into_inner().sum }
    };
    // Within what one connection may ask at once.
    let mut sums = Vec::new();
    for _ in 0..5 {
        sums.extend(futures::future::join_all((0..40).map(|_| add("n"))).await);
    }
    sums.sort_unstable();
    assert_eq!(sums, (1..=200).map(|n| 2 * n).collect::<Vec<_>>());
    house.server.shutdown().await;
    drop((house.client, house._host));
    let (server, _) = start(dir.path()).await;
    let mut client = client(&server, "a");
    assert_eq!(get(&mut client, "default", "n").await.expect("reads").as_deref(), Some("400"));
    server.shutdown().await;
}

#[tokio::test]
async fn refusals_say_what_is_wrong_in_the_code_of_their_kind() {
    let dir = tempfile::tempdir().expect("dir");
    let mut house = house(dir.path()).await;
    let a = &mut house.client;
    set(a, "default", "text", "x").await.expect("sets");
    let increment = wire::IncrementRequest { bucket: bucket("default", "b"), key: "text".into(), delta: 1 };
    let bad_bucket = wire::KeyRequest { bucket: bucket("default", "a/b"), key: "k".into() };
    let long_key = wire::KeyRequest { bucket: bucket("default", "b"), key: "k".repeat(1025) };
    a.create_container(container("default", "c")).await.expect("makes one");
    let gets = |name: &str| wire::GetBlobRequest { blob: blob(name), range: None };
    let ask = |subject: &str, within_millis| wire::RequestRequest {
        namespace: "default".into(),
        subject: subject.into(),
        content: content("?"),
        within_millis,
        replies: 1,
    };
    let _silent = subscribe(a, "silent").await;
    let found = [
        (a.increment(increment).await.map(drop), Code::InvalidArgument, "no decimal number"),
        (a.exists(bad_bucket).await.map(drop), Code::InvalidArgument, "\"a/b\""),
        (a.exists(long_key).await.map(drop), Code::InvalidArgument, "1025 is more than 1024"),
        (put(a, "../x", b"", true).await.map(drop), Code::InvalidArgument, "no segment"),
        (put(a, "cut", b"half", false).await.map(drop), Code::InvalidArgument, "ended early"),
        (a.get_blob(gets("cut")).await.map(drop), Code::NotFound, "there is no blob \"cut\""),
        (a.get_container(container("default", "none")).await.map(drop), Code::NotFound, "container \"none\""),
        (a.create_container(container("default", "c")).await.map(drop), Code::AlreadyExists, "exists already"),
        (publish(a, "a..b", "x").await, Code::InvalidArgument, "a..b"),
        (a.request(ask("nobody", 1000)).await.map(drop), Code::FailedPrecondition, "nobody listens"),
        (a.request(ask("silent", 20)).await.map(drop), Code::DeadlineExceeded, "nobody answered within 20ms"),
    ];
    for (found, code, wanted) in found {
        let status = found.expect_err(wanted);
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().contains(wanted), "{status} does not say {wanted}");
    }
    house.server.shutdown().await;
}

#[tokio::test]
async fn a_full_namespace_is_told_so_and_another_is_not_bothered() {
    let dir = tempfile::tempdir().expect("dir");
    let mut house = house(dir.path()).await;
    // Buckets are the bound that is quickly reached.
    let set_in = |n: u32| wire::SetManyRequest {
        bucket: bucket("default", &format!("b-{n}")),
        pairs: vec![wire::Pair { key: "k".into(), value: "v".into() }],
    };
    for from in (0..1024).step_by(32) {
        let sets = (from..from + 32).map(|n| {
            let mut client = house.client.clone();
            async move { client.set_many(set_in(n)).await }
        });
        futures::future::try_join_all(sets).await.expect("fits");
    }
    let full = house.client.set_many(set_in(1024)).await.expect_err("is one too many");
    assert_eq!(full.code(), Code::ResourceExhausted);
    assert!(full.message().contains("may have 1024 buckets"), "{full}");
    house.server.shutdown().await;
}

#[tokio::test]
async fn blobs_flow_in_chunks_both_ways() {
    let dir = tempfile::tempdir().expect("dir");
    let mut house = house(dir.path()).await;
    let a = &mut house.client;
    a.create_container(container("default", "c")).await.expect("makes one");
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let info = put(a, "dir/a", &sent, true).await.expect("writes");
    assert_eq!(info.size, 3_000_000);
    let range = Some(wire::Range { start: 10, end: 2_900_000 });
    let mut chunks = a.get_blob(wire::GetBlobRequest { blob: blob("dir/a"), range }).await.expect("opens").into_inner();
    let head = chunks.message().await.expect("goes on").and_then(|chunk| chunk.head).expect("the head");
    assert_eq!((head.info, head.range), (Some(info), range));
    let mut found = Vec::new();
    while let Some(chunk) = chunks.message().await.expect("goes on") {
        found.extend_from_slice(&chunk.bytes);
    }
    assert!(found == sent[10..2_900_000]);
    a.copy_blob(wire::CopyBlobRequest { from: blob("dir/a"), to: blob("b"), r#move: true }).await.expect("moves");
    let listed =
        a.list_blobs(wire::ListBlobsRequest { container: Some(container("default", "c")), after: String::new() });
    assert_eq!(listed.await.expect("lists").into_inner().names, ["b"]);
    house.server.shutdown().await;
}

#[tokio::test]
async fn a_request_is_answered_through_two_hosts() {
    let dir = tempfile::tempdir().expect("dir");
    let mut house = house(dir.path()).await;
    let mut heard = subscribe(&mut house.client, "ask.*").await;
    let mut answering = house.client.clone();
    let serving = tokio::spawn(async move {
        let asked = heard.message().await.expect("goes on").and_then(|delivery| delivery.message).expect("a message");
        let reply =
            wire::ReplyRequest { namespace: "default".into(), to: asked.reply.clone(), content: content("yes") };
        answering.reply(reply).await.expect("answers");
        (text(&asked), heard)
    });
    // Pods of a Node that nobody knows are collected.
    let _other_host = FakeHost::dial(house.server.pipe("b"), "b").await;
    house.api.pod("other", "b", |_| {}).await;
    let asked = wire::RequestRequest {
        namespace: "default".into(),
        subject: "ask.x".into(),
        content: content("well?"),
        within_millis: 10_000,
        replies: 1,
    };
    let b = client(&house.server, "b");
    let answers = eventually("b may ask", || {
        let (mut b, asked) = (b.clone(), asked.clone());
        async move { b.request(asked).await.ok() }
    });
    let answers = answers.await.into_inner().messages;
    assert_eq!(answers.iter().map(text).collect::<Vec<_>>(), ["yes"]);
    let (question, mut heard) = serving.await.expect("ends");
    assert_eq!(question, "well?");
    // A server that goes does not wait for those who listen.
    let stopping = tokio::time::timeout(PATIENCE.min(Duration::from_secs(10)), house.server.shutdown());
    stopping.await.expect("stops though someone listens");
    assert!(!matches!(heard.message().await, Ok(Some(_))));
}

#[tokio::test]
async fn what_a_namespace_kept_goes_with_it() {
    let dir = tempfile::tempdir().expect("dir");
    let mut house = house(dir.path()).await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "brief"}});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {"nodeName": "a", "containers": [{"name": "c", "image": "web:1"}]},
    });
    let pods = "/api/v1/namespaces/brief/pods";
    let mut founds = Vec::new();
    for _ in 0..2 {
        house.api.create("/api/v1/namespaces", &namespace).await;
        house.api.create(pods, &pod).await;
        let a = &house.client;
        let found = eventually("a may act", || {
            let mut a = a.clone();
            async move { get(&mut a, "brief", "k").await.ok() }
        });
        founds.push(found.await);
        set(&mut house.client, "brief", "k", "old").await.expect("sets");
        house.api.json("DELETE", &format!("{pods}/web"), &json!({"gracePeriodSeconds": 0})).await;
        house.api.delete("/api/v1/namespaces/brief").await;
        eventually("the namespace is gone", || async {
            house.api.get("/api/v1/namespaces/brief").await.is_none().then_some(())
        })
        .await;
    }
    assert_eq!(founds, [None, None], "the second of a name begins empty");
    house.server.shutdown().await;
}
