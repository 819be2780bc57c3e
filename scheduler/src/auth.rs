//! Who asks the API: a bearer of the admin's token, or the subject of a certificate of our CA.

use apiserver::{Authenticator, User};
use async_trait::async_trait;
use protocol::tls::Subject;
use rustls_pki_types::CertificateDer;

use crate::certificates::{ADMIN, MASTERS};
use crate::token;

/// Knows the admin's token by its hash only.
pub(crate) struct Doorman {
    token_sha256_hex: String,
}

impl Doorman {
    pub(crate) fn new(admin_token: &str) -> Self {
        Self { token_sha256_hex: protocol::code::sha256_hex(admin_token.as_bytes()) }
    }
}

#[async_trait]
impl Authenticator for Doorman {
    async fn bearer(&self, token: &str) -> Option<User> {
        let presented = protocol::code::sha256_hex(token.as_bytes());
        token::same(&presented, &self.token_sha256_hex).then(|| User {
            name: ADMIN.to_owned(),
            groups: vec![MASTERS.to_owned()],
            ..User::default()
        })
    }

    /// TLS has verified the chain and the time; a Node's certificate makes a user without rights here.
    fn certificate(&self, der: &CertificateDer<'_>) -> Option<User> {
        Subject::of(der).map(|Subject { name, groups }| User { name, groups, ..User::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_token_opens() {
        let doorman = Doorman::new("secret-token");
        assert_eq!(doorman.bearer("secret-token").await.map(|u| u.groups), Some(vec![MASTERS.to_owned()]));
        for wrong in ["", "secret-toke", "secret-token ", "Secret-token"] {
            assert!(doorman.bearer(wrong).await.is_none(), "{wrong}");
        }
    }
}
