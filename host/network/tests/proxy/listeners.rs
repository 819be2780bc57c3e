//! Where the proxy listens, and what it says when it cannot.

use std::net::{SocketAddr, TcpListener};

use network::Limits;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::harness::{Authority, Client, Host, NODE_PORT, Setup, address, fetch, soon, until, users};

#[tokio::test]
async fn a_port_that_is_taken_is_reported_and_tried_again() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    a.pods.add_named("p");
    let stranger = TcpListener::bind(a.node_port()).expect("bound");
    let applied = a.proxy.apply(users(1, vec![a.endpoint("p")])).await;
    assert_eq!(applied.problems.len(), 1);
    let problem = &applied.problems[0];
    assert_eq!(problem.addr, a.node_port());
    assert_eq!(problem.what, format!("Node port {NODE_PORT} of Service shop/users port 80"));
    assert!(problem.to_string().contains("in use"), "{problem}");
    // Guests do not need it.
    let client = a.proxy.guest_client("shop");
    assert!(client.call(crate::harness::get("http://users/"), network::Depth(0)).await.is_ok());
    drop(stranger);
    let applied = a.proxy.apply(users(2, vec![a.endpoint("p")])).await;
    assert_eq!(applied.problems, []);
    assert_eq!(fetch(a.node_port(), "/").await.text(), "p");
}

#[tokio::test]
async fn hosts_of_one_machine_share_cluster_ips_and_any_of_them_serves() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    a.pods.add_named("p");
    let cluster_ip = address();
    let delta = |peer: &Host| {
        let mut delta = users(1, vec![a.endpoint("p")]);
        delta.services[0].cluster_ip = Some(cluster_ip);
        delta.services[0].ports[0].node_port = None;
        delta.peers = Some(vec![peer.peer()]);
        delta
    };
    assert_eq!(a.proxy.apply(delta(&b)).await.problems, []);
    assert_eq!(b.proxy.apply(delta(&a)).await.problems, []);
    let at = SocketAddr::new(cluster_ip, 80);
    for _ in 0..20 {
        assert_eq!(fetch(at, "/").await.text(), "p");
    }
    b.shutdown.cancel();
    soon("b's end", b.proxy.closed()).await;
    for _ in 0..5 {
        assert_eq!(fetch(at, "/").await.text(), "p");
    }
}

#[tokio::test]
async fn a_thousand_pods_answer_on_their_own_addresses() {
    let authority = Authority::new();
    let a = Host::start_with(&authority, "a", Setup { threads: 2, ..Setup::default() });
    let SocketAddr::V4(base) = a.node_port() else { panic!("an IPv4 address") };
    let [w, x, y, _] = base.ip().octets();
    // One address, many ports: the addresses of this test are one /24.
    let pods: Vec<_> = (0..1000_u16)
        .map(|n| (format!("pod-{n}"), SocketAddr::from(([w, x, y, base.ip().octets()[3]], 10_000 + n))))
        .collect();
    for (uid, at) in &pods {
        a.pods.add_named(uid);
        assert_eq!(a.proxy.bind_pod(uid, at.ip(), &[at.port()]), []);
    }
    for (uid, at) in &pods {
        assert_eq!(&fetch(*at, "/").await.text(), uid);
    }
    assert_eq!(a.proxy.metrics().pods.responses[1], 1000);
    let (uid, at) = &pods[0];
    // Saying it again changes nothing; other ports replace.
    assert_eq!(a.proxy.bind_pod(uid, at.ip(), &[at.port()]), []);
    let mut client = Client::connect(*at).await;
    assert_eq!(&client.get("/").await.text(), uid);
    assert_eq!(a.proxy.bind_pod(uid, at.ip(), &[9_999]), []);
    assert_eq!(&fetch(SocketAddr::new(at.ip(), 9_999), "/").await.text(), uid);
    until("the closed door", || std::net::TcpStream::connect(at).is_err()).await;
    // A Pod that is gone is gone on connections that are still open, too.
    a.pods.remove(uid);
    let reply = client.get("/").await;
    assert_eq!((reply.verdict(), reply.closes()), ((503, Some("gone")), true));
    for (uid, _) in &pods {
        a.proxy.unbind_pod(uid);
    }
    until("all doors closed", || pods.iter().all(|(_, at)| std::net::TcpStream::connect(at).is_err())).await;
}

#[tokio::test]
async fn a_pods_address_that_cannot_be_bound_is_reported() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    let taken = TcpListener::bind((address(), 8080)).expect("bound");
    let at = taken.local_addr().expect("an address");
    let problems = a.proxy.bind_pod("p", at.ip(), &[8080, 8081]);
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].addr, problems[0].what.as_str()), (at, "Pod p port 8080"));
    a.pods.add_named("p");
    assert_eq!(fetch(SocketAddr::new(at.ip(), 8081), "/").await.text(), "p");
    let problems = a.proxy.bind_pod("q", [203, 0, 113, 1].into(), &[80]);
    assert_eq!(problems.len(), 1, "not an address of this machine");
}

// F75
#[tokio::test]
async fn too_many_connections_are_told_so_and_others_are_not_harmed() {
    let authority = Authority::new();
    let limits = Limits { connections_max: 8, connections_per_listener_max: 4, ..Setup::default().limits };
    let a = Host::start_with(&authority, "a", Setup { limits, ..Setup::default() });
    a.pods.add_named("p");
    a.serve(1, vec![a.endpoint("p")], vec![]).await;
    a.proxy.bind_pod("p", a.ip, &[8080]);
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut client = Client::connect(a.node_port()).await;
        client.get("/").await;
        clients.push(client);
    }
    let mut refused = TcpStream::connect(a.node_port()).await.expect("connected");
    let mut text = String::new();
    soon("the refusal", refused.read_to_string(&mut text)).await.expect("text");
    assert!(text.starts_with("HTTP/1.1 503 ") && text.contains("insula-cause: overloaded\r\n"), "{text}");
    assert_eq!(a.proxy.metrics().connections_refused, 1);
    // Another listener has room of its own; and so has this one when somebody leaves.
    assert_eq!(fetch(SocketAddr::new(a.ip, 8080), "/").await.text(), "p");
    clients.pop();
    until("room", || a.proxy.metrics().connections < 4).await;
    assert_eq!(fetch(a.node_port(), "/").await.text(), "p");
}

// F69
#[tokio::test]
async fn a_pod_learns_who_asked_and_not_what_the_client_claims() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    for host in [&a, &b] {
        host.pods.add("p", |request| {
            let mut lines: Vec<_> =
                request.headers().iter().map(|(n, v)| format!("{n}={}", v.to_str().expect("text"))).collect();
            lines.sort();
            crate::harness::ok(lines.join(" "))
        });
    }
    for host in [&a, &b] {
        a.serve(1, vec![host.endpoint("p")], vec![b.peer()]).await;
        let mut request = crate::harness::get("/");
        for (name, value) in
            [("x-forwarded-for", "10.0.0.1"), ("insula-pod", "q"), ("connection", "x-secret"), ("x-secret", "1")]
        {
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        let reply = Client::connect(a.node_port()).await.send(request).await.expect("a response");
        let expected =
            "host=users.example x-forwarded-for=127.0.0.1 x-forwarded-host=users.example x-forwarded-proto=http";
        assert_eq!(reply.text(), expected, "{}", host.name);
    }
}
