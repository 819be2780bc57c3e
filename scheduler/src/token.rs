//! Join tokens: their text, what is kept of them, and whether one is good. Pure.
//!
//! A token is `insula1.<id>.<secret>.<sha256 of the CA in hex>`. The CA's hash lets a host check whom
//! it talks to before it sends the secret (F80); the server keeps only a hash of the secret. Tokens are
//! Secrets in `kube-system`, so that an operator lists and revokes them with kubectl, they are sealed
//! on disk, and there is no second model of storage.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

/// Type of the Secrets that are join tokens.
pub(crate) const SECRET_TYPE: &str = "bootstrap.insula.dev/token";
/// Where they are.
pub(crate) const NAMESPACE: &str = "kube-system";
const NAME_PREFIX: &str = "join-token-";
const FORMAT: &str = "insula1";
/// Random bytes of the id and of the secret: the id is no secret; 160 bits cannot be guessed.
pub(crate) const ID_BYTES: usize = 5;
pub(crate) const SECRET_BYTES: usize = 20;

/// A token as its holder has it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct JoinToken {
    id: String,
    secret: String,
    ca_sha256_hex: String,
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinToken({})", self.id)
    }
}

impl JoinToken {
    /// Makes a token of random bytes.
    pub(crate) fn new(id: [u8; ID_BYTES], secret: [u8; SECRET_BYTES], ca_sha256_hex: &str) -> Self {
        Self { id: hex::encode(id), secret: hex::encode(secret), ca_sha256_hex: ca_sha256_hex.to_owned() }
    }

    /// Which token it is; may be shown.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The text a host is given. Secret.
    pub(crate) fn text(&self) -> String {
        format!("{FORMAT}.{}.{}.{}", self.id, self.secret, self.ca_sha256_hex)
    }

    /// Name of the Secret that keeps it.
    pub(crate) fn secret_name(&self) -> String {
        format!("{NAME_PREFIX}{}", self.id)
    }

    fn secret_hash(&self) -> String {
        protocol::code::sha256_hex(self.secret.as_bytes())
    }

    /// The Secret that keeps it until it expires.
    pub(crate) fn object(&self, expires: Timestamp) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.secret_name(), "namespace": NAMESPACE},
            "type": SECRET_TYPE,
            "data": {"secret-sha256": STANDARD.encode(self.secret_hash()), "expires": STANDARD.encode(expires.to_string())},
        })
    }
}

impl FromStr for JoinToken {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = text.trim().split('.').collect();
        let [FORMAT, id, secret, ca] = parts.as_slice() else { return Err(Refusal::Malformed) };
        let is_hex = |part: &str, bytes: usize| part.len() == 2 * bytes && hex::decode(part).is_ok();
        if !is_hex(id, ID_BYTES) || !is_hex(secret, SECRET_BYTES) || !is_hex(ca, 32) {
            return Err(Refusal::Malformed);
        }
        let lower = |part: &str| part.to_ascii_lowercase();
        Ok(Self { id: lower(id), secret: lower(secret), ca_sha256_hex: lower(ca) })
    }
}

/// Why a host may not join.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "the token is not of the form insula1.<id>.<secret>.<ca>; copy the whole line that `insula token create` printed"
    )]
    Malformed,
    #[error("the token is of another cluster; make one here with `insula token create`")]
    OtherCluster,
    /// Also what a wrong secret is told: whoever guesses learns nothing.
    #[error("the token is unknown; make one with `insula token create`")]
    Unknown,
    #[error("the token expired at {0}; make a new one with `insula token create`")]
    Expired(Timestamp),
    #[error("the token was used by node {0:?}; a token joins one host, make a new one with `insula token create`")]
    Used(String),
    #[error("node {0:?} is already in the cluster and answers; choose another --name")]
    NameTaken(String),
    #[error("{0}")]
    Request(String),
}

impl Refusal {
    /// One word for metrics and Events.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::OtherCluster => "other-cluster",
            Self::Unknown => "unknown",
            Self::Expired(_) => "expired",
            Self::Used(_) => "used",
            Self::NameTaken(_) => "name-taken",
            Self::Request(_) => "request",
        }
    }
}

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    secret_hash: String,
    expires: Timestamp,
    used_by: Option<String>,
}

