//! Sealing: what is secret never reaches a disk in the clear.
//!
//! A sealed value is `format byte ‖ key id (4 bytes) ‖ nonce (12 bytes) ‖ ciphertext ‖ tag`, ChaCha20-Poly1305
//! (RFC 8439) with the caller's context as associated data, so that a value moved to another name does not open.
//! Nonces are random: 2^32 values may be sealed with one key before a collision is worth a thought.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};

const FORMAT: u8 = 1;
const KEY_ID_LEN: usize = 4;
const KEY_LEN: usize = 32;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// Why a value does not open.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Too short, or of a format this program does not know.
    #[error("not a sealed value of a known format")]
    Format,
    /// Sealed with another key.
    #[error(
        "sealed with key {found}, but the key file holds key {held}; restore the key file that belongs to this data"
    )]
    OtherKey {
        /// The id in the value.
        found: String,
        /// The id of the key we hold.
        held: String,
    },
    /// Changed, or moved to another name.
    #[error("does not open: the value was changed or belongs to another name")]
    Tampered,
    /// No randomness.
    #[error("the system gives no randomness")]
    Random,
}

/// A key that seals and opens.
pub struct Key {
    key: LessSafeKey,
    id: [u8; KEY_ID_LEN],
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", hex::encode(self.id))
    }
}

impl Key {
    /// Makes a key of 32 bytes. Its id is the start of their SHA-256, which gives nothing away.
    #[must_use]
    pub fn new(bytes: &[u8; KEY_LEN]) -> Self {
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&digest::digest(&digest::SHA256, bytes).as_ref()[..KEY_ID_LEN]);
        let unbound = UnboundKey::new(&CHACHA20_POLY1305, bytes).expect("32 bytes are a ChaCha20-Poly1305 key");
        Self { key: LessSafeKey::new(unbound), id }
    }

    /// Reads the key file, or makes one with mode 0600 if there is none.
    ///
    /// # Errors
    /// I/O, or a file that is not 32 bytes long.
    pub fn load_or_create(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => {
                let bytes = bytes.try_into().map_err(|_| {
                    io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("{}: a key file holds {KEY_LEN} bytes", path.display()),
                    )
                })?;
                Ok(Self::new(&bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(error),
        }
    }

    fn create(path: &Path) -> io::Result<Self> {
        let mut bytes = [0; KEY_LEN];
        SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system gives no randomness"))?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        Ok(Self::new(&bytes))
    }

    /// Seals `plain` under `context` (the key of the object, the name of the file).
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.seal_written(context, plain.len(), |out| out.extend_from_slice(plain))
    }

    /// Seals what `write` appends to the buffer, about `len` bytes, without a copy of it.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal_written(&self, context: &[u8], len: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::Random)?;
        let mut sealed = Vec::with_capacity(HEADER_LEN + len + CHACHA20_POLY1305.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&self.id);
        sealed.extend_from_slice(&nonce);
        write(&mut sealed);
        let (nonce, aad) = (Nonce::assume_unique_for_key(nonce), Aad::from(context));
        let body = &mut sealed[HEADER_LEN..];
        let tag = self.key.seal_in_place_separate_tag(nonce, aad, body).map_err(|_| Error::Tampered)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Key::seal`] made under the same context.
    ///
    /// # Errors
    /// Says whether the format, the key or the content is wrong.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        if sealed.len() < HEADER_LEN || sealed[0] != FORMAT {
            return Err(Error::Format);
        }
        let (header, body) = sealed.split_at(HEADER_LEN);
        let (id, nonce) = header[1..].split_at(KEY_ID_LEN);
        if id != self.id {
            return Err(Error::OtherKey { found: hex::encode(id), held: hex::encode(self.id) });
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Format)?;
        let mut body = body.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::from(context), &mut body).map_err(|_| Error::Tampered)?;
        let len = plain.len();
        body.truncate(len);
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_whole_under_its_own_name_and_key() {
        let key = Key::new(&[7; KEY_LEN]);
        let sealed = key.seal(b"/registry/secrets/a/b", b"hunter2").expect("seals");
        assert!(!sealed.windows(7).any(|w| w == b"hunter2"));
        assert_eq!(key.open(b"/registry/secrets/a/b", &sealed).expect("opens"), b"hunter2");
        assert_eq!(key.open(b"/registry/secrets/a/c", &sealed), Err(Error::Tampered));
        assert!(matches!(Key::new(&[8; KEY_LEN]).open(b"/registry/secrets/a/b", &sealed), Err(Error::OtherKey { .. })));
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(key.open(b"/registry/secrets/a/b", &bent).is_err(), "byte {at}");
        }
        assert_eq!(key.open(b"", &sealed[..4]), Err(Error::Format));
    }
}
