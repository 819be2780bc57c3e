//! ReplicaSets: how many Pods, and which ones go.

use std::sync::Arc;

use expect_test::expect;
use serde_json::{Value, json};

use super::*;
use crate::testing::world::World;
use crate::testing::{check, fixture, text};

/// The events of a plan: who comes and who goes.
fn told(cluster: &str) -> String {
    let plan = plan(&fixture::parse(cluster));
    let events = plan.actions.iter().filter_map(|action| match action {
        Action::Event { message, .. } => Some(format!("{message}\n")),
        _ => None,
    });
    events.collect()
}

// C5
#[test]
fn missing_pods_are_created_and_none_beyond() {
    let cluster = "
        rs shop/web-1 replicas=3
        pod shop/web-1-a of=web-1 node=a ready
        pod shop/web-1-b of=web-1 node=a leaving
        pod shop/web-1-c of=web-1 node=a phase=Failed
        pod shop/other of=web-9 node=a ready app=web";
    check(
        plan,
        cluster,
        &expect![[r#"
        create pods shop/web-1-z8gtw
        event Normal SuccessfulCreate replicasets.apps shop/web-1: Created pod: web-1-z8gtw
        create pods shop/web-1-pn782
        event Normal SuccessfulCreate replicasets.apps shop/web-1: Created pod: web-1-pn782
        patch replicasets.apps/status shop/web-1 status.availableReplicas=1 status.fullyLabeledReplicas=1 status.observedGeneration=1 status.readyReplicas=1 status.replicas=1 status.terminatingReplicas=1
    "#]],
    );
}

// C59
#[test]
fn victims_are_unbound_then_pending_then_unready_then_cheap_then_crowded_then_newest() {
    let pods = [
        "unbound",
        "pending node=a pending",
        "unready node=a",
        "young node=a ready=99",
        "cheap node=a ready cost=-1",
        "crowded1 node=a ready at=1",
        "crowded2 node=a ready at=2",
        "newer node=b ready at=9",
        "older node=c ready at=3",
    ];
    let mut order = String::new();
    let mut left: Vec<_> = pods.to_vec();
    while left.len() > 1 {
        let lines: String = left.iter().map(|pod| format!("pod shop/{pod} of=web-1\n")).collect();
        let cluster = format!("rs shop/web-1 replicas={} minready=10\n{lines}", left.len() - 1);
        let victim = told(&cluster).trim().rsplit(' ').next().unwrap().to_owned();
        order += &format!("{victim} ");
        left.retain(|pod| pod.split(' ').next() != Some(&victim));
    }
    expect!["unbound pending unready young cheap crowded2 newer older "].assert_eq(&order);
}

#[test]
fn many_victims_leave_the_rest_even() {
    let pods: String =
        (0..12).map(|n| format!("pod shop/p{n:02} of=web-1 node={} ready\n", ["a", "b", "c"][n / 5])).collect();
    let mut world = World::new(&format!("node a\nnode b\nnode c\nrs shop/web-1 replicas=6\n{pods}"));
    world.run(plan);
    expect![[r#"
        web-1: a=2 b=2 c=2
    "#]]
    .assert_eq(&world.layout());
}

#[test]
fn pods_on_a_lost_node_are_not_ready() {
    let cluster = "
        node a silent=60 ready=Unknown
        node b
        rs shop/web-1 replicas=2
        pod shop/web-1-a of=web-1 node=a ready
        pod shop/web-1-b of=web-1 node=b ready";
    check(
        plan,
        cluster,
        &expect![[r#"
        patch replicasets.apps/status shop/web-1 status.availableReplicas=1 status.fullyLabeledReplicas=2 status.observedGeneration=1 status.readyReplicas=1 status.replicas=2
    "#]],
    );
}

// C7
#[test]
fn orphans_are_adopted_and_strangers_released() {
    let cluster = "
        rs shop/web-1 replicas=1
        pod shop/orphan app=web node=a ready spec={}
        pod shop/strange of=web-1 app=db node=a ready";
    let mut world = World::new(cluster);
    let labels = |object: &mut Value| object["metadata"]["labels"]["pod-template-hash"] = "1".into();
    world.edit(&PODS, &NamespacedName::new("shop", "orphan"), labels, Part::Main);
    expect![[r#"
        patch pods shop/strange metadata.ownerReferences=[]
        patch pods shop/orphan metadata.ownerReferences=[rs-web-1]
        patch replicasets.apps/status shop/web-1 status.availableReplicas=1 status.fullyLabeledReplicas=1 status.observedGeneration=1 status.readyReplicas=1 status.replicas=1
    "#]].assert_eq(&text(&plan(&world.snapshot)));
}

// C5: a batch that is refused is not followed by larger ones.
#[test]
fn a_thousand_replicas_take_few_rounds_and_refused_ones_stay_few() {
    let mut world = World::new("limit 1000\nrs shop/web-1 replicas=1000");
    let mut batches = Vec::new();
    while world.snapshot.pods.len() < 1000 {
        let before = world.snapshot.pods.len();
        world.run(plan);
        batches.push(world.snapshot.pods.len() - before);
    }
    expect!["[32, 64, 192, 500, 212]"].assert_eq(&format!("{batches:?}"));
    assert_eq!(world.refused, Vec::<String>::new());
}

// F30
#[test]
fn pods_that_keep_failing_are_replaced_more_and_more_slowly() {
    let mut world = World::new("node a\nrs shop/web-1 replicas=1");
    world.broken.push("web-1-".to_owned());
    let mut times = Vec::new();
    let start = world.snapshot.now;
    world.settle();
    for _ in 0..6 {
        assert!(world.pass_to_wake(1000));
        times.push(world.snapshot.now.duration_since(start).as_secs());
        world.settle();
    }
    expect!["[10, 30, 70, 150, 310, 610]"].assert_eq(&format!("{times:?}"));
}

#[test]
fn nothing_is_made_in_a_namespace_that_is_leaving() {
    check(
        plan,
        "namespace shop leaving\nrs shop/web-1 replicas=3",
        &expect![[r#"
        patch replicasets.apps/status shop/web-1 status.observedGeneration=1 status.replicas=0
    "#]],
    );
}

// C53: routing has dropped a silent host long before its Node is lost.
#[test]
fn pods_on_a_silent_host_are_not_ready_and_go_first() {
    let cluster = "
        node a silent=2
        node b
        rs shop/web-1 replicas=1
        pod shop/web-1-a of=web-1 node=a ready
        pod shop/web-1-b of=web-1 node=b ready at=9";
    assert_eq!(told(cluster), "Deleted pod: web-1-a\n");
    let restarted =
        "now 105\nstarted 100\nnode a never\nrs shop/web-1 replicas=1\npod shop/web-1-a of=web-1 node=a ready";
    let plan = plan(&fixture::parse(restarted));
    assert!(text(&plan).contains("status.readyReplicas=1"), "after a restart hosts have the benefit of the doubt");
    assert_eq!(plan.wake_at, Some(fixture::at(110)), "until it ends");
}

#[test]
fn orphans_are_found_by_expressions_too() {
    let mut snapshot = fixture::parse("rs shop/web-1 replicas=1\npod shop/orphan app=web node=a ready");
    let name = snapshot.replica_sets.keys().next().unwrap().clone();
    let set = snapshot.replica_sets.get_mut(&name).unwrap();
    let selector = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]});
    Arc::make_mut(set).spec.selector = serde_json::from_value(selector).unwrap();
    assert!(text(&plan(&snapshot)).contains("patch pods shop/orphan metadata.ownerReferences=[rs-web-1]"));
}

// C64
#[test]
fn refused_pods_show_as_a_condition_while_some_are_missing() {
    let failure = |cluster: &str, why: Option<&str>| {
        let mut snapshot = fixture::parse(cluster);
        let refusals = why.map(|why| ("rs-web-1".to_owned(), why.to_owned()));
        snapshot.refusals = Arc::new(refusals.into_iter().collect());
        let plan = plan(&snapshot);
        let told = plan.actions.iter().find_map(|action| match action {
            Action::Patch { part: Part::Status, patch, .. } => patch.pointer("/status/conditions").cloned(),
            _ => None,
        });
        told.map(|conditions| format!("{} {}", conditions[0]["reason"], conditions[0]["message"]))
    };
    let missing = "rs shop/web-1 replicas=2\npod shop/web-1-a of=web-1 node=a ready";
    assert_eq!(failure(missing, Some("exceeded quota")).as_deref(), Some("\"FailedCreate\" \"exceeded quota\""));
    assert_eq!(
        failure("rs shop/web-1 replicas=1", Some("no")).as_deref(),
        Some("\"FailedCreate\" \"no\""),
        "the first, too"
    );
    assert_eq!(failure("rs shop/web-1 replicas=1\npod shop/web-1-a of=web-1 node=a ready", Some("no")), None);
    assert_eq!(failure(missing, None), None);
}
