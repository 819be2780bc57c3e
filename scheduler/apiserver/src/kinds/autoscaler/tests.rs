//! Autoscalers: defaults, and every mistake at once.

use expect_test::{Expect, expect};

use super::*;

fn check(spec: &Value, expected: &Expect) {
    let mut object = json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": spec,
    });
    defaults(&mut object);
    let mut problems = Problems::default();
    let decoded = validate(&object, &mut problems);
    assert!(decoded.is_ok(), "{decoded:?}");
    let lines: Vec<String> = problems.list().iter().map(ToString::to_string).collect();
    expected.assert_eq(&lines.join("\n"));
}

fn target() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"})
}

#[test]
fn what_is_left_out_is_filled_in() {
    let mut object = json!({"spec": {"maxReplicas": 3, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 9}}}});
    defaults(&mut object);
    assert_eq!(
        object["spec"],
        json!({
            "maxReplicas": 3,
            "behavior": {
                "scaleDown": {
                    "stabilizationWindowSeconds": 9,
                    "selectPolicy": "Max",
                    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
                },
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "selectPolicy": "Max",
                    "policies": [
                        {"type": "Pods", "value": 4, "periodSeconds": 15},
                        {"type": "Percent", "value": 100, "periodSeconds": 15},
                    ],
                },
            },
            "minReplicas": 1,
            "metrics": [{
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
            }],
        })
    );
    for odd in [json!({"spec": 3}), json!({}), json!({"spec": {"metrics": 3, "behavior": []}})] {
        defaults(&mut odd.clone());
    }
}

#[test]
fn good_autoscalers_pass() {
    let requests = json!({"type": "Pods", "pods": {
        "metric": {"name": "insula.dev/requests-in-flight"},
        "target": {"type": "AverageValue", "averageValue": "5"},
    }});
    let memory = json!({"type": "ContainerResource", "containerResource": {
        "name": "memory", "container": "main", "target": {"type": "AverageValue", "averageValue": "64Mi"},
    }});
    check(&json!({"scaleTargetRef": target(), "maxReplicas": 3}), &expect![""]);
    let behavior = json!({"scaleUp": {"selectPolicy": "Disabled", "tolerance": "50m"}});
    check(
        &json!({"scaleTargetRef": target(), "maxReplicas": 3, "metrics": [requests, memory], "behavior": behavior}),
        &expect![""],
    );
}

#[test]
fn every_mistake_is_found_at_once() {
    let metrics = json!([
        {"type": "Resource", "resource": {"name": "", "target": {"type": "Utilization", "averageUtilization": 0}}},
        {"type": "Pods", "resource": {"name": "cpu", "target": {"type": "x", "averageValue": "1", "averageUtilization": 1}}},
        {"type": "Pods", "pods": {"metric": {"name": "a/b"}, "target": {"type": "AverageValue"}}},
        {"type": "Mood"},
    ]);
    let policies = json!([{"type": "Hope", "value": 0, "periodSeconds": 1801}]);
    let behavior = json!({
        "scaleUp": {"stabilizationWindowSeconds": 3601, "selectPolicy": "x", "policies": policies},
        "scaleDown": {"stabilizationWindowSeconds": -1, "policies": [], "tolerance": "-1"},
    });
    let reference = json!({"kind": "", "name": "a/b"});
    check(
        &json!({"scaleTargetRef": reference, "minReplicas": 0, "maxReplicas": -1, "metrics": metrics, "behavior": behavior}),
        &expect![[r#"
            spec.minReplicas: Invalid value: 0: must be greater than or equal to 1
            spec.maxReplicas: Invalid value: -1: must be greater than 0
            spec.maxReplicas: Invalid value: -1: must be greater than or equal to `minReplicas`
            spec.scaleTargetRef.kind: Required value
            spec.scaleTargetRef.name: Invalid value: "a/b": may not contain '/'
            spec.metrics[0].resource.name: Required value: must specify a resource name
            spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0
            spec.metrics[1].pods: Required value: must populate information for the given metric source
            spec.metrics[1].resource: Forbidden: must populate the given metric source only
            spec.metrics[1].resource.target.type: Invalid value: "x": must be either Utilization, Value, or AverageValue
            spec.metrics[1].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization
            spec.metrics[2].pods.metric.name: Invalid value: "a/b": may not contain '/'
            spec.metrics[2].pods.target.averageValue: Required value: must specify a positive target averageValue
            spec.metrics[3].type: Unsupported value: "Mood": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"
            spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600
            spec.behavior.scaleUp.selectPolicy: Unsupported value: "x": supported values: "Disabled", "Max", "Min"
            spec.behavior.scaleUp.policies[0].type: Unsupported value: "Hope": supported values: "Percent", "Pods"
            spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero
            spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800
            spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero
            spec.behavior.scaleDown.tolerance: Invalid value: "-1": must be greater or equal to zero
            spec.behavior.scaleDown.policies: Required value: must specify at least one Policy"#]],
    );
}
