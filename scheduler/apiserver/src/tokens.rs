//! Tokens of ServiceAccounts: JSON Web Tokens that this cluster signs and this cluster judges.
//!
//! One algorithm, ES256; what a token says of algorithms or keys chooses among our own keys and nothing else. A token
//! names its audience, its account and, if it is bound, the Pod, Secret or Node with which it dies. [`Accounts`] looks
//! that up when a token is shown, so that a deleted account is shut out at once.
//!
//! Absent: tokens of other issuers.

mod claims;
mod judge;
mod jwt;
mod keys;
mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::claims::Bound;
use self::claims::Claims;
pub use self::judge::Accounts;
pub use self::keys::{Keys, KeysError};
pub(crate) use self::request::create;

/// Who signs, and for whom by default. The name by which Pods reach the API, as in Kubernetes.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// Life of a token when none is asked for.
pub const LIFE_DEFAULT_SECONDS: i64 = 3_600;
/// Shortest life that may be asked for.
pub(crate) const LIFE_MIN_SECONDS: i64 = 600;
/// Longest life that is given; what asks for more gets this.
pub(crate) const LIFE_MAX_SECONDS: i64 = 86_400;

/// The time, on a line that never runs back: a clock that is set back revives no token (F13).
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Signs tokens. Cheap to clone.
#[derive(Clone)]
pub struct Issuer {
    keys: Arc<Keys>,
    now: Now,
    /// Where this server's keys are found by others: `https://HOST:PORT`.
    url: Arc<str>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Whom a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Namespace of the account.
    pub namespace: String,
    /// Name of the account.
    pub name: String,
    /// UID of the account.
    pub uid: String,
    /// With what else the token dies.
    pub bound: Option<Bound>,
}

/// A token, signed.
#[derive(Clone)]
pub struct Minted {
    /// The token. Secret.
    pub token: String,
    /// When it ends; `None` for one that ends with the Secret that holds it.
    pub expires: Option<Timestamp>,
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Minted").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Issuer {
    /// An issuer of these keys.
    #[must_use]
    pub fn new(keys: Keys, now: Now, url: &str) -> Self {
        Self { keys: Arc::new(keys), now, url: url.into() }
    }

    /// Signs a token for some audiences, the API's if there are none.
    ///
    /// # Errors
    /// No randomness.
    pub fn mint(&self, holder: &Holder, audiences: &[String], seconds: i64) -> Result<Minted, KeysError> {
        let seconds = seconds.clamp(LIFE_MIN_SECONDS, LIFE_MAX_SECONDS);
        self.sign(holder, audiences, Some(seconds))
    }

    /// Signs a token that lives as long as the Secret it lies in.
    ///
    /// # Errors
    /// No randomness.
    pub fn mint_for_secret(&self, holder: &Holder) -> Result<Minted, KeysError> {
        self.sign(holder, &[], None)
    }

    fn sign(&self, holder: &Holder, audiences: &[String], seconds: Option<i64>) -> Result<Minted, KeysError> {
        let claims = Claims::new(holder, audiences, (self.now)(), seconds);
        let expires = claims.expires();
        let token = jwt::sign(&self.keys, &claims)?;
        Ok(Minted { token, expires })
    }

    /// The claims of a token that one of our keys has signed and that is good now.
    fn verify(&self, token: &str) -> Option<Claims> {
        let claims: Claims = jwt::verify(&self.keys, token).ok()?;
        claims.is_good_at((self.now)()).then_some(claims)
    }

    /// Whether a token was signed by a key that is still ours. Says nothing of whether it is good.
    #[must_use]
    pub fn has_signed(&self, token: &str) -> bool {
        jwt::verify::<Claims>(&self.keys, token).is_ok()
    }

    /// `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, as far as Kubernetes' issuers go).
    pub(crate) fn discovery(&self) -> Value {
        json!({
            "issuer": ISSUER,
            "jwks_uri": format!("{}/openid/v1/jwks", self.url),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [jwt::ALGORITHM],
        })
    }

    /// `/openid/v1/jwks` (RFC 7517).
    pub(crate) fn key_set(&self) -> Value {
        self.keys.public()
    }
}
