//! How a machine becomes a host: a one-use token buys a certificate.
//!
//! The token carries the hash of the cluster's CA. The secret is sent only over a connection whose chain
//! ends in exactly that CA, so that whoever answers at the address cannot pick the token up.

use std::path::Path;
use std::sync::{Arc, Mutex};

use protocol::code::sha256_hex;
use protocol::tls;
use protocol::v1::JoinRequest;
use protocol::v1::host_link_client::HostLinkClient;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tonic::transport::ClientTlsConfig;

use crate::identity::{self, Node, Request, Stored};
use crate::link::{endpoint, with_causes};

/// First part of every join token; the number is its format.
const TOKEN_PREFIX: &str = "insula1";
/// Hexadecimal digits of a SHA-256.
const HASH_LEN: usize = 64;
/// Longest token we read. Ours are under 200 bytes.
const TOKEN_LEN_MAX: usize = 1024;

/// Why a machine did not become a host.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The token is not one of ours.
    #[error("not a join token: {0}; `insula token create` on the server prints one")]
    Token(&'static str),
    /// Nobody answers, or the answer is not from the cluster the token is of.
    #[error("cannot join through {server}: {why}")]
    Unreachable {
        /// The address dialled.
        server: String,
        /// What the transport said, with its causes.
        why: String,
    },
    /// Another cluster answers; the secret was not sent.
    #[error(
        "{server} belongs to another cluster than the token: {why}; the token was not sent. Check --server, or make a token on that server"
    )]
    OtherCluster {
        /// The address dialled.
        server: String,
        /// What did not fit.
        why: String,
    },
    /// The control plane refuses: the token is used, expired, or for another name.
    #[error("the control plane refuses: {0}")]
    Refused(String),
    /// This machine is a host already.
    #[error("{0} already holds the identity of node {1:?}; start it, or remove that directory to join anew")]
    Joined(String, String),
    /// This machine is a host of another cluster.
    #[error(
        "{0} holds the identity of a host of another cluster than the token's; remove that directory to leave that cluster, or use another --data-dir"
    )]
    Elsewhere(String),
    /// A key could not be made.
    #[error("cannot make a key: {0}")]
    Key(#[from] rcgen::Error),
    /// The identity could not be kept.
    #[error(transparent)]
    Identity(#[from] identity::Error),
}

/// A join token: `insula1.<id>.<secret>.<sha256 of the CA's DER, hex>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    whole: String,
    ca_sha256: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token(.., ca {})", self.ca_sha256)
    }
}

impl Token {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`JoinError::Token`] with the part that is wrong; the text itself is never repeated.
    pub fn parse(text: &str) -> Result<Self, JoinError> {
        if text.len() > TOKEN_LEN_MAX {
            return Err(JoinError::Token("it is too long"));
        }
        let parts: Vec<&str> = text.trim().split('.').collect();
        let [prefix, id, secret, hash] = parts[..] else {
            return Err(JoinError::Token("it has not four parts between dots"));
        };
        if prefix != TOKEN_PREFIX {
            return Err(JoinError::Token("it does not start with insula1"));
        }
        if id.is_empty() || secret.is_empty() {
            return Err(JoinError::Token("its id or secret is empty"));
        }
        let hash = hash.to_ascii_lowercase();
        if hash.len() != HASH_LEN || !hash.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(JoinError::Token("its last part is not the hash of a CA"));
        }
        Ok(Self { whole: text.trim().to_owned(), ca_sha256: hash })
    }
}

