//! Endpoints, the form that EndpointSlices replace: made of them when somebody asks, and never stored. Pure.
//!
//! Whoever still reads them gets what the slices of a Service say, in one object. Nobody writes them: an endpoint that is
//! not a Pod is written as an EndpointSlice. A Service with two families shows its IPv4 addresses, because Endpoints hold
//! one family.

use std::collections::BTreeMap;

use api::label;
use serde_json::{Map, Value, json};

use crate::value;

/// What reading them is answered with besides, as by Kubernetes since 1.33.
pub(crate) const DEPRECATED: &str = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
/// Most addresses of one object, as in Kubernetes.
const ADDRESSES_MAX: usize = 1_000;
/// Says that there were more.
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";

/// Addresses with the same ports: those that serve, and the others.
#[derive(Default)]
struct Subset {
    ready: Vec<Value>,
    not_ready: Vec<Value>,
}

/// The Endpoints of every Service that the slices are of, in the order of namespace and name.
pub(crate) fn of_slices(slices: &[Value]) -> Vec<Value> {
    let mut services: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
    for slice in slices {
        let service = value::text(slice, &["metadata", "labels", label::SERVICE_NAME]);
        if !service.is_empty() {
            services.entry((value::text(slice, &["metadata", "namespace"]), service)).or_default().push(slice);
        }
    }
    services.into_iter().map(|(service, slices)| of_service(service, &slices)).collect()
}

fn of_service((namespace, name): (&str, &str), slices: &[&Value]) -> Value {
    let family = |slice: &Value| value::text(slice, &["addressType"]).to_owned();
    let wanted = if slices.iter().any(|slice| family(slice) == "IPv4") { "IPv4" } else { "IPv6" };
    let mut subsets: BTreeMap<String, (Value, Subset)> = BTreeMap::new();
    let mut left = ADDRESSES_MAX;
    let mut is_cut = false;
    for slice in slices.iter().filter(|slice| family(slice) == wanted) {
        let ports: Value = elements(slice, "ports").filter(|port| port["port"].is_u64()).cloned().collect();
        let subset = &mut subsets.entry(ports.to_string()).or_insert((ports, Subset::default())).1;
        for endpoint in elements(slice, "endpoints") {
            let conditions = &endpoint["conditions"];
            let is_ready = conditions["ready"] != json!(false);
            if !is_ready && conditions["terminating"] == json!(true) {
                continue;
            }
            is_cut |= left == 0;
            left = left.saturating_sub(1);
            if !is_cut {
                if is_ready { &mut subset.ready } else { &mut subset.not_ready }.push(address(endpoint));
            }
        }
    }
    let mut endpoints = json!({
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": metadata(namespace, name, slices),
    });
    if is_cut {
        endpoints["metadata"]["annotations"] = json!({OVER_CAPACITY: "truncated"});
    }
    let subsets: Vec<Value> = subsets.into_values().filter_map(|(ports, subset)| shown(&ports, subset)).collect();
    if !subsets.is_empty() {
        endpoints["subsets"] = subsets.into();
    }
    endpoints
}

/// As old as the first slice, and changed with the last.
fn metadata(namespace: &str, name: &str, slices: &[&Value]) -> Value {
    let of = |slice: &&Value, key: &str| value::text(slice, &["metadata", key]).to_owned();
    let version = slices.iter().filter_map(|slice| of(slice, "resourceVersion").parse::<u64>().ok()).max();
    let created = slices.iter().map(|slice| of(slice, "creationTimestamp")).filter(|time| !time.is_empty()).min();
    let mut metadata = json!({"name": name, "namespace": namespace});
    if let Some(version) = version {
        metadata["resourceVersion"] = version.to_string().into();
    }
    if let Some(created) = created {
        metadata["creationTimestamp"] = created.into();
    }
    metadata
}

