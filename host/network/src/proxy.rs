//! The proxy as its host sees it.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use futures::future::join_all;
use rustls_pki_types::CertificateDer;
use tokio::io::DuplexStream;
use tokio::runtime::Handle;
use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::delta::Delta;
use crate::guest::GuestClient;
use crate::lane::{Lane, Shared};
use crate::limits::{Limits, NODE_PORT_BACKLOG};
use crate::listen::{Addresses, PodDoors, Sharing, bind, enter};
use crate::local::LocalPods;
use crate::metrics::Metrics;
use crate::peer::{self, Credentials};
use crate::route::Table;

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
    pub node_of: NodeOf,
}

/// Says which Node a certificate belongs to.
pub type NodeOf = Arc<dyn Fn(&CertificateDer<'_>) -> Option<String> + Send + Sync>;

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
pub struct Proxy(Arc<Inner>);

struct Inner {
    node_ip: IpAddr,
    peer_addr: SocketAddr,
    shared: Arc<Shared>,
    lanes: Arc<[Arc<Lane>]>,
    /// Held while a delta is applied: one after the other.
    addresses: AsyncMutex<Listening>,
    pods: Mutex<PodDoors>,
    /// Clients that came by a pipe so far; they take turns on the lanes.
    entered: AtomicUsize,
}

#[derive(Default)]
struct Listening {
    addresses: Addresses,
    /// The table's version of addresses that was reconciled last without a problem.
    settled_at: Option<u64>,
}

impl Proxy {
    /// Starts the listener for other hosts; everything else follows from [`apply`](Self::apply) and
    /// [`bind_pod`](Self::bind_pod).
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: Config) -> Result<Self, StartError> {
        let lane_count = config.request_runtimes.len();
        if lane_count == 0 {
            return Err(StartError::NoRuntimes);
        }
        let refused = |error| StartError::Peer { addr: config.peer_addr, error };
        let mut listeners = bind(config.peer_addr, Sharing::Alone, 1, NODE_PORT_BACKLOG).map_err(refused)?;
        let (Some(listener), None) = (listeners.pop(), listeners.pop()) else { return Err(StartError::NoRuntimes) };
        let peer_addr = listener.local_addr().map_err(refused)?;
        let shared = Arc::new(Shared {
            table: ArcSwap::from_pointee(Table::new(&config.node_name, lane_count)),
            local: config.local,
            limits: config.limits,
            credentials: ArcSwap::from_pointee(Credentials::new(config.peer_tls)),
            tasks: TaskTracker::new(),
            shutdown: config.shutdown,
        });
        let lanes: Arc<[Arc<Lane>]> = (config.request_runtimes.into_iter().enumerate())
            .map(|(index, handle)| Arc::new(Lane::new(index, handle, shared.clone())))
            .collect();
        lanes[0].spawn(peer::serve(listener, lanes.clone()));
        let proxy = Self(Arc::new(Inner {
            node_ip: config.node_ip,
            peer_addr,
            shared,
            lanes,
            addresses: AsyncMutex::default(),
            pods: Mutex::default(),
            entered: AtomicUsize::new(0),
        }));
        proxy.close_at_shutdown();
        Ok(proxy)
    }

    /// Brings the table to `delta.revision` and listeners with it; returns when no request runtime routes by an older
    /// one, so that the revision can be acknowledged.
    ///
    /// From then on no call begins by an older table. One that began before, and is on its way to another host, may
    /// still arrive there after its Pod is gone; it is refused unread and tried elsewhere.
    pub async fn apply(&self, delta: Delta) -> Applied {
        let inner = &self.0;
        let mut listening = inner.addresses.lock().await;
        let table = Arc::new(inner.shared.table.load().apply(delta));
        inner.shared.table.store(table.clone());
        let problems = self.reconcile(&mut listening, &table);
        let seen = inner.lanes.iter().map(|lane| {
            let (of, table) = (lane.clone(), table.clone());
            lane.handle.spawn(async move { of.links.retain(&table) })
        });
        // A lane that has ended routes by no table at all.
        drop(join_all(seen).await);
        Applied { revision: table.revision(), problems }
    }

    fn reconcile(&self, listening: &mut Listening, table: &Table) -> Vec<BindProblem> {
        let inner = &self.0;
        let version = Some(table.addresses_version());
        if inner.shared.shutdown.is_cancelled() || listening.settled_at == version {
            return Vec::new();
        }
        let problems = listening.addresses.reconcile(&inner.lanes, table.addresses(inner.node_ip));
        listening.settled_at = version.filter(|_| problems.is_empty());
        problems
    }

    /// Listens on a Pod's own address: on `ports`, and no longer on others.
    pub fn bind_pod(&self, uid: &str, ip: IpAddr, ports: &[u16]) -> Vec<BindProblem> {
        if self.0.shared.shutdown.is_cancelled() {
            return Vec::new();
        }
        self.pods().bind(&self.0.lanes, uid, ip, ports)
    }

    /// Stops listening for a Pod; what is under way ends in its own time.
    pub fn unbind_pod(&self, uid: &str) {
        self.pods().unbind(uid);
    }

    /// A client's end of a connection to a port of a Pod of this host, made without a socket. `None` if there is no room
    /// for another.
    #[must_use]
    pub fn enter(&self, uid: &str, port: u16) -> Option<DuplexStream> {
        let turn = self.0.entered.fetch_add(1, Ordering::Relaxed);
        let lanes = &self.0.lanes;
        enter(&lanes[turn % lanes.len()], uid, port)
    }

    /// Uses other certificates for connections from now on; those that are open go on.
    pub fn renew(&self, tls: PeerTls) {
        self.0.shared.credentials.store(Arc::new(Credentials::new(tls)));
    }

    /// Where other hosts reach this proxy.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        self.0.peer_addr
    }

    /// A client for the guests of `namespace`.
    #[must_use]
    pub fn guest_client(&self, namespace: &str) -> GuestClient {
        GuestClient::new(namespace, self.0.lanes.clone())
    }

    /// Whether `ip` is an address of this cluster, as far as this host knows: a Node's, a Service's or a Pod's.
    ///
    /// Looks through the whole table: for what leaves the cluster, not for each request within it.
    #[must_use]
    pub fn owns(&self, ip: IpAddr) -> bool {
        let inner = &self.0;
        ip == inner.node_ip || inner.shared.table.load().owns(ip) || inner.shared.local.by_ip(ip).is_some()
    }

    /// What was counted so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let mut metrics = Metrics { services: Metrics::of_services(&self.0.shared.table.load()), ..Metrics::default() };
        for lane in self.0.lanes.iter() {
            lane.counters.add_to(&mut metrics);
            lane.to_pods.add_to(&mut metrics.pods);
            lane.from_peers.add_to(&mut metrics.from_peers);
        }
        metrics
    }

    /// Resolves when, after shutdown, everything under way has ended or was cut off.
    pub async fn closed(&self) {
        self.0.shared.shutdown.cancelled().await;
        self.0.shared.tasks.wait().await;
        self.0.lanes.iter().for_each(|lane| lane.links.clear());
    }

    fn close_at_shutdown(&self) {
        let proxy = self.clone();
        let shared = self.0.shared.clone();
        self.0.lanes[0].spawn(async move {
            shared.shutdown.cancelled().await;
            proxy.0.addresses.lock().await.addresses.close_all();
            proxy.pods().close_all();
            shared.tasks.close();
        });
    }

    fn pods(&self) -> MutexGuard<'_, PodDoors> {
        self.0.pods.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
