//! A small cluster: hosts with proxies, Pods as closures, and clients.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use network::{
    Body, Config, Delta, Endpoint, Limits, LocalError, LocalPods, Peer, PeerTls, Proxy, Service, ServiceName,
    ServicePort,
};
use rcgen::{CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// The Node port of the Service that most tests use.
pub(crate) const NODE_PORT: u16 = 30080;
/// Long enough for a loaded machine; a test that needs it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A loopback address nobody else uses, in this process or in another test's.
pub(crate) fn address() -> IpAddr {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let unique = (std::process::id() << 5) + NEXT.fetch_add(1, Ordering::Relaxed);
    let [_, a, b, c] = (unique & 0x003f_ffff).to_be_bytes();
    // 127.192.0.0/10: clear of what the program itself uses by default.
    Ipv4Addr::new(127, 192 | a, b, c).into()
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !condition() {
        assert!(std::time::Instant::now() < deadline, "in vain for: {what}");
        tokio::task::yield_now().await;
    }
}

/// Fails instead of hanging.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("in vain for: {what}"))
}

// ---- Pods ------------------------------------------------------------------

pub(crate) type Answer = BoxFuture<'static, Result<Response<Body>, LocalError>>;
type Handler = Arc<dyn Fn(Request<Body>) -> Answer + Send + Sync>;

/// The Pods of one host.
#[derive(Default)]
pub(crate) struct Pods {
    handlers: Mutex<HashMap<String, Handler>>,
    addresses: Mutex<HashMap<IpAddr, String>>,
    pub(crate) calls: AtomicU64,
}

impl Pods {
    pub(crate) fn add<F>(&self, uid: &str, handler: F)
    where
        F: Fn(Request<Body>) -> Answer + Send + Sync + 'static,
    {
        self.handlers.lock().expect("no panic").insert(uid.to_owned(), Arc::new(handler));
    }

    /// A Pod that says its own name.
    pub(crate) fn add_named(&self, uid: &str) {
        let name = uid.to_owned();
        self.add(uid, move |_| ok(name.clone()));
    }

    pub(crate) fn place(&self, uid: &str, ip: IpAddr) {
        self.addresses.lock().expect("no panic").insert(ip, uid.to_owned());
    }

    pub(crate) fn remove(&self, uid: &str) {
        self.handlers.lock().expect("no panic").remove(uid);
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

impl LocalPods for Pods {
    fn call(&self, pod_uid: &str, _port: u16, request: Request<Body>) -> Answer {
        let handler = self.handlers.lock().expect("no panic").get(pod_uid).cloned();
        match handler {
            Some(handler) => {
                self.calls.fetch_add(1, Ordering::SeqCst);
                handler(request)
            }
            None => Box::pin(async { Err(LocalError::Gone(Box::new(request))) }),
        }
    }

    fn by_ip(&self, ip: IpAddr) -> Option<String> {
        self.addresses.lock().expect("no panic").get(&ip).cloned()
    }
}

pub(crate) fn ok(text: impl Into<Bytes>) -> Answer {
    let response = Response::new(network::text(text));
    Box::pin(async move { Ok(response) })
}

// ---- certificates ----------------------------------------------------------

/// A cluster's certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name = subject("cluster", "insula");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA"))
    }

    fn issue(&self, name: &str, group: &str, ip: IpAddr) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(vec![name.to_owned(), ip.to_string()]).expect("parameters");
        params.distinguished_name = subject(&format!("system:node:{name}"), group);
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).expect("a key"))
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("a root");
        Arc::new(roots)
    }

    pub(crate) fn client(&self, identity: Option<(&str, &str)>) -> rustls::ClientConfig {
        let builder = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(self.roots());
        match identity {
            Some((name, group)) => {
                let (certificate, key) = self.issue(name, group, Ipv4Addr::LOCALHOST.into());
                builder.with_client_auth_cert(vec![certificate], key).expect("a client")
            }
            None => builder.with_no_client_auth(),
        }
    }

    pub(crate) fn server(&self, name: &str, ip: IpAddr) -> rustls::ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(self.roots(), provider.clone()).build();
        let (certificate, key) = self.issue(name, NODES, ip);
        rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier.expect("a verifier"))
            .with_single_cert(vec![certificate], key)
            .expect("a server")
    }

    pub(crate) fn tls(&self, name: &str, ip: IpAddr) -> PeerTls {
        PeerTls {
            server: Arc::new(self.server(name, ip)),
            client: Arc::new(self.client(Some((name, NODES)))),
            // Certificates of these tests hold their names as plain text; the host reads them properly.
            node_of: Arc::new(|der| find(der, NODES.as_bytes()).then(|| "a node".to_owned())),
        }
    }
}

/// The organisation of Nodes.
pub(crate) const NODES: &str = "system:nodes";

fn subject(name: &str, group: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, group);
    subject.push(DnType::CommonName, name);
    subject
}

fn find(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

// ---- hosts -----------------------------------------------------------------

/// Request runtimes on threads of their own.
pub(crate) struct Runtimes {
    pub(crate) handles: Vec<Handle>,
    stop: CancellationToken,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Runtimes {
    pub(crate) fn start(count: usize) -> Self {
        let stop = CancellationToken::new();
        let (mut handles, mut threads) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            handles.push(runtime.handle().clone());
            let stop = stop.clone();
            threads.push(std::thread::spawn(move || runtime.block_on(stop.cancelled())));
        }
        Self { handles, stop, threads }
    }
}

impl Drop for Runtimes {
    fn drop(&mut self) {
        self.stop.cancel();
        self.threads.drain(..).for_each(|thread| thread.join().expect("no panic"));
    }
}

/// One host of the cluster.
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) ip: IpAddr,
    pub(crate) pods: Arc<Pods>,
    pub(crate) proxy: Proxy,
    pub(crate) shutdown: CancellationToken,
    /// Set if the host has threads of its own: dropping them is like killing it.
    pub(crate) runtimes: Option<Runtimes>,
}

