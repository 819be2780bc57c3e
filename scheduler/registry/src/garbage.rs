//! What nothing refers to goes, a day after it came. Runs when the registry opens, before anything can be pushed.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::Error;
use crate::layout::{self, Layout, io_error};
use crate::manifest::Manifest;
use crate::name::Digest;

/// Blobs come before the manifest that refers to them. No push takes longer than this.
const UNREFERENCED_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes blobs that no manifest refers to, and repositories' links to them.
pub(crate) fn collect(layout: &Layout, now: SystemTime) -> Result<(), Error> {
    let mut repositories = vec![];
    find_repositories(&layout.repositories(), &mut repositories)?;
    let mut referenced = HashSet::new();
    for repository in &repositories {
        mark(layout, repository, &mut referenced)?;
    }
    let mut removed = 0;
    for digest in digests(&layout.blobs())? {
        let path = layout.blob(&digest);
        if !referenced.contains(&digest) && is_old(&path, now)? && layout::remove(&path)? {
            removed += 1;
        }
    }
    for folder in repositories.iter().map(|repository| repository.join("_blobs")) {
        for digest in digests(&folder)? {
            if layout::size(&layout.blob(&digest))?.is_none() {
                layout::remove(&folder.join(digest.hex()))?;
            }
        }
    }
    if removed > 0 {
        tracing::info!(removed, "removed blobs that nothing refers to");
    }
    Ok(())
}

/// All folders that are a repository or on the way to one.
fn find_repositories(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    for name in layout::names(folder)?.into_iter().filter(|name| !name.starts_with('_')) {
        let inner = folder.join(name);
        find_repositories(&inner, found)?;
        found.push(inner);
    }
    Ok(())
}

/// Marks a repository's manifests and what they refer to.
fn mark(layout: &Layout, repository: &Path, referenced: &mut HashSet<Digest>) -> Result<(), Error> {
    let folder = repository.join("_manifests");
    for digest in digests(&folder)? {
        let media_type = layout::read(&folder.join(digest.hex()))?.unwrap_or_default();
        let body = layout::read(&layout.blob(&digest))?.unwrap_or_default();
        match Manifest::parse(&body, &String::from_utf8_lossy(&media_type)) {
            Ok(manifest) => referenced.extend(manifest.references().into_iter().map(|part| part.digest.clone())),
            Err(reason) => tracing::warn!(%digest, reason, "a manifest is damaged; push it again"),
        }
        referenced.insert(digest);
    }
    Ok(())
}

fn digests(folder: &Path) -> Result<Vec<Digest>, Error> {
    Ok(layout::names(folder)?.iter().filter_map(|name| Digest::from_hex(name)).collect())
}

fn is_old(path: &Path, now: SystemTime) -> Result<bool, Error> {
    let written = fs::metadata(path).and_then(|file| file.modified()).map_err(|error| io_error(path, error))?;
    Ok(now.duration_since(written).is_ok_and(|age| age > UNREFERENCED_MAX))
}
