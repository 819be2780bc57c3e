//! The outside: servers that count, names that move, and ways to them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use network::Body;
use network::egress::{
    Config, Egress, EgressError, EgressMetrics, Limits, Options, Policy, Protocol, Range, Resolver, Rule, To, WayOut,
};
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls_pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Long enough for a loaded machine; a test that needs it fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// The name most tests ask for.
pub(crate) const NAME: &str = "api.example.com";

/// A loopback address nobody else uses, in this process or in another test's.
pub(crate) fn address() -> IpAddr {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let unique = (std::process::id() << 5) + NEXT.fetch_add(1, Ordering::Relaxed);
    let [_, a, b, c] = (unique & 0x001f_ffff).to_be_bytes();
    // 127.160.0.0/11: clear of the proxy's tests and of what the program itself uses by default.
    Ipv4Addr::new(127, 160 | a, b, c).into()
}

/// Fails instead of hanging.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("in vain for: {what}"))
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    soon(what, async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

// ---- servers ---------------------------------------------------------------

type Handler = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// A server that counts connections and requests.
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    accepted: Arc<AtomicU64>,
    open: Arc<AtomicU64>,
}

impl Server {
    pub(crate) async fn start<F, R>(handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::serve(SocketAddr::new(address(), 0), None, handler).await
    }

    pub(crate) async fn serve<F, R>(at: SocketAddr, tls: Option<rustls::ServerConfig>, handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind(at).await.expect("a listener");
        let at = listener.local_addr().expect("an address");
        let (accepted, open) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (counted, opened) = (accepted.clone(), open.clone());
        let handler: Handler = Arc::new(move |request| handler(request).boxed());
        let tls = tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (tls, handler, opened) = (tls.clone(), handler.clone(), opened.clone());
                tokio::spawn(async move {
                    opened.fetch_add(1, Ordering::SeqCst);
                    connection(tcp, tls, handler).await;
                    opened.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { at, accepted, open }
    }

    /// One that says its own name.
    pub(crate) async fn named(name: &'static str) -> Self {
        Self::start(move |_| async move { Response::new(network::text(name)) }).await
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self) -> u64 {
        self.open.load(Ordering::SeqCst)
    }

    /// `http://NAME:PORT/path`, with the port of this server.
    pub(crate) fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://{NAME}:{}{path}", self.at.port())
    }
}

async fn connection(tcp: TcpStream, tls: Option<TlsAcceptor>, handler: Handler) {
    let service = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    // How a connection ends is the client's business and looked at there.
    match tls {
        None => drop(builder.serve_connection(TokioIo::new(tcp), service).await),
        Some(tls) => {
            if let Ok(tls) = tls.accept(tcp).await {
                drop(builder.serve_connection(TokioIo::new(tls), service).await);
            }
        }
    }
}

/// The certificate authority of the outside.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA"))
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("a root");
        roots
    }

    /// A server called `name` that speaks the protocols `alpn`.
    pub(crate) fn server(&self, name: &str, alpn: &[&str]) -> rustls::ServerConfig {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a server");
        config.alpn_protocols = alpn.iter().map(|it| it.as_bytes().to_vec()).collect();
        config
    }
}

// ---- names -----------------------------------------------------------------

/// Names whose addresses change with every lookup: the answers one after the other, the last for ever.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

impl Names {
    pub(crate) fn set(&self, name: &str, answers: &[&[IpAddr]]) {
        let answers = answers.iter().rev().map(|ips| ips.to_vec()).collect();
        self.0.lock().expect("no panic").insert(name.to_owned(), answers);
    }
}

impl Resolver for Names {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut names = self.0.lock().expect("no panic");
        let answer = match names.get_mut(name) {
            Some(answers) if answers.len() > 1 => Ok(answers.pop().unwrap_or_default()),
            Some(answers) => Ok(answers.first().cloned().unwrap_or_default()),
            None => Err(io::Error::other("no such name")),
        };
        std::future::ready(answer).boxed()
    }
}

// ---- ways ------------------------------------------------------------------

/// A way out with names of its own.
pub(crate) struct World {
    pub(crate) names: Arc<Names>,
    pub(crate) egress: Egress,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), RootCertStore::empty())
    }

    pub(crate) fn with(limits: Limits, roots: RootCertStore) -> Self {
        let names = Arc::new(Names::default());
        let config = Config { roots, resolver: names.clone(), owns: Arc::new(|_| false), limits };
        Self { names, egress: Egress::new(config).expect("TLS") }
    }

    /// A way to the servers of these tests by any name and port.
    pub(crate) fn way(&self) -> WayOut {
        self.egress.way_out("shop", policy(&["127.0.0.0/8", "*"]))
    }

    pub(crate) fn metrics(&self) -> EgressMetrics {
        self.egress.metrics()
    }
}

/// A policy of rules for any protocol and port: `*`, a range, or a name.
pub(crate) fn policy(rules: &[&str]) -> Policy {
    let rule = |text: &&str| {
        let to = match text.split_once('/') {
            Some((network, prefix)) => {
                let range = Range::new(network.parse().expect("an address"), prefix.parse().expect("a prefix"));
                To::Range(range.expect("a range"))
            }
            None if *text == "*" => To::Public,
            None => To::Name((*text).into()),
        };
        Rule { protocol: None, to, port: None }
    };
    Policy::new(rules.iter().map(rule).collect())
}

/// `range` for one protocol and port.
pub(crate) fn narrow(protocol: Protocol, range: &str, port: u16) -> Policy {
    let (network, prefix) = range.split_once('/').expect("a range");
    let range = Range::new(network.parse().expect("an address"), prefix.parse().expect("a prefix"));
    Policy::new(vec![Rule { protocol: Some(protocol), to: To::Range(range.expect("a range")), port: Some(port) }])
}

/// What a patient guest wants.
pub(crate) const PATIENT: Options = Options { connect_timeout: PATIENCE, between_bytes_timeout: None };

pub(crate) async fn get(way: &WayOut, url: &str) -> Result<Response<Body>, EgressError> {
    let request = Request::get(url).body(network::empty()).expect(url);
    soon(url, way.call(request, PATIENT)).await
}

pub(crate) async fn text(response: Response<Body>) -> String {
    let bytes: Bytes = soon("a body", response.into_body().collect()).await.expect("a body").to_bytes();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The text of a response that is one.
pub(crate) async fn fetch(way: &WayOut, url: &str) -> String {
    text(get(way, url).await.expect(url)).await
}

/// Why a request is denied.
pub(crate) async fn denied(way: &WayOut, url: &str) -> String {
    match get(way, url).await {
        Err(EgressError::Denied { reason, .. }) => reason.to_string(),
        other => panic!("{url} is not denied: {other:?}"),
    }
}
