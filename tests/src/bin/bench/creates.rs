//! How many objects a second are created and fsynced, against a real etcd on the same disk.
//!
//! The peer is given the easier job: a plain put over gRPC without TLS, where a create here is REST over TLS with
//! defaults, validation, managed fields, an audit log and the check that nobody has the name. Both have one HTTP/2
//! connection and confirm a write after it is synced.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use serde_json::json;
use tests::{Cluster, until};
use tonic::transport::{Channel, Endpoint};

use crate::goal::{Side, goal};
use crate::peer::Peer;
use crate::wire;

const CLIENTS: usize = 64;
const OBJECTS: usize = 6_000;
const VALUE_BYTES: usize = 1_024;
const ROUNDS: usize = 3;
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Sustained creates per second, the best of some rounds each.
pub(crate) async fn creates() {
    let cluster = Cluster::server();
    let api = cluster.api().await;
    let etcd = Peer::etcd(SocketAddr::new(cluster.slice.node_ip(1), 9_010), &cluster.path("etcd"));
    let channel = connect(&etcd).await;
    let connection = wire::connect(&cluster).await;
    let uri = format!("https://{}{MAPS}", cluster.slice.server_addr(6443));
    let (mut ours, mut theirs) = (0.0_f64, 0.0_f64);
    for round in 0..ROUNDS {
        ours = ours.max(
            rate(|number| {
                let (connection, uri) = (connection.clone(), uri.clone());
                async move { create(connection, uri, round, number).await }
            })
            .await,
        );
        theirs = theirs.max(
            rate(|number| {
                let channel = channel.clone();
                async move { put(channel, round, number).await }
            })
            .await,
        );
    }
    let stored = api.items(MAPS).await.len();
    assert!(stored >= ROUNDS * OBJECTS, "{stored} objects are there");
    println!("creates of {VALUE_BYTES} bytes by {CLIENTS} clients: {ours:.0}/s; puts of etcd 3.4: {theirs:.0}/s");
    goal("creates, times etcd's puts", &(ours / theirs), Side::AtLeast, &1.0);
}

/// Does `work` for every number with so many clients at once; how many a second.
async fn rate<W, F>(work: W) -> f64
where
    W: Fn(usize) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= OBJECTS {
            break;
        }
        if running.len() >= CLIENTS {
            running.join_next().await.expect("one runs").expect("no write fails");
        }
        running.spawn(work(number));
    }
    while let Some(done) = running.join_next().await {
        done.expect("no write fails");
    }
    f64::from(u32::try_from(OBJECTS).expect("few")) / begin.elapsed().as_secs_f64()
}

async fn create(mut connection: SendRequest<Full<Bytes>>, uri: String, round: usize, number: usize) {
    let name = format!("c-{round}-{number}");
    let object = json!({"metadata": {"name": name}, "data": {"value": "x".repeat(VALUE_BYTES)}});
    let request = Request::post(uri).header("content-type", "application/json");
    let request = request.body(Full::from(object.to_string())).expect("a request");
    connection.ready().await.expect("is connected");
    let answer = connection.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.into_body().collect().await.expect("the whole answer");
}

/// `etcdserverpb.PutRequest`, as far as it is used.
#[derive(Clone, PartialEq, prost::Message)]
struct PutRequest {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `etcdserverpb.PutResponse`, of which nothing is read.
#[derive(Clone, PartialEq, prost::Message)]
struct PutResponse {}

async fn put(channel: Channel, round: usize, number: usize) {
    let key = format!("/registry/configmaps/default/c-{round}-{number}").into_bytes();
    let request = tonic::Request::new(PutRequest { key, value: vec![b'x'; VALUE_BYTES] });
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.expect("is connected");
    let codec = tonic_prost::ProstCodec::<PutRequest, PutResponse>::default();
    let path = PathAndQuery::from_static("/etcdserverpb.KV/Put");
    client.unary(request, path, codec).await.expect("is put");
}

async fn connect(etcd: &Peer) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", etcd.addr)).expect("an address");
    until("etcd answers", || async { endpoint.connect().await.ok() }).await
}
