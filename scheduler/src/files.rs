//! Small files that must be whole or absent: written beside, synced, renamed.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Only the user the program runs as: keys, tokens, kubeconfigs.
    Owner,
    /// Everyone: certificates, ids.
    Everyone,
}

/// Replaces `path` in one step; after a crash it holds the old or the new content.
///
/// # Errors
/// I/O, with the path.
pub(crate) fn replace(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everyone => 0o644,
    };
    let beside = path.with_added_extension("tmp");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(error)),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside).map_err(named)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(named)?;
    fs::rename(&beside, path).map_err(named)?;
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => fs::File::open(parent).and_then(|dir| dir.sync_all()).map_err(named),
        None => Ok(()),
    }
}

/// Reads a file that may be absent.
///
/// # Errors
/// I/O other than absence, with the path.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_never_readable_by_others_even_when_it_replaces_a_file_that_is() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("kubeconfig");
        fs::write(&path, "old").expect("writes");
        replace(&path, b"new", Readers::Owner).expect("replaces");
        assert_eq!(read(&path).expect("reads"), Some(b"new".to_vec()));
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&dir.path().join("none")).expect("reads"), None);
        assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 1, "nothing is left beside");
    }
}
