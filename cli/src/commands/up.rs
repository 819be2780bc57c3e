//! `insula up`: a whole cluster in one process. Server and host speak the same protocol as across machines,
//! over a pipe in memory.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use anyhow::{Result, bail};

use super::role;
use crate::args;

pub(crate) async fn run(args: args::Up) -> Result<()> {
    let name = role::node_name(args.node.name.as_deref())?;
    let data_dir = role::data_dir(args.control_plane.data_dir.clone())?;
    let server = Arc::new(role::start_server(&args.control_plane, args.host_addr).await?);
    let (pipe, node) = (Arc::clone(&server), name.clone());
    let node_ip = args.node.node_ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let link = Arc::new(move || pipe.pipe(&node));
    let agent = role::start_agent(args.node.labels, node_ip, data_dir, name, link).await?;
    println!("ready: api https://{}, kubeconfig {}", server.api_addr(), server.kubeconfig_path().display());
    let ended = tokio::select! {
        asked = role::stop_asked() => asked,
        why = server.fatal() => Err(anyhow::anyhow!(why)),
        () = agent.wait() => Err(anyhow::anyhow!("the host has ended; see the log for why")),
    };
    agent.shutdown().await;
    match Arc::try_unwrap(server) {
        Ok(server) => server.shutdown().await,
        Err(_) => bail!("the host did not let go of the control plane"),
    }
    ended
}
