//! What a host has been told of its Pods, what it should know, and the messages between. Pure.
//!
//! A change of a Pod's status alone is not told: it came from the host. A Pod's ConfigMaps and Secrets
//! travel with it and travel again when their content changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::core::Pod;
use bytes::Bytes;
use prost::Message;
use protocol::v1;

use super::source::{self, Supply};

/// Bytes of Pods in one message: a quarter of what a host accepts, so that heartbeats slip in between.
const MESSAGE_BYTES: usize = protocol::MESSAGE_BYTES_MAX / 4;
/// Largest assignment: one message, less what frames it.
const ASSIGNMENT_BYTES_MAX: usize = protocol::MESSAGE_BYTES_MAX - (64 << 10);

/// A Pod as its host should know it.
#[derive(Debug, Clone)]
pub(super) struct Assignment {
    pod: Arc<Pod>,
    /// Versions of what the Pod refers to, in the order of [`source::references`].
    sources: Vec<Option<String>>,
    artifacts: Vec<v1::Artifact>,
    stop: bool,
}

impl Assignment {
    pub(super) fn new(supply: Supply<'_>, pod: &Arc<Pod>, artifacts: Vec<v1::Artifact>, stop: bool) -> Self {
        let sources = versions(supply, pod).map(|version| version.map(str::to_owned)).collect();
        Self { pod: pod.clone(), sources, artifacts, stop }
    }

    /// Whether it is of this very object.
    pub(super) fn is_of(&self, pod: &Arc<Pod>, stop: bool) -> bool {
        Arc::ptr_eq(&self.pod, pod) && self.stop == stop
    }

    /// Whether what the Pod refers to is still what was told.
    pub(super) fn has_sources_of(&self, supply: Supply<'_>) -> bool {
        versions(supply, &self.pod).eq(self.sources.iter().map(Option::as_deref))
    }

    /// Whether a host that knows `self` need not hear of `next`.
    fn covers(&self, next: &Self) -> bool {
        self.stop == next.stop
            && self.sources == next.sources
            && self.artifacts == next.artifacts
            && says_the_same(&self.pod, &next.pod)
    }

    fn message(&self, uid: &str, supply: Supply<'_>) -> v1::PodAssignment {
        let references = source::references(&self.pod);
        let mut message = v1::PodAssignment {
            uid: uid.to_owned(),
            pod_json: encode(&self.pod),
            sources: references.into_iter().filter_map(|r| supply.content(&self.pod, r)).collect(),
            artifacts: self.artifacts.clone(),
            stop: self.stop,
        };
        if message.encoded_len() > ASSIGNMENT_BYTES_MAX {
            message.sources.clear();
            for artifact in &mut message.artifacts {
                artifact.reason = "CreateContainerConfigError".to_owned();
                artifact.message = format!(
                    "the ConfigMaps and Secrets of this Pod have more than {ASSIGNMENT_BYTES_MAX} bytes together"
                );
            }
        }
        message
    }
}

/// Versions of what a Pod refers to.
fn versions<'a>(supply: Supply<'a>, pod: &'a Pod) -> impl Iterator<Item = Option<&'a str>> {
    source::references(pod).into_iter().map(move |reference| supply.version(pod, &reference))
}

fn says_the_same(a: &Arc<Pod>, b: &Arc<Pod>) -> bool {
    let meta = |pod: &Pod| {
        let m = &pod.metadata;
        (m.deletion_timestamp.clone(), m.deletion_grace_period_seconds)
    };
    Arc::ptr_eq(a, b)
        || (meta(a) == meta(b)
            && a.metadata.labels == b.metadata.labels
            && a.metadata.annotations == b.metadata.annotations
            && a.spec == b.spec)
}

/// Without `managedFields`, which no host reads.
fn encode(pod: &Arc<Pod>) -> Bytes {
    let encoded = if pod.metadata.managed_fields.is_some() {
        let mut pod = Pod::clone(pod);
        pod.metadata.managed_fields = None;
        serde_json::to_vec(&pod)
    } else {
        serde_json::to_vec(&**pod)
    };
    encoded.expect("a Pod that was decoded encodes").into()
}

