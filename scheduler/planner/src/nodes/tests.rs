//! Nodes and their hosts.

use expect_test::expect;

use super::*;
use crate::testing::world::World;
use crate::testing::{check, fixture, text};

#[test]
fn a_host_that_dials_makes_its_node_ready() {
    check(
        plan,
        "node a ready=Unknown taint=node.kubernetes.io/not-ready:NoSchedule",
        &expect![[r#"
        patch nodes/status a status.conditions=[Ready/True/HostReady]
        event Normal NodeReady nodes a: Node a status is now: NodeReady
    "#]],
    );
    check(
        plan,
        "node a taint=node.kubernetes.io/unreachable:NoExecute@90",
        &expect![[r#"
        patch nodes a spec.taints=[]
    "#]],
    );
}

#[test]
fn silence_counts_after_five_seconds() {
    check(
        plan,
        "node a silent=3\nnode b",
        &expect![[r#"
        wake @102
    "#]],
    );
    check(
        plan,
        "node a silent=5\nnode b",
        &expect![[r#"
        patch nodes/status a status.conditions=[Ready/Unknown/NodeStatusUnknown]
        event Warning NodeNotReady nodes a: Node a status is now: NodeNotReady
    "#]],
    );
    check(
        plan,
        "node a silent=5 ready=Unknown message=host_stopped_answering\nnode b",
        &expect![[r#"
        patch nodes a spec.taints=[node.kubernetes.io/unreachable/NoSchedule/@100 node.kubernetes.io/unreachable/NoExecute/@100]
    "#]],
    );
}

#[test]
fn a_node_that_never_dialled_has_the_benefit_of_the_doubt() {
    check(
        plan,
        "now 105\nstarted 100\nnode a never\nnode b",
        &expect![[r#"
        wake @110
    "#]],
    );
    check(
        plan,
        "now 116\nstarted 100\nnode a never\nnode b",
        &expect![[r#"
        patch nodes/status a status.conditions=[Ready/Unknown/NodeStatusUnknown]
        event Warning NodeNotReady nodes a: Node a status is now: NodeNotReady
    "#]],
    );
}

#[test]
fn nodes_are_given_up_one_by_one() {
    let cluster = "
        now 100
        node a silent=20 ready=Unknown message=host_stopped_answering taint=node.kubernetes.io/unreachable:NoSchedule@85 taint=node.kubernetes.io/unreachable:NoExecute@95
        node b silent=15 ready=Unknown message=host_stopped_answering taint=node.kubernetes.io/unreachable:NoSchedule@90
        node c
        node d";
    check(
        plan,
        cluster,
        &expect![[r#"
        wake @105
    "#]],
    );
}

// C28, F26
#[test]
fn the_brake_holds_when_most_are_lost_and_says_so() {
    let cluster = "node a silent=9\nnode b silent=9\nnode c silent=9\nnode d\nnode e";
    check(
        plan,
        cluster,
        &expect![[r#"
        patch nodes/status a status.conditions=[Ready/Unknown/NodeStatusUnknown]
        event Warning NodeNotReady nodes a: Node a status is now: NodeNotReady
        event Warning EvictionsHeld nodes a: host stopped answering; its Pods stay: most nodes do not answer, which looks like a network fault
        patch nodes/status b status.conditions=[Ready/Unknown/NodeStatusUnknown]
        event Warning NodeNotReady nodes b: Node b status is now: NodeNotReady
        event Warning EvictionsHeld nodes b: host stopped answering; its Pods stay: most nodes do not answer, which looks like a network fault
        patch nodes/status c status.conditions=[Ready/Unknown/NodeStatusUnknown]
        event Warning NodeNotReady nodes c: Node c status is now: NodeNotReady
        event Warning EvictionsHeld nodes c: host stopped answering; its Pods stay: most nodes do not answer, which looks like a network fault
    "#]],
    );
}

#[test]
fn cordons_become_taints_and_taints_get_their_time() {
    check(
        plan,
        "node a cordoned",
        &expect![[r#"
        patch nodes a spec.taints=[node.kubernetes.io/unschedulable/NoSchedule/@100]
    "#]],
    );
    check(
        plan,
        "node a taint=node.kubernetes.io/unschedulable:NoSchedule",
        &expect![[r#"
        patch nodes a spec.taints=[]
    "#]],
    );
    check(
        plan,
        "node a taint=drain=now:NoExecute",
        &expect![[r#"
        patch nodes a spec.taints=[drain/NoExecute/@100]
    "#]],
    );
}

// The loss of one of two hosts: its Pods are elsewhere within twelve seconds.
#[test]
fn one_of_two_hosts_dies_and_its_pods_move_within_twelve_seconds() {
    let mut world = World::new("node a\nnode b\ndeploy shop/web replicas=4");
    world.settle();
    let died = world.snapshot.now;
    world.set_session("a", false);
    world.settle();
    while world.layout().contains("a=") {
        assert!(world.pass_to_wake(60), "{}", world.pending());
        world.settle();
    }
    let took = world.snapshot.now.duration_since(died).as_secs();
    assert!((5..=11).contains(&took), "{took}");
    assert!(world.layout().ends_with("b=4\n"), "{}", world.layout());
}

// F25: a link that flaps costs no Pod.
#[test]
fn a_flapping_link_evicts_nobody() {
    let mut world = World::new("node a\nnode b\ndeploy shop/web replicas=4");
    world.settle();
    let before: Vec<_> = world.snapshot.pods.keys().cloned().collect();
    for _ in 0..150 {
        world.set_session("a", false);
        world.settle();
        world.pass(1);
        world.settle();
        world.set_session("a", true);
        world.settle();
        world.pass(1);
        world.settle();
    }
    let after: Vec<_> = world.snapshot.pods.keys().cloned().collect();
    assert_eq!(before, after);
}

// C27: time that jumps for the wall clock does not jump here; a frozen `now` evicts nobody.
#[test]
fn a_return_in_time_cancels_the_eviction() {
    let mut world = World::new("node a\nnode b\ndeploy shop/web replicas=2");
    world.settle();
    let before: Vec<_> = world.snapshot.pods.keys().cloned().collect();
    world.set_session("a", false);
    world.pass(8);
    world.settle();
    world.set_session("a", true);
    world.settle();
    world.pass(600);
    world.settle();
    let after: Vec<_> = world.snapshot.pods.keys().cloned().collect();
    assert_eq!(before, after);
    assert!(world.snapshot.nodes.values().all(|node| node::taints(node).is_empty()));
}

// F26
#[test]
fn sixty_percent_of_hosts_vanish_and_nothing_stampedes() {
    let nodes: String = (0..10).map(|n| format!("node n{n}\n")).collect();
    let mut world = World::new(&format!("{nodes}deploy shop/web replicas=30"));
    world.settle();
    let before: Vec<_> = world.snapshot.pods.keys().cloned().collect();
    for n in 0..6 {
        world.set_session(&format!("n{n}"), false);
    }
    for _ in 0..60 {
        world.pass(5);
        world.settle();
    }
    let after: Vec<_> = world.snapshot.pods.keys().cloned().collect();
    assert_eq!(before, after);
}

#[test]
fn a_lost_node_that_is_being_deleted_holds_up_no_other() {
    let lost = "ready=Unknown message=host_stopped_answering taint=node.kubernetes.io/unreachable:NoSchedule@85";
    check(
        plan,
        &format!("node a silent=50 leaving finalizer=x {lost}\nnode b silent=20 {lost}\nnode c\nnode d"),
        &expect![[r#"
        patch nodes b spec.taints=[node.kubernetes.io/unreachable/NoSchedule/@85 node.kubernetes.io/unreachable/NoExecute/@100]
    "#]],
    );
}

// C28: machines that were thrown away without a word do not pull the brake for good.
#[test]
fn dead_nodes_without_pods_do_not_hold_up_the_next_eviction() {
    let lost = "ready=Unknown message=host_stopped_answering taint=node.kubernetes.io/unreachable:NoSchedule@50";
    let dead: String = (0..4)
        .map(|n| format!("node dead{n} silent=90 {lost} taint=node.kubernetes.io/unreachable:NoExecute@5{n}\n"))
        .collect();
    let cluster = format!("{dead}node a silent=9 {lost}\nnode b\nnode c\npod s/done node=dead0 phase=Succeeded\n");
    assert_eq!(Brake::of(&fixture::parse(&cluster)), Brake::Open(std::time::Duration::from_secs(10)));
    assert!(text(&plan(&fixture::parse(&cluster))).starts_with("patch nodes a spec.taints="));
    let held: String = (0..4).map(|n| format!("pod s/p{n} node=dead{n}\n")).collect();
    let with_pods = fixture::parse(&format!("{cluster}{held}"));
    assert_eq!(Brake::of(&with_pods), Brake::Pulled { lost: 5, total: 7 });
}
