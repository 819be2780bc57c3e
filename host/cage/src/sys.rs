//! The only unsafe code of this crate: two system calls that no safe interface in this tree offers.

#![expect(unsafe_code, reason = "unshare and close_range have no safe interface among what this tree already builds")]

use std::io;
use std::os::fd::RawFd;

/// Namespaces of its own for this process: of users, networks, mounts, shared memory and names. It must have one
/// thread.
pub(crate) fn unshare() -> io::Result<()> {
    let all = libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWNS | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    // SAFETY: it takes no pointer, and none of these flags unshares memory or open files.
    succeeded(unsafe { libc::unshare(all) }.into())
}

/// Closes all descriptors from `first` to `last`.
///
/// They must belong to nobody in this process: it is called before anything but the standard streams and what was
/// received has been opened.
pub(crate) fn close_range(first: RawFd, last: RawFd) -> io::Result<()> {
    // SAFETY: it takes no pointer. That nobody owns these descriptors is the caller's promise, see above.
    succeeded(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })
}

fn succeeded(result: libc::c_long) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
