//! What the sockets of a Pod's guests may do: listen on the Pod's own address, connect inside the cluster.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::{BoxFuture, ready};
use network::GuestClient;
use sandbox::{ResolveError, Sockets};

use crate::local::Local;

/// The sockets of one Pod.
pub(crate) struct OfPod {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) cluster: GuestClient,
    pub(crate) local: Arc<Local>,
}

impl Sockets for OfPod {
    fn local(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Its address is nobody else's.
    fn may_listen(&self, port: u16) -> bool {
        port > 0
    }

    // F78
    fn may_connect(&self, address: SocketAddr) -> bool {
        self.cluster.is_service(address) || self.local.declares(address)
    }

    fn resolve(&self, name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, ResolveError>> {
        let addresses = self.cluster.addresses(&name);
        Box::pin(ready(if addresses.is_empty() { Err(ResolveError::Unresolvable) } else { Ok(addresses) }))
    }
}
