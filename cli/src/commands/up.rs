//! `insula up`: a whole cluster in one process. Server and host speak the same protocol as across machines,
//! over a pipe in memory.

use anyhow::Result;

use super::role;
use crate::args;

pub(crate) async fn run(args: args::Up) -> Result<()> {
    let name = role::node_name(args.node.name.as_deref())?;
    let server = role::start_server(&args.control_plane, args.host_addr).await?;
    let data_dir = role::data_dir(args.control_plane.data_dir.clone())?.join("host");
    let link = host::PipeLink::new(server.pipe(&name)?);
    let agent = host::Agent::start(host::Config {
        labels: args.node.labels.into_iter().collect(),
        node_ip: args.node.node_ip,
        ..host::Config::new(data_dir, name, link)
    })
    .await?;
    println!("ready: api https://{}, kubeconfig {}", server.api_addr(), server.kubeconfig_path().display());
    let ended = tokio::select! {
        asked = role::stop_asked() => asked,
        failed = server.failed() => Err(failed),
        failed = agent.failed() => Err(failed),
    };
    agent.shutdown().await;
    server.shutdown().await;
    ended
}
