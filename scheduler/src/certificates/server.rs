//! The server's own certificate, and how it is replaced while running (C66).
//!
//! It is made in memory at each start and again after [`RENEW_AFTER`]; connections that are open keep
//! what they shook hands with. TLS asks [`ServerCertificate`] at every handshake, so no listener restarts.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rcgen::{ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256, SanType};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivatePkcs8KeyDer;

use protocol::tls::{self, ClientCertificate, Identity, SERVER_NAME};

use super::Error;
use super::authority::{Authority, Subject};

/// Life of the server's certificate. Short, because replacing it costs nothing.
const LIFE: Duration = Duration::from_secs(90 * 24 * 3600);
/// When a running server makes the next one: at two thirds of its life.
pub(crate) const RENEW_AFTER: Duration = Duration::from_secs(60 * 24 * 3600);

/// The names a server always goes by; in-cluster clients use Kubernetes' own.
const NAMES: [&str; 6] = [
    SERVER_NAME,
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// The current certificate, handed out at every handshake.
pub(crate) struct ServerCertificate {
    authority: Authority,
    addresses: Vec<IpAddr>,
    current: RwLock<Current>,
}

struct Current {
    certified: Arc<CertifiedKey>,
    identity: Identity,
}

impl std::fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerCertificate").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl ServerCertificate {
    /// Makes the first certificate, for `addresses` beside loopback.
    ///
    /// # Errors
    /// What the library refuses.
    pub(crate) fn new(authority: Authority, addresses: &[IpAddr]) -> Result<Arc<Self>, Error> {
        let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16])];
        let mut all = loopback.to_vec();
        all.extend(addresses.iter().filter(|a| !a.is_unspecified() && !loopback.contains(a)));
        let current = RwLock::new(issue(&authority, &all)?);
        Ok(Arc::new(Self { authority, addresses: all, current }))
    }

    /// Replaces the certificate in place.
    ///
    /// # Errors
    /// What the library refuses; the old one stays.
    pub(crate) fn renew(&self) -> Result<(), Error> {
        let next = issue(&self.authority, &self.addresses)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// A TLS configuration that serves whatever certificate is current.
    ///
    /// # Errors
    /// What TLS refuses.
    pub(crate) fn tls(self: &Arc<Self>, alpn: &[&str]) -> Result<rustls::ServerConfig, Error> {
        let identity = self.current.read().unwrap_or_else(PoisonError::into_inner).identity.clone();
        let mut config = tls::server(&identity, self.authority.pem(), ClientCertificate::Optional, alpn)?;
        config.cert_resolver = self.clone();
        Ok(config)
    }
}

impl ResolvesServerCert for ServerCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).certified.clone())
    }
}

fn issue(authority: &Authority, addresses: &[IpAddr]) -> Result<Current, Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut names = Vec::new();
    for name in NAMES {
        names.push(SanType::DnsName(name.try_into()?));
    }
    names.extend(addresses.iter().copied().map(SanType::IpAddress));
    let subject = Subject {
        common_name: SERVER_NAME,
        organisation: "",
        alternative_names: names,
        usages: vec![ExtendedKeyUsagePurpose::ServerAuth],
        life: LIFE,
    };
    // The CA goes along: a host that joins knows only its hash, and finds it here.
    let certificate_pem = format!("{}{}", authority.issue(&key, subject)?, authority.pem());
    let chain = tls::certificates(&certificate_pem)?;
    let der = PrivatePkcs8KeyDer::from(key.serialize_der());
    let signing = rustls::crypto::ring::sign::any_supported_type(&der.into())?;
    let identity = Identity { certificate_pem, key_pem: key.serialize_pem() };
    Ok(Current { certified: Arc::new(CertifiedKey::new(chain, signing)), identity })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    // C66
    #[test]
    fn a_renewed_certificate_is_what_the_next_handshake_gets() {
        let dir = tempfile::tempdir().expect("dir");
        let authority = Authority::open(&DataDir::open(dir.path()).expect("opens")).expect("makes");
        let server = ServerCertificate::new(authority, &[IpAddr::from([0, 0, 0, 0]), IpAddr::from([10, 0, 0, 1])])
            .expect("makes");
        assert_eq!(server.addresses.len(), 3, "loopback twice and one more; never 0.0.0.0");
        server.tls(&["h2"]).expect("configures");
        let serial = || {
            let current = server.current.read().expect("reads");
            let (_, parsed) = x509_parser::parse_x509_certificate(&current.certified.cert[0]).expect("parses");
            parsed.serial.to_string()
        };
        let chain = server.current.read().expect("reads").certified.cert.clone();
        assert_eq!(protocol::code::sha256_hex(&chain[1]), server.authority.sha256_hex(), "the chain ends in the CA");
        let before = serial();
        server.renew().expect("renews");
        assert_ne!(before, serial());
    }
}
