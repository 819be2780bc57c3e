//! Tokens that Pods mount: each for one Pod, minted when its host is told of it and again at 80 % of its life (C65).
//!
//! Nothing happens for Pods that mount none. A session mints for the Pods of its own Node and for no other (F83), and
//! forgets with it: a host that dials anew is told everything anew.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::NamespacedName;
use api::core::{Pod, ServiceAccountTokenProjection};
use api::meta::ObjectMeta;
use apiserver::{Bound, Holder, Issuer};
use jiff::Timestamp;
use planner::Objects;

use crate::cache::PodsOfNode;
use crate::clock::{after, between};

/// Of a token's life, how much passes before the next one is minted.
const RENEW_AFTER_PERCENT: u32 = 80;
/// How long a mint that failed is left alone; only the system's randomness can fail.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The tokens of the Pods of one Node.
pub(super) struct Tokens {
    issuer: Issuer,
    minted: BTreeMap<Key, Fresh>,
    /// Rises with every change.
    generation: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    pod_uid: String,
    /// As [`protocol::token_source`] names it.
    source: String,
}

struct Fresh {
    account_uid: String,
    token: String,
    version: String,
    renew_at: Timestamp,
}

/// What a Pod mounts.
struct Need<'a> {
    audience: Option<&'a str>,
    seconds: i64,
    source: String,
}

/// The tokens a Pod's volumes project.
pub(super) fn projections(pod: &Pod) -> impl Iterator<Item = &ServiceAccountTokenProjection> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let sources = volumes.filter_map(|volume| volume.projected.as_ref()).flat_map(|p| p.sources.iter().flatten());
    sources.filter_map(|source| source.service_account_token.as_ref())
}

fn needs(pod: &Pod) -> impl Iterator<Item = Need<'_>> {
    projections(pod).map(|projection| Need {
        audience: projection.audience.as_deref().filter(|audience| !audience.is_empty()),
        seconds: projection.expiration_seconds.unwrap_or(apiserver::LIFE_DEFAULT_SECONDS),
        source: protocol::token_source(projection.audience.as_deref(), projection.expiration_seconds),
    })
}

/// Whether a Pod will not read a token any more.
fn is_over(pod: &Pod) -> bool {
    matches!(pod.status.as_ref().and_then(|status| status.phase.as_deref()), Some("Succeeded" | "Failed"))
}

impl Tokens {
    pub(super) fn new(issuer: Issuer) -> Self {
        Self { issuer, minted: BTreeMap::new(), generation: 0 }
    }

    /// Rises with every change of any token.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Mints what Pods lack and what has grown old, and forgets what nobody needs. Returns how long that will do.
    pub(super) fn refresh(
        &mut self,
        pods: &PodsOfNode,
        accounts: &Objects<ObjectMeta>,
        now: Timestamp,
    ) -> Option<Duration> {
        let (mut wanted, mut next) = (BTreeSet::new(), None);
        for (uid, pod) in pods.iter() {
            for need in needs(pod) {
                let key = Key { pod_uid: uid.clone(), source: need.source.clone() };
                wanted.insert(key.clone());
                let account = accounts.get(&account_of(pod));
                let at = self.provide(key, pod, &need, account.map(|account| &**account), now);
                next = next.into_iter().chain(at).min();
            }
        }
        let before = self.minted.len();
        self.minted.retain(|key, _| wanted.contains(key));
        self.generation += u64::from(self.minted.len() != before);
        next.map(|at| between(now, at))
    }

    /// Sees to one token; returns when to look again.
    fn provide(
        &mut self,
        key: Key,
        pod: &Pod,
        need: &Need<'_>,
        account: Option<&ObjectMeta>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let account_uid = account.and_then(|account| account.uid.as_deref());
        let Some(account_uid) = account_uid else {
            // The host says that it is missing; the account's coming wakes us.
            self.generation += u64::from(self.minted.remove(&key).is_some());
            return None;
        };
        if let Some(fresh) = self.minted.get(&key).filter(|fresh| fresh.account_uid == account_uid) {
            if is_over(pod) {
                return None;
            }
            if now < fresh.renew_at {
                return Some(fresh.renew_at);
            }
        } else if is_over(pod) {
            return None;
        }
        let name = account_of(pod);
        let bound = Bound::Pod {
            name: pod.metadata.name.clone().unwrap_or_default(),
            uid: pod.metadata.uid.clone().unwrap_or_default(),
        };
        let holder =
            Holder { namespace: name.namespace, name: name.name, uid: account_uid.to_owned(), bound: Some(bound) };
        let audiences: Vec<String> = need.audience.iter().map(|audience| (*audience).to_owned()).collect();
        match self.issuer.mint(&holder, &audiences, need.seconds) {
            Ok(minted) => {
                let life = minted.expires.map(|expires| between(now, expires)).unwrap_or_default();
                let renew_at = after(now, life / 100 * RENEW_AFTER_PERCENT);
                self.generation += 1;
                let fresh = Fresh {
                    account_uid: account_uid.to_owned(),
                    token: minted.token,
                    version: self.generation.to_string(),
                    renew_at,
                };
                self.minted.insert(key, fresh);
                Some(renew_at)
            }
            Err(error) => {
                tracing::error!(pod = pod.metadata.name, %error, "no token was minted");
                Some(after(now, RETRY_AFTER))
            }
        }
    }

