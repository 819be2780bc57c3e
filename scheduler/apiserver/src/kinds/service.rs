//! Services. Addresses and node ports are given by `objects::allocation`; here is what may be asked for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use api::core::{Service, ServicePort, ServiceSpec};
use api::name;
use api::resource::SERVICES;
use serde_json::{Value, json};

use super::container::{check_port, check_port_name, check_port_ref, supported};
use super::{decode, meta};
use crate::field::{Path, Problems};
use crate::limits::SERVICE_PORTS_MAX;
use crate::status::Status;
use crate::value;

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
/// How long `ClientIP` affinity lasts, and the most it may: three hours, a day.
const AFFINITY_SECONDS: (i32, i32) = (10_800, 86_400);

/// What a Service that is only a name has no use for.
const WITHOUT_ADDRESS: [&str; 7] = [
    "clusterIP",
    "clusterIPs",
    "ipFamilies",
    "ipFamilyPolicy",
    "internalTrafficPolicy",
    "externalTrafficPolicy",
    "allocateLoadBalancerNodePorts",
];

fn kind_of(service: &Value) -> &str {
    value::text(service, &["spec", "type"])
}

/// Whether each port of the Service gets a port on every Node.
pub(crate) fn needs_node_ports(service: &Value) -> bool {
    match kind_of(service) {
        "NodePort" => true,
        "LoadBalancer" => value::at(service, &["spec", "allocateLoadBalancerNodePorts"]) != Some(&json!(false)),
        _ => false,
    }
}

/// A new Service has no load balancer yet.
pub(super) fn prepare(service: &mut Value) {
    if let Some(map) = service.as_object_mut() {
        map.insert("status".to_owned(), json!({"loadBalancer": {}}));
    }
}

/// Fills in what a Service leaves out.
pub(super) fn defaults(service: &mut Value) {
    let Some(spec) = service.get_mut("spec") else { return };
    value::default(spec, "type", "ClusterIP");
    value::default(spec, "sessionAffinity", "None");
    if value::text(spec, &["sessionAffinity"]) == "ClientIP" {
        let config = json!({"clientIP": {"timeoutSeconds": AFFINITY_SECONDS.0}});
        value::default(spec, "sessionAffinityConfig", config);
    }
    for port in value::elements(spec, &["ports"]) {
        value::default(port, "protocol", "TCP");
        let unset = port.get("targetPort").is_none_or(|target| target == 0 || target == "");
        if let (true, Some(number)) = (unset, port.get("port").cloned()) {
            port["targetPort"] = number;
        }
    }
    let word = value::text(spec, &["type"]).to_owned();
    if word == "ExternalName" {
        return;
    }
    value::default(spec, "internalTrafficPolicy", "Cluster");
    value::default(spec, "ipFamilyPolicy", "SingleStack");
    if word == "NodePort" || word == "LoadBalancer" {
        value::default(spec, "externalTrafficPolicy", "Cluster");
    }
    if word == "LoadBalancer" {
        value::default(spec, "allocateLoadBalancerNodePorts", true);
    }
    align_cluster_ips(spec);
}

/// `clusterIP` and the first of `clusterIPs` are the same thing said twice.
fn align_cluster_ips(spec: &mut Value) {
    let one = value::text(spec, &["clusterIP"]).to_owned();
    let first = value::at(spec, &["clusterIPs"]).and_then(|list| list.get(0)?.as_str().map(str::to_owned));
    match (one.as_str(), first) {
        ("", Some(first)) => spec["clusterIP"] = json!(first),
        ("", None) => {}
        (one, None) => spec["clusterIPs"] = json!([one]),
        (_, Some(_)) => {}
    }
}

/// Keeps what was allocated when an update does not mention it, and drops what the type has no use for.
pub(crate) fn keep_addresses(current: &Value, service: &mut Value) {
    let word = kind_of(service).to_owned();
    let Some(old) = current.get("spec") else { return };
    let (old_needs, new_needs) = (needs_node_ports(current), needs_node_ports(service));
    let Some(spec) = service.get_mut("spec") else { return };
    keep_node_ports(old, old_needs, spec, new_needs);
    if word == "ExternalName" {
        // What the user did not choose, the change of type takes away.
        for key in WITHOUT_ADDRESS {
            if let Some(map) = spec.as_object_mut()
                && map.get(key) == old.get(key)
            {
                map.shift_remove(key);
            }
        }
        return;
    }
    if value::text(spec, &["clusterIP"]).is_empty() {
        for key in ["clusterIP", "clusterIPs", "ipFamilies"] {
            if let Some(found) = old.get(key) {
                spec[key] = found.clone();
            }
        }
    } else if spec.get("ipFamilies").is_none()
        && let Some(found) = old.get("ipFamilies")
    {
        spec["ipFamilies"] = found.clone();
    }
    if !new_needs
        && word == "ClusterIP"
        && let Some(map) = spec.as_object_mut()
    {
        map.shift_remove("externalTrafficPolicy");
    }
}

