//! What the server says about itself: health, version, discovery, OpenAPI.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::path::{Discovery, OpenApi, OpenId};
use super::read::json_response;
use super::{Version, negotiate};
use crate::kinds::Customs;
use crate::objects::Objects;
use crate::status::Status;
use crate::tokens::Issuer;
use crate::{discovery, openapi};

/// Alive, and able to read: a store that does not answer is not ready.
pub(super) async fn health(objects: &Objects) -> Result<Response, Status> {
    objects.store().get("/registry/").await?;
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
    Ok((content_type, "ok").into_response())
}

/// `/version`.
pub(super) fn version(version: &Version) -> Response {
    let body = json!({
        "major": version.major,
        "minor": version.minor,
        "gitVersion": version.git_version,
        "gitCommit": version.git_commit,
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": version.platform,
    });
    json_response(200, body.to_string())
}

/// `/api`, `/apis` and below.
pub(super) fn discovery(customs: &Customs, what: Discovery<'_>, headers: &HeaderMap) -> Result<Response, Status> {
    let root = match what {
        Discovery::Core => Some(discovery::Root::Core),
        Discovery::Groups => Some(discovery::Root::Groups),
        Discovery::Group(_) | Discovery::Version { .. } => None,
    };
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let (Some(root), Some(wanted)) = (root, discovery::Aggregated::negotiate(accept)) {
        let mut response = json_response(200, discovery::aggregated(customs, wanted, root).to_string());
        let content_type = HeaderValue::from_static(wanted.content_type());
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        return Ok(response);
    }
    negotiate::form(headers)?;
    let document = match what {
        Discovery::Core => Some(discovery::api_versions()),
        Discovery::Groups => Some(discovery::api_group_list(customs)),
        Discovery::Group(group) => discovery::api_group(customs, group),
        Discovery::Version { group, version } => discovery::api_resource_list(customs, group, version),
    };
    answer(document)
}

/// `/openapi/...`: large and fixed, so clients keep them and ask whether they changed.
pub(super) fn open_api(customs: &Customs, what: OpenApi<'_>, headers: &HeaderMap) -> Result<Response, Status> {
    negotiate::form(headers)?;
    let document = match what {
        OpenApi::V2 => Some(openapi::v2()),
        OpenApi::Index => Some(openapi::index(customs)),
        OpenApi::Version { group, version } => openapi::group_version(customs, group, version),
    };
    let document = document.ok_or_else(Status::no_such_path)?;
    let tag = format!("\"{}\"", document.hash);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let caching = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache, private".to_owned())];
    if known {
        return Ok((http::StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, json_response(200, document.body)).into_response())
}

/// What others need to know to judge our tokens.
pub(super) fn open_id(what: OpenId, issuer: &Issuer) -> Response {
    let (document, kind) = match what {
        OpenId::Configuration => (issuer.discovery(), "application/json"),
        OpenId::Keys => (issuer.key_set(), "application/jwk-set+json"),
    };
    let mut response = json_response(200, document.to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

fn answer(document: Option<Value>) -> Result<Response, Status> {
    document.map(|document| json_response(200, document.to_string())).ok_or_else(Status::no_such_path)
}
