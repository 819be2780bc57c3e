//! What guests may reach, and that nothing else is reachable.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use network::egress::{self, Egress, EgressError, Reason};
use network::{Body, Delta, Denial, Depth, GuestError, Service, ServiceName, ServicePort};

use crate::harness::{Authority, Client, Host, address, get, ok, soon, users};

fn asked(request: &Request<Body>) -> String {
    let header = |name: &str| request.headers().get(name).map_or("-", |value| value.to_str().expect("text"));
    let depth = Depth::of(request.extensions()).0;
    format!("{} {} {} depth {depth} {}", request.method(), header("host"), request.uri(), header("x-forwarded-for"))
}

async fn body(response: http::Response<Body>) -> String {
    use http_body_util::BodyExt as _;
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_guest_reaches_services_by_any_of_their_names_and_addresses() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    for host in [&a, &b] {
        host.pods.add("p", |request| ok(asked(&request)));
    }
    let alone = address();
    a.pods.place("p", alone);
    let cluster_ip = address();
    for host in [&a, &b] {
        let endpoint = host.endpoint("p");
        let pod_ip = endpoint.ip;
        let mut delta = users(1, vec![endpoint]);
        delta.services[0].cluster_ip = Some(cluster_ip);
        delta.services[0].ports[0].node_port = None;
        delta.peers = Some(vec![b.peer()]);
        assert_eq!(a.proxy.apply(delta).await.problems, []);
        let client = a.proxy.guest_client("shop");
        for to in [
            "users".to_owned(),
            "users:80".to_owned(),
            "Users.Shop".to_owned(),
            "users.shop.svc".to_owned(),
            "users.shop.svc.cluster.local".to_owned(),
            cluster_ip.to_string(),
            pod_ip.to_string(),
            format!("{pod_ip}:9999"),
            format!("{alone}:1"),
        ] {
            let mut request = get(&format!("http://{to}/path?q"));
            request.headers_mut().insert("x-forwarded-for", "10.1.2.3".parse().expect("a value"));
            let response = client.call(request, Depth(3)).await.expect("allowed");
            assert_eq!(body(response).await, format!("GET {to} /path?q depth 4 10.1.2.3"));
        }
        let elsewhere = a.proxy.guest_client("other");
        assert!(elsewhere.call(get("http://users.shop/"), Depth(0)).await.is_ok());
        assert!(elsewhere.call(get("http://users/"), Depth(0)).await.is_err());
    }
}

// F77, F78
#[tokio::test]
async fn a_guest_reaches_nothing_else() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    a.pods.add_named("p");
    a.serve(1, vec![a.endpoint("p")], vec![]).await;
    let client = a.proxy.guest_client("shop");
    let (node_ip, peer) = (a.ip, a.proxy.peer_addr());
    let IpAddr::V4(pod_ip) = a.endpoint("p").ip else { panic!("an IPv4 address") };
    let [w, x, y, z] = pod_ip.octets();
    let number = u32::from(pod_ip);
    let outside = [
        "example.com".to_owned(),
        "users.shop.example.com".to_owned(),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "169.254.169.254".to_owned(),
        "metadata.google.internal".to_owned(),
        "[::1]".to_owned(),
        "[fd00:ec2::254]".to_owned(),
        "[::ffff:169.254.169.254]".to_owned(),
        "[64:ff9b::a9fe:a9fe]".to_owned(),
        // The host's own ports: the proxy for other hosts, and a Node port.
        peer.to_string(),
        format!("{node_ip}:{}", crate::harness::NODE_PORT),
        // An address that may be reached, spelt in ways that may not.
        format!("{number}"),
        format!("0x{number:x}"),
        format!("0{w:o}.{x}.{y}.{z}"),
        format!("0x{w:x}.{x}.{y}.{z}"),
        format!("{w}.{x}.{}", u16::from_be_bytes([y, z])),
        format!("[::ffff:{w}.{x}.{y}.{z}]"),
        format!("{w}.{x}.{y}.{z}."),
    ];
    for to in outside {
        let uri = format!("http://{to}/");
        let Ok(request) = Request::get(&uri).body(network::empty()) else { continue };
        let Err(GuestError::Outside(request)) = client.call(request, Depth(0)).await else { panic!("reached {uri}") };
        assert_eq!(request.uri().to_string(), uri, "comes back as it was");
    }
    for (uri, reason) in [
        ("https://users/", Denial::NotHttp),
        ("ftp://users:80/", Denial::NotHttp),
        ("https://users.shop:80/", Denial::NotHttp),
        ("https://nobody.shop.svc/", Denial::NotHttp),
        ("http://users:81/", Denial::NoSuchPort),
        ("http://nobody.shop.svc/", Denial::NoSuchService),
        ("http://nobody.shop.svc.cluster.local/", Denial::NoSuchService),
        ("http://users@169.254.169.254/", Denial::NoHost),
        ("http://secret:word@users/", Denial::NoHost),
        ("/path", Denial::NoHost),
        ("http://users:0/", Denial::NoHost),
    ] {
        let request = Request::get(uri).header("host", "users").body(network::empty()).expect("a request");
        let Err(GuestError::Denied { to, reason: actual }) = client.call(request, Depth(0)).await else {
            panic!("not denied: {uri}")
        };
        assert_eq!(actual, reason, "{uri}");
        assert!(!to.contains("secret"), "{to}");
    }
    assert_eq!(a.pods.calls(), 0);
    assert_eq!(a.proxy.metrics().denied, 11);
}