    /// What tells one token of a source from the next.
    pub(super) fn version(&self, pod_uid: &str, source: &str) -> Option<&str> {
        self.of(pod_uid, source).map(|fresh| fresh.version.as_str())
    }

    /// The token of a source.
    pub(super) fn token(&self, pod_uid: &str, source: &str) -> Option<&str> {
        self.of(pod_uid, source).map(|fresh| fresh.token.as_str())
    }

    fn of(&self, pod_uid: &str, source: &str) -> Option<&Fresh> {
        self.minted.get(&Key { pod_uid: pod_uid.to_owned(), source: source.to_owned() })
    }
}

/// The account a Pod runs as.
fn account_of(pod: &Pod) -> NamespacedName {
    let name = pod.spec.as_ref().and_then(|spec| spec.service_account_name.as_deref()).filter(|name| !name.is_empty());
    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
    NamespacedName::new(namespace, name.unwrap_or("default"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use apiserver::Keys;
    use serde_json::json;
    use std::sync::Arc;

    const START: i64 = 1_800_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(START + second).expect("in range")
    }

    /// Tokens on a clock that is set through the returned cell.
    fn tokens() -> (Tokens, Arc<std::sync::atomic::AtomicI64>) {
        let clock = Arc::new(std::sync::atomic::AtomicI64::new(0));
        let now = clock.clone();
        let now = Arc::new(move || at(now.load(std::sync::atomic::Ordering::Relaxed)));
        (Tokens::new(Issuer::new(Keys::create(at(0)).expect("makes"), now, "")), clock)
    }

    /// Tokens of no Pod.
    pub(in crate::session) fn none() -> Tokens {
        tokens().0
    }

    fn pods(phase: &str, sources: &serde_json::Value) -> PodsOfNode {
        let pod = json!({
            "metadata": {"name": "p", "namespace": "n", "uid": "pu"},
            "spec": {"containers": [], "volumes": [{"name": "v", "projected": {"sources": sources}}]},
            "status": {"phase": phase},
        });
        Arc::new([("pu".to_owned(), Arc::new(serde_json::from_value(pod).expect("a Pod")))].into())
    }

    fn accounts(uid: &str) -> Objects<ObjectMeta> {
        let meta = ObjectMeta { uid: Some(uid.to_owned()), ..ObjectMeta::default() };
        Objects::unit(NamespacedName::new("n", "default"), Arc::new(meta))
    }

    // C65
    #[test]
    fn a_token_is_minted_once_and_again_at_four_fifths_of_its_life() {
        let (mut tokens, clock) = tokens();
        let pods = pods("Running", &json!([{"serviceAccountToken": {"path": "t", "expirationSeconds": 1000}}]));
        let source = protocol::token_source(None, Some(1000));
        let mut step = |second: i64, account: &str| {
            clock.store(second, std::sync::atomic::Ordering::Relaxed);
            let next = tokens.refresh(&pods, &accounts(account), at(second));
            (tokens.token("pu", &source).expect("is minted").to_owned(), next.expect("will be renewed").as_secs())
        };
        let (first, wait) = step(0, "u");
        assert_eq!(wait, 800);
        assert_eq!(step(799, "u"), (first.clone(), 1));
        let (second, wait) = step(800, "u");
        assert_eq!(wait, 800);
        assert_ne!(first, second);
        let (third, _) = step(801, "another");
        assert_ne!(second, third, "a namesake of the account is another");
    }

    #[test]
    fn nothing_is_minted_without_need() {
        let (mut tokens, _) = tokens();
        let projected = json!([{"serviceAccountToken": {"path": "t"}}]);
        assert_eq!(tokens.refresh(&pods("Running", &json!([])), &accounts("u"), at(0)), None);
        assert_eq!(tokens.refresh(&pods("Running", &projected), &Objects::default(), at(0)), None, "no account");
        assert_eq!(tokens.refresh(&pods("Succeeded", &projected), &accounts("u"), at(0)), None, "it has ended");
        assert_eq!(tokens.generation(), 0);
        assert!(tokens.refresh(&pods("Running", &projected), &accounts("u"), at(0)).is_some());
        assert_eq!(tokens.refresh(&PodsOfNode::default(), &accounts("u"), at(0)), None);
        assert!(tokens.minted.is_empty(), "forgotten with its Pod");
    }
}
