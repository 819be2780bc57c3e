//! One way out: a policy, its connections, and requests along them.

use std::error::Error as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::HeaderMap;
use http::{Request, Response, StatusCode, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::sleep;

use super::body::Bounded;
use super::class::Class;
use super::client::Shared;
use super::connect::{Connector, Dialler, is_of_this_machine};
use super::error::EgressError;
use super::limits::{
    CONNECTION_WINDOW, IDLE_PER_DESTINATION_MAX, Limits, READ_BUFFER_BYTES_MAX, REQUEST_HEAD_BYTES_MAX,
    RESPONSE_HEAD_BYTES_MAX, SEND_BUFFER_BYTES_MAX, STREAM_WINDOW,
};
use super::metrics::Counters;
use super::target::Target;
use crate::cause::Cause;
use crate::metrics::count;
use crate::{Body, hygiene};

/// The way out of the Pods of one namespace that have the same policy. Clones are the same one, and so is what
/// [`Egress::way_out`](super::Egress::way_out) gives for the same namespace and policy while one is kept.
#[derive(Clone)]
pub struct WayOut(Arc<Way>);

pub(super) struct Way {
    dialler: Arc<Dialler>,
    /// Made with the first request that is permitted: most Pods send none.
    client: OnceLock<legacy::Client<Connector, Body>>,
}

/// What a guest wants of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long the pauses between two pieces of the response may be, if the guest cares.
    pub between_bytes_timeout: Option<Duration>,
}

impl Way {
    pub(super) fn new(dialler: Dialler) -> Self {
        Self { dialler: Arc::new(dialler), client: OnceLock::new() }
    }
}

impl WayOut {
    pub(super) fn new(way: Arc<Way>) -> Self {
        Self(way)
    }

    /// Sends `request`, whose URI is absolute, to whom it names, if the policy permits it; the response comes as soon
    /// as its head is there. Redirects are not followed.
    ///
    /// # Errors
    /// [`EgressError`]. A request that cannot be passed on safely is a response with a cause, as inside the cluster.
    pub async fn call(&self, request: Request<Body>, options: Options) -> Result<Response<Body>, EgressError> {
        let counters = self.counters();
        count(&counters.requests);
        let result = self.send(request, options).await;
        match &result {
            Ok(_) => {}
            Err(EgressError::Denied { .. }) => count(&counters.denied),
            Err(_) => count(&counters.failed),
        }
        result
    }

    /// Whether a socket may be opened to `to`, an address that the guest has from nowhere or has written itself.
    #[must_use]
    pub fn permits_address(&self, to: SocketAddr) -> bool {
        self.0.dialler.policy().permits_address(to) && self.is_elsewhere(to.ip())
    }

    /// Whether a socket may be opened to `to`, which is an address of `name`: as the host resolved it, and not as the
    /// guest says.
    #[must_use]
    pub fn permits_address_of(&self, name: &str, to: SocketAddr) -> bool {
        self.0.dialler.policy().permits_address_of(name, to) && self.is_elsewhere(to.ip())
    }

    /// Neither the cluster's own nor, if it is public, this machine's.
    fn is_elsewhere(&self, ip: IpAddr) -> bool {
        let is_here = Class::of(ip) == Class::Public && is_of_this_machine(ip);
        !is_here && !self.shared().owns(ip)
    }