/// What a host has been told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pods: BTreeMap<String, Assignment>,
}

impl Told {
    /// What was last told of a Pod.
    pub(super) fn of(&self, uid: &str) -> Option<&Assignment> {
        self.pods.get(uid)
    }

    /// Takes note of `news` and of the Pods that still exist, and returns the messages that tell it.
    /// `keep` holds every UID that is bound to the Node, told or not.
    pub(super) fn tell(
        &mut self,
        supply: Supply<'_>,
        term: u64,
        news: Vec<(String, Assignment)>,
        keep: &BTreeSet<&str>,
    ) -> Vec<v1::Pods> {
        let removed: Vec<String> = self.pods.keys().filter(|uid| !keep.contains(uid.as_str())).cloned().collect();
        removed.iter().for_each(|uid| drop(self.pods.remove(uid)));
        let mut messages = Messages::new(term, supply.view.revision);
        messages.last().removed_uids = removed;
        for (uid, assignment) in news {
            if self.pods.get(&uid).is_some_and(|told| told.covers(&assignment)) {
                // The newer object, so that the next look is a comparison of pointers.
                self.pods.insert(uid, assignment);
                continue;
            }
            messages.push(assignment.message(&uid, supply));
            self.pods.insert(uid, assignment);
        }
        messages.finish()
    }
}

/// Assignments in messages of bounded size.
struct Messages {
    messages: Vec<v1::Pods>,
    room: usize,
    empty: v1::Pods,
}

impl Messages {
    fn new(term: u64, revision: u64) -> Self {
        let empty = v1::Pods { term, revision, ..v1::Pods::default() };
        Self { messages: vec![empty.clone()], room: MESSAGE_BYTES, empty }
    }

    fn last(&mut self) -> &mut v1::Pods {
        if self.messages.is_empty() {
            self.messages.push(self.empty.clone());
        }
        let last = self.messages.len() - 1;
        &mut self.messages[last]
    }

    fn push(&mut self, assignment: v1::PodAssignment) {
        let size = assignment.encoded_len();
        if size > self.room && !self.last().upserts.is_empty() {
            self.messages.push(self.empty.clone());
            self.room = MESSAGE_BYTES;
        }
        self.room = self.room.saturating_sub(size);
        self.last().upserts.push(assignment);
    }

    fn finish(self) -> Vec<v1::Pods> {
        self.messages.into_iter().filter(|m| !m.upserts.is_empty() || !m.removed_uids.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::View;
    use crate::session::tokens::{self, Tokens};
    use api::NamespacedName;
    use api::core::{ConfigMap, Secret};
    use serde_json::json;

    fn pod(name: &str, bend: impl Fn(&mut serde_json::Value)) -> Arc<Pod> {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "n", "uid": name, "resourceVersion": "1"},
            "spec": {"nodeName": "a", "containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "s"}}]}]},
        });
        bend(&mut pod);
        Arc::new(serde_json::from_value(pod).expect("a Pod"))
    }

    fn secret(version: &str, bytes: usize) -> View {
        let mut secret = Secret::default();
        secret.metadata.resource_version = Some(version.to_owned());
        secret.data = Some([("k".to_owned(), k8s_openapi::ByteString(vec![7; bytes]))].into());
        let mut view = View::default();
        view.secrets.insert(NamespacedName::new("n", "s"), Arc::new(secret));
        view.config_maps.insert(NamespacedName::new("n", "other"), Arc::new(ConfigMap::default()));
        view
    }

