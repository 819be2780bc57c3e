//! Blobs: asked for, read whole or in part, and let go.

use std::io::SeekFrom;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::answer::{Code, Problem};
use crate::layout::{self, Shelf, io_error};
use crate::name::{Digest, Repository};
use crate::{Registry, blocking};

/// How much is read from the disk at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// What of a blob is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From the first to the last byte.
    Span(u64, u64),
    /// A range that lies outside.
    Nowhere,
}

pub(super) async fn get(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
    head: &Parts,
) -> Result<Response, Problem> {
    let (layout, owner, wanted) = (registry.inner.layout.clone(), repository.clone(), digest.clone());
    let size = blocking(move || layout.has(&owner, Shelf::Blobs, &wanted)).await?;
    let size = size.ok_or_else(|| unknown(repository, digest))?;
    let (status, first, len, range) = match part(&head.headers, size) {
        Part::Whole => (StatusCode::OK, 0, size, None),
        Part::Span(first, last) => {
            (StatusCode::PARTIAL_CONTENT, first, last - first + 1, Some(format!("bytes {first}-{last}/{size}")))
        }
        Part::Nowhere => {
            return Ok(
                (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{size}"))]).into_response()
            );
        }
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, len.to_string()),
        (ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let body = if head.method == Method::HEAD { Body::empty() } else { read(registry, digest, first, len).await? };
    let range = range.map(|range| [(CONTENT_RANGE, range)]);
    Ok((status, headers, [("docker-content-digest", digest.to_string())], range, body).into_response())
}

async fn read(registry: &Registry, digest: &Digest, first: u64, len: u64) -> Result<Body, Problem> {
    let path = registry.inner.layout.blob(digest);
    let failed = |error| io_error(&path, error);
    let mut file = File::open(&path).await.map_err(failed)?;
    file.seek(SeekFrom::Start(first)).await.map_err(failed)?;
    Ok(Body::from_stream(ReaderStream::with_capacity(file.take(len), CHUNK_BYTES)))
}

/// One range of bytes (RFC 9110, 14.2). What is none, or several, is answered whole, as the RFC allows.
fn part(headers: &HeaderMap, size: u64) -> Part {
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok()).and_then(|range| range.strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else { return Part::Whole };
    let (first, last) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last),
        (Ok(first), Err(_)) if last.is_empty() => (first, u64::MAX),
        (Err(_), Ok(0)) if first.is_empty() => return Part::Nowhere,
        (Err(_), Ok(suffix)) if first.is_empty() => (size.saturating_sub(suffix), u64::MAX),
        _ => return Part::Whole,
    };
    if first >= size { Part::Nowhere } else { Part::Span(first, last.min(size - 1)) }
}

/// Takes a blob from a repository. Its content goes when nothing refers to it.
pub(super) async fn delete(registry: &Registry, repository: Repository, digest: Digest) -> Result<Response, Problem> {
    let layout = registry.inner.layout.clone();
    let (owner, gone) = (repository.clone(), digest.clone());
    let was_there = blocking(move || layout::remove(&layout.link(&owner, Shelf::Blobs, &gone))).await?;
    if was_there { Ok(StatusCode::ACCEPTED.into_response()) } else { Err(unknown(&repository, &digest)) }
}

fn unknown(repository: &Repository, digest: &Digest) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Code::BlobUnknown, format!("{repository} has no blob {digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        for (range, wanted) in [
            ("bytes=0-0", Part::Span(0, 0)),
            ("bytes=2-5", Part::Span(2, 5)),
            ("bytes=2-", Part::Span(2, 9)),
            ("bytes=-3", Part::Span(7, 9)),
            ("bytes=-30", Part::Span(0, 9)),
            ("bytes=8-99", Part::Span(8, 9)),
            ("bytes=10-", Part::Nowhere),
            ("bytes=-0", Part::Nowhere),
            ("bytes=5-2", Part::Whole),
            ("bytes=1-2,4-5", Part::Whole),
            ("bytes=-", Part::Whole),
            ("lines=1-2", Part::Whole),
            ("bytes=99999999999999999999-", Part::Whole),
        ] {
            let headers = HeaderMap::from_iter([(RANGE, range.parse().expect("a header"))]);
            assert_eq!(part(&headers, 10), wanted, "{range}");
        }
        let headers = HeaderMap::from_iter([(RANGE, "bytes=0-".parse().expect("a header"))]);
        assert_eq!(part(&headers, 0), Part::Nowhere);
        assert_eq!(part(&HeaderMap::new(), 10), Part::Whole);
    }
}
