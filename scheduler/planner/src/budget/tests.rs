//! Budgets: what they expect, what they allow, and what they cannot tell.

use expect_test::{Expect, expect};

use super::*;
use crate::testing::fixture;

const WEB: &str = "node a\nnode b\ndeploy s/web replicas=4\nrs s/web-1 of=web replicas=4\n";

/// Four Pods of a Deployment; the first `ready` are ready.
fn web(ready: usize) -> String {
    let pod = |n: usize| format!("pod s/web-1-{n} of=web-1 node=a {}\n", if n < ready { "ready" } else { "" });
    format!("{WEB}{}", (0..4).map(pod).collect::<String>())
}

/// `expected desired healthy allowed reason`
fn outcome(cluster: &str) -> String {
    let snapshot = fixture::parse(cluster);
    let plan = plan(&snapshot);
    let Some(crate::Action::Patch { patch, resource_version, .. }) = plan.actions.first() else { return String::new() };
    assert!(resource_version.is_some(), "a status that is not guarded gives permissions back");
    let number = |key: &str| patch["status"][key].to_string();
    let reason = patch["status"]["conditions"][0]["reason"].as_str().unwrap_or_default();
    ["expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed"].map(number).join(" ") + " " + reason
}

// C63
#[test]
fn percentages_round_up_and_count_what_the_owner_asks_for() {
    for (budget, wanted) in [
        ("min=2", "4 2 3 1 SufficientPods"),
        ("min=3", "4 3 3 0 InsufficientPods"),
        ("min=50%", "4 2 3 1 SufficientPods"),
        ("min=51%", "4 3 3 0 InsufficientPods"),
        ("max=1", "4 3 3 0 InsufficientPods"),
        ("max=2", "4 2 3 1 SufficientPods"),
        ("max=26%", "4 2 3 1 SufficientPods"),
        ("max=100%", "4 0 3 3 SufficientPods"),
        ("max=9", "4 0 3 3 SufficientPods"),
        ("min=1 app=nobody", "0 1 0 0 InsufficientPods"),
        ("max=1 all", "4 3 3 0 InsufficientPods"),
    ] {
        assert_eq!(outcome(&format!("{}budget s/web {budget}", web(3))), wanted, "{budget}");
    }
}

// C63
#[test]
fn pods_that_leave_or_are_not_heard_are_not_healthy() {
    let cluster =
        web(4).replace("node b", "node b silent=60").replace("web-1-0 of=web-1 node=a", "web-1-0 of=web-1 node=b");
    let cluster = cluster.replace("web-1-1 of=web-1", "web-1-1 leaving of=web-1");
    assert_eq!(outcome(&format!("{cluster}budget s/web min=1")), "4 1 2 1 SufficientPods");
}

#[test]
fn several_owners_add_up_and_stateful_sets_are_among_them() {
    let cluster = "deploy s/a replicas=3\nrs s/a-1 of=a\nrs s/a-2 of=a\nrs s/bare-1 replicas=2\nsts s/c replicas=4
        pod s/a-1-x of=a-1 app=web\npod s/a-2-x of=a-2 app=web\npod s/bare-x of=bare-1 app=web\npod s/c-0 sts=c app=web
        pod s/lone app=web";
    assert_eq!(outcome(&format!("{cluster}\nbudget s/web max=2")), "9 7 0 0 InsufficientPods");
}

#[test]
fn an_owner_without_a_scale_says_why_nothing_may_go() {
    let cluster = "node a\nds s/log\npod s/log-a ds=log node=a ready\nbudget s/log max=1";
    assert_eq!(outcome(cluster), "0 0 0 0 SyncFailed");
    check(
        cluster,
        &expect![[r#"
            patch poddisruptionbudgets.policy/status s/log status.conditions=[DisruptionAllowed/False/SyncFailed] status.currentHealthy=0 status.desiredHealthy=0 status.disruptionsAllowed=0 status.expectedPods=0 status.observedGeneration=1
            event Warning CalculateExpectedPodCountFailed poddisruptionbudgets.policy s/log: Failed to calculate the number of expected pods: daemonsets.apps does not implement the scale subresource
        "#]],
    );
    assert_eq!(outcome(&cluster.replace("max=1", "min=0")), "1 0 1 1 SufficientPods");
}

#[test]
fn an_announced_eviction_counts_until_it_is_seen_or_forgotten() {
    let at = |second| fixture::at(second).to_string();
    let announced = |second| format!(r#"status={{"disruptedPods":{{"web-1-0":"{}","gone":"{0}"}}}}"#, at(second));
    let cluster = format!("{}budget s/web min=1 {}", web(4), announced(90));
    assert_eq!(outcome(&cluster), "4 1 3 2 SufficientPods");
    assert_eq!(plan(&fixture::parse(&cluster)).wake_at, Some(fixture::at(210)));
    let cluster = format!("now 300\n{}budget s/web min=1 {}", web(4), announced(90));
    assert_eq!(outcome(&cluster), "4 1 4 3 SufficientPods");
}

#[track_caller]
fn check(cluster: &str, expected: &Expect) {
    crate::testing::check(plan, cluster, expected);
}
