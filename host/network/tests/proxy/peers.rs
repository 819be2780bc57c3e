//! Hosts that die, vanish, or are not who they should be.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use network::{Limits, Peer};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::harness::{Authority, Client, Host, NODES, Setup, address, get, post, soon, until};
use crate::http2::{ACK, GOAWAY, HEADERS, PING, SETTINGS, frame};

/// A host on a thread of its own, so that it can be killed.
fn mortal(authority: &Authority, name: &str) -> Host {
    Host::start_with(authority, name, Setup { threads: 1, ..Setup::default() })
}

#[tokio::test]
async fn a_killed_hosts_traffic_moves_at_once() {
    let authority = Authority::new();
    let (a, mut b) = (Host::start(&authority, "a"), mortal(&authority, "b"));
    a.pods.add_named("a1");
    b.pods.add_named("b1");
    a.serve(1, vec![a.endpoint("a1"), b.endpoint("b1")], vec![b.peer()]).await;
    let mut client = Client::connect(a.node_port()).await;
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(client.get("/").await.text());
    }
    assert!(names.iter().any(|name| name == "b1"));
    b.runtimes = None;
    // Requests that are not idempotent too: nothing was sent to a host that is not there.
    for _ in 0..20 {
        let reply = client.send(post("/", network::text("once"))).await.expect("a response");
        assert_eq!(reply.text(), "a1");
    }
}

#[tokio::test]
async fn requests_under_way_on_a_killed_host_are_repeated_if_that_is_harmless() {
    let authority = Authority::new();
    let (a, mut b) = (Host::start(&authority, "a"), mortal(&authority, "b"));
    a.pods.add_named("a1");
    b.pods.add("b1", |_| Box::pin(std::future::pending()));
    a.serve(1, vec![a.endpoint("a1"), b.endpoint("b1")], vec![b.peer()]).await;
    let ask = |request: fn() -> http::Request<network::Body>| {
        let to = a.node_port();
        tokio::spawn(async move { Client::connect(to).await.send(request()).await.expect("a response") })
    };
    // Half of each goes to the host that is about to die.
    let idempotent: Vec<_> = (0..4).map(|_| ask(|| get("/"))).collect();
    let others: Vec<_> = (0..4).map(|_| ask(|| post("/", network::text("once")))).collect();
    until("calls under way", || b.pods.calls() == 4).await;
    b.runtimes = None;
    for task in idempotent {
        assert_eq!(task.await.expect("no panic").text(), "a1");
    }
    let mut verdicts = Vec::new();
    for task in others {
        let reply = task.await.expect("no panic");
        verdicts.push((reply.status.as_u16(), reply.cause().map(str::to_owned)));
    }
    verdicts.sort();
    let broken = (502, Some("connection-broken".to_owned()));
    assert_eq!(verdicts, [(200, None), (200, None), broken.clone(), broken]);
    assert_eq!(a.proxy.metrics().peers.broken, 4);
}

// F73: fast refusals, few dials, and back as soon as the host is.
#[tokio::test]
async fn a_host_that_cannot_be_reached_is_refused_fast_and_found_again() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    let nobody = std::net::TcpListener::bind((address(), 0)).expect("bound");
    let gone = nobody.local_addr().expect("an address");
    drop(nobody);
    let peer = |address| Peer { node_name: "b".into(), address, reachable: true };
    let on_b = crate::harness::endpoint("b1", "b");
    a.serve(1, vec![on_b.clone()], vec![peer(gone)]).await;
    let mut client = Client::connect(a.node_port()).await;
    for _ in 0..300 {
        assert_eq!(client.get("/").await.verdict(), (502, Some("peer-unreachable")));
    }
    let metrics = a.proxy.metrics().peers;
    assert!(metrics.dialled < 60 && metrics.dialled == metrics.unreachable, "{metrics:?}");
    // It comes back, elsewhere.
    let b = Host::start(&authority, "b");
    b.pods.add_named("b1");
    a.serve(2, vec![on_b], vec![b.peer()]).await;
    assert_eq!(client.get("/").await.text(), "b1");
}

