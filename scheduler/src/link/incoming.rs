//! Where connections come from: a TLS listener, and pipes within this process. Both end in one queue.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use super::connection::Connection;
use super::{CONNECTION_WINDOW_BYTES, WINDOW_BYTES};

/// Longest TLS handshake. One that dawdles holds one of the places below.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// Handshakes at once; after a restart thousands of hosts dial, and each costs a signature.
const HANDSHAKES_MAX: usize = 256;
/// Pause after an `accept` that failed (no descriptors left): one that fails fails again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes in a pipe, each way.
const PIPE_BYTES: usize = 256 << 10;

/// Accepts hosts until shutdown.
pub(crate) async fn accept(
    listener: TcpListener,
    tls: rustls::ServerConfig,
    connections: mpsc::Sender<Connection>,
    shutdown: CancellationToken,
) {
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let accepted = async {
            // The place first: who finds none waits in the kernel's queue.
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = shutdown.cancelled() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                let (acceptor, connections) = (acceptor.clone(), connections.clone());
                tokio::spawn(async move {
                    let _place = place;
                    match tokio::time::timeout(HANDSHAKE_MAX, shake_hands(&acceptor, stream)).await {
                        Ok(Ok(stream)) => drop(connections.send(Connection::tls(stream, address)).await),
                        Ok(Err(error)) => tracing::debug!(%address, %error, "a handshake failed"),
                        Err(_) => tracing::debug!(%address, "a handshake took too long"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a host could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn shake_hands(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
) -> std::io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    stream.set_nodelay(true)?;
    acceptor.accept(stream).await
}

/// Opens pipes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pipes {
    connections: mpsc::Sender<Connection>,
}

impl Pipes {
    pub(crate) fn new(connections: mpsc::Sender<Connection>) -> Self {
        Self { connections }
    }

    /// A channel that speaks for a Node. It connects when it is first used, and anew when it was cut.
    pub(crate) fn channel(&self, node: &str) -> Channel {
        let (connections, node): (_, Arc<str>) = (self.connections.clone(), node.into());
        let connect = move |_: Uri| {
            let (connections, node) = (connections.clone(), node.clone());
            async move {
                let (near, far) = tokio::io::duplex(PIPE_BYTES);
                let gone = |_| std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "the server has shut down");
                connections.send(Connection::pipe(far, node)).await.map_err(gone)?;
                Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::<DuplexStream>::new(near))
            }
        };
        Endpoint::from_static("http://insula-server")
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .connect_with_connector_lazy(service_fn(connect))
    }
}
