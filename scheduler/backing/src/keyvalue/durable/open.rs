//! Opening the file, and the reasons not to.
//!
//! A new file is written under a temporary name and gets its own when it is whole, so that a file under the right name
//! was a store once, and an empty or cut one is damage.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, StorageError};

use super::tables;

/// redb's cache. Guests' hot keys are served from it.
const CACHE_BYTES: usize = 64 << 20;

/// A file that was not opened.
#[derive(Debug, thiserror::Error)]
#[error("key-value file {path}: {reason}", path = path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub reason: Refusal,
}

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Another process, or another part of this one, has it open.
    #[error("is in use by another process; one data directory serves one server")]
    InUse,
    /// It is not what was last written.
    #[error(
        "is damaged ({0}). Restore it from a backup: put a copy of this file, made while the server was stopped, back \
         in its place. Or move it away: guests then begin with empty buckets"
    )]
    Damaged(String),
    /// A newer program wrote it.
    #[error("was written by a newer program (format {found}, this program knows {known}); start that program instead")]
    Newer {
        /// The format of the file.
        found: u64,
        /// The newest format known here.
        known: u64,
    },
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Opens or makes the database at `path`.
pub(super) fn open(path: &Path) -> Result<Database, Refusal> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => read(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(error.into()),
    }
}

fn read(file: File) -> Result<Database, Refusal> {
    if file.metadata()?.len() == 0 {
        return Err(Refusal::Damaged("it is empty".to_owned()));
    }
    let database = database(file)?;
    tables::check(&database)?;
    Ok(database)
}

fn create(path: &Path) -> Result<Database, Refusal> {
    let draft = path.with_added_extension("tmp");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&draft)?;
    let database = database(file)?;
    tables::create(&database).map_err(|error| Refusal::Io(io::Error::other(error)))?;
    fs::rename(&draft, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(database)
}

fn database(file: File) -> Result<Database, Refusal> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    let backend = FileBackend::new(file).map_err(damaged)?;
    builder.create_with_backend(backend).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => Refusal::InUse,
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() != io::ErrorKind::InvalidData => {
            Refusal::Io(error)
        }
        other => damaged(other),
    })
}

/// Any error of redb's that tells of wrong content.
pub(super) fn damaged(error: impl std::fmt::Display) -> Refusal {
    Refusal::Damaged(error.to_string())
}
