//! One connection of a host, and who is at its other end.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use protocol::tls::Subject;

/// Who is at the other end; tonic hands it to every call of the connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The Node whose certificate was shown; `None` before a host has joined.
    pub(crate) node: Option<Arc<str>>,
    /// Where it calls from; `None` in this process.
    pub(crate) address: Option<SocketAddr>,
}

/// A connection.
pub(crate) struct Connection {
    io: Io,
    caller: Caller,
}

enum Io {
    Tls(Box<TlsStream<TcpStream>>),
    Pipe(DuplexStream),
}

impl Connection {
    /// A connection whose certificate, if one was shown, TLS has verified.
    pub(super) fn tls(stream: TlsStream<TcpStream>, address: SocketAddr) -> Self {
        let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let subject = certificate.and_then(Subject::of);
        let node = subject.and_then(|subject| subject.node_name().map(Arc::from));
        Self { io: Io::Tls(Box::new(stream)), caller: Caller { node, address: Some(address) } }
    }

    /// A connection of a host in this process.
    pub(super) fn pipe(stream: DuplexStream, node: Arc<str>) -> Self {
        Self { io: Io::Pipe(stream), caller: Caller { node: Some(node), address: None } }
    }
}

impl Connected for Connection {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Io::Pipe(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().io {
            Io::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Io::Pipe(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Io::Pipe(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Pipe(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
