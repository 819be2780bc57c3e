//! Placement: who goes where, who does not, and what the latter are told.

use expect_test::expect;

use super::*;
use crate::testing::{check, fixture};

/// Where Pods go: `pod=node`.
fn placed(cluster: &str) -> String {
    let plan = plan(&fixture::parse(cluster));
    let bound = plan.actions.iter().filter_map(|action| match action {
        Action::Bind { pod, node, .. } => Some(format!("{}={node}", pod.name)),
        _ => None,
    });
    bound.collect::<Vec<_>>().join(" ")
}

/// Why the first Pod that does not fit does not fit.
fn refused(cluster: &str) -> String {
    let plan = plan(&fixture::parse(cluster));
    let told = plan.actions.into_iter().find_map(|action| match action {
        Action::Event { reason: "FailedScheduling", message, .. } => Some(message),
        _ => None,
    });
    told.unwrap_or_default()
}

#[test]
fn a_pod_is_bound_where_most_is_free() {
    let cluster = "
        node a cpu=4
        node b cpu=4
        pod shop/x node=a cpu=1
        pod shop/y cpu=1";
    check(
        plan,
        cluster,
        &expect![[r#"
            bind shop/y to b
            event Normal Scheduled pods shop/y: Successfully assigned shop/y to b
        "#]],
    );
}

// C16, F33
#[test]
fn pods_of_one_plan_see_each_other() {
    let cluster = "node a cpu=1\nnode b cpu=1\npod s/x cpu=600m\npod s/y cpu=600m\npod s/z cpu=600m";
    assert_eq!(placed(cluster), "x=a y=b");
    assert_eq!(refused(cluster), "0/2 nodes are available: 2 Insufficient cpu.");
}

// C19
#[test]
fn a_large_pod_does_not_hold_up_small_ones_and_priority_goes_first() {
    let cluster = r#"
        node a cpu=1
        pod s/large cpu=5 spec={"priority":1000}
        pod s/small cpu=1
        pod s/dear cpu=1 spec={"priority":10}"#;
    assert_eq!(placed(cluster), "dear=a");
    assert_eq!(placed("node a cpu=1\npod s/old cpu=1 at=5\npod s/older cpu=1 at=4"), "older=a");
}

// C18
#[test]
fn every_reason_is_counted() {
    let cluster = r#"
        node a cpu=1 mem=1Ki
        node b taint=team=red:NoSchedule
        node c taint=team=red:NoSchedule
        node d cordoned
        node e silent=1
        node f pods=0
        node g label=disk=slow
        node h never
        pod s/x cpu=2 mem=1Gi spec={"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"disk","operator":"NotIn","values":["slow"]}]}]}}}}"#;
    expect!["0/8 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable, 2 node(s) had a host that does not answer, 2 node(s) had untolerated taint {team: red}."].assert_eq(&refused(cluster));
    assert_eq!(refused("pod s/x"), "no nodes available to schedule pods");
}

// C18
#[test]
fn a_pod_is_told_only_what_it_has_not_been_told() {
    let cluster = "node a cpu=1\npod s/x cpu=2 told=0/1_nodes_are_available:_1_Insufficient_cpu.";
    check(plan, cluster, &expect![[""]]);
    let cluster = "node a cpu=1\npod s/x cpu=2 told=no_nodes_available_to_schedule_pods";
    check(
        plan,
        cluster,
        &expect![[r#"
        patch pods/status s/x status.conditions=[Ready/False PodScheduled/False/Unschedulable]
        event Warning FailedScheduling pods s/x: 0/1 nodes are available: 1 Insufficient cpu.
    "#]],
    );
}

// C21
#[test]
fn pods_that_are_leaving_still_take_room_and_finished_ones_do_not() {
    assert_eq!(placed("node a cpu=1\npod s/x node=a cpu=1 leaving\npod s/y cpu=1"), "");
    assert_eq!(placed("node a cpu=1\npod s/x node=a cpu=1 phase=Succeeded\npod s/y cpu=1"), "y=a");
}

#[test]
fn replicas_of_one_owner_spread_over_nodes_and_zones() {
    let pods: String = (0..6).map(|n| format!("pod s/p{n} of=web-1\n")).collect();
    let cluster = format!("node a zone=x\nnode b zone=x\nnode c zone=y\n{pods}");
    assert_eq!(placed(&cluster), "p0=a p1=c p2=b p3=c p4=a p5=c");
}

#[test]
fn bare_pods_spread_because_pods_are_a_resource() {
    assert_eq!(placed("node a\nnode b\npod s/p0\npod s/p1\npod s/p2\npod s/p3"), "p0=a p1=b p2=a p3=b");
}

#[test]
fn host_ports_are_taken_once() {
    let cluster = "node a\npod s/x node=a hostport=80\npod s/y hostport=80\npod s/z hostport=81";
    assert_eq!(placed(cluster), "z=a");
    assert_eq!(
        refused(cluster),
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."
    );
}

#[test]
fn taints_are_tolerated_or_avoided() {
    let cluster = r#"
        node a taint=gpu=yes:NoSchedule
        node b taint=slow:PreferNoSchedule
        node c
        pod s/x spec={"tolerations":[{"key":"gpu","operator":"Exists"}],"nodeSelector":{"kubernetes.io/hostname":"a"}}
        pod s/y
        pod s/z"#;
    assert_eq!(placed(cluster), "x=a y=c z=c");
}

fn affinity(kind: &str, key: &str, app: &str) -> String {
    format!(
        r#"spec={{"affinity":{{"{kind}":{{"requiredDuringSchedulingIgnoredDuringExecution":[{{"topologyKey":"{key}","labelSelector":{{"matchLabels":{{"app":"{app}"}}}}}}]}}}}}}"#
    )
}

// C21
#[test]
fn anti_affinity_is_symmetric() {
    let far = affinity("podAntiAffinity", "kubernetes.io/hostname", "db");
    let own = format!("node a\nnode b\npod s/x app=db node=a\npod s/y app=web {far}");
    assert_eq!(placed(&own), "y=b");
    let others = format!("node a\nnode b\npod s/x app=web node=a {far}\npod s/y app=db");
    assert_eq!(placed(&others), "y=b");
    let full = format!("node a\npod s/x app=web node=a leaving {far}\npod s/y app=db");
    assert_eq!(refused(&full), "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.");
    let each_other = format!("node a\nnode b\npod s/x of=db-1 {far}\npod s/y of=db-1 {far}\npod s/z of=db-1 {far}");
    assert_eq!(placed(&each_other), "x=a y=b");
}

#[test]
fn affinity_follows_and_the_first_of_its_kind_may_start() {
    let near = affinity("podAffinity", "topology.kubernetes.io/zone", "db");
    let nodes = "node a zone=x\nnode b zone=y\nnode c\n";
    assert_eq!(placed(&format!("{nodes}pod s/x app=db node=b\npod s/y app=web {near}")), "y=b");
    assert_eq!(placed(&format!("{nodes}pod s/y app=web {near}")), "");
    assert_eq!(placed(&format!("{nodes}pod s/x app=db {near}\npod s/y app=db {near}")), "x=a y=a");
}

fn spread(when: &str, more: &str) -> String {
    format!(
        r#"spec={{"topologySpreadConstraints":[{{"maxSkew":1,"topologyKey":"kubernetes.io/hostname","whenUnsatisfiable":"{when}","labelSelector":{{"matchLabels":{{"app":"web"}}}}{more}}}]}}"#
    )
}

// C22
#[test]
fn spread_constraints_bound_the_skew_per_revision_if_asked() {
    let hard = spread("DoNotSchedule", "");
    let uneven = "node a\nnode b cordoned\npod s/x app=web node=a\n";
    assert_eq!(
        refused(&format!("{uneven}pod s/y app=web {hard}")),
        "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable."
    );
    let soft = spread("ScheduleAnyway", "");
    assert_eq!(placed(&format!("{uneven}pod s/y app=web {soft}")), "y=a");
    let two = "node a\nnode b\npod s/x of=web-1 node=a\npod s/w of=web-1 node=a\n";
    assert_eq!(placed(&format!("{two}pod s/y of=web-2 {soft}")), "y=b");
    let per_revision = spread("DoNotSchedule", r#","matchLabelKeys":["pod-template-hash"]"#);
    assert_eq!(placed(&format!("{uneven}pod s/y of=web-2 {per_revision}")), "y=a");
    let leaving = "node a\nnode b cordoned\npod s/x app=web node=a leaving\n";
    assert_eq!(placed(&format!("{leaving}pod s/y app=web {hard}")), "y=a");
}

#[test]
fn spread_by_revision_is_hard_where_it_counts() {
    let hard = spread("DoNotSchedule", r#","matchLabelKeys":["pod-template-hash"]"#);
    let pods: String = (0..4).map(|n| format!("pod s/p{n} of=web-2 {hard}\n")).collect();
    let cluster = format!("node a\nnode b pods=1\npod s/x of=web-1 node=a\n{pods}");
    assert_eq!(placed(&cluster), "p0=a p1=b p2=a");
}

#[test]
fn preferences_decide_between_equals() {
    let near = r#"spec={"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":10,"preference":{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}}]}}}"#;
    assert_eq!(placed(&format!("node a\nnode b label=disk=ssd\npod s/x {near}")), "x=b");
    let with = r#"spec={"affinity":{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":10,"podAffinityTerm":{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"db"}}}}]}}}"#;
    assert_eq!(placed(&format!("node a\nnode b\npod s/db node=b\npod s/x {with}")), "x=b");
}

#[test]
fn gated_foreign_and_leaving_pods_are_left_alone() {
    let cluster = r#"
        node a
        pod s/foreign spec={"schedulerName":"other"}
        pod s/gated spec={"schedulingGates":[{"name":"wait"}]}
        pod s/going leaving"#;
    check(
        plan,
        cluster,
        &expect![[r#"
        patch pods/status s/gated status.conditions=[Ready/False PodScheduled/False/SchedulingGated]
    "#]],
    );
}

// C25: nothing here looks at Pods that are placed.
#[test]
fn placed_pods_are_never_moved() {
    assert_eq!(plan(&fixture::parse("node a cpu=0 cordoned label=x=y\npod s/x node=a cpu=9")).to_string(), "");
}

#[test]
fn a_thousand_pods_on_ten_nodes_fit_evenly_in_one_plan() {
    let nodes: String = (0..10).map(|n| format!("node n{n} cpu=100\n")).collect();
    let pods: String = (0..1000).map(|n| format!("pod s/p{n:04} of=web-1 cpu=10m\n")).collect();
    let plan = plan(&fixture::parse(&format!("limit 5000\n{nodes}{pods}")));
    let mut counts = BTreeMap::new();
    for action in &plan.actions {
        if let Action::Bind { node, .. } = action {
            *counts.entry(node.clone()).or_insert(0) += 1;
        }
    }
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [100; 10]);
}

#[test]
fn bare_pods_that_are_alike_share_a_class_and_different_ones_do_not() {
    let pods: String = (0..200).map(|n| format!("pod s/p{n:03} app=x cpu={}m\n", 100 + n % 2)).collect();
    assert_eq!(placed(&format!("node a cpu=40\n{pods}")).split(' ').count(), 200);
    let different: String = (0..100).map(|n| format!("pod s/p{n:03} app=x cpu={}m\n", 100 + n)).collect();
    assert_eq!(placed(&format!("node a cpu=40\n{different}")).split(' ').count(), 100);
}
