//! Every failure the proxy makes itself has a status, a cause and a line that says why.

use std::time::Duration;

use http::{Request, StatusCode};
use network::{Depth, Limits, LocalError};

use crate::harness::{Authority, Client, Host, Setup, fetch, get, soon};

#[tokio::test]
async fn no_endpoints_says_so_and_names_the_service() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    a.serve(1, vec![], vec![]).await;
    let reply = fetch(a.node_port(), "/").await;
    assert_eq!(reply.verdict(), (503, Some("no-endpoints")));
    assert_eq!(reply.text(), "Node port 30080: shop/users has no ready endpoint\n");
}

#[tokio::test]
async fn what_a_pod_failed_with_is_passed_on() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    for pods in [&a.pods, &b.pods] {
        pods.add("p", |_| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Box::pin(
                async move { Err(LocalError::Failed { status, cause: "trap", message: "wasm trap: x".to_owned() }) },
            )
        });
    }
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let reply = fetch(a.node_port(), "/").await;
        assert_eq!(reply.verdict(), (500, Some("trap")), "{}", host.name);
        assert_eq!(reply.text(), "wasm trap: x\n");
    }
}

#[tokio::test]
async fn a_workload_cannot_speak_for_the_platform() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    for pods in [&a.pods, &b.pods] {
        pods.add("p", |_| {
            let response = http::Response::builder()
                .status(StatusCode::MISDIRECTED_REQUEST)
                .header("insula-refused", "gone")
                .header("insula-cause", "no-endpoints")
                .header("connection", "x-hop")
                .header("x-hop", "1")
                .header("x-kept", "1");
            let response = response.body(network::text("mine")).expect("a response");
            Box::pin(async { Ok(response) })
        });
    }
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let reply = fetch(a.node_port(), "/").await;
        assert_eq!(reply.verdict(), (421, None), "{}", host.name);
        assert_eq!(reply.text(), "mine");
        assert!(reply.headers.contains_key("x-kept") && !reply.headers.contains_key("x-hop"));
        assert_eq!(host.pods.calls(), 1, "asked once");
    }
}

#[tokio::test]
async fn requests_we_cannot_pass_on_are_refused_before_a_pod_sees_them() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    a.pods.add_named("p");
    a.serve(1, vec![a.endpoint("p")], vec![]).await;
    let request = |build: fn(http::request::Builder) -> http::request::Builder| {
        build(Request::builder().uri("/")).body(network::empty()).expect("a request")
    };
    for (request, verdict) in [
        (request(|it| it), (400, Some("bad-request"))),
        (request(|it| it.header("host", "a b")), (400, Some("bad-request"))),
        (request(|it| it.header("host", "a").header("host", "b")), (400, Some("bad-request"))),
        (
            request(|it| it.header("host", "a").header("upgrade", "websocket").header("connection", "upgrade")),
            (501, Some("upgrade-refused")),
        ),
        (
            Request::connect("a:80").header("host", "a:80").body(network::empty()).expect("a request"),
            (501, Some("upgrade-refused")),
        ),
    ] {
        let reply = Client::connect(a.node_port()).await.send(request).await.expect("a response");
        assert_eq!(reply.verdict(), verdict);
    }
    assert_eq!(a.pods.calls(), 0);
    assert_eq!(a.proxy.metrics().refused, 5);
}

#[tokio::test]
async fn a_peer_that_does_not_answer_is_a_deadline() {
    let authority = Authority::new();
    let limits = Limits { first_byte_timeout: Duration::from_millis(50), ..Setup::default().limits };
    let a = Host::start_with(&authority, "a", Setup { limits, ..Setup::default() });
    let b = Host::start(&authority, "b");
    b.pods.add("p", |_| Box::pin(std::future::pending()));
    a.serve(1, vec![b.endpoint("p")], vec![b.peer()]).await;
    let reply = fetch(a.node_port(), "/").await;
    assert_eq!(reply.verdict(), (504, Some("deadline")));
    assert!(reply.text().contains("host b"), "{}", reply.text());
}

/// A Pod that calls its own Service through host `a`, wherever it runs.
fn calls_itself(a: &Host, b: &Host) {
    for pods in [&a.pods, &b.pods] {
        let client = a.proxy.guest_client("shop");
        pods.add("p", move |request| {
            let (client, depth) = (client.clone(), Depth::of(request.extensions()));
            Box::pin(async move {
                let mut request = get("http://users/");
                request.headers_mut().insert("insula-depth", "0".parse().expect("a value"));
                Ok(client.call(request, depth).await.expect("allowed"))
            })
        });
    }
}

#[tokio::test]
async fn a_loop_of_calls_ends() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    calls_itself(&a, &b);
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let reply = soon("the end of the loop", fetch(a.node_port(), "/")).await;
        assert_eq!(reply.status.as_u16(), 508, "{}", host.name);
        assert_eq!(host.pods.calls(), 17, "a call from outside and sixteen that it caused");
    }
}
