//! `insula status`: the cluster at a glance.

use anyhow::Result;
use serde_json::Value;

use crate::args;
use client::Client;

pub(crate) async fn run(args: args::Status) -> Result<()> {
    let client = Client::new(&args.target).await?;
    let status = client.object("/insula.dev/v1/status").await?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    println!("cluster   {}", text(&status["clusterId"]));
    println!("version   {}", text(&status["version"]));
    println!("revision  {}", text(&status["revision"]));
    println!("term      {}", text(&status["term"]));
    for host in status["hosts"].as_array().into_iter().flatten() {
        let state = if host["connected"].as_bool().unwrap_or(false) { "connected" } else { "lost" };
        println!("host      {}  {state}  {}  {} pods", text(&host["name"]), text(&host["peerAddress"]), host["pods"]);
    }
    Ok(())
}
