//! `insula server`: the control plane alone.

use anyhow::Result;

use super::role;
use crate::args;

pub(crate) async fn run(args: args::Server) -> Result<()> {
    let server = role::start_server(&args.control_plane, Some(args.host_addr)).await?;
    println!("ready: api https://{}, kubeconfig {}", server.api_addr(), server.kubeconfig_path().display());
    let ended = tokio::select! {
        asked = role::stop_asked() => asked,
        why = server.fatal() => Err(anyhow::anyhow!(why)),
    };
    server.shutdown().await;
    ended
}
