//! The agent: what is told becomes what runs.
//!
//! One task owns the state and decides ([`core`]); what takes time (code, probes, drains, disks) runs beside it and
//! reports back as an event. Nothing here runs per Pod while nothing happens to it.

mod admit;
mod codes;
mod commands;
mod core;
mod pods;
mod probing;
mod renewal;
mod routes;
mod runners;
mod saving;
mod steps;
mod tenants;
mod usage;
mod volumes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use network::Proxy;
use network::egress::{Egress, EgressMetrics};
use sandbox::{Engine, EngineConfig};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::core::Core;
use crate::backing::Lanes;
use crate::code::{Cache, Loader};
use crate::config::Config;
use crate::desired::file::{File, Saved};
use crate::facts::Facts;
use crate::files;
use crate::forward::Ports;
use crate::identity::{self, Stored};
use crate::isolated::Means;
use crate::local::{Handle, Local};
use crate::logs::Logs;
use crate::outgoing;
use crate::reports::{Counters, GuestFailures};
use crate::runtimes::Runtimes;
use crate::session::answers::Answers;
use crate::session::{Heard, Session};
use crate::up::Up;
use crate::up::events::{About, Kind};
use crate::volumes::disk::Disk;

/// What waits for the agent, of each source. Senders wait: the control plane's messages then stay in its buffers.
const EVENTS_MAX: usize = 1024;
/// Longest time in which Pods known from disk start before the control plane is looked for.
const RESUME_WITHIN: Duration = Duration::from_secs(10);
/// Longest time for requests under way when the host stops.
const DRAIN_WITHIN: Duration = Duration::from_secs(30);

