//! Who this host is: its certificate and key, the cluster's CA, and how they are renewed.
//!
//! The key never leaves the host: the control plane signs a request for it. A certificate is renewed long
//! before it expires; connections that stand keep the old one, new ones show the new.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use protocol::tls::{self, Identity};
use rcgen::{CertificateParams, DnType, KeyPair};
use serde::{Deserialize, Serialize};

use crate::files;

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
const CA: &str = "ca.pem";
const NODE: &str = "node.json";

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The files are not there.
    #[error("{} holds no identity of a host; run `insula join` first", .0.display())]
    Absent(PathBuf),
    /// The files do not parse.
    #[error("{}: {why}; remove it and run `insula join` again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The disk refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What else a host remembers of its joining.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    /// Name of the Node the certificate is for.
    pub(crate) node_name: String,
    /// The cluster; empty until the first welcome of a host inside `insula up`.
    pub(crate) cluster_id: String,
}

/// An identity as it lies on disk.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) identity: Identity,
    pub(crate) ca_pem: String,
    pub(crate) node: Node,
}

impl Stored {
    /// Reads the identity of the host whose files are in `dir`.
    pub(crate) fn load(dir: &Path) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = dir.join(name);
            fs::read_to_string(&path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Error::Absent(dir.to_owned()),
                _ => Error::Io { path, error },
            })
        };
        let identity = Identity { certificate_pem: read(CERTIFICATE)?, key_pem: read(KEY)? };
        let node = serde_json::from_str(&read(NODE)?)
            .map_err(|error| Error::Damaged { path: dir.join(NODE), why: error.to_string() })?;
        let stored = Self { identity, ca_pem: read(CA)?, node };
        peer_tls(&stored).map_err(|e| Error::Damaged { path: dir.join(CERTIFICATE), why: e.to_string() })?;
        Ok(stored)
    }

    /// Writes the identity. The certificate goes last: without it the others do not count.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        let at = |name: &str| dir.join(name);
        let failed = |path: PathBuf| move |error: io::Error| Error::Io { path, error };
        files::private_dir(dir).map_err(failed(dir.to_owned()))?;
        let node = serde_json::to_vec_pretty(&self.node).map_err(|e| failed(at(NODE))(io::Error::other(e)))?;
        for (name, bytes, mode) in [
            (NODE, node.as_slice(), files::PUBLIC),
            (CA, self.ca_pem.as_bytes(), files::PUBLIC),
            (KEY, self.identity.key_pem.as_bytes(), files::PRIVATE),
            (CERTIFICATE, self.identity.certificate_pem.as_bytes(), files::PUBLIC),
        ] {
            files::replace(&at(name), bytes, mode).map_err(failed(at(name)))?;
        }
        Ok(())
    }
}

/// A fresh key and the request to sign it.
pub(crate) struct Request {
    pub(crate) key_pem: String,
    pub(crate) csr_der: Vec<u8>,
}

impl Request {
    /// Makes a key for the Node. The control plane decides what the certificate says; the names
    /// here only tell it what is asked for.
    pub(crate) fn make(node_name: &str, node_ip: Option<IpAddr>) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![node_name.to_owned()])?;
        params.subject_alt_names.extend(node_ip.map(rcgen::SanType::IpAddress));
        params.distinguished_name.push(DnType::OrganizationName, tls::NODE_GROUP);
        params.distinguished_name.push(DnType::CommonName, format!("{}{node_name}", tls::NODE_PREFIX));
        let csr = params.serialize_request(&key)?;
        Ok(Self { key_pem: key.serialize_pem(), csr_der: csr.der().to_vec() })
    }
}

/// When a certificate should be renewed: with a third of its life left, so that a control plane
/// that is away for a while does not cost the host its identity.
pub(crate) fn renew_at(certificate_pem: &str) -> Result<Timestamp, String> {
    let (from, until) = lifetime(certificate_pem)?;
    Timestamp::from_second(until - (until - from) / 3).map_err(|e| e.to_string())
}

/// Whether only joining again helps (C66).
pub(crate) fn is_expired(stored: &Stored, now: Timestamp) -> bool {
    lifetime(&stored.identity.certificate_pem).is_ok_and(|(_, until)| until <= now.as_second())
}

fn lifetime(certificate_pem: &str) -> Result<(i64, i64), String> {
    let chain = tls::certificates(certificate_pem).map_err(|e| e.to_string())?;
    let leaf = chain.first().ok_or("no certificate")?;
    let (_, parsed) = x509_parser::parse_x509_certificate(leaf).map_err(|e| e.to_string())?;
    Ok((parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp()))
}

/// How long to wait until `at`, never less than a moment: a certificate that is due at once and
/// cannot be renewed must not make the host spin.
pub(crate) fn wait_until(at: Timestamp, now: Timestamp) -> Duration {
    const LEAST: Duration = Duration::from_secs(10);
    Duration::try_from(at.duration_since(now)).unwrap_or(LEAST).max(LEAST)
}

/// TLS among hosts: both ends show certificates of the cluster's CA.
pub(crate) fn peer_tls(stored: &Stored) -> Result<network::PeerTls, tls::Error> {
    let required = tls::ClientCertificate::Required;
    Ok(network::PeerTls {
        server: Arc::new(tls::server(&stored.identity, &stored.ca_pem, required, &["h2"])?),
        client: Arc::new(tls::client(Some(&stored.identity), &stored.ca_pem, &["h2"])?),
        node_of: Arc::new(|certificate| tls::Subject::of(certificate)?.node_name().map(str::to_owned)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Authority;

    #[test]
    fn survives_the_disk_and_refuses_what_is_damaged() {
        let dir = tempfile::tempdir().expect("makes a directory");
        assert!(matches!(Stored::load(dir.path()), Err(Error::Absent(_))));
        let stored = Authority::new().stored("n1");
        stored.save(dir.path()).expect("saves");
        let read = Stored::load(dir.path()).expect("loads");
        assert_eq!(read.node, stored.node);
        assert_eq!(read.identity.key_pem, stored.identity.key_pem);
        std::fs::write(dir.path().join(CERTIFICATE), "nonsense").expect("writes");
        assert!(matches!(Stored::load(dir.path()), Err(Error::Damaged { .. })));
    }

    // F81
    #[test]
    fn is_renewed_with_a_third_of_its_life_left() {
        let stored = Authority::new().stored("n1");
        let at = renew_at(&stored.identity.certificate_pem).expect("parses");
        assert_eq!(at, Timestamp::from_second(Authority::NOT_BEFORE + Authority::LIFE * 2 / 3).expect("in range"));
        assert_eq!(wait_until(at, at), Duration::from_secs(10));
        let early = Timestamp::from_second(at.as_second() - 100).expect("in range");
        assert_eq!(wait_until(at, early), Duration::from_secs(100));
    }
}
