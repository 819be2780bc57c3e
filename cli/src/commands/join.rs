//! `insula join`: a host. The token is used once; a host that has joined starts again without it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::net::UdpSocket;

use super::role;
use crate::args;

pub(crate) async fn run(args: args::Join) -> Result<()> {
    let name = role::node_name(args.node.name.as_deref())?;
    let data_dir = role::data_dir(args.data_dir)?;
    let node_ip = node_ip(args.node.node_ip, &args.server).await?;
    if !host::joined(&data_dir, args.token.as_deref())? {
        let token = args.token.as_deref().with_context(|| {
            format!("{} holds no host that may start; join with a token: `insula token create` on the server prints the command", data_dir.display())
        })?;
        host::join(&args.server, token, &name, &data_dir).await?;
    }
    let link = Arc::new(host::TlsLink::open(&data_dir, &args.server)?);
    let agent = role::start_agent(args.node.labels, node_ip, data_dir, name.clone(), link).await?;
    println!("ready: host {name} of the cluster at {}", args.server);
    let ended = tokio::select! {
        asked = role::stop_asked() => asked,
        () = agent.wait() => Err(anyhow::anyhow!("the host has ended; see the log for why")),
    };
    agent.shutdown().await;
    ended
}

/// The address given, or the one from which this machine reaches the control plane.
///
/// Other hosts dial it, so a loopback address is refused where the control plane is on another machine.
async fn node_ip(given: Option<IpAddr>, server: &str) -> Result<IpAddr> {
    let mut servers = tokio::net::lookup_host(server)
        .await
        .with_context(|| format!("--server {server}: expected HOST:PORT, as `insula token create` prints it"))?;
    let server = servers.next().with_context(|| format!("--server {server}: the name has no address"))?;
    let ip = match given {
        Some(ip) => ip,
        None => {
            let any: IpAddr =
                if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            // The kernel is asked for a route; nothing is sent.
            let socket = UdpSocket::bind((any, 0)).await?;
            socket.connect(server).await.with_context(|| format!("there is no route to {server}"))?;
            socket.local_addr()?.ip()
        }
    };
    ensure!(
        !ip.is_loopback() || server.ip().is_loopback(),
        "--node-ip {ip}: other machines cannot reach this one there, and the control plane is at {server}; give an address of this machine that they can reach"
    );
    Ok(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_advertises_an_address_that_others_reach() {
        let local: IpAddr = [127, 0, 0, 2].into();
        assert_eq!(node_ip(None, "127.0.0.1:6444").await.unwrap(), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(node_ip(Some(local), "127.0.0.1:6444").await.unwrap(), local);
        let refused = node_ip(Some(local), "192.0.2.1:6444").await.unwrap_err().to_string();
        assert!(refused.contains("--node-ip 127.0.0.2"), "{refused}");
        assert!(node_ip(None, "no-port").await.is_err());
    }
}
