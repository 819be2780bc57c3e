//! What is bounded: time, connections, lengths.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use futures::stream::{self, StreamExt as _};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use network::egress::{Config, Egress, EgressError, Limits, Options, Resolver, SystemResolver};
use rustls::RootCertStore;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::world::{NAME, PATIENT, Server, World, address, get, policy, soon, text, until};

/// Short, and much shorter than anybody's patience.
const SHORT: Duration = Duration::from_millis(50);

/// Never answers.
struct Silent;

impl Resolver for Silent {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        std::future::pending().boxed()
    }
}

fn timed_out(result: Result<Response<network::Body>, EgressError>, waiting_for: &str) {
    match result {
        Err(EgressError::Timeout { step, .. }) => assert_eq!(step, waiting_for),
        other => panic!("no timeout: {other:?}"),
    }
}

#[tokio::test]
async fn lookups_and_connections_take_no_longer_than_the_host_and_the_guest_wait() {
    let way = |limits: Limits| {
        let config =
            Config { roots: RootCertStore::empty(), resolver: Arc::new(Silent), owns: Arc::new(|_| false), limits };
        Egress::new(config).expect("TLS").way_out("shop", policy(&["*"]))
    };
    let url = "http://slow.example.com/";
    timed_out(get(&way(Limits { lookup_timeout: SHORT, ..Limits::default() }), url).await, "its addresses");
    timed_out(get(&way(Limits { connect_timeout: SHORT, ..Limits::default() }), url).await, "its addresses");
    let request = Request::get(url).body(network::empty()).expect("a request");
    let hasty = Options { connect_timeout: SHORT, between_bytes_timeout: None };
    timed_out(soon("a timeout", way(Limits::default()).call(request, hasty)).await, "a connection");
}

#[tokio::test]
async fn a_server_that_accepts_and_never_shakes_hands_is_given_up() {
    let world = World::with(Limits { connect_timeout: SHORT, ..Limits::default() }, RootCertStore::empty());
    let listener = TcpListener::bind((address(), 0)).await.expect("a listener");
    let at = listener.local_addr().expect("an address");
    timed_out(get(&world.way(), &format!("https://{at}/")).await, "TLS");
    until("the connection to be counted out", || world.metrics().connections == 0).await;
    let (mut tcp, _) = listener.accept().await.expect("a connection");
    let mut hello = Vec::new();
    soon("the connection to end", tcp.read_to_end(&mut hello)).await.expect("closed in order");
    assert!(!hello.is_empty());
}

