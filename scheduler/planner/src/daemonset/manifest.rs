//! The Pod of a Node: the template, bound to the Node's name by affinity, with what every daemon tolerates.

use api::apps::DaemonSet;
use api::core::{NodeSelectorRequirement, NodeSelectorTerm, Pod, PodSpec, Toleration};
use api::label;
use api::resource::DAEMON_SETS;
use serde_json::{Value, json};

use crate::{node, pod, template};

/// The field of a Node that its name is in.
const NAME_FIELD: &str = "metadata.name";
/// Taints that daemons live with: key and effect. With `hostNetwork` also [`NETWORK_UNAVAILABLE`].
const TOLERATED: [(&str, &str); 6] = [
    (label::TAINT_NOT_READY, node::NO_EXECUTE),
    (label::TAINT_UNREACHABLE, node::NO_EXECUTE),
    ("node.kubernetes.io/disk-pressure", node::NO_SCHEDULE),
    ("node.kubernetes.io/memory-pressure", node::NO_SCHEDULE),
    ("node.kubernetes.io/pid-pressure", node::NO_SCHEDULE),
    (label::TAINT_UNSCHEDULABLE, node::NO_SCHEDULE),
];
const NETWORK_UNAVAILABLE: (&str, &str) = ("node.kubernetes.io/network-unavailable", node::NO_SCHEDULE);

/// The spec every Pod has, whatever its Node.
pub(super) fn spec(set: &DaemonSet) -> PodSpec {
    let mut spec = set.spec.template.spec.clone().unwrap_or_default();
    let is_on_host = spec.host_network == Some(true);
    let tolerated = TOLERATED.iter().chain(Some(&NETWORK_UNAVAILABLE).filter(|_| is_on_host));
    let tolerations = spec.tolerations.get_or_insert_default();
    for (key, effect) in tolerated {
        let toleration = Toleration {
            key: Some((*key).to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some((*effect).to_owned()),
            ..Toleration::default()
        };
        let is_same = |own: &Toleration| own.key == toleration.key && own.effect == toleration.effect;
        match tolerations.iter_mut().find(|own| is_same(own)) {
            Some(own) => *own = toleration,
            None => tolerations.push(toleration),
        }
    }
    spec
}

/// The Pod of a Node, all but its name.
pub(super) fn pod(set: &DaemonSet, node: &str, hash: &str) -> Value {
    let mut pod = template::pod(&DAEMON_SETS, &set.metadata, &set.spec.template);
    pod["metadata"]["labels"][label::CONTROLLER_REVISION_HASH] = json!(hash);
    let mut spec = spec(set);
    pin(&mut spec, node);
    pod["spec"] = json!(spec);
    pod
}

/// Adds to every required term of the affinity that the Node has this name; terms on fields give way.
fn pin(spec: &mut PodSpec, node: &str) {
    let is_named = NodeSelectorRequirement {
        key: NAME_FIELD.to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![node.to_owned()]),
    };
    let affinity = spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
    let required = affinity.required_during_scheduling_ignored_during_execution.get_or_insert_default();
    let terms = &mut required.node_selector_terms;
    if terms.is_empty() {
        terms.push(NodeSelectorTerm::default());
    }
    for term in terms {
        term.match_fields = Some(vec![is_named.clone()]);
    }
}

/// The Node a Pod is on, or is made for.
pub(super) fn node_of(pod: &Pod) -> Option<&str> {
    pod::node(pod).or_else(|| {
        let affinity = pod.spec.as_ref()?.affinity.as_ref()?.node_affinity.as_ref()?;
        let required = affinity.required_during_scheduling_ignored_during_execution.as_ref()?;
        let mut fields = required.node_selector_terms.iter().flat_map(|term| term.match_fields.iter().flatten());
        let named = fields.find(|field| field.key == NAME_FIELD && field.operator == "In")?;
        named.values.as_deref()?.first().map(String::as_str)
    })
}
