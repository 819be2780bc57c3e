//! How hosts come in: a one-use token buys a certificate, a certificate buys the next one.
//!
//! The token is used up in one guarded write before anything is given out, so of a hundred concurrent uses
//! exactly one succeeds (F79). Every refusal is an Event that says why.

mod limit;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use api::core::{Node, Secret};
use api::resource::{NAMESPACES, NODES, SECRETS};
use api::{NamespacedName, label};
use apiserver::{DeleteOptions, ListOptions, Objects, Patch, Subresource, WriteOptions};
use jiff::Timestamp;
use protocol::v1::{JoinRequest, JoinResponse, RenewResponse};
use ring::rand::{SecureRandom, SystemRandom};
use tonic::Status;

use crate::certificates::{Authority, requested};
use crate::clock::{Clock, after};
use crate::events::{About, Events, Happening};
use crate::metrics::Metrics;
use crate::roster::Roster;
use crate::token::{self, ID_BYTES, JoinToken, NAMESPACE, Record, Refusal, SECRET_BYTES};
use limit::Limit;

/// Longest life of a token: what is pasted is soon forgotten.
pub(crate) const TTL_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Tokens that may be kept; each is one host to come.
const TOKENS_MAX: usize = 1000;
/// How long an expired token is kept, so that its holder is told that it expired and not that it is unknown.
const KEPT_AFTER_EXPIRY: Duration = Duration::from_secs(24 * 3600);

/// What a token's maker gets.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
}

/// Lets hosts in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Joining {
    inner: Arc<Inner>,
}

/// What joining is made of.
pub(crate) struct Parts {
    pub(crate) objects: Objects,
    pub(crate) authority: Authority,
    pub(crate) roster: Roster,
    pub(crate) events: Events,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) cluster_id: Arc<str>,
    pub(crate) code_public_key: Vec<u8>,
}

struct Inner {
    parts: Parts,
    limit: Mutex<Limit>,
}

