//! What the long-running roles share: where data lives, how a control plane is configured, how a role ends.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};

use crate::args;

/// Below the user's home, unless `--data-dir` or `$INSULA_DATA_DIR` says otherwise.
const DATA_DIR_BELOW_HOME: &str = ".local/share/insula";

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
        ..scheduler::Config::new(data_dir)
    };
    Ok(scheduler::Server::start(config).await?)
}

/// Starts a host.
pub(crate) async fn start_agent(
    args: args::Node,
    data_dir: PathBuf,
    name: String,
    link: Arc<dyn host::Link>,
) -> Result<host::Agent> {
    let mut config = host::Config::new(data_dir, name, args.node_ip, link);
    config.labels = args.labels.into_iter().collect();
    Ok(host::Agent::start(config).await?)
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
