//! What kubectl looks for in the documents.

#![expect(clippy::needless_pass_by_value, reason = "a table of literals reads best")]

use api::resource::{self as r, DEPLOYMENTS, PODS, SECRETS};
use serde_json::{Value, json};

use super::documents::Document;
use super::*;
use crate::discovery;
use crate::kinds::{self, Customs, Origin};

fn none() -> Customs {
    Customs::default()
}

fn parse(document: &Document) -> Value {
    serde_json::from_slice(&document.body).expect("JSON")
}

#[test]
fn the_index_leads_to_every_document() {
    let index = parse(&index(&none()));
    let paths = index["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), discovery::group_versions(&none()).len());
    for (group, version) in discovery::group_versions(&none()) {
        let document = group_version(&none(), group, version).expect("drawn");
        let path = if group.is_empty() { "api/v1".to_owned() } else { format!("apis/{group}/{version}") };
        let url = paths[&path]["serverRelativeURL"].as_str().expect("a URL");
        assert_eq!(url, format!("/openapi/v3/{path}?hash={}", document.hash));
    }
    assert!(group_version(&none(), "example.com", "v1").is_none());
    assert_eq!(parse(&v2())["swagger"], "2.0");
}

#[test]
fn every_reference_resolves() {
    for (group, version) in discovery::group_versions(&none()) {
        let document = parse(&group_version(&none(), group, version).expect("drawn"));
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        assert!(!references.is_empty(), "{group}");
        for reference in references {
            let pointer = reference.strip_prefix('#').expect("a local reference");
            assert!(document.pointer(pointer).is_some_and(Value::is_object), "{reference}");
        }
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.push(reference.clone());
            }
            members.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(elements) => elements.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

#[test]
fn kubectl_finds_what_apply_edit_and_replace_look_for() {
    let written = r::ALL.into_iter().filter(|resource| kinds::of(resource).origin == Origin::Stored);
    for resource in written {
        let document = parse(&group_version(&none(), resource.group, resource.version).expect("drawn"));
        let gvk = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
        let is_patch_of_kind = |operation: &&Value| operation["x-kubernetes-group-version-kind"] == gvk;
        let paths = document["paths"].as_object().expect("paths");
        let patch = paths.values().filter_map(|path| path.get("patch")).find(is_patch_of_kind).expect("a PATCH");
        let parameters = patch["parameters"].as_array().expect("parameters");
        assert!(parameters.iter().any(|p| p["name"] == "fieldValidation" && p["in"] == "query"), "{resource:?}");
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        let names_kind = |schema: &&Value| schema["x-kubernetes-group-version-kind"] == json!([gvk]);
        assert!(schemas.values().any(|schema| names_kind(&schema)), "{resource:?}");
    }
}

#[test]
fn schemas_carry_merge_keys_and_texts() {
    let document = parse(&group_version(&none(), "", "v1").expect("drawn"));
    let schemas = &document["components"]["schemas"];
    let containers = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
    assert_eq!(containers["x-kubernetes-patch-merge-key"], "name");
    assert_eq!(containers["x-kubernetes-patch-strategy"], "merge");
    assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    assert_eq!(containers["items"]["$ref"], "#/components/schemas/io.k8s.api.core.v1.Container");
    let ports = &schemas["io.k8s.api.core.v1.Container"]["properties"]["ports"];
    assert_eq!(ports["x-kubernetes-patch-merge-key"], "containerPort");
    assert_eq!(ports["x-kubernetes-list-map-keys"], json!(["containerPort", "protocol"]));
    let text = schemas["io.k8s.api.core.v1.Pod"]["description"].as_str().expect("a text");
    assert!(text.starts_with("Pod is a collection of containers"), "{text}");
}

/// The problems as text, in order.
fn problems(resource: &api::Resource, object: Value) -> Vec<String> {
    check_fields(resource, &object).iter().map(ToString::to_string).collect()
}

#[test]
fn unknown_fields_are_named_by_path() {
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "colour": 1,
        "metadata": {"name": "a", "labels": {"any": "thing"}, "annotation": {}},
        "spec": {"replica": 2, "template": {"spec": {"containers": [{"name": "a"}, {"imag": "x"}]}}},
    });
    assert_eq!(
        problems(&DEPLOYMENTS, object),
        [
            r#"unknown field "colour""#,
            r#"unknown field "metadata.annotation""#,
            r#"unknown field "spec.replica""#,
            r#"unknown field "spec.template.spec.containers[1].imag""#,
        ]
    );
}

#[test]
fn wrong_types_are_named_by_path() {
    let object = json!({
        "metadata": {"labels": {"a": 1}, "creationTimestamp": "yesterday"},
        "spec": {"containers": {}, "hostNetwork": "yes", "activeDeadlineSeconds": 1.5, "priority": 3_000_000_000_u32,
            "nodeName": 7, "affinity": [], "terminationGracePeriodSeconds": 3_000_000_000_u32,
            "initContainers": [{"ports": [{"containerPort": "80"}], "readinessProbe": {"httpGet": {"port": true}}}]},
    });
    assert_eq!(
        problems(&PODS, object),
        [
            "metadata.labels.a: cannot unmarshal number 1 into a field of type string",
            "metadata.creationTimestamp: cannot unmarshal text \"yesterday\" into a field of type RFC 3339 time",
            "spec.containers: cannot unmarshal object into a field of type array",
            "spec.hostNetwork: cannot unmarshal string into a field of type bool",
            "spec.activeDeadlineSeconds: cannot unmarshal number 1.5 into a field of type int64",
            "spec.priority: cannot unmarshal number 3000000000 into a field of type int32",
            "spec.nodeName: cannot unmarshal number 7 into a field of type string",
            "spec.affinity: cannot unmarshal array into a field of type object",
            "spec.initContainers[0].ports[0].containerPort: cannot unmarshal string into a field of type int32",
            "spec.initContainers[0].readinessProbe.httpGet.port: cannot unmarshal bool into a field of type int32 or string",
        ]
    );
    let secret = json!({"data": {"a": "not base64!", "b": "b2s="}});
    let expected = "data.a: cannot unmarshal text that is not base64 into a field of type base64 string";
    assert_eq!(problems(&SECRETS, secret), [expected]);
    assert_eq!(problems(&PODS, json!([])), [": cannot unmarshal array into a field of type object"]);
}

#[test]
fn what_kubernetes_accepts_has_no_problem() {
    let object = json!({
        "metadata": {"creationTimestamp": null, "managedFields": [{"fieldsV1": {"f:x": {}}}]},
        "spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
            "livenessProbe": {"httpGet": {"port": "http"}}, "command": null}], "overhead": {}},
        "status": {"startTime": "2026-03-01T12:00:00+01:00"},
    });
    assert_eq!(problems(&PODS, object), Vec::<String>::new());
}

#[test]
fn problems_are_bounded() {
    let object: serde_json::Map<_, _> = (0..1000).map(|n| (format!("x{n}"), Value::Null)).collect();
    assert_eq!(problems(&PODS, object.into()).len(), 100);
}
