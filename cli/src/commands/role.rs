//! What the long-running roles share: where data lives, how a control plane is configured, how a role ends.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use crate::args;

/// Below the user's home, unless `--data-dir` or `$INSULA_DATA_DIR` says otherwise.
const DATA_DIR_BELOW_HOME: &str = ".local/share/insula";

/// A listener for each Pod of a full host, and as many connections.
const OPEN_FILES_WANTED: u64 = 20_000;

/// The directory given, or the user's default.
pub(crate) fn data_dir(given: Option<PathBuf>) -> Result<PathBuf> {
    if let Some(dir) = given {
        return Ok(dir);
    }
    let home = std::env::var_os("HOME")
        .ok_or_else(|| anyhow!("$HOME is not set; say where to keep data with --data-dir DIR"))?;
    Ok(PathBuf::from(home).join(DATA_DIR_BELOW_HOME))
}

/// The name given, or the machine's, made fit for a Node.
pub(crate) fn node_name(given: Option<&str>) -> Result<String> {
    let name = match given {
        Some(name) => name.to_owned(),
        None => {
            std::fs::read_to_string("/proc/sys/kernel/hostname").context("reading the host name")?.trim().to_lowercase()
        }
    };
    api::name::check_subdomain(&name)
        .map_err(|why| anyhow!("the node name {name:?}: {why}; give another with --name"))?;
    Ok(name)
}

/// Starts a control plane.
pub(crate) async fn start_server(
    args: &args::ControlPlane,
    host_addr: Option<SocketAddr>,
) -> Result<scheduler::Server> {
    let data_dir = data_dir(args.data_dir.clone())?;
    let program = std::env::current_exe().context("finding this program, which also compiles")?;
    let config = scheduler::Config {
        api_addr: args.api_addr,
        host_addr,
        kubeconfig: args.kubeconfig.clone(),
        pod_cidr: args.pod_cidr,
        service_cidr: args.service_cidr,
        unreachable_after: std::time::Duration::from_secs(u64::from(args.unreachable_seconds)),
        compiler: vec![program.into(), "compile".into()],
        interfaces: host::engine_interfaces(),
        backing: scheduler::Backing {
            keyvalue: args.backing.keyvalue.clone(),
            messages: args.backing.messages.clone(),
            blobs: args.backing.blobs.clone().unwrap_or_default(),
        },
        audit: args.audit_log.clone().unwrap_or_default(),
        ..scheduler::Config::new(data_dir)
    };
    Ok(scheduler::Server::start(config).await?)
}

/// Starts a host.
pub(crate) async fn start_agent(
    labels: Vec<(String, String)>,
    node_ip: IpAddr,
    data_dir: PathBuf,
    name: String,
    link: Arc<dyn host::Link>,
) -> Result<host::Agent> {
    let mut config = host::Config::new(data_dir, name, node_ip, link);
    config.labels = labels.into_iter().collect();
    // By this name it is the program that runs now, even after another was installed in its place.
    config.worker = vec!["/proc/self/exe".into(), "worker".into()];
    Ok(host::Agent::start(config).await?)
}

/// Lets the process open as many files as it may: every Pod listens on its own address, and login shells allow
/// 1,024 files though the system would give far more.
pub(crate) fn raise_open_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = if raised.is_ok() { maximum } else { current };
    if files.is_some_and(|files| files < OPEN_FILES_WANTED) {
        tracing::warn!(
            ?files,
            wanted = OPEN_FILES_WANTED,
            "few files may be open; many Pods or clients need `ulimit -Hn` raised"
        );
    }
}

/// Resolves at Ctrl-C or SIGTERM.
pub(crate) async fn stop_asked() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
