//! Which Pods are removed.

use std::sync::Arc;

use api::NamespacedName;
use expect_test::expect;

use super::*;
use crate::testing::{check, fixture, text};

#[test]
fn pods_nobody_runs_are_removed() {
    let cluster = "
        node a
        pod s/fine node=a
        pod s/waiting
        pod s/lost node=gone
        pod s/unplaced leaving
        pod s/stopping node=a leaving
        pod s/done node=a phase=Succeeded";
    check(
        plan,
        cluster,
        &expect![[r#"
        delete pods s/lost grace=0s
        delete pods s/unplaced grace=0s
    "#]],
    );
}

#[test]
fn finished_pods_beyond_the_bound_go_oldest_first() {
    let pods: String = (0..5).map(|n| format!("pod s/p{n} node=a phase=Failed at={}\n", 9 - n)).collect();
    let mut snapshot = fixture::parse(&format!("node a\n{pods}"));
    snapshot.config.finished_pods_max = 3;
    expect![[r#"
        delete pods s/p4 grace=0s
        delete pods s/p3 grace=0s
    "#]]
    .assert_eq(&text(&plan(&snapshot)));
}

#[test]
fn pods_of_a_node_that_cannot_be_read_stay() {
    let mut snapshot = fixture::parse("pod s/p node=damaged");
    snapshot.unreadable = Arc::new([(&NODES, NamespacedName::new("", "damaged"))].into());
    assert!(plan(&snapshot).is_settled());
}
