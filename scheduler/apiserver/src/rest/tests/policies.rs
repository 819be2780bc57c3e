//! Admission policies, as writers meet them.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{APPS, Cluster, SHOP, config_map, deployment};

const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
const PATIENCE: Duration = Duration::from_secs(20);

fn policy(spec: &Value) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"}, "spec": spec,
    })
}

async fn put_in_force(cluster: &Cluster, spec: &Value, action: &str, more: &Value) {
    cluster.post(POLICIES, &policy(spec)).await.expect(201);
    let mut binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "b"}, "spec": {"policyName": "p", "validationActions": [action]},
    });
    if let (Some(spec), Some(more)) = (binding["spec"].as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    cluster.post(BINDINGS, &binding).await.expect(201);
    let in_force = async {
        while cluster.objects.policies().count() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, in_force).await.expect("in time");
}

fn rules(group: &str, resource: &str) -> Value {
    let operations = ["CREATE", "UPDATE", "DELETE"];
    json!({"resourceRules": [
        {"apiGroups": [group], "apiVersions": ["v1"], "operations": operations, "resources": [resource]},
    ]})
}

fn needs_team() -> Value {
    json!({
        "matchConstraints": rules("apps", "deployments"),
        "variables": [{"name": "labels", "expression": "has(object.metadata.labels) ? object.metadata.labels : {}"}],
        "matchConditions": [{"name": "not-deleted", "expression": "request.operation != 'DELETE'"}],
        "validations": [{
            "expression": "'team' in variables.labels",
            "messageExpression": "'deployment ' + object.metadata.name + ' names no team'",
        }],
    })
}

#[tokio::test]
async fn a_policy_refuses_and_can_be_taken_away() {
    let cluster = Cluster::new().await;
    put_in_force(&cluster, &needs_team(), "Deny", &json!({})).await;
    let path = format!("{APPS}/deployments");
    let refused = cluster.post(&path, &deployment("web")).await;
    assert_eq!((refused.code, &refused.body["reason"]), (422, &json!("Invalid")));
    let wanted = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: deployment web names no team";
    assert!(refused.text.contains(wanted), "{}", refused.text);
    let mut labelled = deployment("web");
    labelled["metadata"]["labels"] = json!({"team": "blue"});
    cluster.post(&path, &labelled).await.expect(201);
    let unlabelled = cluster.merge(&format!("{path}/web"), &json!({"metadata": {"labels": null}})).await;
    assert_eq!(unlabelled.code, 422);
    cluster.delete(&format!("{path}/web")).await.expect(200);
    cluster.delete(&format!("{POLICIES}/p")).await.expect(200);
    let free = async {
        while cluster.post(&path, &deployment("api")).await.code != 201 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, free).await.expect("in time");
}

#[tokio::test]
async fn a_warning_lets_the_write_pass() {
    let cluster = Cluster::new().await;
    put_in_force(&cluster, &needs_team(), "Warn", &json!({})).await;
    let made = cluster.post(&format!("{APPS}/deployments"), &deployment("web")).await;
    let wanted = "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': deployment web names no team";
    assert!(made.warnings().iter().any(|warning| warning.contains(wanted)), "{:?}", made.warnings());
    made.expect(201);
}

#[tokio::test]
async fn parameters_decide_and_must_be_there() {
    let cluster = Cluster::new().await;
    let spec = json!({
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": rules("apps", "deployments"),
        "validations": [{"expression": "object.spec.replicas <= int(params.data.most)", "reason": "Forbidden"}],
    });
    let reference = json!({"paramRef": {"name": "limits", "parameterNotFoundAction": "Deny"}});
    put_in_force(&cluster, &spec, "Deny", &reference).await;
    let path = format!("{APPS}/deployments");
    let refused = cluster.post(&path, &deployment("web")).await;
    assert!(refused.text.contains("no params found for policy binding"), "{}", refused.text);
    cluster.post(&format!("{SHOP}/configmaps"), &config_map("limits", &json!({"most": "2"}))).await.expect(201);
    cluster.post(&path, &deployment("web")).await.expect(201);
    let refused = cluster.merge(&format!("{path}/web"), &json!({"spec": {"replicas": 3}})).await;
    assert_eq!(refused.code, 403, "{}", refused.text);
    let scaled = cluster.merge(&format!("{path}/web/scale"), &json!({"spec": {"replicas": 3}})).await;
    assert_eq!(scaled.code, 200, "deployments/scale is another resource");
}

#[tokio::test]
async fn what_cannot_be_evaluated_is_refused_unless_it_may_be_ignored() {
    for (policy, code) in [("Fail", 422), ("Ignore", 201)] {
        let cluster = Cluster::new().await;
        let spec = json!({
            "failurePolicy": policy, "matchConstraints": rules("", "configmaps"),
            "validations": [{"expression": "object.data.absent == 'x'"}],
        });
        put_in_force(&cluster, &spec, "Deny", &json!({})).await;
        let answer = cluster.post(&format!("{SHOP}/configmaps"), &config_map("a", &json!({"x": "y"}))).await;
        assert_eq!(answer.code, code, "{}", answer.text);
    }
}

