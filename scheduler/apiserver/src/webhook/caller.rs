//! Asking one webhook: HTTPS with connections that are kept, and bounds on all of it.
//!
//! A dead webhook must not hold the server up: a call ends in time, few are made at once, and while the last one failed
//! nobody queues for a place, so that at most so many requests wait for it. The control loops do not even ask one that
//! has just failed. HTTP/1.1, and no redirects.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Patience;
use super::dial::{Dialler, Place};
use crate::limits::{
    WEBHOOK_ANSWER_BYTES_MAX, WEBHOOK_CALLS_MAX, WEBHOOK_IDLE_CONNECTIONS_MAX, WEBHOOK_IDLE_MAX, WEBHOOK_REST_FIRST,
    WEBHOOK_REST_LAST,
};
use crate::objects::Objects;
use crate::value;

/// Calls one webhook.
pub(super) struct Caller {
    config: Value,
    /// Where and how; or why it cannot be called at all.
    way: Result<Way, String>,
    calls: Semaphore,
    idle: Mutex<Vec<Idle>>,
    rest: Mutex<Option<Rest>>,
}

struct Way {
    place: Place,
    dialler: Dialler,
    name: ServerName<'static>,
    tls: TlsConnector,
}

/// A connection that is not used.
struct Idle {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

/// It did not answer: until when the loops do not ask again, and how long that was.
#[derive(Clone, Copy)]
struct Rest {
    until: Instant,
    length: Duration,
}

impl Caller {
    pub(super) fn new(config: &Value) -> Self {
        Self {
            config: config.clone(),
            way: Way::read(config),
            calls: Semaphore::new(WEBHOOK_CALLS_MAX),
            idle: Mutex::default(),
            rest: Mutex::default(),
        }
    }

    pub(super) fn config(&self) -> &Value {
        &self.config
    }

    /// What the webhook says to a review.
    ///
    /// # Errors
    /// Why it says nothing, in Kubernetes' words.
    pub(super) async fn call(
        &self,
        objects: &Objects,
        review: Bytes,
        patience_of_webhook: Duration,
        patience: Patience,
    ) -> Result<Bytes, String> {
        let way = self.way.as_ref().map_err(Clone::clone)?;
        let uri = format!("{}?timeout={}s", way.place.path(), patience_of_webhook.as_secs());
        let told = |why: &str| format!("Post \"https://{}{uri}\": {why}", way.place.authority());
        let rest = *lock(&self.rest);
        if patience.of_loops && rest.is_some_and(|rest| Instant::now() < rest.until) {
            return Err(told("it did not answer a moment ago, and is not asked again so soon"));
        }
        let asked = async {
            let _place = match self.calls.try_acquire() {
                Ok(place) => place,
                Err(_) if rest.is_some() => return Err(format!("{WEBHOOK_CALLS_MAX} calls wait for it already")),
                Err(_) => self.calls.acquire().await.map_err(|error| error.to_string())?,
            };
            self.exchange(objects, way, &uri, review).await
        };
        let answer = match timeout(patience_of_webhook.min(patience.left()), asked).await {
            Ok(answer) => answer,
            Err(_) => Err("context deadline exceeded".to_owned()),
        };
        self.remember(answer.is_ok());
        answer.map_err(|why| told(&why))
    }

    fn remember(&self, answered: bool) {
        let (mut rest, now) = (lock(&self.rest), Instant::now());
        *rest = match *rest {
            _ if answered => None,
            // Calls that were made together fail together.
            Some(rest) if now < rest.until => Some(rest),
            before => {
                let length = before.map_or(WEBHOOK_REST_FIRST, |rest| (rest.length * 2).min(WEBHOOK_REST_LAST));
                Some(Rest { until: now + length, length })
            }
        };
    }