/// A peer that on each connection answers so many calls, and says goodbye to the next one without looking at it: what
/// is left of a host that has just restarted, until the other side hears of it.
async fn restarting_peer(authority: &Authority, answers: usize) -> Peer {
    let ip = address();
    let mut tls = authority.server("b", ip);
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind((ip, 0)).await.expect("bound");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            tokio::spawn(async move { drop(answer_some(stream, answers).await) });
        }
    });
    Peer { node_name: "b".into(), address, reachable: true }
}

async fn answer_some(mut stream: tokio_rustls::server::TlsStream<TcpStream>, answers: usize) -> io::Result<()> {
    /// `:status: 200` in the static table.
    const OK: &[u8] = &[0x88];
    const END_HEADERS_AND_STREAM: u8 = 0x5;
    stream.read_exact(&mut [0; 24]).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    let (mut answered, mut last) = (0, 0);
    loop {
        stream.flush().await?;
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).await?;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match (head[3], head[4] & ACK) {
            (HEADERS, _) if answered < answers => {
                (answered, last) = (answered + 1, id);
                stream.write_all(&frame(HEADERS, END_HEADERS_AND_STREAM, id, OK)).await?;
            }
            (HEADERS, _) => {
                let no_error = [u32::to_be_bytes(last), [0; 4]].concat();
                stream.write_all(&frame(GOAWAY, 0, 0, &no_error)).await?;
                return stream.shutdown().await;
            }
            (kind @ (SETTINGS | PING), 0) => {
                let echo = if kind == PING { payload.as_slice() } else { &[] };
                stream.write_all(&frame(kind, ACK, 0, echo)).await?;
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_host_that_has_restarted_is_dialled_again_before_a_request_fails() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    let peer = restarting_peer(&authority, 1).await;
    a.serve(1, vec![crate::harness::endpoint("b1", "b")], vec![peer]).await;
    let mut client = Client::connect(a.node_port()).await;
    let body = || network::text(vec![7; 60_000]);
    for (dialled, request) in
        [get("/"), get("/"), post("/", body()), post("/", body()), get("/")].into_iter().enumerate()
    {
        let reply = client.send(request).await.expect("a response");
        assert_eq!(reply.verdict(), (200, None), "{}", reply.text());
        assert_eq!(a.proxy.metrics().peers.dialled, dialled as u64 + 1);
    }
}

#[tokio::test]
async fn a_host_that_takes_no_call_on_a_new_connection_is_not_dialled_again_and_again() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    let peer = restarting_peer(&authority, 0).await;
    a.serve(1, vec![crate::harness::endpoint("b1", "b")], vec![peer]).await;
    let reply = Client::connect(a.node_port()).await.get("/").await;
    assert_eq!(reply.verdict(), (502, Some("peer-unreachable")));
    assert_eq!(a.proxy.metrics().peers.dialled, 1);
}

#[tokio::test]
async fn many_calls_at_once_share_connections_and_find_room() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let of = gate.clone();
    b.pods.add("p", move |_| {
        let gate = of.clone();
        Box::pin(async move {
            drop(gate.acquire().await);
            crate::harness::ok("done").await
        })
    });
    a.serve(1, vec![b.endpoint("p")], vec![b.peer()]).await;
    let client = a.proxy.guest_client("shop");
    let calls: Vec<_> = (0..1_500)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.call(get("http://users/"), network::Depth(0)).await.expect("allowed") })
        })
        .collect();
    until("all calls under way", || b.pods.calls() == 1_500).await;
    assert_eq!(a.proxy.metrics().peers.dialled, 2, "a second connection when the first is full");
    gate.add_permits(1_500);
    for call in calls {
        assert_eq!(soon("an answer", call).await.expect("no panic").status(), 200);
    }
}

// ---- who may call ------------------------------------------------------------

/// What a connection to the hosts' port with this TLS comes to: whether it was served.
async fn is_served(host: &Host, tls: rustls::ClientConfig) -> bool {
    let mut tls = tls;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(host.proxy.peer_addr()).await.expect("connected");
    let name = ServerName::try_from(host.name.clone()).expect("a name");
    let Ok(stream) = TlsConnector::from(Arc::new(tls)).connect(name, stream).await else { return false };
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let Ok((mut sender, connection)) = hyper::client::conn::http2::handshake(executor, io).await else { return false };
    tokio::spawn(connection);
    let request = http::Request::get("http://users.example/")
        .header("insula-pod", "p")
        .header("insula-port", "80")
        .body(network::empty())
        .expect("a request");
    soon("an end", sender.send_request(request)).await.is_ok_and(|response| response.status() == 200)
}

