//! What a server is told when it starts: places, addresses, limits, with defaults and their reasons.
//!
//! Nothing here reads the environment or a file; the command line fills it in.

mod audit;
mod backing;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use component::Interface;

pub use self::audit::AuditAt;
pub use self::backing::{Backing, BlobsAt, KeyValueAt, MessagesAt};

use crate::cidr::Cidr;

/// Where clients reach the API unless told otherwise: Kubernetes' port, this machine only.
pub const API_ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 6443);
/// Where hosts dial unless told otherwise: beside the API, so that one rule of a firewall covers both.
pub const HOST_ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 6444);
/// How long after a Node is lost its Pods are replaced, counted from NotReady.
pub const UNREACHABLE_AFTER: Duration = Duration::from_secs(5);
/// Pods' addresses unless told otherwise. All of 127/8 is local without privileges; it holds 256 Nodes of 16,384 Pods.
pub const POD_CIDR: &str = "127.64.0.0/10";
/// Services' addresses unless told otherwise: 65,536 of them, beside the Pods' range.
pub const SERVICE_CIDR: &str = "127.128.0.0/16";

/// What a [`crate::Server`] needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Everything the server keeps. Made if it is not there; one process at a time.
    pub data_dir: PathBuf,
    /// Where the Kubernetes API listens; port 0 takes a free one.
    pub api_addr: SocketAddr,
    /// Where hosts dial; `None` leaves only the in-memory pipe of [`crate::Server::pipe`].
    pub host_addr: Option<SocketAddr>,
    /// Where the admin's kubeconfig is written; `<data_dir>/kubeconfig` if nowhere else.
    pub kubeconfig: Option<PathBuf>,
    /// Range that Nodes' Pod ranges are cut from.
    pub pod_cidr: Cidr,
    /// Range that Services' addresses come from.
    pub service_cidr: Cidr,
    /// How long after a Node turns NotReady its Pods are replaced.
    pub unreachable_after: Duration,
    /// Command that compiles: WebAssembly on stdin, code on stdout. `--engine`, `--target` and `--features` are appended.
    pub compiler: Vec<OsString>,
    /// Where what guests keep and say lies.
    pub backing: Backing,
    /// Where it is written down who did what.
    pub audit: AuditAt,
    /// Interfaces this program's own hosts can grant; what a push is checked against until a host is known.
    pub interfaces: Vec<Interface>,
}

impl Config {
    /// The defaults, for one data directory.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            data_dir,
            api_addr: API_ADDR,
            host_addr: None,
            kubeconfig: None,
            pod_cidr: POD_CIDR.parse().expect("the default is a range"),
            service_cidr: SERVICE_CIDR.parse().expect("the default is a range"),
            unreachable_after: UNREACHABLE_AFTER,
            compiler: Vec::new(),
            backing: Backing::default(),
            audit: AuditAt::default(),
            interfaces: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_stand_apart() {
        let config = Config::new(PathBuf::from("d"));
        let first = config.service_cidr.nth(1).expect("an address");
        assert!(!config.pod_cidr.contains(first));
    }
}