/// Keeps the node ports of ports that are still there, or drops them with the type that had them.
fn keep_node_ports(old: &Value, old_needs: bool, spec: &mut Value, new_needs: bool) {
    let old_ports = old.get("ports").and_then(Value::as_array).cloned().unwrap_or_default();
    for port in value::elements(spec, &["ports"]) {
        let same = |old: &&Value| old.get("port") == port.get("port") && old.get("protocol") == port.get("protocol");
        let before = old_ports.iter().find(same).and_then(|old| old.get("nodePort")).cloned();
        let unset = port.get("nodePort").is_none_or(|number| number == 0);
        match (before, port.as_object_mut()) {
            (Some(number), Some(map)) if unset && old_needs && new_needs => {
                map.insert("nodePort".to_owned(), number);
            }
            (Some(number), Some(map)) if !new_needs && map.get("nodePort") == Some(&number) => {
                map.shift_remove("nodePort");
            }
            _ => {}
        }
    }
}

/// Decodes and checks a Service.
pub(super) fn validate(object: &Value, problems: &mut Problems) -> Result<(), Status> {
    let service: Service = decode(&SERVICES, object)?;
    let path = Path::new("spec");
    let spec = service.spec.unwrap_or_default();
    let word = spec.type_.as_deref().unwrap_or_default();
    supported(&path.child("type"), word, &TYPES, problems);
    check_ports(&path.child("ports"), &spec, word, problems);
    check_cluster_ip(&path, &spec, word, problems);
    meta::check_labels(&path.child("selector"), spec.selector.as_ref(), problems);
    if word == "ExternalName" {
        match spec.external_name.as_deref().unwrap_or_default().trim_end_matches('.') {
            "" => problems.required(&path.child("externalName"), ""),
            found => problems.check(&path.child("externalName"), found, name::check_subdomain(found)),
        }
    }
    check_affinity(&path, &spec, problems);
    let policies = [
        ("externalTrafficPolicy", &spec.external_traffic_policy),
        ("internalTrafficPolicy", &spec.internal_traffic_policy),
    ];
    for (field, found) in policies {
        if let Some(found) = found {
            supported(&path.child(field), found, &["Cluster", "Local"], problems);
        }
    }
    for (at, address) in spec.external_ips.iter().flatten().enumerate() {
        check_ip(&path.child("externalIPs").index(at), address, problems);
    }
    Ok(())
}

/// Checks an address.
pub(super) fn check_ip(path: &Path, text: &str, problems: &mut Problems) {
    if text.parse::<IpAddr>().is_err() {
        problems.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    }
}

fn check_ports(path: &Path, spec: &ServiceSpec, word: &str, problems: &mut Problems) {
    let ports = spec.ports.as_deref().unwrap_or_default();
    let headless = spec.cluster_ip.as_deref() == Some("None");
    if ports.is_empty() && !headless && word != "ExternalName" {
        problems.required(path, "");
    }
    if ports.len() > SERVICE_PORTS_MAX {
        problems.too_many(path, ports.len(), SERVICE_PORTS_MAX);
    }
    let (mut names, mut numbers, mut node_ports) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (at, port) in ports.iter().enumerate() {
        let path = path.index(at);
        match port.name.as_deref().unwrap_or_default() {
            "" if ports.len() > 1 => problems.required(&path.child("name"), ""),
            "" => {}
            found => {
                problems.check(&path.child("name"), found, name::check_label(found));
                if !names.insert(found) {
                    problems.duplicate(&path.child("name"), found);
                }
            }
        }
        check_one_port(&path, port, word, problems);
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        if !numbers.insert((protocol, port.port)) {
            problems.duplicate(&path, json!({"port": port.port, "protocol": protocol}));
        }
        if let Some(number) = port.node_port.filter(|number| *number != 0)
            && !node_ports.insert((protocol, number))
        {
            problems.duplicate(&path.child("nodePort"), number);
        }
    }
}

