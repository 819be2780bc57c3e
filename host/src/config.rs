//! What an agent needs to know before it starts. Everything else it learns from the control plane.
//!
//! Nothing here is read from the environment or from a file: the cli decides and passes it in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::link::Link;

/// Pods a host takes unless told otherwise. A Pod costs a listener and a few kilobytes, and the
/// /18 that every host gets holds 16,384 addresses, of which some rest after use.
pub const PODS_MAX_DEFAULT: u32 = 10_000;

/// How an agent is set up.
#[derive(Clone)]
pub struct Config {
    /// The program's data directory; the host keeps its own below `host/`.
    pub data_dir: PathBuf,
    /// Name of the Node.
    pub node_name: String,
    /// Labels the Node gets beside the well-known ones.
    pub labels: BTreeMap<String, String>,
    /// Address of the Node: NodePorts and the proxy between hosts bind it.
    pub node_ip: IpAddr,
    /// How the control plane is reached.
    pub link: Arc<dyn Link>,
    /// Threads that serve requests; one per core unless told otherwise.
    pub request_threads: usize,
    /// Pods this host takes.
    pub pods_max: u32,
    /// The program that runs isolated Pods, and its arguments: what calls [`crate::work`]. Without it they are refused.
    pub worker: Vec<OsString>,
    /// Version of the program, as the Node shows it.
    pub version: String,
}

impl Config {
    /// A configuration with defaults for all that may have one.
    #[must_use]
    pub fn new(data_dir: PathBuf, node_name: impl Into<String>, node_ip: IpAddr, link: Arc<dyn Link>) -> Self {
        Self {
            data_dir,
            node_name: node_name.into(),
            labels: BTreeMap::new(),
            node_ip,
            link,
            request_threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            pods_max: PODS_MAX_DEFAULT,
            worker: Vec::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Where the host keeps its own.
    #[must_use]
    pub fn host_dir(&self) -> PathBuf {
        self.data_dir.join("host")
    }
}
