//! The bytes under redb, and what went wrong with them.
//!
//! redb refuses everything after its first failed write; closed and opened again, it goes on from its last commit.
//! So that this can happen inside a running store, closing redb does not close the medium: its file stays open, and
//! locked, until the store lets go of it. And because redb's errors do not say whether a write or an fsync failed, of
//! which only the first can be survived, the medium takes note of it.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use redb::{BackendError, StorageBackend};

use super::ballast::is_full;
use super::locked;

/// What went wrong with the medium since it was last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing; the error was redb's own.
    None,
    /// Writes found no space, and nothing worse happened.
    Full,
    /// Something that says nothing about what is on the disk.
    Broken(String),
}

/// A shared backend that outlives the databases opened over it.
#[derive(Clone)]
pub(super) struct Medium {
    backend: Arc<dyn StorageBackend>,
    full: Arc<AtomicBool>,
    broken: Arc<Mutex<Option<String>>>,
}

impl fmt::Debug for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.backend.fmt(f)
    }
}

impl Medium {
    pub(super) fn new(backend: impl StorageBackend) -> Self {
        Self { backend: Arc::new(backend), full: Arc::default(), broken: Arc::default() }
    }

    /// What went wrong since the last call.
    pub(super) fn trouble(&self) -> Trouble {
        let full = self.full.swap(false, Ordering::Relaxed);
        match locked(&self.broken).take() {
            Some(reason) => Trouble::Broken(reason),
            None if full => Trouble::Full,
            None => Trouble::None,
        }
    }

    fn note<T>(&self, what: &str, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            locked(&self.broken).get_or_insert_with(|| format!("{what}: {error}"));
        }
        result
    }

    /// Notes a failed write. Not having found space, it wrote nothing that counts.
    fn note_write<T>(&self, what: &str, result: io::Result<T>) -> io::Result<T> {
        match &result {
            Err(error) if is_full(error) => {
                self.full.store(true, Ordering::Relaxed);
                result
            }
            _ => self.note(what, result),
        }
    }
}

impl StorageBackend for Medium {
    fn len(&self) -> io::Result<u64> {
        self.note("length", self.backend.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.note("read", self.backend.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.note_write("resize", self.backend.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.note("fsync", self.backend.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note_write("write", self.backend.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::FileBackend;
    use redb::{Builder, DatabaseError};

    use super::*;

    // F5, F9
    #[test]
    fn a_database_opens_again_over_its_medium_and_nobody_gets_between() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let backend = || FileBackend::new(file.reopen().expect("opens")).expect("a backend");
        let medium = Medium::new(backend());
        for _ in 0..3 {
            drop(Builder::new().create_with_backend(medium.clone()).expect("opens again"));
            let other = Builder::new().create_with_backend(backend());
            assert!(matches!(other, Err(DatabaseError::DatabaseAlreadyOpen)), "the lock is kept");
        }
        drop(medium);
        drop(Builder::new().create_with_backend(backend()).expect("the lock went with the medium"));
    }
}
