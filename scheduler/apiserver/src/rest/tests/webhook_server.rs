//! A webhook: a server with a certificate, an answer to every question, and a memory of the questions.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::server::Peer;

/// What it says to a question.
pub(super) enum Said {
    /// A response; the uid is added.
    Response(Value),
    /// Whatever this is.
    Raw(u16, String),
    /// Yes, after something has been done.
    Later(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// Nothing, ever.
    Nothing,
}

impl Said {
    pub(super) fn allow() -> Self {
        Self::Response(json!({"allowed": true}))
    }

    pub(super) fn response(response: Value) -> Self {
        Self::Response(response)
    }

    /// Yes, with this change.
    pub(super) fn patch(patch: &Value) -> Self {
        let patch = STANDARD.encode(patch.to_string());
        Self::Response(json!({"allowed": true, "patchType": "JSONPatch", "patch": patch}))
    }
}

/// A server; it ends when this is dropped.
pub(super) struct Webhook {
    address: SocketAddr,
    ca: String,
    seen: Arc<Seen>,
    _ends: DropGuard,
}

#[derive(Default)]
struct Seen {
    asked: Mutex<Vec<Value>>,
    peers: Mutex<Vec<SocketAddr>>,
}

type Answers = dyn Fn(&Value) -> Said + Send + Sync;

impl Webhook {
    pub(super) async fn start(answers: impl Fn(&Value) -> Said + Send + Sync + 'static) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
        let key = KeyPair::generate().expect("a key");
        let names = vec!["127.0.0.1".to_owned(), "s.shop.svc".to_owned()];
        let certificate = CertificateParams::new(names).expect("names").signed_by(&key, &ca).expect("a certificate");
        let chain = vec![certificate.der().clone()];
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("TLS");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (seen, answers): (Arc<Seen>, Arc<Answers>) = (Arc::default(), Arc::new(answers));
        let noted = seen.clone();
        let app = Router::new().fallback(move |request: Request| answer(answers.clone(), noted.clone(), request));
        let shutdown = CancellationToken::new();
        tokio::spawn(crate::serve(listener, tls, app, shutdown.clone()));
        Self { address, ca: STANDARD.encode(ca.pem()), seen, _ends: shutdown.drop_guard() }
    }

    /// The place of one that is not there.
    pub(super) async fn dead() -> Value {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        json!({"url": format!("https://{address}/")})
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its `clientConfig`.
    pub(super) fn config(&self) -> Value {
        json!({"url": format!("https://{}/", self.address), "caBundle": self.ca})
    }

    /// What it has been asked.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.seen.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// By how many connections.
    pub(super) fn connections(&self) -> usize {
        let mut peers = self.seen.peers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        peers.sort();
        peers.dedup();
        peers.len()
    }
}

async fn answer(answers: Arc<Answers>, seen: Arc<Seen>, request: Request) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    seen.peers.lock().unwrap_or_else(PoisonError::into_inner).extend(peer);
    let body: Bytes = request.into_body().collect().await.expect("a whole body").to_bytes();
    let review: Value = serde_json::from_slice(&body).expect("a review");
    let request = review["request"].clone();
    seen.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let mut response = match answers(&request) {
        Said::Response(response) => response,
        Said::Raw(code, text) => {
            let response = Response::builder().status(code).header("location", "https://127.0.0.1:1/");
            return response.body(Body::from(text)).expect("a response");
        }
        Said::Later(done) => {
            done.await;
            json!({"allowed": true})
        }
        Said::Nothing => std::future::pending().await,
    };
    response["uid"] = request["uid"].clone();
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    Response::new(Body::from(review.to_string()))
}
