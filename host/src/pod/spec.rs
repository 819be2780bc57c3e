//! What this host acts on in a Pod's spec, and what it has to refuse or warn about.
//!
//! The whole object is read once per assignment and let go: thousands of Pods are kept only as the
//! bytes that were sent and this extract.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::core::{Container as ApiContainer, ContainerPort, Pod};
use api::egress;
use api::grants::{Names, Topics};
use api::workload::{self, Reuse};
use api::{label, quantity};

use super::probe::{Kind, Probe, Probes};

/// Time to end in, unless the Pod says otherwise.
const GRACE_DEFAULT: Duration = Duration::from_secs(30);

/// Why a container does not run, as `state.waiting` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(reason: &str, message: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), message: message.into() }
    }

    /// The configuration of the container does not resolve.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new("CreateContainerConfigError", message)
    }
}

/// What follows when a container ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum RestartPolicy {
    #[default]
    Always,
    OnFailure,
    Never,
}

/// Where a Pod's guests run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Class {
    /// In the host's process, with those of other Pods.
    #[default]
    Shared,
    /// In a process of the container's own.
    Isolated,
}

/// The extract of a Pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) generation: Option<i64>,
    pub(crate) grace: Duration,
    pub(crate) restart_policy: RestartPolicy,
    pub(crate) class: Class,
    pub(crate) timeout: Duration,
    pub(crate) reuse: Reuse,
    /// Of the guests of all its namespace's Pods on this host.
    pub(crate) namespace_memory_bytes_max: Option<u64>,
    pub(crate) grants: Grants,
    /// What it may reach outside the cluster.
    pub(crate) egress: Vec<egress::Rule>,
    pub(crate) containers: Vec<Container>,
    /// What the Pod asks for and this version leaves out.
    pub(crate) left_out: Vec<String>,
    /// The API says that it has ended for good, by itself or because it was evicted.
    pub(crate) over: bool,
}

/// What a Pod may use of the cluster's backing services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    pub(crate) buckets: Arc<Names>,
    pub(crate) containers: Arc<Names>,
    pub(crate) publish: Arc<Topics>,
    pub(crate) subscribe: Topics,
}

/// The extract of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) ports: Vec<u16>,
    pub(crate) probes: Probes,
    pub(crate) memory_bytes_max: Option<u64>,
    /// Thousandths of a CPU it asks for; its share when CPUs are short.
    pub(crate) cpu_millis: Option<u32>,
    /// The most that it gets of CPUs that are free.
    pub(crate) cpu_millis_max: Option<u32>,
    /// It sees volumes.
    pub(crate) has_mounts: bool,
    pub(crate) refusal: Option<Refusal>,
}

impl Spec {
    /// Reads a Pod. What a container cannot have becomes its refusal, so that its status tells why.
    pub(crate) fn of(pod: &Pod) -> Self {
        let meta = &pod.metadata;
        let empty = BTreeMap::new();
        let annotations = meta.annotations.as_ref().unwrap_or(&empty);
        let mut refusal = None;
        let annotation = |name: &str| annotations.get(name).map(|text| (name.to_owned(), text.clone()));
        let timeout = parsed(annotation(label::TIMEOUT), workload::parse_timeout, &mut refusal);
        let reuse = parsed(annotation(label::REUSE), Reuse::parse, &mut refusal);
        let namespace_memory_bytes_max =
            parsed(annotation(label::NAMESPACE_MEMORY_LIMIT), workload::parse_memory_limit, &mut refusal);
        let grants = Grants {
            buckets: parsed(annotation(label::KEYVALUE), Names::parse, &mut refusal).unwrap_or_default().into(),
            containers: parsed(annotation(label::BLOBS), Names::parse, &mut refusal).unwrap_or_default().into(),
            publish: parsed(annotation(label::PUBLISH), Topics::parse, &mut refusal).unwrap_or_default().into(),
            subscribe: parsed(annotation(label::SUBSCRIBE), Topics::parse, &mut refusal).unwrap_or_default(),
        };
        let egress = parsed(annotation(label::EGRESS), egress::parse, &mut refusal);
        let spec = pod.spec.clone().unwrap_or_default();
        if spec.init_containers.as_ref().is_some_and(|init| !init.is_empty()) {
            let message = "init containers are not run by this version, and the Pod must not start without them";
            refusal.get_or_insert(Refusal::new("UnsupportedInitContainers", message));
        }
        let class = class(&spec, annotations, &mut refusal);
        let grace = meta.deletion_grace_period_seconds.or(spec.termination_grace_period_seconds);
        Self {
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone().unwrap_or_default(),
            generation: meta.generation,
            grace: grace.map_or(GRACE_DEFAULT, |s| Duration::from_secs(u64::try_from(s).unwrap_or(0))),
            restart_policy: match spec.restart_policy.as_deref() {
                Some("Never") => RestartPolicy::Never,
                Some("OnFailure") => RestartPolicy::OnFailure,
                _ => RestartPolicy::Always,
            },
            class,
            timeout: timeout.unwrap_or(workload::TIMEOUT_DEFAULT),
            reuse: reuse.unwrap_or_default(),
            namespace_memory_bytes_max,
            grants,
            egress: egress.unwrap_or_default(),
            left_out: left_out(&spec, reuse.unwrap_or_default()),
            over: matches!(pod.status.as_ref().and_then(|s| s.phase.as_deref()), Some("Succeeded" | "Failed")),
            containers: spec.containers.iter().map(|c| Container::of(c, refusal.as_ref())).collect(),
        }
    }
}

