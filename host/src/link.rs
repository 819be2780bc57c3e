//! How the control plane is reached: over mutual TLS, or over a pipe inside one process.
//!
//! A link only makes channels. When to dial, and what to do when it fails, is the session's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::tls;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::identity::{self, Stored};

/// Longest a dial may take. A host that is there answers a SYN and a handshake in milliseconds;
/// waiting longer only delays the next attempt.
pub(crate) const DIAL_TIMEOUT: Duration = Duration::from_secs(2);
/// Flow-control windows. A snapshot of thousands of Pods is megabytes, and the default of 64 KiB
/// would make it wait for one round trip after another.
const WINDOW_BYTES: u32 = 1 << 20;
/// The window of all calls of a connection together: 64 connections into Pods whose servers take nothing must not hold
/// up the session beside them.
const CONNECTION_WINDOW_BYTES: u32 = 128 * WINDOW_BYTES;

/// Why there is no channel.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nobody answers, or TLS fails; trying again may help.
    #[error("cannot reach the control plane at {server}: {why}")]
    Unreachable {
        /// The address dialled.
        server: String,
        /// What the transport said, with its causes.
        why: String,
    },
    /// This host has no usable identity; only joining helps.
    #[error(transparent)]
    Identity(#[from] identity::Error),
}

/// Gives a channel to the control plane each time it is asked.
#[async_trait::async_trait]
pub trait Link: Send + Sync + 'static {
    /// Dials.
    async fn channel(&self) -> Result<Channel, LinkError>;

    /// Where it dials, `HOST:PORT`; none within one process.
    fn server(&self) -> Option<&str> {
        None
    }
}

/// A function that hands out channels is a link: the pipe of `insula up`.
#[async_trait::async_trait]
impl<F> Link for F
where
    F: Fn() -> Channel + Send + Sync + 'static,
{
    async fn channel(&self) -> Result<Channel, LinkError> {
        Ok(self())
    }
}

/// Mutual TLS with the identity stored by [`crate::join`].
///
/// The identity is read for every dial, so that a renewed certificate is used without a restart.
#[derive(Debug)]
pub struct TlsLink {
    dir: PathBuf,
    server: String,
}

impl TlsLink {
    /// Opens the identity below `data_dir`; `server` is `HOST:PORT` of the control plane's host protocol.
    ///
    /// # Errors
    /// There is no identity, or it does not parse: the host has to join first.
    pub fn open(data_dir: &Path, server: &str) -> Result<Self, identity::Error> {
        let dir = data_dir.join("host");
        Stored::load(&dir)?;
        Ok(Self { dir, server: server.to_owned() })
    }
}

#[async_trait::async_trait]
impl Link for TlsLink {
    async fn channel(&self) -> Result<Channel, LinkError> {
        let stored = Stored::load(&self.dir)?;
        let config = ClientTlsConfig::new()
            .domain_name(tls::SERVER_NAME)
            .ca_certificate(Certificate::from_pem(&stored.ca_pem))
            .identity(tonic::transport::Identity::from_pem(&stored.identity.certificate_pem, &stored.identity.key_pem));
        let unreachable = |error: tonic::transport::Error| LinkError::Unreachable {
            server: self.server.clone(),
            why: with_causes(&error),
        };
        let endpoint = endpoint(&self.server).and_then(|e| e.tls_config(config)).map_err(unreachable)?;
        endpoint.connect().await.map_err(unreachable)
    }

    fn server(&self) -> Option<&str> {
        Some(&self.server)
    }
}

/// An endpoint with our bounds, TLS still to be set.
pub(crate) fn endpoint(server: &str) -> Result<Endpoint, tonic::transport::Error> {
    Ok(Endpoint::from_shared(format!("https://{server}"))?
        .connect_timeout(DIAL_TIMEOUT)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .tcp_nodelay(true))
}

/// An error with all that caused it, on one line: transports hide the reason in their sources.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}
