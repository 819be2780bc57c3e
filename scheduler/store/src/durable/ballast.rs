//! Space kept back on the disk, given up when the disk is full so that deletes still work, and taken again when
//! there is room: which is also how the store learns that there is.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};

use super::file::beside;

/// Space that can be given up and taken again.
pub(super) trait Ballast: Send {
    /// Gives the space up.
    fn release(&mut self);
    /// Takes the space again; false if there is none.
    fn restore(&mut self) -> bool;
}

/// A file beside the store that holds nothing but room.
#[derive(Debug)]
pub(super) struct FileBallast {
    path: PathBuf,
    bytes: u64,
}

impl FileBallast {
    pub(super) fn new(store: &Path, bytes: u64) -> Self {
        Self { path: beside(store, ".ballast"), bytes }
    }

    fn take(&self) -> io::Result<()> {
        if self.bytes == 0 || fs::metadata(&self.path).is_ok_and(|file| file.len() >= self.bytes) {
            return Ok(());
        }
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        Ok(fallocate(&file, FallocateFlags::empty(), 0, self.bytes)?)
    }
}

impl Ballast for FileBallast {
    fn release(&mut self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.path.display(), %error, "cannot give up the reserved space");
            }
            _ => {}
        }
    }

    fn restore(&mut self) -> bool {
        let Err(error) = self.take() else { return true };
        // What was taken so far goes back at once: others may need it.
        self.release();
        if !is_full(&error) {
            tracing::warn!(path = %self.path.display(), %error, "no space can be reserved for a full disk");
        }
        !is_full(&error)
    }
}

/// Whether an error says that there is no space.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_given_up_and_taken_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store");
        let mut ballast = FileBallast::new(&path, 100_000);
        assert!(ballast.restore());
        assert_eq!(fs::metadata(beside(&path, ".ballast")).expect("it is there").len(), 100_000);
        assert!(ballast.restore(), "taking it twice changes nothing");
        ballast.release();
        assert!(!beside(&path, ".ballast").exists());
        assert!(ballast.restore());
        ballast.release();
        FileBallast::new(&path, 1 << 60).restore();
        assert!(!beside(&path, ".ballast").exists(), "what cannot be had whole is not had at all");
    }
}
