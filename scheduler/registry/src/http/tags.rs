//! Lists: a repository's tags, and what refers to a manifest.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, LINK};
use http::request::Parts;
use serde_json::{Value, json};

use super::answer::{Code, Problem};
use super::uploads::query;
use crate::layout::{self, Layout};
use crate::manifest::{Manifest, OCI_INDEX};
use crate::name::{Digest, Repository, Tag};
use crate::{Error, Registry, blocking};

/// Most tags in one answer; more are asked for page by page.
const TAGS_PER_PAGE_MAX: usize = 10_000;
/// Most referrers that are told of: signatures and attestations of one artifact.
const REFERRERS_MAX: usize = 1000;

pub(super) async fn list(registry: &Registry, repository: Repository, head: &Parts) -> Result<Response, Problem> {
    let query = query(head)?;
    let count = match query.get("n").map(|count| count.parse::<usize>()) {
        None => TAGS_PER_PAGE_MAX,
        Some(Ok(count)) => count.min(TAGS_PER_PAGE_MAX),
        Some(Err(_)) => {
            return Err(Problem::new(StatusCode::BAD_REQUEST, Code::Unsupported, "n is not a number".to_owned()));
        }
    };
    let (layout, owner) = (registry.inner.layout.clone(), repository.clone());
    let (known, tags) =
        blocking(move || Ok((!layout::names(&layout.manifests(&owner))?.is_empty(), names(&layout, &owner)?))).await?;
    if !known && tags.is_empty() {
        let message = format!("nothing was pushed to {repository}");
        return Err(Problem::new(StatusCode::NOT_FOUND, Code::NameUnknown, message));
    }
    let after = query.get("last").map_or("", String::as_str);
    let mut rest = tags.iter().map(Tag::as_str).filter(|tag| *tag > after);
    let page: Vec<&str> = rest.by_ref().take(count).collect();
    let next = match (rest.next(), page.last()) {
        (Some(_), Some(last)) => {
            Some([(LINK, format!("</v2/{repository}/tags/list?n={count}&last={last}>; rel=\"next\""))])
        }
        _ => None,
    };
    Ok((next, axum::Json(json!({ "name": repository.as_str(), "tags": page }))).into_response())
}

/// A repository's tags, sorted.
pub(super) fn names(layout: &Layout, repository: &Repository) -> Result<Vec<Tag>, Error> {
    Ok(layout::names(&layout.tags(repository))?.iter().filter_map(|name| name.parse().ok()).collect())
}

pub(super) async fn referrers(
    registry: &Registry,
    repository: Repository,
    subject: Digest,
    head: &Parts,
) -> Result<Response, Problem> {
    let wanted = query(head)?.remove("artifactType");
    let layout = registry.inner.layout.clone();
    let found = blocking(move || descriptors(&layout, &repository, &subject)).await?;
    let is_wanted = |descriptor: &Value| wanted.as_ref().is_none_or(|wanted| descriptor["artifactType"] == **wanted);
    let manifests: Vec<Value> = found.into_iter().filter(is_wanted).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests });
    let filtered = wanted.map(|_| [("oci-filters-applied", "artifactType")]);
    Ok((filtered, [(CONTENT_TYPE, OCI_INDEX)], index.to_string()).into_response())
}

fn descriptors(layout: &Layout, repository: &Repository, subject: &Digest) -> Result<Vec<Value>, Error> {
    let names = layout::names(&layout.referrers(repository, subject))?;
    let mut found = vec![];
    for digest in names.iter().filter_map(|name| Digest::from_hex(name)).take(REFERRERS_MAX) {
        let Some((body, media_type)) = layout.read_manifest(repository, &digest)? else { continue };
        let Ok(manifest) = Manifest::parse(&body, &media_type) else { continue };
        let mut descriptor = json!({ "mediaType": media_type, "digest": digest.to_string(), "size": body.len() });
        if let Some(kind) = manifest.kind() {
            descriptor["artifactType"] = kind.into();
        }
        if let Some(annotations) = manifest.annotations {
            descriptor["annotations"] = annotations;
        }
        found.push(descriptor);
    }
    Ok(found)
}
