//! Compiled code on this host: fetched once by key, verified, kept on disk, mapped once for many Pods.
//!
//! Compiled code is trusted code (F54). It is verified against the control plane's public key when it arrives and
//! again before it is mapped after a restart, because a disk is not trusted; what does not verify is deleted and
//! fetched again. Only the control plane's compiler signs: this host never does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use protocol::code::verify;
use protocol::v1::{CodeChunk, CodeRequest};
use sandbox::{Code, Engine, VerifiedCode};
use tokio::sync::{Semaphore, watch};
use tonic::Streaming;

use crate::files;
use crate::pod::spec::Refusal;
use crate::session::Client;

/// Bytes of one piece of code. A component that holds a JavaScript engine compiles to about 60 MB.
const CODE_BYTES_MAX: u64 = 512 << 20;
/// Bytes of all code on disk; beyond it what was unused for longest goes, but never what is used.
const CACHE_BYTES_MAX: u64 = 4 << 30;
/// Codes verified at once: each is held in memory meanwhile.
const READS_MAX: usize = 4;
/// Codes fetched at once: most of them wait for a compiler, so that they must not keep others from being read.
const FETCHES_MAX: usize = 8;
/// Bytes of an Ed25519 signature.
const SIGNATURE_LEN: usize = 64;
/// Extension of files that are being written.
const UNFINISHED: &str = "new";

/// Keys of code that Pods of this host want, at this moment; clones are the same set.
#[derive(Debug, Clone, Default)]
pub(crate) struct InUse(Arc<Mutex<BTreeSet<String>>>);

impl InUse {
    /// Held only for single looks and changes, under which nothing panics half way.
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, key: &str) {
        self.lock().insert(key.to_owned());
    }

    pub(crate) fn remove(&self, key: &str) {
        self.lock().remove(key);
    }

    /// Does it unless `key` is in use, which it does not become meanwhile; whether it was done.
    fn unless_in_use(&self, key: &str, work: impl FnOnce() -> io::Result<()>) -> io::Result<bool> {
        let keys = self.lock();
        if keys.contains(key) {
            return Ok(false);
        }
        work().map(|()| true)
    }
}

/// Code on disk.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
    /// Numbers unfinished files: the same code may come twice at once, and each time is written to a file of its own.
    next: AtomicU64,
}

impl Cache {
    /// Opens the directory, or makes it. What a crash left unfinished is deleted.
    pub(crate) fn open(dir: PathBuf) -> io::Result<Self> {
        files::private_dir(&dir)?;
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == UNFINISHED) {
                remove(&path)?;
            }
        }
        Ok(Self { dir, next: AtomicU64::new(0) })
    }

    /// Keys are 64 hexadecimal digits; anything else could name a file elsewhere.
    fn path(&self, key: &str) -> io::Result<PathBuf> {
        if key.len() == 64 && key.bytes().all(|c| c.is_ascii_hexdigit()) {
            Ok(self.dir.join(key))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{key:?} is not the key of compiled code")))
        }
    }

    /// The file of verified code, if it is here and whole. What does not verify is deleted.
    pub(crate) fn get(&self, key: &str, public_key: &[u8]) -> io::Result<Option<PathBuf>> {
        let path = self.path(key)?;
        let signature_path = path.with_extension("signature");
        let found = fs::read(&signature_path).and_then(|signature| Ok((signature, fs::read(&path)?)));
        let (signature, code) = match found {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if verify(public_key, key, &code, &signature) {
            touch(&path);
            return Ok(Some(path));
        }
        tracing::warn!(key, "compiled code on disk does not verify; it is fetched again");
        remove(&path)?;
        remove(&signature_path)?;
        Ok(None)
    }

    /// Keeps code that was verified. Not synced: what a crash tears does not verify.
    pub(crate) fn put(&self, key: &str, code: &[u8], signature: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(key)?;
        for (path, bytes) in [(path.clone(), code), (path.with_extension("signature"), signature)] {
            // A file that is mapped is never written to: it is replaced.
            let aside = self.unfinished(key);
            let written = create(&aside, bytes).and_then(|()| fs::rename(&aside, &path));
            if let Err(error) = written {
                remove(&aside)?;
                return Err(error);
            }
        }
        Ok(path)
    }

    /// A name that no other write has.
    fn unfinished(&self, key: &str) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.dir.join(format!("{key}.{number}.{UNFINISHED}"))
    }

    /// Deletes what was unused for longest until the rest fits.
    pub(crate) fn evict(&self, in_use: &InUse, bytes_max: u64) -> io::Result<()> {
        let mut found: BTreeMap<(SystemTime, PathBuf), u64> = BTreeMap::new();
        let mut total = 0;
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let meta = entry.metadata()?;
            let path = entry.path();
            if path.extension().is_none() {
                total += meta.len();
                found.insert((meta.modified()?, path), meta.len());
            }
        }
        for ((_, path), bytes) in found {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if total <= bytes_max {
                return Ok(());
            }
            let gone = in_use.unless_in_use(name, || {
                remove(&path)?;
                remove(&path.with_extension("signature"))
            })?;
            if gone {
                total -= bytes;
            }
        }
        Ok(())
    }
}

