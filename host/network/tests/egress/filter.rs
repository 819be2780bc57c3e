//! What is denied, and that nothing is asked of anybody meanwhile.

use http::{Request, Response, StatusCode};
use network::egress::{EgressError, Protocol, Range};

use crate::world::{NAME, PATIENT, Server, World, denied, fetch, get, narrow, policy, soon};

// F77, F78
#[tokio::test]
async fn nothing_is_reached_without_a_rule() {
    let (world, server) = (World::new(), Server::named("inside").await);
    world.names.set(NAME, &[&[server.at.ip()]]);
    let way = world.egress.way_out("shop", policy(&[]));
    for url in [server.url("http", "/"), server.url("https", "/"), format!("http://{}/", server.at)] {
        assert!(get(&way, &url).await.is_err(), "{url}");
    }
    let metrics = world.metrics();
    assert_eq!((metrics.requests, metrics.denied, metrics.lookups, metrics.dialled), (3, 3, 0, 0));
    assert_eq!(server.accepted(), 0);
}

// F77: the policy's own tests know every form; here none of them reaches a resolver or a socket.
#[tokio::test]
async fn odd_hosts_are_denied_before_anything_is_resolved() {
    let (world, server) = (World::new(), Server::named("inside").await);
    let (port, way) = (server.at.port(), world.egress.way_out("shop", policy(&["*"])));
    let mut asked = 0;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "me@127.0.0.1",
        "api.example.com@127.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ] {
        denied(&way, &format!("http://{host}:{port}/")).await;
        asked += 1;
    }
    let metrics = world.metrics();
    assert_eq!((metrics.denied, metrics.lookups, metrics.dialled, server.accepted()), (asked, 0, 0, 0));
}

// F77: a name that is somewhere else each time it is looked up.
#[tokio::test]
async fn a_rebinding_name_is_looked_up_once_and_the_judged_address_is_dialled() {
    let world = World::new();
    // Every answer ends its connection, so that the next request needs another.
    let closing = |name: &'static str| {
        move |_| async move {
            Response::builder().header("connection", "close").body(network::text(name)).expect("a response")
        }
    };
    let good = Server::start(closing("good")).await;
    let bad = Server::serve((crate::world::address(), good.at.port()).into(), None, closing("bad")).await;
    let (good_ip, bad_ip) = (good.at.ip(), bad.at.ip());
    world.names.set(NAME, &[&[good_ip], &[bad_ip], &[bad_ip, good_ip], &[bad_ip]]);
    let way = world.egress.way_out("shop", policy(&[NAME, &format!("{good_ip}/32")]));
    let url = good.url("http", "/");
    assert_eq!(fetch(&way, &url).await, "good");
    assert_eq!(world.metrics().lookups, 1, "between check and use there is no other look");
    assert!(denied(&way, &url).await.contains("is loopback"));
    assert_eq!(fetch(&way, &url).await, "good", "of several addresses only those that may be reached are");
    assert!(denied(&way, &url).await.contains("is loopback"));
    assert_eq!((good.accepted(), bad.accepted(), world.metrics().lookups), (2, 0, 4));
}

// F77
#[tokio::test]
async fn a_redirect_is_an_answer_and_whoever_follows_it_is_judged_anew() {
    let (world, secret) = (World::new(), Server::named("secret").await);
    let location = format!("http://{}/", secret.at);
    let to = location.clone();
    let server = Server::start(move |_| {
        let to = to.clone();
        async move { Response::builder().status(302).header("location", to).body(network::empty()).expect("a response") }
    })
    .await;
    world.names.set(NAME, &[&[server.at.ip()]]);
    let way = world.egress.way_out("shop", policy(&[NAME, &format!("{}/32", server.at.ip())]));
    let response = get(&way, &server.url("http", "/")).await.expect("a response");
    assert_eq!(
        (response.status(), response.headers()["location"].to_str().ok()),
        (StatusCode::FOUND, Some(&*location))
    );
    denied(&way, &location).await;
    assert_eq!((server.accepted(), secret.accepted()), (1, 0));
}

#[tokio::test]
async fn a_range_permits_its_addresses_by_its_protocol_and_port() {
    let (world, server) = (World::new(), Server::named("inside").await);
    let (ip, port) = (server.at.ip(), server.at.port());
    let way = world.egress.way_out("shop", narrow(Protocol::Http, &format!("{ip}/32"), port));
    assert_eq!(fetch(&way, &format!("http://{}/", server.at)).await, "inside");
    let sockets = world.egress.way_out("shop", narrow(Protocol::Tcp, &format!("{ip}/32"), port));
    denied(&sockets, &format!("http://{}/", server.at)).await;
    assert!(sockets.permits_address(server.at) && !way.permits_address(server.at));
}

// F78: whatever a Pod's rules say.
#[tokio::test]
async fn addresses_of_the_cluster_are_never_reached_this_way() {
    let (world, server) = (World::new(), Server::named("control plane").await);
    let ip = server.at.ip();
    world.names.set(NAME, &[&[ip]]);
    let way = world.way();
    let by_address = format!("http://{}/", server.at);
    assert_eq!(fetch(&way, &by_address).await, "control plane", "as long as it is nobody's");
    assert!(way.permits_address(server.at) && way.permits_address_of(NAME, server.at));
    world.egress.own(vec![Range::one(ip)]);
    assert!(denied(&way, &by_address).await.contains("belongs to the cluster"));
    assert!(denied(&way, &server.url("http", "/")).await.contains("belongs to the cluster"));
    assert!(!way.permits_address(server.at) && !way.permits_address_of(NAME, server.at));
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_not_found() {
    let world = World::new();
    world.names.set("empty.example.com", &[&[]]);
    for url in ["http://nobody.example.com/", "http://empty.example.com/"] {
        let error = get(&world.way(), url).await.expect_err(url);
        assert!(matches!(error, EgressError::NotFound { .. }), "{error}");
    }
    assert_eq!((world.metrics().failed, world.metrics().denied), (2, 0));
}

#[tokio::test]
async fn tunnels_and_upgrades_are_not_offered() {
    let (world, server) = (World::new(), Server::named("inside").await);
    world.names.set(NAME, &[&[server.at.ip()]]);
    let upgrade = Request::get(server.url("http", "/")).header("upgrade", "websocket");
    let connect = Request::connect(server.url("http", "/"));
    for request in [upgrade, connect] {
        let request = request.body(network::empty()).expect("a request");
        let response = soon("a response", world.way().call(request, PATIENT)).await.expect("a response");
        assert_eq!(
            (response.status().as_u16(), response.headers()["insula-cause"].as_bytes()),
            (501, &b"upgrade-refused"[..])
        );
    }
    assert_eq!(server.accepted(), 0);
}
