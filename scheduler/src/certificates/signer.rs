//! The key that signs compiled code. Only the control plane holds it; hosts verify.

use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;

use super::Error;
use crate::data_dir::DataDir;

const KEY: &str = "code-signing.key.sealed";

/// Opens the signing key of a data directory, or makes one.
///
/// # Errors
/// I/O, no randomness, or a file that is not a key.
pub(crate) fn open(dir: &DataDir) -> Result<Ed25519KeyPair, Error> {
    let parse = |pkcs8: &[u8]| Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|e| Error::Key(format!("{KEY}: {e}")));
    if let Some(pkcs8) = dir.read_sealed(KEY)? {
        return parse(&pkcs8);
    }
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| Error::Key("the system gives no randomness".to_owned()))?;
    dir.write_sealed(KEY, pkcs8.as_ref())?;
    parse(pkcs8.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::KeyPair;

    #[test]
    fn the_key_survives_a_restart() {
        let dir = tempfile::tempdir().expect("dir");
        let data = DataDir::open(dir.path()).expect("opens");
        let made = open(&data).expect("makes");
        let again = open(&data).expect("opens");
        assert_eq!(made.public_key().as_ref(), again.public_key().as_ref());
    }
}
