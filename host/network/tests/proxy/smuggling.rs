//! Requests that two readers would read in two ways (F68): refused, and the Pod never sees a second one.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Authority, Host, ok, soon};

/// A Pod that reads its request and says which it got.
async fn host() -> Host {
    let host = Host::start(&Authority::new(), "a");
    host.pods.add("p", |request| {
        use http_body_util::BodyExt as _;
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            // A body that is cut short is the client's fault; the Pod gives up on it.
            drop(request.into_body().collect().await);
            ok(path).await
        })
    });
    host.serve(1, vec![host.endpoint("p")], vec![]).await;
    host
}

/// Sends `bytes` and the end of the stream; what comes back until the other side closes.
async fn exchange(host: &Host, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(host.node_port()).await.expect("connected");
    // The other side may close before it has read everything.
    drop(stream.write_all(bytes).await);
    drop(stream.shutdown().await);
    let mut said = Vec::new();
    drop(soon("the end", stream.read_to_end(&mut said)).await);
    String::from_utf8_lossy(&said).into_owned()
}

fn statuses(said: &str) -> Vec<&str> {
    said.split("HTTP/1.").skip(1).map(|response| response.get(2..5).unwrap_or("")).collect()
}

const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn ambiguous_framing_never_yields_a_second_request() {
    let host = host().await;
    let post = "POST /first HTTP/1.1\r\nhost: x\r\n";
    let corpus: Vec<(&str, String)> = vec![
        // RFC 9112, 6.1 lets a server take Transfer-Encoding and close; nothing after it may be read.
        ("CL.TE", format!("{post}content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("TE.CL", format!("{post}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("duplicate CL, different", format!("{post}content-length: 0\r\ncontent-length: 36\r\n\r\n{HIDDEN}")),
        ("CL list, different", format!("{post}content-length: 0, 36\r\n\r\n{HIDDEN}")),
        ("CL with a sign", format!("{post}content-length: +0\r\n\r\n{HIDDEN}")),
        ("CL negative", format!("{post}content-length: -1\r\n\r\n{HIDDEN}")),
        ("CL hexadecimal", format!("{post}content-length: 0x0\r\n\r\n{HIDDEN}")),
        ("CL empty", format!("{post}content-length: \r\n\r\n{HIDDEN}")),
        ("CL huge", format!("{post}content-length: 99999999999999999999\r\n\r\n{HIDDEN}")),
        ("TE unknown", format!("{post}transfer-encoding: cow\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("TE chunked not last", format!("{post}transfer-encoding: chunked, cow\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("TE identity", format!("{post}transfer-encoding: identity\r\n\r\n{HIDDEN}")),
        ("TE with a tab", format!("{post}transfer-encoding:\tchunked-ish\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("TE with a space before the colon", format!("{post}transfer-encoding : chunked\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("CL with a space before the colon", format!("{post}content-length : 0\r\n\r\n{HIDDEN}")),
        (
            "TE in HTTP/1.0",
            format!("POST /first HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        ),
        ("obs-fold", format!("{post}x-a: b\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("obs-fold of TE", format!("{post}transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("a bare CR in a value", format!("{post}x-a: b\rtransfer-encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}")),
        ("a NUL in a value", format!("{post}x-a: b\0c\r\n\r\n{HIDDEN}")),
        ("a NUL in a name", format!("{post}x\0a: b\r\n\r\n{HIDDEN}")),
        ("no colon", format!("{post}transfer-encoding chunked\r\n\r\n{HIDDEN}")),
        ("an empty name", format!("{post}: x\r\n\r\n{HIDDEN}")),
        ("a chunk size with a sign", format!("{post}transfer-encoding: chunked\r\n\r\n+0\r\n\r\n{HIDDEN}")),
        ("a chunk size in 0x", format!("{post}transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n{HIDDEN}")),
        (
            "a chunk size too large",
            format!("{post}transfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\nx\r\n{HIDDEN}"),
        ),
        (
            "a chunk without its end",
            format!("{post}transfer-encoding: chunked\r\n\r\n1\r\nxGET /hidden HTTP/1.1\r\n\r\n"),
        ),
        ("a bare LF after a chunk size", format!("{post}transfer-encoding: chunked\r\n\r\n0\n\r\n{HIDDEN}")),
        ("a bare LF in a chunk extension", format!("{post}transfer-encoding: chunked\r\n\r\n0;a=\n\r\n\r\n{HIDDEN}")),
        ("two versions", format!("GET /first HTTP/1.1 HTTP/1.1\r\nhost: x\r\n\r\n{HIDDEN}")),
        ("no version", format!("GET /first\r\n\r\n{HIDDEN}")),
        ("an unknown version", format!("GET /first HTTP/1.7\r\nhost: x\r\n\r\n{HIDDEN}")),
        ("no Host", format!("GET /first HTTP/1.1\r\n\r\n{HIDDEN}")),
        ("two Hosts", format!("GET /first HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n{HIDDEN}")),
    ];
    for (what, text) in corpus {
        let before = host.pods.calls();
        let said = exchange(&host, text.as_bytes()).await;
        let calls = host.pods.calls() - before;
        let statuses = statuses(&said);
        assert!(calls <= 1, "{what}: {calls} requests reached the Pod: {said}");
        assert!(!said.contains("/hidden"), "{what}: {said}");
        assert!(statuses.len() <= 1 || statuses[1..].iter().all(|s| *s == "400"), "{what}: {said}");
        assert!(calls == 0 || statuses.first() == Some(&"200"), "{what}: {said}");
    }
}

/// What may be read in one way only is read that way.
#[tokio::test]
async fn plain_framing_is_read_as_it_stands() {
    let host = host().await;
    let post = "POST /first HTTP/1.1\r\nhost: x\r\n";
    for (what, text, expected) in [
        ("two requests in one go", format!("{HIDDEN}{HIDDEN}"), 2),
        ("a body that looks like a request", format!("{post}content-length: {}\r\n\r\n{HIDDEN}", HIDDEN.len()), 1),
        ("the same length twice", format!("{post}content-length: 0\r\ncontent-length: 0\r\n\r\n"), 1),
        (
            "a chunked body, then another request",
            format!("{post}transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n{HIDDEN}"),
            2,
        ),
    ] {
        let before = host.pods.calls();
        let said = exchange(&host, text.as_bytes()).await;
        assert_eq!(host.pods.calls() - before, expected, "{what}: {said}");
        assert!(statuses(&said).iter().all(|status| *status == "200"), "{what}: {said}");
    }
}

/// Nobody on the way tidies up what a client asks for.
#[tokio::test]
async fn targets_arrive_as_they_were_sent_here_and_elsewhere() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    for host in [&a, &b] {
        host.pods.add("p", |request| ok(format!("[{} {}]", request.method(), request.uri())));
    }
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        for (line, expected) in [
            ("GET /", "GET /"),
            ("GET /?", "GET /?"),
            ("GET //evil/x", "GET //evil/x"),
            ("GET /a/../b/%2e%2e/%2F?x=%00&y=//", "GET /a/../b/%2e%2e/%2F?x=%00&y=//"),
            ("GET http://users.example/x?y", "GET /x?y"),
            ("GET http://users.example", "GET /"),
            ("OPTIONS *", "OPTIONS *"),
            ("BREW /pot", "BREW /pot"),
        ] {
            // The end of the stream would be taken for a client that has left.
            let text = format!("{line} HTTP/1.1\r\nhost: users.example\r\nconnection: close\r\n\r\n");
            let mut stream = TcpStream::connect(a.node_port()).await.expect("connected");
            stream.write_all(text.as_bytes()).await.expect("sent");
            let mut said = String::new();
            soon("the answer", stream.read_to_string(&mut said)).await.expect("text");
            assert!(said.ends_with(&format!("[{expected}]")), "{} {line}: {said}", host.name);
        }
    }
}

// F43
#[tokio::test]
async fn heads_are_bounded() {
    let host = host().await;
    let many: String = (0..40_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = "y".repeat(10 << 20);
    for (what, text) in [
        ("many headers", format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n")),
        ("a long header", format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n")),
        ("a long path", format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n")),
        ("a long method", format!("{long} / HTTP/1.1\r\nhost: x\r\n\r\n")),
    ] {
        let said = exchange(&host, text.as_bytes()).await;
        // Either the refusal arrives, or the reset that follows it was faster.
        let refused = ["431", "414", "400"].iter().any(|status| statuses(&said) == [*status]);
        assert!(refused || said.is_empty(), "{what}: {said}");
    }
    assert_eq!(host.pods.calls(), 0);
}
