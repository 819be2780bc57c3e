//! The seam to whatever runs Pods on this host.

use std::net::IpAddr;

use futures::future::BoxFuture;
use http::{Extensions, Request, Response, StatusCode};

use crate::Body;

/// The Pods of this host, as the proxy calls them.
pub trait LocalPods: Send + Sync + 'static {
    /// Hands `request` to port `port` of the Pod `pod_uid`.
    ///
    /// Whether the Pod is there is decided when this is called and not when the future is first polled: once a
    /// table without a Pod is in force on every request runtime, no further call for it is made.
    /// The request has a valid `Host` header and a URI in origin form; hop-by-hop and `insula-*` headers are gone;
    /// how deep in a chain of calls it is says [`Depth::of`] its extensions.
    /// Dropping the future, or later the response's body, means that nobody waits any more.
    fn call(
        &self,
        pod_uid: &str,
        port: u16,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, LocalError>>;

    /// The Pod of this host that has the address `ip`.
    fn by_ip(&self, ip: IpAddr) -> Option<String>;
}

/// Why a Pod of this host did not answer.
#[derive(Debug)]
pub enum LocalError {
    /// No such Pod here, or no longer. The request comes back, its body unread, to be tried elsewhere.
    Gone(Box<Request<Body>>),
    /// The Pod was asked and failed; what the client gets is said here.
    Failed {
        /// 500, 503 or 504.
        status: StatusCode,
        /// One word for the header `insula-cause`: `trap`, `memory`, `deadline`, `overloaded`.
        cause: &'static str,
        /// One line: what failed, where and why.
        message: String,
    },
}

/// How many calls deep a request is: 0 when it came from outside the cluster.
///
/// Travels as a request extension on one host and as a header between hosts; a guest neither sees nor sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Depth(pub u8);

impl Depth {
    /// The depth recorded in a request's extensions.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().copied().unwrap_or_default()
    }
}
