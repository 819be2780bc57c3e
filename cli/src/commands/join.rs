//! `insula join`: a host. The token is used once; a host that has joined starts again with the same command.

use std::sync::Arc;

use anyhow::Result;

use super::role;
use crate::args;

pub(crate) async fn run(args: args::Join) -> Result<()> {
    let name = role::node_name(args.node.name.as_deref())?;
    let data_dir = role::data_dir(args.data_dir)?;
    if host::joined(&data_dir).is_none() {
        host::join(&args.server, &args.token, &name, &data_dir).await?;
    }
    let link = Arc::new(host::TlsLink::open(&data_dir, &args.server)?);
    let agent = role::start_agent(args.node, data_dir, name.clone(), link).await?;
    println!("ready: host {name} of the cluster at {}", args.server);
    let ended = tokio::select! {
        asked = role::stop_asked() => asked,
        () = agent.wait() => Err(anyhow::anyhow!("the host has ended; see the log for why")),
    };
    agent.shutdown().await;
    ended
}
