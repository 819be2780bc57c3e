//! What guests ask of others: from the sandbox's way out to the proxy's way in.
//!
//! The extensions of the request a guest answers travel with the requests it makes meanwhile, and with them how deep
//! in a chain of calls it is; the proxy ends chains that are too long.

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use network::{Body, Denial, Depth, GuestClient, GuestError};
use sandbox::{Outgoing, OutgoingError, OutgoingOptions};

/// The way out of the guests of one namespace.
pub(crate) struct ToCluster(pub(crate) GuestClient);

impl Outgoing for ToCluster {
    /// The bounds in time are the sandbox's; connections are the proxy's and shared.
    fn call(
        &self,
        request: Request<Body>,
        _options: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        let client = self.0.clone();
        let depth = Depth::of(request.extensions());
        async move { client.call(request, depth).await.map_err(|error| told(&error)) }.boxed()
    }
}

fn told(error: &GuestError) -> OutgoingError {
    tracing::debug!(%error, "a guest's request was not sent");
    let GuestError::Denied { reason, .. } = error;
    match reason {
        Denial::NoSuchService | Denial::NoSuchPort => OutgoingError::NotFound,
        Denial::OutsideCluster | Denial::NotHttp | Denial::NoHost => OutgoingError::Denied,
    }
}
