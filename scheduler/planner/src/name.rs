//! Names made up by controllers: deterministic, readable aloud, free of accidental words.
//!
//! The alphabet is Kubernetes': no vowels, so no words; no 0, 1, 3, so no confusion.

use std::collections::BTreeSet;
use std::io;

use api::NamespacedName;
use serde::Serialize;

use crate::Snapshot;

const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// Random letters at the end of a generated name, as in Kubernetes: 14 million values.
const SUFFIX_LEN: usize = 5;
/// Longest part before the suffix, so that the name fits a DNS label of 63 characters.
const BASE_LEN_MAX: usize = 58;

/// FNV-1a, 64 bits: small, stable for ever, and not meant to resist an attacker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// Hashes the JSON form. Kubernetes' types write their fields in one order, so it is canonical.
    pub(crate) fn json(self, value: &impl Serialize) -> Self {
        let mut sink = Sink(self);
        serde_json::to_writer(&mut sink, value).expect("Kubernetes types are plain data and the sink never fails");
        sink.0
    }

    /// Mixes the bits, so that neighbours differ everywhere.
    pub(crate) fn finish(self) -> u64 {
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        mixed ^ (mixed >> 33)
    }
}

struct Sink(Hash);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A hash as the end of a ReplicaSet's name: about ten letters.
pub(crate) fn encode(hash: u64) -> String {
    let short = hash & u64::from(u32::MAX);
    short.to_string().bytes().map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()])).collect()
}

/// `base` and five letters drawn from `hash`; the base is cut so that the whole fits a label.
pub(crate) fn generated(base: &str, hash: Hash) -> String {
    let mut rest = hash.finish();
    let mut name = String::with_capacity(BASE_LEN_MAX + SUFFIX_LEN);
    name.extend(base.chars().take(BASE_LEN_MAX));
    for _ in 0..SUFFIX_LEN {
        let at = rest % 27;
        rest /= 27;
        name.push(char::from(ALPHABET[usize::try_from(at).expect("at is below 27")]));
    }
    name
}

/// Names of new Pods, none of them given twice in one plan.
#[derive(Debug, Default)]
pub(crate) struct PodNames {
    given: BTreeSet<NamespacedName>,
}

impl PodNames {
    /// A name that begins with `base` and is free; `owner` is the UID of whose Pod it will be.
    pub(crate) fn draw(&mut self, snapshot: &Snapshot, namespace: &str, base: &str, owner: &str) -> String {
        let hash = Hash::new().number(snapshot.seed).bytes(owner.as_bytes());
        let mut attempt = self.given.len() as u64;
        loop {
            let name = generated(base, hash.number(attempt));
            let key = NamespacedName::new(namespace, name.as_str());
            if !snapshot.pods.contains_key(&key) && self.given.insert(key) {
                return name;
            }
            attempt = attempt.wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_for_the_same_seed_only() {
        let name = |seed| generated("web-", Hash::new().number(seed));
        assert_eq!(name(1), name(1));
        assert_ne!(name(1), name(2));
        assert_eq!(name(1).len(), "web-".len() + SUFFIX_LEN);
        assert!(name(7).bytes().skip(4).all(|letter| ALPHABET.contains(&letter)));
    }

    #[test]
    fn long_bases_are_cut_to_fit_a_label() {
        assert_eq!(generated(&"a".repeat(200), Hash::new()).len(), 63);
    }

    #[test]
    fn stored_hashes_never_change() {
        // ReplicaSets in stores carry these names.
        assert_eq!(encode(Hash::new().json(&serde_json::json!({"a": [1, "x"]})).finish()), "7c6f965b79");
    }
}
