//! The Node object a host is, from what it says in its `Hello`. Pure.
//!
//! A host names itself, its address and its capacity; it may set labels, but not those by which
//! Kubernetes tells trusted Nodes from others. Conditions and taints are the planner's.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use api::core::Node;
use api::label;
use protocol::v1::Hello;
use serde_json::{Value, json};

use crate::cidr::Cidr;

/// Node annotation: where the host's mutual-TLS proxy listens.
pub(crate) const PEER_ADDRESS: &str = "insula.dev/peer-address";
/// Node annotation: the interfaces the host can grant, separated by commas.
pub(crate) const INTERFACES: &str = "insula.dev/interfaces";
/// Node annotation: what compiled code must fit, as JSON.
pub(crate) const ENGINE: &str = "insula.dev/engine";

/// Most labels a host may set: more than anyone has, few enough to index.
const LABELS_MAX: usize = 64;
/// Most interfaces a host may name; the engine has fewer than 100.
const INTERFACES_MAX: usize = 512;
/// Most processor features a host may name.
const CPU_FEATURES_MAX: usize = 256;

/// Labels of Kubernetes' own domains that a host may set, as in the NodeRestriction admission plugin.
const OWN_LABELS: [&str; 7] = [
    label::HOSTNAME,
    label::OS,
    label::ARCH,
    label::ZONE,
    "topology.kubernetes.io/region",
    "node.kubernetes.io/instance-type",
    "kubernetes.io/instance-type",
];

/// A `Hello` that makes sense.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) hello: Hello,
    node_ip: IpAddr,
}

impl Host {
    /// Checks what a host says of itself.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub(crate) fn of(hello: Hello) -> Result<Self, String> {
        let node_ip: IpAddr =
            hello.node_ip.parse().map_err(|_| format!("node_ip {:?} is not an address", hello.node_ip))?;
        if !hello.peer_address.is_empty() && hello.peer_address.parse::<SocketAddr>().is_err() {
            return Err(format!("peer_address {:?} is not ip:port", hello.peer_address));
        }
        check_labels(&hello.labels)?;
        if hello.interfaces.len() > INTERFACES_MAX {
            return Err(format!("more than {INTERFACES_MAX} interfaces"));
        }
        match &hello.engine {
            Some(engine) if engine.cpu_features.len() > CPU_FEATURES_MAX => {
                Err(format!("more than {CPU_FEATURES_MAX} processor features"))
            }
            Some(engine) if engine.version.is_empty() || engine.target.is_empty() => {
                Err("engine: version and target are required".to_owned())
            }
            Some(_) => Ok(Self { hello, node_ip }),
            None => Err("engine is required".to_owned()),
        }
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels: BTreeMap<String, String> = self.hello.labels.clone().into_iter().collect();
        labels.insert(label::HOSTNAME.to_owned(), self.hello.node_name.clone());
        labels.insert(label::OS.to_owned(), "linux".to_owned());
        labels.insert(label::ARCH.to_owned(), self.architecture().to_owned());
        labels
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        let engine = self.hello.engine.clone().unwrap_or_default();
        let engine = json!({"version": engine.version, "target": engine.target, "cpuFeatures": engine.cpu_features});
        BTreeMap::from([
            (PEER_ADDRESS.to_owned(), self.hello.peer_address.clone()),
            (INTERFACES.to_owned(), self.hello.interfaces.join(",")),
            (ENGINE.to_owned(), engine.to_string()),
        ])
    }

    /// Kubernetes' word for the processor.
    fn architecture(&self) -> &str {
        let target = self.hello.engine.as_ref().map_or("", |engine| engine.target.as_str());
        match target.split('-').next().unwrap_or_default() {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        }
    }

    /// The object of a Node that is new.
    pub(crate) fn object(&self, pod_cidr: Cidr) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": self.hello.node_name, "labels": self.labels(), "annotations": self.annotations(),
            },
            "spec": {"podCIDR": pod_cidr.to_string(), "podCIDRs": [pod_cidr.to_string()]},
        })
    }

    /// The merge patch that brings a known Node's metadata up to date; `None` if it is.
    ///
    /// A Node without a range (made by hand, before its host came) gets one here.
    pub(crate) fn main_patch(&self, node: &Node, pod_cidr: Option<Cidr>) -> Option<Value> {
        let holds = |has: Option<&BTreeMap<String, String>>, wants: &BTreeMap<String, String>| {
            wants.iter().all(|(key, value)| has.and_then(|map| map.get(key)) == Some(value))
        };
        let (labels, annotations) = (self.labels(), self.annotations());
        let same = holds(node.metadata.labels.as_ref(), &labels)
            && holds(node.metadata.annotations.as_ref(), &annotations)
            && pod_cidr.is_none();
        if same {
            return None;
        }
        let mut patch = json!({"metadata": {"labels": labels, "annotations": annotations}});
        if let Some(cidr) = pod_cidr {
            patch["spec"] = json!({"podCIDR": cidr.to_string(), "podCIDRs": [cidr.to_string()]});
        }
        Some(patch)
    }

    /// The merge patch that brings a Node's status up to date; `None` if it is.
    pub(crate) fn status_patch(&self, node: &Node) -> Option<Value> {
        let wanted = self.status();
        let current = serde_json::to_value(node.status.clone().unwrap_or_default()).unwrap_or_default();
        let same = wanted.as_object().is_some_and(|wanted| wanted.iter().all(|(k, v)| current.get(k) == Some(v)));
        if same { None } else { Some(json!({"status": wanted})) }
    }

    fn status(&self) -> Value {
        let hello = &self.hello;
        let capacity = hello.capacity.unwrap_or_default();
        let capacity = json!({
            "cpu": format!("{}m", capacity.cpu_millis),
            "memory": capacity.memory_bytes.to_string(),
            "pods": capacity.pods.to_string(),
        });
        let engine = hello.engine.as_ref().map_or("", |engine| engine.version.as_str());
        json!({
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": self.node_ip.to_string()},
                {"type": "Hostname", "address": hello.node_name},
            ],
            "nodeInfo": {
                "architecture": self.architecture(),
                "bootID": hello.boot_id,
                "containerRuntimeVersion": format!("wasmtime://{engine}"),
                "kernelVersion": hello.kernel_version,
                "kubeProxyVersion": "",
                "kubeletVersion": hello.version,
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": hello.os_image,
                "systemUUID": "",
            },
        })
    }
}

