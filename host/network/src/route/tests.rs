//! Tables grow by deltas; ports and addresses have one holder each.

use super::*;

fn endpoint(uid: &str, last: u8, node: &str) -> Endpoint {
    Endpoint {
        pod_uid: uid.into(),
        pod_name: uid.into(),
        ip: [127, 64, 0, last].into(),
        port: 8080,
        node_name: node.into(),
    }
}

fn service(name: &str, cluster_ip: Option<u8>, node_port: Option<u16>, endpoints: Vec<Endpoint>) -> Service {
    Service {
        name: ServiceName::new("shop", name),
        cluster_ip: cluster_ip.map(|last| [127, 128, 0, last].into()),
        ports: vec![ServicePort { name: String::new(), port: 80, node_port, endpoints }],
    }
}

fn delta(revision: u64, services: Vec<Service>) -> Delta {
    Delta { revision, services, ..Delta::default() }
}

fn uids(backend: Option<&Arc<Backend>>) -> Vec<String> {
    let mut uids: Vec<_> =
        backend.into_iter().flat_map(|b| b.ring.spots()).map(|s| s.endpoint.pod_uid.to_string()).collect();
    uids.sort();
    uids
}

#[test]
fn a_service_is_found_by_name_address_and_node_port() {
    let users = service("users", Some(1), Some(30080), vec![endpoint("a", 1, "n1"), endpoint("b", 2, "n2")]);
    let table = Table::new("n1", 2).apply(delta(7, vec![users]));
    assert_eq!(table.revision(), 7);
    for target in [
        Target::NodePort { port: 30080 },
        Target::ClusterIp { ip: [127, 128, 0, 1].into(), port: 80 },
        Target::Service { name: ServiceName::new("shop", "users"), port: 80 },
    ] {
        assert_eq!(uids(table.backend_of(&target)), ["a", "b"], "{target:?}");
    }
    assert!(table.service_port("shop", "users", 81).is_none());
    assert!(table.has_service("shop", "users") && !table.has_service("shop", "user"));
    let pod = table.pod([127, 64, 0, 2].into()).expect("known from the endpoints");
    assert_eq!((&*pod.uid, &*pod.node_name), ("b", "n2"));
}

#[test]
fn a_pod_is_found_by_its_name_below_a_headless_service() {
    let headless = service("db", None, None, vec![endpoint("db-0", 1, "n1"), endpoint("db-1", 2, "n2")]);
    let table = Table::new("n1", 1)
        .apply(delta(1, vec![headless, service("web", Some(3), None, vec![endpoint("w", 3, "n1")])]));
    let find = |service, pod| table.pod_named(PodName { namespace: "shop", service, pod });
    assert_eq!(find("db", "db-1"), Some([127, 64, 0, 2].into()));
    assert_eq!((find("db", "db-2"), find("web", "w"), find("no", "db-0")), (None, None, None));
}

#[test]
fn what_a_delta_does_not_name_stays_unless_it_is_complete() {
    let two = vec![service("a", None, None, vec![endpoint("a", 1, "n1")]), service("b", None, None, vec![])];
    let table = Table::new("n1", 1).apply(delta(1, two));
    let table = table.apply(delta(2, vec![service("b", None, None, vec![endpoint("b", 2, "n1")])]));
    assert_eq!(uids(table.service_port("shop", "a", 80)), ["a"]);
    assert_eq!(uids(table.service_port("shop", "b", 80)), ["b"]);

    let table = table.apply(Delta { revision: 3, removed: vec![ServiceName::new("shop", "a")], ..Delta::default() });
    assert!(!table.has_service("shop", "a"));
    assert!(table.pod([127, 64, 0, 1].into()).is_none());

    let table = table.apply(Delta { complete: true, ..delta(4, vec![service("c", None, None, vec![])]) });
    assert!(!table.has_service("shop", "b") && table.has_service("shop", "c"));
    assert!(table.pods.is_empty());
}

#[test]
fn a_pod_is_known_by_its_address_as_long_as_any_service_names_it() {
    let pod = || endpoint("a", 1, "n1");
    let table = Table::new("n1", 1)
        .apply(delta(1, vec![service("x", None, None, vec![pod()]), service("y", None, None, vec![pod()])]));
    let table = table.apply(Delta { revision: 2, removed: vec![ServiceName::new("shop", "x")], ..Delta::default() });
    assert!(table.pod(pod().ip).is_some());
    // The address goes to another Pod before the old one has left every list.
    let table = table.apply(delta(3, vec![service("x", None, None, vec![endpoint("b", 1, "n1")])]));
    let table = table.apply(Delta { revision: 4, removed: vec![ServiceName::new("shop", "y")], ..Delta::default() });
    assert_eq!(table.pod(pod().ip).map(|pod| &*pod.uid), Some("b"));
}

#[test]
fn turns_and_counts_survive_a_change_of_endpoints() {
    let first = Table::new("n1", 2).apply(delta(1, vec![service("x", None, None, vec![endpoint("a", 1, "n1")])]));
    let second = first.apply(delta(2, vec![service("x", Some(1), None, vec![])]));
    let shares = |table: &Table| table.service_port("shop", "x", 80).map(|b| b.shares.clone()).expect("it is there");
    assert!(Arc::ptr_eq(&shares(&first), &shares(&second)));
    assert_eq!(shares(&first).len(), 2);
}

