//! The keys that sign tokens: the first signs, all are recognised.
//!
//! A key is an ECDSA P-256 key pair; its id is its thumbprint (RFC 7638), so that it is the same wherever it is
//! computed. A new key is put in front and the old ones stay until [`KEYS_MAX`] push them out: what they signed goes
//! on being good, and ends in its own time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Keys that are kept. With one new key in [`ROTATE_AFTER`] the oldest is two years old.
const KEYS_MAX: usize = 8;
/// Age at which the signing key is replaced when the server starts.
const ROTATE_AFTER: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Bytes of a coordinate of a point on P-256.
const COORDINATE: usize = 32;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// What is stored is no set of keys.
    #[error("the keys that sign tokens of ServiceAccounts cannot be read: {0}")]
    Damaged(String),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random,
}

/// The keys, the signing one first.
pub struct Keys {
    keys: Vec<Key>,
    random: SystemRandom,
}

struct Key {
    pair: EcdsaKeyPair,
    id: String,
    stored: Stored,
}

/// A key as it is stored, sealed by whoever stores it.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    /// PKCS#8, base64.
    pkcs8: String,
    made: Timestamp,
}

/// Without the keys.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

impl Keys {
    /// A first key.
    ///
    /// # Errors
    /// No randomness.
    pub fn create(now: Timestamp) -> Result<Self, KeysError> {
        let mut keys = Self { keys: Vec::new(), random: SystemRandom::new() };
        keys.rotate(now)?;
        Ok(keys)
    }

    /// Reads stored keys.
    ///
    /// # Errors
    /// [`KeysError::Damaged`].
    pub fn parse(stored: &[u8]) -> Result<Self, KeysError> {
        let stored: Vec<Stored> =
            serde_json::from_slice(stored).map_err(|error| KeysError::Damaged(error.to_string()))?;
        let random = SystemRandom::new();
        let keys = stored.into_iter().map(|stored| Key::open(stored, &random)).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(KeysError::Damaged("there is none".to_owned()));
        }
        Ok(Self { keys, random })
    }

    /// The keys as they are stored. Secret.
    #[must_use]
    pub fn stored(&self) -> Vec<u8> {
        let stored: Vec<&Stored> = self.keys.iter().map(|key| &key.stored).collect();
        serde_json::to_vec(&stored).expect("text and times encode")
    }

    /// Whether the signing key is so old that a new one should sign.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.keys.first().is_none_or(|key| now.duration_since(key.stored.made) >= ROTATE_AFTER)
    }

    /// Lets a new key sign from now on.
    ///
    /// # Errors
    /// No randomness.
    pub fn rotate(&mut self, now: Timestamp) -> Result<(), KeysError> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.random)
            .map_err(|_| KeysError::Random)?;
        let stored = Stored { pkcs8: URL_SAFE_NO_PAD.encode(pkcs8.as_ref()), made: now };
        self.keys.insert(0, Key::open(stored, &self.random)?);
        self.keys.truncate(KEYS_MAX);
        Ok(())
    }

    /// The id of the key that signs.
    pub(super) fn signing_id(&self) -> &str {
        self.keys.first().map(|key| key.id.as_str()).unwrap_or_default()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeysError> {
        let key = self.keys.first().ok_or(KeysError::Random)?;
        let signature = key.pair.sign(&self.random, message).map_err(|_| KeysError::Random)?;
        Ok(signature.as_ref().to_vec())
    }

    /// Whether the key of this id has signed a message. An id only chooses among the keys that are held.
    pub(super) fn has_signed(&self, id: &str, message: &[u8], signature: &[u8]) -> bool {
        self.keys.iter().find(|key| key.id == id).is_some_and(|key| {
            let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.pair.public_key().as_ref());
            public.verify(message, signature).is_ok()
        })
    }

    /// The public keys as a JWK set.
    pub(super) fn public(&self) -> Value {
        let keys: Vec<Value> = self.keys.iter().map(Key::public).collect();
        json!({"keys": keys})
    }
}

impl Key {
    fn open(stored: Stored, random: &SystemRandom) -> Result<Self, KeysError> {
        let damaged = |why: String| KeysError::Damaged(why);
        let pkcs8 = URL_SAFE_NO_PAD.decode(&stored.pkcs8).map_err(|error| damaged(error.to_string()))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, random)
            .map_err(|error| damaged(error.to_string()))?;
        let mut key = Self { pair, id: String::new(), stored };
        let (x, y) = key.point();
        // The members that RFC 7638 names, in its order.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        key.id = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, members.as_bytes()));
        Ok(key)
    }

    /// The coordinates of the public key, which is `04 ‖ x ‖ y`.
    fn point(&self) -> (String, String) {
        let bytes = self.pair.public_key().as_ref();
        let coordinate = |from: usize| URL_SAFE_NO_PAD.encode(bytes.get(from..from + COORDINATE).unwrap_or_default());
        (coordinate(1), coordinate(1 + COORDINATE))
    }

    fn public(&self) -> Value {
        let (x, y) = self.point();
        json!({"use": "sig", "kty": "EC", "kid": self.id, "crv": "P-256", "alg": super::jwt::ALGORITHM, "x": x, "y": y})
    }
}
