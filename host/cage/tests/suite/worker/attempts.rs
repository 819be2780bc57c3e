//! What somebody who has taken a worker over would try: system calls, made as they are.

#![expect(unsafe_code, reason = "an attacker does not ask for a safe interface")]

use std::ffi::{CStr, c_long};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

/// A thread that was there before the lock, and what it tries.
struct Early {
    ask: Sender<(&'static str, [c_long; 6], c_long)>,
    answers: Receiver<String>,
}

/// What was prepared while everything was still allowed.
pub(crate) struct Attempts {
    root: std::fs::File,
    socket: std::net::UdpSocket,
    leaked: RawFd,
    parent: c_long,
    page: c_long,
    early: Mutex<Early>,
}

const PASSWD: &CStr = c"/etc/passwd";

impl Attempts {
    pub(crate) fn prepare(leaked: RawFd) -> Self {
        let (ask, asked) = channel();
        let (answer, answers) = channel();
        std::thread::spawn(move || {
            for (_, arguments, number) in asked {
                if answer.send(call(number, arguments)).is_err() {
                    return;
                }
            }
        });
        let page = call_raw(
            libc::SYS_mmap,
            [
                0,
                4096,
                libc::PROT_READ as c_long | libc::PROT_WRITE as c_long,
                libc::MAP_PRIVATE as c_long | libc::MAP_ANONYMOUS as c_long,
                -1,
                0,
            ],
        );
        Self {
            root: std::fs::File::open("/").expect("opens"),
            // The network is another by now, and has no address to bind but this.
            socket: std::net::UdpSocket::bind("0.0.0.0:0").expect("binds"),
            leaked,
            parent: rustix::process::getppid().map_or(0, |pid| c_long::from(pid.as_raw_nonzero().get())),
            page,
            early: Mutex::new(Early { ask, answers }),
        }
    }

    /// Tries it in the thread that serves; returns the error.
    pub(crate) fn here(&self, what: &str) -> String {
        let (number, arguments) = self.arguments(what);
        call(number, arguments)
    }

    /// Tries it in a thread that was there before the lock.
    pub(crate) fn elsewhere(&self, what: &str) -> String {
        let (number, arguments) = self.arguments(what);
        let early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        early.ask.send(("", arguments, number)).expect("the thread is there");
        early.answers.recv().expect("the thread answers")
    }

    fn arguments(&self, what: &str) -> (c_long, [c_long; 6]) {
        let address = |text: &CStr| text.as_ptr() as c_long;
        let cwd = c_long::from(libc::AT_FDCWD);
        let anonymous = libc::MAP_PRIVATE as c_long | libc::MAP_ANONYMOUS as c_long;
        let exec = c_long::from(libc::PROT_READ | libc::PROT_EXEC);
        match what {
            "open" => (libc::SYS_openat, [cwd, address(PASSWD), 0, 0, 0, 0]),
            "open-below" => (libc::SYS_openat, [self.root.as_raw_fd().into(), address(c"etc/passwd"), 0, 0, 0, 0]),
            "write-memory" => (libc::SYS_openat, [cwd, address(c"/proc/self/mem"), libc::O_RDWR.into(), 0, 0, 0]),
            "read-strange" => (libc::SYS_read, [self.leaked.into(), self.page, 1, 0, 0, 0]),
            "socket" => (libc::SYS_socket, [libc::AF_INET.into(), libc::SOCK_STREAM.into(), 0, 0, 0, 0]),
            "connect" => (libc::SYS_connect, [self.socket.as_raw_fd().into(), self.page, 16, 0, 0, 0]),
            "ptrace" => (libc::SYS_ptrace, [libc::PTRACE_ATTACH.into(), self.parent, 0, 0, 0, 0]),
            "read-process" => (libc::SYS_process_vm_readv, [self.parent, self.page, 1, self.page, 1, 0]),
            "exec" => (libc::SYS_execve, [address(c"/bin/true"), 0, 0, 0, 0, 0]),
            "chroot" => (libc::SYS_chroot, [address(c"/"), 0, 0, 0, 0, 0]),
            "io-uring" => (libc::SYS_io_uring_setup, [1, self.page, 0, 0, 0, 0]),
            "fork" => (libc::SYS_clone, [libc::SIGCHLD.into(), 0, 0, 0, 0, 0]),
            "kill" => (libc::SYS_kill, [self.parent, libc::SIGKILL.into(), 0, 0, 0, 0]),
            "map-executable" => (libc::SYS_mmap, [0, 4096, exec, anonymous, -1, 0]),
            "make-executable" => (libc::SYS_mprotect, [self.page, 4096, exec, 0, 0, 0]),
            "unlink" => (libc::SYS_unlinkat, [cwd, address(PASSWD), 0, 0, 0, 0]),
            "type-for-others" => (libc::SYS_ioctl, [0, libc::TIOCSTI as c_long, self.page, 0, 0, 0]),
            "get-pid" => (libc::SYS_getpid, [0; 6]),
            other => panic!("nobody knows how to try {other:?}"),
        }
    }
}

/// The name of the error, or `done`.
fn call(number: c_long, arguments: [c_long; 6]) -> String {
    if call_raw(number, arguments) != -1 {
        return "done".to_owned();
    }
    match io::Error::last_os_error().raw_os_error() {
        Some(libc::EPERM) => "EPERM".to_owned(),
        Some(libc::EBADF) => "EBADF".to_owned(),
        other => format!("error {other:?}"),
    }
}

fn call_raw(number: c_long, [a, b, c, d, e, f]: [c_long; 6]) -> c_long {
    // SAFETY: the pointers among the arguments are to constants, or to a page that is nobody else's.
    unsafe { libc::syscall(number, a, b, c, d, e, f) }
}

/// Touches what is not there.
pub(crate) fn fault() -> ! {
    // SAFETY: none; that is what it is for. The process ends by it.
    unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };
    std::process::exit(0)
}
