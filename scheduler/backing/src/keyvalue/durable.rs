//! Buckets on this machine's disk, in redb: an answered write survives a power cut.
//!
//! Writes go to one thread (`writer`) that commits many of them with one fsync; reads look into the last commit and
//! wait for no writer. Unlike the control plane's own store, this one keeps nothing in memory but redb's cache: guests'
//! data may be larger than memory, and nobody watches it.

mod open;
mod tables;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::{future, mem};

use async_trait::async_trait;
use bytes::Bytes;
use redb::{Database, ReadTransaction, ReadableDatabase};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

pub use open::{OpenError, Refusal};

use super::ask::{Answer, Ask};
use super::memory::mismatch;
use super::{Bounds, KeyValue, Page, Swap, check_keys, check_pairs, check_value};
use crate::{Bucket, Error, Key, Namespace};
use writer::{Request, Work, Writer};

/// Most writes that wait for the writer; more wait outside, in their callers.
const REQUESTS_MAX: usize = 1024;
/// Reads at once. Each holds a thread for as long as the disk takes.
const READS_MAX: usize = 32;

/// The open database. Absent once it is broken, and for a moment while a full disk is got over.
type Shared = Arc<RwLock<Option<Database>>>;

/// Buckets on disk. Dropping it finishes what was asked and closes the file.
#[derive(Debug)]
pub struct Durable {
    database: Shared,
    requests: mpsc::Sender<Request>,
    writer: Option<JoinHandle<()>>,
    reads: Semaphore,
    fatal: Fatal,
}

/// Tells when the disk failed and the process must end.
#[derive(Clone, Debug)]
pub struct Fatal(watch::Receiver<Option<String>>);

impl Fatal {
    /// Waits until the file is broken and says why. Never returns while it is sound.
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

impl Durable {
    /// Opens the file at `path`, or makes one if there is none. Blocks while the disk is read.
    ///
    /// # Errors
    /// Refuses a file that is in use, damaged, or from a newer program.
    pub fn open(path: &Path, bounds: Bounds) -> Result<Self, OpenError> {
        let start = || {
            let database: Shared = Arc::new(RwLock::new(Some(open::open(path)?)));
            let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
            let (broken, fatal) = watch::channel(None);
            let writer = Writer::new(database.clone(), path.to_owned(), bounds, broken);
            let thread = std::thread::Builder::new().name("keyvalue".to_owned()).spawn(move || writer.run(receiver))?;
            let reads = Semaphore::new(READS_MAX);
            Ok(Self { database, requests, writer: Some(thread), reads, fatal: Fatal(fatal) })
        };
        start().map_err(|reason| OpenError { path: path.to_owned(), reason })
    }

    /// Tells when a write to the disk failed. The process must then end: nothing more will be accepted.
    #[must_use]
    pub fn fatal(&self) -> Fatal {
        self.fatal.clone()
    }

    async fn work(&self, work: Work) -> Result<Answer, Error> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request { work, reply }).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    async fn ask(&self, bucket: &Bucket, ask: Ask) -> Result<Answer, Error> {
        self.work(Work::Ask(bucket.clone(), ask)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _place = self.reads.acquire().await.map_err(|_| closed())?;
        let database = self.database.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let database = database.read().unwrap_or_else(PoisonError::into_inner);
            let database = database.as_ref().ok_or_else(closed)?;
            let tx = database.begin_read().map_err(unreadable)?;
            read(&tx).map_err(unreadable)
        });
        reading.await.map_err(unreadable)?
    }
}

fn closed() -> Error {
    Error::Unavailable("the key-value store has stopped; it comes back with the control plane".to_owned())
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("the key-value store cannot be read: {error}"))
}

#[async_trait]
impl KeyValue for Durable {
    async fn get_many(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>, Error> {
        check_keys(&keys)?;
        let bucket = bucket.clone();
        self.read(move |tx| tables::get(tx, &bucket, &keys)).await
    }

    async fn set_many(&self, bucket: &Bucket, pairs: Vec<(Key, Bytes)>) -> Result<(), Error> {
        check_pairs(&pairs)?;
        let writes = pairs.into_iter().map(|(key, value)| (key, Some(value))).collect();
        self.ask(bucket, Ask::Write(writes)).await.map(drop)
    }

    async fn delete_many(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<(), Error> {
        check_keys(&keys)?;
        self.ask(bucket, Ask::Write(keys.into_iter().map(|key| (key, None)).collect())).await.map(drop)
    }

    async fn exists(&self, bucket: &Bucket, key: Key) -> Result<bool, Error> {
        let bucket = bucket.clone();
        self.read(move |tx| tables::exists(tx, &bucket, &key)).await
    }

    async fn keys(&self, bucket: &Bucket, cursor: Option<u64>) -> Result<Page, Error> {
        let bucket = bucket.clone();
        self.read(move |tx| tables::keys(tx, &bucket, cursor)).await
    }

    async fn increment(&self, bucket: &Bucket, key: Key, delta: u64) -> Result<u64, Error> {
        match self.ask(bucket, Ask::Increment { key, delta }).await? {
            Answer::Sum(sum) => Ok(sum),
            other => Err(mismatch(&other)),
        }
    }

    async fn swap(
        &self,
        bucket: &Bucket,
        key: Key,
        expected: Option<Bytes>,
        value: Option<Bytes>,
    ) -> Result<Swap, Error> {
        expected.iter().chain(&value).try_for_each(check_value)?;
        match self.ask(bucket, Ask::Swap { key, expected, value }).await? {
            Answer::Swap(swap) => Ok(swap),
            other => Err(mismatch(&other)),
        }
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>, Error> {
        self.read(tables::namespaces).await
    }

    async fn forget(&self, namespace: &Namespace) -> Result<(), Error> {
        // Piece by piece, so that others write in between.
        while self.work(Work::Forget(namespace.clone())).await? == Answer::More {}
        Ok(())
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        // The writer ends when nobody can ask it any more.
        let (closed, _) = mpsc::channel(1);
        drop(mem::replace(&mut self.requests, closed));
        if let Some(Err(_panic)) = self.writer.take().map(JoinHandle::join) {
            tracing::error!("the key-value store's writer panicked");
        }
    }
}
