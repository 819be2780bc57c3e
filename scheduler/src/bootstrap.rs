//! What every cluster has from the start: its namespaces, its roles, its own classes of priority and runtime, and the
//! API as a Service of the cluster.
//!
//! Made at each start if missing, left alone if there: an operator may have added labels. Roles are mended.

use std::net::{IpAddr, SocketAddr};

use api::resource::{ENDPOINT_SLICES, NAMESPACES, PRIORITY_CLASSES, RUNTIME_CLASSES, SERVICES};
use api::workload::{CLASS_ISOLATED, CLASS_SHARED};
use api::{Resource, label};
use apiserver::{Objects, Patch, Status, Subresource, WriteOptions, ensure_roles};
use serde_json::{Value, json};

/// Kubernetes' own namespaces.
const NAMESPACE_NAMES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// Name of the Service and its EndpointSlice, in `default`.
const API: &str = "kubernetes";

/// Makes what is missing.
///
/// # Errors
/// The store's.
pub(crate) async fn run(objects: &Objects, service_ip: IpAddr, api: SocketAddr) -> Result<(), Status> {
    for name in NAMESPACE_NAMES {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        ensure(objects, &NAMESPACES, "", namespace).await?;
    }
    ensure_roles(objects).await?;
    for (name, value) in PRIORITIES {
        ensure(objects, &PRIORITY_CLASSES, "", priority_class(name, value)).await?;
    }
    for name in [CLASS_SHARED, CLASS_ISOLATED] {
        let class = json!({
            "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": name,
        });
        ensure(objects, &RUNTIME_CLASSES, "", class).await?;
    }
    ensure(objects, &SERVICES, "default", service(service_ip, api.port())).await?;
    if api.ip().is_unspecified() || api.ip().is_loopback() {
        // Nobody else can reach it, so it is no one's endpoint.
        return Ok(());
    }
    let slice = endpoint_slice(api);
    let endpoints = json!({"endpoints": slice["endpoints"], "ports": slice["ports"]});
    if !ensure(objects, &ENDPOINT_SLICES, "default", slice).await? {
        let patch = Patch::Merge(endpoints);
        let options = WriteOptions::default();
        objects.patch(&ENDPOINT_SLICES, "default", API, Subresource::Main, patch, options).await?;
    }
    Ok(())
}

/// What the cluster itself cannot be without: Kubernetes' own names and numbers.
const PRIORITIES: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

fn priority_class(name: &str, value: i32) -> Value {
    let description = if name.contains("node") {
        "Used for system critical pods that must not be moved from their current node."
    } else {
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
    };
    json!({
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
        "description": description,
    })
}

/// Creates an object unless it exists; returns whether it was created.
async fn ensure(
    objects: &Objects,
    resource: &'static Resource,
    namespace: &str,
    object: Value,
) -> Result<bool, Status> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    match objects.get(resource, namespace, name).await {
        Ok(_) => return Ok(false),
        Err(status) if status.is_not_found() => {}
        Err(status) => return Err(status),
    }
    match objects.create(resource, namespace, object, WriteOptions::default()).await {
        Ok(_) => Ok(true),
        // Another server has begun at the same time.
        Err(status) if status.is_already_exists() => Ok(false),
        Err(status) => Err(status),
    }
}

fn service(ip: IpAddr, api_port: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": API, "namespace": "default", "labels": {"component": "apiserver", "provider": API}},
        "spec": {
            "clusterIP": ip.to_string(),
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": api_port}],
        },
    })
}

fn endpoint_slice(api: SocketAddr) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": API, "namespace": "default",
            "labels": {label::SERVICE_NAME: API, label::ENDPOINT_SLICE_MANAGED_BY: "insula-server"},
        },
        "addressType": if api.is_ipv4() { "IPv4" } else { "IPv6" },
        "endpoints": [{"addresses": [api.ip().to_string()], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "protocol": "TCP", "port": api.port()}],
    })
}
