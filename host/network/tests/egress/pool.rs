//! Who shares connections with whom.

use http::Response;

use crate::world::{Authority, NAME, Server, World, denied, fetch, get, policy, text};
use network::egress::{EgressError, Limits};

#[tokio::test]
async fn pods_of_one_namespace_and_policy_share_connections_and_no_others_do() {
    let (world, server) = (World::new(), Server::named("inside").await);
    world.names.set(NAME, &[&[server.at.ip()]]);
    let (rules, url) = (policy(&[NAME, "127.0.0.0/8"]), server.url("http", "/"));
    let way = world.egress.way_out("shop", rules.clone());
    for _ in 0..3 {
        assert_eq!(fetch(&way, &url).await, "inside");
        // As another Pod of the same Deployment has it.
        assert_eq!(fetch(&world.egress.way_out("shop", rules.clone()), &url).await, "inside");
    }
    assert_eq!((server.accepted(), world.metrics().lookups, world.metrics().connections), (1, 1, 1));
    assert_eq!(fetch(&world.egress.way_out("other", rules), &url).await, "inside");
    assert_eq!(server.accepted(), 2, "another namespace has connections of its own");
    // The name is permitted here, but not where it leads: an open connection changes nothing about that.
    let narrower = world.egress.way_out("shop", policy(&[NAME]));
    assert!(denied(&narrower, &url).await.contains("is loopback"));
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn connections_end_with_the_last_pod_that_could_use_them() {
    let (world, server) = (World::new(), Server::named("inside").await);
    world.names.set(NAME, &[&[server.at.ip()]]);
    let way = world.way();
    assert_eq!(fetch(&way, &server.url("http", "/")).await, "inside");
    assert_eq!(server.open(), 1);
    drop(way);
    crate::world::until("the connection to end", || server.open() == 0 && world.metrics().connections == 0).await;
}

#[tokio::test]
async fn tls_proves_the_name_and_speaks_http_2_where_the_server_does() {
    let authority = Authority::new();
    for (alpn, version, accepted) in
        [(&["h2", "http/1.1"][..], "HTTP/2.0", 1), (&["http/1.1"], "HTTP/1.1", 1), (&[], "HTTP/1.1", 1)]
    {
        let world = World::with(Limits::default(), authority.roots());
        let server = Server::serve(
            (crate::world::address(), 0).into(),
            Some(authority.server(NAME, alpn)),
            |request| async move {
                let host = request.headers().get("host").and_then(|host| host.to_str().ok()).map(ToOwned::to_owned);
                let authority = request.uri().authority().map(ToString::to_string).or(host);
                Response::new(network::text(format!("{:?} {}", request.version(), authority.unwrap_or_default())))
            },
        )
        .await;
        world.names.set(NAME, &[&[server.at.ip()]]);
        let way = world.way();
        for _ in 0..3 {
            let said = fetch(&way, &server.url("https", "/")).await;
            assert_eq!(said, format!("{version} {NAME}:{}", server.at.port()), "{alpn:?}");
        }
        assert_eq!(server.accepted(), accepted, "{alpn:?}");
    }
}

#[tokio::test]
async fn a_server_that_proves_another_name_or_comes_from_elsewhere_is_not_spoken_to() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (config, why) in [
        (authority.server("other.example.com", &[]), "not valid for name"),
        (stranger.server(NAME, &[]), "invalid peer certificate"),
    ] {
        let world = World::with(Limits::default(), authority.roots());
        let server = Server::serve((crate::world::address(), 0).into(), Some(config), |_| async {
            Response::new(network::text("never"))
        })
        .await;
        world.names.set(NAME, &[&[server.at.ip()]]);
        match get(&world.way(), &server.url("https", "/")).await {
            Err(EgressError::Failed { why: said, .. }) => assert!(said.contains("TLS") && said.contains(why), "{said}"),
            Err(error) => panic!("{error}"),
            Ok(response) => panic!("{}", text(response).await),
        }
        assert_eq!(world.metrics().failed, 1);
    }
}
