//! What the API server asks of the host protocol: the logs of a Pod, as a stream, and connections to its ports.

use async_trait::async_trait;
use axum::body::Body;
use futures::future::{BoxFuture, Shared};
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::status::Status;

/// Reaches into running Pods.
#[async_trait]
pub trait PodStreams: Send + Sync + 'static {
    /// The log of one container of a Pod that has a Node. `options.container` is always set and
    /// names one of its containers.
    ///
    /// # Errors
    /// Why there is no log: the host is away, the container has not started, there is no previous one.
    async fn logs(&self, pod: &Value, options: LogOptions) -> Result<Body, Status>;

    /// A connection to a port of a Pod that has a Node, as if made on its own loopback.
    ///
    /// # Errors
    /// Why there is none: the host is away, the Pod has ended, nobody listens at this port.
    async fn dial(&self, pod: &Value, port: u16) -> Result<PodConnection, Status>;
}

/// A connection to a port of a Pod. Letting go of it ends it.
pub struct PodConnection {
    /// Its bytes.
    pub io: Box<dyn PodIo>,
    /// How it ended; an error if not by either side's own doing.
    pub end: Shared<BoxFuture<'static, Result<(), String>>>,
}

/// Bytes both ways.
pub trait PodIo: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> PodIo for T {}

/// Which lines of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The container.
    pub container: String,
    /// Go on as lines are written, until the client leaves.
    pub follow: bool,
    /// The log of the container before its last restart.
    pub previous: bool,
    /// Begin each line with its time.
    pub timestamps: bool,
    /// Only the last so many lines.
    pub tail_lines: Option<u64>,
    /// Only lines of the last so many seconds.
    pub since_seconds: Option<u64>,
    /// Only lines after this.
    pub since_time: Option<Timestamp>,
    /// At most so many bytes.
    pub limit_bytes: Option<u64>,
}