// F81
#[tokio::test]
async fn only_nodes_of_this_cluster_may_call() {
    let (authority, foreign) = (Authority::new(), Authority::new());
    let host = Host::start(&authority, "a");
    host.pods.add_named("p");
    // Trusts this cluster, so that it is the host that refuses.
    let with = |issuer: &Authority, group: &str| {
        let mut tls = authority.client(None);
        tls.client_auth_cert_resolver = issuer.client(Some(("b", group))).client_auth_cert_resolver;
        tls
    };
    assert!(is_served(&host, with(&authority, NODES)).await);
    assert!(!is_served(&host, with(&foreign, NODES)).await, "a foreign CA");
    assert!(!is_served(&host, with(&authority, "system:masters")).await, "not a Node");
    assert!(!is_served(&host, authority.client(None)).await, "no certificate");
    assert_eq!(host.pods.calls(), 1);
}

// F81: whoever proves nothing takes nobody's place.
#[tokio::test]
async fn strangers_do_not_keep_nodes_out() {
    let authority = Authority::new();
    let limits = Limits { handshake_timeout: Duration::from_secs(60), ..Limits::default() };
    let host = Host::start_with(&authority, "a", Setup { limits, ..Setup::default() });
    host.pods.add_named("p");
    let stranger = address();
    let knock = || async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((stranger, 0).into()).expect("bound");
        socket.connect(host.proxy.peer_addr()).await.expect("connected")
    };
    let mut silent = Vec::new();
    for _ in 0..32 {
        silent.push(knock().await);
    }
    // One too many: closed or reset at once, and not when its time to prove itself is over.
    let mut nothing = Vec::new();
    drop(soon("the refusal", knock().await.read_to_end(&mut nothing)).await);
    assert!(nothing.is_empty());
    assert!(is_served(&host, authority.client(Some(("b", NODES)))).await, "another source");
    drop(silent);
}

#[tokio::test]
async fn a_call_between_hosts_without_an_address_is_a_bad_request() {
    let authority = Authority::new();
    let host = Host::start(&authority, "a");
    let mut tls = authority.client(Some(("b", NODES)));
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(host.proxy.peer_addr()).await.expect("connected");
    let name = ServerName::try_from("a").expect("a name");
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await.expect("TLS");
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, hyper_util::rt::TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = http::Request::get("http://users.example/").body(network::empty()).expect("a request");
    assert_eq!(sender.send_request(request).await.expect("a response").status(), 400);
}

/// The other way round: a host answers for an address, but is it the one we mean?
#[tokio::test]
async fn a_host_that_is_not_who_it_should_be_is_not_asked() {
    let (authority, foreign) = (Authority::new(), Authority::new());
    let a = Host::start(&authority, "a");
    // Of another cluster; and of this one, under another's name.
    let (stranger, c) = (Host::start(&foreign, "b"), Host::start(&authority, "c"));
    for host in [&stranger, &c] {
        host.pods.add_named("b1");
        let posing = Peer { node_name: "b".into(), ..host.peer() };
        a.serve(1, vec![crate::harness::endpoint("b1", "b")], vec![posing]).await;
        let reply = Client::connect(a.node_port()).await.get("/").await;
        assert_eq!(reply.verdict(), (502, Some("peer-unreachable")));
        assert!(reply.text().contains("TLS"), "{}", reply.text());
        assert_eq!(host.pods.calls(), 0);
    }
}

