//! Desired state on disk, sealed: it holds secrets, and a host that restarts while the control plane is
//! away serves from it (C32, F28).
//!
//! What a host remembers of its own Pods (address, restarts, last status) lies beside it, so that a restart
//! neither moves addresses nor flips readiness. A file that does not open is set aside, never deleted: its
//! Pods run on elsewhere, and someone may want to know.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use prost::Message;
use protocol::seal;
use protocol::v1::{PodAssignment, Routes, Welcome};

use super::Desired;
use crate::files;

const FILE: &str = "desired";
const ASIDE: &str = "desired.aside";
const KEY: &str = "seal.key";
/// A sealed value opens only under the name it was sealed for.
const CONTEXT: &[u8] = b"host/desired";
/// Format of the content; a program refuses one it does not know.
const FORMAT: u32 = 1;

/// What a host remembers of one of its Pods.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Memory {
    #[prost(string, tag = "1")]
    pub(crate) uid: String,
    /// Its address, as text.
    #[prost(string, tag = "2")]
    pub(crate) ip: String,
    /// The last status that was made: a v1 PodStatus.
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) status_json: Bytes,
    /// It ended because it was told to stop.
    #[prost(bool, tag = "4")]
    pub(crate) stopped: bool,
}

/// The content of the file.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Saved {
    #[prost(uint32, tag = "1")]
    format: u32,
    #[prost(message, optional, tag = "2")]
    welcome: Option<Welcome>,
    #[prost(uint64, tag = "3")]
    term: u64,
    #[prost(uint64, tag = "4")]
    revision: u64,
    #[prost(message, repeated, tag = "5")]
    pods: Vec<PodAssignment>,
    #[prost(message, optional, tag = "6")]
    routes: Option<Routes>,
    #[prost(message, repeated, tag = "7")]
    pub(crate) memories: Vec<Memory>,
    /// Of the machine when this was written: after another boot nothing of it runs any more (C33).
    #[prost(string, tag = "8")]
    pub(crate) boot_id: String,
    /// Port of the proxy between hosts, which others know this host by.
    #[prost(uint32, tag = "9")]
    pub(crate) peer_port: u32,
}

impl Saved {
    /// Everything worth keeping.
    pub(crate) fn of(desired: &Desired, memories: Vec<Memory>, boot_id: &str, peer_port: u16) -> Self {
        Self {
            format: FORMAT,
            welcome: desired.welcome.clone(),
            term: desired.term,
            revision: desired.revision,
            pods: desired.pods.values().cloned().collect(),
            routes: Some(desired.all_routes()),
            memories,
            boot_id: boot_id.to_owned(),
            peer_port: u32::from(peer_port),
        }
    }

    /// The desired state in it.
    pub(crate) fn desired(&self) -> Desired {
        let mut desired = Desired {
            cluster_id: self.welcome.as_ref().map(|welcome| welcome.cluster_id.clone()),
            welcome: self.welcome.clone(),
            term: self.term,
            revision: self.revision,
            ..Desired::default()
        };
        for pod in &self.pods {
            desired.keep(pod.uid.as_str().into(), pod.clone());
        }
        if let Some(routes) = &self.routes {
            desired.routes(routes);
        }
        desired
    }
}

