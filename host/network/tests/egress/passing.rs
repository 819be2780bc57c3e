//! What passes, both ways, and what does not.

use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use network::Body;
use network::egress::Limits;

use crate::world::{Authority, NAME, PATIENT, Server, World, fetch, soon, text};

/// A body that is written piece by piece.
fn piecewise() -> (tokio::sync::mpsc::UnboundedSender<Bytes>, Body) {
    let (pieces, mut written) = tokio::sync::mpsc::unbounded_channel();
    let stream = futures::stream::poll_fn(move |cx| written.poll_recv(cx)).map(|piece| Ok(Frame::data(piece)));
    (pieces, StreamBody::new(stream).boxed_unsync())
}

// Each piece comes back before the next is written: nothing on the way waits for a whole body.
#[tokio::test]
async fn bodies_stream_both_ways_at_once() {
    let authority = Authority::new();
    for (scheme, alpn) in [("http", None), ("https", Some("http/1.1")), ("https", Some("h2"))] {
        let world = World::with(Limits::default(), authority.roots());
        let tls = alpn.map(|alpn| authority.server(NAME, &[alpn]));
        let server = Server::serve((crate::world::address(), 0).into(), tls, |request| async move {
            Response::new(request.into_body().map_err(Into::into).boxed_unsync())
        })
        .await;
        world.names.set(NAME, &[&[server.at.ip()]]);
        let (pieces, body) = piecewise();
        let request = Request::post(server.url(scheme, "/")).body(body).expect("a request");
        let response = soon("the head", world.way().call(request, PATIENT)).await.expect("a response");
        let mut echoed = response.into_body();
        for piece in ["one", "two", "three"] {
            pieces.send(Bytes::from(piece)).expect("is read");
            let frame = soon(piece, echoed.frame()).await.expect("a frame").expect("whole");
            assert_eq!(frame.into_data().expect("bytes"), piece, "{scheme} {alpn:?}");
        }
        drop(pieces);
        let rest = soon("the end", echoed.collect()).await.expect("whole").to_bytes();
        assert!(rest.is_empty(), "{scheme} {alpn:?}: {rest:?}");
    }
}

#[tokio::test]
async fn headers_of_one_connection_and_ours_stay_behind() {
    let world = World::new();
    let server = Server::start(|request| async move {
        let mut seen: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        seen.sort();
        Response::builder()
            .header("insula-cause", "deadline")
            .header("keep-alive", "timeout=5")
            .header("x-kept", "yes")
            .body(network::text(seen.join("\n")))
            .expect("a response")
    })
    .await;
    world.names.set(NAME, &[&[server.at.ip()]]);
    let request = Request::get(server.url("http", "/"))
        .header("host", "other.example.com")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("te", "trailers")
        .header("proxy-authorization", "secret")
        .header("insula-pod", "p")
        .header("authorization", "Bearer t")
        .body(network::empty())
        .expect("a request");
    let response = soon("a response", world.way().call(request, PATIENT)).await.expect("a response");
    let headers = response.headers();
    assert!(
        headers.contains_key("x-kept") && !headers.contains_key("insula-cause") && !headers.contains_key("keep-alive")
    );
    // The URL says whom the request is for, and a header cannot say otherwise.
    let host = format!("host: {NAME}:{}", server.at.port());
    assert_eq!(text(response).await, format!("authorization: Bearer t\n{host}"));
}

#[tokio::test]
async fn the_path_and_the_query_arrive_as_they_were() {
    let world = World::new();
    let server = Server::start(|request| async move { Response::new(network::text(request.uri().to_string())) }).await;
    world.names.set(NAME, &[&[server.at.ip()]]);
    for path in ["/", "/a//b/../c?x=%2F&y", "/?q"] {
        assert_eq!(fetch(&world.way(), &server.url("http", path)).await, path);
    }
}