/// Why an agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No identity, and none to be had.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The control plane did not give a certificate.
    #[error("this host has no certificate and got none: {0}")]
    NoCertificate(String),
    /// The identity on disk is another node's.
    #[error("{dir} belongs to node {found:?}, not to {wanted:?}; use that name, or another data directory")]
    OtherNode {
        /// The directory.
        dir: String,
        /// Whose it is.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// Another process runs this host.
    #[error(
        "{dir} is in use by another insula process; stop it, or give this host a directory of its own with --data-dir"
    )]
    Held {
        /// The directory.
        dir: String,
    },
    /// The disk refuses.
    #[error("{what}: {error}")]
    Disk {
        /// What was to be done.
        what: &'static str,
        /// What the system said.
        error: std::io::Error,
    },
    /// The engine that runs components.
    #[error(transparent)]
    Engine(#[from] sandbox::Error),
    /// The proxy.
    #[error(transparent)]
    Proxy(#[from] network::StartError),
    /// The way out of the cluster.
    #[error("cannot set up TLS to the outside: {0}")]
    Egress(#[from] rustls::Error),
}

fn disk(what: &'static str) -> impl FnOnce(std::io::Error) -> StartError {
    move |error| StartError::Disk { what, error }
}

/// Guests get three quarters of the machine's memory, if that is known: the rest is for this program, for what the
/// host holds on behalf of guests, and for containers.
fn engine_config(memory_bytes: u64) -> EngineConfig {
    let memory_bytes_max = if memory_bytes == 0 { u64::MAX } else { memory_bytes / 4 * 3 };
    EngineConfig { memory_bytes_max, ..EngineConfig::default() }
}

/// What every part of the agent needs and none changes.
pub(crate) struct Context {
    config: Config,
    facts: Facts,
    engine: Engine,
    loader: Loader,
    proxy: Proxy,
    egress: Egress,
    local: Arc<Local>,
    logs: Logs,
    volumes: Disk,
    /// The way to what guests keep and say.
    lanes: Arc<Lanes>,
    isolation: Means,
    up: Arc<Up>,
    counters: Arc<Counters>,
    request_handles: Vec<tokio::runtime::Handle>,
    events: mpsc::Sender<core::Event>,
}

/// A running agent.
pub struct Agent {
    peer_addr: SocketAddr,
    counters: Arc<Counters>,
    proxy: Proxy,
    local: Arc<Local>,
    egress: Egress,
    runtimes: Option<Runtimes>,
    tasks: Vec<JoinHandle<()>>,
    stop: CancellationToken,
    stop_proxy: CancellationToken,
    ended: CancellationToken,
    /// Kept open: closing it gives the host's directory up.
    _lock: std::fs::File,
}

impl Agent {
    /// Starts to serve what was last told, then looks for the control plane.
    ///
    /// # Errors
    /// [`StartError`]. A control plane that is away is none, unless this host has no certificate yet.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let dir = config.host_dir();
        let lock = files::lock(&dir).map_err(disk("cannot lock the host's directory"))?;
        let lock = lock.ok_or_else(|| StartError::Held { dir: dir.display().to_string() })?;
        let stored = identity_of(&config).await?;
        let up = Arc::new(Up::default());
        let file = File::open(&dir).map_err(disk("cannot open the host's state"))?;
        let saved = load(&file, &stored, &up).map_err(disk("cannot read the host's state"))?;
        let runtimes = Runtimes::start(config.request_threads).map_err(disk("cannot start request threads"))?;
        let facts = Facts::observe();
        let engine = Engine::new(engine_config(facts.memory_bytes))?;
        let local = Arc::new(Local::default());
        let (stop, stop_proxy) = (CancellationToken::new(), CancellationToken::new());
        let peer_port = saved.as_ref().and_then(|saved| u16::try_from(saved.peer_port).ok()).unwrap_or(0);
        let proxy = start_proxy(&config, &stored, &local, &runtimes, &stop_proxy, peer_port)?;
        let egress = outgoing::egress(&proxy, &*config.link).await?;
        let (client, clients) = watch::channel(None);
        let (events, inbox) = mpsc::channel(EVENTS_MAX);
        let cache = Cache::open(dir.join("code")).map_err(disk("cannot open the code cache"))?;
        let logs = Logs::start(&dir.join("logs")).map_err(disk("cannot start the log writer"))?;
        let volumes = Disk::open(&dir).map_err(disk("cannot open the directory of volumes"))?;
        let isolation =
            Means::prepare(config.worker.clone(), &dir).map_err(disk("cannot make the empty directory of workers"))?;
        let context = Arc::new(Context {
            facts,
            volumes,
            lanes: Arc::new(Lanes::new(config.link.clone(), clients.clone())),
            isolation,
            loader: Loader::new(engine.clone(), cache, clients.clone()),
            engine,
            proxy: proxy.clone(),
            egress: egress.clone(),
            local,
            logs: logs.clone(),
            up: up.clone(),
            counters: Arc::default(),
            request_handles: runtimes.handles().to_vec(),
            events,
            config: config.clone(),
        });
        let (heard, hearing) = mpsc::channel(EVENTS_MAX);
        let (core, hello) = Core::new(context.clone(), file, stored.node.clone(), saved);
        let ports = Ports { local: context.local.clone(), proxy: proxy.clone() };
        let session = Session { link: config.link, hello, up, heard, client, answers: Answers::new(logs, ports) };
        let mut agent = Self {
            peer_addr: proxy.peer_addr(),
            counters: context.counters.clone(),
            proxy: proxy.clone(),
            local: context.local.clone(),
            egress,
            runtimes: Some(runtimes),
            tasks: Vec::new(),
            stop: stop.clone(),
            stop_proxy,
            ended: CancellationToken::new(),
            _lock: lock,
        };
        let renewal = renewal::Renewal { dir, node_ip: config.node_ip, clients, proxy };
        agent.run(core, inbox, hearing, session, renewal.run(stored, stop)).await;
        Ok(agent)
    }

    async fn run(
        &mut self,
        mut core: Core,
        inbox: mpsc::Receiver<core::Event>,
        hearing: mpsc::Receiver<Heard>,
        session: Session,
        renewal: impl Future<Output = ()> + Send + 'static,
    ) {
        let resumed = core.resume().await;
        let (stop, ended) = (self.stop.clone(), self.ended.clone());
        self.tasks.push(vital(&self.ended, async move {
            core.run(inbox, hearing, stop).await;
            ended.cancel();
        }));
        // What is known from disk serves before the control plane learns that this host is back: it would
        // send requests here.
        if tokio::time::timeout(RESUME_WITHIN, resumed).await.is_err() {
            tracing::warn!("not every Pod known from disk has started; looking for the control plane anyway");
        }
        self.tasks.push(vital(&self.ended, session.run(self.stop.clone())));
        self.tasks.push(vital(&self.ended, renewal));
    }

    /// Where other hosts reach this one.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        self.peer_addr
    }

    /// How many requests failed in guests so far.
    #[must_use]
    pub fn guest_failures(&self) -> GuestFailures {
        self.counters.read()
    }

    /// What the proxy counted so far.
    #[must_use]
    pub fn proxy_metrics(&self) -> network::Metrics {
        self.proxy.metrics()
    }

    /// What was counted so far of guests' requests to the outside.
    #[must_use]
    pub fn egress_metrics(&self) -> EgressMetrics {
        self.egress.metrics()
    }

    /// Returns when the agent has ended, whether asked to or not.
    pub async fn wait(&self) {
        self.ended.cancelled().await;
    }

    /// Finishes what is under way, writes down what is known, and ends.
    pub async fn shutdown(mut self) {
        // The session goes first, so that the control plane stops routing here while requests still end.
        self.stop.cancel();
        self.stop_proxy.cancel();
        if tokio::time::timeout(DRAIN_WITHIN, self.proxy.closed()).await.is_err() {
            tracing::warn!("requests were still under way after {DRAIN_WITHIN:?}; they are cut off");
        }
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the agent ended badly");
            }
        }
        if let Some(runtimes) = self.runtimes.take() {
            runtimes.stop().await;
        }
        self.local.clear();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.stop.cancel();
        self.stop_proxy.cancel();
    }
}

