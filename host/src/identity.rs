//! Who this host is: its certificate and key, the cluster's CA, and how they are renewed.
//!
//! The key never leaves the host: the control plane signs a request for it. A certificate is renewed long
//! before it expires; connections that stand keep the old one, new ones show the new.
//!
//! Certificate and key are one file, replaced whole: after a crash at any moment they fit each other. No file has two
//! writers: a renewal does not touch what the host remembers of its cluster, and the other way round.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use protocol::tls::{self, Identity};
use rcgen::{CertificateParams, DnType, KeyPair};
use serde::Deserialize;

use crate::files;

/// The key, and after it the certificate with its chain.
const HOST: &str = "host.pem";
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

/// Where the certificates begin in [`HOST`].
const CERTIFICATES: &str = "-----BEGIN CERTIFICATE-----";

/// One file of an identity: its name, content and mode.
type Part = (&'static str, Vec<u8>, u32);

/// What else a host remembers of its joining.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
        let damaged = |why: &str| Error::Damaged { path: dir.join(HOST), why: why.to_owned() };
        let mut key_pem = read(HOST)?;
        let certificates = key_pem.find(CERTIFICATES).ok_or_else(|| damaged("it holds no certificate"))?;
        let certificate_pem = key_pem.split_off(certificates);
        let identity = Identity { certificate_pem, key_pem };
        let node = serde_json::from_str(&read(NODE)?)
            .map_err(|error| Error::Damaged { path: dir.join(NODE), why: error.to_string() })?;
        let stored = Self { identity, ca_pem: read(CA)?, node };
        peer_tls(&stored).map_err(|e| damaged(&e.to_string()))?;
        Ok(stored)
    }

    /// Writes the identity.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        files::private_dir(dir).map_err(|error| Error::Io { path: dir.to_owned(), error })?;
        write(dir, self.parts())
    }

    /// Writes a renewed identity over the one before.
    pub(crate) fn save_renewed(&self, dir: &Path) -> Result<(), Error> {
        write(dir, self.renewed_parts())
    }

    /// All files, in the order in which they are written: without the last the others do not count.
    fn parts(&self) -> Vec<Part> {
        let mut parts = vec![self.node.part()];
        parts.extend(self.renewed_parts());
        parts
    }

    fn renewed_parts(&self) -> Vec<Part> {
        let Identity { certificate_pem, key_pem } = &self.identity;
        // A key that does not end its last line would swallow the certificate's first.
        let host = format!("{}\n{certificate_pem}", key_pem.trim_end());
        vec![(CA, self.ca_pem.clone().into_bytes(), files::PUBLIC), (HOST, host.into_bytes(), files::PRIVATE)]
    }
}

impl Node {
    /// Writes this alone, beside an identity that is there.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        write(dir, vec![self.part()])
    }

    fn part(&self) -> Part {
        let text = serde_json::json!({ "node_name": self.node_name, "cluster_id": self.cluster_id });
        (NODE, format!("{text:#}").into_bytes(), files::PUBLIC)
    }
}

fn write(dir: &Path, parts: Vec<Part>) -> Result<(), Error> {
    for (name, bytes, mode) in parts {
        let path = dir.join(name);
        files::replace(&path, &bytes, mode).map_err(|error| Error::Io { path, error })?;
    }
    Ok(())
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
        let whole = std::fs::read_to_string(dir.path().join(HOST)).expect("reads");
        for damage in ["nonsense", CERTIFICATES, &whole[..whole.len() / 2], &whole[whole.len() / 2..]] {
            std::fs::write(dir.path().join(HOST), damage).expect("writes");
            assert!(matches!(Stored::load(dir.path()), Err(Error::Damaged { .. })), "{damage}");
        }
    }

    #[test]
    fn the_key_is_nobody_elses() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("makes a directory");
        let stored = Authority::new().stored("n1");
        stored.save(dir.path()).expect("saves");
        let mode = |name: &str| fs::metadata(dir.path().join(name)).expect("is there").permissions().mode() & 0o777;
        assert_eq!((mode(HOST), mode(CA)), (0o600, 0o644));
        let read = Stored::load(dir.path()).expect("loads").identity;
        assert!(!read.certificate_pem.contains("KEY") && !read.key_pem.contains("CERTIFICATE"));
    }

    // C66
    #[test]
    fn a_crash_while_it_is_first_written_leaves_none() {
        let stored = Authority::new().stored("n1");
        let parts = stored.parts();
        for crash in 0..=parts.len() {
            let dir = tempfile::tempdir().expect("makes a directory");
            write(dir.path(), parts[..crash].to_vec()).expect("writes");
            match Stored::load(dir.path()) {
                Ok(read) => assert_eq!((crash, read.node), (parts.len(), stored.node.clone())),
                Err(Error::Absent(_)) => assert!(crash < parts.len()),
                Err(error) => panic!("after {crash} files: {error}"),
            }
        }
    }

    // C66
    #[test]
    fn a_crash_while_it_is_renewed_leaves_the_old_or_the_new_one() {
        let authority = Authority::new();
        let (old, new) = (authority.stored("n1"), authority.stored("n1"));
        let parts = new.renewed_parts();
        for crash in 0..=parts.len() {
            let dir = tempfile::tempdir().expect("makes a directory");
            old.save(dir.path()).expect("saves");
            write(dir.path(), parts[..crash].to_vec()).expect("writes");
            // A file that was begun and not renamed is in nobody's way.
            fs::write(dir.path().join("host.new"), "-----BEGIN").expect("writes");
            let read = Stored::load(dir.path()).expect("a host starts with it");
            let expected = if crash < parts.len() { &old } else { &new };
            assert_eq!(read.identity.certificate_pem, expected.identity.certificate_pem, "after {crash} files");
            new.save_renewed(dir.path()).expect("the next renewal succeeds");
        }
    }

    // C66
    #[test]
    fn learning_the_cluster_and_renewing_do_not_undo_each_other() {
        let authority = Authority::new();
        let (old, new) = (authority.stored("n1"), authority.stored("n1"));
        let node = Node { cluster_id: "learnt".to_owned(), ..old.node.clone() };
        for node_first in [true, false] {
            let dir = tempfile::tempdir().expect("makes a directory");
            old.save(dir.path()).expect("saves");
            let renew = || new.save_renewed(dir.path()).expect("saves");
            if !node_first {
                renew();
            }
            node.save(dir.path()).expect("saves");
            if node_first {
                renew();
            }
            let read = Stored::load(dir.path()).expect("loads");
            assert_eq!((read.node, read.identity.key_pem), (node.clone(), new.identity.key_pem.clone()));
        }
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