#[tokio::test]
async fn renewed_certificates_serve_new_connections() {
    let (old, new) = (Authority::new(), Authority::new());
    let (a, b) = (Host::start(&old, "a"), Host::start(&old, "b"));
    b.pods.add_named("p");
    a.serve(1, vec![b.endpoint("p")], vec![b.peer()]).await;
    let mut client = Client::connect(a.node_port()).await;
    assert_eq!(client.get("/").await.text(), "p");
    a.proxy.renew(new.tls("a", a.ip));
    b.proxy.renew(new.tls("b", b.ip));
    assert_eq!(client.get("/").await.text(), "p", "what is open goes on");
    // Forgetting the host and learning of it again makes a new connection.
    a.serve(2, vec![], vec![]).await;
    a.serve(3, vec![b.endpoint("p")], vec![b.peer()]).await;
    assert_eq!(client.get("/").await.text(), "p");
    assert_eq!(a.proxy.metrics().peers.dialled, 2);
}

#[tokio::test]
async fn a_host_that_leaves_the_table_still_ends_what_it_was_asked() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let of = gate.clone();
    b.pods.add("p", move |_| {
        let gate = of.clone();
        Box::pin(async move {
            drop(gate.acquire().await);
            crate::harness::ok(vec![7; 1 << 20]).await
        })
    });
    a.serve(1, vec![b.endpoint("p")], vec![b.peer()]).await;
    let to = a.node_port();
    let waiting = tokio::spawn(async move { Client::connect(to).await.get("/").await });
    until("the call", || b.pods.calls() == 1).await;
    a.serve(2, vec![], vec![]).await;
    gate.add_permits(1);
    assert_eq!(soon("the answer", waiting).await.expect("no panic").body.len(), 1 << 20);
}

// ---- half-open connections ------------------------------------------------------

/// A peer that proves who it is and then says nothing more.
async fn silent_peer(authority: &Authority, accepted: Arc<AtomicU64>) -> Peer {
    let ip = address();
    let mut tls = authority.server("b", ip);
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind((ip, 0)).await.expect("bound");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                // Enough for the other side to believe it has a connection: empty settings.
                drop(stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await);
                drop(stream.flush().await);
                held.push(stream);
                accepted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    Peer { node_name: "b".into(), address, reachable: true }
}

// F37
#[tokio::test]
async fn a_peer_that_vanished_without_a_word_is_found_out() {
    let authority = Authority::new();
    let ping = Duration::from_millis(100);
    let limits = Limits { keepalive_interval: ping, keepalive_timeout: ping, ..Setup::default().limits };
    let a = Host::start_with(&authority, "a", Setup { limits, ..Setup::default() });
    a.pods.add_named("a1");
    let accepted = Arc::new(AtomicU64::new(0));
    let peer = silent_peer(&authority, accepted.clone()).await;
    a.serve(1, vec![crate::harness::endpoint("b1", "b")], vec![peer.clone()]).await;
    let to = a.node_port();
    let waiting = tokio::spawn(async move { Client::connect(to).await.send(post("/", network::text("x"))).await });
    until("the call", || accepted.load(Ordering::SeqCst) == 1).await;
    let reply = soon("the finding", waiting).await.expect("no panic").expect("a response");
    assert_eq!(reply.verdict(), (502, Some("connection-broken")));
    // One that may be asked twice finds somebody else.
    a.serve(2, vec![crate::harness::endpoint("b1", "b"), a.endpoint("a1")], vec![peer]).await;
    for _ in 0..2 {
        assert_eq!(Client::connect(to).await.get("/").await.text(), "a1");
    }
}

#[test]
fn the_shipped_limits_find_a_half_open_connection_within_fifteen_seconds() {
    let limits = Limits::default();
    assert!(limits.keepalive_interval + limits.keepalive_timeout < Duration::from_secs(15));
    assert!(limits.connect_timeout <= Duration::from_secs(1));
    assert_eq!(limits.head_timeout, Duration::from_secs(5));
}

#[tokio::test]
async fn a_connection_that_proves_nothing_is_closed() {
    let authority = Authority::new();
    let limits = Limits { handshake_timeout: Duration::from_millis(100), ..Limits::default() };
    let a = Host::start_with(&authority, "a", Setup { limits, ..Setup::default() });
    let mut stream = TcpStream::connect(a.proxy.peer_addr()).await.expect("connected");
    let mut nothing = Vec::new();
    // Closed or reset: nothing is said.
    drop(soon("the end", stream.read_to_end(&mut nothing)).await);
    assert!(nothing.is_empty());
}
