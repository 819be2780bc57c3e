//! How a worker gives up what it does not need: what it can before it has threads, the rest when all is mapped.
//!
//! The filter of system calls is what counts, and a worker without it does not serve. Namespaces and an empty root
//! directory are a second wall behind it, where the system lets a process without rights have them.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, chroot, fchdir, getpid, getrlimit, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};

use crate::limits::THREADS_MAX;
use crate::{descriptors, filter, sys};

/// What a worker starts with.
#[derive(Debug)]
pub struct Inherited {
    /// Over which it is called. Neither socket blocks.
    pub requests: UnixStream,
    /// Over which it calls its host.
    pub host: UnixStream,
    /// The file it was started for. Its position is shared with every worker that is given it: it is mapped, read at
    /// positions, or opened anew below `/proc/self/fd`.
    pub code: File,
    /// What is left to be locked.
    pub lock: Lock,
}

/// Locks the process for good.
#[derive(Debug)]
pub struct Lock {
    root: OwnedFd,
    namespaces: io::Result<()>,
}

/// The walls that a worker stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walls {
    /// Network, users, mounts and names of its own.
    pub namespaces: bool,
    /// Its root directory is an empty one.
    pub empty_root: bool,
}

impl fmt::Display for Walls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = [(self.namespaces, "namespaces"), (self.empty_root, "an empty root")];
        f.write_str("a filter of system calls")?;
        more.iter().filter(|(has, _)| *has).try_for_each(|(_, wall)| write!(f, ", {wall}"))
    }
}

/// Why a worker cannot be one.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It was not started as a worker.
    #[error("this process was not started as a worker: {0}")]
    Start(io::Error),
    /// It cannot be locked, and so does not serve.
    #[error("this process cannot be locked: {0}; isolated workers need Linux with seccomp")]
    Filter(String),
}

/// Takes what the host hands over, and leaves what can be left already. It must be called before the process has
/// threads or opens anything.
///
/// # Errors
/// Nobody hands anything over, or the descriptors that are nobody's cannot be closed.
pub fn enter() -> Result<Inherited, LockError> {
    dies_with_its_host().map_err(LockError::Start)?;
    let requests = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().map_err(LockError::Start)?);
    let [host, code, root] = descriptors::receive(&requests).map_err(LockError::Start)?;
    let host = UnixStream::from(host);
    // Afterwards it takes a system call that is refused.
    requests.set_nonblocking(true).and_then(|()| host.set_nonblocking(true)).map_err(LockError::Start)?;
    close_all_but(&[requests.as_raw_fd(), host.as_raw_fd(), code.as_raw_fd(), root.as_raw_fd()])
        .map_err(LockError::Start)?;
    give_way_when_memory_is_short();
    let namespaces = sys::unshare();
    if namespaces.is_ok() {
        // Entering a namespace of users undoes the first, and hides what `/proc` says of oneself.
        dies_with_its_host().map_err(LockError::Start)?;
        set_dumpable_behavior(DumpableBehavior::Dumpable).map_err(|error| LockError::Start(error.into()))?;
        // Here they are counted for this process alone.
        let threads = Some(getrlimit(Resource::Nproc).maximum.map_or(THREADS_MAX, |own| own.min(THREADS_MAX)));
        setrlimit(Resource::Nproc, Rlimit { current: threads, maximum: threads })
            .map_err(|error| LockError::Start(error.into()))?;
    }
    Ok(Inherited { requests, host, code: code.into(), lock: Lock { root, namespaces } })
}

impl Lock {
    /// Locks all threads of the process, and those to come. From now on nothing can be opened, mapped to be executed
    /// or started.
    ///
    /// # Errors
    /// The kernel has no such filters.
    pub fn lock_down(self) -> Result<Walls, LockError> {
        let filtered = |error: &dyn fmt::Display| LockError::Filter(error.to_string());
        let programs = filter::programs(getpid().as_raw_nonzero().get()).map_err(|error| filtered(&error))?;
        let empty_root = fchdir(&self.root).and_then(|()| chroot(".")).is_ok();
        drop(self.root);
        // Nobody of the same user reads this process or its memory, and there is no core of it.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| filtered(&error))?;
        for program in programs {
            seccompiler::apply_filter_all_threads(&program).map_err(|error| filtered(&error))?;
        }
        Ok(Walls { namespaces: self.namespaces.is_ok(), empty_root })
    }
}

/// The kernel kills this process when the thread that started it ends, which the host's does with the host.
fn dies_with_its_host() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// What else a careless parent left open goes. The standard streams stay: the socket, nothing, and where complaints go.
fn close_all_but(kept: &[RawFd]) -> io::Result<()> {
    let mut kept = kept.to_vec();
    kept.sort_unstable();
    let mut first = 3;
    for keep in kept {
        if first < keep {
            sys::close_range(first, keep - 1)?;
        }
        first = keep + 1;
    }
    sys::close_range(first, RawFd::MAX)
}

/// Should the machine run out of memory, this process goes before its host and before other programs. It may not be
/// allowed to say so; then the kernel chooses by size.
fn give_way_when_memory_is_short() {
    if let Err(error) = std::fs::write("/proc/self/oom_score_adj", "1000") {
        tracing::debug!(%error, "the kernel was not told whom to end first");
    }
}