fn check_one_port(path: &Path, port: &ServicePort, word: &str, problems: &mut Problems) {
    check_port(&path.child("port"), port.port, problems);
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    supported(&path.child("protocol"), protocol, &["SCTP", "TCP", "UDP"], problems);
    if let Some(target) = &port.target_port {
        check_port_ref(&path.child("targetPort"), target, problems);
    }
    if let Some(number) = port.node_port.filter(|number| *number != 0) {
        let path = path.child("nodePort");
        if word == "NodePort" || word == "LoadBalancer" {
            check_port(&path, number, problems);
        } else {
            problems.forbidden(&path, format!("may not be used when `type` is '{word}'"));
        }
    }
    if let Some(protocol) = port.app_protocol.as_deref().filter(|protocol| protocol.contains(' ')) {
        problems.check(&path.child("appProtocol"), protocol, check_port_name(protocol));
    }
}

fn check_cluster_ip(path: &Path, spec: &ServiceSpec, word: &str, problems: &mut Problems) {
    let found = spec.cluster_ip.as_deref().unwrap_or_default();
    let list = spec.cluster_ips.as_deref().unwrap_or_default();
    let field = path.child("clusterIPs").index(0);
    match (found, word) {
        ("", _) => {}
        (_, "ExternalName") => problems.forbidden(&field, "may not be set when `type` is 'ExternalName'"),
        ("None", "NodePort" | "LoadBalancer") => {
            problems.invalid(&field, found, format!("may not be set to 'None' for {word} services"));
        }
        ("None", _) => {}
        _ => check_ip(&field, found, problems),
    }
    if list.first().is_some_and(|first| first != found) {
        problems.invalid(&path.child("clusterIPs"), list, "first value must match `clusterIP`");
    }
    if list.len() > 1 {
        problems.invalid(&path.child("clusterIPs"), list, "the cluster has one address family; one address is allowed");
    }
    if let Some(policy) = spec.ip_family_policy.as_deref() {
        let known = ["SingleStack", "PreferDualStack", "RequireDualStack"];
        supported(&path.child("ipFamilyPolicy"), policy, &known, problems);
        if policy == "RequireDualStack" {
            let path = path.child("ipFamilyPolicy");
            problems.invalid(&path, policy, "this cluster is not configured for dual-stack services");
        }
    }
}

fn check_affinity(path: &Path, spec: &ServiceSpec, problems: &mut Problems) {
    let affinity = spec.session_affinity.as_deref().unwrap_or("None");
    supported(&path.child("sessionAffinity"), affinity, &["ClientIP", "None"], problems);
    let Some(config) = &spec.session_affinity_config else { return };
    let path = path.child("sessionAffinityConfig");
    if affinity == "None" {
        problems.forbidden(&path, "must not be set when session affinity is None");
    }
    let seconds = config.client_ip.as_ref().and_then(|client| client.timeout_seconds);
    if let Some(seconds) = seconds.filter(|seconds| !(1..=AFFINITY_SECONDS.1).contains(seconds)) {
        let path = path.child("clientIP").child("timeoutSeconds");
        let why = format!("must be greater than 0 and less than or equal to {}", AFFINITY_SECONDS.1);
        problems.invalid(&path, seconds, why);
    }
}

/// An address given once stays, unless the Service changes to or from a name only.
pub(super) fn validate_update(old: &Value, new: &Value, problems: &mut Problems) {
    let (before, after) = (value::text(old, &["spec", "clusterIP"]), value::text(new, &["spec", "clusterIP"]));
    let named = kind_of(old) == "ExternalName" || kind_of(new) == "ExternalName";
    if !named && !before.is_empty() && before != after {
        let path = Path::new("spec").child("clusterIPs").index(0);
        problems.invalid(&path, after, "may not change once set");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_keep_what_was_allocated() {
        let mut old = json!({"spec": {"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"],
            "ports": [{"port": 80, "nodePort": 30001}, {"port": 81, "nodePort": 30002}]}});
        defaults(&mut old);
        let mut new = json!({"spec": {"type": "NodePort", "ports": [{"port": 81}, {"port": 82}]}});
        defaults(&mut new);
        keep_addresses(&old, &mut new);
        assert_eq!(new["spec"]["clusterIP"], "10.0.0.1");
        assert_eq!(new["spec"]["ports"][0]["nodePort"], 30002);
        assert!(new["spec"]["ports"][1]["nodePort"].is_null());
        let mut plain = old.clone();
        plain["spec"]["type"] = json!("ClusterIP");
        keep_addresses(&old, &mut plain);
        assert!(plain["spec"]["ports"][0]["nodePort"].is_null());
        let mut named = old.clone();
        named["spec"]["type"] = json!("ExternalName");
        keep_addresses(&old, &mut named);
        for key in ["clusterIP", "clusterIPs", "externalTrafficPolicy"] {
            assert!(named["spec"][key].is_null(), "{key}");
        }
        assert!(named["spec"]["ports"][0]["nodePort"].is_null() && named["spec"]["ports"][1]["nodePort"].is_null());
    }
}
