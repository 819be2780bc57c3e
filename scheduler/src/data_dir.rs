//! The data directory: what lies where, who holds it, and whose it is.
//!
//! One process holds a directory at a time (an advisory lock on `lock`, which the kernel drops when the
//! process dies, however it dies). The directory names its format and its cluster; an older program
//! refuses a newer format, and nothing is made anew over a cluster that is there.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::seal;
use rustix::fs::FlockOperation;

use crate::files::{self, Readers};

/// The format this program writes.
const FORMAT: &str = "insula data 1\n";

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds it.
    #[error(
        "{dir}: in use by another insula process; stop it, or give this one a directory of its own with --data-dir"
    )]
    Held {
        /// The directory.
        dir: String,
    },
    /// Written by a program that is newer, or not by this program at all.
    #[error("{path}: holds {found:?} where this program expects {FORMAT:?}; use the program that wrote it")]
    Format {
        /// The file.
        path: String,
        /// What it holds.
        found: String,
    },
    /// The store is there but its key is not.
    #[error("{key}: missing, but {store} holds data sealed with it; put the key file back")]
    KeyLost {
        /// The key file.
        key: String,
        /// The store.
        store: String,
    },
    /// A sealed file that does not open.
    #[error("{path}: {error}")]
    Sealed {
        /// The file.
        path: String,
        /// Why.
        error: seal::Error,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A data directory this process holds.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    root: PathBuf,
    cluster_id: Arc<str>,
    key: Arc<seal::Key>,
    /// Kept open: closing it gives the directory up.
    _lock: Arc<fs::File>,
}

impl DataDir {
    /// Takes the directory, making it if it is not there.
    ///
    /// # Errors
    /// See [`Error`].
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", root.display())))?;
        let lock = lock(root)?;
        check_format(&root.join("format"))?;
        let key = open_key(&root.join("seal.key"), &root.join("store.redb"))?;
        let cluster_id = cluster_id(&root.join("cluster-id"))?;
        Ok(Self { root: root.to_owned(), cluster_id, key: Arc::new(key), _lock: Arc::new(lock) })
    }

    /// Names the cluster for ever.
    pub(crate) fn cluster_id(&self) -> &Arc<str> {
        &self.cluster_id
    }

    /// Seals what is secret.
    pub(crate) fn key(&self) -> &Arc<seal::Key> {
        &self.key
    }

    /// Whether the cluster has begun: its store must then be there.
    pub(crate) fn is_founded(&self) -> bool {
        self.root.join("founded").exists()
    }

    /// Takes note that the store is there.
    ///
    /// # Errors
    /// I/O.
    pub(crate) fn found(&self) -> Result<(), Error> {
        if self.is_founded() { Ok(()) } else { Ok(files::replace(&self.root.join("founded"), b"", Readers::Everyone)?) }
    }

    /// Objects.
    pub(crate) fn store(&self) -> PathBuf {
        self.root.join("store.redb")
    }

    /// Pushed artifacts.
    pub(crate) fn registry(&self) -> PathBuf {
        self.root.join("registry")
    }

    /// Guests' key-value buckets.
    pub(crate) fn keyvalue(&self) -> PathBuf {
        self.root.join("keyvalue.redb")
    }

    /// Guests' blobs.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// Compiled code.
    pub(crate) fn code(&self) -> PathBuf {
        self.root.join("code")
    }

    /// The admin's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.root.join("kubeconfig")
    }

    /// The admin's bearer token.
    pub(crate) fn admin_token(&self) -> PathBuf {
        self.root.join("admin.token")
    }

    /// A file in the clear, by name.
    pub(crate) fn plain(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Reads a sealed file by name; the name is part of the seal.
    ///
    /// # Errors
    /// I/O, or a file that does not open.
    pub(crate) fn read_sealed(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.root.join(name);
        let Some(sealed) = files::read(&path)? else { return Ok(None) };
        let opened = self.key.open(name.as_bytes(), &sealed);
        opened.map(Some).map_err(|error| Error::Sealed { path: path.display().to_string(), error })
    }

    /// Writes a sealed file by name.
    ///
    /// # Errors
    /// I/O, or no randomness.
    pub(crate) fn write_sealed(&self, name: &str, plain: &[u8]) -> Result<(), Error> {
        let path = self.root.join(name);
        let sealed = self
            .key
            .seal(name.as_bytes(), plain)
            .map_err(|error| Error::Sealed { path: path.display().to_string(), error })?;
        Ok(files::replace(&path, &sealed, Readers::Owner)?)
    }
}

