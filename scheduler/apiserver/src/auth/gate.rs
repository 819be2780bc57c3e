//! The gate every request passes: who is it, as whom does it act, may it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};

use super::credential::{self, Credential};
use super::failures::{Failures, Print};
use super::{Authenticator, User, impersonation};
use crate::rbac::{Access, Attributes, Target, Verdict, Wanted};
use crate::rest::{decoded, is_health};
use crate::server::{ClientCertificate, Peer};
use crate::status::{Details, Status};
use crate::tokens::Accounts;

/// What the gate knows.
pub(crate) struct Gate {
    authenticator: Arc<dyn Authenticator>,
    accounts: Accounts,
    access: Access,
    failures: Mutex<Failures>,
}

/// How a request came through the gate, or not; in the extensions of its answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pass {
    /// Who showed the credential.
    pub(crate) user: Option<User>,
    /// As whom the request acts, if that is someone else.
    pub(crate) acts_as: Option<User>,
    /// What was decided, and why.
    pub(crate) verdict: Option<Verdict>,
}

/// Who showed a credential.
enum Holder {
    Known(User),
    Wrong,
    /// Too many were wrong; this one was not looked at.
    Limited,
}

/// Lets a request pass with its [`User`], or answers 400, 401, 403 or 429.
pub(crate) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if is_open(&parts) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let mut pass = Pass::default();
    let mut response = match gate.admit(&parts, &mut pass).await {
        Ok(user) => {
            parts.extensions.insert(user);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(status) => {
            let mut response = status.into_response();
            if response.status() == StatusCode::UNAUTHORIZED && is_oci(&parts) {
                let challenge = HeaderValue::from_static("Basic realm=\"insula\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    };
    response.extensions_mut().insert(pass);
    response
}

/// What anyone may ask, whatever roles say: whether the server lives.
fn is_open(request: &Parts) -> bool {
    request.method == Method::GET && is_health(request.uri.path())
}

/// OCI clients show their credentials only when they are asked to, and in a way of their own.
fn is_oci(request: &Parts) -> bool {
    let path = request.uri.path();
    path == "/v2" || path.starts_with("/v2/")
}

impl Gate {
    pub(crate) fn new(authenticator: Arc<dyn Authenticator>, accounts: Accounts, access: Access) -> Self {
        Self { authenticator, accounts, access, failures: Mutex::default() }
    }

    /// Decides over a request and takes note in `pass`; returns as whom it acts.
    async fn admit(&self, request: &Parts, pass: &mut Pass) -> Result<User, Status> {
        let uri = &request.uri;
        let path = decoded(uri.path()).ok_or_else(|| Status::bad_request("the path of the URL does not decode"))?;
        let attributes = Attributes::of(&request.method, &path, uri.query());
        let is_proxied = matches!(&attributes.target, Target::Resource(wanted) if wanted.subresource == "proxy");
        if !is_proxied && uri.query().is_some_and(credential::is_in_query) {
            let why = "credentials in a URL are not accepted, because URLs are written down along the way; \
                       send them in the header Authorization";
            return Err(Status::bad_request(why));
        }
        let user = match self.identify(request).await? {
            Holder::Known(user) => user.known(),
            Holder::Wrong => return Err(Status::unauthorized()),
            Holder::Limited => {
                let why = "too many wrong credentials came from this address; please wait a minute";
                return Err(Status::too_many_requests(why));
            }
        };
        pass.user = Some(user.clone());
        let user = self.act(user, request, pass)?;
        let verdict = self.access.decide(&user, &attributes);
        pass.verdict = Some(verdict.clone());
        self.check(&user, &attributes, &verdict)?;
        if let Some(also) = connects(&attributes) {
            let verdict = self.access.decide(&user, &also);
            self.check(&user, &also, &verdict)?;
        }
        Ok(user)
    }

    fn check(&self, user: &User, attributes: &Attributes<'_>, verdict: &Verdict) -> Result<(), Status> {
        if verdict.is_allowed() { Ok(()) } else { Err(refusal(user, attributes, verdict)) }
    }

    async fn identify(&self, request: &Parts) -> Result<Holder, Status> {
        let certificate = request.extensions.get::<ClientCertificate>();
        if let Some(user) = certificate.and_then(|certificate| certificate.user(&*self.authenticator)) {
            return Ok(Holder::Known(user.clone()));
        }
        let token = match Credential::of(&request.headers, is_oci(request)) {
            Credential::Token(token) => token,
            Credential::None if certificate.is_none() && !is_oci(request) => {
                return Ok(Holder::Known(User::anonymous()));
            }
            Credential::None | Credential::Unusable => return Ok(Holder::Wrong),
        };
        let from = request.extensions.get::<Peer>().map(|peer| peer.0.ip());
        self.bearer(from, &token).await
    }

    async fn bearer(&self, from: Option<IpAddr>, token: &str) -> Result<Holder, Status> {
        let print = print(token);
        if !self.failures(|failures| failures.may_try(from, print, Instant::now())) {
            return Ok(Holder::Limited);
        }
        let user = match self.authenticator.bearer(token).await {
            Some(user) => Some(user),
            None => self.accounts.identify(token).await?,
        };
        Ok(match user {
            Some(user) => {
                self.failures(|failures| failures.succeeded(print));
                Holder::Known(user)
            }
            None => {
                self.failures(|failures| failures.failed(from, print, Instant::now()));
                Holder::Wrong
            }
        })
    }

    fn failures<T>(&self, act: impl FnOnce(&mut Failures) -> T) -> T {
        act(&mut self.failures.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// As whom a request acts: for itself, or as someone it may impersonate.
    fn act(&self, user: User, request: &Parts, pass: &mut Pass) -> Result<User, Status> {
        let Some(other) = impersonation::wanted(&request.headers)? else { return Ok(user) };
        for needed in impersonation::needed(&other) {
            let verdict = self.access.decide(&user, &needed);
            self.check(&user, &needed, &verdict)?;
        }
        let other = impersonation::grouped(other);
        pass.acts_as = Some(other.clone());
        Ok(other)
    }
}

/// What else must be allowed. A connection into a Pod is opened by GET over WebSockets and by POST otherwise; it is the
/// same act, so both need `create` (Kubernetes 1.35).
fn connects<'a>(attributes: &Attributes<'a>) -> Option<Attributes<'a>> {
    let Target::Resource(wanted) = &attributes.target else { return None };
    let is_connection = wanted.group.is_empty()
        && wanted.resource == "pods"
        && matches!(&*wanted.subresource, "exec" | "attach" | "portforward");
    (is_connection && attributes.verb == "get").then(|| Attributes::resource("create", wanted.clone()))
}

/// The beginning of a token's SHA-256.
fn print(token: &str) -> Print {
    let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |print, byte| print << 8 | Print::from(*byte))
}

/// 403, in Kubernetes' words.
pub(crate) fn refusal(user: &User, attributes: &Attributes<'_>, verdict: &Verdict) -> Status {
    let mut why = format!("User {:?} cannot {attributes}", user.name);
    let more = verdict.to_string();
    if !more.is_empty() {
        why = format!("{why}: {more}");
    }
    let Target::Resource(Wanted { group, resource, name, .. }) = &attributes.target else {
        return Status::new(StatusCode::FORBIDDEN, "Forbidden", format!("forbidden: {why}"));
    };
    let qualified = if group.is_empty() { resource.to_string() } else { format!("{resource}.{group}") };
    let about = if name.is_empty() { qualified } else { format!("{qualified} {name:?}") };
    let mut status = Status::new(StatusCode::FORBIDDEN, "Forbidden", format!("{about} is forbidden: {why}"));
    status.details = Some(Box::new(Details {
        name: name.to_string(),
        group: group.to_string(),
        kind: resource.to_string(),
        ..Details::default()
    }));
    status
}