impl Record {
    /// Reads a Secret; `None` if it is not a token.
    pub(crate) fn of(secret: &api::core::Secret) -> Option<Self> {
        if secret.type_.as_deref() != Some(SECRET_TYPE) {
            return None;
        }
        let text = |key: &str| {
            let value = secret.data.as_ref()?.get(key)?;
            String::from_utf8(value.0.clone()).ok()
        };
        Some(Self {
            secret_hash: text("secret-sha256")?,
            expires: text("expires")?.parse().ok()?,
            used_by: text("used-by"),
        })
    }

    /// When it stops to be good.
    pub(crate) fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// The merge patch that uses a token up.
pub(crate) fn used_by(node_name: &str) -> Value {
    json!({"data": {"used-by": STANDARD.encode(node_name)}})
}

/// Whether a token is good now. The secret is compared before anything else is told.
///
/// # Errors
/// Why it is not.
pub(crate) fn judge(
    token: &JoinToken,
    record: Option<&Record>,
    ca_sha256_hex: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    if token.ca_sha256_hex != ca_sha256_hex {
        return Err(Refusal::OtherCluster);
    }
    let Some(record) = record else { return Err(Refusal::Unknown) };
    if !same(&record.secret_hash, &token.secret_hash()) {
        return Err(Refusal::Unknown);
    }
    match &record.used_by {
        Some(by) => Err(Refusal::Used(by.clone())),
        None if now >= record.expires => Err(Refusal::Expired(record.expires)),
        None => Ok(()),
    }
}

/// Whether two digests are equal, in time that does not tell where they differ: both pass through one
/// HMAC, and ring compares those in constant time.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"insula compare");
    hmac::verify(&key, a.as_bytes(), hmac::sign(&key, b.as_bytes()).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("in range")
    }

    fn token() -> JoinToken {
        JoinToken::new([1; ID_BYTES], [2; SECRET_BYTES], &"ab".repeat(32))
    }

    fn stored(token: &JoinToken, used: Option<&str>) -> Record {
        let mut object = token.object(at(100));
        if let Some(by) = used {
            object["data"]["used-by"] = used_by(by)["data"]["used-by"].clone();
        }
        Record::of(&serde_json::from_value(object).expect("a Secret")).expect("is a token")
    }

    #[test]
    fn text_and_token_are_one() {
        let token = token();
        assert_eq!(token.text().parse(), Ok(token.clone()));
        assert_eq!(format!("  {}\n", token.text()).parse(), Ok(token.clone()), "as pasted");
        assert!(!format!("{token:?}").contains(&"02".repeat(4)), "the secret is not shown");
        assert!(!token.object(at(0)).to_string().contains(&hex::encode([2; SECRET_BYTES])), "nor kept");
        let text = token.text();
        for bad in ["", "insula1", &text[..text.len() - 1], &text.replace("insula1", "insula2"), &format!("{text}.x")] {
            assert_eq!(bad.parse::<JoinToken>(), Err(Refusal::Malformed), "{bad}");
        }
    }

    // F79
    #[test]
    fn a_token_is_good_once_in_time_here() {
        let ca = "ab".repeat(32);
        let (good, fresh) = (token(), stored(&token(), None));
        let wrong = JoinToken::new([1; ID_BYTES], [3; SECRET_BYTES], &ca);
        for (what, token, record, ca, now, wanted) in [
            ("good", &good, Some(&fresh), &*ca, 99, Ok(())),
            ("expired", &good, Some(&fresh), &ca, 100, Err(Refusal::Expired(at(100)))),
            ("used", &good, Some(&stored(&good, Some("a"))), &ca, 99, Err(Refusal::Used("a".to_owned()))),
            ("wrong secret", &wrong, Some(&fresh), &ca, 99, Err(Refusal::Unknown)),
            ("wrong secret of a used one", &wrong, Some(&stored(&good, Some("a"))), &ca, 99, Err(Refusal::Unknown)),
            ("unknown", &good, None, &ca, 99, Err(Refusal::Unknown)),
            ("elsewhere", &good, Some(&fresh), "cd", 99, Err(Refusal::OtherCluster)),
        ] {
            assert_eq!(judge(token, record, ca, at(now)), wanted, "{what}");
        }
    }
}
