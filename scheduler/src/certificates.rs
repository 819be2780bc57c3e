//! Who the cluster says people, hosts and servers are: its own CA and what it issues.
//!
//! ECDSA P-256 throughout. Every leaf carries an authority key id and a subject key id, because strict
//! clients check both. Only the CA's key and the code signer's are kept, sealed; the server's own
//! certificate is made anew at each start and while running, so that nothing expires unattended.

mod admin;
mod authority;
mod node;
mod server;
mod signer;

pub(crate) use admin::{ADMIN, MASTERS, bearer_token, kubeconfig};
pub(crate) use authority::Authority;
pub(crate) use node::requested;
pub(crate) use server::{RENEW_AFTER, ServerCertificate};
pub(crate) use signer::open as open_signer;

#[cfg(test)]
pub(crate) use authority::Subject;
#[cfg(test)]
pub(crate) use node::tests;

use crate::data_dir;

/// Why a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The library refuses.
    #[error("certificate: {0}")]
    Rcgen(#[from] rcgen::Error),
    /// TLS refuses what was made.
    #[error("TLS: {0}")]
    Tls(#[from] protocol::tls::Error),
    /// rustls refuses what was made.
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
    /// The data directory.
    #[error(transparent)]
    DataDir(#[from] data_dir::Error),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// No randomness, or a key file that is not a key.
    #[error("{0}")]
    Key(String),
}
