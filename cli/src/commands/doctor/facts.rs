//! What `insula doctor` finds out: everything that reads the machine, and no opinion.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use client::{Client, Target};
use rustix::process::{Resource, getrlimit};
use tokio::process::Command;

/// A tool or a cluster that does not answer by then is as good as none.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Where the API listens unless `--api-addr` says otherwise; the registry is behind the same address.
pub(super) const API_ADDR: &str = "127.0.0.1:6443";
/// Where hosts join unless `--host-addr` says otherwise.
pub(super) const HOST_ADDR: &str = "127.0.0.1:6444";

/// What was found.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Facts {
    /// What `rustc --version` says.
    pub(super) rustc: Option<String>,
    pub(super) has_rust_target: bool,
    /// What `python3 --version` says.
    pub(super) python: Option<String>,
    pub(super) pip: Option<String>,
    /// Whether the API's and the hosts' usual addresses can be bound.
    pub(super) api_addr_is_free: bool,
    pub(super) host_addr_is_free: bool,
    /// Ports of Services that something listens on.
    pub(super) node_ports_taken: usize,
    /// `/proc/sys/net/ipv4/ip_local_port_range`
    pub(super) ephemeral_ports: Option<(u16, u16)>,
    pub(super) is_root: bool,
    /// `CapEff` of `/proc/self/status`
    pub(super) capabilities: u64,
    pub(super) user_namespaces: UserNamespaces,
    pub(super) has_seccomp: bool,
    pub(super) cgroup: Cgroup,
    pub(super) kernel: String,
    pub(super) scans_pages: bool,
    pub(super) data_dir: String,
    pub(super) disk_free_bytes: Option<u64>,
    /// The hard limit of open files; none is no limit.
    pub(super) open_files_max: Option<u64>,
    pub(super) cluster: Cluster,
    pub(super) has_containerd: bool,
}

/// Whether processes may have namespaces of users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum UserNamespaces {
    #[default]
    Yes,
    /// The kernel allows none: `user.max_user_namespaces`.
    None,
    /// Only to root: `kernel.unprivileged_userns_clone`.
    RootOnly,
    /// Only to programs with a profile: `kernel.apparmor_restrict_unprivileged_userns`.
    Profiled,
}

/// What of control groups is mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cgroup {
    #[default]
    V2,
    V1,
    None,
}

/// The cluster that a client command would speak to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Cluster {
    /// No kubeconfig, or none that can be used.
    #[default]
    None,
    /// It does not answer, or refuses.
    Silent(String),
    /// Its version, and how many of its hosts are connected of how many.
    Answers { version: String, connected: usize, hosts: usize },
}

/// Finds out.
pub(super) async fn gather(target: &Target) -> Facts {
    let (rustc, libraries, python, pip, cluster) = tokio::join!(
        told("rustc", &["--version"]),
        told("rustc", &["--print", "target-libdir", "--target", "wasm32-wasip2"]),
        told("python3", &["--version"]),
        told("python3", &["-m", "pip", "--version"]),
        cluster(target),
    );
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let data_dir = super::super::role::data_dir(std::env::var_os("INSULA_DATA_DIR").map(Into::into));
    let data_dir = data_dir.unwrap_or_else(|_| std::env::temp_dir());
    let status = read("/proc/self/status");
    Facts {
        rustc,
        has_rust_target: libraries.is_some_and(|folder| Path::new(&folder).is_dir()),
        python,
        pip,
        api_addr_is_free: is_free(API_ADDR),
        host_addr_is_free: is_free(HOST_ADDR),
        node_ports_taken: node_ports_taken(&read("/proc/net/tcp")) + node_ports_taken(&read("/proc/net/tcp6")),
        ephemeral_ports: pair(&read("/proc/sys/net/ipv4/ip_local_port_range")),
        is_root: rustix::process::geteuid().is_root(),
        capabilities: capabilities(&status),
        user_namespaces: user_namespaces(
            &read("/proc/sys/user/max_user_namespaces"),
            &read("/proc/sys/kernel/unprivileged_userns_clone"),
            &read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
        ),
        has_seccomp: status.lines().any(|line| line.starts_with("Seccomp:")),
        cgroup: cgroup(),
        kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        scans_pages: host::is_page_scan_available(),
        disk_free_bytes: disk_free(&data_dir),
        data_dir: data_dir.display().to_string(),
        open_files_max: getrlimit(Resource::Nofile).maximum,
        cluster,
        has_containerd: Path::new("/run/containerd/containerd.sock").exists(),
    }
}

