//! Manifests: taken if they are whole and can run, given by tag or digest, and let go.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::answer::{Code, Problem};
use crate::layout::{self, Layout, Shelf};
use crate::manifest::Manifest;
use crate::name::{Digest, Reference, Repository, Tag};
use crate::{Error, MANIFESTS_MAX, Registry, admission, blocking};

/// Largest manifest: the least that registries must accept, and a thousand times what is usual.
const MANIFEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A manifest arrives within this time.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// A manifest that was pushed.
struct Pushed {
    repository: Repository,
    tag: Option<Tag>,
    digest: Digest,
    body: Bytes,
    manifest: Manifest,
}

pub(super) async fn get(
    registry: &Registry,
    repository: Repository,
    reference: Reference,
    method: &Method,
) -> Result<Response, Problem> {
    let layout = registry.inner.layout.clone();
    let (owner, wanted) = (repository.clone(), reference.clone());
    let found = blocking(move || {
        let Some(digest) = digest_of(&layout, &owner, &wanted)? else { return Ok(None) };
        Ok(layout.read_manifest(&owner, &digest)?.map(|(body, media_type)| (digest, body, media_type)))
    });
    let (digest, body, media_type) = found.await?.ok_or_else(|| unknown(&repository, &reference))?;
    let headers = [(CONTENT_TYPE, media_type), (CONTENT_LENGTH, body.len().to_string())];
    let body = if method == Method::HEAD { Body::empty() } else { body.into() };
    Ok((headers, [("docker-content-digest", digest.to_string())], body).into_response())
}

pub(super) async fn put(
    registry: &Registry,
    repository: Repository,
    reference: Reference,
    head: &Parts,
    body: Body,
) -> Result<Response, Problem> {
    let media_type = head.headers.get(CONTENT_TYPE).and_then(|media_type| media_type.to_str().ok());
    let media_type = media_type.and_then(|media_type| media_type.split(';').next()).map(|text| text.trim().to_owned());
    let media_type =
        media_type.ok_or_else(|| Problem::invalid_manifest("the request has no Content-Type".to_owned()))?;
    let _place = registry.inner.manifests.clone().try_acquire_owned().map_err(|_| busy())?;
    let body = collect(body).await?;
    let digest = Digest::of(&body);
    let tag = match reference {
        Reference::Tag(tag) => Some(tag),
        Reference::Digest(expected) if expected == digest => None,
        Reference::Digest(expected) => {
            return Err(Problem::invalid_digest(format!("the manifest has digest {digest}, not {expected}")));
        }
    };
    let manifest = Manifest::parse(&body, &media_type).map_err(Problem::invalid_manifest)?;
    let subject = manifest.subject.as_ref().map(|subject| [("oci-subject", subject.digest.to_string())]);
    let location = [(LOCATION, format!("/v2/{repository}/manifests/{digest}"))];
    let content_digest = [("docker-content-digest", digest.to_string())];
    let granted = registry.inner.config.grants.granted();
    let layout = registry.inner.layout.clone();
    let pushed = Pushed { repository, tag, digest, body, manifest };
    let kept = registry.inspect(move || {
        let checked = admission::check(&layout, &pushed.repository, &pushed.manifest, granted.as_deref());
        match checked {
            Ok(()) => pushed.keep(&layout).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    kept.await??;
    registry.changed();
    Ok((StatusCode::CREATED, location, content_digest, subject, ()).into_response())
}

/// DELETE by tag takes the tag; by digest the manifest with every tag that points to it.
pub(super) async fn delete(
    registry: &Registry,
    repository: Repository,
    reference: Reference,
) -> Result<Response, Problem> {
    let layout = registry.inner.layout.clone();
    let (owner, gone) = (repository.clone(), reference.clone());
    let was_there = blocking(move || match &gone {
        Reference::Tag(tag) => layout::remove(&layout.tag(&owner, tag)),
        Reference::Digest(digest) => remove(&layout, &owner, digest),
    });
    if !was_there.await? {
        return Err(unknown(&repository, &reference));
    }
    registry.changed();
    Ok(StatusCode::ACCEPTED.into_response())
}

fn busy() -> Problem {
    let message = format!("{MANIFESTS_MAX} manifests are being pushed already; try again later");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, Code::TooManyRequests, message)
}

async fn collect(body: Body) -> Result<Bytes, Problem> {
    let collected = timeout(BODY_WITHIN, Limited::new(body, MANIFEST_BYTES_MAX).collect()).await;
    let slow = |_| {
        let message = format!("the manifest did not arrive within {} seconds", BODY_WITHIN.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, Code::ManifestInvalid, message)
    };
    match collected.map_err(slow)? {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("a manifest has at most {MANIFEST_BYTES_MAX} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid, message))
        }
        Err(error) => Err(Problem::invalid_manifest(format!("the request ended before its content: {error}"))),
    }
}

impl Pushed {
    /// Puts it where it belongs; the name that makes it visible comes last.
    fn keep(&self, layout: &Layout) -> Result<(), Error> {
        let Self { repository, tag, digest, body, manifest } = self;
        layout.write(&layout.blob(digest), body)?;
        layout.write(&layout.link(repository, Shelf::Manifests, digest), manifest.media_type.as_bytes())?;
        if let Some(subject) = &manifest.subject {
            layout.write(&layout.referrers(repository, &subject.digest).join(digest.hex()), &[])?;
        }
        if manifest.wasm_layer().is_some() {
            layout.write(&layout.newest(), format!("{repository}@{digest}").as_bytes())?;
        }
        match tag {
            Some(tag) => layout.write(&layout.tag(repository, tag), digest.to_string().as_bytes()),
            None => Ok(()),
        }
    }
}

fn remove(layout: &Layout, repository: &Repository, digest: &Digest) -> Result<bool, Error> {
    let link = layout.link(repository, Shelf::Manifests, digest);
    if layout::size(&link)?.is_none() {
        return Ok(false);
    }
    for tag in super::tags::names(layout, repository)? {
        if layout.read_tag(repository, &tag)?.as_ref() == Some(digest) {
            layout::remove(&layout.tag(repository, &tag))?;
        }
    }
    // A damaged manifest goes too; whoever lists referrers passes over what is not there.
    if let Ok(Some((body, media_type))) = layout.read_manifest(repository, digest)
        && let Ok(Manifest { subject: Some(subject), .. }) = Manifest::parse(&body, &media_type)
    {
        layout::remove(&layout.referrers(repository, &subject.digest).join(digest.hex()))?;
    }
    layout::remove(&link)
}

fn digest_of(layout: &Layout, repository: &Repository, reference: &Reference) -> Result<Option<Digest>, Error> {
    match reference {
        Reference::Digest(digest) => Ok(Some(digest.clone())),
        Reference::Tag(tag) => layout.read_tag(repository, tag),
    }
}

fn unknown(repository: &Repository, reference: &Reference) -> Problem {
    let reference = match reference {
        Reference::Tag(tag) => tag.to_string(),
        Reference::Digest(digest) => digest.to_string(),
    };
    Problem::new(StatusCode::NOT_FOUND, Code::ManifestUnknown, format!("{repository} has no manifest {reference}"))
}
