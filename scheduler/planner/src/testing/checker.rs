//! The rules of placement, written down a second time and as plainly as possible (C17).
//!
//! It looks at where Pods are and says which rule is broken. It shares no code with placement
//! beyond reading a quantity, so a mistake there is not repeated here.

use std::collections::BTreeMap;

use api::core::{Node, Pod, PodAffinityTerm};
use api::selector::Selector;
use api::{NamespacedName, quantity};

use crate::Snapshot;

/// Every broken rule, one sentence each.
pub(crate) fn violations(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for (name, node) in snapshot.nodes.iter() {
        found.extend(overcommitted(snapshot, &name.name, node));
        found.extend(shared_ports(snapshot, &name.name));
    }
    found.extend(too_near(snapshot));
    found.extend(too_uneven(snapshot));
    found
}

fn running_on<'a>(snapshot: &'a Snapshot, node: &'a str) -> impl Iterator<Item = (&'a NamespacedName, &'a Pod)> {
    let is_running = |pod: &Pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.clone()).unwrap_or_default();
        phase != "Succeeded" && phase != "Failed"
    };
    snapshot
        .pods
        .iter()
        .filter(move |(_, pod)| {
            pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) == Some(node) && is_running(pod)
        })
        .map(|(name, pod)| (name, &**pod))
}

/// C16: requests fit, terminating Pods included.
fn overcommitted(snapshot: &Snapshot, name: &str, node: &Node) -> Vec<String> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (_, pod) in running_on(snapshot, name) {
        *sums.entry("pods".to_owned()).or_default() += 1;
        for container in &pod.spec.as_ref().unwrap().containers {
            let requests = container.resources.as_ref().and_then(|resources| resources.requests.clone());
            for (resource, amount) in requests.unwrap_or_default() {
                *sums.entry(resource.clone()).or_default() += read(&resource, &amount.0);
            }
        }
    }
    let offered = node.status.as_ref().and_then(|status| status.allocatable.clone()).unwrap_or_default();
    let limit = |resource: &str| offered.get(resource).map_or(0, |amount| read(resource, &amount.0));
    let over = sums.iter().filter(|(resource, sum)| **sum > limit(resource));
    over.map(|(resource, sum)| format!("{name}: {sum} {resource} of {}", limit(resource))).collect()
}

fn read(resource: &str, amount: &str) -> i64 {
    if resource == "cpu" { quantity::parse_millis(amount).unwrap() } else { quantity::parse_bytes(amount).unwrap() }
}

fn shared_ports(snapshot: &Snapshot, node: &str) -> Vec<String> {
    let mut seen: BTreeMap<i32, &NamespacedName> = BTreeMap::new();
    let mut found = Vec::new();
    for (name, pod) in running_on(snapshot, node) {
        let containers = &pod.spec.as_ref().unwrap().containers;
        for port in containers.iter().flat_map(|c| c.ports.iter().flatten()).filter_map(|port| port.host_port) {
            if let Some(other) = seen.insert(port, name) {
                found.push(format!("{node}: port {port} of {name} and {other}"));
            }
        }
    }
    found
}

fn matches(term: &PodAffinityTerm, from: &NamespacedName, name: &NamespacedName, pod: &Pod) -> bool {
    let selector = term.label_selector.as_ref().map(|selector| Selector::from_spec(selector).unwrap());
    from.namespace == name.namespace && selector.is_some_and(|selector| selector.matches(pod.metadata.labels.as_ref()))
}

fn domain<'a>(snapshot: &'a Snapshot, node: &str, key: &str) -> Option<&'a String> {
    snapshot.nodes.get(&NamespacedName::new("", node))?.metadata.labels.as_ref()?.get(key)
}

