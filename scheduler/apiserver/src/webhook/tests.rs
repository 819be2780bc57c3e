//! Which writes are shown to webhooks at all, and what a configuration must be.

use api::resource::{CONFIG_MAPS, ENDPOINT_SLICES, LEASES, NODES, PODS, REPLICA_SETS};
use serde_json::json;

use super::*;
use crate::auth::User;
use crate::kinds;
use crate::objects::WriteOptions;
use crate::policy::How;

fn owned() -> Value {
    json!({"metadata": {"name": "a", "ownerReferences": [{"kind": "X", "name": "x", "controller": true}]}})
}

/// Whether webhooks are asked about a write.
fn is_shown(
    resource: &'static api::Resource,
    part: Subresource,
    operation: Operation,
    object: &Value,
    author: Option<&str>,
) -> bool {
    let options = WriteOptions {
        author: author.map(|name| User { name: name.to_owned(), ..User::default() }),
        ..WriteOptions::default()
    };
    let attempt = Attempt {
        kind: kinds::of(resource),
        part,
        namespace: "n",
        name: "a",
        operation,
        object: Some(object),
        old: None,
        how: How::Write(&options),
    };
    !is_exempt(&attempt)
}

// C10
#[test]
fn c10_nothing_that_mends_a_cluster_waits_for_a_webhook() {
    use Operation::{Create, Delete, Update};
    use Subresource::{Binding, Main, Status};
    let (owned, alone) = (owned(), json!({"metadata": {"name": "a"}}));
    for resource in api::resource::ALL.iter().filter(|resource| resource.group == "admissionregistration.k8s.io") {
        assert!(!is_shown(resource, Main, Create, &owned, Some("ann")), "{}", resource.plural);
    }
    for resource in [&CONFIG_MAPS, &LEASES, &NODES] {
        assert!(is_shown(resource, Main, Update, &alone, Some("ann")), "users' writes are");
        assert!(!is_shown(resource, Main, Update, &owned, None));
        assert!(!is_shown(resource, Main, Create, &alone, None));
    }
    for resource in [&PODS, &REPLICA_SETS] {
        assert!(is_shown(resource, Main, Create, &owned, None), "what is made for users");
        assert!(!is_shown(resource, Main, Delete, &owned, None));
        assert!(!is_shown(resource, Status, Update, &owned, None));
    }
    assert!(!is_shown(&PODS, Binding, Create, &owned, None));
    assert!(!is_shown(&ENDPOINT_SLICES, Main, Create, &owned, None), "traffic does not wait");
}

fn problems(webhook: &Value) -> String {
    let object = json!({"metadata": {"name": "c"}, "webhooks": [webhook]});
    let mut problems = Problems::default();
    drop(compile::webhooks(&object, Manner::Mutating, &mut problems));
    if problems.is_empty() { String::new() } else { problems.summary() }
}

fn webhook(changes: &Value) -> Value {
    let mut webhook = json!({
        "name": "a.b.c", "clientConfig": {"url": "https://a.b"}, "sideEffects": "None",
        "admissionReviewVersions": ["v1beta1", "v1"],
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "matchConditions": [{"name": "c", "expression": "request.name != 'x'"}],
    });
    for (key, value) in changes.as_object().into_iter().flatten() {
        webhook[key] = value.clone();
    }
    webhook
}

#[test]
fn a_configuration_is_checked_in_all_its_parts() {
    assert_eq!(problems(&webhook(&json!({}))), "");
    for (change, wanted) in [
        (json!({"name": "a.b"}), "webhooks[0].name: Invalid value: \"a.b\": should be a domain with at least three"),
        (json!({"name": ""}), "webhooks[0].name: Required value"),
        (
            json!({"sideEffects": null}),
            "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun",
        ),
        (json!({"sideEffects": "Some"}), "webhooks[0].sideEffects: Unsupported value: \"Some\""),
        (json!({"failurePolicy": "Pass"}), "webhooks[0].failurePolicy: Unsupported value"),
        (json!({"matchPolicy": "Near"}), "webhooks[0].matchPolicy: Unsupported value"),
        (json!({"reinvocationPolicy": "Always"}), "webhooks[0].reinvocationPolicy: Unsupported value"),
        (json!({"timeoutSeconds": 0}), "the timeout value must be between 1 and 30 seconds"),
        (json!({"timeoutSeconds": 31}), "the timeout value must be between 1 and 30 seconds"),
        (json!({"admissionReviewVersions": ["v1beta1"]}), "webhooks[0].admissionReviewVersions: Invalid value"),
        (json!({"admissionReviewVersions": []}), "webhooks[0].admissionReviewVersions: Required value"),
        (json!({"clientConfig": {"url": "http://a.b"}}), "webhooks[0].clientConfig.url: Invalid value"),
        (json!({"clientConfig": {}}), "exactly one of url or service is required"),
        (json!({"rules": [{"apiGroups": [""]}]}), "webhooks[0].rules[0].resources: Required value"),
        (json!({"matchConditions": [{"name": "c", "expression": "1"}]}), "must evaluate to bool, not int"),
        (json!({"matchConditions": [{"name": "c", "expression": "params.x"}]}), "undeclared reference to 'params'"),
        (
            json!({"objectSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}}),
            "webhooks[0].objectSelector",
        ),
    ] {
        let found = problems(&webhook(&change));
        assert!(found.contains(wanted), "{change}: {found}");
    }
}

#[test]
fn only_a_webhook_without_side_effects_is_asked_about_what_is_only_tried() {
    for (effects, wanted) in [("None", true), ("NoneOnDryRun", true), ("Some", false), ("Unknown", false)] {
        let object = json!({"metadata": {"name": "c"}, "webhooks": [webhook(&json!({"sideEffects": effects}))]});
        let read = compile::webhooks(&object, Manner::Validating, &mut Problems::default());
        assert_eq!(read[0].0.takes_dry_runs, wanted, "{effects}");
    }
}

#[test]
fn what_a_configuration_leaves_out_is_what_kubernetes_gives() {
    let mut object = json!({
        "kind": "MutatingWebhookConfiguration",
        "webhooks": [{"name": "a.b.c", "clientConfig": {"service": {"name": "s", "namespace": "n"}}, "rules": [{}]}],
    });
    defaults(&mut object);
    let found = &object["webhooks"][0];
    assert_eq!((&found["failurePolicy"], &found["matchPolicy"]), (&json!("Fail"), &json!("Equivalent")));
    assert_eq!((&found["timeoutSeconds"], &found["reinvocationPolicy"]), (&json!(10), &json!("Never")));
    assert_eq!((&found["clientConfig"]["service"]["port"], &found["rules"][0]["scope"]), (&json!(443), &json!("*")));
    assert_eq!((&found["namespaceSelector"], &found["objectSelector"]), (&json!({}), &json!({})));
    let mut other = json!({"kind": "ValidatingWebhookConfiguration", "webhooks": [{}, 1, null]});
    defaults(&mut other);
    assert!(other["webhooks"][0].get("reinvocationPolicy").is_none());
}
