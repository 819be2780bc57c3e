//! Who asks, and whether they may.
//!
//! Who: a client certificate that the TLS layer verified, or a bearer token, both judged by an
//! [`Authenticator`]. Whether: members of `system:masters` may do everything, everyone who is
//! known may look at discovery and at themselves, nobody else may do anything. Tokens are never
//! logged and never part of a message.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method, header};
use rustls::pki_types::CertificateDer;

use crate::kinds::Kinds;
use crate::rest::Route;
use crate::server::ClientCertificate;
use crate::status::Status;

/// Group whose members may do everything.
const MASTERS: &str = "system:masters";
/// Group of everyone who is known.
const AUTHENTICATED: &str = "system:authenticated";

/// Tells who holds a credential.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The holder of a bearer token.
    async fn bearer(&self, token: &str) -> Option<User>;
    /// The subject of a client certificate whose chain has been verified.
    fn certificate(&self, der: &CertificateDer<'_>) -> Option<User>;
}

/// Someone who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
}

impl User {
    /// Whether the user may do everything.
    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }

    /// Groups, with the one that everyone known belongs to.
    pub(crate) fn all_groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        if !groups.contains(&AUTHENTICATED) {
            groups.push(AUTHENTICATED);
        }
        groups
    }
}

/// Lets a request pass with its [`User`], or answers 401 or 403.
pub(crate) async fn guard(
    State((authenticator, kinds)): State<(Arc<dyn Authenticator>, Kinds)>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let route = Route::parse(&path, &kinds);
    if is_open(&route, request.method()) {
        return next.run(request).await;
    }
    let is_oci = path.starts_with("/v2");
    let certificate = request.extensions().get::<ClientCertificate>().cloned();
    let token = token(request.headers(), is_oci);
    let Some(user) = identify(authenticator.as_ref(), certificate.as_ref(), token.as_deref()).await else {
        return unauthorized(is_oci);
    };
    if let Err(status) = authorize(&user, &route, request.method()) {
        return status.into_response();
    }
    request.extensions_mut().insert(user);
    next.run(request).await
}

/// What anyone may ask: whether the server lives and what it is.
fn is_open(route: &Route<'_>, method: &Method) -> bool {
    method == Method::GET && matches!(route, Route::Health(_) | Route::Version)
}

async fn identify(
    authenticator: &dyn Authenticator,
    certificate: Option<&ClientCertificate>,
    token: Option<&str>,
) -> Option<User> {
    if let Some(user) = certificate.and_then(|certificate| authenticator.certificate(&certificate.0)) {
        return Some(user);
    }
    authenticator.bearer(token?).await
}

/// The token of a request. OCI clients send it as the password of Basic authentication.
fn token(headers: &HeaderMap, is_oci: bool) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned()).filter(|token| !token.is_empty());
    }
    if !is_oci || !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned()).filter(|token| !token.is_empty())
}

fn unauthorized(is_oci: bool) -> Response {
    let mut response = Status::unauthorized().into_response();
    if is_oci {
        let challenge = HeaderValue::from_static("Basic realm=\"insula\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn authorize(user: &User, route: &Route<'_>, method: &Method) -> Result<(), Status> {
    let allowed = match route {
        Route::Health(_) | Route::Version | Route::Discovery(_) | Route::OpenApi(_) => method == Method::GET,
        Route::Review(_) => true,
        Route::Objects(_) | Route::Other => false,
    };
    if allowed || user.is_master() {
        return Ok(());
    }
    let name = &user.name;
    Err(match route {
        Route::Objects(address) => {
            let group = address.resource().group;
            let plural = address.resource().plural;
            let part = address.part.name();
            let resource = if part.is_empty() { plural.to_owned() } else { format!("{plural}/{part}") };
            let place = match address.namespace {
                Some(namespace) => format!("in the namespace \"{namespace}\""),
                None => "at the cluster scope".to_owned(),
            };
            let verb = address.verb(method);
            let why = format!("User \"{name}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {place}");
            Status::forbidden(address.resource(), address.name.unwrap_or_default(), &why)
        }
        _ => {
            let verb = method.as_str().to_lowercase();
            let message = format!("forbidden: User \"{name}\" cannot {verb} this path");
            Status::new(http::StatusCode::FORBIDDEN, "Forbidden", message)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        [(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a value"))].into_iter().collect()
    }

    #[test]
    fn tokens_come_as_bearer_and_to_the_registry_as_password() {
        assert_eq!(token(&headers("Bearer abc"), false).as_deref(), Some("abc"));
        assert_eq!(token(&headers("bearer abc"), true).as_deref(), Some("abc"));
        let basic = format!("Basic {}", STANDARD.encode("x:abc"));
        assert_eq!(token(&headers(&basic), true).as_deref(), Some("abc"));
        for (value, is_oci) in [(basic.as_str(), false), ("Bearer ", false), ("abc", true), ("Basic !", true)] {
            assert_eq!(token(&headers(value), is_oci), None, "{value}");
        }
    }
}
