//! `insula version`: of this program, and of the cluster it speaks to.

use anyhow::Result;

use crate::client::Client;
use crate::output::{self, Found, Output};
use crate::place::Place;
use crate::say;
use crate::value::text;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Only of this program.
    #[arg(long)]
    client: bool,
    /// How to print: json or yaml.
    #[arg(long, short, value_name = "FORM")]
    output: Option<Output>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let mut versions = serde_json::json!({ "clientVersion": { "gitVersion": env!("CARGO_PKG_VERSION") } });
    if !args.client {
        versions["serverVersion"] = Client::new(&args.place.target).await?.object("/version").await?;
    }
    if let Some(form) = &args.output {
        return say::raw(output::text(form, Found::One(versions), &|_| None, true)?.as_bytes());
    }
    say::line(format!("Client Version: {}", text(&versions, "/clientVersion/gitVersion")))?;
    match text(&versions, "/serverVersion/gitVersion") {
        "" => Ok(()),
        server => say::line(format!("Server Version: {server}")),
    }
}