    /// Asks over a connection that is there, or else over a new one. One that was idle may have ended meanwhile.
    async fn exchange(&self, objects: &Objects, way: &Way, uri: &str, review: Bytes) -> Result<Bytes, String> {
        while let Some(sender) = self.take_idle() {
            if let Ok(answer) = self.ask(way, sender, uri, review.clone()).await {
                return answer;
            }
        }
        let sender = way.connect(objects).await?;
        self.ask(way, sender, uri, review).await.map_err(|error| error.to_string())?
    }

    fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = lock(&self.idle);
        idle.retain(|idle| idle.sender.is_ready() && idle.since.elapsed() < WEBHOOK_IDLE_MAX);
        idle.pop().map(|idle| idle.sender)
    }

    fn keep(&self, sender: SendRequest<Full<Bytes>>) {
        let mut idle = lock(&self.idle);
        if idle.len() < WEBHOOK_IDLE_CONNECTIONS_MAX {
            idle.push(Idle { sender, since: Instant::now() });
        }
    }

    /// One exchange. The outer error is the connection's.
    async fn ask(
        &self,
        way: &Way,
        mut sender: SendRequest<Full<Bytes>>,
        uri: &str,
        review: Bytes,
    ) -> Result<Result<Bytes, String>, hyper::Error> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(header::HOST, way.place.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "insula-admission")
            .body(Full::new(review));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let response = sender.send_request(request).await?;
        let code = response.status();
        let body = match Limited::new(response.into_body(), WEBHOOK_ANSWER_BYTES_MAX).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Ok(Err(format!("its answer (at most {WEBHOOK_ANSWER_BYTES_MAX} bytes): {error}"))),
        };
        if sender.ready().await.is_ok() {
            self.keep(sender);
        }
        Ok(if code == http::StatusCode::OK { Ok(body) } else { Err(format!("the server answered {code}")) })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Way {
    fn read(config: &Value) -> Result<Self, String> {
        let place = Place::read(config).map_err(|(_, why)| why)?;
        let name = ServerName::try_from(place.server_name()).map_err(|error| error.to_string())?;
        let roots = match value::text(config, &["caBundle"]) {
            "" => roots_of_machine().clone(),
            bundle => Arc::new(roots_of_bundle(bundle)?),
        };
        let mut tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { place, dialler: Dialler::default(), name, tls: TlsConnector::from(Arc::new(tls)) })
    }

    async fn connect(&self, objects: &Objects) -> Result<SendRequest<Full<Bytes>>, String> {
        let io = self.dialler.dial(objects, &self.place).await?;
        let stream = self.tls.connect(self.name.clone(), io).await.map_err(|error| format!("tls: {error}"))?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| error.to_string())?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a webhook ended");
            }
        });
        Ok(sender)
    }
}

fn roots_of_bundle(bundle: &str) -> Result<RootCertStore, String> {
    use base64::Engine as _;
    let pem = base64::engine::general_purpose::STANDARD.decode(bundle);
    let pem = pem.map_err(|error| format!("unable to load root certificates: caBundle is not base64: {error}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let added = certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
        added.map_err(|error| format!("unable to load root certificates: {error}"))?;
    }
    if roots.is_empty() {
        return Err("unable to load root certificates: caBundle holds none".to_owned());
    }
    Ok(roots)
}

/// The authorities that this machine trusts, read once.
fn roots_of_machine() -> &'static Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (trusted, unread) = roots.add_parsable_certificates(found.certs);
        tracing::debug!(trusted, unread, errors = ?found.errors, "certificate authorities of this machine, for webhooks");
        Arc::new(roots)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_called_says_why() {
        let why = |config: &Value| Way::read(config).err().unwrap_or_default();
        assert_eq!(why(&json!({"url": "https://a.b"})), "");
        assert!(why(&json!({"url": "https://a.b", "caBundle": "!"})).contains("caBundle is not base64"));
        // What cert-manager replaces.
        assert!(why(&json!({"url": "https://a.b", "caBundle": "Cg=="})).contains("caBundle holds none"));
        assert!(why(&json!({})).contains("exactly one of url or service"));
    }
}