/// What a tool says in one line, if it is there and answers.
async fn told(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(ANSWER_WITHIN, output).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
    output.status.success().then_some(text)
}

async fn cluster(target: &Target) -> Cluster {
    let Ok(client) = Client::new(target).await else { return Cluster::None };
    let status = match tokio::time::timeout(ANSWER_WITHIN, client.object("/insula.dev/v1/status")).await {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => return Cluster::Silent(format!("{error:#}")),
        Err(_) => return Cluster::Silent(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    };
    let hosts = status["hosts"].as_array().cloned().unwrap_or_default();
    Cluster::Answers {
        version: status["version"].as_str().unwrap_or_default().to_owned(),
        connected: hosts.iter().filter(|host| host["connected"] == true).count(),
        hosts: hosts.len(),
    }
}

fn is_free(addr: &str) -> bool {
    addr.parse::<SocketAddr>().is_ok_and(|addr| TcpListener::bind(addr).is_ok())
}

/// How many of the ports of Services are listened on, by `/proc/net/tcp`.
fn node_ports_taken(table: &str) -> usize {
    const LISTENING: &str = "0A";
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let listening = rows.filter(|row| row.get(3) == Some(&LISTENING));
    let port = |row: Vec<&str>| u16::from_str_radix(row.get(1)?.rsplit_once(':')?.1, 16).ok();
    listening.filter_map(port).filter(|port| super::judge::NODE_PORTS.contains(port)).count()
}

fn pair(text: &str) -> Option<(u16, u16)> {
    let mut numbers = text.split_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn capabilities(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0)
}

/// By the three switches that systems have; one that is not there forbids nothing.
fn user_namespaces(max: &str, unprivileged: &str, apparmor: &str) -> UserNamespaces {
    match (max.trim(), unprivileged.trim(), apparmor.trim()) {
        ("0", ..) => UserNamespaces::None,
        (_, "0", _) => UserNamespaces::RootOnly,
        (.., "1") => UserNamespaces::Profiled,
        _ => UserNamespaces::Yes,
    }
}

fn cgroup() -> Cgroup {
    match (Path::new("/sys/fs/cgroup/cgroup.controllers").exists(), Path::new("/sys/fs/cgroup/memory").exists()) {
        (true, _) => Cgroup::V2,
        (false, true) => Cgroup::V1,
        (false, false) => Cgroup::None,
    }
}

/// Of the file system that the directory is on, or would be.
fn disk_free(dir: &Path) -> Option<u64> {
    let there = dir.ancestors().find(|dir| dir.is_dir())?;
    let stat = rustix::fs::statvfs(there).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_files_are_understood() {
        let row = |port: u16, state: &str| format!("   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000");
        let table = ["  sl  local_address ...".to_owned(), row(30_080, "0A"), row(30_081, "01"), row(8_080, "0A")];
        assert_eq!(node_ports_taken(&table.join("\n")), 1);
        assert_eq!(pair("32768\t60999\n"), Some((32_768, 60_999)));
        assert_eq!(pair(""), None);
        assert_eq!(capabilities("CapPrm:\t0\nCapEff:\t0000000000001000\n"), 1 << 12);
        for (max, unprivileged, apparmor, wanted) in [
            ("63000\n", "", "", UserNamespaces::Yes),
            ("0\n", "1\n", "", UserNamespaces::None),
            ("63000\n", "0\n", "", UserNamespaces::RootOnly),
            ("63000\n", "1\n", "1\n", UserNamespaces::Profiled),
        ] {
            assert_eq!(user_namespaces(max, unprivileged, apparmor), wanted);
        }
    }
}
