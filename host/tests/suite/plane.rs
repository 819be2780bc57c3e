//! A control plane that says what a test makes it say, and remembers what it was told.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use protocol::v1::from_host::Message as Upward;
use protocol::v1::host_link_server::{HostLink, HostLinkServer};
use protocol::v1::to_host::Message as Downward;
use protocol::v1::{
    AnswerChunk, AnswerEnd, CodeChunk, CodeRequest, ForwardChunk, FromHost, HeartbeatSeen, Hello, HostEvent,
    JoinRequest, JoinResponse, NodeUsage, PodUsage, RenewRequest, RenewResponse, StatusesCommitted, ToHost, Welcome,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

use super::guests;

/// Longest a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The control plane of one test.
#[derive(Clone)]
pub(crate) struct Plane(Arc<Inner>);

struct Inner {
    issuer: Issuer<'static, KeyPair>,
    ca_pem: String,
    signer: Ed25519KeyPair,
    cluster_id: Mutex<String>,
    pod_cidr: String,
    term: Mutex<u64>,
    /// Guests whose code is handed out with a signature that does not fit.
    badly_signed: Mutex<Vec<String>>,
    fetched: Mutex<Vec<String>>,
    codes: Mutex<BTreeMap<String, String>>,
    /// Certificates that are handed out as if most of their life were over, before those that last.
    expiring: AtomicUsize,
    /// Those that were handed out, in order.
    certificates: Mutex<Vec<String>>,
    /// The server that runs now; none while the control plane is away.
    running: Mutex<Option<Running>>,
    seen: watch::Sender<Seen>,
}

struct Running {
    connections: mpsc::Sender<Result<DuplexStream, std::io::Error>>,
    stop: CancellationToken,
}

/// Everything the host has said so far.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) sessions: usize,
    /// How often the host dialled while nobody was there.
    pub(crate) dialled_in_vain: usize,
    pub(crate) hello: Option<Hello>,
    pub(crate) down: Option<mpsc::Sender<Result<ToHost, Status>>>,
    pub(crate) statuses: BTreeMap<String, (Value, bool)>,
    pub(crate) status_count: usize,
    pub(crate) routes_applied: u64,
    pub(crate) events: Vec<HostEvent>,
    pub(crate) node_usage: Option<NodeUsage>,
    /// Everything told of each Pod, in order.
    pub(crate) usage: BTreeMap<String, Vec<PodUsage>>,
    pub(crate) answers: BTreeMap<String, (Vec<u8>, String, bool)>,
}

impl Plane {
    /// A control plane for Pods in `127.N.0.0/18`; each test has a number of its own.
    pub(crate) fn new(slice: u8) -> Self {
        Self::with_range(format!("127.{slice}.0.0/18"))
    }

