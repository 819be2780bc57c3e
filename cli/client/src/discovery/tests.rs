//! Words people use for kinds, and what they stand for.

use serde_json::json;

use super::*;

pub(crate) fn sample() -> Discovery {
    let resource = |kind: &str, plural: &str, short: &[&str], scope: &str, categories: &[&str]| {
        json!({
            "resource": plural, "responseKind": { "kind": kind }, "scope": scope, "singularResource": kind.to_lowercase(),
            "shortNames": short, "categories": categories, "verbs": ["get", "list"],
            "subresources": [{ "subresource": "status" }],
        })
    };
    let core = json!({ "items": [{ "metadata": {}, "versions": [{ "version": "v1", "resources": [
        resource("Pod", "pods", &["po"], "Namespaced", &["all"]),
        resource("Service", "services", &["svc"], "Namespaced", &["all"]),
        resource("Event", "events", &["ev"], "Namespaced", &[]),
        resource("Node", "nodes", &["no"], "Cluster", &[]),
    ] }] }] });
    let group = |name: &str, version: &str, resources: Vec<serde_json::Value>| json!({ "metadata": { "name": name }, "versions": [{ "version": version, "resources": resources }] });
    let groups = json!({ "items": [
        group("apps", "v1", vec![resource("Deployment", "deployments", &["deploy"], "Namespaced", &["all"])]),
        group("events.k8s.io", "v1", vec![resource("Event", "events", &["ev"], "Namespaced", &[])]),
        group("example.org", "v2", vec![resource("Svc", "svcs", &["po"], "Cluster", &[])]),
    ] });
    Discovery::of([&core, &groups])
}

#[test]
fn kinds_are_found_by_any_of_their_names() {
    let discovery = sample();
    for (word, wanted) in [
        ("pods", "v1 pods"),
        ("Pod", "v1 pods"),
        ("po", "v1 pods"),
        ("po.example.org", "example.org/v2 svcs"),
        ("deploy", "apps/v1 deployments"),
        ("deployments.apps", "apps/v1 deployments"),
        ("deployments.v1.apps", "apps/v1 deployments"),
        ("events", "v1 events"),
        ("events.events.k8s.io", "events.k8s.io/v1 events"),
        ("events.v1", "v1 events"),
        // No custom kind takes a short name away from one that comes first.
        ("svc", "v1 services"),
        ("svcs", "example.org/v2 svcs"),
    ] {
        let found = discovery.find(word).expect(word);
        assert_eq!(format!("{} {}", found.api_version(), found.plural), wanted, "{word}");
    }
}

#[test]
fn a_word_that_is_no_kind_is_answered_with_one_that_may_be_meant() {
    let discovery = sample();
    for (word, hint) in [("podss", "is pods meant?"), ("deploymnts", "api-resources"), ("x", "api-resources")] {
        let error = discovery.find(word).expect_err(word).to_string();
        assert!(error.contains(hint), "{error}");
    }
    assert!(discovery.find("deployments.extensions").is_err());
}

#[test]
fn lists_of_words_and_categories_are_expanded_once_each() {
    let discovery = sample();
    let plurals = |words: &str| -> Vec<String> {
        discovery.find_all(words).expect(words).into_iter().map(|resource| resource.plural).collect()
    };
    assert_eq!(plurals("all"), ["pods", "services", "deployments"]);
    assert_eq!(plurals("po,pods,no"), ["pods", "nodes"]);
}

#[test]
fn urls_say_where_objects_live() {
    let discovery = sample();
    let path = |word: &str, namespace: Option<&str>| discovery.find(word).expect(word).path(namespace, "a b");
    assert_eq!(path("pods", Some("x")), "/api/v1/namespaces/x/pods/a%20b");
    assert_eq!(path("nodes", Some("x")), "/api/v1/nodes/a%20b");
    assert_eq!(path("deploy", None), "/apis/apps/v1/deployments/a%20b");
    let deployment = discovery.find("deploy").expect("deploy");
    assert_eq!(deployment.label("web"), "deployment.apps/web");
    assert_eq!(deployment.quoted("web"), "deployment.apps \"web\"");
}
