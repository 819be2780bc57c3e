//! Bodies stream both ways, are sent again while that is possible, and end when nobody waits any more.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::channel::mpsc;
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use network::{Body, BoxError};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{Authority, Client, Host, Pods, get, ok, post, soon, until};

type Frames = mpsc::UnboundedSender<Result<Frame<Bytes>, BoxError>>;

fn stream() -> (Frames, Body) {
    let (frames, receiver) = mpsc::unbounded();
    (frames, StreamBody::new(receiver).boxed_unsync())
}

fn data(text: &'static str) -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

/// A Pod that sends back what it gets, as it gets it.
fn echo(pods: &Pods, uid: &str) {
    pods.add(uid, |request| Box::pin(async move { Ok(Response::new(request.into_body())) }));
}

/// A Pod that answers with the number of bytes it got.
fn measure(pods: &Pods, uid: &str) {
    pods.add(uid, |request| {
        Box::pin(async move {
            let body = request.into_body().collect().await.expect("the whole body").to_bytes();
            Ok(Response::new(network::text(body.len().to_string())))
        })
    });
}

/// Two hosts; the Service has one Pod `p`, first on this host and then on the other.
fn here_and_there(authority: &Authority, add: impl Fn(&Pods)) -> (Host, Host) {
    let (a, b) = (Host::start(authority, "a"), Host::start(authority, "b"));
    add(&a.pods);
    add(&b.pods);
    (a, b)
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let authority = Authority::new();
    let (a, b) = here_and_there(&authority, |pods| echo(pods, "p"));
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let (frames, body) = stream();
        let mut client = Client::connect(a.node_port()).await;
        let response = soon("the head before the body", client.start(post("/", body))).await.expect("a response");
        let mut body = response.into_body();
        for text in ["one", "two", "three"] {
            frames.unbounded_send(data(text)).expect("sent");
            let frame = soon("the echo", body.frame()).await.expect("more").expect("no error");
            assert_eq!(frame.data_ref().expect("data"), text);
        }
        drop(frames);
        assert!(soon("the end", body.frame()).await.is_none());
    }
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let authority = Authority::new();
    let (a, b) = here_and_there(&authority, |pods| measure(pods, "p"));
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let mut client = Client::connect(a.node_port()).await;
        let reply = client.send(post("/", network::text(vec![7; 8 << 20]))).await.expect("a response");
        assert_eq!(reply.text(), (8 << 20).to_string());
    }
}

// C45: a host that no longer has the Pod refuses before it reads the body, and nothing is lost.
#[tokio::test]
async fn a_body_goes_whole_to_the_next_endpoint_when_the_first_is_gone() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    measure(&a.pods, "a1");
    measure(&b.pods, "b1");
    let all = || vec![a.endpoint("a-gone"), b.endpoint("b-gone"), a.endpoint("a1"), b.endpoint("b1")];
    a.serve(1, all(), vec![b.peer()]).await;
    let mut client = Client::connect(a.node_port()).await;
    // The last is far more than is kept: flow control holds it back until a Pod reads.
    for size in [0, 1, 1000, 60_000, 65_536, 4 << 20] {
        for _ in 0..6 {
            let reply = client.send(post("/", network::text(vec![7; size]))).await.expect("a response");
            assert_eq!(reply.text(), size.to_string(), "{reply:?}");
        }
    }
    assert!(a.proxy.metrics().peers.gone >= 12);
}

#[tokio::test]
async fn when_all_are_gone_the_client_is_told() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    a.serve(1, vec![a.endpoint("x"), b.endpoint("y"), b.endpoint("z")], vec![b.peer()]).await;
    let reply = Client::connect(a.node_port()).await.get("/").await;
    assert_eq!(reply.verdict(), (503, Some("gone")));
    assert_eq!(a.proxy.metrics().peers.gone, 3);
}