/// The class that a Pod asks for. What the class has not becomes a refusal: the Pod must not run without it, nor without
/// its walls.
fn class(spec: &api::core::PodSpec, annotations: &BTreeMap<String, String>, refusal: &mut Option<Refusal>) -> Class {
    let mut refuse = |reason: &str, message: String| {
        refusal.get_or_insert(Refusal::new(reason, message));
    };
    // A RuntimeClass that is called otherwise than its handler says so here; hosts know handlers only.
    let handler = annotations.get(label::RUNTIME_HANDLER).map(String::as_str);
    match handler.or(spec.runtime_class_name.as_deref()).unwrap_or_default() {
        "" | workload::CLASS_SHARED => return Class::Shared,
        workload::CLASS_ISOLATED => {}
        other => {
            let isolated = workload::CLASS_ISOLATED;
            let message = format!(
                "spec.runtimeClassName: there is no class {other:?} on this host; leave it out, or use {isolated:?}"
            );
            refuse("UnsupportedRuntimeClass", message);
            return Class::Shared;
        }
    }
    let without = |what: &str| {
        format!(
            "{what}: Pods of the runtime class {} have no such thing; leave one of the two out",
            workload::CLASS_ISOLATED
        )
    };
    for (at, container) in spec.containers.iter().enumerate() {
        if container.volume_mounts.as_ref().is_some_and(|mounts| !mounts.is_empty()) {
            refuse("NotInRuntimeClass", without(&format!("spec.containers[{at}].volumeMounts")));
        }
    }
    for name in [label::KEYVALUE, label::BLOBS, label::PUBLISH, label::SUBSCRIBE] {
        if annotations.contains_key(name) {
            refuse("NotInRuntimeClass", without(&format!("annotation {name}")));
        }
    }
    Class::Isolated
}

fn parsed<T>(
    annotation: Option<(String, String)>,
    parse: impl Fn(&str) -> Result<T, String>,
    refusal: &mut Option<Refusal>,
) -> Option<T> {
    let (name, text) = annotation?;
    match parse(&text) {
        Ok(value) => Some(value),
        Err(why) => {
            refusal.get_or_insert(Refusal::config(format!("annotation {name}: {why}")));
            None
        }
    }
}

impl Container {
    fn of(container: &ApiContainer, of_pod: Option<&Refusal>) -> Self {
        let ports = container.ports.as_deref().unwrap_or_default();
        let mut refusal = of_pod.cloned();
        let mut probe = |kind: Kind, probe: Option<&api::core::Probe>| match Probe::parse(probe?, ports) {
            Ok(probe) => Some(probe),
            Err(why) => {
                let field = format!("{}Probe", kind.word().to_ascii_lowercase());
                refusal.get_or_insert(Refusal::new("UnsupportedProbe", format!("{field}: {why}")));
                None
            }
        };
        let probes = Probes {
            startup: probe(Kind::Startup, container.startup_probe.as_ref()),
            readiness: probe(Kind::Readiness, container.readiness_probe.as_ref()),
            liveness: probe(Kind::Liveness, container.liveness_probe.as_ref()),
        };
        let limit = container.resources.as_ref().and_then(|r| r.limits.as_ref()).and_then(|l| l.get("memory"));
        let memory_bytes_max = limit.and_then(|limit| match quantity::parse_bytes(&limit.0) {
            Ok(bytes) => u64::try_from(bytes).ok().filter(|bytes| *bytes > 0),
            Err(why) => {
                refusal.get_or_insert(Refusal::config(format!("resources.limits.memory: {why}")));
                None
            }
        });
        Self {
            name: container.name.clone(),
            image: container.image.clone().unwrap_or_default(),
            ports: ports.iter().filter(|p| is_tcp(p)).filter_map(|p| u16::try_from(p.container_port).ok()).collect(),
            probes,
            memory_bytes_max,
            cpu_millis: cpu_millis(container, &["requests", "limits"]),
            cpu_millis_max: cpu_millis(container, &["limits"]),
            has_mounts: container.volume_mounts.as_ref().is_some_and(|mounts| !mounts.is_empty()),
            refusal,
        }
    }
}

