//! What guests ask of others: from the sandbox's way out to the proxy's way in, or past it to the world outside.
//!
//! The extensions of the request a guest answers travel with the requests it makes meanwhile, and with them how deep
//! in a chain of calls it is; the proxy ends chains that are too long. Names and addresses of the cluster go to the
//! proxy first. What it does not know is outside, and goes through the filter of the Pod's own rules or nowhere.

mod outside;

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use network::egress::{EgressError, Options, WayOut};
use network::{Body, Denial, Depth, GuestClient, GuestError};
use sandbox::{Outgoing, OutgoingError, OutgoingOptions};

pub(crate) use outside::{egress, own_ranges, policy};

use crate::local::Slot;
use crate::up::Up;
use crate::up::events::{Event, Kind, Tally};

/// The way out of the guests of one container.
pub(crate) struct Way(Arc<Ways>);

struct Ways {
    cluster: GuestClient,
    outside: WayOut,
    denials: Denials,
}

impl Outgoing for Way {
    /// The bounds in time are the sandbox's; connections are the proxy's and shared, and for the outside those of Pods
    /// with the same rules.
    fn call(
        &self,
        request: Request<Body>,
        options: OutgoingOptions,
    ) -> BoxFuture<'static, Result<Response<Body>, OutgoingError>> {
        let ways = self.0.clone();
        let depth = Depth::of(request.extensions());
        async move {
            match ways.cluster.call(request, depth).await {
                Ok(response) => Ok(response),
                // Boxed, so that the future of a call within the cluster, which is moved for each request, is small.
                Err(GuestError::Outside(request)) => Box::pin(ways.outward(*request, options)).await,
                Err(GuestError::Denied { to, reason }) => {
                    tracing::debug!(%to, %reason, "a guest's request was not sent");
                    Err(within(reason))
                }
            }
        }
        .boxed()
    }
}

impl Way {
    pub(crate) fn new(cluster: GuestClient, outside: WayOut, denials: Denials) -> Self {
        Self(Arc::new(Ways { cluster, outside, denials }))
    }
}

impl Ways {
    async fn outward(&self, request: Request<Body>, options: OutgoingOptions) -> Result<Response<Body>, OutgoingError> {
        let options =
            Options { connect_timeout: options.connect_timeout, between_bytes_timeout: options.between_bytes_timeout };
        self.outside.call(request, options).await.map_err(|error| {
            tracing::debug!(%error, "a guest's request to the outside got no response");
            self.denials.hear(&error);
            without(&error)
        })
    }
}

fn within(reason: Denial) -> OutgoingError {
    match reason {
        Denial::NoSuchService | Denial::NoSuchPort => OutgoingError::NotFound,
        Denial::NotHttp | Denial::NoHost => OutgoingError::Denied,
    }
}

fn without(error: &EgressError) -> OutgoingError {
    match error {
        EgressError::Denied { .. } => OutgoingError::Denied,
        EgressError::NotFound { .. } => OutgoingError::NotFound,
        EgressError::Refused { .. } => OutgoingError::Refused,
        EgressError::Timeout { .. } => OutgoingError::Timeout,
        EgressError::Failed { .. } => OutgoingError::Other(error.to_string()),
    }
}

/// Tells of requests that the rules of a Pod deny, as rate-limited Events: its author has to learn which rule is
/// missing, and the guest is told only that it was denied.
pub(crate) struct Denials {
    slot: Arc<Slot>,
    container: String,
    up: Arc<Up>,
    tally: Tally,
}

impl Denials {
    pub(crate) fn new(slot: Arc<Slot>, container: String, up: Arc<Up>) -> Self {
        Self { slot, container, up, tally: Tally::default() }
    }

    fn hear(&self, error: &EgressError) {
        if !matches!(error, EgressError::Denied { .. }) {
            return;
        }
        let event = Event { about: self.slot.about(), kind: Kind::Warning, reason: "EgressDenied" };
        self.up.tally(&self.tally, event, || {
            let annotation = api::label::EGRESS;
            format!("container {}: {error}; the Pod's annotation {annotation} says what it may reach", self.container)
        });
    }
}
