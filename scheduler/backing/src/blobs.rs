//! Containers of blobs, as `wasi:blobstore` has them, over a directory or memory.
//!
//! A blob is there when its upload is finished, whole and on the disk, and not before; a reader keeps what it began to
//! read though the blob is replaced meanwhile. A container is a marker below which its blobs lie (see `path`); it goes
//! with its marker, and whatever a crash leaves of it is cleared before the next of its name.
//!
//! `object_store` is the one interface to where they lie. S3 would be one more backend of it, and is absent for now: its
//! feature `aws` brings a second TLS provider (aws-lc-rs) that the house forbids, and without it an HTTP client of our
//! own that no real S3 here could test.

mod containers;
mod download;
mod objects;
mod path;
mod upload;
mod usage;

#[cfg(test)]
mod tests;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path as FilePath;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use tokio::sync::{Mutex, MutexGuard};

pub use download::Download;
pub use objects::{Page, Source};
pub use upload::Upload;

use crate::limits::{BLOB_BYTES_MAX, BLOBS_BYTES_MAX, CONTAINERS_MAX};
use crate::{BlobName, ContainerName, Error, Namespace};
use usage::Usage;

/// Namespaces are spread over so many locks.
const LOCKS: u64 = 64;

/// How much a namespace may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// One blob.
    pub blob_bytes: u64,
    /// All its blobs, with [`crate::limits::BLOB_OVERHEAD_BYTES`] for each.
    pub bytes: u64,
    /// Containers.
    pub containers: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { blob_bytes: BLOB_BYTES_MAX, bytes: BLOBS_BYTES_MAX, containers: CONTAINERS_MAX }
    }
}

/// A container of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Container {
    /// Whose it is.
    pub namespace: Namespace,
    /// What it is called there.
    pub name: ContainerName,
}

/// A blob's place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Blob {
    /// Where it lies.
    pub container: Container,
    /// What it is called there.
    pub name: BlobName,
}

/// What is known of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its size.
    pub size: u64,
    /// When it was finished, in milliseconds since 1970.
    pub created_unix_millis: u64,
}

/// All blobs. Cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    bounds: Bounds,
    usage: Usage,
    /// Held while a namespace's containers or blobs come, go or are replaced; not while content flows.
    locks: Arc<[Mutex<()>]>,
}

impl std::fmt::Debug for Blobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blobs({})", self.store)
    }
}

impl Blobs {
    /// Blobs in a directory, which is made if it is not there. Blocks while remains of a crash are cleared.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn directory(dir: &FilePath, bounds: Bounds) -> std::io::Result<Self> {
        fs::create_dir_all(dir)?;
        clear_unfinished(dir)?;
        let store = LocalFileSystem::new_with_prefix(dir).map_err(std::io::Error::other)?;
        // Else every container and long name that ever was would leave a folder.
        Ok(Self::over(Arc::new(store.with_fsync(true).with_automatic_cleanup(true)), bounds))
    }

    /// Blobs in memory, for tests.
    #[must_use]
    pub fn memory(bounds: Bounds) -> Self {
        Self::over(Arc::new(InMemory::new()), bounds)
    }

    fn over(store: Arc<dyn ObjectStore>, bounds: Bounds) -> Self {
        let usage = Usage::new(store.clone(), bounds.bytes);
        Self { store, bounds, usage, locks: (0..LOCKS).map(|_| Mutex::default()).collect() }
    }

    async fn lock(&self, namespace: &Namespace) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        namespace.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % LOCKS).unwrap_or_default();
        self.locks[at].lock().await
    }
}

/// Uploads end with their process. What they had written so far lies beside its target, as `NAME#NUMBER`, a name that no
/// finished blob has.
fn clear_unfinished(dir: &FilePath) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            clear_unfinished(&entry.path())?;
        } else if entry.file_name().to_string_lossy().contains('#') {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
fn failed(error: object_store::Error) -> Error {
    Error::Unavailable(format!("the blob store: {error}"))
}

/// A failure on something that may not be there.
fn missing(what: impl FnOnce() -> String) -> impl FnOnce(object_store::Error) -> Error {
    move |error| match error {
        object_store::Error::NotFound { .. } => Error::NoSuchStore(what()),
        other => failed(other),
    }
}