    /// A supply of no tokens.
    fn none() -> &'static Tokens {
        static NONE: std::sync::LazyLock<Tokens> = std::sync::LazyLock::new(tokens::tests::none);
        &NONE
    }

    fn supply(view: &View) -> Supply<'_> {
        Supply { view, tokens: none() }
    }

    fn tell(told: &mut Told, view: &View, pods: &[Arc<Pod>], stop: bool) -> String {
        let uid = |pod: &Arc<Pod>| pod.metadata.uid.clone().expect("has a uid");
        let keep: Vec<String> = pods.iter().map(uid).collect();
        let news = pods.iter().map(|p| (uid(p), Assignment::new(supply(view), p, Vec::new(), stop))).collect();
        let messages = told.tell(supply(view), 3, news, &keep.iter().map(String::as_str).collect());
        let one = |m: &v1::Pods| {
            let told = m.upserts.iter().map(|u| {
                let sources: Vec<_> = u.sources.iter().map(|s| s.name.as_str()).collect();
                format!("+{}{}[{}]", u.uid, if u.stop { "!" } else { "" }, sources.join(","))
            });
            told.chain(m.removed_uids.iter().map(|u| format!("-{u}"))).collect::<Vec<_>>().join(" ")
        };
        messages.iter().map(one).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn only_news_is_told() {
        let (mut told, view) = (Told::default(), secret("1", 1));
        let plain = pod("p", |_| {});
        assert_eq!(tell(&mut told, &view, std::slice::from_ref(&plain), false), "+p[s]");
        assert_eq!(tell(&mut told, &view, &[plain], false), "");
        let status = pod("p", |p| {
            p["status"] = json!({"phase": "Running"});
            p["metadata"]["resourceVersion"] = json!("2");
        });
        assert_eq!(tell(&mut told, &view, &[status], false), "", "a status is not told");
        let labelled = pod("p", |p| p["metadata"]["labels"] = json!({"a": "b"}));
        assert_eq!(tell(&mut told, &view, std::slice::from_ref(&labelled), false), "+p[s]");
        assert_eq!(
            tell(&mut told, &secret("2", 1), std::slice::from_ref(&labelled), false),
            "+p[s]",
            "a source changed"
        );
        assert_eq!(
            tell(&mut told, &View::default(), std::slice::from_ref(&labelled), false),
            "+p[]",
            "a source is gone"
        );
        assert_eq!(tell(&mut told, &View::default(), &[labelled], true), "+p![]");
        assert_eq!(tell(&mut told, &View::default(), &[pod("q", |_| {})], false), "+q[] -p");
    }

    #[test]
    fn what_was_told_is_known_again_without_asking_for_artifacts() {
        let (view, p) = (secret("1", 1), pod("p", |_| {}));
        let told = Assignment::new(supply(&view), &p, Vec::new(), false);
        assert!(told.is_of(&p, false) && told.has_sources_of(supply(&view)));
        assert!(!told.is_of(&p, true), "it stops");
        assert!(!told.is_of(&pod("p", |_| {}), false), "another object");
        assert!(told.has_sources_of(supply(&secret("1", 2))), "only the version counts");
        assert!(!told.has_sources_of(supply(&secret("2", 1))) && !told.has_sources_of(supply(&View::default())));
    }

    #[test]
    fn messages_are_bounded_and_too_much_config_is_a_reason() {
        let (mut told, view) = (Told::default(), secret("1", MESSAGE_BYTES / 2));
        let pods: Vec<_> = (0..4).map(|n| pod(&format!("p{n}"), |_| {})).collect();
        assert_eq!(tell(&mut told, &view, &pods, false), "+p0[s] | +p1[s] | +p2[s] | +p3[s]");
        let view = secret("1", ASSIGNMENT_BYTES_MAX);
        let artifact = v1::Artifact { container: "c".to_owned(), ..v1::Artifact::default() };
        let news = vec![("p".to_owned(), Assignment::new(supply(&view), &pods[0], vec![artifact], false))];
        let messages = Told::default().tell(supply(&view), 1, news, &BTreeSet::from(["p"]));
        let upsert = &messages[0].upserts[0];
        assert!(upsert.sources.is_empty());
        assert_eq!(upsert.artifacts[0].reason, "CreateContainerConfigError");
    }
}