/// How to start a host.
pub(crate) struct Setup {
    pub(crate) limits: Limits,
    /// Request runtimes of its own; 0 uses the test's.
    pub(crate) threads: usize,
}

impl Default for Setup {
    fn default() -> Self {
        // Handshakes of an unoptimised build on a loaded machine.
        Self { limits: Limits { handshake_timeout: Duration::from_secs(10), ..Limits::default() }, threads: 0 }
    }
}

impl Host {
    pub(crate) fn start(authority: &Authority, name: &str) -> Self {
        Self::start_with(authority, name, Setup::default())
    }

    pub(crate) fn start_with(authority: &Authority, name: &str, setup: Setup) -> Self {
        let ip = address();
        let (pods, shutdown) = (Arc::new(Pods::default()), CancellationToken::new());
        let runtimes = (setup.threads > 0).then(|| Runtimes::start(setup.threads));
        let proxy = Proxy::start(Config {
            node_name: name.to_owned(),
            node_ip: ip,
            peer_addr: SocketAddr::new(ip, 0),
            peer_tls: authority.tls(name, ip),
            local: pods.clone(),
            request_runtimes: runtimes.as_ref().map_or_else(|| vec![Handle::current()], |it| it.handles.clone()),
            limits: setup.limits,
            shutdown: shutdown.clone(),
        })
        .expect("a proxy");
        Self { name: name.to_owned(), ip, pods, proxy, shutdown, runtimes }
    }

    pub(crate) fn node_port(&self) -> SocketAddr {
        SocketAddr::new(self.ip, NODE_PORT)
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer { node_name: self.name.as_str().into(), address: self.proxy.peer_addr(), reachable: true }
    }

    /// An endpoint for the Pod `uid` of this host.
    pub(crate) fn endpoint(&self, uid: &str) -> Endpoint {
        endpoint(uid, &self.name)
    }

    /// The Service `users` on [`NODE_PORT`] with these endpoints, and these peers.
    pub(crate) async fn serve(&self, revision: u64, endpoints: Vec<Endpoint>, peers: Vec<Peer>) {
        let delta = Delta { peers: Some(peers), ..users(revision, endpoints) };
        let applied = self.proxy.apply(delta).await;
        assert_eq!((applied.revision, applied.problems), (revision, Vec::new()));
    }
}

pub(crate) fn endpoint(uid: &str, node: &str) -> Endpoint {
    let last = uid.bytes().fold(7_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(u16::from(byte)));
    let [a, b] = last.to_be_bytes();
    Endpoint {
        pod_uid: uid.into(),
        pod_name: uid.into(),
        ip: [127, 64, a, b].into(),
        port: 8080,
        node_name: node.into(),
    }
}

/// A delta with the Service `shop/users`, port 80, Node port [`NODE_PORT`].
pub(crate) fn users(revision: u64, endpoints: Vec<Endpoint>) -> Delta {
    let port = ServicePort { name: String::new(), port: 80, node_port: Some(NODE_PORT), endpoints };
    let service = Service { name: ServiceName::new("shop", "users"), cluster_ip: None, ports: vec![port] };
    Delta { revision, services: vec![service], ..Delta::default() }
}

// ---- clients ---------------------------------------------------------------

/// A keep-alive HTTP/1.1 connection.
pub(crate) struct Client {
    sender: http1::SendRequest<Body>,
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        self.headers.get(network::CAUSE_HEADER).map(|cause| cause.to_str().expect("text"))
    }

    /// Status and cause.
    pub(crate) fn verdict(&self) -> (u16, Option<&str>) {
        (self.status.as_u16(), self.cause())
    }

    pub(crate) fn closes(&self) -> bool {
        self.headers.get(http::header::CONNECTION).is_some_and(|value| value == "close")
    }

    pub(crate) async fn read(response: Response<hyper::body::Incoming>) -> Result<Self, hyper::Error> {
        let (parts, body) = response.into_parts();
        Ok(Self { status: parts.status, headers: parts.headers, body: body.collect().await?.to_bytes() })
    }
}

impl Client {
    pub(crate) async fn connect(to: SocketAddr) -> Self {
        let stream = soon("a connection", TcpStream::connect(to)).await.expect("connected");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
        tokio::spawn(connection);
        Self { sender }
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> Result<Reply, hyper::Error> {
        self.sender.ready().await?;
        Reply::read(soon("a response", self.sender.send_request(request)).await?).await
    }

    pub(crate) async fn start(&mut self, request: Request<Body>) -> hyper::Result<Response<hyper::body::Incoming>> {
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send(get(path)).await.expect("a response")
    }
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).header("host", "users.example").body(network::empty()).expect("a request")
}

pub(crate) fn post(path: &str, body: Body) -> Request<Body> {
    Request::post(path).header("host", "users.example").body(body).expect("a request")
}

/// One request on a connection of its own.
pub(crate) async fn fetch(to: SocketAddr, path: &str) -> Reply {
    Client::connect(to).await.get(path).await
}
