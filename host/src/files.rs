//! Files that are whole or absent: written aside, synced, renamed.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Only this user may read: keys, and state with secrets in it.
pub(crate) const PRIVATE: u32 = 0o600;
/// Anyone may read: certificates.
pub(crate) const PUBLIC: u32 = 0o644;

/// Makes a directory that only this user may enter, with its parents.
pub(crate) fn private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
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
