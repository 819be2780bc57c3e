//! `insula token create`: lets one host in.

use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};

use crate::args;
use client::Client;

pub(crate) async fn create(args: args::TokenCreate) -> Result<()> {
    let client = Client::new(&args.target).await?;
    let body = json!({ "ttlSeconds": args.ttl.as_secs() });
    let made = client.call(Method::POST, "/insula.dev/v1/tokens", "application/json", &body).await?;
    let token = made.get("token").and_then(Value::as_str).context("the answer carries no token")?;
    let Some(server) = made.get("hostAddress").and_then(Value::as_str) else {
        anyhow::bail!("this control plane listens for no hosts; start it with --host-addr ADDR");
    };
    println!("insula join {token} --server {server}");
    Ok(())
}
