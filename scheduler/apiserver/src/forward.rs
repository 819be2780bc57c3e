//! Connections from clients into Pods: `pods/x/portforward`, and what `proxy` passes on ([`proxy`]).
//!
//! A client opens one long connection, by any of three ways ([`upgrade`]), and in it as many short ones to ports of the
//! Pod as it likes. Each of those is dialled through [`PodStreams::dial`](crate::PodStreams::dial), a pipe of bytes to
//! the Pod's host. What a client asks for is decided in [`session`] and [`channels::Layout`], which know no socket.
//!
//! Back-pressure goes end to end: a Pod that does not read fills a pipe, then a few pieces here, and then nothing more
//! is read from the client. One that takes nothing for long is given up, because its client's other connections wait
//! behind it. Memory is bounded by the number of connections, each of which holds a few pieces.

pub(crate) mod channels;
pub(crate) mod proxy;
mod session;
pub(crate) mod spdy;
pub(crate) mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::logs::{PodConnection, PodStreams};
use crate::status::Status;

/// Bytes of a piece on its way from a Pod to a client.
const PIECE_BYTES: usize = 16 << 10;
/// Pieces that wait for a Pod, of one connection.
const PIECES: usize = 4;
/// How long the host may take to say how a connection ended.
const VERDICT_MAX: Duration = Duration::from_secs(5);

/// Dials the ports of one Pod.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) pods: Arc<dyn PodStreams>,
    pub(crate) pod: Arc<Value>,
    /// How long the Pod may take nothing of what waits for it, before a connection is given up.
    pub(crate) stall: Duration,
}

impl Ports {
    async fn dial(&self, port: u16) -> Result<PodConnection, Status> {
        self.pods.dial(&self.pod, port).await
    }
}

/// What a client says to a Pod.
#[derive(Debug)]
enum Said {
    Bytes(Bytes),
    /// It says nothing more, and goes on listening.
    End,
}

/// Where what a Pod says goes.
#[async_trait]
trait Ear: Send {
    /// Whether a client goes on speaking to a Pod that says nothing more. Otherwise the connection is then over.
    const HALF_OPEN: bool;
    /// Passes a piece on; false if nobody listens any more.
    async fn hear(&mut self, piece: Bytes) -> bool;
    /// The Pod says nothing more.
    async fn end(&mut self);
}

/// Carries one connection, until both sides have said all, or either is gone. An error is for the client to read.
async fn carry<E: Ear>(
    ports: &Ports,
    port: u16,
    said: mpsc::Receiver<Said>,
    mut ear: E,
    gone: CancellationToken,
) -> Result<(), String> {
    let carried = async {
        let PodConnection { io, end } = ports.dial(port).await.map_err(|status| status.message)?;
        let (mut reader, mut writer) = tokio::io::split(io);
        let both = async {
            let (listening, speaking) = (listen(&mut reader, &mut ear), speak(&mut writer, said));
            // A Pod that has hung up takes nothing more, which is no error: its last words count.
            if E::HALF_OPEN {
                tokio::join!(listening, speaking).0
            } else {
                let (mut listening, speaking) = (std::pin::pin!(listening), std::pin::pin!(speaking));
                match futures::future::select(listening.as_mut(), speaking).await {
                    futures::future::Either::Left((heard, _)) => heard,
                    futures::future::Either::Right(_) => listening.await,
                }
            }
        };
        tokio::select! {
            biased;
            Err(why) = end.clone() => return Err(why),
            heard = both => heard?,
        }
        // Nobody says anything more. How it ended may be known a moment after its last byte; to let go before would end
        // it for no reason.
        drop(writer.shutdown().await);
        timeout(VERDICT_MAX, end).await.unwrap_or(Ok(()))
    };
    let carried = gone.run_until_cancelled(carried).await.unwrap_or(Ok(()));
    carried.map_err(|why| format!("error forwarding port {port} to pod {}: {why}", name(&ports.pod)))
}

fn name(pod: &Value) -> &str {
    crate::value::text(pod, &["metadata", "name"])
}

async fn listen(reader: &mut (impl tokio::io::AsyncRead + Unpin), ear: &mut impl Ear) -> Result<(), String> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(PIECE_BYTES);
        match reader.read_buf(&mut buffer).await {
            Ok(0) => break,
            Ok(_) if !ear.hear(buffer.split().freeze()).await => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    ear.end().await;
    Ok(())
}

async fn speak(
    writer: &mut (impl tokio::io::AsyncWrite + Unpin),
    mut said: mpsc::Receiver<Said>,
) -> std::io::Result<()> {
    while let Some(Said::Bytes(bytes)) = said.recv().await {
        writer.write_all(&bytes).await?;
        writer.flush().await?;
    }
    writer.shutdown().await
}

#[cfg(test)]
mod tests;
