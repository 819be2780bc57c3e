//! The control plane whole, with hosts made of nothing but the protocol.
//!
//! Real TLS, real tonic, a real store on disk; only the hosts are fakes. Everything waits for a condition
//! with a deadline.

mod api;
mod backing;
mod host;
mod join;
mod serve;
mod sessions;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::{Config, Server};
use api::Api;

/// Longest wait for anything; a loaded machine is slow, a broken test should not be.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on free ports, whose compiler copies.
fn config(dir: &Path) -> Config {
    let mut config = Config::new(dir.to_owned());
    config.api_addr = ([127, 0, 0, 1], 0).into();
    config.host_addr = Some(([127, 0, 0, 1], 0).into());
    config.compiler = ["/bin/sh", "-c", "/bin/cat", "compile"].into_iter().map(OsString::from).collect();
    config
}

async fn start(dir: &Path) -> (Server, Api) {
    let server = Server::start(config(dir)).await.expect("starts");
    let api = Api::new(&server, dir);
    (server, api)
}

/// Asks until the answer is there.
async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
