//! The one thread that writes: takes what waits, makes it durable with one fsync, then answers.
//!
//! A request of a group sees those before it; nobody is answered before the whole group is on the disk.
//!
//! **When the disk is full** nothing of the group counts, its requests are refused, and the database is opened anew from
//! its last commit: it takes no more after a write that found no space. **When anything else fails**, above all an fsync,
//! what is on the disk is unknown, so nothing is written again, [`super::Fatal`] wakes, and the process is to end.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::PoisonError;

use redb::Database;
use tokio::sync::{mpsc, oneshot, watch};

use super::open;
use super::tables::{self, Failure, Tables};
use super::{Shared, closed};
use crate::keyvalue::Bounds;
use crate::keyvalue::ask::{Answer, Ask};
use crate::{Bucket, Error, Namespace};

/// Most requests in one group: each is answered within one fsync.
const GROUP_REQUESTS_MAX: usize = 256;
/// A group takes no more after so many bytes, so that large values do not hold up small ones for long.
const GROUP_BYTES_MAX: usize = 8 << 20;

/// What the writer is asked.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Ask(Bucket, Ask),
    /// A piece of it.
    Forget(Namespace),
}

/// Work and who waits for it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) work: Work,
    pub(super) reply: oneshot::Sender<Result<Answer, Error>>,
}

pub(super) struct Writer {
    database: Shared,
    path: PathBuf,
    bounds: Bounds,
    broken: watch::Sender<Option<String>>,
}

impl Writer {
    pub(super) fn new(database: Shared, path: PathBuf, bounds: Bounds, broken: watch::Sender<Option<String>>) -> Self {
        Self { database, path, bounds, broken }
    }

    /// Serves until nobody can ask any more.
    pub(super) fn run(self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let (work, replies): (Vec<_>, Vec<_>) =
                gather(first, &mut requests).into_iter().map(|request| (request.work, request.reply)).unzip();
            let answers = self.serve(work);
            for (reply, answer) in replies.into_iter().zip(answers) {
                // Who no longer waits need not know.
                drop(reply.send(answer));
            }
        }
    }

    fn serve(&self, work: Vec<Work>) -> Vec<Result<Answer, Error>> {
        let count = work.len();
        // redb answers most damage with an error and some with a panic.
        let committed = panic::catch_unwind(AssertUnwindSafe(|| {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            database.as_ref().map(|database| commit(database, work, self.bounds))
        }));
        let error = match committed {
            Ok(Some(Ok(answers))) => return answers,
            Ok(None) => closed(),
            Ok(Some(Err(error))) if is_full(&error) => self.get_over_full_disk(),
            Ok(Some(Err(error))) => self.break_with(&error.to_string()),
            Err(_panic) => self.break_with("its writer panicked"),
        };
        vec![Err(error); count]
    }

    fn get_over_full_disk(&self) -> Error {
        tracing::error!(path = %self.path.display(), "the key-value store's disk is full: writes are refused");
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // Closed before it is opened: the file has one holder.
        drop(database.take());
        match open::open(&self.path) {
            Ok(opened) => {
                *database = Some(opened);
                Error::Quota("the disk of the key-value store is full; free some space on the control plane".to_owned())
            }
            Err(reason) => {
                drop(database);
                self.break_with(&format!("after a full disk: {reason}"))
            }
        }
    }

    /// Takes no more writes.
    fn break_with(&self, reason: &str) -> Error {
        tracing::error!(reason, "the key-value store takes no more writes; the process must end");
        let database = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        if panic::catch_unwind(AssertUnwindSafe(|| drop(database))).is_err() {
            tracing::warn!("redb panicked while closing");
        }
        self.broken.send_replace(Some(format!("the key-value store is broken: {reason}")));
        closed()
    }
}

/// Everything that waits, up to the bounds of a group.
fn gather(first: Request, requests: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let bytes_of = |request: &Request| match &request.work {
        Work::Ask(_, ask) => ask.bytes(),
        Work::Forget(_) => 0,
    };
    let mut bytes = bytes_of(&first);
    let mut group = vec![first];
    while group.len() < GROUP_REQUESTS_MAX && bytes < GROUP_BYTES_MAX {
        let Ok(request) = requests.try_recv() else { break };
        bytes += bytes_of(&request);
        group.push(request);
    }
    group
}

/// Does a group: when this returns `Ok`, it survives a power cut.
fn commit(database: &Database, work: Vec<Work>, bounds: Bounds) -> Result<Vec<Result<Answer, Error>>, redb::Error> {
    let tx = tables::begin(database)?;
    let mut answers = Vec::with_capacity(work.len());
    {
        let mut tables = Tables::open(&tx)?;
        for work in work {
            let done = match work {
                Work::Ask(bucket, ask) => tables.take(&bucket, ask, bounds),
                Work::Forget(namespace) => tables.forget(&namespace).map_err(Failure::Database),
            };
            answers.push(match done {
                Ok(answer) => Ok(answer),
                Err(Failure::Refused(error)) => Err(error),
                Err(Failure::Database(error)) => return Err(error),
            });
        }
    }
    tx.commit()?;
    Ok(answers)
}

fn is_full(error: &redb::Error) -> bool {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
    matches!(error, redb::Error::Io(error) if full.contains(&error.kind()))
}
