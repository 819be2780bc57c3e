//! Autoscalers over a small cluster, by what their Pods use.

use std::sync::Arc;
use std::time::Duration;

use api::NamespacedName;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::testing::fixture::{at, json_merge, parse};
use crate::{Action, Amounts, PodUsage, Span, Usage, UsageOfNode};

/// Two replicas that ask for a core each.
const TWO: &str = "
    node a
    deploy s/web replicas=2
    pod s/web-1-a of=web-1 node=a ready=0 cpu=1 mem=1Gi
    pod s/web-1-b of=web-1 node=a ready=0 cpu=1 mem=1Gi
";

fn name() -> NamespacedName {
    NamespacedName::new("s", "web")
}

/// An autoscaler for `web`, between one and ten.
fn autoscaler(spec: &Value) -> Value {
    let mut whole = json!({
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 1,
        "maxReplicas": 10,
    });
    json_merge(&mut whole, spec);
    whole
}

fn half() -> Value {
    let target = json!({"type": "Utilization", "averageUtilization": 50});
    json!({"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]})
}

/// A cluster with an autoscaler called `web`.
struct World(Snapshot);

impl World {
    fn new(cluster: &str, spec: Value) -> Self {
        let mut world = Self(parse(cluster));
        for name in world.0.pods.clone().keys() {
            let pod = Arc::make_mut(world.0.pods.get_mut(name).unwrap());
            pod.status.as_mut().unwrap().start_time = pod.metadata.creation_timestamp.clone();
        }
        world.add("web", spec);
        world
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests write specs in place")]
    fn add(&mut self, name: &str, spec: Value) {
        let object = json!({
            "metadata": {"name": name, "namespace": "s", "uid": format!("hpa-{name}"), "resourceVersion": "1"},
            "spec": autoscaler(&spec),
        });
        let object = serde_json::from_value(object).unwrap();
        self.0.autoscalers.insert(NamespacedName::new("s", name), Arc::new(object));
    }

    /// Pods by their last letter, with thousandths of a core, MiB, and thousandths of a request.
    fn uses(&mut self, pods: &[(&str, u64, u64, u64)]) -> &mut Self {
        let span = Span { at: self.0.now, window: Duration::from_secs(5) };
        let of = |(letter, millis, mib, requests_milli): &(&str, u64, u64, u64)| {
            let amounts = Amounts { cpu_nanos: millis * 1_000_000, memory_bytes: mib << 20 };
            let containers = [("main".to_owned(), amounts)].into_iter().collect();
            (format!("pod-web-1-{letter}"), PodUsage { span, containers, requests_milli: *requests_milli })
        };
        let node = UsageOfNode { machine: None, pods: pods.iter().map(of).collect() };
        let nodes = [("a".to_owned(), Arc::new(node))].into_iter().collect();
        self.0.usage = Usage { revision: self.0.usage.revision + 1, nodes: Arc::new(nodes) };
        self
    }

    fn cpu(&mut self, pods: &[(&str, u64)]) -> &mut Self {
        let all: Vec<_> = pods.iter().map(|(letter, millis)| (*letter, *millis, 0, 0)).collect();
        self.uses(&all)
    }

    fn now(&mut self, second: i64) -> &mut Self {
        self.0.now = at(second);
        self
    }

    /// Plans, does what was planned, and tells it.
    fn step(&mut self) -> String {
        let plan = plan(&self.0);
        let mut lines: Vec<String> = plan.actions.iter().filter_map(|action| self.apply(action)).collect();
        self.0.scalings = Arc::new(plan.scalings.unwrap());
        lines.extend(plan.wake_at.map(|at| format!("wake @{}", at.as_second() - crate::testing::fixture::EPOCH)));
        lines.join("\n")
    }

    fn apply(&mut self, action: &Action) -> Option<String> {
        match action {
            Action::Patch { part: Part::Scale, patch, name, .. } => {
                let replicas = patch["spec"]["replicas"].as_i64().unwrap();
                let deployment = Arc::make_mut(self.0.deployments.get_mut(name).unwrap());
                deployment.spec.replicas = Some(i32::try_from(replicas).unwrap());
                Some(format!("scale {name} to {replicas}"))
            }
            Action::Patch { part: Part::Status, patch, name, .. } => {
                let autoscaler = Arc::make_mut(self.0.autoscalers.get_mut(name).unwrap());
                autoscaler.status = Some(serde_json::from_value(patch["status"].clone()).unwrap());
                let conditions = patch["status"]["conditions"].as_array().unwrap().iter();
                let shown = conditions.map(|c| {
                    let word = |key: &str| c[key].as_str().unwrap().to_owned();
                    format!("{}={} {}", word("type"), word("status"), word("reason"))
                });
                Some(format!("status {}", shown.collect::<Vec<_>>().join(", ")))
            }
            other => Some(other.to_string()),
        }
    }

    fn status(&self) -> Value {
        json!(self.0.autoscalers[&name()].status)
    }

    fn check(&mut self, expected: &Expect) -> &mut Self {
        expected.assert_eq(&self.step());
        self
    }
}

// C62
#[test]
fn a_busy_target_grows_at_once_and_a_quiet_one_shrinks_after_five_minutes() {
    let mut world = World::new(TWO, half());
    world.cpu(&[("a", 900), ("b", 900)]).check(&expect![[r#"
        scale s/web to 4
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 4; reason: cpu resource utilization (percentage of request) above target
        status AbleToScale=True ReadyForNewScale, ScalingActive=True ValidMetricFound, ScalingLimited=False DesiredWithinRange"#]]);
    world.now(101).check(&expect!["status AbleToScale=True SucceededRescale, ScalingActive=True ValidMetricFound, ScalingLimited=False DesiredWithinRange"]);
    assert_eq!(world.status()["lastScaleTime"], json!("2026-01-01T00:01:40Z"));
    assert_eq!(world.status()["currentMetrics"][0]["resource"]["current"]["averageUtilization"], 90);
    world.now(130).cpu(&[("a", 0), ("b", 0)]).check(&expect![[r#"
        status AbleToScale=True ScaleDownStabilized, ScalingActive=True ValidMetricFound, ScalingLimited=False DesiredWithinRange
        wake @430"#]]);
    world.now(135).check(&expect!["wake @430"]);
    world.now(429).check(&expect!["wake @430"]);
    world.now(430).check(&expect![[r#"
        scale s/web to 1
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 1; reason: All metrics below target
        status AbleToScale=True ReadyForNewScale, ScalingActive=True ValidMetricFound, ScalingLimited=True TooFewReplicas"#]]);
    world.now(431).check(&expect!["status AbleToScale=True SucceededRescale, ScalingActive=True ValidMetricFound, ScalingLimited=True TooFewReplicas"]);
    assert_eq!(world.status()["currentReplicas"], 1);
}

#[test]
fn what_stays_as_it_is_changes_nothing() {
    let mut world = World::new(TWO, half());
    world.cpu(&[("a", 500), ("b", 480)]).step();
    assert_eq!(world.step(), "", "planning twice is a no-op");
    world.now(103).cpu(&[("a", 510), ("b", 510)]).check(&expect!["wake @115"]);
    world.now(115).check(&expect!["status AbleToScale=True ReadyForNewScale, ScalingActive=True ValidMetricFound, ScalingLimited=False DesiredWithinRange"]);
    assert_eq!(world.step(), "");
}

// C62
#[test]
fn a_metric_outage_never_scales() {
    let mut world = World::new(TWO, half());
    world.check(&expect![[r#"
        status AbleToScale=True SucceededGetScale, ScalingActive=False FailedGetResourceMetric
        event Warning FailedGetResourceMetric horizontalpodautoscalers.autoscaling s/web: invalid metrics (1 invalid out of 1), first error is: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics are known of the target's pods yet"#]]);
    assert_eq!(world.step(), "", "said once");
    world.cpu(&[("a", 900), ("b", 900)]).check(&expect![[r#"
        scale s/web to 4
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 4; reason: cpu resource utilization (percentage of request) above target
        status AbleToScale=True ReadyForNewScale, ScalingActive=True ValidMetricFound, ScalingLimited=False DesiredWithinRange"#]]);
    world.now(200).check(&expect![[r#"
        status AbleToScale=True SucceededRescale, ScalingActive=False FailedGetResourceMetric, ScalingLimited=False DesiredWithinRange
        event Warning FailedGetResourceMetric horizontalpodautoscalers.autoscaling s/web: invalid metrics (1 invalid out of 1), first error is: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics are known of the target's pods yet"#]]);
}

#[test]
fn the_highest_metric_counts_and_one_that_cannot_be_read_only_keeps_replicas() {
    let memory = json!({"type": "Resource", "resource": {
        "name": "memory", "target": {"type": "AverageValue", "averageValue": "100Mi"}}});
    let requests = json!({"type": "Pods", "pods": {
        "metric": {"name": "insula.dev/requests-in-flight"}, "target": {"type": "AverageValue", "averageValue": "2"}}});
    let stranger = json!({"type": "External", "external": {
        "metric": {"name": "queue"}, "target": {"type": "Value", "value": "3"}}});
    let mut world = World::new(TWO, json!({"metrics": [memory, requests, stranger]}));
    world.uses(&[("a", 0, 120, 5_000), ("b", 0, 100, 3_500)]).check(&expect![[r#"
        scale s/web to 5
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 5; reason: pods metric insula.dev/requests-in-flight above target
        status AbleToScale=True ReadyForNewScale, ScalingActive=True ValidMetricFound, ScalingLimited=False DesiredWithinRange"#]]);
    world.now(120).uses(&[("a", 0, 10, 100), ("b", 0, 10, 100)]).check(&expect![[r#"
        status AbleToScale=True SucceededRescale, ScalingActive=False FailedGetExternalMetric, ScalingLimited=False DesiredWithinRange
        event Warning FailedGetExternalMetric horizontalpodautoscalers.autoscaling s/web: invalid metrics (1 invalid out of 3), first error is: no metrics of type External are served here; Resource, ContainerResource and Pods are"#]]);
    let shown = world.status()["currentMetrics"].to_string();
    expect![[r#"[{"resource":{"current":{"averageValue":"10485760"},"name":"memory"},"type":"Resource"},{"pods":{"current":{"averageValue":"100m"},"metric":{"name":"insula.dev/requests-in-flight"}},"type":"Pods"},{"external":{"current":{},"metric":{"name":"queue"}},"type":"External"}]"#]].assert_eq(&shown);
}

#[test]
fn bounds_come_first_and_zero_is_off() {
    let mut world = World::new(&TWO.replace("replicas=2", "replicas=12"), half());
    world.check(&expect![[r#"
        scale s/web to 10
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 10; reason: Current number of replicas above Spec.MaxReplicas
        status AbleToScale=True SucceededGetScale"#]]);
    let mut world = World::new(&TWO.replace("replicas=2", "replicas=0"), half());
    world.check(&expect!["status AbleToScale=True SucceededGetScale, ScalingActive=False ScalingDisabled"]);
    let mut world = World::new(TWO, json!({"minReplicas": 3}));
    world.check(&expect![[r#"
        scale s/web to 3
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 3; reason: Current number of replicas below Spec.MinReplicas
        status AbleToScale=True SucceededGetScale"#]]);
}

#[test]
fn what_cannot_be_scaled_says_why() {
    let target =
        |kind: &str, name: &str| json!({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name}});
    World::new(TWO, target("Deployment", "gone")).check(&expect![[r#"
        status AbleToScale=False FailedGetScale
        event Warning FailedGetScale horizontalpodautoscalers.autoscaling s/web: deployments.apps "gone" not found"#]]);
    World::new(TWO, target("Mood", "web")).check(&expect![[r#"
        status AbleToScale=False FailedGetScale
        event Warning FailedGetScale horizontalpodautoscalers.autoscaling s/web: no kind "Mood" in group "apps" is scaled here"#]]);
    let mut twice = World::new(TWO, half());
    twice.add("other", half());
    twice.cpu(&[("a", 900), ("b", 900)]).check(&expect![[r#"
        status AbleToScale=True SucceededGetScale, ScalingActive=False AmbiguousSelector
        event Warning AmbiguousSelector horizontalpodautoscalers.autoscaling s/other: pods of the target are controlled by other HPAs too: s/web
        status AbleToScale=True SucceededGetScale, ScalingActive=False AmbiguousSelector
        event Warning AmbiguousSelector horizontalpodautoscalers.autoscaling s/web: pods of the target are controlled by other HPAs too: s/other"#]]);
    let mut unasked = World::new(&TWO.replace("cpu=1 ", ""), half());
    unasked.cpu(&[("a", 900), ("b", 900)]).check(&expect![[r#"
        status AbleToScale=True SucceededGetScale, ScalingActive=False FailedGetResourceMetric
        event Warning FailedGetResourceMetric horizontalpodautoscalers.autoscaling s/web: invalid metrics (1 invalid out of 1), first error is: failed to get cpu utilization: missing request for cpu in container main of Pod web-1-a"#]]);
}

#[test]
fn a_container_may_be_looked_at_alone() {
    let metric = |container: &str| {
        let target = json!({"type": "Utilization", "averageUtilization": 50});
        json!({"metrics": [{"type": "ContainerResource", "containerResource": {
            "name": "cpu", "container": container, "target": target}}]})
    };
    World::new(TWO, metric("main")).cpu(&[("a", 700), ("b", 700)]).check(&expect![[r#"
        scale s/web to 3
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 3; reason: cpu container resource utilization (percentage of request) above target
        status AbleToScale=True ReadyForNewScale, ScalingActive=True ValidMetricFound, ScalingLimited=False DesiredWithinRange"#]]);
    World::new(TWO, metric("sidecar")).cpu(&[("a", 700), ("b", 700)]).check(&expect![[r#"
        status AbleToScale=True SucceededGetScale, ScalingActive=False FailedGetContainerResourceMetric
        event Warning FailedGetContainerResourceMetric horizontalpodautoscalers.autoscaling s/web: invalid metrics (1 invalid out of 1), first error is: failed to get cpu container utilization: container sidecar not present in metrics for pod web-1-a"#]]);
}

// C62
#[test]
fn pods_that_start_count_as_idle_and_those_on_their_way_out_not_at_all() {
    let cluster = format!(
        "{TWO} pod s/web-1-c of=web-1 node=a ready=98 cpu=1 at=97\npod s/web-1-d of=web-1 node=a ready=0 cpu=1 leaving"
    );
    let mut world = World::new(&cluster.replace("replicas=2", "replicas=3"), half());
    world.cpu(&[("a", 900), ("b", 900), ("c", 1000), ("d", 1000)]).check(&expect![[r#"
        scale s/web to 4
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 4; reason: cpu resource utilization (percentage of request) above target
        status AbleToScale=True ReadyForNewScale, ScalingActive=True ValidMetricFound, ScalingLimited=False DesiredWithinRange"#]]);
}

#[test]
fn a_step_that_was_refused_is_asked_for_again() {
    let mut world = World::new(TWO, half());
    world.cpu(&[("a", 900), ("b", 900)]);
    let before = world.0.deployments.clone();
    world.step();
    world.0.deployments = before;
    world.now(101).check(&expect![[r#"
        scale s/web to 4
        event Normal SuccessfulRescale horizontalpodautoscalers.autoscaling s/web: New size: 4; reason: cpu resource utilization (percentage of request) above target"#]]);
    assert!(world.status()["lastScaleTime"].is_null(), "nothing has been scaled");
}

#[test]
fn without_autoscalers_nothing_happens() {
    let plan = plan(&parse(TWO));
    assert!(plan.is_settled() && plan.wake_at.is_none() && plan.scalings.is_some_and(|all| all.is_empty()));
}
