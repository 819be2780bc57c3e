//! Who leaves a tainted Node, and when.

use expect_test::expect;

use super::*;
use crate::testing::check;

const LOST: &str = "
    now 100
    node a silent=20 taint=node.kubernetes.io/unreachable:NoExecute@94
    node b
";

#[test]
fn pods_of_a_lost_node_are_removed_at_once_when_their_patience_ends() {
    check(
        plan,
        &format!("{LOST} pod s/x node=a\npod s/y node=b"),
        &expect![[r#"
        delete pods s/x grace=0s
        event Normal TaintManagerEviction pods s/x: Marking for deletion Pod s/x
    "#]],
    );
    check(
        plan,
        &format!("{LOST} pod s/x node=a leaving"),
        &expect![[r#"
        delete pods s/x grace=0s
        event Normal TaintManagerEviction pods s/x: Marking for deletion Pod s/x
    "#]],
    );
    check(plan, &format!("{LOST} pod s/x node=a phase=Succeeded"), &expect![[""]]);
}

// C23
#[test]
fn tolerations_win_and_their_seconds_count_from_the_taint() {
    let with = |seconds: &str| {
        let toleration = format!(r#"{{"key":"node.kubernetes.io/unreachable","operator":"Exists"{seconds}}}"#);
        format!(r#"{LOST} pod s/x node=a spec={{"tolerations":[{toleration}]}}"#)
    };
    check(plan, &with(""), &expect![[""]]);
    check(
        plan,
        &with(r#","tolerationSeconds":300"#),
        &expect![[r#"
        wake @394
    "#]],
    );
    check(
        plan,
        &with(r#","tolerationSeconds":6"#),
        &expect![[r#"
        delete pods s/x grace=0s
        event Normal TaintManagerEviction pods s/x: Marking for deletion Pod s/x
    "#]],
    );
}

// C23
#[test]
fn a_node_that_is_heard_again_keeps_its_pods() {
    check(plan, "node a taint=node.kubernetes.io/unreachable:NoExecute@1\npod s/x node=a", &expect![[""]]);
}

// C30
#[test]
fn a_pod_with_a_claim_waits_for_someone_who_knows() {
    let claim = r#"spec={"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"d"}}]}"#;
    check(plan, &format!("{LOST} pod s/x node=a {claim}"), &expect![[""]]);
}

#[test]
fn other_taints_evict_with_grace() {
    check(
        plan,
        "node a taint=drain=now:NoExecute@100\npod s/x node=a\npod s/y node=a leaving",
        &expect![[r#"
        delete pods s/x
        event Normal TaintManagerEviction pods s/x: Marking for deletion Pod s/x
    "#]],
    );
}

// C28
#[test]
fn the_brake_stops_what_the_taints_have_begun() {
    let lost =
        |n: &str| format!("node {n} silent=20 taint=node.kubernetes.io/unreachable:NoExecute@1\npod s/{n} node={n}\n");
    check(plan, &format!("{}{}{}node d", lost("a"), lost("b"), lost("c")), &expect![[""]]);
    check(plan, &lost("a"), &expect![[""]]);
}