#[test]
fn a_node_port_moves_between_services_in_one_delta_and_is_not_stolen() {
    let table = Table::new("n1", 1).apply(delta(1, vec![service("b", None, Some(30001), vec![])]));
    let owner = |table: &Table| {
        table.backend_of(&Target::NodePort { port: 30001 }).map(|backend| backend.service.name.to_string())
    };
    let stolen = table.apply(delta(2, vec![service("a", None, Some(30001), vec![])]));
    assert_eq!(owner(&stolen).as_deref(), Some("b"));
    let moved = table.apply(Delta {
        removed: vec![ServiceName::new("shop", "b")],
        ..delta(2, vec![service("a", None, Some(30001), vec![])])
    });
    assert_eq!(owner(&moved).as_deref(), Some("a"));
    // In two deltas: who was refused at first gets it when it is free, without asking again.
    let freed = stolen.apply(Delta { revision: 3, removed: vec![ServiceName::new("shop", "b")], ..Delta::default() });
    assert_eq!(owner(&freed).as_deref(), Some("a"));
    assert_ne!(freed.addresses_version(), stolen.addresses_version());
    let let_go = stolen.apply(delta(3, vec![service("b", None, None, vec![])]));
    assert_eq!(owner(&let_go).as_deref(), Some("a"));
    assert_ne!(let_go.addresses_version(), stolen.addresses_version());
    // Whoever has it keeps it when all are named anew, also by a delta that is the whole truth.
    let both = || vec![service("a", None, Some(30001), vec![]), service("b", None, Some(30001), vec![])];
    for complete in [false, true] {
        let again = stolen.apply(Delta { complete, ..delta(3, both()) });
        assert_eq!(owner(&again).as_deref(), Some("b"), "complete: {complete}");
        assert_eq!(again.addresses_version(), stolen.addresses_version());
    }
    // Removing the one that never had it takes nothing from the one that has.
    let kept = stolen.apply(Delta { revision: 3, removed: vec![ServiceName::new("shop", "a")], ..Delta::default() });
    assert_eq!(owner(&kept).as_deref(), Some("b"));
}

#[test]
fn a_cluster_ip_goes_to_who_else_claims_it_when_its_holder_leaves() {
    let at = Target::ClusterIp { ip: [127, 128, 0, 1].into(), port: 80 };
    let owner = |table: &Table| table.backend_of(&at).map(|backend| backend.service.name.to_string());
    let mut table = Table::new("n1", 1).apply(delta(1, vec![service("b", Some(1), None, vec![])]));
    for (revision, name) in [(2, "c"), (3, "a")] {
        table = table.apply(delta(revision, vec![service(name, Some(1), None, vec![])]));
        assert_eq!(owner(&table).as_deref(), Some("b"));
    }
    // Whom it is given to is the same on every host.
    for (revision, leaves, heir) in [(4, "b", Some("a")), (5, "a", Some("c")), (6, "c", None)] {
        let version = table.addresses_version();
        let removed = vec![ServiceName::new("shop", leaves)];
        table = table.apply(Delta { revision, removed, ..Delta::default() });
        assert_eq!(owner(&table).as_deref(), heir);
        assert_ne!(table.addresses_version(), version);
        assert_eq!(table.addresses([127, 0, 0, 2].into()).len(), usize::from(heir.is_some()));
    }
}

#[test]
fn addresses_change_version_only_when_they_may_have_changed() {
    let table = Table::new("n1", 1).apply(delta(1, vec![service("x", Some(1), Some(30001), vec![])]));
    assert_eq!(
        table.addresses([127, 0, 0, 2].into()).iter().map(|a| a.at.to_string()).collect::<Vec<_>>(),
        ["127.0.0.2:30001", "127.128.0.1:80"]
    );
    let same = table.apply(delta(2, vec![service("x", Some(1), Some(30001), vec![endpoint("a", 1, "n1")])]));
    assert_eq!(same.addresses_version(), table.addresses_version());
    let moved = same.apply(delta(3, vec![service("x", Some(1), Some(30002), vec![])]));
    assert_ne!(moved.addresses_version(), same.addresses_version());
    let gone = moved.apply(Delta { revision: 4, complete: true, ..Delta::default() });
    assert_ne!(gone.addresses_version(), moved.addresses_version());
    assert!(gone.addresses([127, 0, 0, 2].into()).is_empty());
}

#[test]
fn deltas_add_up() {
    let first =
        Delta { complete: true, ..delta(1, vec![service("a", None, None, vec![]), service("b", None, None, vec![])]) };
    let peers = vec![Peer { node_name: "n2".into(), address: ([127, 0, 0, 2], 1).into(), reachable: true }];
    let steps = [
        first,
        Delta { removed: vec![ServiceName::new("shop", "a")], peers: Some(peers), ..delta(2, vec![]) },
        delta(3, vec![service("c", None, None, vec![endpoint("c", 1, "n1")])]),
        Delta { removed: vec![ServiceName::new("shop", "c")], ..delta(4, vec![service("a", None, None, vec![])]) },
    ];
    let one_by_one = steps.iter().cloned().fold(Table::new("n1", 1), |table, delta| table.apply(delta));
    let together = Table::new("n1", 1).apply(steps.into_iter().reduce(Delta::then).expect("some"));
    for table in [&one_by_one, &together] {
        assert_eq!(table.revision(), 4);
        assert_eq!(table.backends().iter().map(|b| b.service.to_string()).collect::<Vec<_>>(), ["shop/a", "shop/b"]);
        assert!(table.peer("n2").is_some_and(|peer| peer.reachable));
    }
}
