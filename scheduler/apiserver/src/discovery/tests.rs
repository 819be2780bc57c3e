//! Discovery in the version a client asks for.

use super::*;

fn none() -> Customs {
    Customs::default()
}

#[test]
fn the_answer_is_the_version_that_was_asked_for() {
    let both = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    let beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    for (accept, wanted) in [
        (both, Some(Aggregated::V2)),
        (beta, Some(Aggregated::V2Beta1)),
        ("application/json; as=APIGroupDiscoveryList; v=v2; g=apidiscovery.k8s.io", Some(Aggregated::V2)),
        ("application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json", None),
        ("application/json", None),
        ("application/json, */*", None),
        ("", None),
    ] {
        assert_eq!(Aggregated::negotiate(accept), wanted, "{accept}");
    }
    for wanted in [Aggregated::V2, Aggregated::V2Beta1] {
        assert_eq!(aggregated(&none(), wanted, Root::Core)["apiVersion"], wanted.api_version());
        assert_eq!(Aggregated::negotiate(wanted.content_type()), Some(wanted));
    }
}

#[test]
fn both_forms_name_the_same_resources() {
    let mut plain = Vec::new();
    for (group, version) in group_versions(&none()) {
        let list = api_resource_list(&none(), group, version).expect("listed groups are served");
        for resource in list["resources"].as_array().expect("a list") {
            plain.push(format!(
                "{}/{}",
                list["groupVersion"].as_str().expect("text"),
                resource["name"].as_str().expect("text")
            ));
        }
    }
    let mut compact = Vec::new();
    for group in [Root::Core, Root::Groups]
        .map(|root| aggregated(&none(), Aggregated::V2, root))
        .iter()
        .flat_map(|d| d["items"].as_array().expect("a list").clone())
    {
        let name = group["metadata"]["name"].as_str().map(|name| format!("{name}/")).unwrap_or_default();
        let versions = group["versions"].as_array().expect("a list").iter();
        let resources = versions.flat_map(|version| {
            let resources = version["resources"].as_array().expect("a list").iter();
            resources.map(move |resource| (version["version"].as_str().expect("text"), resource))
        });
        for (version, resource) in resources {
            let prefix = format!("{name}{version}/{}", resource["resource"].as_str().expect("text"));
            compact.push(prefix.clone());
            for sub in resource["subresources"].as_array().into_iter().flatten() {
                compact.push(format!("{prefix}/{}", sub["subresource"].as_str().expect("text")));
            }
        }
    }
    assert_eq!(plain, compact);
    for name in [
        "v1/pods/log",
        "v1/pods/eviction",
        "v1/pods/ephemeralcontainers",
        "apps/v1/deployments/scale",
        "authorization.k8s.io/v1/selfsubjectaccessreviews",
    ] {
        assert!(plain.iter().any(|found| found == name), "{name} in {plain:#?}");
    }
}

#[test]
fn an_entry_says_what_kubectl_types() {
    let apps = api_resource_list(&none(), "apps", "v1").expect("served");
    let deployments = &apps["resources"][0];
    assert_eq!(deployments["name"], "deployments");
    assert_eq!(deployments["singularName"], "deployment");
    assert_eq!(deployments["shortNames"], json!(["deploy"]));
    assert_eq!(deployments["categories"], json!(["all"]));
    let find =
        |name: &str| apps["resources"].as_array().and_then(|list| list.iter().find(|r| r["name"] == name)).cloned();
    let scale = find("deployments/scale").expect("listed");
    assert_eq!(
        (&scale["group"], &scale["version"], &scale["kind"]),
        (&json!("autoscaling"), &json!("v1"), &json!("Scale"))
    );
}

#[test]
fn what_is_not_served_is_not_found() {
    assert_eq!(api_group(&none(), "example.com"), None);
    assert_eq!(api_group(&none(), ""), None);
    assert_eq!(api_resource_list(&none(), "apps", "v1beta1"), None);
    assert_eq!(api_group(&none(), "apps").expect("served")["preferredVersion"]["groupVersion"], "apps/v1");
    assert_eq!(api_group_list(&none())["groups"].as_array().map(Vec::len), Some(groups(&none()).len() - 1));
}
