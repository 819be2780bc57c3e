//! The cluster's own certificate authority.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber, date_time_ymd,
};
use ring::rand::{SecureRandom, SystemRandom};

use super::Error;
use crate::data_dir::DataDir;
use crate::files::{self, Readers};

/// Life of the CA. Its rotation is announced, never automatic, so it is long.
const CA_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Certificates begin in the past by this much, for clocks that run behind.
const CLOCK_SKEW: Duration = Duration::from_secs(3600);

/// For people and tools to read; rewritten from the sealed file at each start.
const CERTIFICATE: &str = "ca.pem";
/// Certificate and key in one file, so that a crash cannot part them.
const SEALED: &str = "ca.sealed";

/// Issues certificates.
#[derive(Clone)]
pub(crate) struct Authority {
    issuer: Arc<Issuer<'static, KeyPair>>,
    pem: Arc<str>,
    sha256_hex: Arc<str>,
}

/// What a certificate says, apart from whose key it certifies.
pub(crate) struct Subject<'a> {
    pub(crate) common_name: &'a str,
    pub(crate) organisation: &'a str,
    pub(crate) alternative_names: Vec<SanType>,
    pub(crate) usages: Vec<ExtendedKeyUsagePurpose>,
    pub(crate) life: Duration,
}

impl Authority {
    /// Opens the CA of a data directory, or makes one.
    ///
    /// # Errors
    /// I/O, or files that do not belong together.
    pub(crate) fn open(dir: &DataDir) -> Result<Self, Error> {
        let public = dir.plain(CERTIFICATE);
        let authority = match dir.read_sealed(SEALED)? {
            Some(both) => Self::parse(&both)?,
            None if public.exists() => {
                return Err(Error::Key(format!("{SEALED} is missing, but hosts trust {CERTIFICATE}; put it back")));
            }
            None => Self::create(dir)?,
        };
        files::replace(&public, authority.pem.as_bytes(), Readers::Everyone)?;
        Ok(authority)
    }

    fn create(dir: &DataDir) -> Result<Self, Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "insula-ca");
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = true;
        set_life(&mut params, CA_LIFE)?;
        let both = format!("{}{}", params.self_signed(&key)?.pem(), key.serialize_pem());
        dir.write_sealed(SEALED, both.as_bytes())?;
        Self::parse(both.as_bytes())
    }

    fn parse(both: &[u8]) -> Result<Self, Error> {
        let not_pem = || Error::Key(format!("{SEALED} does not hold a certificate and a key"));
        let both = std::str::from_utf8(both).map_err(|_| not_pem())?;
        let (pem, key_pem) = both.split_at(both.find("-----BEGIN PRIVATE KEY").ok_or_else(not_pem)?);
        let key = KeyPair::from_pem(key_pem)?;
        let der = protocol::tls::certificates(pem)?.into_iter().next().ok_or_else(not_pem)?;
        let sha256_hex = protocol::code::sha256_hex(&der).into();
        let issuer = Issuer::from_ca_cert_der(&der, key)?;
        Ok(Self { issuer: Arc::new(issuer), pem: pem.into(), sha256_hex })
    }

    /// The CA's certificate, as PEM.
    pub(crate) fn pem(&self) -> &Arc<str> {
        &self.pem
    }

    /// SHA-256 of the CA's certificate (DER), in hexadecimal: what a join token pins.
    pub(crate) fn sha256_hex(&self) -> &str {
        &self.sha256_hex
    }

    /// Certifies a key.
    ///
    /// # Errors
    /// What the library refuses.
    pub(crate) fn issue(&self, key: &impl PublicKeyData, subject: Subject<'_>) -> Result<String, Error> {
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        if !subject.organisation.is_empty() {
            name.push(DnType::OrganizationName, subject.organisation);
        }
        name.push(DnType::CommonName, subject.common_name);
        params.distinguished_name = name;
        params.subject_alt_names = subject.alternative_names;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = subject.usages;
        params.use_authority_key_identifier_extension = true;
        set_life(&mut params, subject.life)?;
        Ok(params.signed_by(key, &self.issuer)?.pem())
    }
}

/// Two certificates of one key must differ in serial number, so it is random.
fn set_life(params: &mut CertificateParams, life: Duration) -> Result<(), Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now.saturating_sub(CLOCK_SKEW);
    params.not_after = epoch + now.saturating_add(life);
    let mut serial = [0; 16];
    SystemRandom::new().fill(&mut serial).map_err(|_| Error::Key("the system gives no randomness".to_owned()))?;
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_names_its_authority_and_itself_by_key_id() {
        let dir = tempfile::tempdir().expect("dir");
        let data = DataDir::open(dir.path()).expect("opens");
        let made = Authority::open(&data).expect("makes");
        let again = Authority::open(&data).expect("opens");
        assert_eq!(made.sha256_hex(), again.sha256_hex(), "the CA survives a restart");
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("generates");
        let pem = again
            .issue(
                &key,
                Subject {
                    common_name: "x",
                    organisation: "",
                    alternative_names: Vec::new(),
                    usages: vec![ExtendedKeyUsagePurpose::ClientAuth],
                    life: Duration::from_secs(60),
                },
            )
            .expect("issues");
        let der = protocol::tls::certificates(&pem).expect("parses").remove(0);
        let (_, leaf) = x509_parser::parse_x509_certificate(&der).expect("parses");
        let ca_der = protocol::tls::certificates(again.pem()).expect("parses").remove(0);
        let (_, ca) = x509_parser::parse_x509_certificate(&ca_der).expect("parses");
        let mut key_ids = (None, None, None);
        for extension in leaf.extensions() {
            match extension.parsed_extension() {
                x509_parser::extensions::ParsedExtension::AuthorityKeyIdentifier(id) => {
                    key_ids.0 = id.key_identifier.as_ref().map(|k| k.0.to_vec());
                }
                x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => key_ids.1 = Some(id.0.to_vec()),
                _ => {}
            }
        }
        for extension in ca.extensions() {
            if let x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) = extension.parsed_extension() {
                key_ids.2 = Some(id.0.to_vec());
            }
        }
        assert!(key_ids.1.is_some());
        assert_eq!(key_ids.0, key_ids.2, "the leaf's authority key id is the CA's subject key id");
    }
}