/// C21: no Pod shares a domain with one it must be far from, whichever came first.
fn too_near(snapshot: &Snapshot) -> Vec<String> {
    let placed: Vec<_> = snapshot
        .nodes
        .keys()
        .flat_map(|node| running_on(snapshot, &node.name).map(|named| (&node.name, named)))
        .collect();
    let mut found = Vec::new();
    for (node, (name, pod)) in &placed {
        let affinity = pod.spec.as_ref().unwrap().affinity.as_ref();
        let far = affinity.and_then(|affinity| affinity.pod_anti_affinity.as_ref());
        let terms = far.and_then(|far| far.required_during_scheduling_ignored_during_execution.clone());
        for term in terms.unwrap_or_default() {
            let own = domain(snapshot, node, &term.topology_key);
            let near = placed.iter().find(|(other_node, (other, other_pod))| {
                other != name
                    && matches(&term, name, other, other_pod)
                    && own.is_some()
                    && domain(snapshot, other_node, &term.topology_key) == own
            });
            found.extend(near.map(|(_, (other, _))| format!("{name} is too near to {other}")));
        }
    }
    found
}

/// C22: hard spread constraints hold over all labelled Nodes.
fn too_uneven(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for node in snapshot.nodes.keys() {
        for (name, pod) in running_on(snapshot, &node.name) {
            for constraint in pod.spec.as_ref().unwrap().topology_spread_constraints.iter().flatten() {
                if constraint.when_unsatisfiable != "DoNotSchedule" {
                    continue;
                }
                let selector = Selector::from_spec(constraint.label_selector.as_ref().unwrap()).unwrap();
                let mut counts: BTreeMap<&String, i32> = BTreeMap::new();
                for other in snapshot.nodes.keys() {
                    let Some(domain) = domain(snapshot, &other.name, &constraint.topology_key) else { continue };
                    let own = running_on(snapshot, &other.name).filter(|(other, pod)| {
                        other.namespace == name.namespace
                            && pod.metadata.deletion_timestamp.is_none()
                            && selector.matches(pod.metadata.labels.as_ref())
                    });
                    *counts.entry(domain).or_default() += i32::try_from(own.count()).unwrap();
                }
                let skew = counts.values().max().unwrap_or(&0) - counts.values().min().unwrap_or(&0);
                if skew > constraint.max_skew {
                    found.push(format!("{name}: skew {skew} over {}", constraint.topology_key));
                }
            }
        }
    }
    found
}

/// The checker is checked: each planted fault must be seen.
mod tests {
    use super::super::fixture;
    use super::violations;

    fn check(cluster: &str, expected: &[&str]) {
        assert_eq!(violations(&fixture::parse(cluster)), expected);
    }

    const FAR: &str = r#"spec={"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"db"}}}]}}}"#;
    const EVEN: &str = r#"spec={"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"kubernetes.io/hostname","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"db"}}}]}"#;

    #[test]
    fn planted_faults_are_seen() {
        check("node a cpu=1\npod n/x node=a cpu=600m\npod n/y node=a cpu=600m leaving", &["a: 1200 cpu of 1000"]);
        check("node a pods=1\npod n/x node=a\npod n/y node=a", &["a: 2 pods of 1"]);
        check("node a\npod n/x node=a hostport=80\npod n/y node=a hostport=80", &["a: port 80 of n/y and n/x"]);
        check(&format!("node a\npod n/x app=db node=a {FAR}\npod n/y app=db node=a"), &["n/x is too near to n/y"]);
        let uneven = format!("node a\nnode b\npod n/x app=db node=a {EVEN}\npod n/y app=db node=a");
        check(&uneven, &["n/x: skew 2 over kubernetes.io/hostname"]);
    }

    #[test]
    fn innocent_clusters_pass() {
        check("node a cpu=1\npod n/x node=a cpu=600m\npod n/y node=a cpu=600m phase=Succeeded", &[]);
        check(&format!("node a\nnode b\npod n/x app=db node=a {FAR}\npod n/y app=db node=b"), &[]);
        check(&format!("node a\nnode b\npod n/x app=db node=a {EVEN}\npod n/y app=db node=b"), &[]);
    }
}
