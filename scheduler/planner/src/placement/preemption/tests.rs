//! Who goes, who stays, and that it ends.

use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::placement::plan;
use crate::testing::fixture;
use crate::testing::world::World;
use crate::{Action, Plan};

/// What a plan does about Pods in the way: `-victim` and `preemptor@node`.
fn moves(plan: &Plan) -> String {
    let shown = plan.actions.iter().filter_map(|action| match action {
        Action::Delete { name, .. } => Some(format!("-{}", name.name)),
        Action::Bind { pod, node, .. } => Some(format!("{}={node}", pod.name)),
        Action::Patch { name, patch, .. } => {
            let node = patch.pointer("/status/nominatedNodeName")?;
            Some(format!("{}@{}", name.name, node.as_str().unwrap_or("none")))
        }
        _ => None,
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn check(cluster: &str, expected: &Expect) {
    expected.assert_eq(&moves(&plan(&fixture::parse(cluster))));
}

#[test]
fn the_fewest_and_least_important_pods_go() {
    check(
        r#"
        node a cpu=4
        pod s/low node=a cpu=1 spec={"priority":1}
        pod s/mid node=a cpu=1 spec={"priority":2}
        pod s/big node=a cpu=2 spec={"priority":1} at=9
        pod s/new cpu=1 spec={"priority":5}"#,
        &expect!["-big new@a"],
    );
    check(
        r#"
        node a cpu=2
        node b cpu=2
        pod s/one node=a cpu=2 spec={"priority":3}
        pod s/two node=b cpu=1 spec={"priority":1}
        pod s/three node=b cpu=1 spec={"priority":1}
        pod s/new cpu=2 spec={"priority":5}"#,
        &expect!["-three -two new@b"],
    );
}

#[test]
fn equals_betters_and_the_peaceful_evict_nobody() {
    for spec in [
        r#"{"priority":1}"#,
        r#"{"priority":5,"preemptionPolicy":"Never"}"#,
        r#"{"priority":5,"nodeSelector":{"x":"y"}}"#,
    ] {
        let cluster =
            format!("node a cpu=1\npod s/old node=a cpu=1 spec={{\"priority\":1}}\npod s/new cpu=1 spec={spec}");
        assert_eq!(moves(&plan(&fixture::parse(&cluster))), "", "{spec}");
    }
    check("node a cpu=1\npod s/new cpu=2 spec={\"priority\":5}\npod s/old node=a cpu=1", &expect![[""]]);
}

#[test]
fn room_that_is_being_given_up_is_waited_for_and_kept() {
    check(
        r#"
        node a cpu=2
        pod s/going node=a cpu=1 leaving
        pod s/old node=a cpu=1
        pod s/new cpu=1 spec={"priority":5}"#,
        &expect!["new@a"],
    );
    check(
        r#"
        node a cpu=3
        pod s/old node=a cpu=2 leaving
        pod s/new cpu=2 spec={"priority":5} status={"nominatedNodeName":"a"}
        pod s/thief cpu=1"#,
        &expect!["new@a"],
    );
}

#[test]
fn relations_between_pods_count() {
    let apart = r#"{"priority":5,"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"old"}}}]}}}"#;
    let cluster =
        format!("node a cpu=4\npod s/old node=a cpu=1 app=old\npod s/other node=a cpu=1\npod s/new cpu=1 spec={apart}");
    let snapshot = fixture::parse(&cluster);
    assert!(moves(&plan(&snapshot)).starts_with("-old"), "{}", plan(&snapshot));
}

#[test]
fn what_a_budget_protects_goes_last() {
    let text = "node a cpu=2\npod s/kept node=a cpu=1 app=kept at=9\npod s/other node=a cpu=1 app=other at=1\n\
                pod s/new cpu=1 spec={\"priority\":5}";
    assert!(moves(&plan(&fixture::parse(text))).starts_with("-kept"), "the younger of equals");
    let mut snapshot = fixture::parse(text);
    let budget = serde_json::json!({
        "metadata": {"name": "b", "namespace": "s"},
        "spec": {"selector": {"matchLabels": {"app": "kept"}}},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1},
    });
    let budget = serde_json::from_value(budget).expect("a budget");
    let name = api::NamespacedName::new("s", "b");
    snapshot.pod_disruption_budgets.insert(name, Arc::new(budget));
    assert!(moves(&plan(&snapshot)).starts_with("-other"), "{}", plan(&snapshot));
}

fn cluster(nodes: &[u8], placed: &[(u8, u8, u8)], waiting: &[(u8, u8)]) -> String {
    let mut text = String::new();
    for (at, cpu) in nodes.iter().enumerate() {
        text.push_str(&format!("node n{at} cpu={cpu}\n"));
    }
    let mut used = vec![0; nodes.len()];
    for (at, (node, cpu, priority)) in placed.iter().enumerate() {
        let node = usize::from(*node) % nodes.len();
        if used[node] + cpu > nodes[node] {
            continue;
        }
        used[node] += cpu;
        text.push_str(&format!("pod s/p{at} node=n{node} cpu={cpu} spec={{\"priority\":{priority}}}\n"));
    }
    for (at, (cpu, priority)) in waiting.iter().enumerate() {
        text.push_str(&format!("pod s/w{at} cpu={cpu} at={at} spec={{\"priority\":{priority}}}\n"));
    }
    text
}

proptest! {
    /// Safety: every victim makes room for a strictly more important Pod. Liveness: it ends, and then nobody who could
    /// have room by preemption waits.
    #[test]
    fn only_lesser_pods_go_and_it_ends(
        nodes in prop::collection::vec(1_u8..6, 1..4),
        placed in prop::collection::vec((0_u8..4, 1_u8..3, 0_u8..4), 0..10),
        waiting in prop::collection::vec((1_u8..4, 0_u8..4), 1..6),
    ) {
        let mut world = World::new(&cluster(&nodes, &placed, &waiting));
        for _ in 0..200 {
            let plan = plan(&world.snapshot);
            let highest = world.snapshot.pods.values().filter(|pod| pod::node(pod).is_none()).map(|pod| priority(pod)).max();
            for action in &plan.actions {
                if let Action::Delete { name, .. } = action {
                    let victim = &world.snapshot.pods[name];
                    prop_assert!(Some(priority(victim)) < highest, "{name} goes for nobody better");
                    prop_assert!(!pod::is_terminating(victim));
                }
            }
            if !world.round() {
                break;
            }
        }
        world.settle();
        for (name, pod) in world.snapshot.pods.iter().filter(|(_, pod)| pod::node(pod).is_none() && pod::is_active(pod)) {
            let mut field = Field::new(&world.snapshot);
            let class = Class::new(&mut field, (name, pod), pod::spec(pod).expect("a spec"));
            prop_assert_eq!(judge(&field, &class, (name, pod)), Verdict::Hopeless, "{} still waits", name);
        }
    }
}