/// Runs a part that the agent is nothing without: should it panic, the agent has ended. A host that only looks
/// alive would hold its Pods for ever.
fn vital(ended: &CancellationToken, part: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let guard = ended.clone().drop_guard();
    tokio::spawn(async move {
        part.await;
        guard.disarm();
    })
}

async fn identity_of(config: &Config) -> Result<Stored, StartError> {
    let dir = config.host_dir();
    match Stored::load(&dir) {
        Ok(stored) if stored.node.node_name != config.node_name => Err(StartError::OtherNode {
            dir: dir.display().to_string(),
            found: stored.node.node_name,
            wanted: config.node_name.clone(),
        }),
        Ok(stored) => Ok(stored),
        Err(identity::Error::Absent(_)) => {
            let stored = renewal::first(config).await.map_err(StartError::NoCertificate)?;
            stored.save(&dir)?;
            Ok(stored)
        }
        Err(error) => Err(error.into()),
    }
}

fn load(file: &File, stored: &Stored, up: &Up) -> std::io::Result<Option<Saved>> {
    match file.load(&stored.node.cluster_id)? {
        Ok(saved) => Ok(saved),
        Err(why) => {
            let aside = file.aside();
            tracing::error!(%why, aside = %aside.display(), "the host's state is set aside; starting without it");
            up.event(About::NODE, Kind::Warning, "StateSetAside", || {
                format!("{why}; it was moved to {} and the host started without it", aside.display())
            });
            Ok(None)
        }
    }
}

/// Others know this host by its port, and may not hear of a new one while the control plane is away: the
/// port of last time is taken if it is free.
fn start_proxy(
    config: &Config,
    stored: &Stored,
    local: &Arc<Local>,
    runtimes: &Runtimes,
    shutdown: &CancellationToken,
    peer_port: u16,
) -> Result<Proxy, StartError> {
    let damaged = |e: protocol::tls::Error| identity::Error::Damaged { path: config.host_dir(), why: e.to_string() };
    let start = |port| {
        Ok::<_, StartError>(Proxy::start(network::Config {
            node_name: config.node_name.clone(),
            node_ip: config.node_ip,
            peer_addr: SocketAddr::new(config.node_ip, port),
            peer_tls: identity::peer_tls(stored).map_err(damaged)?,
            local: Arc::new(Handle(local.clone())),
            request_runtimes: runtimes.handles().to_vec(),
            limits: network::Limits::default(),
            shutdown: shutdown.clone(),
        })?)
    };
    match start(peer_port) {
        Err(error) if peer_port != 0 => {
            tracing::warn!(%error, "another port is taken for the proxy between hosts");
            start(0)
        }
        started => started,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F28
    #[tokio::test]
    async fn a_part_that_panics_ends_the_agent() {
        let ended = CancellationToken::new();
        assert!(vital(&ended, async {}).await.is_ok());
        assert!(!ended.is_cancelled(), "a part that ends as it should says nothing");
        let broken = vital(&ended, async {
            panic!("as a part that is broken does");
        });
        assert!(broken.await.is_err());
        assert!(ended.is_cancelled());
    }
}
