//! A connection that ends between a write and its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use serde_json::{Value, json};
use tests::client::{Api, Refused};
use tests::{Cluster, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Passes bytes on, until it is to hang up at the first byte of an answer.
struct Cutter {
    at: SocketAddr,
    cuts: Arc<AtomicBool>,
}

impl Cutter {
    /// Listens at the address of the server, whose certificate is so good for it too.
    async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(SocketAddr::new(server.ip(), 0)).await.expect("listens");
        let (at, cuts) = (listener.local_addr().expect("an address"), Arc::new(AtomicBool::new(false)));
        let cutting = cuts.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, cutting.clone()));
            }
        });
        Self { at, cuts }
    }
}

async fn pass(client: TcpStream, server: SocketAddr, cuts: Arc<AtomicBool>) -> std::io::Result<()> {
    let (mut asks, mut hears) = client.into_split();
    let (mut answers, mut listens) = TcpStream::connect(server).await?.into_split();
    let asking = tokio::spawn(async move { tokio::io::copy(&mut asks, &mut listens).await });
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = answers.read(&mut buffer).await?;
        if read == 0 || cuts.load(Ordering::Relaxed) {
            asking.abort();
            return Ok(());
        }
        hears.write_all(&buffer[..read]).await?;
    }
}

/// F19: who was not answered does not know, says so, and finds out by asking again.
#[tokio::test]
async fn a_write_without_an_answer_is_unknown_and_a_retry_resolves_it() {
    let cluster = Cluster::server();
    let direct = cluster.api().await;
    let server = cluster.slice.server_addr(6443);
    let cutter = Cutter::start(server).await;
    let text = std::fs::read_to_string(cluster.kubeconfig()).expect("reads");
    let kubeconfig = cluster.path("kubeconfig-cut");
    std::fs::write(&kubeconfig, text.replace(&server.to_string(), &cutter.at.to_string())).expect("writes");
    let counter = json!({"metadata": {"name": "counter"}, "data": {"n": "0"}});
    direct.create(MAPS, &counter).await.expect("creates");
    let mut done = 0;
    for round in 0..20 {
        let name = format!("once-{round}");
        let object = json!({"metadata": {"name": name}, "data": {"round": round.to_string()}});
        // A client of its own: its first request opens the connection that the second is cut on.
        let api = Api::without_retries(&kubeconfig).await;
        cutter.cuts.store(false, Ordering::Relaxed);
        let mut swapped = api.get(&format!("{MAPS}/counter")).await.expect("is answered");
        swapped["data"]["n"] = round.to_string().into();
        cutter.cuts.store(true, Ordering::Relaxed);
        let created = api.create(MAPS, &object).await;
        assert!(matches!(created, Err(Refused::Unknown(_))), "{created:?}");
        done += u64::from(again(direct.create(MAPS, &object).await, "AlreadyExists"));
        let stored = direct.get(&format!("{MAPS}/{name}")).await.expect("is there once");
        assert_eq!(stored["data"]["round"], round.to_string());

        // With a version, a retry is refused where the first try was done: the object says that it was ours.
        cutter.cuts.store(false, Ordering::Relaxed);
        until("the connection is another", || async { api.get(MAPS).await.ok() }).await;
        cutter.cuts.store(true, Ordering::Relaxed);
        let path = format!("{MAPS}/counter");
        let put = api.call(http::Method::PUT, &path, "application/json", &swapped).await;
        assert!(matches!(put, Err(Refused::Unknown(_))), "{put:?}");
        done += u64::from(again(direct.call(http::Method::PUT, &path, "application/json", &swapped).await, "Conflict"));
        assert_eq!(direct.get(&path).await.expect("is there")["data"]["n"], round.to_string());
    }
    assert!(done > 0, "at least one of the writes was done before its answer was lost");
}

/// Whether a retry tells that the first try was done.
fn again(retried: Result<Value, Refused>, reason: &str) -> bool {
    match retried {
        Ok(_) => false,
        Err(Refused::Status(StatusCode::CONFLICT, status)) if status["reason"] == reason => true,
        Err(other) => panic!("{other:?}"),
    }
}
