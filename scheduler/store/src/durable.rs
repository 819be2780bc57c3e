//! The store on disk: the model in memory, and a log in redb that a restart reads it back from.
//!
//! Reads never touch the disk. Writes go to one thread (`writer`) that commits many transactions with one fsync and
//! only then makes them visible. What lies on the disk is said in `tables` and `format`; what happens when
//! the disk fails or fills up, in `writer`.

mod open;
mod writer;

mod disk;
mod tables;

mod digest;
mod format;

mod ballast;
mod file;
mod medium;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::{fmt, future, mem};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};

pub use open::{OpenError, Refusal};

use crate::live::Live;
use crate::model::Bounds;
use crate::{Entry, Error, Listing, Outcome, Page, Revision, Store, Txn, Watch};
use writer::{Ask, Request, Writer};

/// Most transactions that wait for the writer; more wait outside, in their callers.
const REQUESTS_MAX: usize = 1024;
/// Space kept back on the disk, so that deletes still work when it is full.
const BALLAST_BYTES: u64 = 64 * 1024 * 1024;

/// Seals values before they reach the disk.
pub trait Cipher: Send + Sync {
    /// Seals `plain`, bound to `context`.
    ///
    /// # Errors
    /// Says why it cannot.
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, String>;

    /// Opens what [`Cipher::seal`] made for the same context.
    ///
    /// # Errors
    /// Says why it does not open: another key, or a changed value.
    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, String>;
}

/// What to do when there is no store file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// Start an empty store.
    #[default]
    Create,
    /// Refuse: there should be one.
    Refuse,
}

/// How a store on disk is opened.
#[derive(Clone)]
pub struct Config {
    /// What seals values; needed if anything is or was sealed.
    pub cipher: Option<Arc<dyn Cipher>>,
    /// Values under these prefixes are sealed on the disk, in the present and in the history.
    pub sealed_prefixes: Vec<String>,
    /// How much is kept.
    pub bounds: Bounds,
    /// Space kept back for deletes on a full disk; 0 is none.
    pub ballast_bytes: u64,
    /// What to do when there is no file.
    pub absent: Absent,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cipher: None,
            sealed_prefixes: vec![],
            bounds: Bounds::default(),
            ballast_bytes: BALLAST_BYTES,
            absent: Absent::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("sealed", &self.cipher.is_some())
            .field("sealed_prefixes", &self.sealed_prefixes)
            .field("bounds", &self.bounds)
            .field("ballast_bytes", &self.ballast_bytes)
            .field("absent", &self.absent)
            .finish()
    }
}

/// A store on disk. Dropping it finishes what was asked and closes the file.
#[derive(Debug)]
pub struct Redb {
    live: Arc<Live>,
    requests: mpsc::Sender<Request>,
    writer: Option<JoinHandle<()>>,
    fatal: Fatal,
}

/// Tells when the store broke and the process must end.
#[derive(Clone, Debug)]
pub struct Fatal(watch::Receiver<Option<String>>);

impl Fatal {
    /// Waits until the store is broken and says why. Never returns for a healthy store.
    pub async fn wait(mut self) -> String {
        let reason = match self.0.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone(),
            Err(_closed_in_health) => None,
        };
        match reason {
            Some(reason) => reason,
            None => future::pending().await,
        }
    }
}

impl Redb {
    /// Opens the store at `path`, or makes an empty one if there is no file. Blocks while the disk is read.
    ///
    /// # Errors
    /// Refuses a file that is in use, damaged, from a newer program, or sealed with another key.
    pub fn open(path: &Path, config: Config) -> Result<Self, OpenError> {
        open::open(path, config).map_err(|reason| OpenError { path: path.to_owned(), reason })
    }

    fn start(opened: disk::Opened, ballast: Box<dyn ballast::Ballast>) -> Result<Self, Refusal> {
        let live = Arc::new(Live::new(opened.model));
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        let (broken, fatal) = watch::channel(None);
        let writer = Writer::new(Arc::clone(&live), opened.disk, ballast, broken);
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || writer.run(receiver))?;
        Ok(Self { live, requests, writer: Some(thread), fatal: Fatal(fatal) })
    }

    /// Tells when a write to the disk failed. The process must then end: nothing more will be accepted.
    #[must_use]
    pub fn fatal(&self) -> Fatal {
        self.fatal.clone()
    }

    async fn ask(&self, ask: Ask) -> Result<Outcome, Error> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request { ask, reply }).await.map_err(|_| self.gone())?;
        answer.await.map_err(|_| self.gone())?
    }

    /// Why the writer no longer answers.
    fn gone(&self) -> Error {
        let reason = self.fatal.0.borrow().clone();
        reason.map_or(Error::Closed, |reason| Error::Broken { reason })
    }
}

#[async_trait]
impl Store for Redb {
    async fn commit(&self, txn: Txn) -> Result<Outcome, Error> {
        txn.check()?;
        self.ask(Ask::Commit(txn)).await
    }

    async fn get(&self, key: &str) -> Result<(Option<Entry>, Revision), Error> {
        Ok(self.live.get(key))
    }

    async fn list(&self, prefix: &str, page: Page) -> Result<Listing, Error> {
        self.live.list(prefix, &page)
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<Watch, Error> {
        self.live.watch(prefix, after)
    }

    async fn revision(&self) -> Revision {
        self.live.revision()
    }

    async fn compact(&self, through: Revision) -> Result<(), Error> {
        self.ask(Ask::Compact(through)).await.map(|_| ())
    }
}

impl Drop for Redb {
    fn drop(&mut self) {
        // The writer ends when nobody can ask it any more.
        let (closed, _) = mpsc::channel(1);
        drop(mem::replace(&mut self.requests, closed));
        if let Some(Err(_panic)) = self.writer.take().map(JoinHandle::join) {
            tracing::error!("the store's writer panicked");
        }
    }
}

/// The value behind a lock, also after its holder panicked: what these locks guard is whole at every instant.
fn locked<T>(lock: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