// F78: what a Pod's rules permit outside ends where the cluster begins.
#[tokio::test]
async fn what_is_not_the_clusters_goes_out_and_what_is_never_does() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    a.pods.add_named("p");
    a.serve(1, vec![a.endpoint("p")], vec![b.peer()]).await;
    let outside = tokio::net::TcpListener::bind((address(), 0)).await.expect("a listener");
    let at = outside.local_addr().expect("an address");
    let proxy = a.proxy.clone();
    let egress = Egress::new(egress::Config {
        roots: rustls::RootCertStore::empty(),
        resolver: Arc::new(egress::SystemResolver::default()),
        owns: Arc::new(move |ip| proxy.owns(ip)),
        limits: egress::Limits::default(),
    });
    let loopback = egress::Range::new([127, 0, 0, 0].into(), 8).expect("a range");
    let rule = egress::Rule { protocol: None, to: egress::To::Range(loopback), port: None };
    let way = egress.expect("TLS").way_out("shop", egress::Policy::new(vec![rule]));
    let client = a.proxy.guest_client("shop");
    let patient = egress::Options { connect_timeout: Duration::from_secs(20), between_bytes_timeout: None };
    let call = async |url: &str| match client.call(get(url), Depth(0)).await {
        Err(GuestError::Outside(request)) => way.call(*request, patient).await,
        within => panic!("{url} is of the cluster: {within:?}"),
    };
    let pod_ip = a.endpoint("p").ip;
    for url in [
        format!("http://{}/", a.proxy.peer_addr()),
        format!("http://{}/", b.proxy.peer_addr()),
        format!("http://{}:{}/", a.ip, crate::harness::NODE_PORT),
    ] {
        match call(&url).await {
            Err(EgressError::Denied { reason: Reason::Own { .. }, .. }) => {}
            other => panic!("{url}: {other:?}"),
        }
    }
    assert!(a.proxy.owns(pod_ip) && !a.proxy.owns(at.ip()));
    let url = format!("http://{at}/");
    tokio::select! {
        accepted = soon("a connection", outside.accept()) => drop(accepted.expect("reached")),
        answer = call(&url) => panic!("nobody answers there: {answer:?}"),
    }
}

// The URL decides, not what the guest writes into headers.
#[tokio::test]
async fn a_guests_headers_do_not_choose_its_callee() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    a.pods.add("p", |request| ok(asked(&request)));
    a.pods.add_named("q");
    let service = |name: &str, uid: &str| Service {
        name: ServiceName::new("shop", name),
        cluster_ip: None,
        ports: vec![ServicePort { name: String::new(), port: 80, node_port: None, endpoints: vec![a.endpoint(uid)] }],
    };
    let services = vec![service("users", "p"), service("secrets", "q")];
    a.proxy.apply(Delta { revision: 1, services, ..Delta::default() }).await;
    let request = Request::get("http://users/x")
        .header("host", "secrets")
        .header("insula-pod", "q")
        .header("insula-depth", "-9")
        .body(network::empty())
        .expect("a request");
    let response = a.proxy.guest_client("shop").call(request, Depth(0)).await.expect("allowed");
    assert_eq!(body(response).await, "GET users /x depth 1 -");
}

#[tokio::test]
async fn failures_on_a_guests_way_have_causes_too() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    a.serve(1, vec![], vec![]).await;
    let client = a.proxy.guest_client("shop");
    let call = |depth| client.call(get("http://users/"), Depth(depth));
    let response = call(0).await.expect("a response");
    assert_eq!(
        (response.status().as_u16(), response.headers()["insula-cause"].as_bytes()),
        (503, &b"no-endpoints"[..])
    );
    let response = call(255).await.expect("a response");
    assert_eq!(response.status().as_u16(), 508);
    let mut request = get("http://users/");
    request.headers_mut().insert("upgrade", "websocket".parse().expect("a value"));
    assert_eq!(client.call(request, Depth(0)).await.expect("a response").status().as_u16(), 501);
}

#[tokio::test]
async fn a_guest_on_another_runtime_is_served_too() {
    let authority = Authority::new();
    let a = Host::start_with(&authority, "a", crate::harness::Setup { threads: 2, ..Default::default() });
    let b = Host::start(&authority, "b");
    a.pods.add_named("p");
    b.pods.add_named("q");
    a.serve(1, vec![a.endpoint("p"), b.endpoint("q")], vec![b.peer()]).await;
    let client = a.proxy.guest_client("shop");
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(body(client.call(get("http://users/"), Depth(0)).await.expect("allowed")).await);
    }
    names.sort();
    assert_eq!(names, ["p", "p", "q", "q"]);
    // The same from outside.
    assert_eq!(Client::connect(a.node_port()).await.get("/").await.status, 200);
}
