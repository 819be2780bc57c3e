//! Whose turn it is, over hosts and over changes.

use std::collections::BTreeMap;

use crate::harness::{Authority, Client, Host, Setup, endpoint};

fn tally(names: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for name in names {
        *tally.entry(name).or_default() += 1;
    }
    tally
}

// C49
#[tokio::test]
async fn ready_endpoints_of_all_hosts_take_turns_equally() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    for (host, uid) in [(&a, "a1"), (&a, "a2"), (&b, "b1")] {
        host.pods.add_named(uid);
    }
    let all = || vec![a.endpoint("a1"), a.endpoint("a2"), b.endpoint("b1")];
    a.serve(1, all(), vec![b.peer()]).await;
    b.serve(1, all(), vec![a.peer()]).await;
    for host in [&a, &b] {
        let mut client = Client::connect(host.node_port()).await;
        let mut names = Vec::new();
        for _ in 0..30 {
            names.push(client.get("/").await.text());
        }
        assert_eq!(tally(names).into_values().collect::<Vec<_>>(), [10, 10, 10]);
    }
    let metrics = a.proxy.metrics();
    assert_eq!(metrics.services[0].path.responses, [0, 30, 0, 0, 0]);
    assert_eq!((metrics.services[0].path.in_flight, metrics.from_peers.responses[1]), (0, 20));
    assert_eq!(metrics.peers.dialled, 1, "one connection serves all calls to a host");
}

#[tokio::test]
async fn turns_are_equal_over_lanes_and_connections() {
    let authority = Authority::new();
    let a = Host::start_with(&authority, "a", Setup { threads: 2, ..Setup::default() });
    for uid in ["p", "q", "r"] {
        a.pods.add_named(uid);
    }
    a.serve(1, vec![a.endpoint("p"), a.endpoint("q"), a.endpoint("r")], vec![]).await;
    let mut names = Vec::new();
    for _ in 0..16 {
        let mut client = Client::connect(a.node_port()).await;
        for _ in 0..18 {
            names.push(client.get("/").await.text());
        }
    }
    let tally = tally(names);
    // Each lane is exact; together they differ by at most one turn per lane.
    assert!(tally.values().all(|count| count.abs_diff(96) <= 2), "{tally:?}");
}

#[tokio::test]
async fn a_host_the_control_plane_has_lost_is_asked_only_if_nobody_else_is_left() {
    let authority = Authority::new();
    let (a, b) = (Host::start(&authority, "a"), Host::start(&authority, "b"));
    a.pods.add_named("a1");
    b.pods.add_named("b1");
    let lost = network::Peer { reachable: false, ..b.peer() };
    a.serve(1, vec![a.endpoint("a1"), b.endpoint("b1")], vec![lost.clone()]).await;
    let mut client = Client::connect(a.node_port()).await;
    for _ in 0..6 {
        assert_eq!(client.get("/").await.text(), "a1");
    }
    a.serve(2, vec![b.endpoint("b1")], vec![lost]).await;
    assert_eq!(client.get("/").await.text(), "b1");
}

#[tokio::test]
async fn an_endpoint_on_a_host_nobody_knows_is_passed_over() {
    let authority = Authority::new();
    let a = Host::start(&authority, "a");
    a.pods.add_named("a1");
    a.serve(1, vec![a.endpoint("a1"), endpoint("x", "elsewhere")], vec![]).await;
    let mut client = Client::connect(a.node_port()).await;
    for _ in 0..4 {
        assert_eq!(client.get("/").await.text(), "a1");
    }
    a.serve(2, vec![endpoint("x", "elsewhere")], vec![]).await;
    assert_eq!(client.get("/").await.verdict(), (502, Some("peer-unreachable")));
}
