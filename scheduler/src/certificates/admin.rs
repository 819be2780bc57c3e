//! The admin: a client certificate in a kubeconfig, and a bearer token for tools that want one.
//!
//! Both speak for `system:masters`. The certificate is made anew at each start, so a kubeconfig that was
//! copied stays good for its whole life, and a server that is restarted now and then never has a stale one.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256};
use ring::rand::{SecureRandom, SystemRandom};

use super::Error;
use super::authority::{Authority, Subject};
use crate::files::{self, Readers};

/// Group that may do everything.
pub(crate) const MASTERS: &str = "system:masters";
/// The admin's name.
pub(crate) const ADMIN: &str = "insula:admin";
/// Life of the admin's certificate.
const LIFE: Duration = Duration::from_secs(365 * 24 * 3600);
/// Random bytes in the admin's token.
const TOKEN_BYTES: usize = 32;

/// The text of a kubeconfig for the admin, with a fresh certificate.
///
/// # Errors
/// What the library refuses.
pub(crate) fn kubeconfig(authority: &Authority, server_url: &str) -> Result<String, Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let subject = Subject {
        common_name: ADMIN,
        organisation: MASTERS,
        alternative_names: Vec::new(),
        usages: vec![ExtendedKeyUsagePurpose::ClientAuth],
        life: LIFE,
    };
    let certificate = authority.issue(&key, subject)?;
    let (ca, certificate, key) = (
        STANDARD.encode(authority.pem().as_bytes()),
        STANDARD.encode(certificate),
        STANDARD.encode(key.serialize_pem()),
    );
    Ok(format!(
        "apiVersion: v1
kind: Config
clusters:
- name: insula
  cluster:
    server: {server_url}
    certificate-authority-data: {ca}
users:
- name: insula-admin
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: insula
  context:
    cluster: insula
    user: insula-admin
current-context: insula
"
    ))
}

/// Reads the admin's token, or makes one.
///
/// # Errors
/// I/O or no randomness.
pub(crate) fn bearer_token(path: &Path) -> Result<String, Error> {
    if let Some(token) = files::read(path)? {
        let token = String::from_utf8_lossy(&token).trim().to_owned();
        if token.len() >= TOKEN_BYTES {
            return Ok(token);
        }
        return Err(Error::Key(format!("{}: not a token; remove the file for a new one", path.display())));
    }
    let mut bytes = [0; TOKEN_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Key("the system gives no randomness".to_owned()))?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    files::replace(path, token.as_bytes(), Readers::Owner)?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    #[test]
    fn the_token_is_made_once_and_a_damaged_one_is_not_used() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("admin.token");
        let token = bearer_token(&path).expect("makes");
        assert_eq!(bearer_token(&path).expect("reads"), token);
        std::fs::write(&path, "").expect("writes");
        assert!(bearer_token(&path).is_err(), "an empty token would let everyone in");
    }

    #[test]
    fn the_kubeconfig_carries_an_admin_certificate() {
        let dir = tempfile::tempdir().expect("dir");
        let authority = Authority::open(&DataDir::open(dir.path()).expect("opens")).expect("makes");
        let text = kubeconfig(&authority, "https://127.0.0.1:6443").expect("makes");
        let data = |key: &str| {
            let line = text.lines().find_map(|l| l.trim().strip_prefix(&format!("{key}: "))).expect(key).to_owned();
            String::from_utf8(STANDARD.decode(line).expect("base64")).expect("text")
        };
        let der = protocol::tls::certificates(&data("client-certificate-data")).expect("parses").remove(0);
        let subject = protocol::tls::Subject::of(&der).expect("subject");
        assert_eq!((subject.name.as_str(), subject.groups.as_slice()), (ADMIN, &[MASTERS.to_owned()][..]));
        assert!(data("client-key-data").contains("PRIVATE KEY"));
    }
}
