//! All ways out of one host, and what they share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use rustls::client::Resumption;
use rustls::crypto::ring;
use tokio::sync::Semaphore;

use super::class::Inside;
use super::connect::Dialler;
use super::limits::{Limits, TLS_SESSIONS_MAX};
use super::metrics::{Counters, EgressMetrics};
use super::policy::Policy;
use super::range::Range;
use super::resolve::Resolver;
use super::stream::ALPN_H2;
use super::way::{Way, WayOut};

/// Says whether an address is one of the cluster's own: a Node's, a Service's, a Pod's, the control plane's.
pub type Owns = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// What the way out needs.
pub struct Config {
    /// Whom servers' certificates must come from.
    pub roots: rustls::RootCertStore,
    /// Who knows the addresses of names.
    pub resolver: Arc<dyn Resolver>,
    /// Addresses that are never reached this way, whatever a policy says.
    pub owns: Owns,
    /// Bounds.
    pub limits: Limits,
}

/// All requests of a host's guests to the outside. Clones are the same one.
#[derive(Clone)]
pub struct Egress(Arc<Shared>);

pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) connections: Arc<Semaphore>,
    pub(super) counters: Arc<Counters>,
    tls: rustls::ClientConfig,
    owns: Owns,
    own_ranges: ArcSwap<Vec<Range>>,
    /// By namespace and policy; those that nobody keeps are gone.
    ways: Mutex<HashMap<Key, Weak<Way>>>,
    /// Places for connections of each namespace; those that nobody keeps are gone.
    namespaces: Mutex<HashMap<Arc<str>, Weak<Semaphore>>>,
}

type Key = (Arc<str>, Policy);

impl Egress {
    /// Makes a way out.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(config: Config) -> Result<Self, rustls::Error> {
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(config.roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![ALPN_H2.to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(Shared {
            connections: Arc::new(Semaphore::new(config.limits.connections_max)),
            limits: config.limits,
            resolver: config.resolver,
            counters: Arc::default(),
            tls,
            owns: config.owns,
            own_ranges: ArcSwap::default(),
            ways: Mutex::default(),
            namespaces: Mutex::default(),
        })))
    }

    /// The way out of Pods of `namespace` with `policy`.
    #[must_use]
    pub fn way_out(&self, namespace: &str, policy: Policy) -> WayOut {
        let mut ways = self.0.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (Arc::from(namespace), policy);
        if let Some(way) = ways.get(&key).and_then(Weak::upgrade) {
            return WayOut::new(way);
        }
        ways.retain(|_, way| way.strong_count() > 0);
        let way = Arc::new(Way::new(Dialler::new(key.1.clone(), self.0.connections_of(&key.0), self.0.clone())));
        ways.insert(key, Arc::downgrade(&way));
        WayOut::new(way)
    }

    /// Whole ranges that are the cluster's own, beside the addresses that [`Config::owns`] knows, in place of those
    /// told before.
    pub fn own(&self, ranges: Vec<Range>) {
        self.0.own_ranges.store(Arc::new(ranges));
    }

    /// What was counted so far.
    #[must_use]
    pub fn metrics(&self) -> EgressMetrics {
        self.0.counters.read()
    }
}

impl Shared {
    /// Places for connections of a namespace, whatever the policies of its Pods.
    fn connections_of(&self, namespace: &Arc<str>) -> Arc<Semaphore> {
        let mut namespaces = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = namespaces.get(namespace).and_then(Weak::upgrade) {
            return places;
        }
        namespaces.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(self.limits.connections_per_namespace_max));
        namespaces.insert(namespace.clone(), Arc::downgrade(&places));
        places
    }

    /// Whether `ip`, or the address it leads to, is one of the cluster's own.
    pub(super) fn owns(&self, ip: IpAddr) -> bool {
        let ranges = self.own_ranges.load();
        let owns = |ip: IpAddr| (self.owns)(ip) || ranges.iter().any(|range| range.contains(ip));
        owns(ip) || matches!(Inside::of(ip), Inside::V4(v4) if owns(v4.into()))
    }

    /// TLS for one policy: a resumed session proves nothing anew, so sessions are not shared further than connections.
    pub(super) fn tls(&self) -> Arc<rustls::ClientConfig> {
        let mut tls = self.tls.clone();
        tls.resumption = Resumption::in_memory_sessions(TLS_SESSIONS_MAX);
        Arc::new(tls)
    }
}
