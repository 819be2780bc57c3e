//! What a server keeps on disk, opened together.

use std::ffi::OsString;
use std::sync::Arc;

use apiserver::Keys;
use protocol::seal;
use store::{Cipher, Tiered};

use super::Error;
use crate::accounts;
use crate::certificates::{self, Authority};
use crate::compiler::Compiler;
use crate::data_dir::DataDir;

/// Values that are sealed on disk.
const SEALED: &str = "/registry/secrets/";

/// What was on disk.
pub(super) struct Opened {
    pub(super) dir: DataDir,
    pub(super) authority: Authority,
    pub(super) admin_token: String,
    pub(super) account_keys: Keys,
    pub(super) compiler: Compiler,
    pub(super) store: Tiered,
}

/// Opens what is on disk. Blocks.
pub(super) fn open(dir: DataDir, compiler: Vec<OsString>) -> Result<Opened, Error> {
    let authority = Authority::open(&dir)?;
    let admin_token = certificates::bearer_token(&dir.admin_token())?;
    let account_keys = accounts::keys(&dir)?;
    let compiler = Compiler::new(compiler, dir.code(), certificates::open_signer(&dir)?);
    let config = store::Config {
        cipher: Some(Arc::new(SealCipher(dir.key().clone()))),
        sealed_prefixes: vec![SEALED.to_owned()],
        // F7: a store that was there and is gone is not begun anew over its cluster.
        absent: if dir.is_founded() { store::Absent::Refuse } else { store::Absent::Create },
        ..store::Config::default()
    };
    let store = Tiered::open(&dir.store(), config)?;
    dir.found()?;
    Ok(Opened { dir, authority, admin_token, account_keys, compiler, store })
}

/// Seals with the key of the data directory.
struct SealCipher(Arc<seal::Key>);

impl Cipher for SealCipher {
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, String> {
        self.0.seal(context, plain).map_err(|e| e.to_string())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, String> {
        self.0.open(context, sealed).map_err(|e| e.to_string())
    }
}
