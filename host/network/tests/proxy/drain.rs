//! Nothing that is under way is lost when the table, a listener or the whole proxy goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use network::{Delta, LocalError, ServiceName};
use tokio::sync::Semaphore;

use crate::harness::{Authority, Client, Host, Setup, fetch, get, ok, post, soon, until, users};

/// Clients that ask one after the other until told to stop; any answer but 200 is a failure.
struct Load {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicU64>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(to: std::net::SocketAddr, keep_alive: usize, fresh: usize) -> Self {
        let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let clients = (0..keep_alive + fresh).map(|index| {
            let (stop, answers) = (stop.clone(), answers.clone());
            tokio::spawn(async move {
                let mut client = None;
                while !stop.load(Ordering::SeqCst) {
                    let mut it = match client.take() {
                        Some(client) => client,
                        None => Client::connect(to).await,
                    };
                    let reply = it.send(post("/", network::text("a body"))).await.expect("a response");
                    assert_eq!(reply.status, 200, "{}", reply.text());
                    answers.fetch_add(1, Ordering::SeqCst);
                    client = (index < keep_alive && !reply.closes()).then_some(it);
                }
            })
        });
        let clients = clients.collect();
        Self { stop, answers, clients }
    }

    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.await.expect("no failed request");
        }
        self.answers.load(Ordering::SeqCst)
    }
}

// F74, C45, C44: Pods come and go under load. A Pod is stopped as soon as every host has acknowledged a table without
// it, and from then on counts each request it still gets as a mistake.
#[tokio::test]
async fn churn_loses_no_request() {
    let authority = Authority::new();
    let setup = || Setup { threads: 1, ..Setup::default() };
    let hosts = [Host::start_with(&authority, "a", setup()), Host::start_with(&authority, "b", setup())];
    let peers = || hosts.iter().map(Host::peer).collect::<Vec<_>>();
    for host in &hosts {
        host.pods.add_named("stays");
    }
    let late = Arc::new(AtomicU64::new(0));
    let mut load: Option<[Load; 2]> = None;
    let rounds = 150;
    for round in 0..rounds {
        let host = &hosts[round % 2];
        let uid = format!("pod-{round}");
        host.pods.add_named(&uid);
        let revision = 2 * u64::try_from(round).expect("small");
        for (revision, with) in [(revision + 1, true), (revision + 2, false)] {
            let mut endpoints = vec![hosts[0].endpoint("stays"), hosts[1].endpoint("stays")];
            if with {
                endpoints.push(host.endpoint(&uid));
            }
            for one in &hosts {
                one.serve(revision, endpoints.clone(), peers()).await;
            }
            load.get_or_insert_with(|| hosts.each_ref().map(|it| Load::start(it.node_port(), 4, 1)));
        }
        // Every host has acknowledged. What still arrives is refused unread, as by a Pod that is stopping.
        let late = late.clone();
        host.pods.add(&uid, move |request| {
            late.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err(LocalError::Gone(Box::new(request))) })
        });
    }
    let mut answers = 0;
    for load in load.into_iter().flatten() {
        answers += load.end().await;
    }
    assert!(answers > 300, "too little traffic to show anything: {answers}");
    // Only calls that were on their way between hosts at that moment: nearly none, and each was answered elsewhere.
    assert!(late.load(Ordering::SeqCst) <= answers / 20, "{late:?} of {answers}");
}

// C45: without waiting for anybody: the table lags behind the Pods.
#[tokio::test]
async fn a_table_that_lags_costs_a_hop_and_no_request() {
    let authority = Authority::new();
    let setup = || Setup { threads: 1, ..Setup::default() };
    let (a, b) = (Host::start_with(&authority, "a", setup()), Host::start_with(&authority, "b", setup()));
    for host in [&a, &b] {
        host.pods.add_named("stays");
    }
    let all = || vec![a.endpoint("stays"), b.endpoint("stays"), a.endpoint("x"), b.endpoint("y")];
    a.serve(1, all(), vec![b.peer()]).await;
    let load = Load::start(a.node_port(), 4, 2);
    for _ in 0..200 {
        for (host, uid) in [(&a, "x"), (&b, "y")] {
            host.pods.add_named(uid);
        }
        tokio::task::yield_now().await;
        let seen = load.answers.load(Ordering::SeqCst);
        until("traffic", || load.answers.load(Ordering::SeqCst) > seen + 4).await;
        for (host, uid) in [(&a, "x"), (&b, "y")] {
            host.pods.remove(uid);
        }
    }
    assert!(load.end().await > 800);
    assert!(a.proxy.metrics().peers.gone > 0, "no request met a Pod that was gone");
}

