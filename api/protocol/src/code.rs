//! Compiled code is trusted code: who may make it, and how a host knows.
//!
//! The control plane's compiler signs (Ed25519, RFC 8032); hosts verify before they map a file and never
//! sign. A shared MAC key would let any host make code for every other. The signature covers the code's key
//! (artifact digest, engine, target, processor features), so that code cannot be passed off as other code.

use ring::digest;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

use crate::v1::Engine;

/// Names compiled code: what was compiled, by what, for what. Equal keys are interchangeable.
///
/// `digest` is the artifact's, `sha256:<hex>`. The key is 64 hexadecimal digits, fit for a file name.
#[must_use]
pub fn key(digest: &str, engine: &Engine) -> String {
    let text = format!("{digest}\n{}\n{}\n{}", engine.version, engine.target, engine.cpu_features.join(","));
    sha256_hex(text.as_bytes())
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn statement(code_key: &str, code_sha256_hex: &str) -> String {
    format!("insula code v1\n{code_key}\n{code_sha256_hex}")
}

/// Signs code under its key.
#[must_use]
pub fn sign(signer: &Ed25519KeyPair, code_key: &str, code: &[u8]) -> Vec<u8> {
    signer.sign(statement(code_key, &sha256_hex(code)).as_bytes()).as_ref().to_vec()
}

/// Whether `signature` says that the control plane made `code` for `code_key`.
#[must_use]
pub fn verify(public_key: &[u8], code_key: &str, code: &[u8], signature: &[u8]) -> bool {
    let statement = statement(code_key, &sha256_hex(code));
    UnparsedPublicKey::new(&ED25519, public_key).verify(statement.as_bytes(), signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::KeyPair;

    // F54
    #[test]
    fn foreign_or_changed_code_does_not_verify() {
        let make = || {
            let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("generates");
            Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("parses")
        };
        let (ours, theirs) = (make(), make());
        let public = ours.public_key().as_ref();
        let signature = sign(&ours, "k", b"code");
        assert!(verify(public, "k", b"code", &signature));
        assert!(!verify(public, "k", b"c0de", &signature));
        assert!(!verify(public, "other", b"code", &signature));
        assert!(!verify(public, "k", b"code", &sign(&theirs, "k", b"code")));
        assert!(!verify(public, "k", b"code", b""));
    }
}
