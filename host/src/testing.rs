//! What the tests of this crate share: a CA of their own.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::identity::{Node, Stored};
use protocol::tls::{self, Identity};

/// A certificate authority for one test.
pub(crate) struct Authority {
    pub(crate) ca_pem: String,
    pub(crate) ca_der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Start of every certificate, in seconds since 1970: 2020-01-01.
    pub(crate) const NOT_BEFORE: i64 = 1_577_836_800;
    /// Life of every certificate in seconds: until 2100, about.
    pub(crate) const LIFE: i64 = 80 * 365 * 86_400;

    pub(crate) fn new() -> Self {
        let mut params = params(&[], "test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("makes a key");
        let certificate = params.self_signed(&key).expect("signs");
        Self { ca_pem: certificate.pem(), ca_der: certificate.der().to_vec(), issuer: Issuer::new(params, key) }
    }

    /// A leaf with the CA after it, as the control plane shows it.
    pub(crate) fn identity(&self, names: &[&str], common_name: &str) -> Identity {
        let key = KeyPair::generate().expect("makes a key");
        let mut params = params(names, common_name);
        params.distinguished_name.push(DnType::OrganizationName, tls::NODE_GROUP);
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&key, &self.issuer).expect("signs");
        Identity { certificate_pem: format!("{}{}", leaf.pem(), self.ca_pem), key_pem: key.serialize_pem() }
    }

    /// Signs what a host asks for.
    pub(crate) fn sign(&self, csr_der: &[u8]) -> String {
        let request = rcgen::CertificateSigningRequestParams::from_der(&csr_der.into()).expect("is a request");
        request.signed_by(&self.issuer).expect("signs").pem()
    }

    /// The identity of a host as it is stored.
    pub(crate) fn stored(&self, node_name: &str) -> Stored {
        Stored {
            identity: self.identity(&[node_name], &format!("{}{node_name}", tls::NODE_PREFIX)),
            ca_pem: self.ca_pem.clone(),
            node: Node { node_name: node_name.to_owned(), cluster_id: "test-cluster".to_owned() },
        }
    }
}

fn params(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names are valid");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = params.not_before + std::time::Duration::from_secs(Authority::LIFE.unsigned_abs());
    params
}