    /// The addresses of a name to which a socket may be opened. Which of them, at which port, is judged when one is:
    /// see [`permits_address_of`](Self::permits_address_of).
    ///
    /// # Errors
    /// [`std::io::ErrorKind::PermissionDenied`] for a name that no rule is about, or what the resolver said.
    pub async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if !self.0.dialler.policy().dials(&name) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.0.dialler.look_up(&name).await
    }

    async fn send(&self, mut request: Request<Body>, options: Options) -> Result<Response<Body>, EgressError> {
        let target = Target::of(request.uri()).map_err(|reason| EgressError::denied(asked(&request), reason))?;
        let denied = |reason| EgressError::denied(target.to_string(), reason);
        self.0.dialler.admit(&target).map_err(denied)?;
        if let Err((cause, why)) = hygiene::admit_outside(&mut request) {
            return Ok(cause.response(why));
        }
        if head_bytes(request.headers()) > REQUEST_HEAD_BYTES_MAX {
            let why = format!("{target}: the request's headers are longer than {REQUEST_HEAD_BYTES_MAX} bytes");
            return Ok(Cause::BadRequest.response(&why));
        }
        *request.uri_mut() = target.uri(request.uri().path_and_query().cloned()).map_err(denied)?;
        *request.version_mut() = Version::HTTP_11;
        // What the guest's own caller left there is nobody else's business.
        request.extensions_mut().clear();
        let response = self.within(request, &target, options.connect_timeout).await?;
        self.received(response, &target, options)
    }

    /// Sends a request and waits for its response, for the connection no longer than `patience`.
    async fn within(
        &self,
        mut request: Request<Body>,
        target: &Target,
        patience: Duration,
    ) -> Result<Response<Incoming>, EgressError> {
        let client = self.0.client.get_or_init(|| client(&self.0.dialler, &self.shared().limits));
        let mut connection = capture_connection(&mut request);
        let mut answer = client.request(request);
        let early = tokio::select! {
            biased;
            answer = &mut answer => Some(answer),
            () = async { drop(connection.wait_for_connection_metadata().await) } => None,
            () = sleep(patience) => return Err(EgressError::Timeout { to: target.to_string(), step: "a connection" }),
        };
        let answer = match early {
            Some(answer) => answer,
            None => answer.await,
        };
        answer.map_err(|error| failed(&error, target))
    }

    fn received(
        &self,
        response: Response<Incoming>,
        target: &Target,
        options: Options,
    ) -> Result<Response<Body>, EgressError> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(EgressError::failed(target, "switched to a protocol that nobody asked for".to_owned()));
        }
        // An HTTP/1 connection reads on for as long as its buffer has room, and a whole head may have come by then.
        if head_bytes(response.headers()) > RESPONSE_HEAD_BYTES_MAX {
            let why = format!("the response's headers are longer than {RESPONSE_HEAD_BYTES_MAX} bytes");
            return Err(EgressError::failed(target, why));
        }
        let limits = &self.shared().limits;
        let longest = limits.between_bytes_timeout;
        let pause = options.between_bytes_timeout.map_or(longest, |wanted| wanted.min(longest));
        let bounded = |body| Bounded::new(body, limits.response_bytes_max, pause).boxed_unsync();
        let mut response = response.map(bounded);
        response.extensions_mut().clear();
        hygiene::release(response.headers_mut());
        Ok(response)
    }

    fn shared(&self) -> &Shared {
        self.0.dialler.shared()
    }

    fn counters(&self) -> &Counters {
        &self.shared().counters
    }
}

fn client(dialler: &Arc<Dialler>, limits: &Limits) -> legacy::Client<Connector, Body> {
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits.idle_timeout)
        .pool_max_idle_per_host(IDLE_PER_DESTINATION_MAX)
        .http1_max_buf_size(READ_BUFFER_BYTES_MAX)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .http2_max_header_list_size(u32::try_from(RESPONSE_HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .http2_keep_alive_interval(limits.keepalive)
        .http2_keep_alive_timeout(limits.keepalive)
        .build(Connector(dialler.clone()))
}

/// Our own reason, if the pool passes one on, or all of its.
fn failed(error: &legacy::Error, target: &Target) -> EgressError {
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(ours) = cause.downcast_ref::<EgressError>() {
            return ours.clone();
        }
        why = format!("{why}: {cause}");
        source = cause.source();
    }
    EgressError::failed(target, why)
}

fn head_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// What a request that has no target asks for. What stands before an `@` may be a password.
fn asked(request: &Request<Body>) -> String {
    let uri = request.uri();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{host}", uri.scheme_str().unwrap_or("http"))
}
