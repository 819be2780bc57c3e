//! From a name to its addresses, which nobody trusts yet.

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::Semaphore;

use super::limits::LOOKUPS_MAX;

/// Resolves names.
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of `name`, in the order in which they are to be tried; empty if it has none.
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's own resolver, with whatever its administrator has set up.
pub struct SystemResolver {
    threads: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { threads: Arc::new(Semaphore::new(LOOKUPS_MAX)) }
    }
}

impl Resolver for SystemResolver {
    /// Not tokio's `lookup_host`: a lookup cannot be called off, and its permit has to stay with its thread after
    /// whoever waited has left.
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let (name, threads) = (name.to_owned(), self.threads.clone());
        async move {
            let permit = threads.acquire_owned().await.map_err(io::Error::other)?;
            let lookup = tokio::task::spawn_blocking(move || {
                let _held = permit;
                // The port is of no interest to the resolver.
                (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|addr| addr.ip()).collect())
            });
            lookup.await.map_err(io::Error::other)?
        }
        .boxed()
    }
}
