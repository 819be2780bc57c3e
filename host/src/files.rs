//! Files that are whole or absent: written aside, synced, renamed; and a directory that one process holds at a time.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::FlockOperation;

/// Only this user may read: keys, and state with secrets in it.
pub(crate) const PRIVATE: u32 = 0o600;
/// Anyone may read: certificates.
pub(crate) const PUBLIC: u32 = 0o644;

/// Makes a directory that only this user may enter, with its parents.
pub(crate) fn private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Holds the directory for this process; the kernel lets go of it when the process ends, however it ends. `None` if
/// another process has it (F9).
pub(crate) fn lock(dir: &Path) -> io::Result<Option<fs::File>> {
    private_dir(dir)?;
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE).open(dir.join("lock"))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Replaces `path` by `bytes`; after a crash at any point either the old or the new content is there.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let aside = path.with_extension("new");
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    match path.parent() {
        Some(dir) => fs::File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    // F9
    #[test]
    fn a_directory_is_held_once_until_it_is_let_go() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let held = lock(dir.path()).expect("locks");
        assert!(held.is_some());
        assert!(lock(dir.path()).expect("asks").is_none());
        drop(held);
        assert!(lock(dir.path()).expect("locks again").is_some());
    }

    #[test]
    fn replaces_whole_and_keeps_the_mode() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let path = dir.path().join("a").join("key.pem");
        private_dir(path.parent().expect("has a parent")).expect("makes it");
        replace(&path, b"one", PRIVATE).expect("writes");
        replace(&path, b"two", PRIVATE).expect("writes over it");
        assert_eq!(fs::read(&path).expect("reads"), b"two");
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().expect("has a parent")).expect("lists").count(), 1);
    }
}
