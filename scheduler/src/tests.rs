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
/// Between two looks at a condition that nobody announces.
const LOOK_EVERY: Duration = Duration::from_millis(5);

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
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let answer = async {
        loop {
            looks.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("never came: {what}"))
}