/// F9: the lock is taken before anything is read, let alone written.
fn lock(root: &Path) -> Result<fs::File, Error> {
    let path = root.join("lock");
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(named)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::Held { dir: root.display().to_string() }),
        Err(error) => Err(named(error.into()).into()),
    }
}

fn check_format(path: &Path) -> Result<(), Error> {
    match files::read(path)? {
        None => Ok(files::replace(path, FORMAT.as_bytes(), Readers::Everyone)?),
        Some(found) if found == FORMAT.as_bytes() => Ok(()),
        Some(found) => Err(Error::Format {
            path: path.display().to_string(),
            found: String::from_utf8_lossy(&found[..found.len().min(64)]).into_owned(),
        }),
    }
}

/// A lost key must not be replaced silently: every Secret would be unreadable for ever (F90).
fn open_key(key: &Path, store: &Path) -> Result<seal::Key, Error> {
    if !key.exists() && store.exists() {
        return Err(Error::KeyLost { key: key.display().to_string(), store: store.display().to_string() });
    }
    Ok(seal::Key::load_or_create(key)?)
}

fn cluster_id(path: &Path) -> Result<Arc<str>, Error> {
    if let Some(id) = files::read(path)? {
        let id = String::from_utf8_lossy(&id).trim().to_owned();
        return match uuid::Uuid::parse_str(&id) {
            Ok(_) => Ok(id.into()),
            Err(_) => Err(Error::Format { path: path.display().to_string(), found: id }),
        };
    }
    let id = uuid::Uuid::new_v4().to_string();
    files::replace(path, id.as_bytes(), Readers::Everyone)?;
    Ok(id.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    // F9
    #[test]
    fn a_second_process_on_one_directory_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().expect("dir");
        let first = DataDir::open(dir.path()).expect("opens");
        let id = first.cluster_id().clone();
        let refused = DataDir::open(dir.path()).expect_err("is held");
        assert!(refused.to_string().contains("in use by another insula process"), "{refused}");
        drop(first);
        assert_eq!(*DataDir::open(dir.path()).expect("opens again").cluster_id(), id);
    }

    // F8, F90
    #[test]
    fn a_newer_format_and_a_lost_key_are_refused() {
        let dir = tempfile::tempdir().expect("dir");
        drop(DataDir::open(dir.path()).expect("opens"));
        fs::write(dir.path().join("store.redb"), "data").expect("writes");
        fs::remove_file(dir.path().join("seal.key")).expect("removes");
        assert!(matches!(DataDir::open(dir.path()), Err(Error::KeyLost { .. })));
        fs::write(dir.path().join("format"), "insula data 2\n").expect("writes");
        assert!(matches!(DataDir::open(dir.path()), Err(Error::Format { .. })));
    }

    #[test]
    fn sealed_files_open_only_under_their_own_name() {
        let dir = tempfile::tempdir().expect("dir");
        let held = DataDir::open(dir.path()).expect("opens");
        assert_eq!(held.read_sealed("a").expect("reads"), None);
        held.write_sealed("a", b"secret").expect("writes");
        assert_eq!(held.read_sealed("a").expect("opens"), Some(b"secret".to_vec()));
        fs::rename(dir.path().join("a"), dir.path().join("b")).expect("renames");
        assert!(matches!(held.read_sealed("b"), Err(Error::Sealed { .. })));
    }
}
