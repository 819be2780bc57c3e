//! The TLS both ends of the host protocol speak, and hosts among each other.
//!
//! One provider, ring; the cluster's own CA and nothing else is trusted; both sides show certificates.
//! A Node's certificate has the subject `O=system:nodes, CN=system:node:<name>` (as in Kubernetes) and serves
//! for both directions; its subject alternative names are the node's name and IP.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// DNS name in the control plane's certificate that hosts ask for, whatever address they dial.
pub const SERVER_NAME: &str = "insula-server";
/// Prefix of the common name of Nodes.
pub const NODE_PREFIX: &str = "system:node:";
/// Organisation of Nodes.
pub const NODE_GROUP: &str = "system:nodes";

/// Why no TLS configuration could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate or key that does not parse.
    #[error("not PEM of the expected kind: {0}")]
    Pem(String),
    /// The library refuses.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// The CA does not serve as a trust anchor.
    #[error("no verifier: {0}")]
    Verifier(String),
}

/// A certificate chain with its key, as PEM.
#[derive(Clone)]
pub struct Identity {
    /// Chain, leaf first.
    pub certificate_pem: String,
    /// PKCS#8 key.
    pub key_pem: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl Identity {
    fn parse(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(|e| Error::Pem(e.to_string()))?;
        Ok((certificates(&self.certificate_pem)?, key))
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Parses certificates from PEM.
///
/// # Errors
/// [`Error::Pem`].
pub fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|e| Error::Pem(e.to_string()))
}

fn roots(ca_pem: &str) -> Result<Arc<RootCertStore>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca_pem)? {
        roots.add(certificate)?;
    }
    Ok(Arc::new(roots))
}

/// Whether a server insists on a client certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    /// Between hosts: no certificate, no connection.
    Required,
    /// The API and the host protocol: `Join` and bearer tokens come without one.
    Optional,
}

/// The serving side. ALPN is the caller's: `h2`, or `h2` and `http/1.1`.
///
/// # Errors
/// A certificate, key or CA that does not parse.
pub fn server(
    identity: &Identity,
    ca_pem: &str,
    client: ClientCertificate,
    alpn: &[&str],
) -> Result<ServerConfig, Error> {
    let (chain, key) = identity.parse()?;
    let builder = WebPkiClientVerifier::builder_with_provider(roots(ca_pem)?, provider());
    let verifier = match client {
        ClientCertificate::Required => builder.build(),
        ClientCertificate::Optional => builder.allow_unauthenticated().build(),
    }
    .map_err(|e| Error::Verifier(e.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    Ok(config)
}

/// The dialling side; `identity` is absent only when a host joins.
///
/// # Errors
/// A certificate, key or CA that does not parse.
pub fn client(identity: Option<&Identity>, ca_pem: &str, alpn: &[&str]) -> Result<ClientConfig, Error> {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(ca_pem)?, provider())
        .build()
        .map_err(|e| Error::Verifier(e.to_string()))?;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_webpki_verifier(verifier);
    let mut config = match identity {
        Some(identity) => {
            let (chain, key) = identity.parse()?;
            builder.with_client_auth_cert(chain, key)?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    Ok(config)
}

/// Who a verified client certificate speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Common name: the user.
    pub name: String,
    /// Organisations: the groups.
    pub groups: Vec<String>,
}

impl Subject {
    /// Reads the subject of a leaf certificate that TLS has already verified.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        let text = |a: &x509_parser::x509::AttributeTypeAndValue<'_>| a.as_str().ok().map(str::to_owned);
        let name = parsed.subject().iter_common_name().find_map(text)?;
        let groups = parsed.subject().iter_organization().filter_map(text).collect();
        Some(Self { name, groups })
    }

    /// The Node this subject is, if it is one.
    #[must_use]
    pub fn node_name(&self) -> Option<&str> {
        if self.groups.iter().any(|g| g == NODE_GROUP) { self.name.strip_prefix(NODE_PREFIX) } else { None }
    }
}
