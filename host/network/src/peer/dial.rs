//! Opening one connection to another host.

use std::sync::Arc;

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::tls::server_name;
use crate::Body;
use crate::delta::Peer;
use crate::lane::Lane;
use crate::limits::{
    PEER_CONNECTION_WINDOW, PEER_HEAD_BYTES_MAX, PEER_PENDING_RESETS_MAX, PEER_STREAM_WINDOW, SEND_BUFFER_BYTES_MAX,
};

/// Streams assumed to be allowed until the peer has said how many.
const STREAMS_AT_FIRST: usize = 100;

/// Connects to `peer` and proves both sides to each other. Must run on `lane`.
///
/// # Errors
/// One line: which step failed and why.
pub(super) async fn dial(lane: &Arc<Lane>, peer: &Peer) -> Result<SendRequest<Body>, String> {
    let limits = &lane.shared.limits;
    let stream = timeout(limits.connect_timeout, TcpStream::connect(peer.address))
        .await
        .map_err(|_| format!("no TCP connection within {:?}", limits.connect_timeout))?
        .map_err(|error| format!("cannot connect: {error}"))?;
    timeout(limits.handshake_timeout, handshake(lane, peer, stream))
        .await
        .map_err(|_| format!("no TLS and HTTP/2 handshake within {:?}", limits.handshake_timeout))?
}

async fn handshake(lane: &Arc<Lane>, peer: &Peer, stream: TcpStream) -> Result<SendRequest<Body>, String> {
    let limits = &lane.shared.limits;
    stream.set_nodelay(true).map_err(|error| format!("cannot set TCP_NODELAY: {error}"))?;
    let connector = TlsConnector::from(lane.shared.credentials.load().client.clone());
    let stream = connector.connect(server_name(peer), stream).await.map_err(|error| format!("TLS: {error}"))?;
    let (sender, connection) = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(PEER_STREAM_WINDOW)
        .initial_connection_window_size(PEER_CONNECTION_WINDOW)
        .initial_max_send_streams(STREAMS_AT_FIRST)
        .max_header_list_size(PEER_HEAD_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(PEER_PENDING_RESETS_MAX)
        .max_local_error_reset_streams(None)
        // F37: a peer that vanished without a word is found also while nothing is asked of it.
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout)
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| format!("HTTP/2: {error}"))?;
    let node = peer.node_name.clone();
    // Not among the tasks that shutdown waits for: it ends when nobody holds its sender any more.
    lane.handle.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%node, %error, "connection to a peer ended");
        }
    });
    Ok(sender)
}