fn shown(ports: &Value, mut subset: Subset) -> Option<Value> {
    let mut shown = Map::new();
    for (key, addresses) in [("addresses", &mut subset.ready), ("notReadyAddresses", &mut subset.not_ready)] {
        if !addresses.is_empty() {
            addresses.sort_by(|a, b| value::text(a, &["ip"]).cmp(value::text(b, &["ip"])));
            shown.insert(key.to_owned(), std::mem::take(addresses).into());
        }
    }
    if shown.is_empty() {
        return None;
    }
    let mut ports = ports.clone();
    for port in value::elements(&mut ports, &[]) {
        if port["name"] == "" {
            port.as_object_mut()?.shift_remove("name");
        }
    }
    if ports.as_array().is_some_and(|ports| !ports.is_empty()) {
        shown.insert("ports".to_owned(), ports);
    }
    Some(shown.into())
}

fn address(endpoint: &Value) -> Value {
    let mut address = json!({"ip": endpoint["addresses"][0]});
    for key in ["hostname", "nodeName", "targetRef"] {
        if !endpoint[key].is_null() {
            address[key] = endpoint[key].clone();
        }
    }
    address
}

fn elements<'v>(object: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    object[key].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(service: &str, family: &str, ports: &Value, endpoints: &Value) -> Value {
        json!({
            "metadata": {
                "namespace": "shop", "name": format!("{service}-x"), "resourceVersion": "7",
                "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {label::SERVICE_NAME: service},
            },
            "addressType": family, "ports": ports, "endpoints": endpoints,
        })
    }

    fn endpoint(ip: &str, conditions: &Value) -> Value {
        json!({"addresses": [ip], "conditions": conditions, "nodeName": "n"})
    }

    #[test]
    fn the_slices_of_a_service_are_one_object() {
        let (http, named) = (json!([{"name": "", "port": 80, "protocol": "TCP"}]), json!([{"name": "b", "port": 81}]));
        let first = json!([
            endpoint("10.0.0.2", &json!({"ready": true})),
            endpoint("10.0.0.3", &json!({"ready": false})),
            endpoint("10.0.0.4", &json!({"ready": false, "terminating": true})),
        ]);
        let slices = [
            slice("web", "IPv4", &http, &first),
            slice("web", "IPv4", &http, &json!([endpoint("10.0.0.1", &json!({}))])),
            slice("web", "IPv4", &named, &json!([endpoint("10.0.0.9", &json!({}))])),
            slice("web", "IPv6", &http, &json!([endpoint("fd00::1", &json!({}))])),
            slice("none", "IPv4", &http, &json!([])),
            json!({"metadata": {"namespace": "shop", "name": "of nobody"}}),
        ];
        let found = of_slices(&slices);
        assert_eq!(found.len(), 2);
        assert_eq!((&found[0]["metadata"]["name"], found[0].get("subsets")), (&json!("none"), None));
        let web = &found[1];
        assert_eq!((&web["kind"], &web["metadata"]["resourceVersion"]), (&json!("Endpoints"), &json!("7")));
        let at = |ip: &str| json!({"ip": ip, "nodeName": "n"});
        let expected = json!([
            {"addresses": [at("10.0.0.1"), at("10.0.0.2")], "notReadyAddresses": [at("10.0.0.3")],
             "ports": [{"port": 80, "protocol": "TCP"}]},
            {"addresses": [at("10.0.0.9")], "ports": [{"name": "b", "port": 81}]},
        ]);
        assert_eq!(web["subsets"], expected);
    }

    #[test]
    fn addresses_are_bounded_and_that_is_said() {
        let many: Value =
            (0..=ADDRESSES_MAX).map(|n| endpoint(&format!("10.0.{}.{}", n / 256, n % 256), &json!({}))).collect();
        let found = of_slices(&[slice("web", "IPv4", &json!([{"port": 80}]), &many)]);
        assert_eq!(found[0]["subsets"][0]["addresses"].as_array().map(Vec::len), Some(ADDRESSES_MAX));
        assert_eq!(found[0]["metadata"]["annotations"][OVER_CAPACITY], "truncated");
    }
}
