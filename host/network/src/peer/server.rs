//! The side that is called: other hosts' proxies, and nobody else, ask for Pods of this host.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::gate::{Gate, Knock, NoRoom};
use super::wire;
use crate::Body;
use crate::body::empty;
use crate::cause::{self, Cause};
use crate::hygiene;
use crate::lane::Lane;
use crate::limits::{
    ACCEPT_PAUSE, PEER_CONNECTION_WINDOW, PEER_HEAD_BYTES_MAX, PEER_PENDING_RESETS_MAX, PEER_STREAM_WINDOW,
    PEER_STREAMS_MAX, SEND_BUFFER_BYTES_MAX,
};
use crate::listen::is_the_clients;
use crate::local::LocalError;
use crate::metrics::InFlight;
use crate::router::local_response;

/// Accepts other hosts until shutdown and deals their connections out to the lanes in turn: there are few and they
/// last, so chance would load the lanes unevenly.
pub(crate) async fn serve(listener: std::net::TcpListener, lanes: Arc<[Arc<Lane>]>) {
    let shutdown = lanes[0].shared.shutdown.clone();
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the listener for other hosts cannot be used"),
    };
    let gate = Arc::new(Gate::default());
    let mut failing = false;
    for lane in lanes.iter().cycle() {
        let next = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            next = listener.accept() => next,
        };
        match next {
            Ok((stream, from)) => {
                failing = false;
                match gate.knock(from.ip()) {
                    Ok(knock) => deal(lane, stream, from, knock),
                    Err(NoRoom { first: true }) => {
                        tracing::warn!(%from, "refused a connection to the hosts' port: too many prove nothing");
                    }
                    Err(NoRoom { first: false }) => {}
                }
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "cannot accept other hosts");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Moves a connection to `lane`.
fn deal(lane: &Arc<Lane>, stream: TcpStream, from: SocketAddr, knock: Knock) {
    let stream = match stream.into_std() {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!(%from, %error, "lost another host's connection"),
    };
    let of = lane.clone();
    lane.spawn(async move {
        if let Err(why) = connection(of, stream, knock).await {
            // Anybody can knock: not worth more.
            tracing::debug!(%from, %why, "refused a connection to the hosts' port");
        }
    });
}

async fn connection(lane: Arc<Lane>, stream: std::net::TcpStream, knock: Knock) -> Result<(), String> {
    let limits = lane.shared.limits.clone();
    let stream = TcpStream::from_std(stream).map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let credentials = lane.shared.credentials.load_full();
    let stream = timeout(limits.handshake_timeout, TlsAcceptor::from(credentials.server.clone()).accept(stream))
        .await
        .map_err(|_| "no TLS handshake in time".to_owned())?
        .map_err(|error| format!("TLS: {error}"))?;
    let node = credentials
        .node_of(stream.get_ref().1.peer_certificates())
        .ok_or_else(|| "the certificate is not a Node's".to_owned())?;
    let entered = knock.gate().enter().map_err(|NoRoom { first }| {
        if first {
            tracing::warn!(%node, "refused another host: too many connections are open");
        }
        "too many connections are open".to_owned()
    });
    drop(knock);
    let _place = entered?;
    let service = service_fn(|request| {
        let lane = lane.clone();
        async move { Ok::<_, Infallible>(answer(&lane, request).await) }
    });
    let connection = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(PEER_STREAM_WINDOW)
        .initial_connection_window_size(PEER_CONNECTION_WINDOW)
        .max_concurrent_streams(PEER_STREAMS_MAX)
        .max_header_list_size(PEER_HEAD_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(PEER_PENDING_RESETS_MAX)
        .max_local_error_reset_streams(None)
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = lane.shared.shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            timeout(limits.drain_timeout, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%node, %error, "a peer's connection ended");
    }
    Ok(())
}

/// Hands one call to its Pod. The body is read by the Pod or by nobody.
async fn answer(lane: &Arc<Lane>, mut request: Request<Incoming>) -> Response<Body> {
    let in_flight = InFlight::begin(lane.from_peers.clone());
    let Some(to) = wire::read(request.headers()) else {
        return Cause::BadRequest.response("a call between hosts without Pod and port");
    };
    if let Err((cause, why)) = hygiene::admit_peer(&mut request) {
        return cause.response(why);
    }
    if to.depth > crate::Depth::default() {
        request.extensions_mut().insert(to.depth);
    }
    let bodiless = request.method() == Method::HEAD;
    let request = request.map(|incoming| incoming.map_err(Into::into).boxed_unsync());
    let response = match lane.shared.local.call(&to.uid, to.port, request).await {
        Ok(response) => without_body(local_response(response), bodiless),
        Err(LocalError::Gone(_)) => wire::gone(),
        Err(LocalError::Failed { status, cause, message }) => cause::response(status, cause, &message),
    };
    in_flight.answered(response.status());
    response
}

/// HTTP/2 has no way to say "here are bytes that the status or method forbids": the other side would break off.
pub(crate) fn without_body(response: Response<Body>, head: bool) -> Response<Body> {
    let none = head || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if none { response.map(|_| empty()) } else { response }
}