#[tokio::test]
async fn bad_policies_are_refused_and_types_are_told() {
    let cluster = Cluster::new().await;
    let expressions = json!([{"expression": "object.x =="}, {"expression": "nobody.x"}, {"expression": "1 + 1"}]);
    let bad = json!({"matchConstraints": rules("apps", "deployments"), "validations": expressions});
    let refused = cluster.post(POLICIES, &policy(&bad)).await;
    assert_eq!(refused.code, 422);
    for part in ["spec.validations[0].expression", "undeclared reference to 'nobody'", "must evaluate to bool, not int"]
    {
        assert!(refused.text.contains(part), "{part} in {}", refused.text);
    }
    let expressions = json!([{"expression": "object.spec.replicaCount < 3"}]);
    let mistyped = json!({"matchConstraints": rules("apps", "deployments"), "validations": expressions});
    cluster.post(POLICIES, &policy(&mistyped)).await.expect(201);
    let told = async {
        loop {
            let found = cluster.get(&format!("{POLICIES}/p")).await.body;
            if found["status"]["observedGeneration"] == 1 {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.expect("in time");
    let warning = &told["status"]["typeChecking"]["expressionWarnings"][0];
    assert_eq!(warning["fieldRef"], "spec.validations[0].expression");
    assert!(warning["warning"].as_str().is_some_and(|w| w.contains("undefined field 'replicaCount'")), "{warning}");
}

#[tokio::test]
async fn a_policy_may_ask_who_may_do_what() {
    let cluster = Cluster::new().await;
    let spec = json!({
        "matchConstraints": rules("", "configmaps"),
        "validations": [
            {"expression": "authorizer.group('apps').resource('deployments').namespace('shop').check('create').allowed()"},
            {"expression": "authorizer.requestResource.check('create').allowed() && authorizer.path('/x').check('get').allowed()"},
            {"expression": "!authorizer.serviceAccount('shop', 'default').requestResource.check('create').allowed()"},
            {"expression": "!authorizer.path('/x').check('get').errored()"},
        ],
    });
    put_in_force(&cluster, &spec, "Deny", &json!({})).await;
    let path = format!("{SHOP}/configmaps");
    cluster.post(&path, &config_map("a", &json!({}))).await.expect(201);
    // Somebody who may write this and nothing else.
    let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop";
    let role = json!({
        "metadata": {"name": "maps"}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}],
    });
    cluster.post(&format!("{roles}/roles"), &role).await.expect(201);
    let binding = json!({
        "metadata": {"name": "ann"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "maps"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}],
    });
    cluster.post(&format!("{roles}/rolebindings"), &binding).await.expect(201);
    let request = http::Request::builder().method("POST").uri(&path).header("authorization", "Bearer user:ann");
    let request = request.header("content-type", "application/json");
    let body = config_map("b", &json!({})).to_string();
    let refused = cluster.send(request.body(body.into()).expect("a request")).await;
    assert_eq!(refused.code, 422, "{}", refused.text);
    assert!(refused.text.contains("resource('deployments')"), "{}", refused.text);
}

#[tokio::test]
async fn what_a_policy_notes_is_in_the_audit_log_and_an_audited_refusal_lets_the_write_pass() {
    let (sink, mut events) = crate::AuditSink::new();
    let cluster = Cluster::recorded(sink).await;
    let spec = json!({
        "matchConstraints": rules("", "configmaps"),
        "validations": [{"expression": "object.metadata.name == 'good'", "message": "it is not good"}],
        "auditAnnotations": [
            {"key": "who", "valueExpression": "'named ' + object.metadata.name"},
            {"key": "nothing", "valueExpression": "null"},
        ],
    });
    put_in_force(&cluster, &spec, "Audit", &json!({})).await;
    cluster.post(&format!("{SHOP}/configmaps"), &config_map("bad", &json!({}))).await.expect(201);
    let mut notes = Vec::new();
    while let Ok(event) = events.try_recv() {
        notes.push(event.to_value()["annotations"].clone());
    }
    let noted = notes.last().expect("an event");
    assert_eq!((&noted["p/who"], &noted["p/nothing"]), (&json!("named bad"), &Value::Null));
    let failures = noted["validation.policy.admission.k8s.io/validation_failure"].as_str().unwrap_or_default();
    assert!(failures.contains("it is not good") && failures.contains("\"policy\":\"p\""), "{failures}");
    let bad = json!({
        "matchConstraints": rules("", "configmaps"),
        "auditAnnotations": [{"key": "a b", "valueExpression": "'x'"}, {"key": "n", "valueExpression": "1"}],
    });
    let refused = cluster.post(POLICIES, &policy(&bad)).await;
    assert!(refused.text.contains("spec.auditAnnotations[0].key"), "{}", refused.text);
    assert!(refused.text.contains("must evaluate to string or null, not int"), "{}", refused.text);
}
