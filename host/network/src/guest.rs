//! A guest's outgoing requests.

use http::{Request, Response};

use crate::Body;
use crate::local::Depth;

/// Calls on behalf of the guests of one namespace.
#[derive(Clone)]
pub struct GuestClient {
    namespace: std::sync::Arc<str>,
}

/// Why a guest's request was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuestError {
    /// The egress filter refuses.
    #[error("denied: {authority}: {reason}")]
    Denied {
        /// What the guest asked for: host and port.
        authority: String,
        /// Why it may not.
        reason: Denial,
    },
}

/// Why the egress filter refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Not a name or address of this cluster, and nothing else may be reached.
    #[error("not a name or address of this cluster")]
    OutsideCluster,
    /// A name of the cluster's form, but no such Service.
    #[error("no such Service")]
    NoSuchService,
    /// The Service has no such port.
    #[error("the Service has no such port")]
    NoSuchPort,
    /// Services speak plain HTTP inside the cluster; the hosts encrypt between themselves.
    #[error("only http is spoken inside the cluster")]
    NotHttp,
    /// No host in the URL, or one with user information, or not parseable.
    #[error("the URL has no usable host")]
    BadAuthority,
}

impl GuestClient {
    /// Sends `request`, whose URI is absolute, to whom it names; `depth` is that of the call that causes it.
    ///
    /// # Errors
    /// [`GuestError::Denied`]; failures on the way are responses with a cause.
    pub async fn call(&self, request: Request<Body>, depth: Depth) -> Result<Response<Body>, GuestError> {
        let _ = depth;
        std::future::ready(Err(GuestError::Denied {
            authority: format!("{} from {}", request.uri(), self.namespace),
            reason: Denial::OutsideCluster,
        }))
        .await
    }

    pub(crate) fn new(namespace: &str) -> Self {
        Self { namespace: namespace.into() }
    }
}
