//! Uploads: in one request, in two, or in pieces; or none, when another repository has the blob.

use std::collections::HashMap;

use axum::body::{Body, BodyDataStream};
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_RANGE, LOCATION, RANGE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use super::answer::{Code, Problem};
use crate::layout::Shelf;
use crate::name::{Digest, Repository};
use crate::uploads::Held;
use crate::{Registry, blocking};

/// POST: begins an upload, does all of it (`?digest=`), or takes the blob from another repository (`?mount=&from=`).
pub(super) async fn begin(
    registry: &Registry,
    repository: &Repository,
    head: &Parts,
    body: Body,
) -> Result<Response, Problem> {
    let query = query(head)?;
    if let (Some(mount), Some(from)) = (query.get("mount"), query.get("from")) {
        let digest: Digest = mount.parse().map_err(Problem::invalid_digest)?;
        // A name that is no name has no blobs.
        if let Ok(from) = from.parse::<Repository>()
            && take_over(registry, repository, from, &digest).await?
        {
            return Ok(created(repository, &digest));
        }
    }
    let mut upload = registry.inner.uploads.begin(repository)?;
    let Some(digest) = query.get("digest") else {
        let answer = progress(StatusCode::ACCEPTED, repository, &upload);
        upload.release();
        return Ok(answer);
    };
    let digest = digest.parse().map_err(Problem::invalid_digest)?;
    upload.write(body.into_data_stream()).await?;
    upload.finish(&digest).await?;
    Ok(created(repository, &digest))
}

/// GET: how far an upload is.
pub(super) fn status(registry: &Registry, repository: &Repository, id: Uuid) -> Result<Response, Problem> {
    let upload = registry.inner.uploads.hold(repository, id)?;
    let answer = progress(StatusCode::NO_CONTENT, repository, &upload);
    upload.release();
    Ok(answer)
}

/// PATCH: a piece.
pub(super) async fn append(
    registry: &Registry,
    repository: &Repository,
    id: Uuid,
    head: &Parts,
    body: Body,
) -> Result<Response, Problem> {
    let from = first_byte(&head.headers)?;
    let upload = registry.inner.uploads.hold(repository, id)?;
    let (upload, refused) = write(upload, repository, from, body).await?;
    let answer = refused.unwrap_or_else(|| progress(StatusCode::ACCEPTED, repository, &upload));
    upload.release();
    Ok(answer)
}

/// PUT: the last piece, which may be empty, and the digest of the whole.
pub(super) async fn finish(
    registry: &Registry,
    repository: &Repository,
    id: Uuid,
    head: &Parts,
    body: Body,
) -> Result<Response, Problem> {
    let query = query(head)?;
    let digest = query.get("digest").ok_or_else(|| Problem::invalid_digest("the query has no digest".to_owned()))?;
    let digest = digest.parse().map_err(Problem::invalid_digest)?;
    let from = first_byte(&head.headers)?;
    let upload = registry.inner.uploads.hold(repository, id)?;
    let (upload, refused) = write(upload, repository, from, body).await?;
    if let Some(refused) = refused {
        upload.release();
        return Ok(refused);
    }
    upload.finish(&digest).await?;
    Ok(created(repository, &digest))
}

/// DELETE: gives an upload up.
pub(super) fn cancel(registry: &Registry, repository: &Repository, id: Uuid) -> Result<Response, Problem> {
    drop(registry.inner.uploads.hold(repository, id)?);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Writes a piece. One that does not follow what has arrived is refused and leaves the upload as it is.
async fn write<'a>(
    mut upload: Held<'a>,
    repository: &Repository,
    from: Option<u64>,
    body: Body,
) -> Result<(Held<'a>, Option<Response>), Problem> {
    let piece: BodyDataStream = body.into_data_stream();
    if from.is_some_and(|from| from != upload.size()) {
        let refused = progress(StatusCode::RANGE_NOT_SATISFIABLE, repository, &upload);
        return Ok((upload, Some(refused)));
    }
    upload.write(piece).await?;
    Ok((upload, None))
}

/// Where a piece says it begins: `Content-Range: FIRST-LAST`, with or without `bytes `.
fn first_byte(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(range) = headers.get(CONTENT_RANGE) else { return Ok(None) };
    let first = range.to_str().ok().and_then(|range| {
        let range = range.strip_prefix("bytes ").unwrap_or(range);
        range.split_once('-')?.0.parse().ok()
    });
    let invalid = || {
        let message = "Content-Range is FIRST-LAST, in bytes".to_owned();
        Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, Code::BlobUploadInvalid, message)
    };
    first.map(Some).ok_or_else(invalid)
}

/// Links a blob of another repository. Whether it has it.
async fn take_over(
    registry: &Registry,
    repository: &Repository,
    from: Repository,
    digest: &Digest,
) -> Result<bool, Problem> {
    let (layout, repository, digest) = (registry.inner.layout.clone(), repository.clone(), digest.clone());
    let taken = blocking(move || {
        let has = layout.has(&from, Shelf::Blobs, &digest)?.is_some();
        if has {
            layout.write(&layout.link(&repository, Shelf::Blobs, &digest), &[])?;
        }
        Ok(has)
    });
    Ok(taken.await?)
}

fn progress(status: StatusCode, repository: &Repository, upload: &Held<'_>) -> Response {
    let id = upload.id();
    let last = upload.size().saturating_sub(1);
    let headers = [(LOCATION, format!("/v2/{repository}/blobs/uploads/{id}")), (RANGE, format!("0-{last}"))];
    (status, headers, [("docker-upload-uuid", id.to_string())]).into_response()
}

fn created(repository: &Repository, digest: &Digest) -> Response {
    let location = [(LOCATION, format!("/v2/{repository}/blobs/{digest}"))];
    (StatusCode::CREATED, location, [("docker-content-digest", digest.to_string())]).into_response()
}

/// The query, as names and values.
pub(super) fn query(head: &Parts) -> Result<HashMap<String, String>, Problem> {
    let query = Query::<HashMap<String, String>>::try_from_uri(&head.uri);
    let invalid = |error| Problem::new(StatusCode::BAD_REQUEST, Code::Unsupported, format!("the query: {error}"));
    query.map(|Query(query)| query).map_err(invalid)
}
