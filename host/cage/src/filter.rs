//! Which system calls a locked worker may make. Pure: lists become BPF programs, and `lock` installs them.
//!
//! What is not needed is refused; what only somebody who took the worker over would try kills it. The need is that of
//! an event loop on sockets that are there already, threads, memory that is not executable, and clocks. Opening files
//! is refused and does not kill: the standard library looks for files, such as a cgroup's, that it can do without.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// What may be called with any arguments.
const ALLOWED: &[c_long] = &[
    // Sockets and files that are open.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_shutdown,
    libc::SYS_close,
    // Waiting for them.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_ppoll,
    // Memory, but for what makes it executable. Images of guests' memory are files without a name.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_memfd_create,
    // Threads and their signals.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Time and chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    // Answered by another of the filters, see `programs`.
    libc::SYS_clone3,
];

#[cfg(target_arch = "x86_64")]
const ALLOWED_OF_MACHINE: &[c_long] = &[libc::SYS_epoll_wait, libc::SYS_poll, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_OF_MACHINE: &[c_long] = &[];

/// What nobody calls by mistake.
const DEADLY: &[c_long] = &[
    // Other programs and processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // The network.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // The ways around names of files, and out of a root directory.
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_unshare,
    libc::SYS_setns,
    // Large parts of the kernel that nothing here needs.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_personality,
];

/// What a thread of this process is made with; without it, `clone` would make a process.
const THREAD: c_long = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID) as c_long;
/// Has no effect since Linux 2.6, and musl sets it.
const DETACHED: c_long = libc::CLONE_DETACHED as c_long;

/// Which pages of memory were written to (`PAGEMAP_SCAN` of linux/fs.h, since 6.7): `_IOWR('f', 16, struct of 96 bytes)`.
const PAGEMAP_SCAN: c_long = 0xC060_6610;
/// Names memory in `/proc/PID/maps`.
const PR_SET_VMA: c_long = 0x5356_4d41;

/// Only with these arguments: a call, and for each way to make it the conditions on its arguments.
fn conditional(pid: c_long) -> Vec<(c_long, Vec<Vec<Condition>>)> {
    use Condition::{Equal, Masked};
    let exec = libc::PROT_EXEC.into();
    let command = |command: i32| vec![Equal(1, command.into())];
    vec![
        // Shared memory counts against no bound of the process.
        (libc::SYS_mmap, vec![vec![Masked(2, exec, 0), Masked(3, libc::MAP_SHARED.into(), 0)]]),
        (libc::SYS_mprotect, vec![vec![Masked(2, exec, 0)]]),
        (libc::SYS_clone, vec![vec![Masked(0, !DETACHED, THREAD)]]),
        (libc::SYS_tgkill, vec![vec![Equal(0, pid)]]),
        (libc::SYS_ioctl, vec![vec![Equal(1, PAGEMAP_SCAN)]]),
        (libc::SYS_prctl, vec![vec![Equal(0, libc::PR_SET_NAME.into())], vec![Equal(0, PR_SET_VMA)]]),
        // Of this process alone: `PIDFD_SELF`, since Linux 6.14.
        (libc::SYS_process_madvise, vec![vec![Equal(0, -10_000)]]),
        // Of this thread alone, and only downwards, as it has no right to more.
        (libc::SYS_setpriority, vec![vec![Equal(0, 0), Equal(1, 0)]]),
        (
            libc::SYS_fcntl,
            [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC, libc::F_ADD_SEALS]
                .map(command)
                .into(),
        ),
    ]
}

#[derive(Clone, Copy)]
enum Condition {
    /// An argument has a value.
    Equal(u8, c_long),
    /// Some bits of it have: the mask, and the value.
    Masked(u8, c_long, c_long),
}

impl Condition {
    /// In the 32 bits that the kernel looks at; of flags, all of them are.
    fn compiled(self) -> Result<SeccompCondition, BackendError> {
        let bits = |value: c_long| u64::from_ne_bytes(value.to_ne_bytes());
        let dword = |value: c_long| bits(value) & u64::from(u32::MAX);
        match self {
            Self::Equal(at, value) => {
                SeccompCondition::new(at, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, dword(value))
            }
            Self::Masked(at, mask, value) => {
                let mask = SeccompCmpOp::MaskedEq(dword(mask));
                SeccompCondition::new(at, SeccompCmpArgLen::Dword, mask, dword(value))
            }
        }
    }
}

/// The filters of process `pid`, in the order in which they are to be installed: each but the last allows to install
/// the next. Of what several filters say the strictest counts, and of two errors that of the last.
pub(crate) fn programs(pid: i32) -> Result<[BpfProgram; 3], BackendError> {
    let any = |calls: &[c_long]| calls.iter().map(|call| (*call, Vec::new())).collect::<BTreeMap<_, _>>();
    let errno = |errno: i32| SeccompAction::Errno(errno.unsigned_abs());
    let deadly = program(any(DEADLY), SeccompAction::Allow, SeccompAction::KillProcess)?;
    // The C library then makes threads by `clone`, whose flags can be looked at.
    let absent = program(any(&[libc::SYS_clone3]), SeccompAction::Allow, errno(libc::ENOSYS))?;
    let mut allowed = any(&[ALLOWED, ALLOWED_OF_MACHINE].concat());
    for (call, ways) in conditional(pid.into()) {
        let rule = |way: Vec<Condition>| {
            let conditions = way.into_iter().map(Condition::compiled).collect::<Result<_, _>>()?;
            SeccompRule::new(conditions)
        };
        allowed.insert(call, ways.into_iter().map(rule).collect::<Result<_, _>>()?);
    }
    let allowed = program(allowed, errno(libc::EPERM), SeccompAction::Allow)?;
    Ok([deadly, absent, allowed])
}

fn program(
    rules: BTreeMap<c_long, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matching: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, otherwise, matching, std::env::consts::ARCH.try_into()?)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_both_needed_and_deadly() {
        let conditional = conditional(1).into_iter().map(|(call, _)| call);
        for call in ALLOWED.iter().chain(ALLOWED_OF_MACHINE).copied().chain(conditional) {
            assert!(!DEADLY.contains(&call), "{call}");
        }
        assert!(programs(1).expect("compile").iter().all(|program| !program.is_empty()));
    }
}