/// Writes a file that must not be there yet: under a name that is mapped this would change running code.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Marks code as used now. If that fails, it is only evicted earlier.
fn touch(path: &Path) {
    let touched = fs::File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::debug!(path = %path.display(), %error, "the time of use is not noted");
    }
}

/// Why code did not come.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The session broke meanwhile; the next one may bring it.
    #[error("the control plane went away: {0}")]
    Away(String),
    /// The control plane has none, or not now.
    #[error("the control plane does not have it: {0}")]
    Absent(String),
    /// It is not what it says it is.
    #[error("compiled code {0} carries no valid signature of this cluster; it was not loaded")]
    Unsigned(String),
    /// Longer than it said, or than we take.
    #[error("compiled code {key} is {bytes} bytes long, and {CODE_BYTES_MAX} are allowed")]
    TooLarge { key: String, bytes: u64 },
    /// The engine refuses it.
    #[error("{0}")]
    Engine(#[from] sandbox::Error),
    /// The disk refuses.
    #[error("cannot keep compiled code: {0}")]
    Disk(#[from] io::Error),
}

impl Trouble {
    /// As the waiting container says it.
    pub(crate) fn refusal(&self) -> Refusal {
        let reason = match self {
            Self::Away(_) | Self::Absent(_) => "ErrImagePull",
            Self::Engine(sandbox::Error::NoEntry) => "UnsupportedComponent",
            Self::Engine(sandbox::Error::NotGranted { .. }) => "CapabilityNotGranted",
            Self::Unsigned(_) | Self::TooLarge { .. } | Self::Engine(_) => "InvalidCode",
            Self::Disk(_) => "CreateContainerError",
        };
        Refusal::new(reason, self.to_string())
    }
}

/// Brings code from the control plane or from disk into memory.
#[derive(Clone)]
pub(crate) struct Loader {
    pub(crate) engine: Engine,
    pub(crate) cache: Arc<Cache>,
    pub(crate) client: watch::Receiver<Option<Client>>,
    pub(crate) in_use: InUse,
    reads: Arc<Semaphore>,
    fetches: Arc<Semaphore>,
}

impl Loader {
    pub(crate) fn new(engine: Engine, cache: Cache, client: watch::Receiver<Option<Client>>) -> Self {
        let (reads, fetches) = (Arc::new(Semaphore::new(READS_MAX)), Arc::new(Semaphore::new(FETCHES_MAX)));
        Self { engine, cache: Arc::new(cache), client, in_use: InUse::default(), reads, fetches }
    }

    /// Loads code that is on this host.
    pub(crate) async fn local(&self, key: &str, public_key: &Bytes) -> Result<Option<Code>, Trouble> {
        let _turn = self.reads.acquire().await;
        let (cache, key, public_key) = (self.cache.clone(), key.to_owned(), public_key.clone());
        match blocking(move || cache.get(&key, &public_key)).await? {
            Some(path) => self.map(path).await.map(Some),
            None => Ok(None),
        }
    }

    /// Fetches code from the control plane and loads it; waits for a session if there is none.
    pub(crate) async fn remote(mut self, key: &str, public_key: Bytes) -> Result<Code, Trouble> {
        let path = self.fetch(key, public_key).await?;
        self.map(path).await
    }

    /// Vouched for: both ways to this path verify all of it, and the cache only ever replaces files.
    async fn map(&self, path: PathBuf) -> Result<Code, Trouble> {
        let engine = self.engine.clone();
        Ok(blocking(move || Ok(engine.load(&VerifiedCode::vouched_for(path)))).await??)
    }

    async fn fetch(&mut self, key: &str, public_key: Bytes) -> Result<PathBuf, Trouble> {
        let mut client = match self.client.wait_for(Option::is_some).await {
            Ok(client) => client.clone().ok_or_else(|| Trouble::Away("no session".to_owned()))?,
            Err(_) => return Err(Trouble::Away("this host is stopping".to_owned())),
        };
        let _turn = self.fetches.acquire().await;
        let chunks = client.fetch_code(CodeRequest { code_key: key.to_owned() }).await.map_err(|s| trouble(&s))?;
        let (code, signature) = collect(key, chunks.into_inner()).await?;
        let (cache, in_use, key) = (self.cache.clone(), self.in_use.clone(), key.to_owned());
        blocking(move || {
            if signature.len() != SIGNATURE_LEN || !verify(&public_key, &key, &code, &signature) {
                return Ok(Err(Trouble::Unsigned(key)));
            }
            let path = cache.put(&key, &code, &signature)?;
            if let Err(error) = cache.evict(&in_use, CACHE_BYTES_MAX) {
                tracing::warn!(%error, "old compiled code stays on disk");
            }
            Ok(Ok(path))
        })
        .await?
    }
}

async fn collect(key: &str, mut chunks: Streaming<CodeChunk>) -> Result<(Vec<u8>, Vec<u8>), Trouble> {
    let (mut code, mut signature, mut total) = (Vec::new(), Vec::new(), None);
    while let Some(chunk) = chunks.message().await.map_err(|s| trouble(&s))? {
        let total = *total.get_or_insert_with(|| {
            signature = chunk.signature.to_vec();
            chunk.total_bytes
        });
        let bytes = code.len() as u64 + chunk.bytes.len() as u64;
        if total > CODE_BYTES_MAX || bytes > total {
            return Err(Trouble::TooLarge { key: key.to_owned(), bytes: total.max(bytes) });
        }
        code.reserve_exact(usize::try_from(total).unwrap_or(0).saturating_sub(code.len()));
        code.extend_from_slice(&chunk.bytes);
    }
    if total != Some(code.len() as u64) {
        return Err(Trouble::Away(format!("code {key} ended after {} bytes", code.len())));
    }
    Ok((code, signature))
}

fn trouble(status: &tonic::Status) -> Trouble {
    match status.code() {
        tonic::Code::Unavailable | tonic::Code::Cancelled | tonic::Code::Unknown | tonic::Code::DeadlineExceeded => {
            Trouble::Away(status.message().to_owned())
        }
        _ => Trouble::Absent(status.message().to_owned()),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::code::sign;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    fn signer() -> Ed25519KeyPair {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("makes a key");
        Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("parses")
    }

    fn key(n: u8) -> String {
        protocol::code::sha256_hex(&[n])
    }

    // F54
    #[test]
    fn what_was_changed_on_disk_is_not_used() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let cache = Cache::open(dir.path().join("code")).expect("opens");
        let signer = signer();
        let public = signer.public_key().as_ref();
        assert_eq!(cache.get(&key(1), public).expect("reads"), None);
        let path = cache.put(&key(1), b"code", &sign(&signer, &key(1), b"code")).expect("writes");
        assert_eq!(cache.get(&key(1), public).expect("reads"), Some(path.clone()));
        assert_eq!(cache.get(&key(1), super::tests::signer().public_key().as_ref()).expect("reads"), None);
        assert!(!path.exists(), "it is deleted, to be fetched again");
        cache.put(&key(1), b"code", &sign(&signer, &key(1), b"code")).expect("writes");
        fs::write(&path, b"c0de").expect("writes");
        assert_eq!(cache.get(&key(1), public).expect("reads"), None);
        assert!(cache.get("../../etc/passwd", public).is_err());
    }

    #[test]
    fn what_was_unused_for_longest_goes_first_and_what_is_used_stays() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let cache = Cache::open(dir.path().to_owned()).expect("opens");
        let at = |seconds| SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        for n in 1..=4_u8 {
            let path = cache.put(&key(n), &[0; 100], b"s").expect("writes");
            fs::File::options().append(true).open(path).and_then(|f| f.set_modified(at(u64::from(n)))).expect("sets");
        }
        let in_use = InUse::default();
        in_use.add(&key(1));
        cache.evict(&in_use, 250).expect("evicts");
        let left = || (1..=4).filter(|n| cache.path(&key(*n)).is_ok_and(|p| p.exists())).collect::<Vec<u8>>();
        assert_eq!(left(), [1, 4]);
        in_use.remove(&key(1));
        cache.evict(&in_use, 150).expect("evicts");
        assert_eq!(left(), [4]);
    }

    // F54
    #[test]
    fn code_that_comes_twice_at_once_is_never_written_over() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let cache = Cache::open(dir.path().to_owned()).expect("opens");
        let path = cache.put(&key(1), b"code", b"s").expect("writes");
        let mapped = fs::File::open(&path).expect("opens");
        assert_ne!(cache.unfinished(&key(1)), cache.unfinished(&key(1)), "each has a name of its own");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        cache.put(&key(1), b"code", b"s").expect("writes");
                    }
                });
            }
        });
        let left = |file: fs::File| io::read_to_string(file).expect("reads");
        assert_eq!(left(mapped), "code", "what is mapped stays as it was");
        assert_eq!(left(fs::File::open(&path).expect("opens")), "code");
        let aside = cache.unfinished(&key(1));
        create(&aside, b"half").expect("writes");
        assert!(create(&aside, b"other").is_err(), "nothing is written over");
        Cache::open(dir.path().to_owned()).expect("opens again");
        assert!(!aside.exists(), "what a crash left unfinished is deleted");
    }
}