    /// A control plane for Pods in this range.
    pub(crate) fn with_range(pod_cidr: String) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca_pem = params.self_signed(&key).unwrap().pem();
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let plane = Self(Arc::new(Inner {
            issuer: Issuer::new(params, key),
            ca_pem,
            signer: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap(),
            cluster_id: Mutex::new("cluster-one".to_owned()),
            pod_cidr,
            term: Mutex::new(1),
            badly_signed: Mutex::default(),
            fetched: Mutex::default(),
            codes: Mutex::default(),
            expiring: AtomicUsize::new(0),
            certificates: Mutex::default(),
            running: Mutex::default(),
            seen: watch::channel(Seen::default()).0,
        }));
        plane.up();
        plane
    }

    /// The control plane comes, or comes back.
    pub(crate) fn up(&self) {
        let (connections, incoming) = mpsc::channel(8);
        let stop = CancellationToken::new();
        let (service, stopped) = (HostLinkServer::new(self.clone()), stop.clone());
        tokio::spawn(async move {
            let serve = Server::builder().serve_with_incoming(service, ReceiverStream::new(incoming));
            stopped.run_until_cancelled(serve).await
        });
        *self.0.running.lock().unwrap() = Some(Running { connections, stop });
    }

    /// The control plane goes away, and every connection with it.
    pub(crate) fn away(&self) {
        if let Some(running) = self.0.running.lock().unwrap().take() {
            running.stop.cancel();
        }
        self.0.seen.send_modify(|seen| seen.down = None);
    }

    /// Goes away and comes back as someone else.
    pub(crate) fn back_as(&self, cluster_id: &str, term: u64) {
        self.away();
        *self.0.cluster_id.lock().unwrap() = cluster_id.to_owned();
        *self.0.term.lock().unwrap() = term;
        self.up();
    }

    /// A channel to whoever runs when it is used.
    pub(crate) fn channel(&self) -> Channel {
        let plane = self.clone();
        let connect = move |_| {
            let running = plane.0.running.lock().unwrap().as_ref().map(|r| (r.connections.clone(), r.stop.clone()));
            let seen = plane.0.seen.clone();
            async move {
                let away = || std::io::Error::other("the control plane is away");
                let Some((connections, stop)) = running else {
                    seen.send_modify(|seen| seen.dialled_in_vain += 1);
                    return Err(away());
                };
                // A wire of its own, so that it can be cut whatever the ends are doing.
                let (ours, mut near) = tokio::io::duplex(1 << 20);
                let (mut far, theirs) = tokio::io::duplex(1 << 20);
                tokio::spawn(async move {
                    stop.run_until_cancelled(tokio::io::copy_bidirectional(&mut near, &mut far)).await
                });
                connections.send(Ok(theirs)).await.map_err(|_| away())?;
                Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(ours))
            }
        };
        Endpoint::from_static("http://pipe").connect_with_connector_lazy(tower::service_fn(connect))
    }

    /// Says something in the session that stands.
    pub(crate) async fn say(&self, message: Downward) {
        let down = self.until("a session", |seen| seen.down.clone()).await;
        down.send(Ok(ToHost { message: Some(message) })).await.unwrap();
    }

    /// Waits until what the host has said yields something.
    pub(crate) async fn until<T>(&self, what: &str, find: impl Fn(&Seen) -> Option<T>) -> T {
        let mut seen = self.0.seen.subscribe();
        let wait = async {
            loop {
                if let Some(found) = find(&seen.borrow_and_update()) {
                    return found;
                }
                seen.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(found) => found,
            Err(_) => {
                let seen = self.0.seen.borrow();
                panic!("waited for {what}; statuses {:#?}, events {:?}", seen.statuses, seen.events)
            }
        }
    }

    /// Looks at what the host has said.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.0.seen.borrow())
    }

    /// Forgets the statuses told so far, so that only news counts.
    pub(crate) fn forget_statuses(&self) {
        self.0.seen.send_modify(|seen| {
            seen.statuses.clear();
            seen.status_count = 0;
        });
    }

    pub(crate) fn term(&self) -> u64 {
        *self.0.term.lock().unwrap()
    }

    /// The key under which a guest's code can be fetched.
    pub(crate) async fn code_key(&self, guest: &str) -> String {
        let engine = self.until("a hello", |seen| seen.hello.as_ref()?.engine.clone()).await;
        let key = protocol::code::key(&guests::digest(guest), &engine);
        self.0.codes.lock().unwrap().insert(key.clone(), guest.to_owned());
        key
    }

    pub(crate) fn sign_badly(&self, guest: &str) {
        self.0.badly_signed.lock().unwrap().push(guest.to_owned());
    }

    pub(crate) fn sign_well(&self) {
        self.0.badly_signed.lock().unwrap().clear();
    }

    /// The next certificates have to be renewed as soon as they arrive.
    pub(crate) fn let_expire(&self, certificates: usize) {
        self.0.expiring.store(certificates, Ordering::SeqCst);
    }

    /// The certificates that were handed out, in order.
    pub(crate) fn certificates(&self) -> Vec<String> {
        self.0.certificates.lock().unwrap().clone()
    }

    pub(crate) fn fetched(&self) -> usize {
        self.0.fetched.lock().unwrap().len()
    }

    fn welcome(&self) -> Downward {
        Downward::Welcome(Welcome {
            cluster_id: self.0.cluster_id.lock().unwrap().clone(),
            node_uid: "node-uid".to_owned(),
            protocol: 1,
            term: self.term(),
            pod_cidr: self.0.pod_cidr.clone(),
            service_cidr: "127.128.0.0/16".to_owned(),
            code_public_key: Bytes::copy_from_slice(self.0.signer.public_key().as_ref()),
            heartbeat_millis: 500,
        })
    }

    /// Takes a message in; what has to be answered at once comes back.
    fn hear(&self, message: Upward) -> Option<Downward> {
        match message {
            Upward::Heartbeat(beat) => Some(Downward::HeartbeatSeen(HeartbeatSeen { sequence: beat.sequence })),
            Upward::PodStatuses(batch) => {
                self.0.seen.send_modify(|seen| {
                    for status in batch.statuses {
                        let json = serde_json::from_slice(&status.status_json).unwrap();
                        seen.statuses.insert(status.uid, (json, status.stopped));
                        seen.status_count += 1;
                    }
                });
                Some(Downward::StatusesCommitted(StatusesCommitted { sequence: batch.sequence }))
            }
            Upward::RoutesApplied(applied) => {
                self.0.seen.send_modify(|seen| seen.routes_applied = applied.revision);
                None
            }
            Upward::Events(events) => {
                self.0.seen.send_modify(|seen| seen.events.extend(events.events));
                None
            }
            Upward::Usage(usage) => {
                self.0.seen.send_modify(|seen| {
                    seen.node_usage = usage.node.or(seen.node_usage.take());
                    for pod in usage.pods {
                        seen.usage.entry(pod.uid.clone()).or_default().push(pod);
                    }
                });
                None
            }
            Upward::Hello(_) => panic!("says hello twice"),
        }
    }
}