impl Joining {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(Inner { parts, limit: Mutex::default() }) }
    }

    /// Makes a token that is good for `ttl`.
    ///
    /// # Errors
    /// Too many tokens, or the store's.
    pub(crate) async fn make_token(&self, ttl: Duration) -> Result<Made, apiserver::Status> {
        let parts = &self.inner.parts;
        self.sweep().await?;
        let mut random = [0; ID_BYTES + SECRET_BYTES];
        let no_randomness = |_| apiserver::Status::internal("the system gives no randomness");
        SystemRandom::new().fill(&mut random).map_err(no_randomness)?;
        let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
        id.copy_from_slice(&random[..ID_BYTES]);
        secret.copy_from_slice(&random[ID_BYTES..]);
        let token = JoinToken::new(id, secret, parts.authority.sha256_hex());
        let expires = after(self.now(), ttl.min(TTL_MAX));
        parts.objects.create(&SECRETS, NAMESPACE, token.object(expires), WriteOptions::default()).await?;
        tracing::info!(id = token.id(), %expires, "a join token was made");
        Ok(Made { token: token.text(), expires })
    }

    /// Removes tokens that expired long ago, and refuses when too many are left.
    async fn sweep(&self) -> Result<(), apiserver::Status> {
        let objects = &self.inner.parts.objects;
        let secrets = objects.list(&SECRETS, Some(NAMESPACE), ListOptions::default()).await?;
        let mut kept = 0;
        for secret in secrets.items.into_iter().filter_map(|s| serde_json::from_value::<Secret>(s).ok()) {
            let Some(record) = Record::of(&secret) else { continue };
            if self.now() < after(record.expires(), KEPT_AFTER_EXPIRY) {
                kept += 1;
                continue;
            }
            let options = DeleteOptions { uid: secret.metadata.uid.clone(), ..DeleteOptions::default() };
            let name = secret.metadata.name.as_deref().unwrap_or_default();
            match objects.delete(&SECRETS, NAMESPACE, name, options).await {
                Err(status) if !status.is_not_found() && !status.is_conflict() => return Err(status),
                _ => {}
            }
        }
        if kept >= TOKENS_MAX {
            let why =
                format!("there are {TOKENS_MAX} join tokens; delete Secrets of type {} first", token::SECRET_TYPE);
            return Err(apiserver::Status::too_many_requests(why));
        }
        Ok(())
    }

    /// The later of both clocks: a clock that is set back revives no token (F13).
    fn now(&self) -> Timestamp {
        self.inner.parts.clock.now().max(Timestamp::now())
    }

    /// Exchanges a token for a certificate.
    ///
    /// # Errors
    /// Why not, with an Event that says the same.
    pub(crate) async fn join(&self, from: Option<IpAddr>, request: JoinRequest) -> Result<JoinResponse, Status> {
        let parts = &self.inner.parts;
        let limited = |act: &dyn Fn(&mut Limit) -> bool| {
            act(&mut self.inner.limit.lock().unwrap_or_else(PoisonError::into_inner))
        };
        if !limited(&|limit| limit.may_try(from, Instant::now())) {
            parts.metrics.joined("limited");
            return Err(Status::resource_exhausted("too many failed joins from this address; wait a minute"));
        }
        match self.admit(&request).await {
            Ok(certificate_pem) => {
                parts.metrics.joined("joined");
                tracing::info!(node = %request.node_name, ?from, "a host has joined");
                Ok(JoinResponse {
                    cluster_id: parts.cluster_id.to_string(),
                    certificate_pem,
                    ca_pem: parts.authority.pem().to_string(),
                    code_public_key: parts.code_public_key.clone().into(),
                })
            }
            Err(Stop::Refused(refusal)) => {
                limited(&|limit| {
                    limit.failed(from, Instant::now());
                    true
                });
                self.tell(&refusal, from, &request.node_name).await;
                Err(status_of(&refusal))
            }
            Err(Stop::Store(status)) => Err(Status::unavailable(status.message)),
        }
    }

    /// Checks everything that can be checked before the token is used up, and uses it up.
    async fn admit(&self, request: &JoinRequest) -> Result<String, Stop> {
        let parts = &self.inner.parts;
        let token: JoinToken = request.token.parse()?;
        let name = token.secret_name();
        let secret = match parts.objects.get(&SECRETS, NAMESPACE, &name).await {
            Ok(object) => serde_json::from_value::<Secret>(object).ok(),
            Err(status) if status.is_not_found() => None,
            Err(status) => return Err(Stop::Store(status)),
        };
        let record = secret.as_ref().and_then(Record::of);
        token::judge(&token, record.as_ref(), parts.authority.sha256_hex(), self.now())?;
        let csr = requested(&request.node_name, &request.csr_der).map_err(Refusal::Request)?;
        self.check_name(&request.node_name).await?;
        let meta = secret.map(|secret| secret.metadata).unwrap_or_default();
        let options =
            WriteOptions { uid: meta.uid, resource_version: meta.resource_version, ..WriteOptions::default() };
        let patch = Patch::Merge(token::used_by(&request.node_name));
        match parts.objects.patch(&SECRETS, NAMESPACE, &name, Subresource::Main, patch, options).await {
            Ok(_) => {}
            // Someone else was faster by a moment: a token joins one host.
            Err(status) if status.is_conflict() || status.is_not_found() => {
                return Err(Refusal::Used("another host".to_owned()).into());
            }
            Err(status) => return Err(Stop::Store(status)),
        }
        csr.issue(&parts.authority).map_err(|e| Stop::Refused(Refusal::Request(e.to_string())))
    }

    /// A name is taken while its Node answers. A Node that is lost may join again under its name: its
    /// certificate may have expired while it was away (F81).
    async fn check_name(&self, node_name: &str) -> Result<(), Stop> {
        let parts = &self.inner.parts;
        let connected = parts.roster.peers().by_node.get(node_name).is_some_and(|peer| peer.connected);
        let ready = match parts.objects.get(&NODES, "", node_name).await {
            Ok(object) => serde_json::from_value::<Node>(object).is_ok_and(|node| is_ready(&node)),
            Err(status) if status.is_not_found() => false,
            Err(status) => return Err(Stop::Store(status)),
        };
        if connected || ready {
            return Err(Refusal::NameTaken(node_name.to_owned()).into());
        }
        Ok(())
    }

    /// Exchanges a certificate for the next one.
    ///
    /// # Errors
    /// The request asks for what this Node may not have.
    pub(crate) fn renew(&self, node: &str, csr_der: &[u8]) -> Result<RenewResponse, Status> {
        let authority = &self.inner.parts.authority;
        let certificate_pem = requested(node, csr_der)
            .map_err(Status::permission_denied)?
            .issue(authority)
            .map_err(|e| Status::internal(e.to_string()))?;
        tracing::info!(node, "a certificate was renewed");
        Ok(RenewResponse { certificate_pem, ca_pem: authority.pem().to_string() })
    }

    /// The Event is about the namespace of the tokens: there is no Node to speak of.
    async fn tell(&self, refusal: &Refusal, from: Option<IpAddr>, node_name: &str) {
        let parts = &self.inner.parts;
        parts.metrics.joined(refusal.word());
        let from = from.map_or_else(|| "this process".to_owned(), |ip| ip.to_string());
        // The name is the stranger's to choose: only the start of it, and nothing that is not printable.
        let name: String = node_name.chars().filter(|c| !c.is_control()).take(63).collect();
        tracing::warn!(node = name, from, %refusal, "a host was refused");
        let uid = match parts.objects.get(&NAMESPACES, "", NAMESPACE).await {
            Ok(namespace) => namespace["metadata"]["uid"].as_str().unwrap_or_default().to_owned(),
            Err(_) => String::new(),
        };
        parts.events.record(Happening {
            about: About { resource: &NAMESPACES, name: NamespacedName::new("", NAMESPACE), uid },
            kind: "Warning",
            reason: "JoinRefused".to_owned(),
            message: format!("host {name:?} at {from} may not join: {refusal}"),
            component: "insula-server",
            host: String::new(),
            count: 1,
        });
    }
}

/// Why a host is not let in.
enum Stop {
    Refused(Refusal),
    Store(apiserver::Status),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn status_of(refusal: &Refusal) -> Status {
    let why = refusal.to_string();
    match refusal {
        Refusal::Malformed | Refusal::Request(_) => Status::invalid_argument(why),
        Refusal::OtherCluster | Refusal::Unknown | Refusal::Expired(_) | Refusal::Used(_) => {
            Status::unauthenticated(why)
        }
        Refusal::NameTaken(_) => Status::already_exists(why),
    }
}

fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let tainted = node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True")
        && !tainted.iter().any(|taint| taint.key == label::TAINT_UNREACHABLE)
}
