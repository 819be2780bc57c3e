//! The way out as the host sees it.

use std::collections::HashMap;
use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::header::HeaderMap;
use http::{Request, Response, StatusCode, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::client::Resumption;
use rustls::crypto::ring;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::body::Bounded;
use super::class::Inside;
use super::connect::{Connector, Dialler};
use super::limits::{
    CONNECTION_WINDOW, IDLE_PER_DESTINATION_MAX, Limits, READ_BUFFER_BYTES_MAX, REQUEST_HEAD_BYTES_MAX,
    RESPONSE_HEAD_BYTES_MAX, SEND_BUFFER_BYTES_MAX, STREAM_WINDOW, TLS_SESSIONS_MAX,
};
use super::metrics::{Counters, EgressMetrics};
use super::policy::{Policy, Reason};
use super::range::Range;
use super::resolve::Resolver;
use super::stream::ALPN_H2;
use super::target::Target;
use crate::cause::Cause;
use crate::metrics::count;
use crate::{Body, hygiene};

/// Says whether an address is one of the cluster's own: a Node's, a Service's, a Pod's, the control plane's.
pub type Owns = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// What the way out needs.
pub struct Config {
    /// Whom servers' certificates must come from.
    pub roots: rustls::RootCertStore,
    /// Who knows the addresses of names.
    pub resolver: Arc<dyn Resolver>,
    /// Addresses that are never reached this way, whatever a policy says.
    pub owns: Owns,
    /// Bounds.
    pub limits: Limits,
}

/// All requests of a host's guests to the outside. Clones are the same one.
#[derive(Clone)]
pub struct Egress(Arc<Shared>);

pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) connections: Arc<Semaphore>,
    pub(super) counters: Arc<Counters>,
    tls: rustls::ClientConfig,
    owns: Owns,
    own_ranges: ArcSwap<Vec<Range>>,
    /// By namespace and policy; those that nobody keeps are gone.
    ways: Mutex<HashMap<Key, Weak<Way>>>,
}

type Key = (Arc<str>, Policy);

/// The way out of the Pods of one namespace that have the same policy. Clones are the same one, and so is what
/// [`Egress::way_out`] gives for the same namespace and policy while one is kept.
#[derive(Clone)]
pub struct WayOut(Arc<Way>);

struct Way {
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

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The filter refuses.
    #[error("{to}: {reason}")]
    Denied {
        /// What the guest asked for: scheme, host and port.
        to: String,
        /// Why it may not.
        reason: Reason,
    },
    /// The name leads nowhere.
    #[error("{to}: cannot be found: {why}")]
    NotFound {
        /// What the guest asked for.
        to: String,
        /// What the resolver said.
        why: String,
    },
    /// Nobody accepts connections there.
    #[error("{to}: cannot connect to {at}: {why}")]
    Refused {
        /// What the guest asked for.
        to: String,
        /// The address tried last.
        at: SocketAddr,
        /// What the system said.
        why: String,
    },
    /// Something took too long.
    #[error("{to}: waited too long for {step}")]
    Timeout {
        /// What the guest asked for.
        to: String,
        /// What it waited for.
        step: &'static str,
    },
    /// TLS or HTTP went wrong.
    #[error("{to}: {why}")]
    Failed {
        /// What the guest asked for.
        to: String,
        /// Which and how.
        why: String,
    },
}

impl EgressError {
    pub(super) fn denied(to: String, reason: Reason) -> Self {
        Self::Denied { to, reason }
    }

    pub(super) fn failed(target: &Target, why: String) -> Self {
        Self::Failed { to: target.to_string(), why }
    }
}

impl Egress {
    /// Makes a way out.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(config: Config) -> Result<Self, rustls::Error> {
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(config.roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![ALPN_H2.to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(Shared {
            connections: Arc::new(Semaphore::new(config.limits.connections_max)),
            limits: config.limits,
            resolver: config.resolver,
            counters: Arc::default(),
            tls,
            owns: config.owns,
            own_ranges: ArcSwap::default(),
            ways: Mutex::default(),
        })))
    }

    /// The way out of Pods of `namespace` with `policy`.
    #[must_use]
    pub fn way_out(&self, namespace: &str, policy: Policy) -> WayOut {
        let mut ways = self.0.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (Arc::from(namespace), policy);
        if let Some(way) = ways.get(&key).and_then(Weak::upgrade) {
            return WayOut(way);
        }
        ways.retain(|_, way| way.strong_count() > 0);
        let dialler = Arc::new(Dialler::new(key.1.clone(), self.0.clone()));
        let way = Arc::new(Way { dialler, client: OnceLock::new() });
        ways.insert(key, Arc::downgrade(&way));
        WayOut(way)
    }

    /// Whole ranges that are the cluster's own, beside the addresses that [`Config::owns`] knows, in place of those
    /// told before.
    pub fn own(&self, ranges: Vec<Range>) {
        self.0.own_ranges.store(Arc::new(ranges));
    }

    /// What was counted so far.
    #[must_use]
    pub fn metrics(&self) -> EgressMetrics {
        self.0.counters.read()
    }
}

impl Shared {
    /// Whether `ip`, or the address it leads to, is one of the cluster's own.
    pub(super) fn owns(&self, ip: IpAddr) -> bool {
        let ranges = self.own_ranges.load();
        let owns = |ip: IpAddr| (self.owns)(ip) || ranges.iter().any(|range| range.contains(ip));
        owns(ip) || matches!(Inside::of(ip), Inside::V4(v4) if owns(v4.into()))
    }

    /// TLS for one policy: a resumed session proves nothing anew, so sessions are not shared further than connections.
    pub(super) fn tls(&self) -> Arc<rustls::ClientConfig> {
        let mut tls = self.tls.clone();
        tls.resumption = Resumption::in_memory_sessions(TLS_SESSIONS_MAX);
        Arc::new(tls)
    }
}

impl WayOut {
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
        self.0.dialler.policy().permits_address(to) && !self.shared().owns(to.ip())
    }

    /// Whether a socket may be opened to `to`, which is an address of `name`: as the host resolved it, and not as the
    /// guest says.
    #[must_use]
    pub fn permits_address_of(&self, name: &str, to: SocketAddr) -> bool {
        self.0.dialler.policy().permits_address_of(name, to) && !self.shared().owns(to.ip())
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
