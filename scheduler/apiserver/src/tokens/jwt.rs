//! JSON Web Tokens (RFC 7519) in compact form, ES256 (RFC 7518) and nothing else. Pure.
//!
//! The header is held against the one we write: another algorithm, an unknown key, or anything that must be
//! understood (`crit`) is refused before a signature is looked at. Sizes are bounded before anything is decoded.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys::{Keys, KeysError};

/// The one algorithm.
pub(super) const ALGORITHM: &str = "ES256";
/// Largest token. Ours have some 1,200 bytes; names and audiences may make them three times as long.
pub(super) const TOKEN_BYTES_MAX: usize = 8 << 10;
/// Longest key id; ours have 43 characters.
const KEY_ID_MAX: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    /// Kubernetes' tokens have none; other libraries write `JWT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
}

/// A text that is no token of ours. There is one reason only, so that nobody learns how close they came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign;

/// Signs claims.
pub(super) fn sign(keys: &Keys, claims: &impl Serialize) -> Result<String, KeysError> {
    let header = Header { alg: ALGORITHM.to_owned(), kid: keys.signing_id().to_owned(), typ: None };
    let encode = |part: Vec<u8>| URL_SAFE_NO_PAD.encode(part);
    let (header, claims) = (serde_json::to_vec(&header), serde_json::to_vec(claims));
    let header = encode(header.expect("text encodes"));
    let claims = encode(claims.expect("claims have text, numbers and lists of them"));
    let message = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(keys.sign(message.as_bytes())?);
    Ok(format!("{message}.{signature}"))
}

/// The claims of a token that one of the keys has signed. Whether they are good now is another question.
pub(super) fn verify<T: DeserializeOwned>(keys: &Keys, token: &str) -> Result<T, Foreign> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Foreign);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Foreign)?;
    let (header, claims) = message.split_once('.').filter(|(_, claims)| !claims.contains('.')).ok_or(Foreign)?;
    let header: Header = decode(header)?;
    if header.alg != ALGORITHM || header.kid.len() > KEY_ID_MAX {
        return Err(Foreign);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Foreign)?;
    if !keys.has_signed(&header.kid, message.as_bytes(), &signature) {
        return Err(Foreign);
    }
    decode(claims)
}

/// Whether a text has the form of a token, so that it is worth a look.
pub(super) fn is_token(text: &str) -> bool {
    text.len() <= TOKEN_BYTES_MAX && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, Foreign> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Foreign)?;
    serde_json::from_slice(&bytes).map_err(|_| Foreign)
}
