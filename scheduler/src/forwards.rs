//! Connections into Pods: asked of the Pod's host, which calls back, and carried by that call.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use apiserver::PodConnection;
use futures::FutureExt;
use protocol::v1::{ForwardChunk, ForwardRequest};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Status, Streaming};

use crate::answers::{Error, connected};
use crate::roster::{Command, Roster};
use crate::waiting::Waiting;

/// How long a host has to begin: it may have to connect to the Pod first.
const BEGIN_MAX: Duration = Duration::from_secs(10);
/// Connections that may wait for their host to begin.
const BEGINNING_MAX: usize = 1024;
/// Chunks on their way to a host; more wait in the pipe.
const CHUNKS: usize = 2;
/// Bytes in the pipe, each way; more wait at the client, or at the host.
const PIPE_BYTES: usize = 64 << 10;

/// A host's call: what comes, and where what goes is put.
struct Call {
    chunks: Streaming<ForwardChunk>,
    to_host: mpsc::Sender<ForwardChunk>,
}

/// Connections that wait for their host. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Forwards {
    waiting: Waiting<oneshot::Sender<Result<Call, String>>>,
}

impl Forwards {
    /// Asks a Node's host for a connection to a port of a Pod.
    ///
    /// # Errors
    /// The host is away or busy, or cannot connect.
    pub(crate) async fn open(
        &self,
        roster: &Roster,
        node: &str,
        request: ForwardRequest,
    ) -> Result<PodConnection, Error> {
        let unreachable = |why| Error::Unreachable { node: node.to_owned(), why };
        let peer = connected(roster, node)?;
        let (asker, called) = oneshot::channel();
        let registered = self.waiting.register(node, asker, BEGINNING_MAX).ok_or(Error::Busy)?;
        let ask = Command::OpenForward { id: registered.id.clone(), request };
        let called = async {
            peer.facts.commands.send(ask).await.map_err(|_| unreachable("its session has just ended"))?;
            called.await.map_err(|_| unreachable("its session has just ended"))
        };
        match timeout(BEGIN_MAX, called).await {
            Ok(Ok(Ok(call))) => Ok(connection(call)),
            Ok(Ok(Err(refused))) => Err(Error::Refused(refused)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(unreachable("it did not answer in time")),
        }
    }

    /// The host's call. Its first chunk carries the id it answers, or why there is no connection; what is returned are
    /// the chunks for it.
    ///
    /// # Errors
    /// As [`Waiting::claim`].
    pub(crate) async fn answer(
        &self,
        node: &str,
        mut chunks: Streaming<ForwardChunk>,
    ) -> Result<mpsc::Receiver<ForwardChunk>, Status> {
        let first = timeout(BEGIN_MAX, chunks.message());
        let first = first.await.map_err(|_| Status::deadline_exceeded("no id in time"))??;
        let first = first.ok_or_else(|| Status::invalid_argument("a call begins with the id it answers"))?;
        let asker = self.waiting.claim(node, &first.id)?;
        let (to_host, receiver) = mpsc::channel(CHUNKS);
        let call = if first.error.is_empty() { Ok(Call { chunks, to_host }) } else { Err(first.error) };
        asker.send(call).map_err(|_| Status::not_found("no one waits for this connection any more"))?;
        Ok(receiver)
    }
}

fn connection(call: Call) -> PodConnection {
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let gone = CancellationToken::new();
    let io = Held { io: near, _gone: gone.clone().drop_guard() };
    let carrying = tokio::spawn(async move {
        let carried = gone.run_until_cancelled(protocol::forward::carry(far, call.chunks, call.to_host)).await;
        carried.unwrap_or(Ok(()))
    });
    let end = carrying.map(|ended| ended.unwrap_or_else(|_| Err("it stumbled".to_owned())));
    PodConnection { io: Box::new(io), end: end.boxed().shared() }
}

/// The near end of the pipe. Whoever lets go of it ends the connection, whatever the Pod may still have to say.
struct Held {
    io: DuplexStream,
    _gone: DropGuard,
}

impl AsyncRead for Held {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Held {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
