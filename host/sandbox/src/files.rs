//! `wasi:filesystem`: directories of the host that a workload's guests find preopened.
//!
//! Paths are resolved by wasmtime-wasi within each directory, whatever links and `..` are in there (F48). What is
//! mounted read-only is so twice: no handle to it may write, and whoever prepared the directory has made it so too.

use std::path::PathBuf;

use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// A directory that guests see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is on the host.
    pub host: PathBuf,
    /// Where guests see it: an absolute path.
    pub guest: String,
    /// What they may do there.
    pub access: Access,
}

/// What guests may do in a [`Mount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read alone.
    ReadOnly,
    /// Read and write.
    ReadWrite,
}

/// Opens the directories for an instance. One that cannot be opened is missing there, and the host's log says why.
pub(crate) fn configure(context: &mut WasiCtxBuilder, mounts: &[Mount]) {
    for mount in mounts {
        let permissions = match mount.access {
            Access::ReadOnly => FsPerms::ReadOnly,
            Access::ReadWrite => FsPerms::ReadWrite,
        };
        if let Err(error) = context.preopened_dir(&mount.host, &mount.guest, permissions) {
            tracing::warn!(host = %mount.host.display(), guest = mount.guest, %error, "a volume cannot be opened");
        }
    }
}
