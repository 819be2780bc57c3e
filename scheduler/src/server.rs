//! One process's control plane: started whole, watched over, shut down in order.

mod disk;
mod doors;
mod start;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::Channel;

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::link::Pipes;
use crate::{certificates, data_dir};

/// How long tasks may take to end at shutdown, beyond what connections get to drain.
const SHUTDOWN_MAX: Duration = Duration::from_secs(15);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data directory is held, foreign or damaged.
    #[error(transparent)]
    DataDir(#[from] data_dir::Error),
    /// Certificates cannot be made.
    #[error(transparent)]
    Certificates(#[from] certificates::Error),
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] store::OpenError),
    /// The store does not answer.
    #[error("the store: {0}")]
    Store(#[from] store::Error),
    /// The registry cannot be opened.
    #[error("the registry: {0}")]
    Registry(#[from] registry::Error),
    /// What guests keep cannot be opened.
    #[error("{0}")]
    Backing(String),
    /// The first objects cannot be written.
    #[error("the cluster's first objects: {0}")]
    Bootstrap(#[from] apiserver::Status),
    /// A setting that cannot be.
    #[error("{0}")]
    Config(String),
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {what}: {error}; is another server running there?")]
    Listen {
        /// For what.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A running control plane.
pub struct Server {
    api_addr: SocketAddr,
    host_addr: Option<SocketAddr>,
    kubeconfig: PathBuf,
    pipes: Pipes,
    watch_over: WatchOver,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    /// Held as long as anything may write below it.
    _dir: DataDir,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("api_addr", &self.api_addr)
            .field("host_addr", &self.host_addr)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Takes the data directory, opens everything, and serves. When this returns, clients are answered.
    ///
    /// # Errors
    /// See [`Error`]; nothing keeps running.
    pub async fn start(config: Config) -> Result<Self, Error> {
        start::start(config).await
    }

    /// Where the API listens.
    #[must_use]
    pub fn api_addr(&self) -> SocketAddr {
        self.api_addr
    }

    /// Where hosts dial, if from outside at all.
    #[must_use]
    pub fn host_addr(&self) -> Option<SocketAddr> {
        self.host_addr
    }

    /// The admin's kubeconfig.
    #[must_use]
    pub fn kubeconfig_path(&self) -> &Path {
        &self.kubeconfig
    }

    /// A channel for the host in this process: the same service as over TLS, with the identity given.
    #[must_use]
    pub fn pipe(&self, node_name: &str) -> Channel {
        self.pipes.channel(node_name)
    }

    /// Waits until the server cannot go on, and says why: the store broke, another server took over, a task
    /// died. The process must then end. A healthy server never returns from this.
    pub async fn fatal(&self) -> String {
        self.watch_over.fatal().await
    }

    /// Stops accepting, lets requests finish, ends sessions, closes the store.
    pub async fn shutdown(self) {
        self.shutdown.cancel();
        self.tasks.close();
        if tokio::time::timeout(SHUTDOWN_MAX, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "tasks were left: they did not end in time");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Notices when a task that must run for ever does not.
#[derive(Clone)]
pub(crate) struct WatchOver {
    reason: watch::Sender<Option<String>>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl WatchOver {
    fn new(tasks: TaskTracker, shutdown: CancellationToken) -> Self {
        Self { reason: watch::Sender::new(None), tasks, shutdown }
    }

    /// Runs a task that ends only at shutdown; if it ends or panics before, that is fatal.
    pub(crate) fn spawn<E>(&self, name: &'static str, task: impl Future<Output = Result<(), E>> + Send + 'static)
    where
        E: std::fmt::Display + Send + 'static,
    {
        let this = self.clone();
        let running = self.tasks.spawn(task);
        self.tasks.spawn(async move {
            let reason = match running.await {
                // What others need may already be gone.
                Ok(_) if this.shutdown.is_cancelled() => return,
                Ok(Ok(())) => format!("{name} ended"),
                Ok(Err(error)) => format!("{name}: {error}"),
                Err(error) => format!("{name} died: {error}"),
            };
            this.fail(reason);
        });
    }

    fn fail(&self, reason: String) {
        tracing::error!(reason, "the server cannot go on");
        self.reason.send_if_modified(|present| {
            let first = present.is_none();
            if first {
                *present = Some(reason);
            }
            first
        });
    }

    async fn fatal(&self) -> String {
        let mut reason = self.reason.subscribe();
        match reason.wait_for(Option::is_some).await.map(|reason| reason.clone()) {
            Ok(Some(reason)) => reason,
            _ => std::future::pending().await,
        }
    }
}