#[tokio::test]
async fn a_refused_connection_says_where() {
    let world = World::new();
    let listener = TcpListener::bind((address(), 0)).await.expect("a listener");
    let at = listener.local_addr().expect("an address");
    drop(listener);
    world.names.set(NAME, &[&[at.ip()]]);
    match get(&world.way(), &format!("http://{NAME}:{}/", at.port())).await {
        Err(EgressError::Refused { at: tried, .. }) => assert_eq!(tried, at),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let (world, server) = (World::new(), Server::named("second").await);
    world.names.set(NAME, &[&[address(), server.at.ip()]]);
    assert_eq!(text(get(&world.way(), &server.url("http", "/")).await.expect("a response")).await, "second");
}

// The guest waits as long as it likes between pieces; the server may not.
#[tokio::test]
async fn a_response_that_pauses_for_too_long_is_broken_off() {
    let world = World::new();
    let server = Server::start(|_| async {
        let pieces = stream::iter([Ok(Frame::data(Bytes::from_static(b"first")))]).chain(stream::pending());
        Response::new(StreamBody::new(pieces).boxed_unsync())
    })
    .await;
    world.names.set(NAME, &[&[server.at.ip()]]);
    let way = world.way();
    let request = Request::get(server.url("http", "/")).body(network::empty()).expect("a request");
    let options = Options { between_bytes_timeout: Some(SHORT), ..PATIENT };
    let response = soon("the head", way.call(request, options)).await.expect("a response");
    let mut body = response.into_body();
    let first = soon("a piece", body.frame()).await.expect("a frame").expect("whole");
    assert_eq!(first.into_data().expect("bytes"), "first");
    let began = Instant::now();
    let error = soon("the end", body.frame()).await.expect("an error").expect_err("broken off");
    assert!(error.to_string().contains("paused for more than 50ms") && began.elapsed() >= SHORT, "{error}");
    assert!(body.frame().await.is_none());
    until("the connection to be closed", || server.open() == 0).await;
}

#[tokio::test]
async fn a_response_that_does_not_end_is_broken_off() {
    let world = World::with(Limits { response_bytes_max: 1_000_000, ..Limits::default() }, RootCertStore::empty());
    let server = Server::start(|_| async {
        let pieces = stream::repeat_with(|| Ok(Frame::data(Bytes::from_static(&[0; 1000]))));
        Response::new(StreamBody::new(pieces).boxed_unsync())
    })
    .await;
    world.names.set(NAME, &[&[server.at.ip()]]);
    let way = world.way();
    let mut body = get(&way, &server.url("http", "/")).await.expect("a response").into_body();
    let mut length = 0;
    let error = loop {
        match soon("more", body.frame()).await.expect("no end of its own") {
            Ok(frame) => length += frame.data_ref().map_or(0, Bytes::len),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("too long") && length <= 1_000_000, "{error} after {length}");
    until("the connection to be closed", || server.open() == 0).await;
}

#[tokio::test]
async fn heads_are_bounded_both_ways() {
    let world = World::new();
    let server = Server::start(|request| async move {
        let long = if request.uri().path() == "/long" { 100_000 } else { 10 };
        Response::builder().header("x-long", "a".repeat(long)).body(network::empty()).expect("a response")
    })
    .await;
    world.names.set(NAME, &[&[server.at.ip()]]);
    let way = world.way();
    assert!(get(&way, &server.url("http", "/")).await.is_ok());
    match get(&way, &server.url("http", "/long")).await {
        Err(EgressError::Failed { why, .. }) => assert!(why.contains("headers are longer than"), "{why}"),
        other => panic!("a long head passed: {}", other.is_ok()),
    }
    let request =
        Request::get(server.url("http", "/")).header("x-long", "a".repeat(40_000)).body(network::empty()).expect("one");
    let response = soon("a response", way.call(request, PATIENT)).await.expect("a response");
    assert_eq!(response.status().as_u16(), 400);
}

#[tokio::test]
async fn requests_beyond_the_connections_of_a_destination_wait_for_one() {
    let limits = Limits { connections_per_destination_max: 2, ..Limits::default() };
    let world = World::with(limits, RootCertStore::empty());
    let (now, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (counted, peak) = (now.clone(), most.clone());
    let server = Server::start(move |_| {
        let (now, most) = (counted.clone(), peak.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            Response::new(network::text("done"))
        }
    })
    .await;
    world.names.set(NAME, &[&[server.at.ip()]]);
    let (way, url) = (world.way(), server.url("http", "/"));
    let all = join_all((0..20).map(|_| async { text(get(&way, &url).await.expect("a response")).await })).await;
    assert!(all.iter().all(|said| said == "done"));
    assert!(server.accepted() <= 2 && most.load(Ordering::SeqCst) <= 2, "{} connections", server.accepted());
}

#[tokio::test]
async fn without_a_place_for_a_connection_a_request_gives_up_in_time() {
    let limits = Limits { connections_max: 1, connect_timeout: SHORT, ..Limits::default() };
    let world = World::with(limits, RootCertStore::empty());
    let (first, second) = (Server::named("first").await, Server::named("second").await);
    let way = world.way();
    assert_eq!(text(get(&way, &format!("http://{}/", first.at)).await.expect("a response")).await, "first");
    timed_out(
        get(&way, &format!("http://{}/", second.at)).await,
        "a place among this host's connections to the outside",
    );
    assert_eq!(second.accepted(), 0);
}

#[tokio::test]
async fn a_namespace_has_its_connections_whatever_the_policies_of_its_pods() {
    let limits = Limits { connections_per_namespace_max: 1, connect_timeout: SHORT, ..Limits::default() };
    let world = World::with(limits, RootCertStore::empty());
    let (first, second) = (Server::named("first").await, Server::named("second").await);
    let (one, other) = (policy(&["127.0.0.0/8"]), policy(&["127.0.0.0/8", "10.0.0.0/8"]));
    let ways = [("a", one), ("a", other.clone()), ("b", other)]
        .map(|(namespace, policy)| world.egress.way_out(namespace, policy));
    assert_eq!(text(get(&ways[0], &format!("http://{}/", first.at)).await.expect("a response")).await, "first");
    let url = format!("http://{}/", second.at);
    timed_out(get(&ways[1], &url).await, "a place among this host's connections to the outside");
    assert_eq!(text(get(&ways[2], &url).await.expect("a response")).await, "second", "another has its own");
}

/// Answers when it is told to, as a resolver's thread does that nobody can call off.
struct Slow {
    asked: AtomicU64,
    answer: tokio::sync::watch::Receiver<bool>,
}

impl Resolver for Slow {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answer = self.answer.clone();
        async move {
            answer.wait_for(|answer| *answer).await.map_err(io::Error::other)?;
            Ok(Vec::new())
        }
        .boxed()
    }
}

#[tokio::test]
async fn a_lookup_that_nobody_waits_for_any_more_keeps_its_turn() {
    let (tell, answer) = tokio::sync::watch::channel(false);
    let resolver = Arc::new(Slow { asked: AtomicU64::new(0), answer });
    let limits = Limits { lookup_timeout: SHORT, connect_timeout: 4 * SHORT, ..Limits::default() };
    let (roots, owns) = (RootCertStore::empty(), Arc::new(|_| false));
    let egress = Egress::new(Config { roots, resolver: resolver.clone(), owns, limits }).expect("TLS");
    let way = egress.way_out("shop", policy(&["*"]));
    let asked = join_all((0..40).map(async |n| get(&way, &format!("http://n{n}.example.com/")).await));
    assert!(asked.await.iter().all(|answer| matches!(answer, Err(EgressError::Timeout { .. }))));
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 8, "no more than may be under way");
    tell.send(true).expect("they wait");
    let found = get(&way, "http://late.example.com/").await;
    assert!(matches!(found, Err(EgressError::NotFound { .. })), "their turns are over: {found:?}");
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let world = World::with(Limits { idle_timeout: SHORT, ..Limits::default() }, RootCertStore::empty());
    let server = Server::named("inside").await;
    let way = world.way();
    assert_eq!(text(get(&way, &format!("http://{}/", server.at)).await.expect("a response")).await, "inside");
    until("the idle connection to be closed", || server.open() == 0 && world.metrics().connections == 0).await;
}

#[tokio::test]
async fn the_systems_resolver_knows_this_machine() {
    let found = soon("an answer", SystemResolver::default().resolve("localhost")).await.expect("addresses");
    assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    assert!(soon("an answer", SystemResolver::default().resolve("nobody.invalid")).await.is_err());
}
