//! Node certificates: what a host may ask to be called, and what it gets.
//!
//! Of a request only the public key, the name and the addresses are used; everything else in the
//! certificate is ours. A host may not be called what a server is called, or it could pose as one.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{CertificateSigningRequestParams, DnType, DnValue, ExtendedKeyUsagePurpose, PublicKey, SanType};
use rustls_pki_types::CertificateSigningRequestDer;

use protocol::tls::{NODE_GROUP, NODE_PREFIX, SERVER_NAME};

use super::Error;
use super::authority::{Authority, Subject};

/// Life of a Node's certificate: long enough for a host to be away for weeks, renewed long before.
const LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Addresses one Node may have in its certificate: two families, inside and outside.
const ADDRESSES_MAX: usize = 4;
/// Largest request; a P-256 one is under 500 bytes.
const REQUEST_BYTES_MAX: usize = 8 << 10;

/// A request that says nothing it may not say.
pub(crate) struct Requested {
    node_name: String,
    addresses: Vec<IpAddr>,
    key: PublicKey,
}

/// Reads a request of a host that says it is `node_name`. The request's signature proves that it holds the key.
///
/// # Errors
/// A sentence that says what the request may not say.
pub(crate) fn requested(node_name: &str, csr_der: &[u8]) -> Result<Requested, String> {
    check_name(node_name)?;
    if csr_der.len() > REQUEST_BYTES_MAX {
        return Err(format!("the request is larger than {REQUEST_BYTES_MAX} bytes"));
    }
    let csr = CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(csr_der))
        .map_err(|e| format!("the request does not parse: {e}"))?;
    let wanted = format!("{NODE_PREFIX}{node_name}");
    let name = text(csr.params.distinguished_name.get(&DnType::CommonName));
    let group = text(csr.params.distinguished_name.get(&DnType::OrganizationName));
    if name.as_deref() != Some(wanted.as_str()) || group.as_deref() != Some(NODE_GROUP) {
        return Err(format!("the request's subject must be O={NODE_GROUP}, CN={wanted}"));
    }
    let addresses = addresses(node_name, &csr.params.subject_alt_names)?;
    Ok(Requested { node_name: node_name.to_owned(), addresses, key: csr.public_key })
}

/// A Node's name is a DNS name that no server of the cluster goes by.
fn check_name(node_name: &str) -> Result<(), String> {
    api::name::check_subdomain(node_name).map_err(|why| format!("node name {node_name:?}: {why}"))?;
    let reserved = [SERVER_NAME, "localhost", "kubernetes"];
    if reserved.iter().any(|r| node_name == *r || node_name.starts_with(&format!("{r}."))) {
        return Err(format!("node name {node_name:?} is reserved for the control plane; choose another"));
    }
    Ok(())
}

fn addresses(node_name: &str, names: &[SanType]) -> Result<Vec<IpAddr>, String> {
    let mut addresses = Vec::new();
    for name in names {
        match name {
            SanType::DnsName(dns) if dns.as_str() == node_name => {}
            SanType::IpAddress(ip) if !ip.is_unspecified() && !ip.is_multicast() => addresses.push(*ip),
            other => return Err(format!("the request may not ask for the alternative name {other:?}")),
        }
    }
    if addresses.len() > ADDRESSES_MAX {
        return Err(format!("the request asks for more than {ADDRESSES_MAX} addresses"));
    }
    Ok(addresses)
}

fn text(value: Option<&DnValue>) -> Option<String> {
    match value? {
        DnValue::Utf8String(text) => Some(text.clone()),
        DnValue::PrintableString(text) => Some(text.as_str().to_owned()),
        DnValue::Ia5String(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}

impl Requested {
    /// The Node's certificate; it serves both directions, as hosts dial each other.
    ///
    /// # Errors
    /// What the library refuses.
    pub(crate) fn issue(self, authority: &Authority) -> Result<String, Error> {
        let mut names = vec![SanType::DnsName(self.node_name.as_str().try_into()?)];
        names.extend(self.addresses.into_iter().map(SanType::IpAddress));
        let subject = Subject {
            common_name: &format!("{NODE_PREFIX}{}", self.node_name),
            organisation: NODE_GROUP,
            alternative_names: names,
            usages: vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth],
            life: LIFE,
        };
        authority.issue(&self.key, subject)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::data_dir::DataDir;
    use rcgen::{CertificateParams, DistinguishedName, KeyPair};

    /// A request as a host makes it.
    pub(crate) fn request(organisation: &str, common_name: &str, names: &[&str]) -> (Vec<u8>, KeyPair) {
        let key = KeyPair::generate().expect("generates");
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        let mut name = DistinguishedName::new();
        name.push(DnType::OrganizationName, organisation);
        name.push(DnType::CommonName, common_name);
        params.distinguished_name = name;
        (params.serialize_request(&key).expect("signs").der().to_vec(), key)
    }

    #[test]
    fn only_the_right_subject_gets_a_certificate() {
        let dir = tempfile::tempdir().expect("dir");
        let authority = Authority::open(&DataDir::open(dir.path()).expect("opens")).expect("makes");
        let (good, _) = request(NODE_GROUP, "system:node:a", &["a", "127.0.0.2"]);
        let pem = requested("a", &good).expect("may").issue(&authority).expect("issues");
        let der = protocol::tls::certificates(&pem).expect("parses").remove(0);
        let subject = protocol::tls::Subject::of(&der).expect("has a subject");
        assert_eq!(subject.node_name(), Some("a"));

        for (group, name, names) in [
            ("system:masters", "system:node:a", &["a"][..]),
            (NODE_GROUP, "system:node:b", &["a"]),
            (NODE_GROUP, "admin", &["a"]),
            (NODE_GROUP, "system:node:a", &["b"]),
            (NODE_GROUP, "system:node:a", &["a", "insula-server"]),
            (NODE_GROUP, "system:node:a", &["0.0.0.0"]),
            (NODE_GROUP, "system:node:a", &["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"]),
        ] {
            assert!(requested("a", &request(group, name, names).0).is_err(), "{group} {name} {names:?}");
        }
        for reserved in ["insula-server", "localhost", "kubernetes", "kubernetes.default.svc", "A", "", "a/b"] {
            let (csr, _) = request(NODE_GROUP, &format!("system:node:{reserved}"), &[]);
            assert!(requested(reserved, &csr).is_err(), "{reserved}");
        }
        let mut bent = good;
        let last = bent.len() - 1;
        bent[last] ^= 1;
        assert!(requested("a", &bent).is_err(), "the signature proves the key");
    }
}
