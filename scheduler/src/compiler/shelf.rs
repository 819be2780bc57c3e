//! Compiled code on disk: `<key>.code` with `<key>.sig` beside it.
//!
//! The shelf is a cache: every entry is verified when it is read and made again when it is not what we
//! signed (F54). So nothing is synced, and the oldest entries go when there are too many bytes.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use bytes::Bytes;

/// Most bytes of code that are kept; a few hundred components for a few kinds of processor.
const BYTES_MAX: u64 = 4 << 30;

/// Code and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) code: Bytes,
    pub(crate) signature: Bytes,
}

/// The directory. All calls block.
pub(super) struct Shelf {
    directory: PathBuf,
    public_key: Vec<u8>,
    bytes_max: u64,
}

impl Shelf {
    pub(super) fn new(directory: PathBuf, public_key: Vec<u8>) -> Self {
        Self { directory, public_key, bytes_max: BYTES_MAX }
    }

    fn paths(&self, key: &str) -> Option<(PathBuf, PathBuf)> {
        let is_key = key.len() == 64 && key.bytes().all(|c| c.is_ascii_hexdigit());
        is_key.then(|| (self.directory.join(format!("{key}.code")), self.directory.join(format!("{key}.sig"))))
    }

    /// Whether there is an entry, whole or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.paths(key).is_some_and(|(code, _)| code.exists())
    }

    /// An entry that is what we signed.
    pub(super) fn read(&self, key: &str) -> Option<Signed> {
        let (code_path, signature_path) = self.paths(key)?;
        let code = fs::read(&code_path).ok()?;
        let signature = fs::read(&signature_path).unwrap_or_default();
        if !protocol::code::verify(&self.public_key, key, &code, &signature) {
            tracing::warn!(path = %code_path.display(), "compiled code is not what was signed; it is made again");
            remove(&code_path);
            remove(&signature_path);
            return None;
        }
        // So that what is in use is the last to go. If it fails, an entry goes early and is made again.
        if let Err(error) = fs::File::open(&code_path).and_then(|file| file.set_modified(SystemTime::now())) {
            tracing::debug!(path = %code_path.display(), %error, "no new time");
        }
        Some(Signed { code: code.into(), signature: signature.into() })
    }

    /// Keeps an entry. The signature goes first, so code without one is a write that was cut off.
    pub(super) fn write(&self, key: &str, signed: &Signed) -> io::Result<()> {
        let (code_path, signature_path) =
            self.paths(key).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a code key"))?;
        fs::create_dir_all(&self.directory)?;
        fs::write(&signature_path, &signed.signature)?;
        let beside = code_path.with_extension("tmp");
        fs::write(&beside, &signed.code)?;
        fs::rename(&beside, &code_path)?;
        self.make_room(&code_path)
    }

    /// Removes the longest unused entries until the rest fits; never the newest.
    fn make_room(&self, newest: &PathBuf) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|e| e == "code") && entry.path() != *newest {
                let meta = entry.metadata()?;
                entries.push((meta.modified()?, meta.len(), entry.path()));
            }
        }
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum::<u64>() + fs::metadata(newest)?.len();
        for (_, bytes, path) in entries {
            if total <= self.bytes_max {
                break;
            }
            remove(&path);
            remove(&path.with_extension("sig"));
            total -= bytes;
        }
        Ok(())
    }
}

fn remove(path: &PathBuf) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "cannot remove");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};
    use std::time::Duration;

    fn key(n: u8) -> String {
        hex::encode([n; 32])
    }

    fn shelf(directory: PathBuf) -> (Shelf, Ed25519KeyPair) {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("generates");
        let signer = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("parses");
        (Shelf::new(directory, signer.public_key().as_ref().to_vec()), signer)
    }

    fn signed(signer: &Ed25519KeyPair, key: &str, code: &[u8]) -> Signed {
        Signed { code: code.to_vec().into(), signature: protocol::code::sign(signer, key, code).into() }
    }

    // F54
    #[test]
    fn a_changed_or_moved_entry_is_not_code() {
        let dir = tempfile::tempdir().expect("dir");
        let (shelf, signer) = shelf(dir.path().to_owned());
        let entry = signed(&signer, &key(1), b"code");
        shelf.write(&key(1), &entry).expect("writes");
        assert_eq!(shelf.read(&key(1)), Some(entry.clone()));
        fs::write(dir.path().join(format!("{}.code", key(1))), b"c0de").expect("writes");
        assert_eq!(shelf.read(&key(1)), None);
        assert!(!shelf.has(&key(1)), "it is gone, to be made again");
        shelf.write(&key(2), &entry).expect("writes");
        assert_eq!(shelf.read(&key(2)), None, "code of another key");
        for bad in ["", "../x", &"z".repeat(64)] {
            assert!(shelf.read(bad).is_none() && shelf.write(bad, &entry).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_unused_goes_first() {
        let dir = tempfile::tempdir().expect("dir");
        let (mut shelf, signer) = shelf(dir.path().to_owned());
        shelf.bytes_max = 20;
        for n in 1..=2 {
            shelf.write(&key(n), &signed(&signer, &key(n), &[n; 8])).expect("writes");
            let age = SystemTime::now() - Duration::from_secs(100 - u64::from(n));
            let file = fs::File::open(dir.path().join(format!("{}.code", key(n)))).expect("opens");
            file.set_modified(age).expect("ages");
        }
        assert!(shelf.read(&key(1)).is_some(), "used now");
        shelf.write(&key(3), &signed(&signer, &key(3), &[3; 8])).expect("writes");
        assert!(shelf.has(&key(1)) && !shelf.has(&key(2)) && shelf.has(&key(3)));
    }
}
