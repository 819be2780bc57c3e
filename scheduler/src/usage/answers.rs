//! `metrics.k8s.io`: what is used, as objects.

use std::sync::Arc;
use std::time::Duration;

use api::core::{Node, Pod};
use api::meta::ObjectMeta;
use api::quantity::{of_bytes, of_nanos};
use api::resource::{NODE_METRICS, POD_METRICS};
use api::{NamespacedName, Resource};
use apiserver::Measured;
use jiff::Timestamp;
use planner::{Amounts, Session, Span, Usage};
use serde_json::{Map, Value, json};

use super::Usages;
use crate::cache::{Cache, View};
use crate::clock::Clock;
use crate::roster::{Peers, Roster};

/// Makes the objects.
pub(crate) struct Measurements {
    pub(crate) cache: Cache,
    pub(crate) roster: Roster,
    pub(crate) usages: Usages,
    pub(crate) clock: Arc<Clock>,
}

impl Measured for Measurements {
    fn list(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Value> {
        let moment = self.moment();
        let in_namespace = |name: &NamespacedName| namespace.is_none_or(|namespace| name.namespace == namespace);
        match resource {
            r if *r == POD_METRICS => {
                let pods = moment.view.pods.iter().filter(|(name, _)| in_namespace(name));
                pods.filter_map(|(_, pod)| moment.pod(pod)).collect()
            }
            r if *r == NODE_METRICS => moment.view.nodes.values().filter_map(|node| moment.node(node)).collect(),
            _ => Vec::new(),
        }
    }

    fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Value> {
        let (moment, name) = (self.moment(), NamespacedName::new(namespace, name));
        match resource {
            r if *r == POD_METRICS => moment.pod(moment.view.pods.get(&name)?),
            r if *r == NODE_METRICS => moment.node(moment.view.nodes.get(&name)?),
            _ => None,
        }
    }
}

impl Measurements {
    fn moment(&self) -> Moment {
        let (view, peers, usage) = (self.cache.view(), self.roster.peers(), self.usages.now());
        Moment { view, sessions: peers, usage, now: self.clock.now(), clock: self.clock.clone() }
    }
}

/// Everything that is known at one moment.
struct Moment {
    view: View,
    sessions: Peers,
    usage: Usage,
    now: Timestamp,
    clock: Arc<Clock>,
}

impl Moment {
    fn session(&self, node: &str) -> Option<Session> {
        self.sessions.session(node, &self.clock)
    }

    /// A Pod that runs and has been measured since; any other is absent, as in Kubernetes.
    fn pod(&self, pod: &Pod) -> Option<Value> {
        let node = pod.spec.as_ref()?.node_name.as_deref()?;
        let runs = pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running");
        let uid = pod.metadata.uid.as_deref().filter(|_| runs)?;
        let (usage, span) = self.usage.of_pod(node, uid, self.session(node).as_ref(), self.now)?;
        let containers: Vec<Value> = usage.containers.iter().map(|(name, amounts)| container(name, *amounts)).collect();
        (!containers.is_empty()).then(|| {
            let mut object = object(&POD_METRICS, &pod.metadata, span, self.now);
            object["containers"] = containers.into();
            object
        })
    }

    fn node(&self, node: &Node) -> Option<Value> {
        let name = node.metadata.name.as_deref()?;
        let (usage, span) = self.usage.of_node(name, self.session(name).as_ref(), self.now)?;
        let mut object = object(&NODE_METRICS, &node.metadata, span, self.now);
        object["usage"] = amounts(usage.machine);
        Some(object)
    }
}

fn container(name: &str, used: Amounts) -> Value {
    json!({"name": name, "usage": amounts(used)})
}

fn amounts(used: Amounts) -> Value {
    json!({"cpu": of_nanos(used.cpu_nanos), "memory": of_bytes(used.memory_bytes)})
}

/// What all of them have. They are made when they are asked for.
fn object(resource: &Resource, of: &ObjectMeta, span: Span, now: Timestamp) -> Value {
    let mut meta = Map::new();
    meta.insert("name".to_owned(), json!(of.name));
    if let Some(namespace) = &of.namespace {
        meta.insert("namespace".to_owned(), json!(namespace));
    }
    meta.insert("creationTimestamp".to_owned(), json!(seconds(now)));
    if let Some(labels) = &of.labels {
        meta.insert("labels".to_owned(), json!(labels));
    }
    json!({
        "kind": resource.kind,
        "apiVersion": resource.api_version(),
        "metadata": meta,
        "timestamp": seconds(span.at),
        "window": duration(span.window),
    })
}

/// RFC 3339 with whole seconds.
fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// As Go writes a duration: `5.012s`.
fn duration(window: Duration) -> String {
    let seconds = format!("{}.{:03}", window.as_secs(), window.subsec_millis());
    format!("{}s", seconds.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_does() {
        for (millis, text) in [(5_000, "5s"), (5_012, "5.012s"), (50, "0.05s"), (0, "0s"), (10_000, "10s")] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }
}
