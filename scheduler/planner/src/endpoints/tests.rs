//! EndpointSlices and routes.

use std::fmt::Write as _;

use api::resource::{ENDPOINT_SLICES, PODS};
use expect_test::expect;

use super::*;
use crate::testing::world::World;
use crate::testing::{check, fixture};
use crate::{Action, routes};

/// Slices after the world has settled: endpoints with their conditions.
fn slices(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for (name, slice) in snapshot.endpoint_slices.iter() {
        let ports = slice.ports.iter().flatten().map(|port| port.port.unwrap_or(0).to_string());
        write!(text, "{name} {:?}:", ports.collect::<Vec<_>>()).unwrap();
        for endpoint in slice.endpoints.iter().flatten() {
            let conditions = endpoint.conditions.as_ref().unwrap();
            let flag = |is: Option<bool>, letter| if is == Some(true) { letter } else { "" };
            let pod = endpoint.target_ref.as_ref().and_then(|target| target.name.clone()).unwrap_or_default();
            write!(
                text,
                " {pod}/{}{}{}",
                flag(conditions.ready, "r"),
                flag(conditions.serving, "s"),
                flag(conditions.terminating, "t")
            )
            .unwrap();
        }
        text.push('\n');
    }
    text
}

fn routed(cluster: &str) -> String {
    let line = |route: crate::ServiceRoute| {
        let ports = route.ports.iter().map(|port| {
            let endpoints: Vec<_> =
                port.endpoints.iter().map(|e| format!("{}@{}:{}", e.pod_name, e.ip, e.port)).collect();
            format!(" {}:{}{}", port.name, port.port, endpoints.iter().map(|e| format!(" {e}")).collect::<String>())
        });
        format!("{} {}{}\n", route.service, route.cluster_ip.unwrap_or_default(), ports.collect::<String>())
    };
    routes(&fixture::parse(cluster)).into_iter().map(line).collect()
}

