//! How entries and the past are written, byte by byte. Changing anything here is a new format.
//!
//! An entry is `1 ‖ flags ‖ create revision ‖ mod revision − create revision ‖ value`; its key is the table's key.
//! Flag 1 says that the value is sealed. One revision of the past is `1 ‖ (key length ‖ key ‖ entry length ‖ entry)*`:
//! what each key it changed held before, where entry length 0 is "nothing" and n is n − 1 bytes of the entry as it lay
//! in the table. With the present and these, every past state of the kept history is known.
//! Numbers are LEB128, seven bits to a byte, lowest first.

use std::fmt;
use std::str;
use std::sync::Arc;

use bytes::Bytes;

use super::{Cipher, Config, Refusal};
use crate::{Entry, Revision};

const VERSION: u8 = 1;
const SEALED: u8 = 1;

/// Seals what must be sealed.
#[derive(Clone)]
pub(super) struct Sealer {
    cipher: Option<Arc<dyn Cipher>>,
    prefixes: Vec<String>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("prefixes", &self.prefixes).finish_non_exhaustive()
    }
}

/// What one key held before a revision changed it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Undo<'a> {
    pub(super) key: &'a str,
    pub(super) previous: Option<&'a [u8]>,
}

impl Sealer {
    pub(super) fn new(config: &Config) -> Result<Self, Refusal> {
        match (&config.cipher, config.sealed_prefixes.first()) {
            (None, Some(prefix)) => Err(Refusal::NoCipher { prefix: prefix.clone() }),
            _ => Ok(Self { cipher: config.cipher.clone(), prefixes: config.sealed_prefixes.clone() }),
        }
    }

    /// The cipher for a key that must be sealed.
    fn cipher_for(&self, key: &str) -> Option<&Arc<dyn Cipher>> {
        self.cipher.as_ref().filter(|_| self.prefixes.iter().any(|prefix| key.starts_with(prefix.as_str())))
    }

    fn unseal(&self, key: &str, sealed: &[u8]) -> Result<Bytes, Refusal> {
        let cipher = self.cipher.as_ref().ok_or_else(|| "no cipher was given".to_owned());
        let plain = cipher.and_then(|cipher| cipher.open(key.as_bytes(), sealed));
        plain.map(Bytes::from).map_err(|reason| Refusal::Sealed { key: key.to_owned(), reason })
    }
}

/// An entry as it lies in the table.
pub(super) fn encode_entry(entry: &Entry, sealer: &Sealer) -> Result<Vec<u8>, String> {
    let sealed = match sealer.cipher_for(&entry.key) {
        Some(cipher) => Some(cipher.seal(entry.key.as_bytes(), &entry.value)?),
        None => None,
    };
    let value = sealed.as_deref().unwrap_or(&entry.value);
    let mut out = Vec::with_capacity(value.len() + 16);
    out.extend([VERSION, if sealed.is_some() { SEALED } else { 0 }]);
    put_number(&mut out, entry.create_revision);
    put_number(&mut out, entry.mod_revision - entry.create_revision);
    out.extend_from_slice(value);
    Ok(out)
}

/// Reads what [`encode_entry`] wrote.
pub(super) fn decode_entry(key: &Arc<str>, bytes: &[u8], sealer: &Sealer) -> Result<Entry, Refusal> {
    let malformed = || Refusal::Damaged(format!("the entry of {key} is malformed"));
    let (create_revision, age, sealed, value) = entry_parts(bytes).ok_or_else(malformed)?;
    let value = if sealed { sealer.unseal(key, value)? } else { Bytes::copy_from_slice(value) };
    let mod_revision = create_revision.checked_add(age).ok_or_else(malformed)?;
    Ok(Entry { key: Arc::clone(key), value, create_revision, mod_revision })
}

fn entry_parts(mut bytes: &[u8]) -> Option<(Revision, u64, bool, &[u8])> {
    let [VERSION, flags @ (0 | SEALED)] = *take(&mut bytes, 2)? else { return None };
    let create_revision = take_number(&mut bytes)?;
    let age = take_number(&mut bytes)?;
    Some((create_revision, age, flags == SEALED, bytes))
}

/// A revision of the past, begun.
pub(super) fn begin_undo() -> Vec<u8> {
    vec![VERSION]
}

/// Adds what `key` held before.
pub(super) fn push_undo(out: &mut Vec<u8>, undo: &Undo<'_>) {
    put_number(out, undo.key.len() as u64);
    out.extend_from_slice(undo.key.as_bytes());
    put_number(out, undo.previous.map_or(0, |entry| entry.len() as u64 + 1));
    out.extend_from_slice(undo.previous.unwrap_or_default());
}

/// Reads a revision of the past.
pub(super) fn decode_undo(revision: Revision, bytes: &[u8]) -> Result<Vec<Undo<'_>>, Refusal> {
    undo_parts(bytes).ok_or_else(|| Refusal::Damaged(format!("the history of revision {revision} is malformed")))
}

fn undo_parts(mut bytes: &[u8]) -> Option<Vec<Undo<'_>>> {
    let [VERSION] = *take(&mut bytes, 1)? else { return None };
    let mut undos = vec![];
    while !bytes.is_empty() {
        let key_len = usize::try_from(take_number(&mut bytes)?).ok()?;
        let key = str::from_utf8(take(&mut bytes, key_len)?).ok()?;
        let entry_len = usize::try_from(take_number(&mut bytes)?).ok()?;
        let previous = match entry_len.checked_sub(1) {
            Some(len) => Some(take(&mut bytes, len)?),
            None => None,
        };
        undos.push(Undo { key, previous });
    }
    Some(undos)
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(0x80 | u8::try_from(number & 0x7f).unwrap_or_default());
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or_default());
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        let bits = u64::from(byte & 0x7f);
        number |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests;
