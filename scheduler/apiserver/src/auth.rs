//! Who asks, and whether they may.
//!
//! Who: a client certificate that the TLS layer verified, or a bearer token, both judged by an [`Authenticator`]; who
//! shows neither is `system:anonymous`, and who shows a wrong one is nobody (401). Whether: [`crate::rbac`] says.
//! Tokens are never logged and never part of a message.

mod credential;
mod failures;
mod gate;
mod impersonation;
mod user;

use async_trait::async_trait;
use rustls::pki_types::CertificateDer;

pub(crate) use self::gate::{Gate, Pass, guard, refusal};
pub use self::user::User;
pub(crate) use self::user::account_name;

/// Tells who holds a credential.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The holder of a bearer token.
    async fn bearer(&self, token: &str) -> Option<User>;
    /// The subject of a client certificate whose chain has been verified.
    fn certificate(&self, der: &CertificateDer<'_>) -> Option<User>;
}