#[test]
fn a_service_without_pods_gets_an_empty_slice() {
    check(
        plan,
        "service shop/web port=http:80:8080",
        &expect![[r#"
        create endpointslices.discovery.k8s.io shop/web-rp77l
    "#]],
    );
}

#[test]
fn readiness_leaving_and_silence_show_in_the_conditions() {
    let cluster = "
        node a zone=z1
        node b silent=1
        service shop/web port=http:80:8080
        pod shop/web-a node=a ready ip=10.0.0.1
        pod shop/web-b node=a ip=10.0.0.2
        pod shop/web-c node=a ready leaving ip=10.0.0.3
        pod shop/web-d node=b ready ip=10.0.0.4
        pod shop/web-e node=a ready phase=Succeeded ip=10.0.0.5
        pod shop/web-f node=a ready
        pod shop/db-a node=a ready ip=10.0.0.7";
    let mut world = World::new(cluster);
    world.run(plan);
    expect![[r#"
        shop/web-rp77l ["8080"]: web-a/rs web-b/ web-c/st web-d/
    "#]]
    .assert_eq(&slices(&world.snapshot));
    expect![[r#"
        shop/web 10.1.0.1 http:80 web-a@10.0.0.1:8080
    "#]]
    .assert_eq(&routed(cluster));
}

#[test]
fn names_of_ports_resolve_per_pod_and_numbers_always() {
    let cluster = "
        node a
        service shop/web port=http:80:web port=admin:81:9000
        pod shop/web-a node=a ready ip=10.0.0.1 port=web:8080
        pod shop/web-b node=a ready ip=10.0.0.2 port=web:8081
        pod shop/web-c node=a ready ip=10.0.0.3";
    let mut world = World::new(cluster);
    world.run(plan);
    expect![[r#"
        shop/web-jhzh9 ["8080", "9000"]: web-a/rs
        shop/web-rp77l ["9000"]: web-c/rs
        shop/web-sztpt ["8081", "9000"]: web-b/rs
    "#]]
    .assert_eq(&slices(&world.snapshot));
    expect![[r#"
        shop/web 10.1.0.1 http:80 web-a@10.0.0.1:8080 web-b@10.0.0.2:8081 admin:81 web-a@10.0.0.1:9000 web-b@10.0.0.2:9000 web-c@10.0.0.3:9000
    "#]].assert_eq(&routed(cluster));
}

#[test]
fn one_change_touches_one_slice() {
    let pods: String = (0..250).map(|n| format!("pod shop/web-{n:03} node=a ready ip=10.0.1.{n}\n")).collect();
    let mut world = World::new(&format!("limit 5000\nnode a\nservice shop/web port=http:80\n{pods}"));
    world.run(plan);
    let sizes = |world: &World| -> Vec<usize> {
        world.snapshot.endpoint_slices.values().map(|slice| slice.endpoints.as_ref().map_or(0, Vec::len)).collect()
    };
    let mut found = sizes(&world);
    found.sort_unstable();
    assert_eq!(found, [50, 100, 100]);

    world.delete(&PODS, &NamespacedName::new("shop", "web-007"), Some(0), None);
    let plan_of_one = plan(&world.snapshot);
    assert_eq!(plan_of_one.actions.len(), 1, "{plan_of_one}");
    world.apply(&plan_of_one);
    world.report(&NamespacedName::new("shop", "web-100"), "Running", false);
    assert_eq!(plan(&world.snapshot).actions.len(), 1);
    world.run(plan);
    assert!(plan(&world.snapshot).is_settled());
    assert_eq!(sizes(&world).iter().sum::<usize>(), 249);
}

#[test]
fn room_is_filled_before_a_slice_is_added_and_empty_slices_go() {
    let mut world = World::new(
        "node a
        service shop/web port=http:80
        slice shop/web-old of=web port=http:80 endpoint=gone@10.0.0.9@a@rs
        slice shop/web-stale of=web port=http:81 endpoint=web-a@10.0.0.1@a@rs
        pod shop/web-a node=a ready ip=10.0.0.1",
    );
    world.run(plan);
    expect![[r#"
        shop/web-old ["80"]: web-a/rs
    "#]]
    .assert_eq(&slices(&world.snapshot));
}

#[test]
fn services_without_selector_and_slices_of_others_are_left_alone() {
    let cluster = "
        node a
        service shop/legacy bare port=http:80
        slice shop/mine of=legacy by=me port=http:8080 endpoint=x@10.9.9.9@a@rs endpoint=y@10.9.9.8@a@";
    check(plan, cluster, &expect![[""]]);
    expect![[r#"
        shop/legacy 10.1.0.1 http:80 x@10.9.9.9:8080
    "#]]
    .assert_eq(&routed(cluster));
}

// C49
#[test]
fn when_everyone_leaves_those_who_still_answer_are_used() {
    let cluster = "
        node a
        service shop/web port=http:80:8080
        pod shop/web-a node=a ready leaving ip=10.0.0.1
        pod shop/web-b node=a leaving ip=10.0.0.2";
    expect![[r#"
        shop/web 10.1.0.1 http:80 web-a@10.0.0.1:8080
    "#]]
    .assert_eq(&routed(cluster));
    let with_another = format!("{cluster}\npod shop/web-c node=a ready ip=10.0.0.3");
    expect![[r#"
        shop/web 10.1.0.1 http:80 web-c@10.0.0.3:8080
    "#]]
    .assert_eq(&routed(&with_another));
}

#[test]
fn unready_addresses_are_published_on_request() {
    let cluster = "
        node a
        service shop/web port=http:80:8080 publish headless
        pod shop/web-a node=a ip=10.0.0.1
        pod shop/web-b node=a leaving ip=10.0.0.2";
    let mut world = World::new(cluster);
    world.run(plan);
    expect![[r#"
        shop/web-rp77l ["8080"]: web-a/r web-b/rt
    "#]]
    .assert_eq(&slices(&world.snapshot));
    expect![[r#"
        shop/web  http:80 web-a@10.0.0.1:8080
    "#]]
    .assert_eq(&routed(cluster));
    let leaving = "
        node a
        service shop/web port=http:80:8080 publish
        pod shop/web-b node=a leaving ip=10.0.0.2";
    let last = routes(&fixture::parse(leaving));
    assert!(last[0].ports[0].endpoints[0].terminating, "a last resort holds up nobody's stop");
}

// F13, C49
#[test]
fn a_stall_of_the_control_plane_empties_no_service() {
    let silent = "
        node a silent=2
        node b silent=2
        service shop/web port=http:80:8080
        service shop/legacy bare port=http:80
        slice shop/mine of=legacy by=me port=http:8080 endpoint=x@10.9.9.9@a@rs endpoint=y@10.9.9.8@a@rst
        pod shop/web-a node=a ready ip=10.0.0.1
        pod shop/web-b node=b ip=10.0.0.2
        pod shop/web-c node=b ready leaving ip=10.0.0.3";
    expect![[r#"
        shop/legacy 10.1.0.1 http:80 x@10.9.9.9:8080
        shop/web 10.1.0.1 http:80 web-a@10.0.0.1:8080
    "#]]
    .assert_eq(&routed(silent));
    let with_another = format!("{silent}\nnode c\npod shop/web-d node=c ready ip=10.0.0.4");
    expect![[r#"
        shop/legacy 10.1.0.1 http:80 x@10.9.9.9:8080
        shop/web 10.1.0.1 http:80 web-d@10.0.0.4:8080
    "#]]
    .assert_eq(&routed(&with_another));
    let with_one_leaving = format!("{silent}\nnode c\npod shop/web-d node=c ready leaving ip=10.0.0.4");
    assert!(routed(&with_one_leaving).contains("http:80 web-d@10.0.0.4:8080\n"), "one that answers comes first");
}

#[test]
fn after_a_restart_of_the_control_plane_traffic_goes_on() {
    let cluster = |now: i64| {
        format!(
            "now {now}
        started 100
        node a never
        node b
        service shop/web port=http:80:8080
        pod shop/web-a node=a ready ip=10.0.0.1
        pod shop/web-b node=b ready ip=10.0.0.2"
        )
    };
    expect![[r#"
        shop/web 10.1.0.1 http:80 web-a@10.0.0.1:8080 web-b@10.0.0.2:8080
    "#]]
    .assert_eq(&routed(&cluster(105)));
    expect![[r#"
        shop/web 10.1.0.1 http:80 web-b@10.0.0.2:8080
    "#]]
    .assert_eq(&routed(&cluster(110)));
    assert_eq!(plan(&fixture::parse(&cluster(105))).wake_at, Some(fixture::at(110)));
}

#[test]
fn labels_of_a_service_reach_its_slices() {
    let mut world = World::new("service shop/web port=http:80");
    world.run(plan);
    let name = NamespacedName::new("shop", "web");
    let change = |object: &mut serde_json::Value| object["metadata"]["labels"] = serde_json::json!({"tier": "front"});
    world.edit(&api::resource::SERVICES, &name, change, crate::Part::Main);
    let plan_of_labels = plan(&world.snapshot);
    let [Action::Patch { resource, patch, .. }] = &plan_of_labels.actions[..] else { panic!("{plan_of_labels}") };
    assert_eq!(**resource, ENDPOINT_SLICES);
    assert_eq!(patch["metadata"]["labels"]["tier"], "front");
    world.apply(&plan_of_labels);
    assert!(plan(&world.snapshot).is_settled());
}