/// Says when it is dropped.
struct Told(Arc<AtomicBool>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

// F44
#[tokio::test]
async fn a_client_that_leaves_ends_its_call_wherever_it_runs() {
    let authority = Authority::new();
    let told = Arc::new(AtomicBool::new(false));
    let add = |pods: &Pods| {
        let told = told.clone();
        pods.add("p", move |_| {
            let told = Told(told.clone());
            Box::pin(async move {
                let _told = told;
                std::future::pending().await
            })
        });
    };
    let (a, b) = here_and_there(&authority, add);
    for host in [&a, &b] {
        told.store(false, Ordering::SeqCst);
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let before = host.pods.calls();
        let mut raw = TcpStream::connect(a.node_port()).await.expect("connected");
        raw.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        until("the call", || host.pods.calls() > before).await;
        assert!(!told.load(Ordering::SeqCst));
        drop(raw);
        until("the call's end", || told.load(Ordering::SeqCst)).await;
        until("nothing in flight", || a.proxy.metrics().services[0].path.in_flight == 0).await;
    }
}

/// A response body that never ends and says when it is dropped.
struct Endless(Told);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let _ = &self.0;
        cx.waker().wake_by_ref();
        std::task::Poll::Ready(Some(data("and so on ")))
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_response_wherever_it_comes_from() {
    let authority = Authority::new();
    let told = Arc::new(AtomicBool::new(false));
    let add = |pods: &Pods| {
        let told = told.clone();
        pods.add("p", move |_| {
            let body = Endless(Told(told.clone())).boxed_unsync();
            Box::pin(async { Ok(Response::new(body)) })
        });
    };
    let (a, b) = here_and_there(&authority, add);
    for host in [&a, &b] {
        told.store(false, Ordering::SeqCst);
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let mut client = Client::connect(a.node_port()).await;
        let response = soon("a response", client.start(get("/"))).await.expect("a response");
        let mut body = response.into_body();
        soon("a frame", body.frame()).await.expect("more").expect("no error");
        drop((body, client));
        until("the response's end", || told.load(Ordering::SeqCst)).await;
    }
}

// F72
#[tokio::test]
async fn a_response_that_breaks_off_is_seen_to_be_broken() {
    let authority = Authority::new();
    let parts = Arc::new(Mutex::new(None));
    let add = |pods: &Pods| {
        let parts = parts.clone();
        pods.add("p", move |_| {
            let (frames, body) = stream();
            parts.lock().expect("no panic").replace(frames);
            Box::pin(async { Ok(Response::new(body)) })
        });
    };
    let (a, b) = here_and_there(&authority, add);
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let mut client = Client::connect(a.node_port()).await;
        let response = soon("a head", client.start(get("/"))).await.expect("a response");
        let frames = parts.lock().expect("no panic").take().expect("the call");
        let mut body = response.into_body();
        frames.unbounded_send(data("half of it")).expect("sent");
        soon("half of it", body.frame()).await.expect("more").expect("no error");
        frames.unbounded_send(Err("the backend died".into())).expect("sent");
        assert!(soon("the break", body.frame()).await.expect("not the end").is_err(), "{}", host.name);
    }
}

// F71: whoever does not read holds the sender back.
#[tokio::test]
async fn a_pod_that_does_not_read_holds_the_client_back() {
    let authority = Authority::new();
    let add = |pods: &Pods| {
        pods.add("p", |request| {
            Box::pin(async move {
                let _unread = request;
                std::future::pending().await
            })
        });
    };
    let (a, b) = here_and_there(&authority, add);
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let taken = Arc::new(AtomicUsize::new(0));
        let count = taken.clone();
        let endless = futures::stream::repeat_with(move || {
            count.fetch_add(1 << 16, Ordering::SeqCst);
            Ok::<_, BoxError>(Frame::data(Bytes::from_static(&[7; 1 << 16])))
        });
        let before = host.pods.calls();
        let mut client = Client::connect(a.node_port()).await;
        let upload =
            tokio::spawn(
                async move { client.start(post("/", StreamBody::new(endless).boxed_unsync())).await.map(drop) },
            );
        until("the call", || host.pods.calls() > before).await;
        // Quiet: for a while, nothing more is taken.
        let (mut seen, mut quiet) = (0, 0);
        until("the upload to stall", || {
            let now = taken.load(Ordering::SeqCst);
            quiet = if now == seen { quiet + 1 } else { 0 };
            seen = now;
            quiet > 2_000
        })
        .await;
        // What the system's socket buffers take, and ours: not a gigabyte.
        assert!(seen < 32 << 20, "{seen} bytes were taken for a Pod that reads none");
        upload.abort();
    }
}

#[tokio::test]
async fn head_and_empty_statuses_have_no_body_on_any_way() {
    let authority = Authority::new();
    let add = |pods: &Pods| {
        pods.add("p", |request| {
            if request.uri().path() == "/none" {
                let response = Response::builder().status(204).body(network::text("not allowed")).expect("a response");
                return Box::pin(async { Ok(response) });
            }
            ok("a body")
        });
    };
    let (a, b) = here_and_there(&authority, add);
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let mut client = Client::connect(a.node_port()).await;
        for _ in 0..2 {
            let mut head = get("/");
            *head.method_mut() = http::Method::HEAD;
            let reply = client.send(head).await.expect("a response");
            assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0), "{}", host.name);
            let reply = client.get("/none").await;
            assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0), "{}", host.name);
            assert_eq!(client.get("/").await.text(), "a body");
        }
    }
}

#[tokio::test]
async fn trailers_travel_between_hosts() {
    let authority = Authority::new();
    let add = |pods: &Pods| {
        pods.add("p", |_| {
            let mut trailers = http::HeaderMap::new();
            trailers.insert("x-sum", "42".parse().expect("a value"));
            let body = StreamBody::new(futures::stream::iter([data("x"), Ok(Frame::trailers(trailers))]).map(|it| it));
            Box::pin(async { Ok(Response::new(body.boxed_unsync())) })
        });
    };
    let (a, b) = here_and_there(&authority, add);
    let client = a.proxy.guest_client("shop");
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let response = client.call(get("http://users/"), network::Depth(0)).await.expect("allowed");
        let collected = response.into_body().collect().await.expect("a body");
        assert_eq!(collected.trailers().expect("trailers")["x-sum"], "42", "{}", host.name);
    }
}
