//! One call to a Pod behind another host's proxy.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::link::{Lease, NoConnection};
use super::wire::{self, Address};
use crate::cause::Cause;
use crate::delta::Peer;
use crate::lane::Lane;
use crate::local::Depth;
use crate::retry::Failure;
use crate::{Body, BoxError};

/// Whom to call.
pub(crate) struct Callee {
    pub(crate) peer: Peer,
    pub(crate) uid: Arc<str>,
    pub(crate) port: u16,
}

/// Why a call gave no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RemoteError {
    /// The host has no such Pod, or no longer.
    #[error("the Pod is gone")]
    Gone,
    /// No connection.
    #[error("host {node} cannot be reached: {why}")]
    Unreachable { node: Arc<str>, why: String },
    /// A connection that had been open for long was at its end; nothing was sent, or nothing of it looked at.
    #[error("the connection to host {node} was at its end: {why}")]
    Stale { node: Arc<str>, why: String },
    /// No room on any connection.
    #[error("too many calls to host {node} under way")]
    Full { node: Arc<str> },
    /// The connection broke after the request was sent.
    #[error("the connection to host {node} broke before a response: {why}")]
    Broken { node: Arc<str>, why: String },
    /// The host has not answered.
    #[error("host {node} has not answered in time")]
    Deadline { node: Arc<str> },
    /// The request cannot be expressed in HTTP/2.
    #[error("the request cannot be passed on: {0}")]
    Unsendable(&'static str),
}

impl RemoteError {
    /// How it counts towards trying again; `None` does not.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Gone => Some(Failure::Gone),
            Self::Unreachable { .. } | Self::Stale { .. } | Self::Full { .. } => Some(Failure::NotSent),
            Self::Broken { .. } => Some(Failure::Broken),
            Self::Deadline { .. } | Self::Unsendable(_) => None,
        }
    }

    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Gone => Cause::Gone,
            Self::Unreachable { .. } | Self::Stale { .. } => Cause::PeerUnreachable,
            Self::Full { .. } => Cause::Overloaded,
            Self::Broken { .. } => Cause::ConnectionBroken,
            Self::Deadline { .. } => Cause::Deadline,
            Self::Unsendable(_) => Cause::BadRequest,
        }
    }
}

/// Sends `request` to `callee` and waits for the head of the response.
///
/// # Errors
/// [`RemoteError`].
pub(crate) async fn call(
    lane: &Arc<Lane>,
    callee: &Callee,
    mut request: Request<Body>,
    depth: Depth,
) -> Result<Response<Body>, RemoteError> {
    let node = || callee.peer.node_name.clone();
    let address = Address { uid: callee.uid.clone(), port: callee.port, depth };
    wire::write(&mut request, &address).map_err(RemoteError::Unsendable)?;
    let link = lane.links.to(&callee.peer);
    let (mut sender, lease) = link.connection(lane).await.map_err(|error| match error {
        NoConnection::Unreachable(why) => RemoteError::Unreachable { node: node(), why },
        NoConnection::Full => RemoteError::Full { node: node() },
    })?;
    lane.budget.deposit();
    let sent = timeout(lane.shared.limits.first_byte_timeout, sender.try_send_request(request)).await;
    match sent {
        Ok(Ok(response)) if wire::is_gone(&response) => Err(RemoteError::Gone),
        Ok(Ok(response)) => Ok(response.map(|incoming| Leased { incoming, _lease: lease }.boxed_unsync())),
        Ok(Err(mut error)) => {
            let over = error.take_message().is_some() || said_goodbye(error.error());
            let (node, why) = (node(), chain(error.error()));
            if over {
                link.retire(&lease);
            }
            Err(match over || was_refused(error.error()) {
                true if over && !lease.fresh => RemoteError::Stale { node, why },
                true => RemoteError::Unreachable { node, why },
                false => RemoteError::Broken { node, why },
            })
        }
        Err(_) => Err(RemoteError::Deadline { node: node() }),
    }
}

/// Whether the other side has ended the connection and promises that it has not looked at the request: its stream is
/// above the last one named in the goodbye (RFC 9113, 8.7).
fn said_goodbye(error: &hyper::Error) -> bool {
    of_http2(error).is_some_and(|h2| h2.is_remote() && h2.is_go_away() && h2.reason() == Some(h2::Reason::NO_ERROR))
}

/// Whether the other side promises the same of this request alone.
fn was_refused(error: &hyper::Error) -> bool {
    of_http2(error).is_some_and(|h2| h2.is_remote() && h2.reason() == Some(h2::Reason::REFUSED_STREAM))
}

fn of_http2(error: &hyper::Error) -> Option<&h2::Error> {
    error.source().and_then(|source| source.downcast_ref())
}

/// The error with its sources: hyper's own words are only "http2 error".
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// A response body that holds its place on the connection to its end.
struct Leased {
    incoming: Incoming,
    _lease: Lease,
}

impl http_body::Body for Leased {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.incoming).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