/// The thousandths of a CPU that the first of these lists tells which tells any: what is asked for is the limit where
/// nothing else is said, as it is for containers.
fn cpu_millis(container: &ApiContainer, lists: &[&str]) -> Option<u32> {
    let resources = container.resources.as_ref()?;
    let cpu = |list: &&str| match *list {
        "requests" => resources.requests.as_ref()?.get("cpu"),
        _ => resources.limits.as_ref()?.get("cpu"),
    };
    let asked = lists.iter().find_map(cpu)?;
    quantity::parse_millis(&asked.0).ok().and_then(|millis| u32::try_from(millis).ok()).filter(|millis| *millis > 0)
}

fn is_tcp(port: &ContainerPort) -> bool {
    port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP")
}

/// Fields that have no effect here, by their path. They become one Event, so that nobody is left guessing.
fn left_out(spec: &api::core::PodSpec, reuse: Reuse) -> Vec<String> {
    let mut paths = Vec::new();
    let mut note = |present: bool, path: String| {
        if present {
            paths.push(path);
        }
    };
    let at_once = reuse.concurrent_max;
    note(
        at_once > 1 && reuse.requests_max == 1,
        format!(
            "annotation {} (concurrent={at_once} without requests=N: each request has its own instance)",
            label::REUSE
        ),
    );
    for (at, volume) in spec.volumes.iter().flatten().enumerate() {
        let limited = volume.empty_dir.as_ref().is_some_and(|dir| dir.size_limit.is_some() || dir.medium.is_some());
        note(limited, format!("spec.volumes[{at}].emptyDir (sizeLimit and medium: it is a directory without a bound)"));
    }
    note(spec.host_network == Some(true), "spec.hostNetwork".to_owned());
    note(spec.readiness_gates.as_ref().is_some_and(|gates| !gates.is_empty()), "spec.readinessGates".to_owned());
    for (at, container) in spec.containers.iter().enumerate() {
        let field = |name: &str| format!("spec.containers[{at}].{name}");
        note(container.lifecycle.is_some(), field("lifecycle"));
        for (index, port) in container.ports.iter().flatten().enumerate() {
            note(port.host_port.is_some_and(|port| port > 0), field(&format!("ports[{index}].hostPort")));
            note(
                !is_tcp(port),
                field(&format!("ports[{index}] (protocol {})", port.protocol.as_deref().unwrap_or_default())),
            );
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn spec(pod: Value) -> Spec {
        Spec::of(&serde_json::from_value(pod).expect("is a Pod"))
    }

    #[test]
    fn what_is_asked_for_is_extracted() {
        let spec = spec(json!({
            "metadata": {
                "name": "w", "namespace": "n", "generation": 3, "deletionGracePeriodSeconds": 5,
                "annotations": {"insula.dev/timeout": "2s", "insula.dev/reuse": "requests=9,concurrent=4",
                                "insula.dev/egress": "https://api.example.com"},
            },
            "spec": {"terminationGracePeriodSeconds": 60, "restartPolicy": "Never", "containers": [
                {"name": "a", "image": "web:1", "ports": [{"containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}],
                 "resources": {"limits": {"memory": "64Mi", "cpu": "1500m"}, "requests": {"cpu": "200m"}},
                 "readinessProbe": {"httpGet": {"port": 8080}}},
                {"name": "b", "image": "side", "ports": [{"containerPort": 9090}, {"containerPort": 8080}]},
            ]},
        }));
        assert_eq!(spec.grace, Duration::from_secs(5), "a deletion's own grace wins");
        assert_eq!(spec.timeout, Duration::from_secs(2));
        assert_eq!((spec.reuse.requests_max, spec.reuse.concurrent_max), (9, 4));
        assert_eq!(spec.egress, egress::parse("https://api.example.com").expect("parses"));
        assert_eq!((spec.restart_policy, spec.generation), (RestartPolicy::Never, Some(3)));
        assert_eq!((&spec.containers[0].ports, &spec.containers[1].ports), (&vec![8080], &vec![9090, 8080]));
        assert_eq!(spec.containers[0].memory_bytes_max, Some(64 << 20));
        assert_eq!((spec.containers[0].cpu_millis, spec.containers[0].cpu_millis_max), (Some(200), Some(1_500)));
        assert_eq!((spec.containers[1].cpu_millis, spec.containers[1].cpu_millis_max), (None, None));
        assert!(spec.containers[0].probes.readiness.is_some() && spec.containers[1].probes.is_empty());
        assert_eq!(spec.left_out, ["spec.containers[0].ports[1] (protocol UDP)"]);
        assert!(spec.containers.iter().all(|c| c.refusal.is_none()));
    }

    #[test]
    fn a_class_has_walls_and_not_everything_else() {
        let asked = |class: Value, annotations: Value, mounts: Value| {
            let containers = json!([{"name": "a", "image": "i", "volumeMounts": mounts}]);
            let pod = json!({
                "metadata": {"annotations": annotations},
                "spec": {"runtimeClassName": class, "containers": containers},
            });
            let spec = spec(pod);
            let refusal = spec.containers[0].refusal.as_ref();
            (spec.class, refusal.map(|refusal| format!("{}: {}", refusal.reason, refusal.message)))
        };
        let mount = json!([{"name": "v", "mountPath": "/v"}]);
        for none in [json!(null), json!(""), json!("wasm")] {
            assert_eq!(asked(none, json!({"insula.dev/blobs": "b"}), mount.clone()), (Class::Shared, None));
        }
        assert_eq!(asked(json!("wasm-isolated"), json!({}), json!([])), (Class::Isolated, None));
        let handler = json!({"insula.dev/runtime-handler": "wasm-isolated"});
        assert_eq!(
            asked(json!("walled"), handler, json!([])),
            (Class::Isolated, None),
            "its class is called otherwise"
        );
        for (class, annotations, mounts, begins) in [
            (
                "gvisor",
                json!({}),
                json!([]),
                "UnsupportedRuntimeClass: spec.runtimeClassName: there is no class \"gvisor\" on this host",
            ),
            ("wasm-isolated", json!({}), mount, "NotInRuntimeClass: spec.containers[0].volumeMounts: "),
            (
                "wasm-isolated",
                json!({"insula.dev/keyvalue": "b"}),
                json!([]),
                "NotInRuntimeClass: annotation insula.dev/keyvalue: ",
            ),
        ] {
            let refusal = asked(json!(class), annotations, mounts).1.expect("is refused");
            assert!(refusal.starts_with(begins), "{refusal}");
        }
    }

    #[test]
    fn what_cannot_be_had_becomes_the_containers_refusal() {
        let refusal = |metadata: Value, parts: Value, init: Value| {
            let mut container = json!({"name": "a", "image": "i"});
            for (key, value) in parts.as_object().expect("is an object") {
                container[key] = value.clone();
            }
            let pod = json!({"metadata": metadata, "spec": {"containers": [container], "initContainers": init}});
            let refusal = spec(pod).containers[0].refusal.clone().expect("is refused");
            format!("{}: {}", refusal.reason, refusal.message)
        };
        for (metadata, parts, init, begins) in [
            (
                json!({}),
                json!({"livenessProbe": {"exec": {}}}),
                json!([]),
                "UnsupportedProbe: livenessProbe: a probe of kind exec",
            ),
            (json!({}), json!({}), json!([{"name": "i"}]), "UnsupportedInitContainers: "),
            (
                json!({"annotations": {"insula.dev/timeout": "x"}}),
                json!({}),
                json!([]),
                "CreateContainerConfigError: annotation insula.dev/timeout: ",
            ),
            (
                json!({"annotations": {"insula.dev/egress": "example.com"}}),
                json!({}),
                json!([]),
                "CreateContainerConfigError: annotation insula.dev/egress: ",
            ),
            (
                json!({}),
                json!({"resources": {"limits": {"memory": "lots"}}}),
                json!([]),
                "CreateContainerConfigError: resources.limits.memory: ",
            ),
        ] {
            let said = refusal(metadata, parts, init);
            assert!(said.starts_with(begins), "{said}");
        }
    }
}