/// Makes this machine the host `node_name` of the cluster that `server` and `token` belong to.
///
/// A host whose certificate has expired may join again; it keeps what it was told and serves on meanwhile.
///
/// # Errors
/// What went wrong and how to mend it. Nothing is written unless the whole succeeds.
pub async fn join(server: &str, token: &str, node_name: &str, data_dir: &Path) -> Result<(), JoinError> {
    let token = Token::parse(token)?;
    let dir = data_dir.join("host");
    if let Ok(stored) = Stored::load(&dir)
        && !identity::is_expired(&stored, jiff::Timestamp::now())
    {
        return Err(JoinError::Joined(dir.display().to_string(), stored.node.node_name));
    }
    let request = Request::make(node_name, None)?;
    let channel = dial(server, &token).await?;
    let answer = HostLinkClient::new(channel)
        .join(JoinRequest {
            token: token.whole.clone(),
            node_name: node_name.to_owned(),
            csr_der: request.csr_der.into(),
        })
        .await
        .map_err(|status| JoinError::Refused(status.message().to_owned()))?
        .into_inner();
    check_ca(&answer.ca_pem, &token).map_err(|why| JoinError::OtherCluster { server: server.to_owned(), why })?;
    let stored = Stored {
        identity: tls::Identity { certificate_pem: answer.certificate_pem, key_pem: request.key_pem },
        ca_pem: answer.ca_pem,
        node: Node { node_name: node_name.to_owned(), cluster_id: answer.cluster_id },
    };
    Ok(stored.save(&dir)?)
}

/// Whether this machine is a host already, so that no token is needed. A host whose certificate has expired has to
/// join again (F81).
///
/// # Errors
/// The token given is malformed, or names the CA of another cluster than the one this machine belongs to.
pub fn joined(data_dir: &Path, token: Option<&str>) -> Result<bool, JoinError> {
    let token = token.map(Token::parse).transpose()?;
    let dir = data_dir.join("host");
    let Ok(stored) = Stored::load(&dir) else { return Ok(false) };
    if token.is_some_and(|token| check_ca(&stored.ca_pem, &token).is_err()) {
        return Err(JoinError::Elsewhere(dir.display().to_string()));
    }
    Ok(!identity::is_expired(&stored, jiff::Timestamp::now()))
}

async fn dial(server: &str, token: &Token) -> Result<tonic::transport::Channel, JoinError> {
    let unreachable = |why: String| JoinError::Unreachable { server: server.to_owned(), why };
    let verifier = Arc::new(Pinned::new(token.ca_sha256.clone()));
    let config = ClientTlsConfig::new().domain_name(tls::SERVER_NAME);
    let endpoint = endpoint(server)
        .and_then(|endpoint| endpoint.tls_config_with_verifier(config, verifier.clone()))
        .map_err(|e| unreachable(with_causes(&e)))?;
    endpoint.connect().await.map_err(|error| match verifier.refusal() {
        Some(why) => JoinError::OtherCluster { server: server.to_owned(), why },
        None => unreachable(with_causes(&error)),
    })
}

fn check_ca(ca_pem: &str, token: &Token) -> Result<(), String> {
    let certificates = tls::certificates(ca_pem).map_err(|e| e.to_string())?;
    match certificates.as_slice() {
        [ca] if sha256_hex(ca) == token.ca_sha256 => Ok(()),
        _ => Err("it hands out another CA than the token names".to_owned()),
    }
}

/// Accepts a chain that ends in the one CA whose hash is known, and is otherwise as strict as ever:
/// names, validity and signatures are checked against that CA.
#[derive(Debug)]
struct Pinned {
    ca_sha256: String,
    provider: Arc<CryptoProvider>,
    refusal: Mutex<Option<String>>,
}

impl Pinned {
    fn new(ca_sha256: String) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Self { ca_sha256, provider, refusal: Mutex::new(None) }
    }

    fn refusal(&self) -> Option<String> {
        self.refusal.lock().ok()?.clone()
    }

    fn refuse(&self, why: &str) -> rustls::Error {
        if let Ok(mut refusal) = self.refusal.lock() {
            *refusal = Some(why.to_owned());
        }
        rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let ca = intermediates
            .iter()
            .find(|certificate| sha256_hex(certificate) == self.ca_sha256)
            .ok_or_else(|| self.refuse("its chain does not hold the CA that the token names"))?;
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|error| self.refuse(&error.to_string()))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
