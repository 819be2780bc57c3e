//! The store file: found or made, never half made.
//!
//! A new store is written under a temporary name and gets its own when it is whole, so that a file under the right
//! name was a store once. Then an empty or cut file is damage and is never mistaken for a new cluster.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::backends::FileBackend;

use super::medium::Medium;
use super::{Absent, Refusal};

/// Counts the drafts of this process, so that no two have one name.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// What there is at a path.
pub(super) enum Found {
    Existing(Medium),
    New(Draft),
}

/// A store file under its temporary name. Removed unless it is published.
pub(super) struct Draft {
    path: PathBuf,
    medium: Medium,
}

pub(super) fn find(path: &Path, absent: Absent) -> Result<Found, Refusal> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => Ok(Found::Existing(medium(file)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && absent == Absent::Create => {
            Ok(Found::New(Draft::create(path)?))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Refusal::Absent),
        Err(error) => Err(error.into()),
    }
}

/// `path` with something appended to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn medium(file: File) -> Result<Medium, Refusal> {
    let backend = FileBackend::new(file).map_err(|error| Refusal::Damaged(error.to_string()))?;
    Ok(Medium::new(backend))
}

impl Draft {
    fn create(path: &Path) -> Result<Self, Refusal> {
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let path = beside(path, &format!(".{}-{number}.tmp", process::id()));
        // Whoever crashed under this process id left nothing worth keeping.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { medium: medium(file)?, path })
    }

    pub(super) fn medium(&self) -> &Medium {
        &self.medium
    }

    /// Gives the file its name, unless another process was faster.
    pub(super) fn publish(self, path: &Path) -> Result<(), Refusal> {
        match fs::hard_link(&self.path, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(Refusal::InUse),
            other => other?,
        }
        fs::remove_file(&self.path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Published, it is gone already.
        if fs::remove_file(&self.path).is_ok() {
            tracing::debug!(path = %self.path.display(), "removed an unfinished store file");
        }
    }
}
