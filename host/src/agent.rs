//! The agent: what is told becomes what runs.

use std::net::SocketAddr;

use crate::config::Config;

/// Why an agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No identity, and none to be had.
    #[error("{0}")]
    Identity(String),
}

/// A running agent.
pub struct Agent {
    peer_addr: SocketAddr,
}

impl Agent {
    /// Starts to serve what was last told, then looks for the control plane.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        std::future::ready(Err(StartError::Identity(config.node_name))).await
    }

    /// Where other hosts reach this one.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        self.peer_addr
    }

    /// Returns when the agent has ended, whether asked to or not.
    pub async fn wait(&self) {
        std::future::pending::<()>().await;
    }

    /// Finishes what is under way, writes down what is known, and ends.
    pub async fn shutdown(self) {
        std::future::ready(()).await;
    }
}
