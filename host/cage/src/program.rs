//! What a worker is, and how one is started: a program with two sockets, a file, and bounds of the kernel's.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::limits::OPEN_FILES_MAX;
use crate::{descriptors, nursery};

/// What a worker is.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The file it is started for. Open for reading alone, or the worker could change it.
    pub code: Arc<File>,
    /// An empty directory that nobody may write to: the root of all that a worker could name.
    pub root: Arc<File>,
    /// Its bounds.
    pub bounds: Bounds,
}

/// What a worker may have at most. These are the kernel's bounds and hold for whoever takes it over, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Private writable memory that is mapped, whether it was touched or not. What is only reserved does not count.
    pub data_bytes: u64,
}

/// A worker that has just been started.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) pid: u32,
    /// Over which it is called.
    pub(crate) requests: UnixStream,
    /// Over which it calls.
    pub(crate) host: UnixStream,
}

impl Program {
    /// Starts a worker. It ends when the child is dropped, and with this process.
    pub(crate) async fn start(&self) -> io::Result<Started> {
        let (requests, its_requests) = StdUnixStream::pair()?;
        let (host, its_host) = StdUnixStream::pair()?;
        // They lie in the socket until it looks.
        descriptors::send(&requests, [its_host.as_fd(), self.code.as_fd(), self.root.as_fd()])?;
        let mut command = Command::new(&self.path);
        command
            .args(&self.args)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(its_requests)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let child = nursery::spawn(command).await?;
        let pid = child.id().unwrap_or_default();
        self.bounds.impose(&child)?;
        Ok(Started { child, pid, requests: ours(requests)?, host: ours(host)? })
    }
}

fn ours(stream: StdUnixStream) -> io::Result<UnixStream> {
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

impl Bounds {
    fn impose(self, child: &Child) -> io::Result<()> {
        // A child that has already ended has no id and needs no bound.
        let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else { return Ok(()) };
        for (resource, most) in
            [(Resource::Data, self.data_bytes), (Resource::Nofile, OPEN_FILES_MAX), (Resource::Core, 0)]
        {
            // What this process itself must not exceed it cannot allow.
            let most = Some(getrlimit(resource).maximum.map_or(most, |own| own.min(most)));
            match prlimit(Some(id), resource, Rlimit { current: most, maximum: most }) {
                Ok(_) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
