//! The sources of a project, and when they change.
//!
//! What the kernel tells (inotify(7), which needs no more than is linked anyway) only wakes: what counts is the state of all
//! files, so a change that is missed is found with the next, and one that is told of thrice is one.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use tokio::net::unix::pipe::Receiver;

/// A change is over when nothing more has happened for so long: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(30);
/// Steps of one change; something that never rests must not put a build off for ever.
const STEPS_MAX: usize = 30;
/// Files of a project; more means that the folder holds something else too.
const FILES_MAX: usize = 20_000;
/// What tools make, and what is no source.
const NOT_SOURCES: [&str; 4] = ["target", "node_modules", "__pycache__", "Cargo.lock"];

/// Watches a folder.
pub(super) struct Sources {
    dir: PathBuf,
    /// inotify's descriptor, which is read as a pipe is.
    events: Receiver,
}

/// All files as they are at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State(u64);

impl Sources {
    pub(super) fn watch(dir: &Path) -> Result<Self> {
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).context(
            "changes of files cannot be watched; `sysctl fs.inotify.max_user_instances=1024` allows more programs to",
        )?;
        Ok(Self { dir: dir.to_owned(), events: Receiver::from_owned_fd_unchecked(events)? })
    }

    /// The state now. Folders are watched before they are read, so whatever changes afterwards wakes.
    pub(super) fn state(&self) -> Result<State> {
        let mut files = Vec::new();
        let mut folders = vec![self.dir.clone()];
        while let Some(folder) = folders.pop() {
            if !self.watch_folder(&folder)? {
                continue;
            }
            // What is gone again is no source.
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let Ok(metadata) = entry.metadata() else { continue };
                if !is_source(&entry.file_name().to_string_lossy()) {
                    continue;
                }
                if metadata.is_dir() {
                    folders.push(entry.path());
                } else {
                    files.push((entry.path(), metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len()));
                }
            }
            let (dir, many) = (self.dir.display(), files.len() + folders.len());
            ensure!(many <= FILES_MAX, "{dir} holds more than {FILES_MAX} files; give the folder of one project");
        }
        files.sort();
        let mut hasher = DefaultHasher::new();
        files.hash(&mut hasher);
        Ok(State(hasher.finish()))
    }

    /// Whether the folder is there to be watched.
    fn watch_folder(&self, folder: &Path) -> Result<bool> {
        let what = WatchFlags::CLOSE_WRITE
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::ONLYDIR;
        match inotify::add_watch(&self.events, folder, what) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(Errno::NOSPC) => Err(Errno::NOSPC).context(
                "too many folders are watched on this machine; `sysctl fs.inotify.max_user_watches=524288` allows more",
            ),
            Err(error) => Err(error).with_context(|| format!("cannot watch {}", folder.display())),
        }
    }

    /// Waits until the state is another one, and has come to rest.
    pub(super) async fn other_than(&self, state: &State) -> Result<State> {
        loop {
            let now = self.state()?;
            if now != *state {
                return Ok(now);
            }
            self.woken().await?;
            for _ in 0..STEPS_MAX {
                match tokio::time::timeout(QUIET, self.woken()).await {
                    Ok(woken) => woken?,
                    Err(_) => break,
                }
            }
        }
    }

    /// Waits until something has happened, and forgets what.
    async fn woken(&self) -> Result<()> {
        self.events.readable().await?;
        let mut told = [0_u8; 4096];
        loop {
            match self.events.try_read(&mut told) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot hear of changes"),
            }
        }
    }
}

fn is_source(name: &str) -> bool {
    !(NOT_SOURCES.contains(&name) || name.starts_with('.') || name.ends_with('~') || name.ends_with(".swp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_and_editors_leave_is_no_source() {
        for (name, wanted) in [
            ("main.rs", true),
            ("src", true),
            ("Cargo.toml", true),
            ("target", false),
            ("Cargo.lock", false),
            (".git", false),
            (".main.rs.swp", false),
            ("main.rs~", false),
            ("4913", true),
        ] {
            assert_eq!(is_source(name), wanted, "{name}");
        }
    }

    #[tokio::test]
    async fn changes_are_heard_wherever_they_are_and_nothing_else_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir(path("src")).expect("a folder");
        std::fs::write(path("src/main.rs"), "a").expect("is written");
        let sources = Sources::watch(dir.path()).expect("can be watched");
        let mut state = sources.state().expect("is read");
        let changes: [&dyn Fn(); 5] = [
            &|| std::fs::write(path("src/main.rs"), "ab").expect("is written"),
            &|| std::fs::create_dir_all(path("src/deep/er")).expect("is made"),
            // In a folder that was made while it was watched.
            &|| std::fs::write(path("src/deep/er/new.rs"), "a").expect("is written"),
            // As editors save.
            &|| {
                std::fs::write(path(".new"), "abc").expect("is written");
                std::fs::rename(path(".new"), path("src/main.rs")).expect("is renamed");
            },
            &|| std::fs::remove_file(path("src/deep/er/new.rs")).expect("is removed"),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            change();
            // An empty folder is no change; what comes into it is.
            if at != 1 {
                let newer = tokio::time::timeout(Duration::from_secs(20), sources.other_than(&state)).await;
                state = newer.unwrap_or_else(|_| unheard(at)).expect("is read");
            } else {
                // As the loop does after each round.
                assert_eq!(sources.state().expect("is read"), state);
            }
        }
        std::fs::create_dir(path("target")).expect("a folder");
        std::fs::write(path("target/out.wasm"), "a").expect("is written");
        std::fs::write(path("Cargo.lock"), "a").expect("is written");
        assert_eq!(sources.state().expect("is read"), state);
    }

    fn unheard(change: usize) -> Result<State> {
        panic!("change {change} was not heard")
    }
}
