//! Opening a store file, and the reasons not to.

use std::io;
use std::path::{Path, PathBuf};

use super::ballast::FileBallast;
use super::disk::{Disk, Origin};
use super::file::{self, Found};
use super::{Config, Redb};

/// A store file that was not opened.
#[derive(Debug, thiserror::Error)]
#[error("store file {path}: {reason}", path = path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub reason: Refusal,
}

/// Why a store file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Another process, or another part of this one, has it open.
    #[error("is in use by another process; one data directory serves one server")]
    InUse,
    /// There is none, and there should be.
    #[error(
        "does not exist, but this cluster had one. Restore it from a backup: put a copy of this file, made while the \
         server was stopped, back in its place"
    )]
    Absent,
    /// It is not what was last written.
    #[error(
        "is damaged ({0}); nothing was changed. Restore it from a backup: put a copy of this file, made while the \
         server was stopped, back in its place. Or move it away to start an empty cluster"
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
    /// A sealed value does not open.
    #[error("{key} does not unseal: {reason}; nothing was changed. The key file that belongs to this data is needed")]
    Sealed {
        /// The key of the value.
        key: String,
        /// Why it does not open.
        reason: String,
    },
    /// Values must be sealed, and there is nothing to seal them with.
    #[error("values under {prefix} must be sealed, and no cipher was given")]
    NoCipher {
        /// The prefix.
        prefix: String,
    },
    /// The disk is full beyond what the reserve helps.
    #[error("cannot be opened because its disk is full; free some space")]
    Full,
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Opens or makes the store at `path`.
pub(super) fn open(path: &Path, config: Config) -> Result<Redb, Refusal> {
    let found = file::find(path, config.absent)?;
    let mut ballast = FileBallast::new(path, config.ballast_bytes);
    let opened = match found {
        Found::Existing(medium) => Disk::open(&medium, Origin::Existing, config, &mut ballast)?,
        Found::New(draft) => {
            let opened = Disk::open(draft.medium(), Origin::New, config, &mut ballast)?;
            draft.publish(path)?;
            opened
        }
    };
    Redb::start(opened, Box::new(ballast))
}
