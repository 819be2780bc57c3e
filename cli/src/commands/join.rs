//! `insula join`: a host. The token is used once; a host that has joined starts again with the same command.

use anyhow::{Context, Result};

use super::role;
use crate::args;

pub(crate) async fn run(args: args::Join) -> Result<()> {
    let name = role::node_name(args.node.name.as_deref())?;
    let data_dir = role::data_dir(args.data_dir)?.join("host");
    if !host::has_joined(&data_dir) {
        host::join(&args.server, &args.token, &name, args.node.node_ip, &data_dir)
            .await
            .with_context(|| format!("cannot join the cluster at {}", args.server))?;
    }
    let link = host::TlsLink::open(&data_dir, &args.server)?;
    let agent = host::Agent::start(host::Config {
        labels: args.node.labels.into_iter().collect(),
        node_ip: args.node.node_ip,
        ..host::Config::new(data_dir, name.clone(), link)
    })
    .await?;
    println!("ready: host {name} of the cluster at {}", args.server);
    let ended = tokio::select! {
        asked = role::stop_asked() => asked,
        failed = agent.failed() => Err(failed),
    };
    agent.shutdown().await;
    ended
}
