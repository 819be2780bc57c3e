//! Listening: TLS, HTTP/1.1 and HTTP/2, bounds on everything a stranger can hold on to, shutdown.
//!
//! The protocol is chosen by ALPN and never sniffed: a sniffing server waits for the first bytes
//! without a timeout. What is served is any router; who asks is put into its request extensions.

mod activity;
mod head;
mod sources;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use self::activity::Activity;
use self::head::HeadTimer;
use self::sources::Sources;
use crate::auth::{Authenticator, User};
use crate::limits::{
    CONNECTIONS_MAX, CONNECTIONS_OF_ONE_MAX, DRAIN_MAX, HANDSHAKE_MAX, HEAD_BYTES_MAX, HEADER_READ_MAX, IDLE_MAX,
    PING_ANSWER_MAX, PING_EVERY, STREAMS_MAX, UNACKNOWLEDGED_MAX,
};

/// The certificate a client showed, its chain verified by the TLS layer; in the request extensions.
#[derive(Debug, Clone)]
pub struct ClientCertificate(Arc<Shown>);

#[derive(Debug)]
struct Shown {
    der: CertificateDer<'static>,
    /// Whose it is: asked once for all requests of a connection.
    user: OnceLock<Option<User>>,
}

impl ClientCertificate {
    pub(crate) fn new(der: CertificateDer<'static>) -> Self {
        Self(Arc::new(Shown { der, user: OnceLock::new() }))
    }

    /// Whose certificate it is.
    pub(crate) fn user(&self, authenticator: &dyn Authenticator) -> Option<&User> {
        self.0.user.get_or_init(|| authenticator.certificate(&self.0.der)).as_ref()
    }
}

/// Where a request came from; in the request extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Ends long answers (watches, followed logs) when the server stops; in the request extensions.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(pub(crate) CancellationToken);

/// How long a request may have been on its way when the server said goodbye.
const CROSSING_MAX: Duration = Duration::from_millis(500);
/// Pause after a failed accept: out of file descriptors passes, spinning does not help.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long clients are waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For the TLS handshake, and for the first request after it.
    handshake: Duration,
    /// For the head of a request over HTTP/1.1, from its first byte.
    head: Duration,
    /// For the next request.
    idle: Duration,
    /// For requests under way when the server stops.
    drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { handshake: HANDSHAKE_MAX, head: HEADER_READ_MAX, idle: IDLE_MAX, drain: DRAIN_MAX }
    }
}

/// Serves `app` over TLS until `shutdown`, then lets requests finish for a bounded time.
///
/// # Errors
/// When the listener cannot be used at all; a failed connection is not an error.
pub async fn serve(
    listener: TcpListener,
    tls: ServerConfig,
    app: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    listener.local_addr()?;
    let server = Server { acceptor: acceptor(tls), app, patience: Patience::default(), shutdown };
    server.run(listener).await;
    Ok(())
}

struct Server {
    acceptor: TlsAcceptor,
    app: Router,
    patience: Patience,
    shutdown: CancellationToken,
}

fn acceptor(mut tls: ServerConfig) -> TlsAcceptor {
    if tls.alpn_protocols.is_empty() {
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    TlsAcceptor::from(Arc::new(tls))
}

/// The next connection and its place; waits while every place is taken.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

impl Server {
    async fn run(self, listener: TcpListener) {
        let (server, connections) = (Arc::new(self), TaskTracker::new());
        let (places, sources) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), Sources::new(CONNECTIONS_OF_ONE_MAX));
        loop {
            let accepted = tokio::select! {
                () = server.shutdown.cancelled() => break,
                accepted = accept(&listener, &places) => accepted,
            };
            let Some((stream, peer, place)) = accepted else { continue };
            let Some(from) = sources.count(peer.ip()) else {
                tracing::debug!(%peer, "too many connections from this address");
                continue;
            };
            let server = server.clone();
            connections.spawn(async move {
                server.connection(stream, peer).await;
                drop((place, from));
            });
        }
        drop(listener);
        connections.close();
        if timeout(server.patience.drain, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "connections were cut: they did not end in time");
        }
    }

    async fn connection(&self, stream: TcpStream, peer: SocketAddr) {
        tune(&stream);
        let stream = match timeout(self.patience.handshake, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%peer, %error, "the TLS handshake failed"),
            Err(_) => return tracing::debug!(%peer, "the TLS handshake took too long"),
        };
        self.http(stream, peer).await;
    }

    async fn http(&self, stream: TlsStream<TcpStream>, peer: SocketAddr) {
        let (_, session) = stream.get_ref();
        let certificate = session.peer_certificates().and_then(|chain| chain.first());
        let certificate = certificate.map(|der| ClientCertificate::new(der.clone().into_owned()));
        let is_h2 = session.alpn_protocol() == Some(b"h2");
        let activity = Activity::default();
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert(certificate.clone());
            }
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(Shutdown(self.shutdown.clone()));
            let (app, busy) = (self.app.clone(), activity.begin());
            async move { app.oneshot(request).await.map(|response| busy.until_body_ends(response)) }
        });
        let ended = if is_h2 {
            let mut connection = std::pin::pin!(http2().serve_connection(TokioIo::new(stream), service));
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = self.over(&activity) => {
                    connection.as_mut().graceful_shutdown();
                    self.last_words(&activity, connection).await
                }
            }
        } else {
            let (stream, timer) = head::watch(stream, self.patience.head);
            let builder = http1(timer, self.patience.head);
            let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = self.over(&activity) => {
                    connection.as_mut().graceful_shutdown();
                    self.last_words(&activity, connection).await
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    }

    /// Lets requests under way finish. Without any, only one that crossed our goodbye is waited for:
    /// a connection that never said anything would not end by itself.
    async fn last_words(
        &self,
        activity: &Activity,
        connection: impl Future<Output = hyper::Result<()>>,
    ) -> hyper::Result<()> {
        let grace = if activity.is_busy() { self.patience.drain } else { CROSSING_MAX };
        timeout(grace, connection).await.unwrap_or(Ok(()))
    }

    /// Returns when the connection should end: the server stops, or nobody has used it for long.
    async fn over(&self, activity: &Activity) {
        tokio::select! {
            () = self.shutdown.cancelled() => {}
            () = activity.idle_for(self.patience.handshake, self.patience.idle) => {}
        }
    }
}

/// A peer that vanished or does not read is noticed, not waited for.
fn tune(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    let keepalive = socket2::TcpKeepalive::new().with_time(PING_EVERY).with_interval(PING_ANSWER_MAX);
    let tuned =
        stream.set_nodelay(true).and_then(|()| socket.set_tcp_keepalive(&keepalive)).and_then(|()| cut_unread(&socket));
    if let Err(error) = tuned {
        tracing::debug!(%error, "a connection could not be tuned");
    }
}

#[cfg(target_os = "linux")]
fn cut_unread(socket: &socket2::SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))
}

#[cfg(not(target_os = "linux"))]
fn cut_unread(_: &socket2::SockRef<'_>) -> io::Result<()> {
    // Elsewhere only keep-alive probes find a peer that vanished.
    let _: Duration = UNACKNOWLEDGED_MAX;
    Ok(())
}

/// hyper's read timeout is silently off without a timer.
fn http1(timer: HeadTimer, head: Duration) -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(timer).header_read_timeout(head);
    builder
}

fn http2() -> hyper::server::conn::http2::Builder<TokioExecutor> {
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_ANSWER_MAX)
        .max_header_list_size(HEAD_BYTES_MAX);
    builder
}