type Downstream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl HostLink for Plane {
    type SessionStream = Downstream<ToHost>;
    type FetchCodeStream = Downstream<CodeChunk>;
    type ForwardStream = Downstream<ForwardChunk>;

    async fn join(&self, _: Request<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn renew(&self, call: Request<RenewRequest>) -> Result<Response<RenewResponse>, Status> {
        let csr = call.into_inner().csr_der;
        let mut request = rcgen::CertificateSigningRequestParams::from_der(&csr.to_vec().into()).unwrap();
        if self.0.expiring.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            let now = std::time::SystemTime::now();
            request.params.not_before = (now - Duration::from_secs(1000)).into();
            request.params.not_after = (now + Duration::from_secs(100)).into();
        }
        let certificate = request.signed_by(&self.0.issuer).unwrap();
        self.0.certificates.lock().unwrap().push(certificate.pem());
        Ok(Response::new(RenewResponse { certificate_pem: certificate.pem(), ca_pem: self.0.ca_pem.clone() }))
    }

    async fn session(&self, call: Request<Streaming<FromHost>>) -> Result<Response<Self::SessionStream>, Status> {
        let mut upward = call.into_inner();
        let Some(Ok(FromHost { message: Some(Upward::Hello(hello)) })) = upward.next().await else {
            return Err(Status::invalid_argument("hello comes first"));
        };
        let (down, messages) = mpsc::channel(64);
        down.send(Ok(ToHost { message: Some(self.welcome()) })).await.unwrap();
        self.0.seen.send_modify(|seen| {
            seen.sessions += 1;
            seen.hello = Some(hello);
            seen.down = Some(down.clone());
        });
        let plane = self.clone();
        tokio::spawn(async move {
            while let Some(Ok(FromHost { message: Some(message) })) = upward.next().await {
                if let Some(answer) = plane.hear(message)
                    && down.send(Ok(ToHost { message: Some(answer) })).await.is_err()
                {
                    break;
                }
            }
            plane.0.seen.send_modify(|seen| drop(seen.down.take_if(|standing| standing.same_channel(&down))));
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
    }

    async fn forward(&self, _: Request<Streaming<ForwardChunk>>) -> Result<Response<Self::ForwardStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn fetch_code(&self, call: Request<CodeRequest>) -> Result<Response<Self::FetchCodeStream>, Status> {
        let key = call.into_inner().code_key;
        let guest = self.0.codes.lock().unwrap().get(&key).cloned();
        let guest = guest.ok_or_else(|| Status::not_found("no such code"))?;
        self.0.fetched.lock().unwrap().push(guest.clone());
        let engine = self.until("a hello", |seen| seen.hello.as_ref()?.engine.clone()).await;
        let name = guest.clone();
        let code = tokio::task::spawn_blocking(move || guests::compiled(&name, &engine)).await.unwrap();
        let mut signature = protocol::code::sign(&self.0.signer, &key, &code);
        if self.0.badly_signed.lock().unwrap().contains(&guest) {
            signature[0] ^= 1;
        }
        let total_bytes = code.len() as u64;
        let chunks: Vec<Result<CodeChunk, Status>> = code
            .chunks(protocol::CHUNK_BYTES)
            .map(|bytes| {
                let bytes = Bytes::copy_from_slice(bytes);
                Ok(CodeChunk { total_bytes, signature: signature.clone().into(), bytes })
            })
            .collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(chunks))))
    }

    async fn answer(&self, call: Request<Streaming<AnswerChunk>>) -> Result<Response<AnswerEnd>, Status> {
        let mut chunks = call.into_inner();
        let mut id = String::new();
        while let Some(Ok(chunk)) = chunks.next().await {
            id.clone_from(&chunk.id);
            self.0.seen.send_modify(|seen| {
                let answer = seen.answers.entry(chunk.id).or_default();
                answer.0.extend_from_slice(&chunk.bytes);
                answer.1.push_str(&chunk.error);
            });
        }
        self.0.seen.send_modify(|seen| seen.answers.entry(id).or_default().2 = true);
        Ok(Response::new(AnswerEnd {}))
    }
}
