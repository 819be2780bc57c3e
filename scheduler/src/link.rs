//! The host protocol's server: the same tonic services, whether a host comes over TLS or through the pipe.
//!
//! Who calls is known before the call: from the certificate that TLS verified, or from whoever opened the
//! pipe. Everything but `Join` needs a Node's identity, and a host speaks for its own Node only (F83).

mod connection;
mod incoming;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use protocol::backing::backing_server::BackingServer;
use protocol::v1::host_link_server::{HostLink, HostLinkServer};
use protocol::v1::{
    AnswerChunk, AnswerEnd, CodeChunk, CodeRequest, ForwardChunk, FromHost, JoinRequest, JoinResponse, RenewRequest,
    RenewResponse, ToHost,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

use crate::answers::Answers;
use crate::backing::Service;
use crate::compiler;
use crate::forwards::Forwards;
use crate::joining::Joining;
use crate::session::Sessions;
pub(crate) use connection::Caller;
use connection::Connection;
pub(crate) use incoming::{Pipes, accept};

/// Calls open on one connection. A host has one for its session, fetches of code, log streams and connections into its
/// Pods, and others for what its guests keep and say.
const STREAMS_MAX: u32 = 128;
/// Calls of one connection that may wait for their first answer; more are refused at once.
const IN_FLIGHT_MAX: usize = 64;
/// How often a silent connection is asked whether it lives, and how long it has to answer.
const PING_EVERY: Duration = Duration::from_secs(10);
/// See [`PING_EVERY`].
const PING_ANSWER_MAX: Duration = Duration::from_secs(5);
/// Largest head of a call; ours have a few hundred bytes.
const HEAD_BYTES_MAX: u32 = 16 << 10;
/// Window of a call: what a reader who stalls makes us hold. A log or a connection into a Pod has some.
const WINDOW_BYTES: u32 = 512 << 10;
/// Window of a connection: that of all its calls together, so that one who does not read never holds up the session
/// that shares it.
const CONNECTION_WINDOW_BYTES: u32 = WINDOW_BYTES * STREAMS_MAX;

/// The service.
pub(crate) struct Link {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) joining: Joining,
    pub(crate) answers: Answers,
    pub(crate) forwards: Forwards,
}

/// Serves connections until shutdown.
///
/// # Errors
/// The transport's.
pub(crate) async fn serve(
    link: Link,
    backing: Service,
    connections: mpsc::Receiver<Connection>,
    shutdown: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let link = HostLinkServer::new(link)
        .max_decoding_message_size(protocol::MESSAGE_BYTES_MAX)
        .max_encoding_message_size(protocol::MESSAGE_BYTES_MAX);
    let backing = BackingServer::new(backing)
        .max_decoding_message_size(protocol::BACKING_MESSAGE_BYTES_MAX)
        .max_encoding_message_size(protocol::BACKING_MESSAGE_BYTES_MAX);
    Server::builder()
        .max_concurrent_streams(STREAMS_MAX)
        .concurrency_limit_per_connection(IN_FLIGHT_MAX)
        .load_shed(true)
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PING_ANSWER_MAX))
        .http2_max_header_list_size(HEAD_BYTES_MAX)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .add_service(link)
        .add_service(backing)
        .serve_with_incoming_shutdown(
            ReceiverStream::new(connections).map(Ok::<_, std::io::Error>),
            shutdown.cancelled_owned(),
        )
        .await
}

fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    request.extensions().get::<Caller>().cloned().ok_or_else(|| Status::internal("a connection without a caller"))
}

/// The Node that calls.
pub(crate) fn node<T>(request: &Request<T>) -> Result<Arc<str>, Status> {
    match caller(request)?.node {
        Some(node) => Ok(node),
        None => Err(Status::unauthenticated("a certificate of a node of this cluster is needed; join first")),
    }
}

/// `UNAVAILABLE` is worth another try, `FAILED_PRECONDITION` is not.
fn no_code(error: &compiler::Error) -> Status {
    match error {
        compiler::Error::Refused(_) | compiler::Error::Bound(_) => Status::failed_precondition(error.to_string()),
        compiler::Error::Broken(_) => Status::unavailable(error.to_string()),
    }
}

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl HostLink for Link {
    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        let from = caller(&request)?.address.map(|address: SocketAddr| address.ip());
        self.joining.join(from, request.into_inner()).await.map(Response::new)
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewResponse>, Status> {
        let node = node(&request)?;
        self.joining.renew(&node, &request.into_inner().csr_der).map(Response::new)
    }

    type SessionStream = Boxed<ToHost>;

    async fn session(&self, request: Request<Streaming<FromHost>>) -> Result<Response<Self::SessionStream>, Status> {
        let node = node(&request)?;
        let messages = self.sessions.begin(&node, request.into_inner()).await?;
        Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
    }

    type FetchCodeStream = Boxed<CodeChunk>;

    async fn fetch_code(&self, request: Request<CodeRequest>) -> Result<Response<Self::FetchCodeStream>, Status> {
        let node = node(&request)?;
        let key = request.into_inner().code_key;
        if !self.sessions.runs(&node, &key) {
            return Err(Status::permission_denied("no pod of this node runs this code"));
        }
        let code = self.sessions.sources.artifacts.code(&key).await.map_err(|error| no_code(&error))?;
        let code = code.ok_or_else(|| Status::not_found("there is no such code"))?;
        Ok(Response::new(Box::pin(futures::stream::iter(compiler::chunks(&code).map(Ok)))))
    }

    async fn answer(&self, request: Request<Streaming<AnswerChunk>>) -> Result<Response<AnswerEnd>, Status> {
        let node = node(&request)?;
        self.answers.answer(&node, request.into_inner()).await.map(Response::new)
    }

    type ForwardStream = Boxed<ForwardChunk>;

    async fn forward(
        &self,
        request: Request<Streaming<ForwardChunk>>,
    ) -> Result<Response<Self::ForwardStream>, Status> {
        let node = node(&request)?;
        let chunks = self.forwards.answer(&node, request.into_inner()).await?;
        Ok(Response::new(Box::pin(ReceiverStream::new(chunks).map(Ok))))
    }
}
