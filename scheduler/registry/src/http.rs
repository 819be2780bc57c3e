//! The OCI distribution specification 1.1 over HTTP: from a path and a method to what to do.

mod answer;
mod blobs;
mod manifests;
mod tags;
mod uploads;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use uuid::Uuid;

use crate::Registry;
use crate::name::{Digest, Reference, Repository};
use answer::{Code, Problem};

/// Engines ask for it to be sure that they talk to a registry.
const VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("docker-distribution-api-version"), HeaderValue::from_static("registry/2.0"));

/// What a path under `/v2/` is about.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Uploads(Repository),
    Upload(Repository, Uuid),
    Blob(Repository, Digest),
    Manifest(Repository, Reference),
    Tags(Repository),
    Referrers(Repository, Digest),
}

pub(crate) fn router(registry: Registry) -> Router {
    Router::new().route("/v2", any(base)).route("/v2/", any(base)).route("/v2/{*path}", any(serve)).with_state(registry)
}

async fn base() -> Response {
    ([VERSION], axum::Json(serde_json::json!({}))).into_response()
}

async fn serve(State(registry): State<Registry>, request: Request<Body>) -> Response {
    let answer = dispatch(&registry, request).await;
    ([VERSION], answer.unwrap_or_else(IntoResponse::into_response)).into_response()
}

async fn dispatch(registry: &Registry, request: Request<Body>) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    match (parse(head.uri.path())?, head.method.clone()) {
        (Place::Uploads(repository), Method::POST) => uploads::begin(registry, &repository, &head, body).await,
        (Place::Upload(repository, id), Method::GET) => uploads::status(registry, &repository, id),
        (Place::Upload(repository, id), Method::PATCH) => uploads::append(registry, &repository, id, &head, body).await,
        (Place::Upload(repository, id), Method::PUT) => uploads::finish(registry, &repository, id, &head, body).await,
        (Place::Upload(repository, id), Method::DELETE) => uploads::cancel(registry, &repository, id),
        (Place::Blob(repository, digest), Method::GET | Method::HEAD) => {
            blobs::get(registry, &repository, &digest, &head).await
        }
        (Place::Blob(repository, digest), Method::DELETE) => blobs::delete(registry, repository, digest).await,
        (Place::Manifest(repository, reference), Method::GET | Method::HEAD) => {
            manifests::get(registry, repository, reference, &head.method).await
        }
        (Place::Manifest(repository, reference), Method::PUT) => {
            manifests::put(registry, repository, reference, &head, body).await
        }
        (Place::Manifest(repository, reference), Method::DELETE) => {
            manifests::delete(registry, repository, reference).await
        }
        (Place::Tags(repository), Method::GET) => tags::list(registry, repository, &head).await,
        (Place::Referrers(repository, subject), Method::GET) => {
            tags::referrers(registry, repository, subject, &head).await
        }
        (_, method) => Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::Unsupported,
            format!("{method} is not supported here"),
        )),
    }
}

/// Reads a path. Names are parsed here, once; after this they are types that only hold names.
fn parse(path: &str) -> Result<Place, Problem> {
    // The one character of a digest that some clients encode.
    let path = path.strip_prefix("/v2/").unwrap_or(path).replace("%3A", ":").replace("%3a", ":");
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => Ok(Place::Uploads(repository(name)?)),
        [name @ .., "blobs", "uploads", id] => {
            let id = id.parse().map_err(|_| {
                Problem::new(StatusCode::NOT_FOUND, Code::BlobUploadUnknown, "no such upload was begun".to_owned())
            })?;
            Ok(Place::Upload(repository(name)?, id))
        }
        [name @ .., "blobs", digest] => Ok(Place::Blob(repository(name)?, self::digest(digest)?)),
        [name @ .., "manifests", reference] => {
            let invalid = if reference.contains(':') { Code::DigestInvalid } else { Code::TagInvalid };
            let reference = reference.parse().map_err(|why| Problem::new(StatusCode::BAD_REQUEST, invalid, why))?;
            Ok(Place::Manifest(repository(name)?, reference))
        }
        [name @ .., "tags", "list"] => Ok(Place::Tags(repository(name)?)),
        [name @ .., "referrers", digest] => Ok(Place::Referrers(repository(name)?, self::digest(digest)?)),
        _ => Err(Problem::new(
            StatusCode::NOT_FOUND,
            Code::NameUnknown,
            "the registry has blobs, manifests, tags and referrers under /v2/NAME/".to_owned(),
        )),
    }
}

fn repository(parts: &[&str]) -> Result<Repository, Problem> {
    parts.join("/").parse().map_err(|why| Problem::new(StatusCode::BAD_REQUEST, Code::NameInvalid, why))
}

fn digest(text: &str) -> Result<Digest, Problem> {
    text.parse().map_err(|why| Problem::new(StatusCode::BAD_REQUEST, Code::DigestInvalid, why))
}

#[cfg(test)]
mod tests;