/// Why the file was set aside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("the sealed state of this host does not open: {0}")]
    Sealed(#[from] seal::Error),
    #[error("the state of this host does not parse: {0}")]
    Content(#[from] prost::DecodeError),
    #[error("the state of this host has format {0}, and this program knows format {FORMAT}; another program wrote it")]
    Format(u32),
    #[error("the state of this host is of cluster {found}, but the host belongs to cluster {ours}")]
    Foreign { found: String, ours: String },
}

/// The file and the key it is sealed with.
pub(crate) struct File {
    dir: PathBuf,
    key: seal::Key,
    /// Number of the state that was written last. Held while one is written: two writers would share the file aside.
    written: Mutex<u64>,
}

impl File {
    /// Opens the file's directory and the key, or makes them.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        files::private_dir(dir)?;
        let key = seal::Key::load_or_create(&dir.join(KEY))?;
        Ok(Self { dir: dir.to_owned(), key, written: Mutex::new(0) })
    }

    /// Reads what was saved. What cannot be used is set aside and comes back as the reason.
    ///
    /// # Errors
    /// The disk refuses; then nothing is known, and starting empty would be wrong.
    pub(crate) fn load(&self, cluster_id: &str) -> io::Result<Result<Option<Saved>, Unusable>> {
        let path = self.dir.join(FILE);
        let sealed = match fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(None)),
            Err(error) => return Err(error),
        };
        match self.parse(&sealed, cluster_id) {
            Ok(saved) => Ok(Ok(Some(saved))),
            Err(why) => {
                fs::rename(&path, self.aside())?;
                Ok(Err(why))
            }
        }
    }

    /// Where an unusable file has gone.
    pub(crate) fn aside(&self) -> PathBuf {
        self.dir.join(ASIDE)
    }

    fn parse(&self, sealed: &[u8], cluster_id: &str) -> Result<Saved, Unusable> {
        let saved = Saved::decode(self.key.open(CONTEXT, sealed)?.as_slice())?;
        if saved.format != FORMAT {
            return Err(Unusable::Format(saved.format));
        }
        match &saved.welcome {
            Some(welcome) if !cluster_id.is_empty() && welcome.cluster_id != cluster_id => {
                Err(Unusable::Foreign { found: welcome.cluster_id.clone(), ours: cluster_id.to_owned() })
            }
            _ => Ok(saved),
        }
    }

    /// Seals and writes; whole or not at all. States are numbered from 1 in the order they were made, and one that
    /// comes after a newer one is not written.
    pub(crate) fn save(&self, number: u64, saved: &Saved) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if number < *written {
            return Ok(());
        }
        let sealed = self.seal(saved)?;
        files::replace(&self.dir.join(FILE), &sealed, files::PRIVATE)?;
        *written = number;
        Ok(())
    }

    /// The state is encoded into the buffer it is sealed and written in: a host with thousands of Pods has tens of
    /// megabytes of it, which need not lie in memory three times.
    fn seal(&self, saved: &Saved) -> io::Result<Vec<u8>> {
        let mut encoded = Ok(());
        let write = |out: &mut Vec<u8>| encoded = saved.encode(out);
        let sealed = self.key.seal_written(CONTEXT, saved.encoded_len(), write).map_err(io::Error::other)?;
        encoded.map_err(io::Error::other)?;
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::v1::{Source, source};
    use std::collections::HashMap;
    use std::os::unix::fs::PermissionsExt;

    fn desired() -> Desired {
        let mut desired = Desired::default();
        let welcome = Welcome { cluster_id: "c".to_owned(), term: 3, protocol: 1, ..Welcome::default() };
        desired.welcome(welcome).expect("is ours");
        let secret = Source {
            kind: source::Kind::Secret.into(),
            name: "keys".to_owned(),
            data: HashMap::from([("TOKEN".to_owned(), Bytes::from_static(b"canary-7d1"))]),
        };
        let pod = PodAssignment { uid: "u".to_owned(), sources: vec![secret], ..PodAssignment::default() };
        let pods = protocol::v1::Pods {
            term: 3,
            revision: 9,
            upserts: vec![pod],
            snapshot_complete: true,
            ..Default::default()
        };
        desired.pods(pods).expect("counts");
        desired
    }

    fn terms(file: &File) -> u64 {
        file.load("").expect("reads").expect("usable").expect("is there").desired().term
    }

    fn of_term(term: u64) -> Saved {
        Saved::of(&Desired { term, ..desired() }, Vec::new(), "boot", 7)
    }

    #[test]
    fn the_newest_state_is_what_stays() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let file = File::open(dir.path()).expect("opens");
        file.save(2, &of_term(20)).expect("saves");
        file.save(1, &of_term(10)).expect("is too late, which is no error");
        assert_eq!(terms(&file), 20);
        file.save(2, &of_term(21)).expect("an attempt that is repeated counts");
        assert_eq!(terms(&file), 21);
    }

    #[test]
    fn the_last_save_waits_for_one_under_way() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let file = File::open(dir.path()).expect("opens");
        let save = |number| file.save(number, &of_term(number)).expect("saves, whoever else does");
        std::thread::scope(|scope| {
            for thread in 1..=4 {
                scope.spawn(move || (0..25).for_each(|n| save(thread + 4 * n)));
            }
        });
        assert_eq!(terms(&file), 100);
    }

    // C32, F89
    #[test]
    fn comes_back_whole_and_gives_nothing_away() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let memory = Memory { uid: "u".to_owned(), ip: "127.64.0.1".to_owned(), ..Memory::default() };
        let file = File::open(dir.path()).expect("opens");
        assert!(file.load("c").expect("reads").expect("usable").is_none());
        file.save(1, &Saved::of(&desired(), vec![memory.clone()], "boot", 7)).expect("saves");
        let path = dir.path().join(FILE);
        let bytes = fs::read(&path).expect("reads");
        assert!(!bytes.windows(10).any(|w| w == b"canary-7d1"));
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        let again = File::open(dir.path()).expect("opens with the same key");
        let saved = again.load("").expect("reads").expect("usable").expect("is there");
        assert_eq!((saved.desired().pods, saved.desired().term), (desired().pods, 3));
        assert_eq!((saved.memories.as_slice(), saved.boot_id.as_str(), saved.peer_port), (&[memory][..], "boot", 7));
    }

    #[test]
    fn what_cannot_be_used_is_set_aside() {
        let dir = tempfile::tempdir().expect("makes a directory");
        let path = dir.path().join(FILE);
        let file = File::open(dir.path()).expect("opens");
        let set_aside = |cluster: &str| {
            let why = file.load(cluster).expect("reads").expect_err("is unusable").to_string();
            assert!(!path.exists() && file.aside().exists());
            why
        };
        file.save(1, &Saved::of(&desired(), Vec::new(), "boot", 7)).expect("saves");
        assert!(set_aside("other").contains("of cluster c, but the host belongs to cluster other"));
        file.save(2, &Saved { format: 99, ..Saved::default() }).expect("saves");
        assert!(set_aside("").contains("format 99"));
        fs::write(&path, b"\x01garbage that is long enough").expect("writes");
        assert!(set_aside("").contains("does not open"));
        fs::write(&path, b"").expect("writes");
        assert!(set_aside("").contains("does not open"));
    }
}
