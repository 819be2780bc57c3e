//! For which namespaces a host may act: those of the Pods that are bound to it and have not ended.
//!
//! A host is trusted with what its own Pods can reach and with nothing else, so that one that is taken over gives away
//! no more than runs on it (F83).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use api::NamespacedName;
use api::core::Pod;
use backing::Namespace;
use tonic::Status;

use crate::cache::{Cache, PodsOfNode, View};

/// A namespace that a host may act for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Its name, by which its messages go.
    pub(crate) name: Namespace,
    /// Its UID, to which its data belongs.
    pub(crate) uid: Namespace,
}

/// Why a host may not act for a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No Pod of it is bound to the host.
    NoPod,
    /// It does not exist, or not any more.
    NoNamespace,
}

/// Decides. Pure.
pub(crate) fn decide(view: &View, namespaces: &BTreeSet<String>, namespace: &str) -> Result<Grant, Refusal> {
    if !namespaces.contains(namespace) {
        return Err(Refusal::NoPod);
    }
    let found = view.namespaces.get(&NamespacedName::new("", namespace));
    let uid = found.and_then(|found| found.metadata.uid.as_deref()).ok_or(Refusal::NoNamespace)?;
    match (Namespace::parse(namespace), Namespace::parse(uid)) {
        (Ok(name), Ok(uid)) => Ok(Grant { name, uid }),
        _ => Err(Refusal::NoNamespace),
    }
}

/// The namespaces of Pods that have not ended. Pure.
fn namespaces_of(pods: &BTreeMap<String, Arc<Pod>>) -> BTreeSet<String> {
    let has_ended = |pod: &Pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        matches!(phase, Some("Succeeded" | "Failed"))
    };
    let running = pods.values().filter(|pod| !has_ended(pod));
    running.filter_map(|pod| pod.metadata.namespace.clone()).collect()
}

/// Knows what hosts may do. Thousands of Pods are looked at when one of them changes, not with every call.
pub(crate) struct Access {
    cache: Cache,
    known: Mutex<HashMap<Arc<str>, Known>>,
}

struct Known {
    pods: PodsOfNode,
    namespaces: Arc<BTreeSet<String>>,
}

impl Access {
    pub(crate) fn new(cache: Cache) -> Self {
        Self { cache, known: Mutex::default() }
    }

    /// What a host may act for, if it is this namespace.
    pub(crate) fn check(&self, node: &Arc<str>, namespace: &str) -> Result<Grant, Status> {
        let view = self.cache.view();
        let namespaces = self.namespaces(&view, node);
        decide(&view, &namespaces, namespace).map_err(|refusal| match refusal {
            Refusal::NoPod => {
                Status::permission_denied(format!("no pod of namespace {namespace:?} is bound to node {node}"))
            }
            Refusal::NoNamespace => Status::permission_denied(format!("namespace {namespace:?} does not exist")),
        })
    }

    fn namespaces(&self, view: &View, node: &Arc<str>) -> Arc<BTreeSet<String>> {
        let pods = view.pods_of(node);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if pods.is_empty() {
            known.remove(node);
            return Arc::default();
        }
        if let Some(known) = known.get(node).filter(|known| Arc::ptr_eq(&known.pods, &pods)) {
            return known.namespaces.clone();
        }
        let namespaces = Arc::new(namespaces_of(&pods));
        known.insert(node.clone(), Known { pods, namespaces: namespaces.clone() });
        namespaces
    }
}

#[cfg(test)]
mod tests {
    use api::core::Namespace as Object;
    use serde_json::json;

    use super::*;

    fn pod(namespace: &str, phase: &str) -> (String, Arc<Pod>) {
        let pod = json!({"metadata": {"namespace": namespace, "name": "p"}, "status": {"phase": phase}});
        (format!("{namespace}-{phase}"), Arc::new(serde_json::from_value(pod).expect("a pod")))
    }

    // F83
    #[test]
    fn a_host_acts_for_the_namespaces_of_its_pods_that_have_not_ended() {
        let pods = [pod("a", "Running"), pod("b", "Pending"), pod("c", "Succeeded"), pod("d", "Failed")];
        let namespaces = namespaces_of(&BTreeMap::from(pods));
        let mut view = View::default();
        for (name, uid) in [("a", "uid-a"), ("c", "uid-c"), ("e", "uid-e")] {
            let object = json!({"metadata": {"name": name, "uid": uid}});
            let object: Object = serde_json::from_value(object).expect("a namespace");
            view.namespaces.insert(NamespacedName::new("", name), Arc::new(object));
        }
        let check = |namespace: &str, wanted: Result<&str, Refusal>| {
            let found = decide(&view, &namespaces, namespace).map(|grant| grant.uid.to_string());
            assert_eq!(found, wanted.map(str::to_owned), "{namespace}");
        };
        check("a", Ok("uid-a"));
        check("b", Err(Refusal::NoNamespace));
        check("c", Err(Refusal::NoPod));
        check("d", Err(Refusal::NoPod));
        check("e", Err(Refusal::NoPod));
        check("", Err(Refusal::NoPod));
    }
}