fn check_labels(labels: &std::collections::HashMap<String, String>) -> Result<(), String> {
    if labels.len() > LABELS_MAX {
        return Err(format!("more than {LABELS_MAX} labels"));
    }
    for (key, value) in labels {
        api::name::check_qualified(key).map_err(|why| format!("label {key:?}: {why}"))?;
        api::name::check_label_value(value).map_err(|why| format!("label {key}={value:?}: {why}"))?;
        let domain = key.split_once('/').map_or("", |(domain, _)| domain);
        let theirs = ["kubernetes.io", "k8s.io"]
            .iter()
            .any(|d| domain == *d || domain.strip_suffix(d).is_some_and(|rest| rest.ends_with('.')));
        if theirs && !OWN_LABELS.contains(&key.as_str()) {
            return Err(format!("label {key:?}: a host may not set this label; set it with kubectl label node"));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use protocol::v1::{Capacity, Engine};

    pub(crate) fn hello(name: &str) -> Hello {
        Hello {
            node_name: name.to_owned(),
            boot_id: "boot".to_owned(),
            protocol_min: 1,
            protocol_max: 1,
            engine: Some(Engine {
                version: "48".to_owned(),
                target: "x86_64-unknown-linux-gnu".to_owned(),
                cpu_features: vec!["avx".to_owned()],
            }),
            interfaces: vec!["wasi:http/incoming-handler@0.2.12".to_owned()],
            node_ip: "127.0.0.1".to_owned(),
            peer_address: "127.0.0.1:7000".to_owned(),
            capacity: Some(Capacity { cpu_millis: 2000, memory_bytes: 1 << 30, pods: 100 }),
            version: "0.1.0".to_owned(),
            ..Hello::default()
        }
    }

    fn as_node(value: Value) -> Node {
        serde_json::from_value(value).expect("a Node")
    }

    #[test]
    fn a_node_that_is_up_to_date_is_not_written() {
        let host = Host::of(hello("a")).expect("makes sense");
        let mut object = host.object("127.64.0.0/18".parse().expect("a range"));
        object["status"] = host.status();
        let node = as_node(object);
        assert_eq!(host.main_patch(&node, None), None);
        assert_eq!(host.status_patch(&node), None);
        let mut moved = hello("a");
        moved.node_ip = "127.0.0.2".to_owned();
        moved.peer_address = "127.0.0.2:7000".to_owned();
        let moved = Host::of(moved).expect("makes sense");
        let patch = moved.main_patch(&node, None).expect("differs");
        assert_eq!(patch["metadata"]["annotations"][PEER_ADDRESS], "127.0.0.2:7000");
        assert_eq!(moved.status_patch(&node).expect("differs")["status"]["addresses"][0]["address"], "127.0.0.2");
    }

    #[test]
    fn a_host_may_not_give_itself_trust() {
        for (label, may) in [
            ("zone", true),
            ("example.com/rack", true),
            ("topology.kubernetes.io/zone", true),
            ("mykubernetes.io/x", true),
            ("node-role.kubernetes.io/control-plane", false),
            ("kubernetes.io/x", false),
            ("node-restriction.kubernetes.io/pci", false),
            ("x.k8s.io/y", false),
            ("-bad", false),
        ] {
            let mut said = hello("a");
            said.labels.insert(label.to_owned(), "1".to_owned());
            assert_eq!(Host::of(said).is_ok(), may, "{label}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        let bend = |bend: fn(&mut Hello)| {
            let mut said = hello("a");
            bend(&mut said);
            Host::of(said).expect_err("is nonsense")
        };
        assert!(bend(|h| h.node_ip = "x".to_owned()).contains("node_ip"));
        assert!(bend(|h| h.peer_address = "x".to_owned()).contains("peer_address"));
        assert!(bend(|h| h.engine = None).contains("engine"));
    }
}