/// A Pod that answers when told.
fn gated(host: &Host, uid: &str) -> Arc<Semaphore> {
    let gate = Arc::new(Semaphore::new(0));
    let of = gate.clone();
    host.pods.add(uid, move |_| {
        let gate = of.clone();
        Box::pin(async move {
            gate.acquire().await.expect("open").forget();
            ok("at last").await
        })
    });
    gate
}

#[tokio::test]
async fn a_node_port_that_goes_away_finishes_what_is_under_way() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    let gate = gated(&a, "p");
    a.serve(1, vec![a.endpoint("p")], vec![]).await;
    gate.add_permits(2);
    let mut idle = Client::connect(a.node_port()).await;
    assert!(!idle.get("/").await.closes());
    let mut busy = Client::connect(a.node_port()).await;
    assert!(!busy.get("/").await.closes());
    let waiting = tokio::spawn(async move { busy.send(get("/")).await });
    until("the call", || a.pods.calls() == 3).await;

    // The Service stays, its Node port goes.
    let mut delta = users(2, vec![a.endpoint("p")]);
    delta.services[0].ports[0].node_port = None;
    assert_eq!(a.proxy.apply(delta).await.problems, []);
    until("the closed door", || std::net::TcpStream::connect(a.node_port()).is_err()).await;
    gate.add_permits(2);
    let reply = soon("the answer", waiting).await.expect("no panic").expect("a response");
    assert_eq!((reply.text().as_str(), reply.closes()), ("at last", true));
    // Its next request still reaches the Service, and is told that it was the last.
    let reply = idle.get("/").await;
    assert_eq!((reply.text().as_str(), reply.closes()), ("at last", true));
    until("no connections", || a.proxy.metrics().connections == 0).await;
}

#[tokio::test]
async fn shutdown_answers_what_is_under_way_and_then_ends() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    let gate = gated(&b, "p");
    a.serve(1, vec![b.endpoint("p")], vec![b.peer()]).await;
    let mut client = Client::connect(a.node_port()).await;
    let waiting = tokio::spawn(async move { client.send(get("/")).await });
    until("the call", || b.pods.calls() == 1).await;
    a.shutdown.cancel();
    b.shutdown.cancel();
    until("the closed door", || std::net::TcpStream::connect(a.node_port()).is_err()).await;
    assert!(a.proxy.bind_pod("q", a.ip, &[1]).is_empty());
    gate.add_permits(1);
    let reply = soon("the answer", waiting).await.expect("no panic").expect("a response");
    assert_eq!((reply.text().as_str(), reply.closes()), ("at last", true));
    soon("the end", async { tokio::join!(a.proxy.closed(), b.proxy.closed()) }).await;
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_for_ever() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    let _gate = gated(&a, "p");
    a.serve(1, vec![a.endpoint("p")], vec![]).await;
    let mut idle = Client::connect(a.node_port()).await;
    let mut client = Client::connect(a.node_port()).await;
    let waiting = tokio::spawn(async move { client.start(get("/")).await });
    while a.pods.calls() == 0 {
        tokio::task::yield_now().await;
    }
    a.shutdown.cancel();
    a.proxy.closed().await;
    assert!(waiting.await.expect("no panic").is_err(), "cut off");
    assert!(idle.start(get("/")).await.is_err(), "closed");
}

#[tokio::test]
async fn a_service_that_is_deleted_closes_its_door() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    a.pods.add_named("p");
    a.serve(1, vec![a.endpoint("p")], vec![]).await;
    let mut client = Client::connect(a.node_port()).await;
    assert_eq!(client.get("/").await.text(), "p");
    let removed = vec![ServiceName::new("shop", "users")];
    a.proxy.apply(Delta { revision: 2, removed, ..Delta::default() }).await;
    let reply = client.get("/").await;
    assert_eq!((reply.verdict(), reply.closes()), ((503, Some("no-route")), true));
    until("the closed door", || std::net::TcpStream::connect(a.node_port()).is_err()).await;
    // And opens again with the next one.
    a.serve(3, vec![a.endpoint("p")], vec![]).await;
    assert_eq!(fetch(a.node_port(), "/").await.text(), "p");
}
