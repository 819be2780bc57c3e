//! The cluster's registry: what was pushed, kept by digest, and given to those who ask by name.
//!
//! It speaks the OCI distribution specification 1.1 under `/v2/`, so that `insula push`, `oras`, `crane` and container
//! engines work with it unchanged. Everything lies on disk under the SHA-256 of its content, written once and never
//! changed; names point to digests. A WebAssembly artifact is looked into when it is pushed: one that no host could run
//! is refused then, with what it lacks, and not when a Pod starts.
//!
//! Deliberately absent: who may push (the apiserver in front knows), running or compiling anything, and other
//! registries. Names from outside become names by parsing (`name`), and only those become paths.

mod image;
mod manifest;
mod name;

mod admission;
mod garbage;
mod layout;
mod resolve;
mod uploads;

mod http;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use component::Interface;
use tokio::sync::{Semaphore, watch};

pub use resolve::{Artifact, Resolved};

use layout::Layout;
use uploads::Uploads;

/// What hosts can grant a component.
pub trait Grants: Send + Sync {
    /// The interfaces; `None` while no host is known, and then what is pushed is not held against them.
    fn granted(&self) -> Option<Vec<Interface>>;
}

/// How a registry is opened.
#[derive(Clone)]
pub struct Config {
    /// What hosts can grant.
    pub grants: Arc<dyn Grants>,
    /// Names by which images may name this registry itself, `HOST` or `HOST:PORT`. Any other host is not ours.
    pub hosts: Vec<String>,
}

struct NobodyKnown;

impl Grants for NobodyKnown {
    fn granted(&self) -> Option<Vec<Interface>> {
        None
    }
}

impl Default for Config {
    fn default() -> Self {
        Self { grants: Arc::new(NobodyKnown), hosts: vec![] }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// Why the registry could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image's name is no name.
    #[error("{0}")]
    InvalidName(String),
    /// What lies on the disk is not what was pushed. Push it again.
    #[error("{what} is damaged on the registry's disk: {reason}; push it again")]
    Damaged {
        /// The blob or manifest.
        what: String,
        /// How it shows.
        reason: String,
    },
    /// The system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The registry. Clones are handles to one.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

/// Manifests and images looked into at once: each may hold a component of 64 MiB, and a core while it is described.
const INSPECTIONS_MAX: usize = 4;
/// Manifests received and waiting to be looked into, each of them up to 4 MiB; more are told to come back.
const MANIFESTS_MAX: usize = 32;

struct Inner {
    layout: Layout,
    uploads: Uploads,
    config: Config,
    changes: watch::Sender<u64>,
    inspections: Arc<Semaphore>,
    manifests: Arc<Semaphore>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("config", &self.inner.config).finish_non_exhaustive()
    }
}

impl Registry {
    /// Opens the registry in `dir`, or makes an empty one. Drops unfinished uploads, and blobs that nothing has
    /// referred to for a day. Blocks while the disk is read.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(dir: &Path, config: Config) -> Result<Self, Error> {
        let layout = Layout::open(dir)?;
        garbage::collect(&layout, std::time::SystemTime::now())?;
        let (changes, _) = watch::channel(0);
        let uploads = Uploads::new(layout.clone());
        let inspections = Arc::new(Semaphore::new(INSPECTIONS_MAX));
        let manifests = Arc::new(Semaphore::new(MANIFESTS_MAX));
        Ok(Self { inner: Arc::new(Inner { layout, uploads, config, changes, inspections, manifests }) })
    }

    /// The distribution endpoint, under `/v2/`.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// What an image of a Pod's container is: `NAME[:TAG][@DIGEST]`. `None` if it is not here, or another registry's.
    /// The content is verified against its digest.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::Damaged`], [`Error::Io`].
    pub async fn resolve(&self, image: &str) -> Result<Option<Resolved>, Error> {
        let image = image::parse(image, &self.inner.config.hosts).map_err(Error::InvalidName)?;
        let Some(image) = image else { return Ok(None) };
        let layout = self.inner.layout.clone();
        self.inspect(move || resolve::resolve(&layout, &image)).await
    }

    /// The WebAssembly artifact that was pushed last, if any: what is worth preparing before it is asked for.
    ///
    /// # Errors
    /// As [`Registry::resolve`].
    pub async fn newest(&self) -> Result<Option<Resolved>, Error> {
        let layout = self.inner.layout.clone();
        self.inspect(move || resolve::newest(&layout)).await
    }

    /// Rises whenever a name begins or ceases to point to something.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Does what may read whole components, a few at a time. The place is kept until the work is done, also when
    /// nobody waits for it any more.
    async fn inspect<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = self.inner.inspections.clone().acquire_owned().await;
        blocking(move || {
            let _place = place;
            work()
        })
        .await
    }

    fn changed(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
    }
}

/// Does what waits for the disk where it holds up nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => {
                Err(Error::Io { path: PathBuf::new(), source: io::Error::other("the program is shutting down") })
            }
        },
    }
}
